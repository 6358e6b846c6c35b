"""Gradients of shaping ops that need reductions or slices, which are defined after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.dtypes import int32
from polygraph.ops.arithmetic import FloorMod, Neg
from polygraph.ops.casting import cast
from polygraph.ops.filling import Fill
from polygraph.ops.joining import Concat, ConcatOffset, ConcatV2
from polygraph.ops.packing import stack
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.repeating import Tile
from polygraph.ops.reshaping import reshape
from polygraph.ops.reversal import Roll
from polygraph.ops.shape_queries import rank, shape, shape_n, size
from polygraph.ops.slicing import slice as slice_
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


def _slices_of(dy: Tensor, values: list[Tensor], axis: Tensor) -> list[Tensor]:
    """The parts of ``dy`` that belong to each of the concatenated values."""
    sizes = shape_n(values)
    here = FloorMod(cast(axis, int32), rank(values[0]))
    offsets = ConcatOffset(here, sizes)
    return [slice_(dy, *where) for where in zip(offsets, sizes, strict=True)]


@ConcatV2.gradient
def _concat_v2_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    *values, axis = op.inputs
    return [*_slices_of(dy, values, axis), None]


@Concat.gradient
def _concat_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    axis, *values = op.inputs
    return [None, *_slices_of(dy, values, axis)]


@Tile.gradient
def _tile_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, multiples = op.inputs
    dims = shape(x, out_type=multiples.dtype.base_dtype)
    split = reshape(transpose(stack([multiples, dims])), [-1])
    return [reshape(reduce_sum(reshape(dy, split), range_of(0, size(split), 2)), dims), None]


@Fill.gradient
def _fill_gradient(_: Operation, dy: Tensor) -> list[Tensor | None]:
    return [None, reduce_sum(dy)]


@Roll.gradient
def _roll_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    _, shift, axis = op.inputs
    return [Roll(dy, Neg(shift), axis), None, None]
