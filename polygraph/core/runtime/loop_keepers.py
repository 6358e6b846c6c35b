"""What a loop keeps for its gradient: every turn on stacks, or checkpoints.

A copy of the loop takes its place and has more loop variables. Kept is what turns begin with: the
loop variables that the gradient needs, and the state that the body writes. Where a bound is known
all turns are kept. Else it is as many as a plan has room for, and those between are
computed again (`polygraph.ops.loop_checkpoints`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polygraph.core.ground.dtypes import int32
from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.runtime.region_replay import renamed_region, state_now
from polygraph.core.runtime.trip_counts import bound_of
from polygraph.ops.arithmetic import AddV2
from polygraph.ops.loop_checkpoints import LoopCapacity, LoopCheckpoint, LoopTurns
from polygraph.ops.loops import before_loops
from polygraph.ops.ranges import range as integers
from polygraph.ops.region_clone import Cloner, region_operations
from polygraph.ops.region_ops import add_parameter, add_while
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array_ops import TensorArrayV3, TensorArrayWriteV3

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.planner.rename import StateKey

    Kept = Tensor | StateKey
    """What is kept: a loop variable, as the body calls it, or a piece of state."""

_WRITERS = frozenset({"TensorArrayWriteV3", "TensorArrayScatterV3", "TensorArrayAddRows"})
"""Op types whose gradient does not need the value of their first input, the flow."""


@dataclass(frozen=True, slots=True, eq=False)
class Stacks:
    """What each of some turns began with.

    Attributes:
      turns: how many turns.
      stacks: for what is kept, its value in each turn.
      bound: no less than ``turns``, None where it is not known while the graph is built.
    """

    turns: Tensor
    stacks: dict[Kept, Tensor]
    bound: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoints:
    """What some turns of a loop began with.

    Attributes:
      turns: how many turns the loop took.
      shift: the binary logarithm of the number of turns from one checkpoint to the next.
      order: the slots of the checkpoints.
      slots: for what is kept, its value at each checkpoint.
    """

    turns: Tensor
    shift: Tensor
    order: Tensor
    slots: dict[Kept, Tensor]


def kept_turns(op: Operation) -> Stacks | Checkpoints:
    """What a copy of ``op``, a `While`, that runs in its place keeps of its turns."""
    found: Stacks | Checkpoints | None = op.attrs.get("_keeper")
    if found is None:
        with op.graph.in_region(op.region):
            found = op.attrs["_keeper"] = _keep(op)
    return found


def _keep(op: Operation) -> Stacks | Checkpoints:
    bound = bound_of(op)
    if bound is None:
        return _keep_some(op)
    return _keep_all(op, bound)


# What has to be kept.


def constant_variables(op: Operation) -> set[int]:
    """The loop variables that the body hands on unchanged."""
    _, body = op.attrs["regions"]
    return {
        index
        for index, (before, after) in enumerate(zip(body.parameters, body.outputs, strict=True))
        if before is after
    }


def saved_variables(op: Operation) -> list[Tensor]:
    """The loop variables that the gradient of the body needs to know for each turn."""
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
    return list(used)


def needed_variables(op: Operation) -> list[Tensor]:
    """The loop variables that what the gradient needs in later turns is computed from."""
    _, body = op.attrs["regions"]
    still = {body.parameters[index] for index in constant_variables(op)}
    writers = [tensor for writer in renamed_region(body).written for tensor in writer.outputs]
    pending = [*saved_variables(op), *variables_used(body, writers)]
    needed: dict[Tensor, None] = {}
    while pending:
        parameter = pending.pop()
        if parameter not in needed and parameter not in still:
            needed[parameter] = None
            after = body.outputs[body.parameters.index(parameter)]
            pending.extend(variables_used(body, [after]))
    return [parameter for parameter in body.parameters if parameter in needed]


def variables_used(region: Region, outputs: Sequence[Tensor]) -> list[Tensor]:
    """The parameters of ``region`` that ``outputs`` of it are computed from."""
    used = set(outputs)
    for inner in region_operations(region, outputs):
        used.update(inner.inputs)
        for owned in inner.attrs.get("regions", ()):
            used.update(owned.outputs)
    return [parameter for parameter in region.parameters if parameter in used]


# The copies that keep it.


def _keep_all(op: Operation, bound: Tensor) -> Stacks:
    """Keep every turn."""
    _, body = op.attrs["regions"]
    kept: list[Kept] = [*saved_variables(op), *renamed_region(body).final]
    stacks = [empty_stack(op, item, bound) for item in kept]

    def after(cloner: Cloner, now: Sequence[Tensor]) -> list[Tensor]:
        turn, *rows = now
        values = _values(cloner, kept)
        written = [
            TensorArrayWriteV3(row, turn, value) for row, value in zip(rows, values, strict=True)
        ]
        return [AddV2(turn, constant(1)), *written]

    turns, *exits = _copy_with(op, [constant(0), *stacks], after)
    most = None if bound.constant is None else int(bound.constant)
    return Stacks(turns, dict(zip(kept, exits, strict=True)), most)


def _keep_some(op: Operation) -> Checkpoints:
    """Keep checkpoints."""
    _, body = op.attrs["regions"]
    kept: list[Kept] = [*needed_variables(op), *renamed_region(body).final]
    capacity = LoopCapacity()
    spare = AddV2(capacity, constant(1))
    slots = [empty_stack(op, item, spare) for item in kept]

    def after(cloner: Cloner, now: Sequence[Tensor]) -> list[Tensor]:
        turn, shift, order, *rows = now
        slot, shift, order = LoopCheckpoint(turn, shift, order)
        return [
            AddV2(turn, constant(1)),
            shift,
            order,
            *[
                TensorArrayWriteV3(row, slot, value)
                for row, value in zip(rows, _values(cloner, kept), strict=True)
            ],
        ]

    initial = [constant(0), constant(0), integers(capacity), *slots]
    turns, shift, order, *exits = _copy_with(op, initial, after)
    turns = LoopTurns(turns, order, capacity)
    return Checkpoints(turns, shift, order, dict(zip(kept, exits, strict=True)))


def _values(cloner: Cloner, kept: Sequence[Kept]) -> list[Tensor]:
    """What is kept, as the turn has it that is being built."""
    return [cloner.of(item) if isinstance(item, Tensor) else state_now(item) for item in kept]


def _copy_with(
    op: Operation,
    initial: Sequence[Tensor],
    after: Callable[[Cloner, Sequence[Tensor]], Sequence[Tensor]],
) -> list[Tensor]:
    """What more loop variables of a copy of ``op``, which takes its place, are in the end.

    Args:
      op: the loop.
      initial: what they are before the first turn.
      after: builds in the body what they are after a turn: takes what has copied the body, and
        what they are before the turn.
    """
    count = len(op.inputs)
    every = [*op.inputs, *initial]
    shapes = [*op.attrs["output_shapes"], *[tensor.get_shape() for tensor in initial]]
    regions: list[Region] = []
    for region, name in zip(op.attrs["regions"], ("Merge", "Identity"), strict=True):
        copy = Region(region.name, op.graph.region)
        for tensor, static in zip(every, shapes, strict=True):
            add_parameter(copy, tensor.dtype.base_dtype, static, name)
        with op.graph.in_region(copy):
            replaced = dict(zip(region.parameters, copy.parameters[:count], strict=True))
            cloner = Cloner(op.graph, region.contains, replaced, faithful=True)
            copy.outputs = cloner.clone(region.outputs, region.control_outputs)
            if regions:
                copy.outputs += after(cloner, copy.parameters[count:])
        copy.control_outputs = [cloner.ops.get(item, item) for item in region.control_outputs]
        regions.append(copy)
    bound = op.attrs["maximum_iterations"]
    owner = add_while(every, regions, shapes, maximum_iterations=bound)
    take_place(owner, op)
    return list(owner.outputs[count:])


def empty_stack(op: Operation, item: Kept, capacity: Tensor) -> Tensor:
    """Room for ``capacity`` values of what is kept of the turns of ``op``."""
    _, body = op.attrs["regions"]
    if not isinstance(item, Tensor):
        value = state_now(item)
        return stack_of(value.dtype.base_dtype, shape(value), value.get_shape(), capacity)
    static = item.get_shape()
    initial = dict(zip(body.parameters, op.inputs, strict=True))
    if static.is_fully_defined():
        dims = constant(static.as_list(), int32, shape=[static.ndims])
    else:
        # Only the copy's shape is used: what computes it is pruned when a run is planned.
        dims = shape(initial[item] if item in initial else before_loops(item, body, initial))
    return stack_of(item.dtype.base_dtype, dims, static, capacity)


def stack_of(dtype: DType, dims: Tensor, static: TensorShape, capacity: Tensor) -> Tensor:
    """A stack of ``capacity`` zeros, each of shape ``dims``."""
    stack: Tensor = TensorArrayV3(reshape(capacity, [1]), dims, dtype=dtype)
    stack.set_shape(TensorShape([None]).concatenate(static))
    return stack


def take_place(owner: Operation, op: Operation) -> None:
    """Let ``owner``, which yields what ``op`` does and more, run in the place of ``op``."""
    owner.attrs["_replaces"] = op
    owner._control_inputs.extend(op.control_inputs)  # noqa: SLF001 - it is new, and not planned
