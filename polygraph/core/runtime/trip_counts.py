"""How often a loop turns at most: read off its counter, or found by a loop that only counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import int32
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.arithmetic import AddV2, FloorDiv, Maximum, Sub
from polygraph.ops.casting import cast
from polygraph.ops.primitives import elementwise as ew, reduction
from polygraph.ops.region_clone import Cloner, region_operations
from polygraph.ops.region_ops import add_parameter, add_while
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

_POWERS = (2 ** np.arange(31)).astype(np.int32)


@graph_op("LoopCapacity", "trips: int32 -> capacity: int32", shape=shape_rules.scalar)
def LoopCapacity(trips: Array) -> Array:  # noqa: N802 - op types are camel case
    """The smallest power of two that is no less than ``trips``: few sizes to compile for."""
    larger = ew.cast(ew.less(_POWERS, trips), dtype=np.dtype(np.int32))
    exponent = reduction.reduce_sum(larger, axes=(0,), keepdims=False)
    return ew.left_shift(np.int32(1), exponent)  # type: ignore[no-any-return]


LoopCapacity.no_gradient()


def capacity_of(op: Operation) -> Tensor:
    """An int32 scalar that is no less than the number of turns of a `While`."""
    bound = op.attrs["maximum_iterations"]
    if bound is not None:
        return constant(max(bound, 1))
    trips = _counted(op)
    if trips is None:
        trips = _counting_loop(op)
    if trips.constant is not None:
        return constant(max(int(trips.constant), 1))
    return LoopCapacity(trips)  # type: ignore[no-any-return]


# A counter.


def _counted(op: Operation) -> Tensor | None:
    """The number of turns by a counter that the condition compares with a fixed limit."""
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
    if right in condition.parameters:
        left, right, up = right, left, not up
    if left not in condition.parameters or not left.dtype.is_integer:
        return None
    limit = _outside(right, condition)
    index = condition.parameters.index(left)
    step = _step(body, index)
    if limit is None or step is None or (step > 0) is not up:
        return None
    start = op.inputs[index]
    distance = cast(Sub(limit, start) if up else Sub(start, limit), int32)
    # A limit that is reached makes one turn more: rounded up, one too many does no harm.
    strict = not comparison.type.endswith("Equal")
    more = abs(step) - 1 if strict else abs(step)
    turns = FloorDiv(AddV2(distance, constant(more)), constant(abs(step)))
    return Maximum(turns, constant(0))  # type: ignore[no-any-return]


def _outside(tensor: Tensor, region: Region) -> Tensor | None:
    """``tensor`` as it is to be had outside of ``region``, None where it is not."""
    if not region.contains(tensor.op):
        return tensor
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


# A loop that only counts.


def _needed_variables(op: Operation) -> list[int]:
    """The loop variables that the condition hangs on."""
    condition, body = op.attrs["regions"]
    needed: dict[int, None] = {}
    pending = _used(condition, condition.outputs)
    while pending:
        index = pending.pop()
        if index not in needed:
            needed[index] = None
            pending.extend(_used(body, [body.outputs[index]]))
    return sorted(needed)


def _used(region: Region, outputs: list[Tensor]) -> list[int]:
    used = set(outputs)
    for inner in region_operations(region, outputs):
        used.update(inner.inputs)
        for owned in inner.attrs.get("regions", ()):
            used.update(owned.outputs)
    return [index for index, parameter in enumerate(region.parameters) if parameter in used]


def _counting_loop(op: Operation) -> Tensor:
    """The number of turns of a copy of the loop without what the condition does not need."""
    graph = op.graph
    condition, body = op.attrs["regions"]
    indices = _needed_variables(op)
    initial = [*[op.inputs[index] for index in indices], constant(0)]
    shapes = [*[op.attrs["output_shapes"][index] for index in indices], TensorShape(())]
    regions: list[Region] = []
    for region in (condition, body):
        copy = Region(region.name, graph.region)
        for tensor, static in zip(initial, shapes, strict=True):
            add_parameter(copy, tensor.dtype, static, "Counting")
        with graph.in_region(copy):
            replaced = {
                region.parameters[index]: parameter
                for index, parameter in zip(indices, copy.parameters, strict=False)
            }
            cloner = Cloner(graph, region.contains, replaced, replay=True)
            if region is condition:
                copy.outputs = cloner.clone(region.outputs)
            else:
                copy.outputs = cloner.clone([region.outputs[index] for index in indices])
                copy.outputs.append(AddV2(copy.parameters[-1], constant(1)))
        regions.append(copy)
    owner = add_while(initial, regions, shapes)
    return owner.outputs[-1]
