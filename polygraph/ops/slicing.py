"""`slice`: the block of a given size at a given place."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import ALL, INDEX
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.program import Value
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import check, known, known_ints
from polygraph.ops.arithmetic import Add
from polygraph.ops.dynamic_ints import elements
from polygraph.ops.filling import ones_like
from polygraph.ops.operand_checks import refuse, static_dims
from polygraph.ops.primitives import elementwise as ew, shaping as prims
from polygraph.ops.shape_queries import shape
from polygraph.ops.slice_blocks import stacked
from polygraph.ops.strided_slicing import StridedSliceGrad

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["slice"]


def _static_slice_size(dim: int | None, begin: int | None, size: int | None) -> int | None:
    """A block that does not lie within the tensor is refused when it runs, as in TF1."""
    if size != -1:
        return size
    if dim is None or begin is None or begin < 0:
        return None
    if begin > dim:
        msg = f"Negative dimension size caused by subtracting {begin} from {dim}"
        raise ShapeError(msg)
    return dim - begin


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
        ew.greater_equal(begin, ew.scalar(0, begin)),
        ew.less_equal(begin, ew.scalar(dim - size, begin)),
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
        starts = stacked([start for start, _ in found], begin.dtype)
        return prims.dynamic_slice(x, starts, sizes=sizes)  # type: ignore[no-any-return]
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
