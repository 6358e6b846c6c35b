"""Convolution, depthwise convolution and their gradients."""

from __future__ import annotations

import math

import tensorflow as tf

from polygraph_tensorflow.elementwise import numpy_dtype, raw
from polygraph_tensorflow.shaping import ints, reshape, zeros
from polygraph_tensorflow.windows import (
    Padding,
    Pair,
    Shape,
    cropped,
    from_nhwc,
    is_empty,
    nhwc,
    nhwc_shape,
    out_sizes,
    padded,
    padded_shape,
    padding_attrs,
    positions,
    quad,
    spread,
    tap,
    total,
)

_ONE: Pair = (1, 1)


def _conv2d(
    x: tf.Tensor, filters: tf.Tensor, strides: Pair, padding: Padding, dilations: Pair
) -> tf.Tensor:
    out = out_sizes(tuple(x.shape), tuple(filters.shape[:2]), strides, padding, dilations)
    shape = (x.shape[0], *out, filters.shape[3])
    if is_empty(shape, x.shape, filters.shape):
        return zeros(shape, numpy_dtype(x))
    reach = [(size - 1) * by + 1 for size, by in zip(filters.shape[:2], dilations, strict=True)]
    return raw.Conv2D(
        input=x,
        filter=filters,
        strides=quad(strides),
        dilations=quad(dilations),
        **padding_attrs(x.shape, reach, strides, padding),
    )


