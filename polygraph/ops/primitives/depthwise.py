"""Depthwise convolution: each channel has filters of its own. And its two gradients.

Filters are ``[rows, columns, channels, multiplier]``; channel ``c`` gives the results
``c * multiplier ... (c + 1) * multiplier - 1``. Otherwise as in `convolution`.
"""

from __future__ import annotations

from itertools import product

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
)

_NONE: Padding = ((0, 0), (0, 0))

_SAMPLES: tuple[
    tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], dict[str, object]], ...
] = (
    ((2, 5, 6, 3), (3, 2, 3, 1), (2, 3, 5, 3), {"strides": (1, 1), "padding": _NONE}),
    (
        (2, 5, 6, 3),
        (3, 3, 3, 2),
        (2, 3, 3, 6),
        {"strides": (2, 2), "padding": ((1, 1), (0, 1))},
    ),
    (
        (1, 7, 6, 2),
        (2, 3, 2, 2),
        (1, 5, 2, 4),
        {"strides": (1, 1), "padding": _NONE, "dilations": (2, 2)},
    ),
    (
        (2, 3, 5, 6),
        (3, 3, 3, 2),
        (2, 6, 3, 3),
        {"strides": (2, 2), "padding": ((1, 1), (0, 1)), "data_format": "NCHW"},
    ),
    ((0, 4, 4, 2), (2, 2, 2, 3), (0, 3, 3, 6), {"strides": (1, 1), "padding": _NONE}),
)
"""Shapes of the images, the filter and the result, and the attributes."""


@primitive(
    "T[n, x, y, z], T[kh, kw, c, m] -> T[n, p, q, r]",
    T=FLOATING,
    samples=tuple((x, f, attrs) for x, f, _, attrs in _SAMPLES),
)
def depthwise_conv2d(
    x: Array,
    filters: Array,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Array:
    """Each window of each channel times the filters of that channel."""
    sums = wide(x.dtype)
    images = padded(to_nhwc(x, data_format).astype(sums, copy=False), padding)
    weights = filters.astype(sums, copy=False)
    geometry = Geometry(strides, _NONE, dilations)
    out = conv_out(images.shape, filters.shape[:2], geometry)
    result = np.zeros((len(images), *out, *filters.shape[2:]), sums)
    for at in product(range(filters.shape[0]), range(filters.shape[1])):
        result += tap(images, at, out, strides, dilations)[..., None] * weights[at]
    return from_nhwc(
        result.reshape(len(images), *out, filters.shape[2] * filters.shape[3]), data_format
    )


@depthwise_conv2d.infer
def _depthwise_conv2d_type(
    x: TensorType,
    filters: TensorType,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> TensorType:
    channels = filters.shape[2] * filters.shape[3]
    return conv_type(x, filters, Geometry(strides, padding, dilations), data_format, channels)


@primitive(
    "T[kh, kw, c, m], T[n, p, q, r] -> T[n, x, y, z]",
    T=FLOATING,
    samples=tuple((f, dy, {"input_shape": x, **attrs}) for x, f, dy, attrs in _SAMPLES),
)
def depthwise_conv2d_backprop_input(
    filters: Array,
    dy: Array,
    *,
    input_shape: tuple[int, ...],
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Array:
    """Gradient of `depthwise_conv2d` to its images, of shape ``input_shape``."""
    sums = wide(dy.dtype)
    gradient = to_nhwc(dy, data_format).astype(sums, copy=False)
    out = gradient.shape[1:3]
    gradient = gradient.reshape(*gradient.shape[:3], *filters.shape[2:])
    weights = filters.astype(sums, copy=False)
    count, height, width, channels = nhwc_shape(input_shape, data_format)
    (top, bottom), (left, right) = padding
    images = np.zeros((count, height + top + bottom, width + left + right, channels), sums)
    for at in product(range(filters.shape[0]), range(filters.shape[1])):
        cells = tap(images, at, out, strides, dilations)
        cells += (gradient * weights[at]).sum(axis=-1)
    return from_nhwc(cropped(images, padding), data_format)


@depthwise_conv2d_backprop_input.infer
def _depthwise_conv2d_backprop_input_type(
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
    channels = filters.shape[2] * filters.shape[3]
    geometry = Geometry(strides, padding, dilations)
    check_dy(conv_type(x, filters, geometry, data_format, channels), dy)
    return x


@primitive(
    "T[n, x, y, z], T[n, p, q, r] -> T[kh, kw, c, m]",
    T=FLOATING,
    samples=tuple((x, dy, {"filter_shape": f, **attrs}) for x, f, dy, attrs in _SAMPLES),
)
def depthwise_conv2d_backprop_filter(
    x: Array,
    dy: Array,
    *,
    filter_shape: tuple[int, ...],
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Array:
    """Gradient of `depthwise_conv2d` to its filter, of shape ``filter_shape``."""
    sums = wide(x.dtype)
    images = padded(to_nhwc(x, data_format).astype(sums, copy=False), padding)
    gradient = to_nhwc(dy, data_format).astype(sums, copy=False)
    out = gradient.shape[1:3]
    gradient = gradient.reshape(*gradient.shape[:3], *filter_shape[2:])
    result = np.zeros(filter_shape, sums)
    for at in product(range(filter_shape[0]), range(filter_shape[1])):
        cells = tap(images, at, out, strides, dilations)
        result[at] = (cells[..., None] * gradient).sum(axis=(0, 1, 2))
    return result


@depthwise_conv2d_backprop_filter.infer
def _depthwise_conv2d_backprop_filter_type(
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
    channels = filters.shape[2] * filters.shape[3]
    geometry = Geometry(strides, padding, dilations)
    check_dy(conv_type(x, filters, geometry, data_format, channels), dy)
    return filters
