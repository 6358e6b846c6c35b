"""Segments: turns of a loop brought back from checkpoints, computed again in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.loop_keepers import (
    Stacks,
    constant_variables,
    saved_variables,
    stack_of,
)
from polygraph.core.runtime.region_replay import Replayer
from polygraph.ops.arithmetic import AddV2
from polygraph.ops.logical import Less
from polygraph.ops.loop_checkpoints import LoopCapacity, LoopLookup
from polygraph.ops.region_ops import add_if, add_parameter, add_while
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array_ops import TensorArrayReadV3, TensorArrayWriteV3

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.loop_keepers import Checkpoints, Kept


def replayed(op: Operation, kept: Checkpoints, start: Tensor, turns: Tensor) -> Stacks:
    """What each turn of a segment began with.

    Args:
      op: the `While`.
      kept: its checkpoints.
      start: the first turn of the segment, which is a checkpoint.
      turns: how many turns the segment has.
    """
    return _Replay(op, kept, start, turns).build()


def _read(slots: Tensor, slot: Tensor, item: Kept) -> Tensor:
    value: Tensor = TensorArrayReadV3(slots, slot)
    if isinstance(item, Tensor):
        value.set_shape(item.get_shape())
    return value


class _Replay:
    """The loop over the turns of a segment.

    Attributes:
      items: what is kept at checkpoints, and goes round.
      stacked: those of them that turns have to know.
    """

    def __init__(self, op: Operation, kept: Checkpoints, start: Tensor, turns: Tensor) -> None:
        self.op = op
        self.graph = op.graph
        self.kept = kept
        self.start = start
        self.turns = turns
        self.items = list(kept.slots)
        saved = set(saved_variables(op))
        self.stacked = [
            item for item in self.items if item in saved or not isinstance(item, Tensor)
        ]

    def build(self) -> Stacks:
        """What each turn began with."""
        # Of the first ones only the shapes are used: the first turn is a checkpoint.
        first = {item: _read(slots, constant(0), item) for item, slots in self.kept.slots.items()}
        capacity = LoopCapacity()
        stacks = [
            stack_of(value.dtype.base_dtype, shape(value), value.get_shape(), capacity)
            for value in map(first.__getitem__, self.stacked)
        ]
        every = [constant(0), *first.values(), *stacks]
        shapes = [tensor.get_shape() for tensor in every]
        condition, body = (Region("replay", self.graph.region) for _ in range(2))
        for region in (condition, body):
            for tensor, static in zip(every, shapes, strict=True):
                add_parameter(region, tensor.dtype.base_dtype, static, "Identity")
        with self.graph.in_region(condition):
            condition.outputs = [Less(condition.parameters[0], self.turns)]
        with self.graph.in_region(body):
            body.outputs = self._turn(body.parameters)
        results = add_while(every, [condition, body], shapes).outputs[1 + len(first) :]
        return Stacks(self.turns, dict(zip(self.stacked, results, strict=True)), None)

    def _turn(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        turn, count = parameters[0], len(self.items)
        before = dict(zip(self.items, parameters[1 : count + 1], strict=True))
        now = self._begun(turn, before)
        stacks = [
            TensorArrayWriteV3(stack, turn, now[item])
            for item, stack in zip(self.stacked, parameters[count + 1 :], strict=True)
        ]
        return [AddV2(turn, constant(1)), *[now[item] for item in self.items], *stacks]

    def _begun(self, turn: Tensor, before: dict[Kept, Tensor]) -> dict[Kept, Tensor]:
        """The items at the beginning of a turn: a checkpoint's, or computed from those before."""
        kept, slot = LoopLookup(AddV2(self.start, turn), self.kept.shift, self.kept.order)
        load, compute = (Region(name, self.graph.region) for name in ("load", "compute"))
        with self.graph.in_region(load):
            load.outputs = [_read(self.kept.slots[item], slot, item) for item in self.items]
        with self.graph.in_region(compute):
            compute.outputs = self._after(before)
        results = add_if(kept, [load, compute]).outputs
        for item, result in zip(self.items, results, strict=True):
            if isinstance(item, Tensor):
                result.set_shape(item.get_shape())
        return dict(zip(self.items, results, strict=True))

    def _after(self, before: dict[Kept, Tensor]) -> list[Tensor]:
        """The items after a turn that they began as ``before``."""
        _, body = self.op.attrs["regions"]
        replaced = {item: value for item, value in before.items() if isinstance(item, Tensor)}
        states = {item: value for item, value in before.items() if not isinstance(item, Tensor)}
        for index in constant_variables(self.op):
            replaced[body.parameters[index]] = self.op.inputs[index]
        again = Replayer.of_region(self.graph, body, dict(replaced), states)
        variables = [item for item in before if isinstance(item, Tensor)]
        after = again.run([body.parameters.index(item) for item in variables])
        following = dict(zip(variables, after, strict=True))
        return [
            following[item] if isinstance(item, Tensor) else again.left(item) for item in before
        ]
