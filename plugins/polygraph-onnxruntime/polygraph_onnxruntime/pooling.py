"""Maximum and mean over windows, and their gradients, cell of the window by cell.

The kernels for pooling overlook NaN, and take no float64 for the mean.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph_onnxruntime.elementwise import widened
from polygraph_onnxruntime.shaping import cut
from polygraph_onnxruntime.windows import (
    Geometry,
    Padding,
    Pair,
    from_nhwc,
    nhwc_shape,
    padded,
    put,
    put_all,
    taps,
    to_nhwc,
)

if TYPE_CHECKING:
    from polygraph_onnxruntime.writer import Ref

    Shape = tuple[int, ...]


def _lowest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _counts(shape: Shape, geometry: Geometry, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """How many cells of each window lie in the images: ``[rows, columns, 1]``."""
    along = []
    for axis, out in enumerate(geometry.out(shape)):
        starts = np.arange(out) * geometry.strides[axis] - geometry.padding[axis][0]
        ends = np.minimum(starts + geometry.kernel[axis], shape[1 + axis])
        along.append(ends - np.maximum(starts, 0))
    counts: np.ndarray[Any, Any] = np.multiply.outer(*along)[..., None].astype(dtype)
    return counts


@widened
def max_pool(
    x: Ref, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> Ref:
    """The greatest cell of each window."""
    images = to_nhwc(x, data_format)
    geometry = Geometry(ksize, strides, padding)
    shape = (images.shape[0], *geometry.out(images.shape), images.shape[3])
    if not np.prod(shape):
        return from_nhwc(x.full(0, shape), data_format)
    cells = taps(padded(images, padding, _lowest(x.dtype)), geometry)
    return from_nhwc(functools.reduce(lambda a, b: a.binary("Max", b), cells), data_format)


@widened
def max_pool_grad(
    x: Ref,
    _y: Ref,
    dy: Ref,
    *,
    ksize: Pair,
    strides: Pair,
    padding: Padding,
    data_format: str = "NHWC",
) -> Ref:
    """``dy`` to the first greatest cell of each window, found in ``x`` again."""
    if not dy.size or not x.size:
        return x.full(0)
    images = padded(to_nhwc(x, data_format), padding, _lowest(x.dtype))
    gradient = to_nhwc(dy, data_format)
    geometry = Geometry(ksize, strides, padding)
    total = images.full(0)
    windows = list(taps(images, geometry))
    greatest = functools.reduce(lambda a, b: a.binary("Max", b), windows)
    # A window whose greatest is NaN has no cell that equals it.
    free = greatest.equals(greatest)
    for at, cells in zip(itertools.product(*map(range, ksize)), windows, strict=True):
        here = cells.equals(greatest) & free
        free = free & ~here
        total = total + put(here.where(gradient, 0), at, images.shape, geometry)
    (top, _), (left, _) = padding
    inside = cut(total, (0, top, left, 0), to_nhwc(x, data_format).shape)
    return from_nhwc(inside, data_format)


@widened
def avg_pool(
    x: Ref, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> Ref:
    """The mean of each window's cells."""
    images = to_nhwc(x, data_format)
    geometry = Geometry(ksize, strides, padding)
    shape = (images.shape[0], *geometry.out(images.shape), images.shape[3])
    if not np.prod(shape):
        return from_nhwc(x.full(0, shape), data_format)
    total = functools.reduce(lambda a, b: a + b, taps(padded(images, padding), geometry))
    counts = x.writer.constant(_counts(images.shape, geometry, x.dtype))
    return from_nhwc(total / counts, data_format)


@widened
def avg_pool_grad(
    dy: Ref,
    *,
    input_shape: Shape,
    ksize: Pair,
    strides: Pair,
    padding: Padding,
    data_format: str = "NHWC",
) -> Ref:
    """``dy`` shared out among the cells of each window."""
    shape = nhwc_shape(input_shape, data_format)
    if not dy.size or not np.prod(shape):
        return dy.full(0, tuple(input_shape))
    geometry = Geometry(ksize, strides, padding)
    counts = dy.writer.constant(_counts(shape, geometry, dy.dtype))
    share = to_nhwc(dy, data_format) / counts
    shares = itertools.repeat(share, ksize[0] * ksize[1])
    return from_nhwc(put_all(shares, shape, geometry), data_format)
