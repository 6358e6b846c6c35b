"""`strided_slice`: every ``step``-th element between two places, along each axis."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, INDEX, int16
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.filling import ones_like
from polygraph.ops.operand_checks import refuse, static_dims
from polygraph.ops.primitives import shaping as prims
from polygraph.ops.shape_queries import shape
from polygraph.ops.slice_blocks import block_or_refuse, parts_of, read_block, write_block
from polygraph.ops.slice_writes import StridedSliceAssign
from polygraph.ops.strided_spec import (
    NEW_AXIS,
    UNKNOWN,
    Masks,
    Part,
    bounds,
    parts_by_axis,
    static_size,
)

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["strided_slice"]


def _static_elements(context: ShapeContext, index: int, count: int) -> list[Any]:
    found = context.partial(index)
    if found is None:
        return [UNKNOWN] * count
    return [UNKNOWN if item is None else item for item in found]


def _static_parts(context: ShapeContext, rank: int) -> tuple[list[Part], list[int]] | None:
    sizes_of = (context.shape(index).num_elements() for index in (1, 2, 3))
    counts = {count for count in sizes_of if count is not None}
    if not counts:
        return None
    if len(counts) > 1:
        sizes = ", ".join(str(context.shape(index)) for index in (1, 2, 3))
        msg = f"begin, end and strides must be vectors of equal size, but have the shapes {sizes}"
        raise ShapeError(msg)
    count = next(iter(counts))
    entries = [_static_elements(context, index, count) for index in (1, 2, 3)]
    begin, end, strides = entries
    return parts_by_axis(begin, end, strides, _masks(context.attrs), rank)


def _masks(attrs: Any) -> Masks:
    names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
    return Masks(*(attrs[name] for name in names))


def _strided_shape(context: ShapeContext) -> TensorShape:
    dims = static_dims(context, 0)
    found = None if dims is None else _static_parts(context, len(dims))
    if dims is None or found is None:
        return unknown_shape()
    parts, axes = found
    sizes = [static_size(part, dim, axis) for axis, (part, dim) in enumerate(zip(parts, dims, strict=True))]  # fmt: skip  # noqa: E501
    return TensorShape([1 if axis == NEW_AXIS else sizes[axis] for axis in axes])


@graph_op(
    "StridedSlice",
    "input: T, begin: Index, end: Index, strides: Index -> output: T",
    shape=_strided_shape,
    static=("strides",),
    T=ALL,
    Index=(*INDEX, int16),
)
def StridedSlice(
    x: Array,
    begin: Array,
    end: Array,
    strides: Array,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Array:
    """``x[begin[0]:end[0]:strides[0], ...]``; the masks say what each entry stands for."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    parts, axes = parts_of(begin, end, strides, masks, x.ndim)
    block = block_or_refuse(parts, x.shape, [None] * x.ndim)
    sizes = block.sizes
    result = tuple(1 if axis == NEW_AXIS else sizes[axis] for axis in axes)
    return prims.reshape(read_block(x, block, begin.dtype), shape=result)  # type: ignore[no-any-return]


@StridedSlice.partial_value
def _strided_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    elements_ = context.partial(0)
    if elements_ is None or context.shape(0).ndims != 1:
        return None
    found = _static_parts(context, 1)
    if found is None or UNKNOWN in found[0][0] or len(found[1]) > 1:
        return None
    begin, end, stride, _ = bounds(found[0][0], len(elements_), 0)
    return elements_[begin:end:stride]


@StridedSlice.gradient
def _strided_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, begin, end, strides = op.inputs
    masks = {name: value for name, value in op.attrs.items() if name.endswith("_mask")}
    dims = shape(x, out_type=begin.dtype.base_dtype)
    return [StridedSliceGrad(dims, begin, end, strides, dy, **masks), None, None, None]


@graph_op(
    "StridedSliceGrad",
    "shape: Index, begin: Index, end: Index, strides: Index, dy: T -> output: T",
    shape=shape_rules.from_shape_input(0),
    static=("shape", "strides"),
    T=ALL,
    Index=INDEX,
)
def StridedSliceGrad(
    shape: Array,
    begin: Array,
    end: Array,
    strides: Array,
    dy: Array,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
) -> Array:
    """Zeros of the given shape with ``dy`` where `StridedSlice` reads."""
    masks = Masks(begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    dims = known_ints(shape)
    parts, axes = parts_of(begin, end, strides, masks, len(dims))
    if dy.ndim != len(axes):
        refuse(f"dy must have rank {len(axes)}, not shape {list(dy.shape)}")
    given: list[int | None] = [None] * len(dims)
    for axis, size in zip(axes, dy.shape, strict=True):
        if axis != NEW_AXIS:
            given[axis] = size
    block = block_or_refuse(parts, dims, given)
    sizes = block.sizes
    wanted = tuple(1 if axis == NEW_AXIS else sizes[axis] for axis in axes)
    if dy.shape != wanted:
        refuse(f"shape of dy was {list(dy.shape)} instead of {list(wanted)}")
    return write_block(prims.reshape(dy, shape=sizes), block, dims, begin.dtype)  # type: ignore[no-any-return]


@StridedSliceGrad.gradient
def _strided_grad_gradient(op: Operation, ddx: Tensor) -> list[Tensor | None]:
    _, begin, end, strides, _ = op.inputs
    masks = {name: value for name, value in op.attrs.items() if name.endswith("_mask")}
    return [None, None, None, None, StridedSlice(ddx, begin, end, strides, **masks)]


def strided_slice(
    input_: Any,
    begin: Any,
    end: Any,
    strides: Any = None,
    begin_mask: int = 0,
    end_mask: int = 0,
    ellipsis_mask: int = 0,
    new_axis_mask: int = 0,
    shrink_axis_mask: int = 0,
    var: Any = None,
    name: str | None = None,
) -> Tensor:
    """``input_[begin[0]:end[0]:strides[0], ...]``.

    Args:
      input_: a tensor or what converts to one.
      begin: int vector.
      end: int vector of the same size.
      strides: int vector of the same size; ones by default.
      begin_mask: bit i: entry i of ``begin`` is ignored, the slice starts where it can.
      end_mask: bit i: entry i of ``end`` is ignored, the slice ends where it can.
      ellipsis_mask: bit i: entry i stands for as many axes as are left.
      new_axis_mask: bit i: entry i is a new axis of size 1.
      shrink_axis_mask: bit i: entry i is one index, and its axis is gone in the result.
      var: the variable that ``input_`` is; the result then has ``assign(value)``, which writes
        to that slice of the variable and gives the variable.
      name: of the operation.

    Raises:
      ValueError: a static index is out of bounds, or there are too many entries.
    """
    entries = (begin, end, ones_like(begin) if strides is None else strides)
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    taken: Tensor = StridedSlice(input_, *entries, name=name, **masks)
    if var is not None:
        default = f"{name or 'strided_slice'}_assign"
        taken.assign = lambda value, name=None: StridedSliceAssign(
            var, *entries, value, name=name or default, **masks
        )
    return taken
