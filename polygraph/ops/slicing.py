"""`slice` and `strided_slice`: blocks of a tensor, at places known only when they run too.

A begin that is not known at plan time costs no stage where the size is known. The size of a range
between two values that are not known (``x[i:j]``) is asked for, never the values themselves.
"""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polygraph.core.ground import errors, shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, INDEX, int16
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.program import Value
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import check, in_inner_block, known, known_ints
from polygraph.ops.arithmetic import Add
from polygraph.ops.dynamic_ints import constant_distance, elements
from polygraph.ops.filling import ones_like
from polygraph.ops.operand_checks import refuse, static_dims
from polygraph.ops.primitives import elementwise as ew, shaping as prims
from polygraph.ops.shape_queries import shape
from polygraph.ops.strided_spec import (
    NEW_AXIS,
    UNKNOWN,
    Bounds,
    Masks,
    Part,
    bounds,
    check_stride,
    parts_by_axis,
    static_size,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["slice", "strided_slice"]


class _Block(NamedTuple):
    """A slice in two steps: a window at starts that may be values, then a static slice of it.

    ``starts`` is None where the window is the whole input.
    """

    starts: list[int | Value] | None
    window: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int | None, ...]
    strides: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return prims.slice_sizes(self.window, self.begin, self.end, self.strides)


def _starts(block: _Block, dtype: Any) -> Any:
    scalars = [
        start if isinstance(start, Value) else np.array(start, dtype)
        for start in block.starts or ()
    ]
    return prims.stack(*scalars, axis=0)


def _read(x: Array, block: _Block, dtype: Any) -> Any:
    if block.starts is not None:
        x = prims.dynamic_slice(x, _starts(block, dtype), sizes=block.window)
    return prims.strided_slice(x, begin=block.begin, end=block.end, strides=block.strides)


def _write(dy: Array, block: _Block, shape: tuple[int, ...], dtype: Any) -> Any:
    """Zeros of ``shape`` with ``dy`` where `_read` reads."""
    filled = prims.strided_slice_grad(
        dy, shape=block.window, begin=block.begin, end=block.end, strides=block.strides
    )
    if block.starts is None:
        return filled
    zeros = prims.broadcast_to(np.zeros((), dy.dtype), shape=shape)
    return prims.dynamic_update_slice(zeros, filled, _starts(block, dtype))


# Strided slices.


def _scalar(number: int, like: Value) -> Any:
    return np.array(number, like.dtype)


def _forward(position: Any, dim: int) -> Any:
    """A position that may be negative, counted from the front."""
    if not isinstance(position, Value):
        return position + dim if position < 0 else position
    from_end = ew.add(position, _scalar(dim, position))
    return ew.select(ew.less(position, _scalar(0, position)), from_end, position)


def _clamped(position: Any, dim: int) -> Any:
    forward = _forward(position, dim)
    if not isinstance(forward, Value):
        return min(max(forward, 0), dim)
    return ew.minimum(ew.maximum(forward, _scalar(0, forward)), _scalar(dim, forward))


def _one_index(begin: Value, dim: int, axis: int) -> tuple[Any, int]:
    start = _forward(begin, dim)
    inside = ew.logical_and(
        ew.greater_equal(start, _scalar(0, start)), ew.less(start, _scalar(dim, start))
    )
    message = f"slice index {{}} of dimension {axis} out of bounds."
    check(inside, errors.InvalidArgumentError, message, details=(start,))
    if dim == 0:
        refuse(f"slice index of dimension {axis} out of bounds: the dimension is empty.")
    return start, 1


def _fixed_length(part: Part, dim: int, axis: int, length: int) -> tuple[Any, int]:
    """A range of known length where no stage can be cut to learn whether it is cut short."""
    begin = part.begin
    fits = ew.logical_and(
        ew.greater_equal(begin, _scalar(0, begin)),
        ew.less_equal(begin, _scalar(dim - length, begin)),
    )
    message = (
        f"a slice of {length} elements from {{}} on does not lie within dimension {axis} of size "
        f"{dim}; inside a loop a slice has to keep its size"
    )
    check(fits, errors.InvalidArgumentError, message, details=(begin,))
    return begin, length


def _moving_range(part: Part, dim: int, axis: int, given: int | None) -> tuple[Any, int]:
    """Where a range with a begin or end that is not known starts, and its size."""
    start = 0 if part.begin is None else _clamped(part.begin, dim)
    if given is not None:
        return start, given
    length = constant_distance(part.begin, part.end)
    if in_inner_block() and length is not None and 0 <= length <= dim:
        return _fixed_length(part, dim, axis, length)
    end = dim if part.end is None else _clamped(part.end, dim)
    like: Any = start if isinstance(start, Value) else end
    arrays = [
        position if isinstance(position, Value) else _scalar(position, like)
        for position in (start, end)
    ]
    size = ew.maximum(ew.subtract(arrays[1], arrays[0]), _scalar(0, like))
    return start, int(known(size))


