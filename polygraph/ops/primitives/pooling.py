"""Maximum and mean over windows of images, and their gradients.

Images are NHWC or NCHW; ``ksize``, ``strides`` and ``padding`` are given for rows and columns.
Padded cells take no part: they are no maximum, and no mean counts them.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import FLOATING, REAL
from polygraph.core.ground.op import composite, primitive
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives.elementwise import equal, logical_and, logical_not, scalar, select
from polygraph.ops.primitives.shaping import pad, strided_slice, transpose
from polygraph.ops.primitives.windows import (
    Array,
    Padding,
    Pair,
    cropped,
    from_nhwc,
    from_nhwc_shape,
    nhwc_shape,
    out_size,
    padded,
    tap,
    to_nhwc,
    wide,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_NONE: Padding = ((0, 0), (0, 0))
_SAMPLES: tuple[tuple[tuple[int, ...], tuple[int, ...], dict[str, object]], ...] = (
    ((2, 4, 6, 3), (2, 2, 3, 3), {"ksize": (2, 2), "strides": (2, 2), "padding": _NONE}),
    (
        (1, 5, 5, 2),
        (1, 3, 3, 2),
        {"ksize": (2, 2), "strides": (2, 2), "padding": ((0, 1), (0, 1))},
    ),
    (
        (2, 5, 6, 2),
        (2, 5, 6, 2),
        {"ksize": (3, 3), "strides": (1, 1), "padding": ((1, 1), (1, 1))},
    ),
    ((1, 7, 5, 1), (1, 2, 4, 1), {"ksize": (3, 2), "strides": (3, 1), "padding": _NONE}),
    ((1, 5, 5, 1), (1, 2, 2, 1), {"ksize": (1, 2), "strides": (3, 3), "padding": _NONE}),
    (
        (2, 3, 5, 6),
        (2, 3, 3, 3),
        {
            "ksize": (3, 2),
            "strides": (2, 2),
            "padding": ((1, 1), (0, 0)),
            "data_format": "NCHW",
        },
    ),
    ((0, 4, 4, 2), (0, 2, 2, 2), {"ksize": (2, 2), "strides": (2, 2), "padding": _NONE}),
)
"""Shapes of the images and of the result, and the attributes."""


def _pooled(
    x: TensorType, ksize: Pair, strides: Pair, padding: Padding, data_format: str
) -> TensorType:
    count, height, width, channels = nhwc_shape(x.shape, data_format)
    rows = out_size(height, ksize[0], strides[0], padding[0])
    columns = out_size(width, ksize[1], strides[1], padding[1])
    return TensorType(x.dtype, from_nhwc_shape((count, rows, columns, channels), data_format))


def _lowest(dtype: np.dtype[Any]) -> Any:
    if dtype.kind in "iu":
        return np.iinfo(dtype).min
    return -np.inf


def _taps(x: Array, ksize: Pair, strides: Pair) -> Iterator[Array]:
    """Each tap of the windows over the padded ``x``, row by row."""
    rows = out_size(x.shape[1], ksize[0], strides[0], (0, 0))
    columns = out_size(x.shape[2], ksize[1], strides[1], (0, 0))
    for at in product(range(ksize[0]), range(ksize[1])):
        yield tap(x, at, (rows, columns), strides)


def _greatest(images: Array, ksize: Pair, strides: Pair) -> Array:
    taps = _taps(images, ksize, strides)
    result = next(taps).copy()
    for cells in taps:
        np.maximum(result, cells, out=result)
    return result


@primitive(
    "T[n, x, y, z] -> T[n, p, q, r]",
    T=REAL,
    samples=tuple((x, attrs) for x, _, attrs in _SAMPLES),
)
def max_pool(
    x: Array, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> Array:
    """The greatest cell of each window; NaN where there is one."""
    images = padded(to_nhwc(x, data_format), padding, _lowest(x.dtype))
    return from_nhwc(_greatest(images, ksize, strides), data_format)


@max_pool.infer
def _max_pool_type(
    x: TensorType, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> TensorType:
    return _pooled(x, ksize, strides, padding, data_format)


def _or_zero(values: Array, mask: Array) -> Array:
    """``values`` where the mask holds, else 0: by bits, much faster than a choice cell by cell."""
    bits = np.dtype(f"i{values.itemsize}")
    keep = -mask.view(np.int8).astype(bits)
    masked: Array = (values.view(bits) & keep).view(values.dtype)
    return masked


def _max_pool_grad_samples() -> Iterator[tuple[Any, ...]]:
    for shape, out, attrs in _SAMPLES:
        x = np.arange(np.prod(shape)).reshape(shape) * 7 % 5 / 2.0
        y = max_pool(x, **attrs)
        yield x, y, np.linspace(-1, 1, int(np.prod(out))).reshape(out), attrs


_GRAD_SAMPLES = tuple(_max_pool_grad_samples())


@primitive(
    "T[n, x, y, z], T[n, p, q, r], T[n, p, q, r] -> T[n, x, y, z]",
    T=REAL,
    samples=_GRAD_SAMPLES,
)
def max_pool_grad(
    x: Array,
    _y: Array,
    dy: Array,
    *,
    ksize: Pair,
    strides: Pair,
    padding: Padding,
    data_format: str = "NHWC",
) -> Array:
    """Gradient of ``y = max_pool(x)``: ``dy`` to the first greatest cell of each window.

    First in rows, then in columns. What is greatest is found in ``x`` again, as in TensorFlow:
    when ``x`` is a variable, it may have changed since ``y`` was made of it. Where a cell of a
    window is NaN, it is not said which cell gets ``dy``.
    """
    sums = wide(x.dtype)
    images = padded(to_nhwc(x, data_format), padding, _lowest(x.dtype))
    greatest = _greatest(images, ksize, strides)
    gradient = to_nhwc(dy, data_format).astype(sums, copy=False)
    result = np.zeros(images.shape, sums)
    free = np.ones(greatest.shape, bool)
    for cells, target in zip(
        _taps(images, ksize, strides), _taps(result, ksize, strides), strict=True
    ):
        here = cells == greatest
        here &= free
        free ^= here
        np.add(target, _or_zero(gradient, here), out=target)
    return from_nhwc(cropped(result, padding), data_format)


@max_pool_grad.infer
def _max_pool_grad_type(x: TensorType, *_: TensorType, **__: object) -> TensorType:
    return x


_TO_NCHW = (0, 3, 1, 2)


def _cells(x: Any, value: float, ksize: Pair, strides: Pair, padding: Padding) -> Iterator[Any]:
    """Like `_taps`, over primitives, from images without their padding."""
    (top, bottom), (left, right) = padding
    if any(map(any, padding)):
        low, high = (0, top, left, 0), (0, bottom, right, 0)
        x = pad(x, scalar(value, x), low=low, high=high)
    count, height, width, channels = x.shape
    rows = out_size(height, ksize[0], strides[0], (0, 0))
    columns = out_size(width, ksize[1], strides[1], (0, 0))
    for row, column in product(range(ksize[0]), range(ksize[1])):
        last = row + (rows - 1) * strides[0] + 1, column + (columns - 1) * strides[1] + 1
        yield strided_slice(
            x,
            begin=(0, row, column, 0),
            end=(count, *last, channels),
            strides=(1, *strides, 1),
        )


def _grad_grad_samples() -> Iterator[tuple[Any, ...]]:
    for x, y, _, attrs in _GRAD_SAMPLES:
        if y.size:
            yield x, y, np.linspace(-1, 1, x.size).reshape(x.shape), attrs


@composite(
    "T[n, x, y, z], T[n, p, q, r], T[n, x, y, z] -> T[n, p, q, r]",
    T=REAL,
    samples=tuple(_grad_grad_samples()),
)
def max_pool_grad_grad(
    x: Any,
    y: Any,
    ddx: Any,
    *,
    ksize: Pair,
    strides: Pair,
    padding: Padding,
    data_format: str = "NHWC",
) -> Any:
    """Gradient of `max_pool_grad` to ``dy``: ``ddx`` at the first greatest cell of each window."""
    if data_format == "NCHW":
        x, y, ddx = (transpose(images, perm=(0, 2, 3, 1)) for images in (x, y, ddx))
    result, free = scalar(0, y), np.ones((), bool)
    for cells, values in zip(
        _cells(x, _lowest(x.dtype), ksize, strides, padding),
        _cells(ddx, 0, ksize, strides, padding),
        strict=True,
    ):
        here = logical_and(equal(cells, y), free)
        free = logical_and(free, logical_not(here))
        result = select(here, values, result)
    return transpose(result, perm=_TO_NCHW) if data_format == "NCHW" else result


@primitive(
    "T[n, x, y, z] -> T[n, p, q, r]",
    T=FLOATING,
    samples=tuple((x, attrs) for x, _, attrs in _SAMPLES),
)
def avg_pool(
    x: Array, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> Array:
    """The mean of each window's cells, those of the padding left out."""
    sums = wide(x.dtype)
    images = padded(to_nhwc(x, data_format).astype(sums, copy=False), padding)
    taps = _taps(images, ksize, strides)
    result = next(taps).copy()
    for cells in taps:
        result += cells
    shape = nhwc_shape(x.shape, data_format)
    return from_nhwc(result / window_counts(shape, ksize, strides, padding, sums), data_format)


