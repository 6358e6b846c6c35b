"""Batch normalization and local response normalization, with their gradients.

Statistics are kept in float32 where the images are floats of 16 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import FLOATING, float32, float64
from polygraph.core.ground.op import composite
from polygraph.ops.primitives.elementwise import (
    add,
    cast,
    divide,
    multiply,
    power,
    rsqrt,
    scalar,
    square,
    subtract,
)
from polygraph.ops.primitives.linalg import matmul
from polygraph.ops.primitives.reduction import reduce_mean, reduce_sum
from polygraph.ops.primitives.shaping import reshape

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

_WIDE = (float32, float64)
_NHWC: dict[str, object] = {"epsilon": 1e-3, "data_format": "NHWC"}
_NCHW: dict[str, object] = {"epsilon": 1e-3, "data_format": "NCHW"}


def _to(x: Array, dtype: np.dtype[Any]) -> Any:
    return x if x.dtype == dtype else cast(x, dtype=dtype)


def _along(vector: Array, data_format: str) -> Any:
    """A vector over channels, shaped to broadcast against images."""
    if data_format == "NHWC":
        return vector
    return reshape(vector, shape=(vector.shape[0], 1, 1))


def _axes(data_format: str) -> tuple[int, ...]:
    return (0, 1, 2) if data_format == "NHWC" else (0, 2, 3)


@composite(
    "T[n, x, y, z], U[c], U[c] -> T[n, x, y, z], U[c], U[c]",
    T=FLOATING,
    U=_WIDE,
    samples=(((2, 3, 2, 4), (4,), (4,), _NHWC), ((2, 4, 3, 2), (4,), (4,), _NCHW)),
)
def fused_batch_norm(
    x: Array, scale: Array, offset: Array, *, epsilon: float, data_format: str
) -> Any:
    """Images with each channel brought to mean ``offset`` and deviation ``scale``.

    Returns:
      The images, and mean and variance (divided by the count, not by one less) of each channel.
    """
    axes = _axes(data_format)
    images = _to(x, scale.dtype)
    mean = reduce_mean(images, axes=axes, keepdims=False)
    centred = subtract(images, _along(mean, data_format))
    variance = reduce_mean(square(centred), axes=axes, keepdims=False)
    factor = multiply(rsqrt(add(variance, scalar(epsilon, variance))), scale)
    y = add(multiply(centred, _along(factor, data_format)), _along(offset, data_format))
    return _to(y, x.dtype), mean, variance


@composite(
    "T[n, x, y, z], T[n, x, y, z], U[c], U[c], U[c] -> T[n, x, y, z], U[c], U[c]",
    T=FLOATING,
    U=_WIDE,
    samples=(
        ((2, 3, 2, 4), (2, 3, 2, 4), (4,), (4,), np.full(4, 0.5, np.float32), _NHWC),
        ((2, 4, 3, 2), (2, 4, 3, 2), (4,), (4,), np.full(4, 0.5, np.float32), _NCHW),
    ),
)
def fused_batch_norm_grad(
    dy: Array,
    x: Array,
    scale: Array,
    mean: Array,
    variance: Array,
    *,
    epsilon: float,
    data_format: str,
) -> Any:
    """Gradients of `fused_batch_norm` to images, scale and offset; mean and variance are its own.

    Source: S. Ioffe, C. Szegedy, "Batch Normalization" (2015), section 3.
    """
    axes = _axes(data_format)
    gradient = _to(dy, scale.dtype)
    centred = subtract(_to(x, scale.dtype), _along(mean, data_format))
    deviation = rsqrt(add(variance, scalar(epsilon, variance)))
    normal = multiply(centred, _along(deviation, data_format))
    dscale = reduce_sum(multiply(gradient, normal), axes=axes, keepdims=False)
    doffset = reduce_sum(gradient, axes=axes, keepdims=False)
    count = scalar(max(1, x.size // max(1, scale.shape[0])), scale)
    spread = multiply(normal, _along(divide(dscale, count), data_format))
    level = subtract(gradient, _along(divide(doffset, count), data_format))
    factor = _along(multiply(scale, deviation), data_format)
    return _to(multiply(factor, subtract(level, spread)), x.dtype), dscale, doffset


def _near(channels: int, depth_radius: int, dtype: np.dtype[Any]) -> Any:
    """``[c, c]``: 1 where two channels are at most ``depth_radius`` apart."""
    at = np.arange(channels)
    return (np.abs(at[:, None] - at) <= depth_radius).astype(dtype)


_LRN_ATTRS: dict[str, object] = {"depth_radius": 2, "bias": 1.5, "alpha": 0.5, "beta": 0.75}


def _lrn_norm(x: Array, depth_radius: int, bias: float, alpha: float) -> Any:
    squares = matmul(square(x), _near(x.shape[3], depth_radius, x.dtype))
    return add(multiply(squares, scalar(alpha, x)), scalar(bias, x))


@composite(
    "T[n, x, y, c] -> T[n, x, y, c]",
    T=FLOATING,
    samples=(((2, 3, 2, 6), _LRN_ATTRS), ((1, 1, 1, 1), _LRN_ATTRS), ((0, 2, 2, 3), _LRN_ATTRS)),
)
def lrn(x: Array, *, depth_radius: int, bias: float, alpha: float, beta: float) -> Any:
    """``x / (bias + alpha * s) ** beta``; ``s`` sums the squares of the channels around.

    Source: A. Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural
    Networks" (2012), section 3.3.
    """
    wide = _to(x, np.dtype(np.float32)) if x.dtype.itemsize < np.float32().itemsize else x
    norm = _lrn_norm(wide, depth_radius, bias, alpha)
    return _to(multiply(wide, power(norm, scalar(-beta, wide))), x.dtype)


@composite(
    "T[n, x, y, c], T[n, x, y, c], T[n, x, y, c] -> T[n, x, y, c]",
    T=FLOATING,
    samples=(((2, 3, 2, 6), (2, 3, 2, 6), (2, 3, 2, 6), _LRN_ATTRS),),
)
def lrn_grad(
    dy: Array, x: Array, y: Array, *, depth_radius: int, bias: float, alpha: float, beta: float
) -> Any:
    """Gradient of ``y = lrn(x)``."""
    narrow = x.dtype.itemsize < np.float32().itemsize
    wide = np.dtype(np.float32) if narrow else x.dtype
    dy, images, y = _to(dy, wide), _to(x, wide), _to(y, wide)
    norm = _lrn_norm(images, depth_radius, bias, alpha)
    shares = matmul(divide(multiply(dy, y), norm), _near(x.shape[3], depth_radius, wide))
    around = multiply(multiply(images, shares), scalar(-2.0 * alpha * beta, images))
    result = add(multiply(dy, power(norm, scalar(-beta, images))), around)
    return _to(result, x.dtype)