def _moves(part: Part) -> bool:
    return isinstance(part.begin, Value) or isinstance(part.end, Value)


def _settled(part: Part) -> Part:
    """A part with a stride needs its values; a range without one may move."""
    if part.shrink or part.stride == 1 or not _moves(part):
        return part
    begin = int(known(part.begin)) if isinstance(part.begin, Value) else part.begin
    end = int(known(part.end)) if isinstance(part.end, Value) else part.end
    return Part(begin, end, part.stride)


def _block(parts: Sequence[Part], dims: Sequence[int], given: Sequence[int | None]) -> _Block:
    """The slice that the parts describe; ``given`` has sizes known from elsewhere."""
    starts: list[int | Value] = [0] * len(dims)
    window = list(dims)
    inner: list[Bounds] = []
    for axis, (part, dim) in enumerate(zip(map(_settled, parts), dims, strict=True)):
        if not _moves(part):
            inner.append(bounds(part, dim, axis))
            continue
        check_stride(part, axis)
        if part.shrink:
            starts[axis], window[axis] = _one_index(part.begin, dim, axis)
        else:
            starts[axis], window[axis] = _moving_range(part, dim, axis, given[axis])
        inner.append(Bounds(0, window[axis], 1, window[axis]))
    moving = any(isinstance(start, Value) for start in starts) or tuple(window) != tuple(dims)
    return _Block(
        starts if moving else None,
        tuple(window),
        tuple(part.begin for part in inner),
        tuple(part.end for part in inner),
        tuple(part.stride for part in inner),
    )


def _parts(
    begin: Array, end: Array, strides: Array, masks: Masks, rank: int
) -> tuple[list[Part], list[int]]:
    if not begin.shape == end.shape == strides.shape or begin.ndim != 1:
        refuse(
            "Expected begin, end, and strides to be 1D equal size tensors, but got shapes "
            f"{list(begin.shape)}, {list(end.shape)}, and {list(strides.shape)} instead."
        )
    try:
        return parts_by_axis(elements(begin), elements(end), known_ints(strides), masks, rank)
    except ShapeError as error:
        refuse(str(error))


def _blocked(parts: list[Part], dims: tuple[int, ...], given: Sequence[int | None]) -> _Block:
    try:
        return _block(parts, dims, given)
    except ShapeError as error:
        refuse(str(error))


def _static_elements(context: ShapeContext, index: int, count: int) -> list[Any]:
    found = context.partial(index)
    if found is None:
        return [UNKNOWN] * count
    return [UNKNOWN if item is None else item for item in found]


def _static_parts(context: ShapeContext, rank: int) -> tuple[list[Part], list[int]] | None:
    counts = (context.shape(index).num_elements() for index in (1, 2, 3))
    count = next((count for count in counts if count is not None), None)
    if count is None:
        return None
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
    parts, axes = _parts(begin, end, strides, masks, x.ndim)
    block = _blocked(parts, x.shape, [None] * x.ndim)
    sizes = block.sizes
    result = tuple(1 if axis == NEW_AXIS else sizes[axis] for axis in axes)
    return prims.reshape(_read(x, block, begin.dtype), shape=result)  # type: ignore[no-any-return]


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
    parts, axes = _parts(begin, end, strides, masks, len(dims))
    if dy.ndim != len(axes):
        refuse(f"dy must have rank {len(axes)}, not shape {list(dy.shape)}")
    given: list[int | None] = [None] * len(dims)
    for axis, size in zip(axes, dy.shape, strict=True):
        if axis != NEW_AXIS:
            given[axis] = size
    block = _blocked(parts, dims, given)
    sizes = block.sizes
    wanted = tuple(1 if axis == NEW_AXIS else sizes[axis] for axis in axes)
    if dy.shape != wanted:
        refuse(f"shape of dy was {list(dy.shape)} instead of {list(wanted)}")
    return _write(prims.reshape(dy, shape=sizes), block, dims, begin.dtype)  # type: ignore[no-any-return]


@StridedSliceGrad.gradient
def _strided_grad_gradient(op: Operation, ddx: Tensor) -> list[Tensor | None]:
    _, begin, end, strides, _ = op.inputs
    masks = {name: value for name, value in op.attrs.items() if name.endswith("_mask")}
    return [None, None, None, None, StridedSlice(ddx, begin, end, strides, **masks)]


# Slices by begin and size.


def _static_slice_size(dim: int | None, begin: int | None, size: int | None) -> int | None:
    if begin is not None and begin < 0:
        msg = f"Expected begin >= 0, but got {begin}"
        raise ShapeError(msg)
    if size == -1:
        return None if dim is None or begin is None else max(dim - begin, 0)
    if None not in (dim, begin, size) and begin + size > dim:  # type: ignore[operator]
        msg = f"Slice of size {size} from {begin} does not lie within a dimension of size {dim}"
        raise ShapeError(msg)
    return size


