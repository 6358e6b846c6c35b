"""From a run's signature to its plan: the key of the cache, and the entry that it leads to.

The key is the fetch structure and, for each feed, its tensor and shape. A hit is valid while the
graph's operations are unedited and no variable became initialised or changed its type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.feeds import coerce
from polygraph.core.runtime.planner.cut import cut
from polygraph.core.runtime.planner.plan import Plan
from polygraph.core.runtime.planner.rename import fetched, rename
from polygraph.core.runtime.planner.stage import Goals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.runtime.fetches import Fetches
    from polygraph.core.runtime.planner.rename import Renamed, StateKey
    from polygraph.core.runtime.session_state import SessionState, StateLock


class Entry:
    """A plan, and what a run of it needs.

    Attributes:
      fetches: the fetch structure.
      fed: the fed tensors, in the order of the key.
      reads: lock mask of the state that it reads.
      writes: lock mask of the state that it writes.
    """

    __slots__ = ("edits", "epoch", "fed", "fetches", "plan", "reads", "writes")

    def __init__(
        self,
        plan: Plan,
        fetches: Fetches,
        fed: Sequence[Tensor],
        locks: tuple[int, int],
        stamp: tuple[int, int],
    ) -> None:
        self.plan = plan
        self.fetches = fetches
        self.fed = tuple(fed)
        self.reads, self.writes = locks
        self.edits, self.epoch = stamp

    def fresh(self, edits: int, epoch: int) -> bool:
        """Whether nothing has happened that could change the plan."""
        return self.epoch == epoch and self.edits == edits


def run_key(
    fetches: Any, feed_dict: Mapping[Any, Any] | None
) -> tuple[Any, list[np.ndarray[Any, Any]]]:
    """The key of a run, and the fed arrays; the key is None where the slow way must look."""
    structure = _structure_key(fetches)
    if structure is None:
        return None, []
    if not feed_dict:
        return structure, []
    key: list[Any] = [structure]
    arrays: list[np.ndarray[Any, Any]] = []
    for tensor, value in feed_dict.items():
        if type(tensor) is not Tensor:
            return None, []
        array = value
        if (
            type(value) is not np.ndarray
            or value.dtype != tensor.dtype.np_dtype
            or not value.flags.c_contiguous
        ):
            array = coerce(tensor, value)
        key.append(tensor)
        key.append(array.shape)
        arrays.append(array)
    return tuple(key), arrays


def _structure_key(fetches: Any) -> Any:
    kind = type(fetches)
    if kind is Tensor:
        return fetches
    if kind is list or kind is tuple:
        parts = [kind]
        for item in fetches:
            part = item if type(item) is Tensor else _structure_key(item)
            if part is None:
                return None
            parts.append(part)
        return tuple(parts)
    if kind is dict:
        inner = _structure_key(list(fetches.values()))
        return None if inner is None else (dict, *fetches, inner)
    if isinstance(fetches, tuple) and hasattr(fetches, "_fields"):
        inner = _structure_key(list(fetches))
        return None if inner is None else (kind, inner)
    if isinstance(fetches, str) or fetches is None:
        return None
    try:
        hash(fetches)
    except TypeError:
        return None
    return fetches if hasattr(fetches, "graph") else None


def make_entry(
    graph: Graph,
    lock: StateLock,
    state: SessionState,
    fetches: Fetches,
    feeds: Mapping[Tensor, np.ndarray[Any, Any]],
) -> Entry:
    """Cut and rename what ``fetches`` need; stages are planned when the entry runs."""
    found = cut(None, fetches.tensors, fetches.operations, feeds)
    renamed = rename(found, feeds)
    goals = Goals(
        tuple(fetched(tensor, renamed, feeds) for tensor in fetches.tensors),
        dict(renamed.final),
    )
    reads, writes = _touched(renamed, goals)
    return Entry(
        Plan(renamed, goals),
        fetches,
        list(feeds),
        (lock.mask(reads), lock.mask(writes)),
        (graph.edits, state.epoch),
    )


def _touched(renamed: Renamed, goals: Goals) -> tuple[set[StateKey], set[StateKey]]:
    writes = set(renamed.final)
    reads = set(renamed.reads) | {
        ref.key for ref in goals.fetches if hasattr(ref, "writer")
    }
    return reads, writes
