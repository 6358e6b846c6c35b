"""Primitives that combine the elements along axes, and the composites made of them.

``axes`` lists axes to reduce, negative ones counted from the end; an empty tuple reduces nothing.
Sums and products of the 16-bit floats accumulate in float32; integers wrap around in their dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from polygraph.core.ground.dtypes import FLOATING, INTEGER, NUMERIC, REAL, bool_
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op import composite, primitive
from polygraph.core.ground.signature import Shape, TensorType
from polygraph.ops.primitives import elementwise as ew

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

Known = np.ndarray[Any, Any]
Axes = tuple[int, ...]

_HALF = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))

_SAMPLES = (
    ((2, 3, 4), {"axes": (0, 2), "keepdims": False}),
    ((2, 3, 4), {"axes": (-1,), "keepdims": True}),
    ((3, 3), {"axes": (1,), "keepdims": False}),
    ((2, 3), {"axes": (), "keepdims": False}),
    ((), {"axes": (), "keepdims": False}),
    ((1, 1), {"axes": (0,), "keepdims": False}),
    ((0, 3), {"axes": (0,), "keepdims": False}),
    ((2, 0), {"axes": (0, 1), "keepdims": True}),
)


def normal_axes(rank: int, axes: Axes) -> Axes:
    """``axes`` counted from the front, in rising order.

    Raises:
      ShapeError: an axis is out of range or stands twice.
    """
    result = tuple(sorted(axis + rank if axis < 0 else axis for axis in axes))
    if len(set(result)) != len(result) or any(not 0 <= axis < rank for axis in result):
        msg = f"axes {axes} do not fit rank {rank}: each axis once, in [{-rank}, {rank})"
        raise ShapeError(msg)
    return result


def reduced_shape(shape: Shape, axes: Axes, *, keepdims: bool) -> Shape:
    """The shape after reducing; errors as in `normal_axes`."""
    gone = set(normal_axes(len(shape), axes))
    if keepdims:
        return tuple(1 if axis in gone else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in gone)


def _reduced(x: TensorType, *, axes: Axes, keepdims: bool) -> TensorType:
    return TensorType(x.dtype, reduced_shape(x.shape, axes, keepdims=keepdims))


def _accumulator(dtype: np.dtype[Any]) -> np.dtype[Any]:
    return np.dtype(np.float32) if dtype in _HALF else dtype


def _wide(x: Known) -> Known:
    return x.astype(_accumulator(x.dtype), copy=False)


@primitive("T[*n] -> T[*m]", T=NUMERIC, samples=_SAMPLES)
def reduce_sum(x: Known, *, axes: Axes, keepdims: bool) -> Known:
    """The sum along ``axes``; of nothing, 0."""
    wide = _wide(x)
    return np.asarray(np.sum(wide, axis=axes, keepdims=keepdims, dtype=wide.dtype))


@primitive("T[*n] -> T[*m]", T=NUMERIC, samples=_SAMPLES)
def reduce_prod(x: Known, *, axes: Axes, keepdims: bool) -> Known:
    """The product along ``axes``; of nothing, 1."""
    wide = _wide(x)
    return np.asarray(np.prod(wide, axis=axes, keepdims=keepdims, dtype=wide.dtype))


def _extreme(dtype: np.dtype[Any], *, lowest: bool) -> Any:
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return info.min if lowest else info.max
    return -np.inf if lowest else np.inf


@primitive("T[*n] -> T[*m]", T=REAL, samples=_SAMPLES)
def reduce_max(x: Known, *, axes: Axes, keepdims: bool) -> Known:
    """The largest along ``axes``; NaN if one is NaN; of nothing, -inf or the lowest integer."""
    wide = _wide(x)
    start = _extreme(wide.dtype, lowest=True)
    return np.asarray(np.max(wide, axis=axes, keepdims=keepdims, initial=start))


@primitive("T[*n] -> T[*m]", T=REAL, samples=_SAMPLES)
def reduce_min(x: Known, *, axes: Axes, keepdims: bool) -> Known:
    """The smallest along ``axes``; NaN if one is NaN; of nothing, inf or the highest integer."""
    wide = _wide(x)
    start = _extreme(wide.dtype, lowest=False)
    return np.asarray(np.min(wide, axis=axes, keepdims=keepdims, initial=start))


@primitive("bool[*n] -> bool[*m]", samples=_SAMPLES)
def reduce_all(x: Known, *, axes: Axes, keepdims: bool) -> Known:
    """Whether all along ``axes`` hold; of nothing, True."""
    return np.asarray(np.all(x, axis=axes, keepdims=keepdims))


@primitive("bool[*n] -> bool[*m]", samples=_SAMPLES)
def reduce_any(x: Known, *, axes: Axes, keepdims: bool) -> Known:
    """Whether any along ``axes`` holds; of nothing, False."""
    return np.asarray(np.any(x, axis=axes, keepdims=keepdims))


for _reduction in (reduce_sum, reduce_prod, reduce_max, reduce_min, reduce_all, reduce_any):
    _reduction.infer(_reduced)


_ARG_SAMPLES = (
    ((2, 3, 4), {"axis": 1, "dtype": np.dtype(np.int64)}),
    ((2, 3), {"axis": -1, "dtype": np.dtype(np.int32)}),
    ((1,), {"axis": 0, "dtype": np.dtype(np.int64)}),
    ((0, 3), {"axis": 1, "dtype": np.dtype(np.int64)}),
    (np.asarray([[1, 3, 3, 1], [2, 2, 2, 2]], np.float32), {"axis": 1, "dtype": np.dtype("i8")}),
)


def _arg_reduced(x: TensorType, *, axis: int, dtype: np.dtype[Any]) -> TensorType:
    return TensorType(dtype, reduced_shape(x.shape, (axis,), keepdims=False))


@primitive("T[*n] -> I[*m]", T=(*REAL, bool_), I=INTEGER, samples=_ARG_SAMPLES)
def argmax(x: Known, *, axis: int, dtype: np.dtype[Any]) -> Known:
    """The index of the first largest element along ``axis``; NaN counts as such; of none, 0."""
    if not x.shape[axis]:
        return np.zeros(np.delete(x.shape, axis), dtype)
    return np.asarray(np.argmax(_wide(x), axis=axis).astype(dtype))


@primitive("T[*n] -> I[*m]", T=(*REAL, bool_), I=INTEGER, samples=_ARG_SAMPLES)
def argmin(x: Known, *, axis: int, dtype: np.dtype[Any]) -> Known:
    """The index of the first smallest element along ``axis``; NaN counts as such; of none, 0."""
    if not x.shape[axis]:
        return np.zeros(np.delete(x.shape, axis), dtype)
    return np.asarray(np.argmin(_wide(x), axis=axis).astype(dtype))


argmax.infer(_arg_reduced)
argmin.infer(_arg_reduced)


_SCAN_SAMPLES = (
    ((2, 3), {"axis": 1, "exclusive": False, "reverse": False}),
    ((2, 3), {"axis": 0, "exclusive": True, "reverse": False}),
    ((2, 3), {"axis": -1, "exclusive": False, "reverse": True}),
    ((4,), {"axis": 0, "exclusive": True, "reverse": True}),
    ((1,), {"axis": 0, "exclusive": True, "reverse": False}),
    ((0, 3), {"axis": 0, "exclusive": False, "reverse": False}),
)


def _scan(x: Known, ufunc: np.ufunc, start: int, axis: int, *, exclusive: bool) -> Known:
    wide = _wide(x)
    whole: Known = ufunc.accumulate(wide, axis=axis, dtype=wide.dtype)
    if not exclusive or not x.shape[axis]:
        return whole
    first = np.full_like(np.take(whole, [0], axis), start)
    return np.concatenate([first, np.delete(whole, -1, axis)], axis)


def _either_way(
    x: Known, ufunc: np.ufunc, start: int, axis: int, *, exclusive: bool, reverse: bool
) -> Known:
    if not reverse:
        return _scan(x, ufunc, start, axis, exclusive=exclusive)
    return np.flip(_scan(np.flip(x, axis), ufunc, start, axis, exclusive=exclusive), axis)


@primitive("T[*n] -> T[*n]", T=NUMERIC, samples=_SCAN_SAMPLES)
def cumsum(x: Known, *, axis: int, exclusive: bool, reverse: bool) -> Known:
    """The sums of all elements up to each along ``axis``.

    ``exclusive`` leaves out the element itself; ``reverse`` starts from the other end.
    """
    return _either_way(x, np.add, 0, axis, exclusive=exclusive, reverse=reverse)


@primitive("T[*n] -> T[*n]", T=NUMERIC, samples=_SCAN_SAMPLES)
def cumprod(x: Known, *, axis: int, exclusive: bool, reverse: bool) -> Known:
    """The products of all elements up to each along ``axis``; attributes as in `cumsum`."""
    return _either_way(x, np.multiply, 1, axis, exclusive=exclusive, reverse=reverse)


def _scanned(x: TensorType, *, axis: int, exclusive: bool, reverse: bool) -> TensorType:
    del exclusive, reverse
    normal_axes(len(x.shape), (axis,))
    return x


cumsum.infer(_scanned)
cumprod.infer(_scanned)


def _mean_dtype(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What a mean accumulates in: wide enough that neither sum nor count overflows."""
    if dtype.kind == "u":
        return np.dtype(np.uint64)
    return np.dtype(np.int64) if dtype.kind == "i" else _accumulator(dtype)


