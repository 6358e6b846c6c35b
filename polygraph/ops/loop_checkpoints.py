"""Checkpoints of loops: how many there are, which turns they keep, and in which slots.

A loop of unknown length has a fixed number of slots. Every turn is kept until they are full; then
every second one gives its slot up, the *stride* doubles, and so on. Only an order of the slots is
rearranged, never what they hold. Walking backward, a *segment* of as many turns as there are slots
is brought back at a time: what is no checkpoint is computed again from the turn before.
"""
# ruff: noqa: N802 - op types are camel case

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import check
from polygraph.ops.primitives import elementwise as ew, shaping as prims

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.trace import Array


class LoopOverflowError(Exception):
    """A loop took more turns than its gradient has room for: the run is planned again.

    Attributes:
      turns: how many, 0 where that is not known.
    """

    def __init__(self, turns: int = 0) -> None:
        super().__init__(f"a loop took {turns or 'too many'} turns")
        self.turns = turns


@graph_op("LoopCapacity", "-> capacity: int32", kind=Kind.CAPACITY, shape=shape_rules.scalar)
def LoopCapacity() -> None:
    """How many slots a loop has, and how many turns a segment: a number of the plan's."""


@graph_op("LoopTurns", "turns: int32, order: int32, capacity: int32 -> same: int32",
          shape=shape_rules.scalar)  # fmt: skip
def LoopTurns(turns: Array, order: Array, capacity: Array) -> Array:
    """How many turns there are to walk back; none where there was no room for them."""
    enough = ew.less_equal(turns, ew.multiply(capacity, np.int32(order.shape[0])))
    check(enough, LoopOverflowError, "a loop took {} turns", details=(turns,))
    return ew.select(enough, turns, np.int32(0))  # type: ignore[no-any-return]


def _checkpoint_shapes(context: ShapeContext) -> list[TensorShape]:
    return [TensorShape(()), TensorShape(()), context.shape(2)]


@graph_op(
    "LoopCheckpoint",
    "turn: int32, shift: int32, order: int32 -> slot: int32, new_shift: int32, new_order: int32",
    shape=_checkpoint_shapes,
)
def LoopCheckpoint(turn: Array, shift: Array, order: Array) -> tuple[Array, Array, Array]:
    """The slot for what a turn begins with; a spare one after the last for one not to keep.

    ``shift`` is the binary logarithm of the stride.
    """
    count = order.shape[0]
    full = ew.equal(turn, ew.left_shift(np.int32(count), shift))
    halves = [
        prims.strided_slice(order, begin=(begin,), end=(count,), strides=(2,)) for begin in (0, 1)
    ]
    order = ew.select(full, prims.concatenate(*halves, axis=0), order)
    shift = ew.add(shift, ew.cast(full, dtype=np.dtype(np.int32)))
    index = ew.right_shift(turn, shift)
    kept = ew.equal(ew.left_shift(index, shift), turn)
    return ew.select(kept, _element(order, index), np.int32(count)), shift, order


@graph_op("LoopSegment", "end: int32, capacity: int32 -> start: int32", shape=shape_rules.scalar)
def LoopSegment(end: Array, capacity: Array) -> Array:
    """The first turn of the segment that ends before turn ``end``: a multiple of its length."""
    # The capacity is a power of two.
    return ew.bitwise_and(ew.subtract(end, np.int32(1)), ew.negative(capacity))  # type: ignore[no-any-return]


@graph_op(
    "LoopLookup",
    "turn: int32, shift: int32, order: int32 -> kept: bool, slot: int32",
    shape=lambda _: [TensorShape(()), TensorShape(())],
)
def LoopLookup(turn: Array, shift: Array, order: Array) -> tuple[Array, Array]:
    """Whether a turn is a checkpoint, and the slot of the last one up to it."""
    index = ew.right_shift(turn, shift)
    return ew.equal(ew.left_shift(index, shift), turn), _element(order, index)


def _element(order: Array, index: Array) -> Any:
    found = prims.dynamic_slice(order, prims.reshape(index, shape=(1,)), sizes=(1,))
    return prims.reshape(found, shape=())


for _definition in (LoopCapacity, LoopTurns, LoopCheckpoint, LoopSegment, LoopLookup):
    _definition.no_gradient()
