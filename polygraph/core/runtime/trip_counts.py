"""How often a loop turns at most, where its counter tells before it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.dtypes import int32
from polygraph.core.ground.op_spec import Kind
from polygraph.ops.arithmetic import AddV2, FloorDiv, Maximum, Sub
from polygraph.ops.casting import cast
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.region import Region
    from polygraph.core.ground.tensor import Tensor

_FEW = 1024
"""A loop that is known to take more turns than this does not keep them all."""

_SHAPES = frozenset({"Shape", "ShapeN", "Size", "Rank"})
"""Op types whose results are known when a run is planned, whatever they are given."""


def bound_of(op: Operation) -> Tensor | None:
    """An int32 scalar that is no less than the number of turns of a `While`.

    None where planning does not know one, or where it is large.
    """
    most = op.attrs["maximum_iterations"]
    if most is not None and most <= _FEW:
        return constant(max(most, 1))
    trips = _counted(op)
    if trips is None or trips.constant is None:
        return trips
    turns = int(trips.constant)
    return constant(max(turns, 1)) if turns <= _FEW else None


def _known_when_planned(tensor: Tensor) -> bool:
    """Whether constants and shapes alone decide a value; a feed may still replace it."""
    pending, seen = [tensor], set()
    while pending:
        item = pending.pop()
        if item.constant is not None or item.op.type in _SHAPES or item.op in seen:
            continue
        definition = item.op.definition
        if definition.kind is not Kind.PURE or item.op.type == "PlaceholderWithDefault":
            return False
        seen.add(item.op)
        pending.extend(item.op.inputs)
    return True


def _known_limit(tensor: Tensor, *, up: bool) -> Tensor | None:
    """A limit that is known when a run is planned, and no nearer than ``tensor`` is."""
    if _known_when_planned(tensor):
        return tensor
    if tensor.op.type == ("Minimum" if up else "Maximum"):
        return next(filter(_known_when_planned, tensor.op.inputs), None)
    return None


def _counted(op: Operation) -> Tensor | None:
    """The number of turns by a counter that the condition compares with a known limit."""
    condition, _ = op.attrs["regions"]
    pending = [condition.outputs[0]]
    while pending:
        tensor = pending.pop(0)
        if tensor.op.type == "LogicalAnd":
            pending.extend(tensor.op.inputs)
        elif tensor.op.type in {"Less", "Greater", "LessEqual", "GreaterEqual"}:
            trips = _by_comparison(op, tensor.op)
            if trips is not None:
                return trips
    return None


def _by_comparison(op: Operation, comparison: Operation) -> Tensor | None:
    condition, body = op.attrs["regions"]
    left, right = comparison.inputs
    up = comparison.type.startswith("Less")
    if right in condition.parameters and _outside(op, right) is None:
        left, right, up = right, left, not up
    if left not in condition.parameters or not left.dtype.is_integer:
        return None
    limit = _outside(op, right)
    index = condition.parameters.index(left)
    start, step = op.inputs[index], _step(body, index)
    if limit is None or step is None or (step > 0) is not up:
        return None
    limit = _known_limit(limit, up=up)
    if limit is None or not _known_when_planned(start):
        return None
    distance = cast(Sub(limit, start) if up else Sub(start, limit), int32)
    # A limit that is reached makes one turn more: rounded up, one too many does no harm.
    strict = not comparison.type.endswith("Equal")
    more = abs(step) - 1 if strict else abs(step)
    turns = FloorDiv(AddV2(distance, constant(more)), constant(abs(step)))
    return Maximum(turns, constant(0))  # type: ignore[no-any-return]


def _outside(op: Operation, tensor: Tensor) -> Tensor | None:
    """``tensor``, of the condition, as it is to be had outside of the loop; else None."""
    condition, body = op.attrs["regions"]
    if not condition.contains(tensor.op):
        return tensor
    if tensor in condition.parameters:
        index = condition.parameters.index(tensor)
        return op.inputs[index] if body.outputs[index] is body.parameters[index] else None
    return None if tensor.constant is None else constant(tensor.constant)


def _step(body: Region, index: int) -> int | None:
    """By how much a turn changes a counter, None where that is not fixed."""
    after, before = body.outputs[index], body.parameters[index]
    if after.op.type not in {"Add", "AddV2", "Sub"}:
        return None
    left, right = after.op.inputs
    if after.op.type != "Sub" and right is before:
        left, right = right, left
    if left is not before or right.constant is None:
        return None
    step = int(right.constant)
    if after.op.type == "Sub":
        step = -step
    return step or None
