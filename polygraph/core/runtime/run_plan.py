"""From a run's signature to its plan: the key of the cache, and the entry that it leads to.

The key is the fetch structure and, for each feed, its tensor and shape. A hit is valid while the
graph's operations are unedited and no variable became initialised or changed its type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.errors import ContractError, OpError
from polygraph.core.ground.operation import Operation
from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.engine_errors import engine_error
from polygraph.core.runtime.feeds import coerce
from polygraph.core.runtime.interrupts import DeferredInterrupt
from polygraph.core.runtime.planner.cut import cut
from polygraph.core.runtime.planner.plan import Plan, failure
from polygraph.core.runtime.planner.rename import Version, fetched, rename
from polygraph.core.runtime.planner.stage import Goals

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.runtime.fetches import Fetches
    from polygraph.core.runtime.planner.plan import RunContext
    from polygraph.core.runtime.planner.rename import Renamed, StateKey
    from polygraph.core.runtime.planner.stage import Compiled, Planner, Stage
    from polygraph.core.runtime.session_state import SessionState, StateLock


class Entry:
    """A plan, and what a run of it needs.

    Attributes:
      fetches: the fetch structure.
      fed: the fed tensors, in the order of the key.
      edits: `Graph.edits` when it was planned; the plan holds while they are the same.
      epoch: `SessionState.epoch` when it was planned or last found to hold.
      reads: lock mask of the state that it reads.
      writes: lock mask of the state that it writes.
      pulse: the way of a run that is one stage, once it is known to be one.
    """

    __slots__ = ("edits", "epoch", "fed", "fetches", "plan", "pulse", "reads", "writes")

    plan: Plan

    def __init__(self, fetches: Fetches, fed: Collection[Tensor]) -> None:
        self.fetches = fetches
        self.fed = tuple(fed)
        self.reads = self.writes = 0
        self.edits = self.epoch = -1
        self.pulse: Pulse | None = None

    def replan(self, graph: Graph, state: SessionState, lock: StateLock) -> None:
        """Cut and rename afresh; stages are planned when it runs."""
        fetches, fed = self.fetches, frozenset(self.fed)
        self.edits, self.epoch = graph.edits, state.epoch
        renamed = rename(cut(None, fetches.tensors, fetches.operations, fed), fed)
        wanted = tuple(fetched(tensor, renamed, fed) for tensor in fetches.tensors)
        goals = Goals(wanted, dict(renamed.final))
        reads, writes = _touched(renamed, goals)
        self.reads, self.writes = lock.mask(reads), lock.mask(writes)
        self.plan, self.pulse = Plan(renamed, goals), None

    def revalidate(self, edits: int, epoch: int, planner: Planner) -> bool:
        """Whether the plan still holds though the state has changed; stamps it if so."""
        if self.edits != edits or not self.plan.holds(planner):
            return False
        self.epoch = epoch
        return True

    def find_pulse(self) -> None:
        """Note the short way, if the plan turned out to be one stage that nobody watches."""
        stage = self.plan.root.stage
        if stage is not None and stage.compiled is not None and stage.simple:
            self.pulse = Pulse(stage, stage.compiled, self.fed)


class Pulse:
    """The product's pulse: a run of one stage, with nothing looked up that can be known before."""

    __slots__ = (
        "_executable", "_positions", "_program", "_stage", "_state", "_updated", "_updated_types",
    )  # fmt: skip

    def __init__(self, stage: Stage, compiled: Compiled, fed: Sequence[Tensor]) -> None:
        self._stage = stage
        self._program, self._executable = compiled
        self._state = stage.state
        self._updated = stage.updated
        self._updated_types = stage.updated_types
        order = {tensor: index for index, tensor in enumerate(fed)}
        positions = [order[ref] for ref in stage.feeds]  # type: ignore[index]
        self._positions = None if positions == list(range(len(fed))) else positions

    def __call__(self, context: RunContext, arrays: Sequence[Any]) -> list[Any]:
        """The fetched arrays; state is committed."""
        if self._updated and context.in_place:
            with DeferredInterrupt():
                return self._run(context, arrays)
        return self._run(context, arrays)

    def _run(self, context: RunContext, arrays: Sequence[Any]) -> list[Any]:
        state = context.state
        if self._positions is not None:
            arrays = [arrays[position] for position in self._positions]
        try:
            fetches, _, updates, failed = self._executable(
                [state[key] for key in self._state], arrays
            )
        except (OpError, ContractError):
            raise
        except Exception as error:
            what = f"running {self._program.name!r}"
            raise engine_error(context.backend, what, error) from error
        if failed >= 0:
            raise failure(context, self._stage, self._program, updates, arrays, failed)
        if self._updated:
            context.commit(self._updated, updates, self._updated_types)
        return fetches


