"""Two-dimensional convolution (cross-correlation, as the field says it), and its two gradients.

Filters are ``[rows, columns, in, out]``; images are ``[n, rows, columns, channels]`` ("NHWC") or
``[n, channels, rows, columns]`` ("NCHW"). ``strides``, ``dilations`` and ``padding`` (cells of
zeros before and after) are given for rows and columns. Floats of 16 bits are summed in 32.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from polygraph.core.ground.dtypes import FLOATING
from polygraph.core.ground.op import primitive
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives.windows import (
    Array,
    Geometry,
    Padding,
    Pair,
    check_dy,
    conv_out,
    conv_type,
    cropped,
    from_nhwc,
    nhwc_shape,
    padded,
    tap,
    to_nhwc,
    wide,
    windows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK_BYTES = 1 << 21
"""Windows are laid out for so many bytes of images at a time, to stay in the processor's cache."""

_NONE: Padding = ((0, 0), (0, 0))


def _chunks(view: Array) -> Iterator[tuple[slice, Array]]:
    """The windows ``view`` as matrices of one row a window, some images at a time."""
    count, rows, columns = view.shape[:3]
    depth = int(np.prod(view.shape[3:]))
    at_once = max(1, min(count, _CHUNK_BYTES // max(1, rows * columns * depth * view.itemsize)))
    buffer = np.empty((at_once, *view.shape[1:]), view.dtype)
    for start in range(0, count, at_once):
        part = view[start : start + at_once]
        used = buffer[: len(part)]
        np.copyto(used, part)
        flat = len(part) * rows * columns
        yield (
            slice(start * rows * columns, start * rows * columns + flat),
            used.reshape(flat, depth),
        )


_SAMPLES: tuple[
    tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], dict[str, object]], ...
] = (
    ((2, 5, 6, 3), (3, 2, 3, 4), (2, 3, 5, 4), {"strides": (1, 1), "padding": _NONE}),
    (
        (2, 5, 6, 3),
        (3, 3, 3, 2),
        (2, 3, 3, 2),
        {"strides": (2, 2), "padding": ((1, 1), (0, 1))},
    ),
    (
        (1, 7, 6, 2),
        (2, 3, 2, 3),
        (1, 3, 2, 3),
        {"strides": (2, 1), "padding": _NONE, "dilations": (2, 2)},
    ),
    (
        (2, 3, 5, 6),
        (3, 3, 3, 2),
        (2, 2, 3, 3),
        {"strides": (2, 2), "padding": ((1, 1), (0, 1)), "data_format": "NCHW"},
    ),
    ((1, 4, 5, 3), (1, 1, 3, 2), (1, 4, 5, 2), {"strides": (1, 1), "padding": _NONE}),
    ((1, 4, 4, 1), (1, 1, 1, 1), (1, 2, 2, 1), {"strides": (2, 2), "padding": _NONE}),
    ((0, 4, 4, 2), (2, 2, 2, 3), (0, 3, 3, 3), {"strides": (1, 1), "padding": _NONE}),
)
"""Shapes of the images, the filter and the result, and the attributes."""


@primitive(
    "T[n, x, y, z], T[kh, kw, ci, co] -> T[n, p, q, r]",
    T=FLOATING,
    samples=tuple((x, f, attrs) for x, f, _, attrs in _SAMPLES),
)
def conv2d(
    x: Array,
    filters: Array,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Array:
    """Each window of the images times the filter: the filter is not turned around."""
    sums = wide(x.dtype)
    images = to_nhwc(x, data_format)
    kernel, channels = filters.shape[:2], filters.shape[3]
    rows, columns = conv_out(images.shape, kernel, Geometry(strides, padding, dilations))
    result = np.zeros((len(images), rows, columns, channels), sums)
    if result.size:
        images = padded(images.astype(sums, copy=False), padding)
        matrix = filters.reshape(-1, channels).astype(sums, copy=False)
        view = windows(images, kernel, (rows, columns), strides, dilations)
        flat = result.reshape(-1, channels)
        for span, cells in _chunks(view):
            np.matmul(cells, matrix, out=flat[span])
    return from_nhwc(result, data_format)


@conv2d.infer
def _conv2d_type(
    x: TensorType,
    filters: TensorType,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> TensorType:
    geometry = Geometry(strides, padding, dilations)
    return conv_type(x, filters, geometry, data_format, filters.shape[3])


@primitive(
    "T[kh, kw, ci, co], T[n, p, q, r] -> T[n, x, y, z]",
    T=FLOATING,
    samples=tuple((f, dy, {"input_shape": x, **attrs}) for x, f, dy, attrs in _SAMPLES),
)
def conv2d_backprop_input(
    filters: Array,
    dy: Array,
    *,
    input_shape: tuple[int, ...],
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Array:
    """Gradient of `conv2d` to its images, of shape ``input_shape``; also the transposed one."""
    sums = wide(dy.dtype)
    gradient = to_nhwc(dy, data_format).astype(sums, copy=False)
    count, height, width, depth = nhwc_shape(input_shape, data_format)
    out = gradient.shape[1:3]
    shape = (count, height + sum(padding[0]), width + sum(padding[1]), depth)
    images = np.zeros(shape, sums)
    if gradient.size and images.size:
        flat = gradient.reshape(-1, gradient.shape[3])
        part = np.empty((*gradient.shape[:3], depth), sums)
        for at in product(range(filters.shape[0]), range(filters.shape[1])):
            np.matmul(flat, filters[at].T.astype(sums, copy=False), out=part.reshape(-1, depth))
            cells = tap(images, at, out, strides, dilations)
            np.add(cells, part, out=cells)
    return from_nhwc(cropped(images, padding), data_format)


@conv2d_backprop_input.infer
def _conv2d_backprop_input_type(
    filters: TensorType,
    dy: TensorType,
    *,
    input_shape: tuple[int, ...],
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> TensorType:
    x = TensorType(dy.dtype, tuple(input_shape))
    geometry = Geometry(strides, padding, dilations)
    check_dy(conv_type(x, filters, geometry, data_format, filters.shape[3]), dy)
    return x


@primitive(
    "T[n, x, y, z], T[n, p, q, r] -> T[kh, kw, ci, co]",
    T=FLOATING,
    samples=tuple((x, dy, {"filter_shape": f, **attrs}) for x, f, dy, attrs in _SAMPLES),
)
def conv2d_backprop_filter(
    x: Array,
    dy: Array,
    *,
    filter_shape: tuple[int, ...],
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Array:
    """Gradient of `conv2d` to its filter, of shape ``filter_shape``."""
    sums = wide(x.dtype)
    gradient = to_nhwc(dy, data_format).astype(sums, copy=False)
    images = padded(to_nhwc(x, data_format).astype(sums, copy=False), padding)
    kernel, channels = (filter_shape[0], filter_shape[1]), filter_shape[3]
    result = np.zeros((kernel[0] * kernel[1] * filter_shape[2], channels), sums)
    if gradient.size and result.size:
        flat = gradient.reshape(-1, channels)
        view = windows(images, kernel, gradient.shape[1:3], strides, dilations)
        for span, cells in _chunks(view):
            result += cells.T @ flat[span]
    return result.reshape(filter_shape)


@conv2d_backprop_filter.infer
def _conv2d_backprop_filter_type(
    x: TensorType,
    dy: TensorType,
    *,
    filter_shape: tuple[int, ...],
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> TensorType:
    filters = TensorType(x.dtype, tuple(filter_shape))
    geometry = Geometry(strides, padding, dilations)
    check_dy(conv_type(x, filters, geometry, data_format, filters.shape[3]), dy)
    return filters