def _slice_shape(context: ShapeContext) -> TensorShape:
    dims = static_dims(context, 0)
    counts = (context.shape(index).num_elements() for index in (1, 2))
    count = next((count for count in counts if count is not None), None)
    if count is None:
        return unknown_shape() if dims is None else TensorShape([None] * len(dims))
    if dims is None:
        dims = [None] * count
    if len(dims) != count:
        msg = f"begin and size have {count} entries for an input of rank {len(dims)}"
        raise ShapeError(msg)
    begin = context.partial(1) or [None] * count
    sizes = context.partial(2) or [None] * count
    return TensorShape(list(map(_static_slice_size, dims, begin, sizes)))


def _slice_start(begin: int | Value, size: int, dim: int, axis: int) -> tuple[Any, int]:
    if not isinstance(begin, Value):
        if not 0 <= begin <= dim:
            refuse(f"Expected begin[{axis}] in [0, {dim}], but got {begin}")
        size = dim - begin if size == -1 else size
        if not 0 <= size <= dim - begin:
            refuse(f"Expected size[{axis}] in [0, {dim - begin}], but got {size}")
        return begin, size
    if size == -1:
        return _slice_start(int(known(begin)), size, dim, axis)
    if not 0 <= size <= dim:
        refuse(f"Expected size[{axis}] in [0, {dim}], but got {size}")
    inside = ew.logical_and(
        ew.greater_equal(begin, _scalar(0, begin)),
        ew.less_equal(begin, _scalar(dim - size, begin)),
    )
    message = f"Expected begin[{axis}] in [0, {dim - size}], but got {{}}"
    check(inside, errors.InvalidArgumentError, message, details=(begin,))
    return begin, size


@graph_op(
    "Slice",
    "input: T, begin: Index, size: Index -> output: T",
    shape=_slice_shape,
    static=("size",),
    T=ALL,
    Index=INDEX,
)
def Slice(x: Array, begin: Array, size: Array) -> Array:
    """The block of the given size at ``begin``; a size of -1 takes all that is left."""
    if begin.shape != (x.ndim,) or size.shape != (x.ndim,):
        refuse(
            "Expected begin and size arguments to be 1-D tensors of size "
            f"{x.ndim}, but got shapes {list(begin.shape)} and {list(size.shape)} instead."
        )
    entries = zip(elements(begin), known_ints(size), x.shape, strict=True)
    found = [_slice_start(*entry, axis) for axis, entry in enumerate(entries)]
    if any(isinstance(start, Value) for start, _ in found):
        sizes = tuple(count for _, count in found)
        starts = _Block([start for start, _ in found], sizes, (), (), ())
        return prims.dynamic_slice(x, _starts(starts, begin.dtype), sizes=sizes)  # type: ignore[no-any-return]
    return prims.strided_slice(  # type: ignore[no-any-return]
        x,
        begin=tuple(start for start, _ in found),
        end=tuple(start + count for start, count in found),
        strides=(1,) * x.ndim,
    )


@Slice.partial_value
def _slice_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    found, begin, size = context.partial(0), context.partial(1), context.partial(2)
    if found is None or context.shape(0).ndims != 1 or begin is None or size is None:
        return None
    if begin[0] is None or size[0] is None:
        return None
    return found[begin[0] :] if size[0] == -1 else found[begin[0] : begin[0] + size[0]]


@Slice.gradient
def _slice_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, begin, _ = op.inputs
    index = begin.dtype.base_dtype
    end = Add(begin, shape(op.outputs[0], out_type=index))
    grad = StridedSliceGrad(shape(x, out_type=index), begin, end, ones_like(begin), dy)
    return [grad, None, None]


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The block of shape ``size`` that starts at ``begin``.

    Args:
      input_: of rank R.
      begin: int vector of R entries.
      size: int vector of R entries; -1 takes all that is left along that axis.
      name: of the operation.

    Raises:
      InvalidArgumentError: when it runs, the block does not lie within ``input_``.
    """
    return Slice(input_, begin, size, name=name)  # type: ignore[no-any-return]


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
    var: Any = None,  # noqa: ARG001 - TF1's argument for assignments to slices
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
      var: accepted for TF1's sake.
      name: of the operation.

    Raises:
      ValueError: a static index is out of bounds, or there are too many entries.
    """
    first = convert_to_tensor(begin)
    return StridedSlice(  # type: ignore[no-any-return]
        input_,
        first,
        end,
        ones_like(first) if strides is None else strides,
        begin_mask=begin_mask,
        end_mask=end_mask,
        ellipsis_mask=ellipsis_mask,
        new_axis_mask=new_axis_mask,
        shrink_axis_mask=shrink_axis_mask,
        name=name,
    )
