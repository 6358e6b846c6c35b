"""Segments: the turns from one checkpoint of a loop to the next, computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.loop_keepers import (
    Stacks,
    constant_variables,
    drawing_outputs,
    saved_variables,
    stack_of,
)
from polygraph.ops.arithmetic import AddV2
from polygraph.ops.logical import Less
from polygraph.ops.loop_checkpoints import LoopCapacity
from polygraph.ops.region_ops import add_parameter, add_while
from polygraph.ops.region_replay import Replayer
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array_ops import TensorArrayReadV3, TensorArrayWriteV3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.loop_keepers import Checkpoints, Kept


def replayed(op: Operation, kept: Checkpoints, slot: Tensor, turns: Tensor) -> Stacks:
    """What each turn of a segment began with.

    Args:
      op: the `While`.
      kept: its checkpoints.
      slot: of the checkpoint that the segment begins with.
      turns: how many turns the segment has.
    """
    saved = set(saved_variables(op))
    first = {item: _read(slots, slot, item) for item, slots in kept.slots.items()}
    stacked = [item for item in first if item in saved or not isinstance(item, Tensor)]
    capacity = LoopCapacity()
    stacks = [_begun(first[item], capacity) for item in stacked]
    results = _Replay(op, list(first), stacked, turns).build([*first.values(), *stacks])
    return Stacks(turns, dict(zip(stacked, results[len(first) :], strict=True)), None)


def _read(slots: Tensor, slot: Tensor, item: Kept) -> Tensor:
    value: Tensor = TensorArrayReadV3(slots, slot)
    if isinstance(item, Tensor):
        value.set_shape(item.get_shape())
    return value


def _begun(value: Tensor, capacity: Tensor) -> Tensor:
    """A stack that holds ``value`` for the first turn."""
    stack = stack_of(value.dtype.base_dtype, shape(value), value.get_shape(), capacity)
    begun: Tensor = TensorArrayWriteV3(stack, constant(0), value)
    return begun


class _Replay:
    """The loop over the turns after the first one, whose beginning the checkpoint knows."""

    def __init__(
        self, op: Operation, items: Sequence[Kept], stacked: Sequence[Kept], turns: Tensor
    ) -> None:
        self.op = op
        self.graph = op.graph
        self.items = items
        self.stacked = stacked
        self.turns = turns

    def build(self, initial: Sequence[Tensor]) -> list[Tensor]:
        """The values of the items and the stacks at the beginning of the last turn."""
        every = [constant(1), *initial]
        shapes = [tensor.get_shape() for tensor in every]
        condition, body = (Region("replay", self.graph.region) for _ in range(2))
        for region in (condition, body):
            for tensor, static in zip(every, shapes, strict=True):
                add_parameter(region, tensor.dtype.base_dtype, static, "Identity")
        with self.graph.in_region(condition):
            condition.outputs = [Less(condition.parameters[0], self.turns)]
        with self.graph.in_region(body):
            body.outputs = self._turn(body.parameters)
        return list(add_while(every, [condition, body], shapes).outputs[1:])

    def _turn(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        turn, count = parameters[0], len(self.items)
        now = dict(zip(self.items, parameters[1 : count + 1], strict=True))
        after = self._after(now)
        stacks = [
            TensorArrayWriteV3(stack, turn, after[item])
            for item, stack in zip(self.stacked, parameters[count + 1 :], strict=True)
        ]
        return [AddV2(turn, constant(1)), *[after[item] for item in self.items], *stacks]

    def _after(self, now: dict[Kept, Tensor]) -> dict[Kept, Tensor]:
        """The items after a turn that they began as ``now``."""
        _, body = self.op.attrs["regions"]
        replaced = {item: value for item, value in now.items() if isinstance(item, Tensor)}
        states = {item: value for item, value in now.items() if not isinstance(item, Tensor)}
        for index in constant_variables(self.op):
            replaced[body.parameters[index]] = self.op.inputs[index]
        following = dict(zip(body.parameters, body.outputs, strict=True))
        again = Replayer(self.graph, body.contains, dict(replaced), states)
        again.clone([*[following[item] for item in now if isinstance(item, Tensor)],
                     *drawing_outputs(body)])  # fmt: skip
        return {
            item: again.of(following[item]) if isinstance(item, Tensor) else again.states[item]
            for item in now
        }
