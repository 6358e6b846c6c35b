"""Writing to a slice of a variable: ``v[0, 1:].assign(value)``."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, INDEX, int16
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.signature import broadcast_shapes
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import shaping as prims
from polygraph.ops.slice_blocks import block_or_refuse, overwrite_block, parts_of
from polygraph.ops.strided_spec import NEW_AXIS, Masks

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array


@graph_op(
    "StridedSliceAssign",
    "ref: &T, begin: Index, end: Index, strides: Index, value: T -> output_ref: &T",
    kind=Kind.WRITE,
    shape=shape_rules.unchanged,
    static=("strides",),
    writes=("ref",),
    T=ALL,
    Index=(*INDEX, int16),
)
def StridedSliceAssign(
    ref: Array,
    begin: Array,
    end: Array,
    strides: Array,
    value: Array,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Array:
    """The variable with a value, repeated to the slice's shape, where `StridedSlice` reads."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    parts, axes = parts_of(begin, end, strides, masks, ref.ndim)
    block = block_or_refuse(parts, ref.shape, [None] * ref.ndim)
    sizes = block.sizes
    wanted = tuple(1 if axis == NEW_AXIS else sizes[axis] for axis in axes)
    try:
        fits = broadcast_shapes((value.shape, wanted)) == wanted
    except ShapeError:
        fits = False
    if not fits:
        refuse(f"a slice of shape {list(wanted)} was assigned a value of shape {list(value.shape)}")
    whole = prims.reshape(prims.broadcast_to(value, shape=wanted), shape=sizes)
    return overwrite_block(ref, whole, block, begin.dtype)  # type: ignore[no-any-return]


StridedSliceAssign.no_gradient()