def _count(shape: Shape, axes: Axes) -> int:
    count = 1
    for axis in axes:
        count *= shape[axis]
    return count


@composite("T[*n] -> T[*m]", T=NUMERIC, samples=_SAMPLES)
def reduce_mean(x: Array, *, axes: Axes, keepdims: bool) -> Any:
    """The mean along ``axes``; integers truncate towards zero; of nothing, NaN if real, else 0."""
    wide = _mean_dtype(x.dtype)
    same = wide == x.dtype
    total = reduce_sum(x if same else ew.cast(x, dtype=wide), axes=axes, keepdims=keepdims)
    count = _count(x.shape, axes)
    if wide.kind in "iu":
        mean = ew.truncate_divide(total, np.asarray(max(count, 1), wide))
    else:
        least = 1 if wide.kind == "c" else 0
        mean = ew.divide(total, np.asarray(max(count, least)).astype(wide))
    return mean if same else ew.cast(mean, dtype=x.dtype)


@composite("T[*n] -> T[*m]", T=FLOATING, samples=_SAMPLES)
def logsumexp(x: Array, *, axes: Axes, keepdims: bool) -> Any:
    """``log(sum(exp(x)))`` along ``axes`` without overflow; of nothing, -inf."""
    largest = reduce_max(x, axes=axes, keepdims=True)
    offset = ew.select(ew.is_finite(largest), largest, ew.scalar(0, x))
    total = reduce_sum(ew.exp(ew.subtract(x, offset)), axes=axes, keepdims=keepdims)
    # The offset has size 1 along the axes: the maximum over them only drops them.
    dropped = offset if keepdims else reduce_max(offset, axes=axes, keepdims=False)
    return ew.add(ew.log(total), dropped)


reduce_mean.infer(_reduced)
logsumexp.infer(_reduced)


@composite("T[*n] -> T[]", T=FLOATING, samples=(((2, 3),), ((),), ((0, 3),)))
def l2_loss(x: Array) -> Any:
    """Half the sum of the squares of all elements."""
    axes = tuple(range(len(x.shape)))
    total = reduce_sum(ew.square(x), axes=axes, keepdims=False)
    return ew.multiply(total, ew.scalar(0.5, x))
