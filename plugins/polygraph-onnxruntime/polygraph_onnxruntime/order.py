"""Sorting, searching, and integers that stand in for numbers where order matters.

The kernels that compare leave the place of NaN open; integers have none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph_onnxruntime.kernels import BOOL, F32, F64, HALF, I32, I64, U8, U64, kernel_dtype

if TYPE_CHECKING:
    from polygraph_onnxruntime.writer import Ref


def turned_sign(x: Ref) -> Ref:
    """``uint64`` whose bits, read as ``int64``, are in the order of ``x``; its own inverse."""
    return x ^ (1 << 63)


def order_key(x: Ref, *, nan_first: bool = False) -> Ref:
    """Integers in the order of ``x``: zeros of both signs are equal, NaN last unless told."""
    if x.dtype == BOOL:
        return x.cast(U8)
    if x.dtype == U64:
        return turned_sign(x).bits(I64)
    if x.dtype in HALF:
        x = x.cast(F32)
    if x.dtype not in (F32, F64):
        return x
    whole = I32 if x.dtype == F32 else I64
    info = np.iinfo(whole)
    bits = x.equals(0).where(0.0, x).bits(whole)
    key = bits ^ ((bits >> (8 * whole.itemsize - 1)) & info.max)
    return x.is_nan().where(info.min if nan_first else info.max, key)


def _ordered(x: Ref, axis: int, k: int, *, descending: bool) -> Ref:
    """Indices (``int64``) of the first ``k`` along ``axis``; equal elements keep their order."""
    key = order_key(x)
    key = key.cast(kernel_dtype("TopK", key.dtype))
    shape = (*x.shape[:axis], k, *x.shape[axis + 1 :])
    count = x.writer.constant(np.array([k], np.int64))
    _, indices = x.writer.add_many(
        "TopK",
        [key, count],
        [(key.dtype, shape), (I64, shape)],
        axis=axis,
        largest=int(descending),
        sorted=1,
    )
    return indices


def take_along(x: Ref, indices: Ref, axis: int) -> Ref:
    """Elements of ``x`` at positions along ``axis``."""
    return x.writer.add("GatherElements", [x, indices], x.dtype, indices.shape, axis=axis)


def sort(x: Ref, *, axis: int, descending: bool) -> Ref:
    """Elements in order."""
    if not x.size:
        return x
    return take_along(x, _ordered(x, axis, x.shape[axis], descending=descending), axis)


def argsort(x: Ref, *, axis: int, descending: bool) -> Ref:
    """Indices that sort."""
    if not x.size:
        return x.writer.full(0, I32, x.shape)
    return _ordered(x, axis, x.shape[axis], descending=descending).cast(I32)


def top_k(x: Ref, *, k: int) -> tuple[Ref, Ref]:
    """The greatest along the last axis, and where they are."""
    shape = (*x.shape[:-1], k)
    if not np.prod(shape):
        return x.full(0, shape), x.writer.full(0, I32, shape)
    indices = _ordered(x, x.ndim - 1, k, descending=True)
    return take_along(x, indices, x.ndim - 1), indices.cast(I32)


def searchsorted(sequence: Ref, values: Ref, *, side: str) -> Ref:
    """Positions in sorted sequences, by bisection of all rows at once."""
    length, last = sequence.shape[-1], sequence.ndim - 1
    low = values.writer.full(0, I64, values.shape)
    if not length or not values.size:
        return low.cast(I32)
    keys, wanted = order_key(sequence), order_key(values)
    high = low.full(length)
    for _ in range(length.bit_length()):
        middle = (low + high) >> 1
        here = take_along(keys, middle.binary("Min", length - 1), last)
        before = (here < wanted) if side == "left" else (here <= wanted)
        before = before & (low < high)
        low = before.where(middle + 1, low)
        high = before.where(high, middle)
    return low.cast(I32)
