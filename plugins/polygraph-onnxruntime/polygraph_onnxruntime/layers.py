"""Convolutions.

Those of float32 run in the kernels for NCHW; ONNX Runtime has none for float64, where a
convolution is a matrix product of all windows.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from polygraph_onnxruntime.elementwise import widened
from polygraph_onnxruntime.kernels import F32
from polygraph_onnxruntime.linalg import product
from polygraph_onnxruntime.shaping import cut
from polygraph_onnxruntime.windows import (
    TO_NCHW,
    TO_NHWC,
    Geometry,
    Padding,
    Pair,
    from_nhwc,
    nhwc_shape,
    padded,
    patches,
    put_all,
    taps,
    to_nhwc,
)

if TYPE_CHECKING:
    from polygraph_onnxruntime.writer import Ref

    Shape = tuple[int, ...]


def _conv(x: Ref, filters: Ref, geometry: Geometry) -> Ref:
    """NHWC images, filters ``[rows, columns, in, out]``."""
    shape = (x.shape[0], *geometry.out(x.shape), filters.shape[3])
    if x.dtype == F32:
        return _kernel_conv(x, filters.transpose((3, 2, 0, 1)), geometry, shape, groups=1)
    rows, columns, depth, channels = filters.shape
    matrix = filters.reshape((rows * columns * depth, channels))
    return product(patches(x, geometry), matrix).reshape(shape)


def _kernel_conv(x: Ref, weights: Ref, geometry: Geometry, shape: Shape, groups: int) -> Ref:
    """ONNX's `Conv` on NHWC images; ``shape`` is the result's, weights are ``[out, in, ...]``."""
    if min(min(geometry.padding)) < 0:
        x = padded(x, geometry.padding)
        geometry = geometry._replace(padding=((0, 0), (0, 0)))
    found = x.writer.add(
        "Conv",
        [x.transpose(TO_NCHW), weights],
        x.dtype,
        (shape[0], shape[3], shape[1], shape[2]),
        group=groups,
        strides=geometry.strides,
        dilations=geometry.dilations,
        pads=[side[end] for end in (0, 1) for side in geometry.padding],
    )
    return found.transpose(TO_NHWC)


@widened
def conv2d(
    x: Ref,
    filters: Ref,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Ref:
    """Each window times the filter."""
    images = to_nhwc(x, data_format)
    geometry = Geometry((filters.shape[0], filters.shape[1]), strides, padding, dilations)
    shape = (images.shape[0], *geometry.out(images.shape), filters.shape[3])
    if not images.size or not filters.size or not np.prod(shape):
        return from_nhwc(x.full(0, shape), data_format)
    return from_nhwc(_conv(images, filters, geometry), data_format)


@widened
def conv2d_backprop_input(
    filters: Ref,
    dy: Ref,
    *,
    input_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Ref:
    """Gradient to the images."""
    shape = nhwc_shape(input_shape, data_format)
    if not dy.size or not filters.size or not np.prod(shape):
        return dy.full(0, tuple(input_shape))
    geometry = Geometry((filters.shape[0], filters.shape[1]), strides, padding, dilations)
    gradient = to_nhwc(dy, data_format)
    if dy.dtype == F32:
        return from_nhwc(_kernel_transposed(gradient, filters, geometry, shape), data_format)
    flat = gradient.reshape((gradient.size // gradient.shape[3], gradient.shape[3]))
    rows, columns, depth, channels = filters.shape
    cells = filters.reshape((rows * columns, depth, channels))
    parts = (
        product(flat, _cell(cells, index).transpose((1, 0))).reshape((*gradient.shape[:3], depth))
        for index in range(rows * columns)
    )
    return from_nhwc(put_all(parts, shape, geometry), data_format)


def _kernel_transposed(dy: Ref, filters: Ref, geometry: Geometry, shape: Shape) -> Ref:
    """ONNX's `ConvTranspose`, whose result has the NHWC ``shape``."""
    rest = [
        shape[1 + axis]
        + sum(geometry.padding[axis])
        - geometry.reach(axis)
        - (dy.shape[1 + axis] - 1) * geometry.strides[axis]
        for axis in (0, 1)
    ]
    found = dy.writer.add(
        "ConvTranspose",
        [dy.transpose(TO_NCHW), filters.transpose((3, 2, 0, 1))],
        dy.dtype,
        (shape[0], shape[3], shape[1], shape[2]),
        strides=geometry.strides,
        dilations=geometry.dilations,
        output_padding=rest,
        pads=[side[end] for end in (0, 1) for side in geometry.padding],
    )
    return found.transpose(TO_NHWC)


