"""Gradients through loops: a loop that walks the turns backward.

Going forward, a copy of the loop keeps what each turn began with, on a stack for each loop
variable. Going backward, each turn is computed again from there and differentiated. The stack's
size is known where a counter bounds the loop; else a loop that only counts runs before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import int32
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.runtime.region_gradients import (
    Differentiate,
    dense,
    has_gradient,
    take_place,
    unrepeatable,
)
from polygraph.core.runtime.trip_counts import capacity_of
from polygraph.ops.arithmetic import AddV2, Sub
from polygraph.ops.filling import zeros_like
from polygraph.ops.identity_ops import identity
from polygraph.ops.logical import Greater
from polygraph.ops.loops import before_loops
from polygraph.ops.region_clone import Cloner, region_operations
from polygraph.ops.region_ops import Exit, add_parameter, add_while
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array_ops import (
    TensorArrayAddRows,
    TensorArrayReadV3,
    TensorArrayV3,
    TensorArrayWriteV3,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

    Gradient = Tensor | IndexedSlices

_WRITERS = frozenset({"TensorArrayWriteV3", "TensorArrayScatterV3", "TensorArrayAddRows"})
"""Op types whose gradient does not need the value of their first input, the flow."""


def while_gradients(
    differentiate: Differentiate,
    op: Operation,
    dys: Sequence[Gradient | None],
    wanted: Sequence[Tensor],
) -> list[Gradient | None]:
    """The gradients of a loop by its initial values and by what it takes from outside.

    Args:
      differentiate: differentiates within a turn.
      op: the `While`.
      dys: gradients of its outputs.
      wanted: real or complex tensors among its inputs and captures.
    """
    if not op.attrs["back_prop"]:
        return [None] * len(wanted)
    graph = op.graph
    with graph.name_scope(f"{op.name}_grad"):
        kept = _kept(op)
        backward = _Backward(graph, op, kept, dys, wanted)
        return backward.build(differentiate)


@dataclass(slots=True, eq=False)
class _Kept:
    """A copy of a loop that keeps what its turns began with.

    Attributes:
      owner: the copy.
      trips: how many turns it took.
      stacks: for tensors of the original body, what they were in each turn.
    """

    owner: Operation
    trips: Tensor
    stacks: dict[Tensor, Tensor] = field(default_factory=dict)


def _kept(op: Operation) -> _Kept:
    found = op.attrs.get("_keeper")
    if found is None:
        with op.graph.in_region(op.region):
            found = op.attrs["_keeper"] = _keep(op)
    result: _Kept = found
    return result


def constant_variables(op: Operation) -> set[int]:
    """The loop variables that the body hands on unchanged."""
    _, body = op.attrs["regions"]
    return {
        index
        for index, (before, after) in enumerate(zip(body.parameters, body.outputs, strict=True))
        if before is after
    }


def _saved(op: Operation) -> list[Tensor]:
    """The tensors of the body that its gradient needs to know for each turn."""
    _, body = op.attrs["regions"]
    still = constant_variables(op)
    candidates = {
        parameter for index, parameter in enumerate(body.parameters) if index not in still
    }
    used: dict[Tensor, None] = {}
    for inner in region_operations(body):
        for index, tensor in enumerate(inner.inputs):
            if tensor in candidates and not (index == 0 and inner.type in _WRITERS):
                used[tensor] = None
        for region in inner.attrs.get("regions", ()):
            used.update(dict.fromkeys(t for t in region.outputs if t in candidates))
    return [*used, *unrepeatable(body)]


def _keep(op: Operation) -> _Kept:
    graph = op.graph
    condition, body = op.attrs["regions"]
    count = len(op.inputs)
    saved = _saved(op)
    capacity = reshape(capacity_of(op), [1])
    initial = dict(zip(body.parameters, op.inputs, strict=True))
    stacks = [_empty_stack(tensor, capacity, body, initial) for tensor in saved]
    shapes = [
        *op.attrs["output_shapes"], TensorShape(()), *[stack.get_shape() for stack in stacks],
    ]  # fmt: skip
    dtypes = [tensor.dtype.base_dtype for tensor in (*op.inputs, constant(0), *stacks)]
    regions: list[Region] = []
    for region, name in ((condition, "Merge"), (body, "Identity")):
        copy = Region(region.name, graph.region)
        for dtype, static in zip(dtypes, shapes, strict=True):
            add_parameter(copy, dtype, static, name)
        with graph.in_region(copy):
            replaced = dict(zip(region.parameters, copy.parameters[:count], strict=True))
            cloner = Cloner(graph, region.contains, replaced, faithful=True)
            copy.outputs = cloner.clone(region.outputs, region.control_outputs)
            if region is body:
                turn = copy.parameters[count]
                copy.outputs.append(AddV2(turn, constant(1)))
                for tensor, stack in zip(saved, copy.parameters[count + 1 :], strict=True):
                    copy.outputs.append(TensorArrayWriteV3(stack, turn, cloner.of(tensor)))
        copy.control_outputs = [cloner.ops.get(item, item) for item in region.control_outputs]
        regions.append(copy)
    owner = add_while(
        [*op.inputs, constant(0), *stacks],
        regions,
        shapes,
        maximum_iterations=op.attrs["maximum_iterations"],
    )
    take_place(owner, op)
    exits = dict(zip(saved, owner.outputs[count + 1 :], strict=True))
    return _Kept(owner, owner.outputs[count], exits)


def _empty_stack(
    tensor: Tensor, capacity: Tensor, body: Region, initial: dict[Tensor, Tensor]
) -> Tensor:
    """A stack of ``capacity`` zeros of the shape of a tensor of the body."""
    static = tensor.get_shape()
    like = initial.get(tensor)
    if static.is_fully_defined():
        dims = constant(static.as_list(), int32, shape=[static.ndims])
    else:
        # Only the copy's shape is used: what computes it is pruned when a run is planned.
        dims = shape(before_loops(tensor, body, initial) if like is None else like)
    stack: Tensor = TensorArrayV3(capacity, dims, dtype=tensor.dtype.base_dtype)
    stack.set_shape(TensorShape([None]).concatenate(static))
    return stack


class _Backward:
    """The loop backward that is being built.

    Attributes:
      active: indices of the loop variables that have gradients.
      body: the region of a turn backward; its parameters are the number of turns left, the
        gradients of the active loop variables, and those of what the loop takes from outside.
    """

    def __init__(
        self,
        graph: Graph,
        op: Operation,
        kept: _Kept,
        dys: Sequence[Gradient | None],
        wanted: Sequence[Tensor],
    ) -> None:
        self.graph = graph
        self.op = op
        self.kept = kept
        self.dys = dys
        self.wanted = wanted
        self.still = constant_variables(op)
        self.active = self._active()
        self.body = Region("backward", graph.region)
        self.initial: list[Tensor] = []

    def _active(self) -> list[int]:
        """The loop variables that the gradients flow through."""
        _, body = self.op.attrs["regions"]
        position = {parameter: index for index, parameter in enumerate(body.parameters)}
        active: dict[int, None] = {}
        pending = [index for index, dy in enumerate(self.dys) if dy is not None]
        while pending:
            index = pending.pop()
            if index in active or index in self.still or not has_gradient(self.op.outputs[index]):
                continue
            active[index] = None
            part = Region("", body.outer, outputs=[body.outputs[index]])
            used = {body.outputs[index]}
            for inner in region_operations(body, part.outputs):
                used.update(inner.inputs)
                for region in inner.attrs.get("regions", ()):
                    used.update(region.outputs)
            pending.extend(position[tensor] for tensor in used if tensor in position)
        return sorted(active)

    def build(self, differentiate: Differentiate) -> list[Gradient | None]:
        """The gradient for each of ``wanted``."""
        if not self.active:
            return self._collected([], [])
        left = self._parameter(self.kept.trips)
        gradients = [self._parameter(self._start(index)) for index in self.active]
        with self.graph.in_region(self.body):
            turn = Sub(left, constant(1))
            ys, parameters = self._turn_again(turn)
            found = differentiate(ys, [*parameters, *self.wanted], gradients)
            self.body.outputs = [turn]
            for before, item in zip(gradients, found, strict=False):
                self.body.outputs.append(zeros_like(before) if item is None else dense(item))
        outside = self._accumulate(found[len(self.active) :])
        owner = self._owner()
        return self._collected(list(owner.outputs[1:]), outside)

    def _parameter(self, initial: Tensor) -> Tensor:
        self.initial.append(initial)
        return add_parameter(self.body, initial.dtype, initial.get_shape(), "Identity")

    def _start(self, index: int) -> Tensor:
        dy = self.dys[index]
        output = self.op.outputs[index]
        return zeros_like(output) if dy is None else dense(dy)

    def _turn_again(self, turn: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The results of a turn, computed again, and the loop variables that it began with."""
        _, body = self.op.attrs["regions"]
        replaced: dict[Tensor, Tensor] = {}
        for index, (parameter, initial) in enumerate(
            zip(body.parameters, self.op.inputs, strict=True)
        ):
            if index in self.still:
                replaced[parameter] = initial
            elif parameter not in self.kept.stacks:
                # Nothing needs its value; it has only to be a tensor of its own.
                replaced[parameter] = identity(initial)
        for tensor, stack in self.kept.stacks.items():
            element = TensorArrayReadV3(stack, turn)
            element.set_shape(tensor.get_shape())
            replaced[tensor] = element
        again = Cloner(self.graph, body.contains, replaced, replay=True)
        ys = again.clone([body.outputs[index] for index in self.active])
        return ys, [replaced[body.parameters[index]] for index in self.active]

    def _accumulate(self, found: Sequence[Gradient | None]) -> list[Tensor]:
        """Sum the gradients of what comes from outside over the turns; those that have one."""
        outside: list[Tensor] = []
        for tensor, item in zip(self.wanted, found, strict=True):
            if item is None:
                continue
            outside.append(tensor)
            total = self._parameter(zeros_like(tensor))
            with self.graph.in_region(self.body):
                if isinstance(item, IndexedSlices):
                    after: Any = TensorArrayAddRows(total, item.indices, item.values)
                else:
                    after = AddV2(total, item)
            after.set_shape(tensor.get_shape())
            self.body.outputs.append(after)
        return outside

    def _owner(self) -> Operation:
        condition = Region("backward", self.graph.region)
        for parameter in self.body.parameters:
            add_parameter(condition, parameter.dtype, parameter.get_shape(), "Merge")
        with self.graph.in_region(condition):
            condition.outputs = [Greater(condition.parameters[0], constant(0))]
        shapes = [parameter.get_shape() for parameter in self.body.parameters]
        return add_while(self.initial, [condition, self.body], shapes)

    def _collected(self, results: list[Tensor], outside: list[Tensor]) -> list[Gradient | None]:
        """The sums for each of ``wanted``: of what it began, and of what took it from outside."""
        parts: dict[Tensor, list[Gradient]] = {}
        for index, result in zip(self.active, results, strict=False):
            parts.setdefault(self.op.inputs[index], []).append(Exit(result, name="Exit"))
        for tensor, result in zip(outside, results[len(self.active) :], strict=True):
            parts.setdefault(tensor, []).append(Exit(result, name="Exit"))
        for index in self.still:
            dy = self.dys[index]
            if dy is not None:
                parts.setdefault(self.op.inputs[index], []).append(dy)
        return [_sum(parts.get(tensor, [])) for tensor in self.wanted]


def _sum(parts: Sequence[Gradient]) -> Gradient | None:
    if not parts:
        return None
    result = parts[0]
    for part in parts[1:]:
        result = AddV2(dense(result), dense(part))
    return result