def run_key(
    graph: Graph, fetches: Any, feed_dict: Mapping[Any, Any] | None
) -> tuple[Any, list[np.ndarray[Any, Any]]]:
    """The key of a run, and the fed arrays; the key is None where the slow way must look."""
    structure = _structure_key(fetches)
    if structure is None:
        return None, []
    if not feed_dict:
        return structure, []
    if type(feed_dict) is not dict and not isinstance(feed_dict, Mapping):
        return None, []
    key: list[Any] = [structure]
    arrays: list[np.ndarray[Any, Any]] = []
    for tensor, value in feed_dict.items():
        if type(tensor) is not Tensor:
            tensor = _named(graph, tensor)  # noqa: PLW2901 - what is fed from here on
            if tensor is None or any(part is tensor for part in key):
                return None, []
        if (
            type(value) is not np.ndarray
            or (value.dtype is not tensor.np_dtype and value.dtype != tensor.np_dtype)
            or not value.flags.c_contiguous
        ):
            value = coerce(tensor, value)  # noqa: PLW2901 - what is fed from here on
        key += (tensor, value.shape)
        arrays.append(value)
    return tuple(key), arrays


def _named(graph: Graph, key: Any) -> Tensor | None:
    """The tensor that a name or a variable in a feed stands for, if it clearly is one."""
    if not isinstance(key, str) and not hasattr(type(key), "_as_graph_element"):
        return None
    try:
        element = graph.as_graph_element(key, allow_operation=False)
    except (KeyError, TypeError, ValueError):
        return None
    return element if isinstance(element, Tensor) else None


def _structure_key(fetches: Any) -> Any:
    """A hashable form of a fetch structure; None for what the slow way must look at."""
    kind = type(fetches)
    if kind is Tensor or kind is str or isinstance(fetches, Operation):
        return fetches
    if hasattr(kind, "_as_graph_element"):
        return fetches
    if kind is dict:
        inner = _sequence_key(list, fetches.values())
        return None if inner is None else (dict, *fetches, inner)
    if isinstance(fetches, list | tuple):
        return _sequence_key(kind, fetches)
    return None


def _sequence_key(kind: type, items: Iterable[Any]) -> tuple[Any, ...] | None:
    parts: list[Any] = [kind]
    for item in items:
        part = item if type(item) is Tensor else _structure_key(item)
        if part is None:
            return None
        parts.append(part)
    return tuple(parts)


def make_entry(
    graph: Graph,
    state: SessionState,
    lock: StateLock,
    fetches: Fetches,
    feeds: Collection[Tensor],
) -> Entry:
    """Cut and rename what ``fetches`` need; stages are planned when the entry runs."""
    entry = Entry(fetches, feeds)
    entry.replan(graph, state, lock)
    return entry


def _touched(renamed: Renamed, goals: Goals) -> tuple[set[StateKey], set[StateKey]]:
    writes = set(renamed.final)
    reads = set(renamed.reads) | {ref.key for ref in goals.fetches if isinstance(ref, Version)}
    return reads, writes
