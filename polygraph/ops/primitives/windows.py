"""Geometry that convolution and pooling share: padding, taps and windows of NHWC images.

A *tap* is one position within the window: ``tap(x, ...)[n, p, q]`` is the cell that the window at
``(p, q)`` has there.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.signature import TensorType

Array = np.ndarray[Any, Any]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]


def to_nhwc(x: Array, data_format: str) -> Array:
    """A view of ``x`` with channels last."""
    return x.transpose(0, 2, 3, 1) if data_format == "NCHW" else x


def from_nhwc(x: Array, data_format: str) -> Array:
    """The inverse of `to_nhwc`."""
    return x.transpose(0, 3, 1, 2) if data_format == "NCHW" else x


def nhwc_shape(shape: tuple[int, ...], data_format: str) -> tuple[int, ...]:
    """``shape`` as it is with channels last."""
    if data_format == "NCHW":
        return (shape[0], shape[2], shape[3], shape[1])
    return tuple(shape)


def from_nhwc_shape(shape: tuple[int, ...], data_format: str) -> tuple[int, ...]:
    """The inverse of `nhwc_shape`."""
    if data_format == "NCHW":
        return (shape[0], shape[3], shape[1], shape[2])
    return tuple(shape)


def out_size(size: int, window: int, stride: int, padding: Pair, dilation: int = 1) -> int:
    """How many windows fit along one axis.

    Raises:
      ShapeError: the window is larger than the padded axis.
    """
    reach = (window - 1) * dilation + 1
    room = size + sum(padding) - reach
    if room < -stride or window < 1:
        msg = (
            f"a window of {window} with dilation {dilation} does not fit an axis of {size} "
            f"padded by {padding[0]} and {padding[1]}"
        )
        raise ShapeError(msg)
    return max(0, room // stride + 1)


def wide(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """What sums of ``dtype`` are kept in: 32 bits for floats of 16."""
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype  # noqa: PLR2004


def padded(x: Array, padding: Padding, value: float = 0.0) -> Array:
    """``x`` with ``value`` around its rows and columns; itself where there is nothing to add."""
    if not any(map(any, padding)):
        return x
    count, height, width, channels = x.shape
    (top, bottom), (left, right) = padding
    shape = (count, height + top + bottom, width + left + right, channels)
    result = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
    result[:, top : top + height, left : left + width] = x
    return result


def cropped(x: Array, padding: Padding) -> Array:
    """``x`` without the rows and columns that `padded` added; a view."""
    (top, bottom), (left, right) = padding
    return x[:, top : x.shape[1] - bottom, left : x.shape[2] - right]


def tap(x: Array, at: Pair, out: Pair, strides: Pair, dilations: Pair = (1, 1)) -> Array:
    """What each of the ``out`` windows over the padded ``x`` has at position ``at``; a view."""
    row, column = at[0] * dilations[0], at[1] * dilations[1]
    return x[
        :,
        row : row + (out[0] - 1) * strides[0] + 1 : strides[0],
        column : column + (out[1] - 1) * strides[1] + 1 : strides[1],
    ]


def windows(x: Array, kernel: Pair, out: Pair, strides: Pair, dilations: Pair) -> Array:
    """All windows over the padded ``x``: a view of shape ``[n, *out, *kernel, c]``."""
    image, row, column, channel = x.strides
    return as_strided(
        x,
        (x.shape[0], *out, *kernel, x.shape[3]),
        (
            image,
            row * strides[0],
            column * strides[1],
            row * dilations[0],
            column * dilations[1],
            channel,
        ),
        writeable=False,
    )


class Geometry(NamedTuple):
    """How windows lie over images, for rows and columns."""

    strides: Pair
    padding: Padding
    dilations: Pair


def conv_out(shape: tuple[int, ...], kernel: Pair, geometry: Geometry) -> Pair:
    """Rows and columns of the result over images of the given NHWC shape."""
    rows, columns = (
        out_size(shape[1 + axis], kernel[axis], stride, pad, dilation)
        for axis, (stride, pad, dilation) in enumerate(zip(*geometry, strict=True))
    )
    return rows, columns


def conv_type(
    x: TensorType, f: TensorType, geometry: Geometry, data_format: str, channels: int
) -> TensorType:
    """Type of a convolution's result with so many channels.

    Raises:
      ShapeError: the filter takes another number of channels, or does not fit the images.
    """
    shape = nhwc_shape(x.shape, data_format)
    if shape[3] != f.shape[2]:
        msg = f"the images {x} have {shape[3]} channels but the filter {f} takes {f.shape[2]}"
        raise ShapeError(msg)
    rows, columns = conv_out(shape, (f.shape[0], f.shape[1]), geometry)
    result = (shape[0], rows, columns, channels)
    return TensorType(x.dtype, from_nhwc_shape(result, data_format))


def check_dy(expected: TensorType, dy: TensorType) -> None:
    """Raise ShapeError where ``dy`` has not the shape of the result that it is a gradient of."""
    if expected.shape != dy.shape:
        msg = f"the gradient of the result is {dy} but the result is {expected}"
        raise ShapeError(msg)