@widened
def conv2d_backprop_filter(
    x: Ref,
    dy: Ref,
    *,
    filter_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Ref:
    """Gradient to the filter: all windows, transposed, times ``dy``."""
    shape = tuple(filter_shape)
    if not dy.size or not x.size or not np.prod(shape):
        return dy.full(0, shape)
    geometry = Geometry((shape[0], shape[1]), strides, padding, dilations)
    matrix = patches(to_nhwc(x, data_format), geometry)
    gradient = to_nhwc(dy, data_format).reshape((matrix.shape[0], shape[3]))
    return product(matrix.transpose((1, 0)), gradient).reshape(shape)


@widened
def depthwise_conv2d(
    x: Ref,
    filters: Ref,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Ref:
    """Each window of each channel times the filters of that channel."""
    images = to_nhwc(x, data_format)
    rows, columns, depth, multiplier = filters.shape
    geometry = Geometry((rows, columns), strides, padding, dilations)
    shape = (images.shape[0], *geometry.out(images.shape), depth * multiplier)
    if not images.size or not filters.size or not np.prod(shape):
        return from_nhwc(x.full(0, shape), data_format)
    if x.dtype == F32:
        weights = filters.transpose((2, 3, 0, 1)).reshape((depth * multiplier, 1, rows, columns))
        return from_nhwc(_kernel_conv(images, weights, geometry, shape, groups=depth), data_format)
    flat = filters.reshape((rows * columns, depth, multiplier))
    parts = (
        tap.reshape((*tap.shape, 1)) * _cell(flat, index)
        for index, tap in enumerate(taps(padded(images, padding), geometry))
    )
    total = functools.reduce(lambda a, b: a + b, parts)
    return from_nhwc(total.reshape(shape), data_format)


def _cell(flat: Ref, index: int) -> Ref:
    cell = cut(flat, (index, 0, 0), (1, *flat.shape[1:]))
    return cell.reshape(flat.shape[1:])


@widened
def depthwise_conv2d_backprop_input(
    filters: Ref,
    dy: Ref,
    *,
    input_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Ref:
    """Gradient to the images."""
    shape = nhwc_shape(input_shape, data_format)
    if not dy.size or not filters.size or not np.prod(shape):
        return dy.full(0, tuple(input_shape))
    rows, columns, depth, multiplier = filters.shape
    geometry = Geometry((rows, columns), strides, padding, dilations)
    gradient = to_nhwc(dy, data_format)
    gradient = gradient.reshape((*gradient.shape[:3], depth, multiplier))
    flat = filters.reshape((rows * columns, depth, multiplier))
    parts = (_summed(gradient * _cell(flat, at), (4,)) for at in range(rows * columns))
    return from_nhwc(put_all(parts, shape, geometry), data_format)


def _summed(x: Ref, axes: tuple[int, ...]) -> Ref:
    shape = tuple(dim for axis, dim in enumerate(x.shape) if axis not in axes)
    at = x.writer.constant(np.array(axes, np.int64))
    return x.writer.add("ReduceSum", [x, at], x.dtype, shape, keepdims=0)


@widened
def depthwise_conv2d_backprop_filter(
    x: Ref,
    dy: Ref,
    *,
    filter_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Ref:
    """Gradient to the filter."""
    shape = tuple(filter_shape)
    if not dy.size or not x.size or not np.prod(shape):
        return dy.full(0, shape)
    geometry = Geometry((shape[0], shape[1]), strides, padding, dilations)
    gradient = to_nhwc(dy, data_format)
    gradient = gradient.reshape((*gradient.shape[:3], shape[2], shape[3]))
    cells = [
        _summed(tap.reshape((*tap.shape, 1)) * gradient, (0, 1, 2)).reshape((1, *shape[2:]))
        for tap in taps(padded(to_nhwc(x, data_format), padding), geometry)
    ]
    return x.writer.concat(cells, 0).reshape(shape)
