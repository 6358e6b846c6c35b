"""Primitives that choose, scatter, group and order elements by index.

No index is an error here: the graph's ops check bounds, and primitives say what an index that is
out of range does: reads clip it, writes and segments drop it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC, REAL, int8, int32, int64, uint8
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op import composite, primitive
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import elementwise as ew, reduction, shaping

if TYPE_CHECKING:
    from polygraph.core.ground.signature import Shape
    from polygraph.core.ground.trace import Array

Known = np.ndarray[Any, Any]

_I32 = np.dtype(np.int32)
_I64 = np.dtype(np.int64)
_HALF = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))


def _wide(x: Known) -> Known:
    """16-bit floats as float32, everything else as it is."""
    return x.astype(np.float32) if x.dtype in _HALF else x


def _size(shape: Shape) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size


_PAIRS = np.array([[0, 2], [1, 1]], np.int32)


@primitive(
    "T[*n], I[*k] -> T[*m]",
    T=ALL,
    I=INDEX,
    samples=(
        ((5, 3), np.array([4, 0, 0], np.int32), {"axis": 0, "batch_dims": 0}),
        ((5, 3), np.array([[2, 0], [1, 1]], np.int64), {"axis": 1, "batch_dims": 0}),
        ((5, 3), np.array(2, np.int32), {"axis": 0, "batch_dims": 0}),
        ((5, 3), np.array([-1, 7], np.int32), {"axis": 0, "batch_dims": 0}),
        ((2, 3, 4), _PAIRS, {"axis": 1, "batch_dims": 1}),
        ((2, 3, 4), _PAIRS, {"axis": 2, "batch_dims": 1}),
        ((5, 0), np.array([4, 0], np.int32), {"axis": 0, "batch_dims": 0}),
        ((5, 3), np.zeros(0, np.int32), {"axis": 0, "batch_dims": 0}),
    ),
)
def gather(params: Known, indices: Known, *, axis: int, batch_dims: int) -> Known:
    """Slices of ``params`` along ``axis``; indices out of range are clipped.

    The first ``batch_dims`` axes (at most ``axis``) of both run side by side. The shape is
    ``params.shape[:axis] + indices.shape[batch_dims:] + params.shape[axis + 1:]``.
    """
    count = params.shape[axis]
    clipped = np.minimum(np.maximum(indices, 0), max(count - 1, 0))
    if batch_dims == 0 and count:
        return np.take(params, clipped, axis=axis)
    shape = _gathered_shape(params.shape, indices.shape, axis, batch_dims)
    if not _size(shape):
        return np.empty(shape, params.dtype)
    batch = _size(params.shape[:batch_dims])
    outer = _size(params.shape[batch_dims:axis])
    blocks = params.reshape(batch, outer, count, -1)
    rows = blocks[np.arange(batch)[:, None], :, clipped.reshape(batch, -1)]
    return np.moveaxis(rows, 1, 2).reshape(shape)


def _gathered_shape(params: Shape, indices: Shape, axis: int, batch_dims: int) -> Shape:
    return (*params[:axis], *indices[batch_dims:], *params[axis + 1 :])


@gather.infer
def _(params: TensorType, indices: TensorType, *, axis: int, batch_dims: int) -> TensorType:
    rank = len(params.shape)
    if not 0 <= batch_dims <= axis < rank or batch_dims > len(indices.shape):
        msg = f"axis {axis} and batch_dims {batch_dims} do not fit {params} and {indices}"
        raise ShapeError(msg)
    if params.shape[:batch_dims] != indices.shape[:batch_dims]:
        msg = f"the first {batch_dims} dimensions of {params} and {indices} differ"
        raise ShapeError(msg)
    shape = _gathered_shape(params.shape, indices.shape, axis, batch_dims)
    if params.shape[axis] == 0 and _size(shape):
        msg = f"nothing to gather along axis {axis} of {params}"
        raise ShapeError(msg)
    return TensorType(params.dtype, shape)


def _strides(shape: Shape) -> list[int]:
    return [_size(shape[axis + 1 :]) for axis in range(len(shape))]


def _flat_indices(indices: Array, shape: Shape) -> Any:
    """Positions in row-major order of index tuples ``[*batch, rank]``, as ``[*batch]``."""
    weights = np.array(_strides(shape), indices.dtype)
    return reduction.reduce_sum(
        ew.multiply(indices, weights), axes=(len(indices.shape) - 1,), keepdims=False
    )


@composite(
    "T[*n], I[*k, r] -> T[*m]",
    T=ALL,
    I=INDEX,
    samples=(
        ((3, 4), np.array([[0, 1], [2, 3]], np.int32)),
        ((3, 4), np.array([[2], [0]], np.int64)),
        ((3, 4), np.array([1], np.int32)),
        ((3, 4), np.zeros((2, 0), np.int32)),
        ((3, 4), np.zeros((0, 2), np.int32)),
        ((3, 4), np.array([[-1, 9]], np.int32)),
    ),
)
def gather_nd(params: Array, indices: Array) -> Any:
    """Slices of ``params`` at index tuples (the last axis); indices are clipped."""
    depth = indices.shape[-1]
    outer, inner = params.shape[:depth], params.shape[depth:]
    limits = np.array([max(dim - 1, 0) for dim in outer], indices.dtype)
    clipped = ew.minimum(ew.maximum(indices, np.zeros(depth, indices.dtype)), limits)
    rows = shaping.reshape(params, shape=(_size(outer), *inner))
    return gather(rows, _flat_indices(clipped, outer), axis=0, batch_dims=0)


@gather_nd.infer
def _(params: TensorType, indices: TensorType) -> TensorType:
    depth = indices.shape[-1]
    if depth > len(params.shape):
        msg = f"index tuples of {depth} entries are too long for {params}"
        raise ShapeError(msg)
    return TensorType(params.dtype, (*indices.shape[:-1], *params.shape[depth:]))


_SEGMENT = "T[n, *m], I[n] -> T[k, *m]"
_SEGMENT_SAMPLES = (
    ((4, 2), np.array([2, 0, 2, 0], np.int32), {"num_segments": 3}),
    ((3,), np.array([0, -1, 5], np.int64), {"num_segments": 2}),
    ((3,), np.array([0, 0, 1], np.int32), {"num_segments": 0}),
    ((0, 2), np.zeros(0, np.int32), {"num_segments": 2}),
    ((2, 0), np.array([1, 0], np.int32), {"num_segments": 2}),
)


def _segmented(x: TensorType, _: TensorType, *, num_segments: int) -> TensorType:
    return TensorType(x.dtype, (num_segments, *x.shape[1:]))


def _combine(ufunc: np.ufunc, x: Known, ids: Known, count: int, start: Any) -> Known:
    kept = (ids >= 0) & (ids < count)
    wide = _wide(x)
    result = np.full((count, *x.shape[1:]), start, wide.dtype)
    ufunc.at(result, ids[kept], wide[kept])
    return result


def lowest(dtype: np.dtype[Any]) -> Any:
    """The smallest finite value of a real dtype."""
    return np.iinfo(dtype).min if dtype.kind in "iu" else ml_dtypes.finfo(dtype).min  # type: ignore[no-untyped-call]


def highest(dtype: np.dtype[Any]) -> Any:
    """The largest finite value of a real dtype."""
    return np.iinfo(dtype).max if dtype.kind in "iu" else ml_dtypes.finfo(dtype).max  # type: ignore[no-untyped-call]


@primitive(_SEGMENT, T=NUMERIC, I=INDEX, samples=_SEGMENT_SAMPLES)
def segment_sum(x: Known, ids: Known, *, num_segments: int) -> Known:
    """Row s is the sum of the rows of ``x`` whose id is s; ids out of range are dropped.

    Segments without rows are 0. The 16-bit floats accumulate in float32.
    """
    return _combine(np.add, x, ids, num_segments, 0)


@primitive(_SEGMENT, T=NUMERIC, I=INDEX, samples=_SEGMENT_SAMPLES)
def segment_prod(x: Known, ids: Known, *, num_segments: int) -> Known:
    """Row s is the product of the rows of ``x`` whose id is s; ids out of range are dropped.

    Segments without rows are 1. The 16-bit floats accumulate in float32.
    """
    return _combine(np.multiply, x, ids, num_segments, 1)


@primitive(_SEGMENT, T=REAL, I=INDEX, samples=_SEGMENT_SAMPLES)
def segment_max(x: Known, ids: Known, *, num_segments: int) -> Known:
    """Row s is the maximum of the rows of ``x`` whose id is s; ids out of range are dropped.

    Segments without rows are the lowest finite value of the dtype. NaN wins.
    """
    return _combine(np.maximum, x, ids, num_segments, lowest(x.dtype))


@primitive(_SEGMENT, T=REAL, I=INDEX, samples=_SEGMENT_SAMPLES)
def segment_min(x: Known, ids: Known, *, num_segments: int) -> Known:
    """Row s is the minimum of the rows of ``x`` whose id is s; ids out of range are dropped.

    Segments without rows are the highest finite value of the dtype. NaN wins.
    """
    return _combine(np.minimum, x, ids, num_segments, highest(x.dtype))


segment_sum.infer(_segmented)
segment_prod.infer(_segmented)
segment_max.infer(_segmented)
segment_min.infer(_segmented)


@composite(
    "I[*k, r], T[*u] -> T[*shape]",
    T=NUMERIC,
    I=INDEX,
    samples=(
        (np.array([[0, 1], [2, 3], [0, 1]], np.int32), (3,), {"shape": (3, 4)}),
        (np.array([[2], [0]], np.int64), (2, 4), {"shape": (3, 4)}),
        (np.array([[-1], [3]], np.int32), (2,), {"shape": (3,)}),
        (np.zeros((0, 1), np.int32), (0, 2), {"shape": (3, 2)}),
        (np.zeros((2, 0), np.int32), (2, 3), {"shape": (3,)}),
    ),
)
def scatter_nd(indices: Array, updates: Array, *, shape: Shape) -> Any:
    """Zeros of ``shape`` with updates added at index tuples; those out of range are dropped."""
    depth = indices.shape[-1]
    outer, inner = shape[:depth], shape[depth:]
    zero = np.zeros((), indices.dtype)
    inside = ew.logical_and(
        ew.greater_equal(indices, zero), ew.less(indices, np.array(outer, indices.dtype))
    )
    kept = reduction.reduce_all(inside, axes=(len(indices.shape) - 1,), keepdims=False)
    flat = ew.select(kept, _flat_indices(indices, outer), np.array(-1, indices.dtype))
    count = _size(indices.shape[:-1])
    rows = shaping.reshape(updates, shape=(count, *inner))
    ids = shaping.reshape(flat, shape=(count,))
    return shaping.reshape(segment_sum(rows, ids, num_segments=_size(outer)), shape=shape)


@scatter_nd.infer
def _(indices: TensorType, updates: TensorType, *, shape: Shape) -> TensorType:
    depth = indices.shape[-1]
    if depth > len(shape):
        msg = f"index tuples of {depth} entries are too long for shape {list(shape)}"
        raise ShapeError(msg)
    wanted = (*indices.shape[:-1], *shape[depth:])
    if updates.shape != wanted:
        msg = f"updates must have shape {list(wanted)} but are {updates}"
        raise ShapeError(msg)
    return TensorType(updates.dtype, shape)


@primitive(
    "T[n, *m], I[k], T[k, *m] -> T[n, *m]",
    T=ALL,
    I=INDEX,
    samples=(
        ((5, 3), np.array([4, 0], np.int32), (2, 3)),
        ((5,), np.array([1, 9, -1], np.int64), (3,)),
        ((5, 3), np.zeros(0, np.int32), (0, 3)),
    ),
)
def scatter_update(x: Known, indices: Known, updates: Known) -> Known:
    """``x`` with row ``indices[i]`` replaced by ``updates[i]``; indices out of range are dropped.

    Where an index comes several times one of its updates wins: the last one here, but an engine
    may choose another.
    """
    kept = (indices >= 0) & (indices < x.shape[0])
    result = np.array(x)
    result[indices[kept]] = updates[kept]
    return result


@scatter_update.infer
def _(x: TensorType, _indices: TensorType, _updates: TensorType) -> TensorType:
    return x


_ORDERED = np.array([3.0, 1.0, 3.0, -2.0, 1.0], np.float32)
_ORDER_SAMPLES = (
    (_ORDERED, {"axis": 0, "descending": False}),
    (_ORDERED, {"axis": 0, "descending": True}),
    ((3, 4), {"axis": 1, "descending": False}),
    ((3, 4), {"axis": 0, "descending": True}),
    ((0,), {"axis": 0, "descending": False}),
)


def _order(x: Known, axis: int, *, descending: bool) -> Known:
    """Indices that sort; equal elements keep their order, in both directions."""
    if not descending:
        return np.argsort(_wide(x), axis=axis, kind="stable")
    backwards = np.argsort(np.flip(_wide(x), axis), axis=axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - backwards, axis)


@primitive("T[*n] -> T[*n]", T=REAL, samples=_ORDER_SAMPLES)
def sort(x: Known, *, axis: int, descending: bool) -> Known:
    """Elements in order along ``axis`` (0 or more); NaN counts as the largest."""
    return np.take_along_axis(x, _order(x, axis, descending=descending), axis)


@primitive("T[*n] -> i32[*n]", T=REAL, samples=_ORDER_SAMPLES)
def argsort(x: Known, *, axis: int, descending: bool) -> Known:
    """Indices that sort along ``axis``; equal elements keep their order in both directions."""
    return _order(x, axis, descending=descending)


@primitive(
    "T[*n, m] -> T[*n, k], i32[*n, k]",
    T=REAL,
    samples=(
        (_ORDERED, {"k": 3}),
        ((3, 4), {"k": 1}),
        ((3, 4), {"k": 4}),
        ((3, 4), {"k": 0}),
    ),
)
def top_k(x: Known, *, k: int) -> tuple[Known, Known]:
    """The ``k`` largest along the last axis, largest first, and their indices.

    Of equal elements the one with the lower index comes first.
    """
    order = _order(x, x.ndim - 1, descending=True)[..., :k]
    return np.take_along_axis(x, order, -1), order


@top_k.infer
def _(x: TensorType, *, k: int) -> tuple[TensorType, TensorType]:
    if not 0 <= k <= x.shape[-1]:
        msg = f"input must have at least k columns: k is {k}, {x}"
        raise ShapeError(msg)
    shape = (*x.shape[:-1], k)
    return TensorType(x.dtype, shape), TensorType(_I32, shape)


@primitive(
    "T[*n] -> i64[size, rank], i32[]",
    T=ALL,
    samples=(
        (np.array([[True, False], [True, True]]),),
        (np.array([0.0, -2.0, 0.0, 3.0], np.float32),),
        (np.zeros((2, 2), np.bool_),),
        (np.array(True),),  # noqa: FBT003 - an array's value
        ((0, 3),),
    ),
)
def nonzero_padded(x: Known) -> tuple[Known, Known]:
    """Index tuples of the elements that are not zero, in row-major order, and how many there are.

    The first result has a row for each element of ``x``; those past the count are 0.
    """
    found = np.argwhere(x)
    result = np.zeros((x.size, x.ndim), np.int64)
    result[: len(found)] = found
    return result, np.asarray(len(found))


@nonzero_padded.infer
def _(x: TensorType) -> tuple[TensorType, TensorType]:
    return TensorType(_I64, (x.size, len(x.shape))), TensorType(_I32, ())


@primitive(
    "T[n] -> T[n], i32[n], i32[n], i32[]",
    T=ALL,
    samples=(
        (np.array([7, 3, 7, 1, 3, 7], np.int32),),
        (np.array([2.5, 0.0, -0.0, 2.5], np.float32),),
        (np.zeros(0, np.int64),),
        (np.array([5], np.int64),),
    ),
)
def unique_padded(x: Known) -> tuple[Known, Known, Known, Known]:
    """The distinct elements in order of appearance, and where each element went.

    Returns:
      The distinct elements, then zeros; for each element the position of its equal there; how
      often each distinct element comes, then zeros; how many distinct elements there are.
      Each NaN is distinct.
    """
    _, first, inverse, counts = np.unique(
        _wide(x), return_index=True, return_inverse=True, return_counts=True, equal_nan=False
    )
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(order.size)
    values, times = np.zeros(x.shape, x.dtype), np.zeros(x.shape, np.int32)
    values[: order.size] = x[first[order]]
    times[: order.size] = counts[order]
    return values, rank[inverse.reshape(-1)], times, np.asarray(order.size)


@primitive(
    "T[*n, m], T[*n, k] -> i32[*n, k]",
    T=REAL,
    samples=(
        (
            np.array([[1, 2, 2, 5]], np.int32),
            np.array([[0, 2, 3, 9]], np.int32),
            {"side": "left"},
        ),
        (np.array([1, 2, 2, 5], np.int32), np.array([0, 2, 5, 9], np.int32), {"side": "right"}),
        (np.zeros((2, 0), np.int32), np.array([[1], [2]], np.int32), {"side": "left"}),
    ),
)
def searchsorted(sequence: Known, values: Known, *, side: str) -> Known:
    """For each value the position in the sorted last axis of ``sequence`` where it belongs.

    ``side`` is "left" (before its equals) or "right" (behind them).
    """
    which: Any = side
    result = np.zeros(values.shape, np.int32)
    for row in np.ndindex(values.shape[:-1]):
        result[row] = np.searchsorted(_wide(sequence[row]), _wide(values[row]), which)
    return result


@composite(
    "T[*n] -> T[*m]",
    T=ALL,
    samples=(((5, 3), {"size": 2}), ((5,), {"size": 0}), ((5,), {"size": 5})),
)
def prefix(x: Array, *, size: int) -> Any:
    """The first ``size`` entries along axis 0: cuts what a padded result does not use."""
    rank = len(x.shape)
    return shaping.strided_slice(
        x, begin=(0,) * rank, end=(size, *x.shape[1:]), strides=(1,) * rank
    )


@prefix.infer
def _(x: TensorType, *, size: int) -> TensorType:
    if not x.shape or not 0 <= size <= x.shape[0]:
        msg = f"{x} has no first {size} entries"
        raise ShapeError(msg)
    return TensorType(x.dtype, (size, *x.shape[1:]))


@composite(
    "I[*n], T[], T[] -> T[*m]",
    T=ALL,
    I=(int32, int64, uint8, int8),
    samples=(
        (np.array([2, 0, -1, 7], np.int32), (), (), {"depth": 3, "axis": 1}),
        (np.array([[2, 0]], np.int64), (), (), {"depth": 3, "axis": 0}),
        (np.array(1, np.uint8), (), (), {"depth": 2, "axis": 0}),
        (np.array([1], np.int32), (), (), {"depth": 0, "axis": 1}),
    ),
)
def one_hot(indices: Array, on_value: Array, off_value: Array, *, depth: int, axis: int) -> Any:
    """``on_value`` where the new axis ``axis`` (0 or more) counts to the index, else ``off_value``.

    An index out of range has no place: all is ``off_value`` there.
    """
    shape = indices.shape
    wide = indices if indices.dtype in (_I32, _I64) else ew.cast(indices, dtype=_I32)
    line = tuple(depth if here == axis else 1 for here in range(len(shape) + 1))
    places = np.arange(depth).astype(wide.dtype).reshape(line)
    hits = ew.equal(shaping.reshape(wide, shape=(*shape[:axis], 1, *shape[axis:])), places)
    return ew.select(hits, on_value, off_value)


@one_hot.infer
def _(
    indices: TensorType, on_value: TensorType, _off_value: TensorType, *, depth: int, axis: int
) -> TensorType:
    if not 0 <= axis <= len(indices.shape) or depth < 0:
        msg = f"axis {axis} and depth {depth} do not fit {indices}"
        raise ShapeError(msg)
    return TensorType(on_value.dtype, (*indices.shape[:axis], depth, *indices.shape[axis:]))
