"""Cut: the operations that some goals need, along data and control edges.

Fed tensors are leaves. Regions are cut from their outputs, as TF1 prunes them: an assignment in
a branch that nothing depends on does not run. What a region takes from outside becomes a capture
of it, and so an input of the operation that owns it.
"""

from __future__ import annotations

import heapq
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polygraph.core.ground.errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.region import Region
    from polygraph.core.ground.tensor import Tensor


@dataclass(slots=True, eq=False)
class Cut:
    """The operations of one region, or of the top of the graph, that are needed.

    Attributes:
      region: the region, None for the top.
      ops: needed operations that lie directly in it, in an order that respects all edges.
      inner: for each operation that owns regions, the cuts of its regions.
      captures: tensors from outside, in the order found; fed tensors count as outside.
      control_captures: operations outside that must come before some operation inside.
      replaced: operations in whose place another runs, which yields what they do and more.
    """

    region: Region | None
    ops: list[Operation] = field(default_factory=list)
    inner: dict[Operation, tuple[Cut, ...]] = field(default_factory=dict)
    captures: dict[Tensor, None] = field(default_factory=dict)
    control_captures: dict[Operation, None] = field(default_factory=dict)
    replaced: dict[Operation, Operation] = field(default_factory=dict)

    def standing_for(self, tensor: Tensor) -> Tensor:
        """What is computed for ``tensor``: itself, or an output of what replaces its operation."""
        op = tensor.op
        if not self.replaced or op not in self.replaced:
            return tensor
        while op in self.replaced:
            op = self.replaced[op]
        return op.outputs[tensor.value_index]


def regions_of(op: Operation) -> tuple[Region, ...]:
    """The regions that ``op`` owns: then and else, or condition and body."""
    return tuple(op.attrs["regions"]) if op.definition.kind.owns_regions else ()


def cut(
    region: Region | None,
    tensors: Iterable[Tensor],
    ops: Iterable[Operation],
    fed: Collection[Tensor],
) -> Cut:
    """What ``tensors`` and ``ops`` need within ``region``."""
    tensors, ops = list(tensors), list(ops)
    replaced: dict[Operation, Operation] = {}
    while True:
        result = _Cutter(region, fed, replaced).run(tensors, ops)
        found = {op.attrs["_replaces"]: op for op in result.inner if "_replaces" in op.attrs}
        if found.keys() <= replaced.keys():
            if region is None:
                _require_within_reach(result, fed)
            return result
        replaced = {**replaced, **found}


def _require_within_reach(result: Cut, fed: Collection[Tensor]) -> None:
    """Refuse what lies in a branch and is used outside of it.

    Raises:
      InvalidArgumentError: something does.
    """
    for tensor in result.captures:
        if tensor not in fed:
            msg = (
                f"{tensor.name!r} ({tensor.op.frame}) does not have a value: it lies in a branch "
                "or a loop and is used outside of it; let the branch give it"
            )
            raise InvalidArgumentError(None, tensor.op, msg)


class _Cutter:
    """Walks from goals to what they need; a work list, as chains may be long."""

    def __init__(
        self,
        region: Region | None,
        fed: Collection[Tensor],
        replaced: dict[Operation, Operation],
    ) -> None:
        self.result = Cut(region, replaced=replaced)
        self.fed = fed
        self.needed: dict[Operation, None] = {}
        self.pending: list[Operation] = []

    def run(self, tensors: Iterable[Tensor], ops: Iterable[Operation]) -> Cut:
        self.need(tensors, ops)
        while self.pending:
            op = self.pending.pop()
            self.need(op.inputs, op.control_inputs)
            owned = regions_of(op)
            if owned:
                self.cut_regions(op, owned)
        self.result.ops = _ordered(self.needed, self.result)
        return self.result

    def need(self, tensors: Iterable[Tensor], ops: Iterable[Operation]) -> None:
        for tensor in map(self.result.standing_for, tensors):
            if tensor in self.fed or tensor.op.region is not self.result.region:
                self.result.captures[tensor] = None
            else:
                self.need_op(tensor.op)
        for op in ops:
            self.need_op(op)

    def need_op(self, op: Operation) -> None:
        if op.region is not self.result.region:
            self.result.control_captures[op] = None
        elif op not in self.needed:
            self.needed[op] = None
            self.pending.append(op)

    def cut_regions(self, op: Operation, owned: Sequence[Region]) -> None:
        inner = tuple(cut(own, own.outputs, own.control_outputs, self.fed) for own in owned)
        self.result.inner[op] = inner
        for part in inner:
            self.need(part.captures, part.control_captures)


def predecessors(op: Operation, within: Cut) -> Iterable[Operation]:
    """Operations that ``op`` comes after, by any edge; some may lie outside of the cut."""
    for tensor in op.inputs:
        yield within.standing_for(tensor).op
    yield from op.control_inputs
    for part in within.inner.get(op, ()):
        for tensor in part.captures:
            yield within.standing_for(tensor).op
        yield from part.control_captures


def _ordered(needed: Collection[Operation], within: Cut) -> list[Operation]:
    """By creation, which respects all edges unless edges were added later."""
    ops = sorted(needed, key=operator.attrgetter("id"))
    if not ops or (ops[0].graph.edits == 0 and not within.replaced):
        return ops
    waiting: dict[Operation, int] = {}
    followers: dict[Operation, list[Operation]] = {}
    for op in ops:
        before = {item for item in predecessors(op, within) if item in needed and item is not op}
        waiting[op] = len(before)
        for item in before:
            followers.setdefault(item, []).append(op)
    ready = [(op.id, op) for op in ops if waiting[op] == 0]
    result: list[Operation] = []
    while ready:
        _, op = heapq.heappop(ready)
        result.append(op)
        for follower in followers.get(op, ()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, (follower.id, follower))
    if len(result) != len(ops):
        stuck = next(op for op in ops if op not in set(result))
        msg = f"operation {stuck.name!r} ({stuck.frame}) depends on itself"
        raise ValueError(msg)
    return result