@avg_pool.infer
def _avg_pool_type(
    x: TensorType, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> TensorType:
    return _pooled(x, ksize, strides, padding, data_format)


def window_counts(
    shape: tuple[int, ...], ksize: Pair, strides: Pair, padding: Padding, dtype: np.dtype[Any]
) -> Array:
    """How many cells of each window lie in images of the NHWC ``shape``: ``[rows, columns, 1]``."""
    along = []
    for size, window, stride, (before, after) in zip(
        shape[1:3], ksize, strides, padding, strict=True
    ):
        starts = np.arange(out_size(size, window, stride, (before, after))) * stride - before
        along.append(np.minimum(starts + window, size) - np.maximum(starts, 0))
    counts: Array = np.multiply.outer(*along)[..., None]
    return counts.astype(dtype)


@primitive(
    "T[n, p, q, r] -> T[n, x, y, z]",
    T=FLOATING,
    samples=tuple((dy, {"input_shape": x, **attrs}) for x, dy, attrs in _SAMPLES),
)
def avg_pool_grad(
    dy: Array,
    *,
    input_shape: tuple[int, ...],
    ksize: Pair,
    strides: Pair,
    padding: Padding,
    data_format: str = "NHWC",
) -> Array:
    """Gradient of `avg_pool`: ``dy`` shared out evenly among the cells of each window."""
    sums = wide(dy.dtype)
    shape = nhwc_shape(input_shape, data_format)
    (top, bottom), (left, right) = padding
    result = np.zeros((shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3]), sums)
    share = to_nhwc(dy, data_format) / window_counts(shape, ksize, strides, padding, sums)
    for target in _taps(result, ksize, strides):
        np.add(target, share, out=target)
    return from_nhwc(cropped(result, padding), data_format)


@avg_pool_grad.infer
def _avg_pool_grad_type(dy: TensorType, *, input_shape: tuple[int, ...], **_: object) -> TensorType:
    return TensorType(dy.dtype, tuple(input_shape))
