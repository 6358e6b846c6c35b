"""Maximum and mean over windows, and their gradients."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from polygraph_tensorflow import control
from polygraph_tensorflow.elementwise import maximum, numpy_dtype, raw, scalar
from polygraph_tensorflow.shaping import ints, zeros
from polygraph_tensorflow.windows import (
    Padding,
    Pair,
    Shape,
    counts,
    cropped,
    from_nhwc,
    is_empty,
    named,
    nhwc,
    nhwc_shape,
    out_sizes,
    padded,
    padded_shape,
    positions,
    quad,
    spread,
    tap,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def _lowest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else -np.inf


def _taps(x: tf.Tensor, ksize: Pair, strides: Pair) -> Iterator[tf.Tensor]:
    """Each tap of the windows over padded images."""
    out = out_sizes(tuple(x.shape), ksize, strides, ((0, 0), (0, 0)))
    return (tap(x, at, out, strides) for at in positions(ksize))


def _pool_attrs(shape: Shape, ksize: Pair, strides: Pair, padding: Padding) -> dict[str, Any]:
    """Attributes of a pooling node; without ``padding`` where TensorFlow has no name for it."""
    name = named(shape, ksize, strides, padding)
    return {"ksize": quad(ksize), "strides": quad(strides)} | ({"padding": name} if name else {})


def _as_signed(x: tf.Tensor) -> tf.Tensor:
    """``uint64`` as ``int64`` in the same order: TensorFlow pools no unsigned ones; its inverse."""
    other = tf.int64 if x.dtype == tf.uint64 else tf.uint64
    turned = raw.Bitcast(input=x, type=tf.uint64)
    turned = raw.BitwiseXor(x=turned, y=np.uint64(1 << 63))
    return raw.Bitcast(input=turned, type=other)


def max_pool(
    x: tf.Tensor, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> tf.Tensor:
    """The greatest cell of each window.

    TensorFlow's kernel passes over NaN and knows nothing below the lowest finite number, so
    images that are not finite go tap by tap.
    """
    images = nhwc(x, data_format)
    shape = (x.shape[0], *out_sizes(tuple(images.shape), ksize, strides, padding), images.shape[3])
    if is_empty(shape):
        return from_nhwc(zeros(shape, numpy_dtype(x)), data_format)

    def by_kernel(cells: tf.Tensor) -> list[tf.Tensor]:
        attrs = _pool_attrs(tuple(cells.shape), ksize, strides, padding)
        if "padding" not in attrs:
            cells = padded(cells, padding, _lowest(numpy_dtype(cells)))
        return [raw.MaxPool(input=cells, **({"padding": "VALID"} | attrs))]

    def by_taps(cells: tf.Tensor) -> list[tf.Tensor]:
        whole = padded(cells, padding, -np.inf)
        return [functools.reduce(maximum, _taps(whole, ksize, strides))]

    if x.dtype == tf.uint64:
        result = _as_signed(by_kernel(_as_signed(images))[0])
    elif numpy_dtype(x).kind in "iu":
        result = by_kernel(images)[0]
    else:
        finite = raw.All(input=raw.IsFinite(x=images), axis=ints(range(4)))
        result = control.cond(finite, images, then_block=by_kernel, else_block=by_taps)[0]
    return from_nhwc(result, data_format)


def max_pool_grad(
    x: tf.Tensor,
    y: tf.Tensor,
    dy: tf.Tensor,
    *,
    ksize: Pair,
    strides: Pair,
    padding: Padding,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """``dy`` to the first greatest cell of each window."""
    if is_empty(x.shape, dy.shape):
        return zeros(x.shape, numpy_dtype(x))
    images, greatest, gradient = (nhwc(part, data_format) for part in (x, y, dy))
    attrs = _pool_attrs(tuple(images.shape), ksize, strides, padding)
    around: Padding = ((0, 0), (0, 0)) if "padding" in attrs else padding
    result = raw.MaxPoolGrad(
        orig_input=padded(images, around, _lowest(numpy_dtype(x))),
        orig_output=greatest,
        grad=gradient,
        **({"padding": "VALID"} | attrs),
    )
    return from_nhwc(cropped(result, around), data_format)


def avg_pool(
    x: tf.Tensor, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> tf.Tensor:
    """The mean of each window's cells."""
    images = nhwc(x, data_format)
    out = out_sizes(tuple(images.shape), ksize, strides, padding)
    if is_empty(images.shape, out):
        return from_nhwc(zeros((x.shape[0], *out, images.shape[3]), numpy_dtype(x)), data_format)
    attrs = _pool_attrs(tuple(images.shape), ksize, strides, padding)
    if "padding" in attrs:
        return from_nhwc(raw.AvgPool(value=images, **attrs), data_format)
    sums = total(list(_taps(padded(images, padding), ksize, strides)))
    number = counts(tuple(images.shape), ksize, strides, padding)
    return from_nhwc(raw.RealDiv(x=sums, y=scalar(number, x)), data_format)


def avg_pool_grad(
    dy: tf.Tensor,
    *,
    input_shape: Shape,
    ksize: Pair,
    strides: Pair,
    padding: Padding,
    data_format: str = "NHWC",
) -> tf.Tensor:
    """``dy`` shared out among the cells of each window."""
    shape, gradient = nhwc_shape(input_shape, data_format), nhwc(dy, data_format)
    if is_empty(shape, dy.shape):
        return zeros(input_shape, numpy_dtype(dy))
    attrs = _pool_attrs(shape, ksize, strides, padding)
    if "padding" in attrs:
        sizes = tf.constant(shape, tf.int32)
        result = raw.AvgPoolGrad(orig_input_shape=sizes, grad=gradient, **attrs)
        return from_nhwc(result, data_format)
    number = scalar(counts(shape, ksize, strides, padding), dy)
    share, whole = raw.RealDiv(x=gradient, y=number), padded_shape(shape, padding)
    parts = [spread(share, whole, at, strides) for at in positions(ksize)]
    return from_nhwc(cropped(total(parts), padding), data_format)
