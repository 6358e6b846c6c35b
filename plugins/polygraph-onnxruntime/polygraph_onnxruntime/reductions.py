"""Reductions and scans."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph_onnxruntime.elementwise import widened
from polygraph_onnxruntime.kernels import I64, U8, U64, kernel_dtype
from polygraph_onnxruntime.linalg import product
from polygraph_onnxruntime.order import order_key, turned_sign
from polygraph_onnxruntime.shaping import cut

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph_onnxruntime.writer import Ref

    Axes = tuple[int, ...]
    DType = np.dtype[Any]
    Shape = tuple[int, ...]


def reduced_shape(shape: Shape, axes: Axes, *, keepdims: bool) -> Shape:
    """The shape after reducing ``axes``, which count from the front."""
    if keepdims:
        return tuple(1 if axis in axes else dim for axis, dim in enumerate(shape))
    return tuple(dim for axis, dim in enumerate(shape) if axis not in axes)


def reduce(operator: str, x: Ref, axes: Axes, *, keepdims: bool) -> Ref:
    """A reduction of at least one element by a kernel."""
    shape = reduced_shape(x.shape, axes, keepdims=keepdims)
    dtype = kernel_dtype(operator, x.dtype)
    at = x.writer.constant(np.array(axes, np.int64))
    found = x.writer.add(operator, [x.cast(dtype), at], dtype, shape, keepdims=int(keepdims))
    return found.cast(x.dtype)


def reduction(function: Callable[..., Ref], start: Callable[[DType], Any]) -> Callable[..., Ref]:
    """A lowering: ``function`` where there is something to reduce, ``start`` of nothing."""

    def lower(x: Ref, *, axes: Axes, keepdims: bool) -> Ref:
        positive = tuple(axis % x.ndim for axis in axes)
        if not positive:
            return x
        if not x.size:
            shape = reduced_shape(x.shape, positive, keepdims=keepdims)
            return x.full(start(x.dtype), shape)
        return function(x, axes=positive, keepdims=keepdims)

    return lower


@widened
def _sum(x: Ref, *, axes: Axes, keepdims: bool) -> Ref:
    if x.dtype.kind not in "iu":
        return reduce("ReduceSum", x, axes, keepdims=keepdims)
    # `ReduceSum` adds integers up in floating point; `MatMul` lets them wrap around.
    table = _rows(x, axes)
    total = product(table, table.full(1, (table.shape[1], 1)))
    return total.reshape(reduced_shape(x.shape, axes, keepdims=keepdims))


@widened
def _prod(x: Ref, *, axes: Axes, keepdims: bool) -> Ref:
    if x.dtype.kind not in "iu":
        return reduce("ReduceProd", x, axes, keepdims=keepdims)
    table = _rows(x, axes)
    count, size = table.shape
    running = scan("CumProd")(table, axis=1, exclusive=False, reverse=False)
    last = cut(running, (0, size - 1), (count, 1))
    return last.reshape(reduced_shape(x.shape, axes, keepdims=keepdims))


def _rows(x: Ref, axes: Axes) -> Ref:
    """A matrix with the elements along ``axes`` as rows."""
    kept = tuple(axis for axis in range(x.ndim) if axis not in axes)
    count = math.prod(x.shape[axis] for axis in kept)
    return x.transpose((*kept, *axes)).reshape((count, x.size // count))


def _extreme(operator: str) -> Callable[..., Ref]:
    """The largest or smallest; NaN if one is NaN, which the kernels for floats overlook."""

    def lower(x: Ref, *, axes: Axes, keepdims: bool) -> Ref:
        if x.dtype == U64:
            ordered = reduce(operator, turned_sign(x).bits(I64), axes, keepdims=keepdims)
            return turned_sign(ordered.bits(U64))
        found = reduce(operator, x, axes, keepdims=keepdims)
        if x.dtype.kind in "iub":
            return found
        nan = reduce("ReduceMax", x.is_nan().cast(U8), axes, keepdims=keepdims)
        return nan.equals(0).where(found, np.nan)

    return widened(lower)


def _lowest(dtype: DType) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _highest(dtype: DType) -> Any:
    return np.iinfo(dtype).max if dtype.kind in "iu" else np.inf


reduce_sum = reduction(_sum, lambda _: 0)
reduce_prod = reduction(_prod, lambda _: 1)
reduce_max = reduction(_extreme("ReduceMax"), _lowest)
reduce_min = reduction(_extreme("ReduceMin"), _highest)
reduce_all = reduction(_extreme("ReduceMin"), lambda _: True)
reduce_any = reduction(_extreme("ReduceMax"), lambda _: False)


def arg_reduction(operator: str, *, nan_first: bool) -> Callable[..., Ref]:
    """`ArgMax` or `ArgMin` as a lowering; 0 along an axis of no elements."""

    def lower(x: Ref, *, axis: int, dtype: DType) -> Ref:
        axis %= x.ndim
        shape = reduced_shape(x.shape, (axis,), keepdims=False)
        if not x.size:
            return x.writer.full(0, dtype, shape)
        key = order_key(x, nan_first=nan_first)
        key = key.cast(kernel_dtype(operator, key.dtype))
        found = x.writer.add(operator, [key], I64, shape, axis=axis, keepdims=0)
        return found.cast(dtype)

    return lower


def scan(operator: str) -> Callable[..., Ref]:
    """`CumSum` or `CumProd` as a lowering."""

    @widened
    def lower(x: Ref, *, axis: int, exclusive: bool, reverse: bool) -> Ref:
        if not x.size:
            return x
        dtype = kernel_dtype(operator, x.dtype)
        at = x.writer.constant(np.array(axis % x.ndim, np.int64))
        attrs = {"exclusive": int(exclusive), "reverse": int(reverse)}
        return x.writer.add(operator, [x.cast(dtype), at], dtype, x.shape, **attrs).cast(x.dtype)

    return lower
