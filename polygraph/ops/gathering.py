"""`gather` and `gather_nd`: slices of a tensor at indices; rows at indices put into zeros."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC, bool_, int16, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.arithmetic import FloorMod, Mul, add
from polygraph.ops.casting import cast
from polygraph.ops.index_checks import require_indices, require_tuples
from polygraph.ops.joining import concat
from polygraph.ops.operand_checks import (
    known_int,
    normal_axis,
    refuse,
    static_axis,
    static_dims,
    static_int,
)
from polygraph.ops.packing import stack
from polygraph.ops.primitives import elementwise as ew, indexing as prims, shaping as shaping_prims
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reduction import reduce_prod
from polygraph.ops.reshaping import expand_dims, reshape, squeeze
from polygraph.ops.segments import unsorted_segment_sum
from polygraph.ops.shape_queries import rank, shape, size
from polygraph.ops.slicing import slice as slice_
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["batch_gather", "gather", "gather_nd", "scatter_nd"]

_INDEX = (*INDEX, int16)
_I32 = np.dtype(np.int32)


def _product(dims: Sequence[int]) -> int:
    result = 1
    for dim in dims:
        result *= dim
    return result


def _wide(indices: Array) -> Any:
    """Indices as int32 or int64."""
    narrow = indices.dtype not in (np.dtype(np.int32), np.dtype(np.int64))
    return ew.cast(indices, dtype=np.dtype(np.int32)) if narrow else indices


# Gathering along an axis.


def _gathered_dims(
    params: list[int | None], indices: list[int | None], axis: int, batch_dims: int
) -> list[int | None]:
    return [*params[:axis], *indices[batch_dims:], *params[axis + 1 :]]


def _gather_v2_shape(context: ShapeContext) -> TensorShape:
    params, indices = static_dims(context, 0), static_dims(context, 1)
    axis, batch_dims = static_int(context, 2), context.attrs["batch_dims"]
    if params is None or indices is None:
        return unknown_shape()
    if batch_dims < 0:
        batch_dims += len(indices)
    if not 0 <= batch_dims <= len(indices):
        msg = f"batch_dims {batch_dims} is not in [0, {len(indices)}]"
        raise ShapeError(msg)
    if axis is None:
        return TensorShape([None] * (len(params) + len(indices) - 1 - batch_dims))
    if not -len(params) <= axis < len(params):
        least = axis + 1 if axis >= 0 else -axis
        msg = f"Shape must be at least rank {least} but is rank {len(params)}"
        raise ShapeError(msg)
    axis = static_axis(axis, len(params))
    if batch_dims > axis:
        msg = f"batch_dims ({batch_dims}) must be less than or equal to axis ({axis})"
        raise ShapeError(msg)
    return TensorShape(_gathered_dims(params, indices, axis, batch_dims))


def _gathered(params: Array, indices: Array, axis: int, batch_dims: int) -> Array:
    require_indices(indices, params.shape[axis])
    ends = params.shape[axis + 1 :]
    shape_ = (*params.shape[:axis], *indices.shape[batch_dims:], *ends)
    if params.shape[axis] == 0:
        # Nothing can be read: either nothing is asked for, or the check has failed.
        nothing = np.array(b"" if params.dtype == object else 0, params.dtype)
        return shaping_prims.broadcast_to(nothing, shape=shape_)  # type: ignore[no-any-return]
    return prims.gather(params, _wide(indices), axis=axis, batch_dims=batch_dims)  # type: ignore[no-any-return]


@graph_op(
    "GatherV2",
    "params: Tparams, indices: Tindices, axis: Taxis -> output: Tparams",
    shape=_gather_v2_shape,
    static=("axis",),
    Tparams=ALL,
    Tindices=_INDEX,
    Taxis=INDEX,
)
def GatherV2(params: Array, indices: Array, axis: Array, *, batch_dims: int = 0) -> Array:
    """Slices of ``params`` along an axis; the first ``batch_dims`` axes run side by side."""
    where = known_int(axis)
    if not -params.ndim <= where < params.ndim:
        least = where + 1 if where >= 0 else -where
        refuse(f"Shape must be at least rank {least} but is rank {params.ndim}")
    batch = batch_dims + indices.ndim if batch_dims < 0 else batch_dims
    where = normal_axis(where, params.ndim)
    if not 0 <= batch <= min(where, indices.ndim):
        refuse(f"batch_dims ({batch}) must be less than or equal to axis ({where})")
    for index in range(batch):
        if params.shape[index] != indices.shape[index]:
            refuse(
                f"params.shape[{index}]: {params.shape[index]} should be equal to "
                f"indices.shape[{index}]: {indices.shape[index]}"
            )
    return _gathered(params, indices, where, batch)


@GatherV2.partial_value
def _gather_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    params, indices = context.partial(0), context.partial(1)
    if params is None or indices is None or context.shape(0).ndims != 1:
        return None
    if any(index is None or not 0 <= index < len(params) for index in indices):
        return None
    return tuple(params[index] for index in indices if index is not None)


def _gather_shape(context: ShapeContext) -> TensorShape:
    params, indices = static_dims(context, 0), static_dims(context, 1)
    if params is None or indices is None:
        return unknown_shape()
    if not params:
        msg = "Shape must be at least rank 1 but is rank 0"
        raise ShapeError(msg)
    return TensorShape([*indices, *params[1:]])


@graph_op(
    "Gather",
    "params: Tparams, indices: Tindices -> output: Tparams",
    shape=_gather_shape,
    Tparams=ALL,
    Tindices=INDEX,
)
def Gather(params: Array, indices: Array, *, validate_indices: bool = True) -> Array:  # noqa: ARG001
    """Rows of ``params``."""
    if not params.ndim:
        refuse("params must be at least 1 dimensional")
    return _gathered(params, indices, 0, 0)


def _row_slices(op: Operation, dy: Tensor) -> IndexedSlices:
    params, indices = op.inputs[:2]
    dims = shape(params)
    count = expand_dims(size(indices), 0)
    values = reshape(dy, concat([count, slice_(dims, [1], [-1])], 0))
    return IndexedSlices(values, reshape(indices, count), dims)


@Gather.gradient
def _gather_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [_row_slices(op, dy), None]


@GatherV2.gradient
def _gather_v2_gradient(op: Operation, dy: Tensor) -> list[Any]:
    axis = op.inputs[2].constant
    if axis is not None and int(axis) == 0 and op.get_attr("batch_dims") == 0:
        return [_row_slices(op, dy), None, None]
    return [_dense_gather_gradient(op, dy), None, None]


def _count(dims: Tensor, begin: Any, end: Any) -> Tensor:
    """The product of the dimensions ``dims[begin:end]``."""
    return reduce_prod(slice_(dims, stack([begin]), stack([end - begin])))


def _dense_gather_gradient(op: Operation, dy: Tensor) -> Tensor:
    """Sum the slices of ``dy`` over equal indices, batches and outer axes side by side."""
    params, indices, axis = op.inputs
    dims, ndims = shape(params), rank(params)
    batch_dims = op.get_attr("batch_dims")
    batch_dims = batch_dims if batch_dims >= 0 else rank(indices) + batch_dims
    where = FloorMod(cast(axis, int32), ndims)
    batch, outer = _count(dims, 0, batch_dims), _count(dims, batch_dims, where)
    inner = _count(dims, where + 1, ndims)
    length = reshape(slice_(dims, stack([where]), [1]), [])
    kept = _count(shape(indices), batch_dims, rank(indices))
    rows = transpose(reshape(dy, stack([batch, outer, kept, inner])), [0, 2, 1, 3])
    rows = reshape(rows, stack([Mul(batch, kept), outer, inner]))
    offsets = expand_dims(Mul(range_of(batch), length), 1)
    ids = add(reshape(cast(indices, int32), stack([batch, kept])), offsets)
    summed = unsorted_segment_sum(rows, reshape(ids, [-1]), Mul(batch, length))
    summed = transpose(reshape(summed, stack([batch, length, outer, inner])), [0, 2, 1, 3])
    return reshape(summed, dims)


# Gathering and scattering by index tuples.


def _gather_nd_shape(context: ShapeContext) -> TensorShape:
    params, indices = static_dims(context, 0), static_dims(context, 1)
    if params is None or indices is None:
        return unknown_shape()
    if not indices:
        msg = "Shape must be at least rank 1 but is rank 0"
        raise ShapeError(msg)
    depth = indices[-1]
    if depth is None:
        return unknown_shape()
    if depth > len(params):
        msg = (
            f"indices.shape[-1] must be <= params.rank, but saw indices shape: {indices} and "
            f"params shape: {params}"
        )
        raise ShapeError(msg)
    return TensorShape([*indices[:-1], *params[depth:]])


@graph_op(
    "GatherNd",
    "params: Tparams, indices: Tindices -> output: Tparams",
    shape=_gather_nd_shape,
    Tparams=ALL,
    Tindices=_INDEX,
)
def GatherNd(params: Array, indices: Array) -> Array:
    """Slices of ``params`` at index tuples."""
    if not params.ndim or not indices.ndim:
        refuse("params and indices must be at least a vector")
    depth = indices.shape[-1]
    if depth > params.ndim:
        refuse(
            "index innermost dimension length must be <= params rank; saw: "
            f"{depth} vs. {params.ndim}"
        )
    if _product(indices.shape[:-1]) and not _product(params.shape):
        refuse(f"Requested more than 0 entries, but params is empty.  Params shape: "
               f"{list(params.shape)}")  # fmt: skip
    require_tuples(indices, params.shape, "param shape")
    if not _product(params.shape):
        shape_ = (*indices.shape[:-1], *params.shape[depth:])
        return np.empty(shape_, params.dtype)
    return prims.gather_nd(params, _wide(indices))  # type: ignore[no-any-return]


@GatherNd.gradient
def _gather_nd_gradient(op: Operation, dy: Tensor) -> list[Any]:
    params, indices = op.inputs
    dims = shape(params, out_type=indices.dtype.base_dtype)
    if indices.get_shape().ndims == 2 and indices.get_shape().as_list()[-1] == 1:  # noqa: PLR2004
        return [IndexedSlices(dy, squeeze(indices, axis=-1), dims), None]
    return [scatter_nd(indices, dy, dims), None]


def _scatter_nd_shape(context: ShapeContext) -> TensorShape:
    result, indices, updates = context.as_shape(2), static_dims(context, 0), context.shape(1)
    if result.ndims is None or not indices or indices[-1] is None:
        return result
    depth = indices[-1]
    if depth > result.ndims:
        msg = f"index tuples of {depth} entries are too long for shape {result}"
        raise ShapeError(msg)
    try:
        TensorShape(indices[:-1]).concatenate(result[depth:]).merge_with(updates)
    except ValueError as error:
        msg = (
            f"Dimensions [0,{len(indices) - 1}) of indices[shape={indices}] must match those of "
            f"updates[shape={updates}]"
        )
        raise ShapeError(msg) from error
    return result


def _bracketed(dims: Any) -> str:
    return f"[{','.join(map(str, dims))}]"


@graph_op(
    "ScatterNd",
    "indices: Tindices, updates: T, shape: Tindices -> output: T",
    shape=_scatter_nd_shape,
    static=("shape",),
    T=(*NUMERIC, bool_),
    Tindices=_INDEX,
)
def ScatterNd(indices: Array, updates: Array, shape: Array) -> Array:
    """Zeros of the given shape with updates added at index tuples."""
    dims = known_ints(shape)
    if not indices.ndim or shape.ndim != 1 or not updates.ndim:
        refuse("indices, updates and shape must each be at least a vector")
    depth = indices.shape[-1]
    wanted = (*indices.shape[:-1], *dims[depth:])
    if depth > len(dims) or updates.shape != wanted:
        batch = indices.ndim - 1
        refuse(
            f"Dimensions [0,{batch}) of indices[shape={_bracketed(indices.shape)}] must match "
            f"dimensions [0,{batch}) of updates[shape={_bracketed(updates.shape)}], and dimensions "
            f"[{depth},{len(dims)}) of input[shape={_bracketed(dims)}] the others"
        )
    if not _product(dims) and _product(indices.shape[:-1]) and updates.size:
        refuse("Indices and updates specified for empty output.  indices shape: "
               f"{_bracketed(indices.shape)}")  # fmt: skip
    require_tuples(indices, dims, "shape")
    if updates.dtype == np.bool_:
        counts = prims.scatter_nd(_wide(indices), ew.cast(updates, dtype=_I32), shape=dims)
        return ew.not_equal(counts, np.array(0, _I32))  # type: ignore[no-any-return]
    return prims.scatter_nd(_wide(indices), updates, shape=dims)  # type: ignore[no-any-return]


@ScatterNd.gradient
def _scatter_nd_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [None, gather_nd(dy, op.inputs[0]), None]


def gather(
    params: Any,
    indices: Any,
    validate_indices: Any = None,  # noqa: ARG001 - TF1 ignores it, too
    name: str | None = None,
    axis: Any = None,
    batch_dims: int = 0,
) -> Tensor:
    """Slices of ``params`` at ``indices`` along an axis.

    Args:
      params: what to gather from; a variable may be given.
      indices: int tensor of any shape.
      validate_indices: accepted for TF1's sake; indices are always checked.
      name: of the operation.
      axis: int scalar; by default ``batch_dims``.
      batch_dims: how many leading axes ``params`` and ``indices`` share.

    Returns:
      Of shape ``params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]``.

    Raises:
      InvalidArgumentError: when it runs, an index is out of range.
    """
    where = batch_dims if axis is None else axis
    return GatherV2(params, indices, where, batch_dims=batch_dims, name=name)  # type: ignore[no-any-return]


def batch_gather(params: Any, indices: Any, name: str | None = None) -> Tensor:
    """`gather` along the last axis of ``indices``, all axes before it being shared."""
    tensor = convert_to_tensor(indices)
    ndims = tensor.get_shape().ndims
    if ndims is None:
        msg = "batch_gather needs indices of known rank"
        raise ValueError(msg)
    return gather(params, tensor, axis=ndims - 1, batch_dims=ndims - 1, name=name)


def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: int = 0) -> Tensor:
    """Slices of ``params`` at index tuples, which are the last axis of ``indices``.

    Args:
      params: what to gather from.
      indices: int tensor ``[..., depth]``.
      name: of the operation.
      batch_dims: how many leading axes ``params`` and ``indices`` share.

    Raises:
      InvalidArgumentError: when it runs, an index is out of range.
    """
    if batch_dims:
        return _batch_gather_nd(params, indices, batch_dims, name)
    return GatherNd(params, indices, name=name)  # type: ignore[no-any-return]


def _batch_gather_nd(params: Any, indices: Any, batch_dims: int, name: str | None) -> Tensor:
    """`gather_nd` with the place in the batch put before each index tuple."""
    tuples = convert_to_tensor(indices)
    dims = shape(tuples, out_type=tuples.dtype.base_dtype)
    ndims = tuples.get_shape().ndims
    if ndims is None:
        msg = "gather_nd with batch_dims needs indices of known rank"
        raise ValueError(msg)
    places = []
    for axis in range(batch_dims):
        line = range_of(cast(dims[axis], tuples.dtype.base_dtype))
        wide = reshape(line, [-1 if here == axis else 1 for here in range(ndims)])
        places.append(add(wide, Mul(slice_(tuples, [0] * ndims, [-1] * (ndims - 1) + [1]), 0)))
    return GatherNd(params, concat([*places, tuples], -1), name=name)  # type: ignore[no-any-return]


def scatter_nd(indices: Any, updates: Any, shape: Any, name: str | None = None) -> Tensor:
    """Zeros of the given shape with ``updates`` added at index tuples.

    Args:
      indices: int tensor ``[..., depth]``.
      updates: of shape ``indices.shape[:-1] + shape[depth:]``.
      shape: int vector.
      name: of the operation.

    Raises:
      InvalidArgumentError: when it runs, an index is out of range.
    """
    return ScatterNd(indices, updates, shape, name=name)  # type: ignore[no-any-return]