def conv2d(
    x: tf.Tensor,
    filters: tf.Tensor,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = _ONE,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Two-dimensional convolution."""
    images = nhwc(x, data_format)
    return from_nhwc(_conv2d(images, filters, strides, padding, dilations), data_format)


def _rows(x: tf.Tensor) -> tf.Tensor:
    """A matrix with a row for each cell of each image."""
    return reshape(x, shape=(math.prod(x.shape[:3]), x.shape[3]))


def _part(filters: tf.Tensor, at: Pair) -> tf.Tensor:
    """The filters' ``[in, out]`` at one position."""
    begin, size = ints([*at, 0, 0]), ints([1, 1, *filters.shape[2:]])
    part = raw.Slice(input=filters, begin=begin, size=size)
    return reshape(part, shape=filters.shape[2:])


def conv2d_backprop_input(
    filters: tf.Tensor,
    dy: tf.Tensor,
    *,
    input_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = _ONE,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Gradient of `conv2d` to its images."""
    gradient, shape = nhwc(dy, data_format), nhwc_shape(input_shape, data_format)
    if is_empty(shape, dy.shape, filters.shape):
        return zeros(input_shape, numpy_dtype(dy))
    if dilations == _ONE:
        result = raw.Conv2DBackpropInput(
            input_sizes=tf.constant(shape, tf.int32),
            filter=filters,
            out_backprop=gradient,
            strides=quad(strides),
            **padding_attrs(shape, filters.shape, strides, padding),
        )
        return from_nhwc(result, data_format)
    flat, whole = _rows(gradient), padded_shape(shape, padding)
    parts = []
    for at in positions(tuple(filters.shape[:2])):
        product = raw.MatMul(a=flat, b=_part(filters, at), transpose_b=True)
        cells = reshape(product, shape=(*gradient.shape[:3], shape[3]))
        parts.append(spread(cells, whole, at, strides, dilations))
    return from_nhwc(cropped(total(parts), padding), data_format)


def conv2d_backprop_filter(
    x: tf.Tensor,
    dy: tf.Tensor,
    *,
    filter_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = _ONE,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Gradient of `conv2d` to its filter."""
    if is_empty(filter_shape, dy.shape, x.shape):
        return zeros(filter_shape, numpy_dtype(dy))
    images, gradient = nhwc(x, data_format), nhwc(dy, data_format)
    if dilations == _ONE:
        return raw.Conv2DBackpropFilter(
            input=images,
            filter_sizes=tf.constant(filter_shape, tf.int32),
            out_backprop=gradient,
            strides=quad(strides),
            **padding_attrs(images.shape, filter_shape, strides, padding),
        )
    images, flat, out = padded(images, padding), _rows(gradient), tuple(gradient.shape[1:3])
    parts = [
        raw.MatMul(a=_rows(tap(images, at, out, strides, dilations)), b=flat, transpose_a=True)
        for at in positions(filter_shape[:2])
    ]
    return reshape(raw.Pack(values=parts), shape=filter_shape)


def _plain(strides: Pair, dilations: Pair) -> bool:
    """Whether TensorFlow has a depthwise kernel for the processor."""
    return dilations == _ONE and strides[0] == strides[1]


def depthwise_conv2d(
    x: tf.Tensor,
    filters: tf.Tensor,
    *,
    strides: Pair,
    padding: Padding,
    dilations: Pair = _ONE,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Each channel with its own filters."""
    images, kernel = nhwc(x, data_format), tuple(filters.shape[:2])
    out = out_sizes(tuple(images.shape), kernel, strides, padding, dilations)
    shape = (images.shape[0], *out, math.prod(filters.shape[2:]))
    if is_empty(shape, x.shape, filters.shape):
        return from_nhwc(zeros(shape, numpy_dtype(x)), data_format)
    if _plain(strides, dilations):
        attrs = {"strides": quad(strides), **padding_attrs(images.shape, kernel, strides, padding)}
        result = raw.DepthwiseConv2dNative(input=images, filter=filters, **attrs)
        return from_nhwc(result, data_format)
    images, parts = padded(images, padding), []
    for at in positions(kernel):
        cells = tap(images, at, out, strides, dilations)
        column = reshape(cells, shape=(*cells.shape, 1))
        parts.append(raw.Mul(x=column, y=_part(filters, at)))
    return from_nhwc(reshape(total(parts), shape=shape), data_format)


def _by_channel(dy: tf.Tensor, channels: int) -> tf.Tensor:
    """``[n, rows, columns, channels, multiplier]``."""
    *outer, depth = dy.shape
    return reshape(dy, shape=(*outer, channels, depth // channels))


def _sum(x: tf.Tensor, *axes: int) -> tf.Tensor:
    return raw.Sum(input=x, axis=ints(axes))


def depthwise_conv2d_backprop_input(
    filters: tf.Tensor,
    dy: tf.Tensor,
    *,
    input_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = _ONE,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Gradient of `depthwise_conv2d` to its images.

    TensorFlow's kernel for float64 multiplies the filter with zeros around the gradient, so that
    one infinite weight makes NaN of all borders: there it goes tap by tap.
    """
    gradient, shape = nhwc(dy, data_format), nhwc_shape(input_shape, data_format)
    if is_empty(shape, dy.shape, filters.shape):
        return zeros(input_shape, numpy_dtype(dy))
    if _plain(strides, dilations) and dy.dtype != tf.float64:
        result = raw.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.constant(shape, tf.int32),
            filter=filters,
            out_backprop=gradient,
            strides=quad(strides),
            **padding_attrs(shape, filters.shape, strides, padding),
        )
        return from_nhwc(result, data_format)
    wide, whole = _by_channel(gradient, shape[3]), padded_shape(shape, padding)
    parts = [
        spread(_sum(raw.Mul(x=wide, y=_part(filters, at)), 4), whole, at, strides, dilations)
        for at in positions(tuple(filters.shape[:2]))
    ]
    return from_nhwc(cropped(total(parts), padding), data_format)


def depthwise_conv2d_backprop_filter(
    x: tf.Tensor,
    dy: tf.Tensor,
    *,
    filter_shape: Shape,
    strides: Pair,
    padding: Padding,
    dilations: Pair = _ONE,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """Gradient of `depthwise_conv2d` to its filter."""
    if is_empty(filter_shape, dy.shape, x.shape):
        return zeros(filter_shape, numpy_dtype(dy))
    images, gradient = nhwc(x, data_format), nhwc(dy, data_format)
    if _plain(strides, dilations):
        return raw.DepthwiseConv2dNativeBackpropFilter(
            input=images,
            filter_sizes=tf.constant(filter_shape, tf.int32),
            out_backprop=gradient,
            strides=quad(strides),
            **padding_attrs(images.shape, filter_shape, strides, padding),
        )
    wide, out = _by_channel(gradient, filter_shape[2]), tuple(gradient.shape[1:3])
    images, parts = padded(images, padding), []
    for at in positions(filter_shape[:2]):
        cells = tap(images, at, out, strides, dilations)
        column = reshape(cells, shape=(*cells.shape, 1))
        parts.append(_sum(raw.Mul(x=column, y=wide), 0, 1, 2))
    return reshape(raw.Pack(values=parts), shape=filter_shape)
