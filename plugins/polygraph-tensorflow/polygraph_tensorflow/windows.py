"""Geometry that convolution and pooling share.

A *tap* is one position within the window. What TensorFlow's nodes cannot do (dilated gradients,
unequal strides of depthwise filters, means over unusual paddings) goes tap by tap.
"""

from __future__ import annotations

import functools
import math
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from polygraph_tensorflow.elementwise import numpy_dtype, raw
from polygraph_tensorflow.shaping import pad, strided_slice, strided_slice_grad, transpose

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
Shape = tuple[int, ...]


def nhwc(x: tf.Tensor, data_format: str) -> tf.Tensor:
    """``x`` with channels last: TensorFlow's nodes for the processor want them there."""
    return transpose(x, perm=(0, 2, 3, 1)) if data_format == "NCHW" else x


def from_nhwc(x: tf.Tensor, data_format: str) -> tf.Tensor:
    """The inverse of `nhwc`."""
    return transpose(x, perm=(0, 3, 1, 2)) if data_format == "NCHW" else x


def nhwc_shape(shape: Sequence[int], data_format: str) -> Shape:
    """``shape`` as it is with channels last."""
    if data_format == "NCHW":
        return (shape[0], shape[2], shape[3], shape[1])
    return tuple(shape)


def quad(pair: Pair) -> list[int]:
    """A pair for rows and columns as TensorFlow's nodes take it."""
    return [1, *pair, 1]


def named(shape: Shape, kernel: Pair, strides: Pair, padding: Padding) -> str | None:
    """TensorFlow's name of a padding of images of an NHWC shape; None where it has none."""
    if not any(map(any, padding)):
        return "VALID"
    for size, window, stride, given in zip(shape[1:3], kernel, strides, padding, strict=True):
        total = max((-(-size // stride) - 1) * stride + window - size, 0)
        if given != (total // 2, total - total // 2):
            return None
    return "SAME"


def padding_attrs(
    shape: Sequence[int], kernel: Sequence[int], strides: Pair, padding: Padding
) -> dict[str, Any]:
    """The attributes that say a padding of images of an NHWC shape.

    By name where there is one: the gradients' kernels take half the time then.
    """
    name = named(tuple(shape), (kernel[0], kernel[1]), strides, padding)
    if name is not None:
        return {"padding": name}
    widths = [0, 0, *padding[0], *padding[1], 0, 0]
    return {"padding": "EXPLICIT", "explicit_paddings": widths}


def out_sizes(
    shape: Shape, kernel: Pair, strides: Pair, padding: Padding, dilations: Pair = (1, 1)
) -> Pair:
    """How many windows fit along rows and columns of images of an NHWC shape."""
    rows, columns = (
        max(0, (size + sum(ends) - (window - 1) * dilation - 1) // stride + 1)
        for size, window, stride, ends, dilation in zip(
            shape[1:3], kernel, strides, padding, dilations, strict=True
        )
    )
    return rows, columns


def padded(x: tf.Tensor, padding: Padding, value: float = 0) -> tf.Tensor:
    """NHWC images with ``value`` around their rows and columns."""
    (top, bottom), (left, right) = padding
    filler = tf.constant(np.asarray(value).astype(numpy_dtype(x)))
    return pad(x, filler, low=(0, top, left, 0), high=(0, bottom, right, 0))


def padded_shape(shape: Shape, padding: Padding) -> Shape:
    """The shape of `padded`."""
    return (shape[0], shape[1] + sum(padding[0]), shape[2] + sum(padding[1]), shape[3])


def cropped(x: tf.Tensor, padding: Padding) -> tf.Tensor:
    """The inverse of `padded`."""
    if not any(map(any, padding)):
        return x
    (top, bottom), (left, right) = padding
    count, height, width, channels = x.shape
    return strided_slice(
        x,
        begin=(0, top, left, 0),
        end=(count, height - bottom, width - right, channels),
        strides=(1, 1, 1, 1),
    )


def positions(kernel: Shape) -> Iterator[Pair]:
    """The taps of a window of two axes, row by row."""
    return product(range(kernel[0]), range(kernel[1]))


def _place(
    shape: Shape, at: Pair, out: Pair, strides: Pair, dilations: Pair
) -> dict[str, tuple[int, ...]]:
    row, column = at[0] * dilations[0], at[1] * dilations[1]
    last = row + (out[0] - 1) * strides[0] + 1, column + (out[1] - 1) * strides[1] + 1
    return {
        "begin": (0, row, column, 0),
        "end": (shape[0], *last, shape[3]),
        "strides": (1, *strides, 1),
    }


def tap(x: tf.Tensor, at: Pair, out: Pair, strides: Pair, dilations: Pair = (1, 1)) -> tf.Tensor:
    """What each of ``out`` windows over the padded ``x`` has at one position."""
    return strided_slice(x, **_place(tuple(x.shape), at, out, strides, dilations))


def spread(
    cells: tf.Tensor, shape: Shape, at: Pair, strides: Pair, dilations: Pair = (1, 1)
) -> tf.Tensor:
    """Zeros of the padded ``shape`` with ``cells`` where `tap` reads."""
    out = tuple(cells.shape[1:3])
    return strided_slice_grad(cells, shape=shape, **_place(shape, at, out, strides, dilations))


def total(tensors: Sequence[tf.Tensor]) -> tf.Tensor:
    """The sum of tensors of one type, in their order."""
    return functools.reduce(lambda x, y: raw.AddV2(x=x, y=y), tensors)


def is_empty(*shapes: Sequence[int]) -> bool:
    """Whether a tensor of one of the shapes has no element."""
    return not all(map(math.prod, shapes))


def counts(shape: Shape, kernel: Pair, strides: Pair, padding: Padding) -> np.ndarray[Any, Any]:
    """How many cells of each window lie in images of the NHWC shape: ``[rows, columns, 1]``."""
    out = out_sizes(shape, kernel, strides, padding)
    along = []
    for size, window, stride, (before, _), windows in zip(
        shape[1:3], kernel, strides, padding, out, strict=True
    ):
        starts = np.arange(windows) * stride - before
        along.append(np.minimum(starts + window, size) - np.maximum(starts, 0))
    result: np.ndarray[Any, Any] = np.multiply.outer(*along)[..., None]
    return result
