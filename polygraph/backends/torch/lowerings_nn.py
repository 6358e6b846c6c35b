"""Lowerings of convolution, pooling, softmax and cross entropy.

Torch's images are NCHW. NHWC images are handed over as permuted views, which its kernels know as
"channels last"; filters stay in TF1's order and are views too.
"""

from __future__ import annotations

import functools
import math
from itertools import product
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from polygraph.backends.torch.lowerings_elementwise import wide
from polygraph.backends.torch.lowerings_reduction import lowest

if TYPE_CHECKING:
    from collections.abc import Iterator

    Tensor = torch.Tensor
    Shape = tuple[int, ...]
    Pair = tuple[int, int]
    Padding = tuple[Pair, Pair]

_aten = torch.ops.aten


def _nchw(x: Tensor, data_format: str) -> Tensor:
    return x.permute(0, 3, 1, 2) if data_format == "NHWC" else x


def _back(x: Tensor, data_format: str) -> Tensor:
    return x.permute(0, 2, 3, 1) if data_format == "NHWC" else x


def _nchw_shape(shape: Shape, data_format: str) -> Shape:
    return (shape[0], shape[3], *shape[1:3]) if data_format == "NHWC" else tuple(shape)


def _split(padding: Padding) -> tuple[list[int], Padding]:
    """Padding that the kernel can do itself (the same on both sides), and the rest."""
    (top, bottom), (left, right) = padding
    both = [min(top, bottom), min(left, right)]
    return both, ((top - both[0], bottom - both[0]), (left - both[1], right - both[1]))


def _padded(x: Tensor, padding: Padding, value: float = 0.0) -> Tensor:
    (top, bottom), (left, right) = padding
    if not any((top, bottom, left, right)):
        return x
    return functional.pad(x, (left, right, top, bottom), value=value)


def _cropped(x: Tensor, padding: Padding) -> Tensor:
    (top, bottom), (left, right) = padding
    return x[:, :, top : x.shape[2] - bottom, left : x.shape[3] - right]


def _grown(shape: Shape, padding: Padding) -> list[int]:
    return [*shape[:2], shape[2] + sum(padding[0]), shape[3] + sum(padding[1])]


def _out(size: int, window: int, stride: int, pads: Pair, dilation: int = 1) -> int:
    return max(0, (size + sum(pads) - (window - 1) * dilation - 1) // stride + 1)


def _out_sizes(
    shape: Shape, window: Shape, strides: Pair, padding: Padding, dilations: Pair = (1, 1)
) -> tuple[int, ...]:
    return tuple(
        _out(*one) for one in zip(shape[2:], window, strides, padding, dilations, strict=True)
    )


def _weights(filters: Tensor, groups: int) -> Tensor:
    """Filters as torch has them: ``[out, in / groups, rows, columns]``."""
    if groups == 1:
        return filters.permute(3, 2, 0, 1)
    rows, columns, channels, multiplier = filters.shape
    return filters.permute(2, 3, 0, 1).reshape(channels * multiplier, 1, rows, columns)


def _filters(weights: Tensor, shape: Shape, groups: int) -> Tensor:
    """The inverse of `_weights`."""
    if groups == 1:
        return weights.permute(2, 3, 1, 0)
    rows, columns, channels, multiplier = shape
    return weights.reshape(channels, multiplier, rows, columns).permute(2, 3, 0, 1)


def _convolve(
    x: Tensor, filters: Tensor, groups: int, strides: Pair, padding: Padding,
    dilations: Pair, data_format: str, bias: Tensor | None = None,
) -> Tensor:  # fmt: skip
    images, weights = _nchw(wide(x), data_format), _weights(wide(filters), groups)
    out = _out_sizes(images.shape, weights.shape[2:], strides, padding, dilations)
    if not (math.prod(out) and images.numel() and weights.numel()):
        result = images.new_zeros((len(images), weights.shape[0], *out))
        if bias is not None:
            result += bias[:, None, None]
    else:
        both, rest = _split(padding)
        images = _padded(images, rest)
        result = torch.conv2d(images, weights, bias, strides, both, dilations, groups)
    return _back(result, data_format).to(x.dtype)


def _convolve_back(
    dy: Tensor, x: Tensor, weights: Tensor, groups: int, strides: Pair, both: list[int],
    dilations: Pair, mask: list[bool],
) -> tuple[Tensor, ...]:  # fmt: skip
    transposed = False
    return _aten.convolution_backward.default(  # type: ignore[no-any-return]
        dy, x, weights, None, strides, both, dilations, transposed, [0, 0], groups, mask
    )


def _input_gradient(
    filters: Tensor, dy: Tensor, groups: int, input_shape: Shape, strides: Pair,
    padding: Padding, dilations: Pair, data_format: str,
) -> Tensor:  # fmt: skip
    gradient, shape = _nchw(wide(dy), data_format), _nchw_shape(input_shape, data_format)
    if not (gradient.numel() and filters.numel() and math.prod(shape)):
        return dy.new_zeros(input_shape)
    both, rest = _split(padding)
    like = gradient.new_empty(1).expand(_grown(shape, rest))
    weights = _weights(wide(filters), groups)
    mask = [True, False, False]
    images = _convolve_back(gradient, like, weights, groups, strides, both, dilations, mask)[0]
    return _back(_cropped(images, rest), data_format).to(dy.dtype)


def _filter_gradient(
    x: Tensor, dy: Tensor, groups: int, filter_shape: Shape, strides: Pair, padding: Padding,
    dilations: Pair, data_format: str,
) -> Tensor:  # fmt: skip
    images, gradient = _nchw(wide(x), data_format), _nchw(wide(dy), data_format)
    if not (gradient.numel() and images.numel() and math.prod(filter_shape)):
        return dy.new_zeros(filter_shape)
    both, rest = _split(padding)
    rows, columns, channels, multiplier = filter_shape
    depth = (multiplier, channels) if groups == 1 else (channels * multiplier, 1)
    like = images.new_empty(1).expand(*depth, rows, columns)
    mask = [False, True, False]
    weights = _convolve_back(
        gradient, _padded(images, rest), like, groups, strides, both, dilations, mask
    )[1]
    return _filters(weights, filter_shape, groups).to(dy.dtype)


def conv2d(
    x: Tensor, filters: Tensor, *, strides: Pair, padding: Padding, dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `convolution.conv2d`."""
    return _convolve(x, filters, 1, strides, padding, dilations, data_format)


def biased_conv2d(
    bias: Tensor, x: Tensor, filters: Tensor, *, strides: Pair, padding: Padding,
    dilations: Pair = (1, 1), data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """`conv2d` plus a bias for each channel, of the dtype that all have."""
    return _convolve(x, filters, 1, strides, padding, dilations, data_format, bias)


def conv2d_backprop_input(
    filters: Tensor, dy: Tensor, *, input_shape: Shape, strides: Pair, padding: Padding,
    dilations: Pair = (1, 1), data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `convolution.conv2d_backprop_input`."""
    return _input_gradient(filters, dy, 1, input_shape, strides, padding, dilations, data_format)


def conv2d_backprop_filter(
    x: Tensor, dy: Tensor, *, filter_shape: Shape, strides: Pair, padding: Padding,
    dilations: Pair = (1, 1), data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `convolution.conv2d_backprop_filter`."""
    return _filter_gradient(x, dy, 1, filter_shape, strides, padding, dilations, data_format)


def depthwise_conv2d(
    x: Tensor, filters: Tensor, *, strides: Pair, padding: Padding, dilations: Pair = (1, 1),
    data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `depthwise.depthwise_conv2d`."""
    return _convolve(x, filters, filters.shape[2], strides, padding, dilations, data_format)


def depthwise_conv2d_backprop_input(
    filters: Tensor, dy: Tensor, *, input_shape: Shape, strides: Pair, padding: Padding,
    dilations: Pair = (1, 1), data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `depthwise.depthwise_conv2d_backprop_input`."""
    groups = filters.shape[2]
    return _input_gradient(
        filters, dy, groups, input_shape, strides, padding, dilations, data_format
    )


def depthwise_conv2d_backprop_filter(
    x: Tensor, dy: Tensor, *, filter_shape: Shape, strides: Pair, padding: Padding,
    dilations: Pair = (1, 1), data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `depthwise.depthwise_conv2d_backprop_filter`."""
    groups = filter_shape[2]
    return _filter_gradient(x, dy, groups, filter_shape, strides, padding, dilations, data_format)


def _taps(x: Tensor, ksize: Pair, strides: Pair) -> Iterator[tuple[Any, Tensor]]:
    """Each tap of the windows over padded NCHW images, row by row, and where it lies."""
    rows, columns = _out_sizes(x.shape, ksize, strides, ((0, 0), (0, 0)))
    for row, column in product(range(ksize[0]), range(ksize[1])):
        yield (
            (row, column),
            x[
                :,
                :,
                row : row + (rows - 1) * strides[0] + 1 : strides[0],
                column : column + (columns - 1) * strides[1] + 1 : strides[1],
            ],
        )


def _plain(padding: Padding) -> bool:
    return not any(map(any, padding))


def max_pool(
    x: Tensor, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> Tensor:
    """See `pooling.max_pool`."""
    images = _padded(_nchw(x, data_format), padding, lowest(x.dtype))
    out = _out_sizes(images.shape, ksize, strides, ((0, 0), (0, 0)))
    if not (math.prod(out) and images.numel()):
        return _back(images.new_zeros((*images.shape[:2], *out)), data_format)
    if x.is_floating_point():
        return _back(functional.max_pool2d(images, ksize, strides), data_format)
    result = _greatest(images, ksize, strides)
    return _back(result.clone() if math.prod(ksize) == 1 else result, data_format)


def _greatest(images: Tensor, ksize: Pair, strides: Pair) -> Tensor:
    """The greatest cell of each window over images of any dtype; of windows of one, a view."""
    return functools.reduce(torch.maximum, (cells for _, cells in _taps(images, ksize, strides)))


def max_pool_grad(
    x: Tensor, _y: Tensor, dy: Tensor, *, ksize: Pair, strides: Pair, padding: Padding,
    data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `pooling.max_pool_grad`."""
    if not dy.numel():
        return torch.zeros_like(x)
    images = _padded(_nchw(wide(x), data_format), padding, lowest(wide(x).dtype))
    gradient = _nchw(wide(dy), data_format)
    if x.is_floating_point():
        result = _float_max_pool_grad(images, gradient, ksize, strides)
    else:
        result = _tapped_max_pool_grad(images, gradient, ksize, strides)
    return _back(_cropped(result, padding), data_format).to(x.dtype)


def max_pool_grad_of_bits(x: Tensor, y: Tensor, dy: Tensor, **attrs: Any) -> Tensor:
    """See `max_pool_grad`, of unsigned integers by their bits: in order, and sums wrap around."""
    turn = lowest(x.dtype)
    return max_pool_grad(x ^ turn, y ^ turn, dy, **attrs)


def _float_max_pool_grad(images: Tensor, gradient: Tensor, ksize: Pair, strides: Pair) -> Tensor:
    geometry: tuple[Any, ...] = (ksize, strides, [0, 0], [1, 1], False)
    places = _aten.max_pool2d_with_indices.default(images, *geometry)[1]
    return _aten.max_pool2d_with_indices_backward.default(  # type: ignore[no-any-return]
        gradient, images, *geometry, places
    )


def _tapped_max_pool_grad(images: Tensor, gradient: Tensor, ksize: Pair, strides: Pair) -> Tensor:
    greatest = _greatest(images, ksize, strides)
    free = torch.ones_like(greatest, dtype=torch.bool)
    result = torch.zeros_like(images)
    height, width = images.shape[2:]
    for (row, column), cells in _taps(images, ksize, strides):
        here = (cells == greatest) & free
        free = free & ~here
        spread = torch.where(here, gradient, 0)
        along = ((3, column, width, strides[1]), (2, row, height, strides[0]))
        for axis, first, size, stride in along:
            sizes = list(spread.shape)
            sizes[axis] = size
            last = first + (spread.shape[axis] - 1) * stride + 1
            spread = _aten.slice_backward(spread, sizes, axis, first, last, stride)
        result = result + spread
    return result


def _counts(
    x: Tensor, shape: Shape, ksize: Pair, strides: Pair, padding: Padding
) -> Tensor | float:
    """How many cells of each window are no padding."""
    if _plain(padding):
        return float(math.prod(ksize))
    ones = _padded(torch.ones((1, 1, *shape[2:]), dtype=x.dtype, device=x.device), padding)
    return functional.avg_pool2d(ones, ksize, strides, divisor_override=1)


def avg_pool(
    x: Tensor, *, ksize: Pair, strides: Pair, padding: Padding, data_format: str = "NHWC"
) -> Tensor:
    """See `pooling.avg_pool`."""
    whole = _nchw(wide(x), data_format)
    images = _padded(whole, padding)
    out = _out_sizes(images.shape, ksize, strides, ((0, 0), (0, 0)))
    if not (math.prod(out) and images.numel()):
        return _back(x.new_zeros((*images.shape[:2], *out)), data_format)
    sums = functional.avg_pool2d(images, ksize, strides, divisor_override=1)
    counts = _counts(images, whole.shape, ksize, strides, padding)
    return _back(sums / counts, data_format).to(x.dtype)


def avg_pool_grad(
    dy: Tensor, *, input_shape: Shape, ksize: Pair, strides: Pair, padding: Padding,
    data_format: str = "NHWC",
) -> Tensor:  # fmt: skip
    """See `pooling.avg_pool_grad`."""
    if not dy.numel():
        return dy.new_zeros(input_shape)
    gradient, shape = _nchw(wide(dy), data_format), _nchw_shape(input_shape, data_format)
    share = gradient / _counts(gradient, shape, ksize, strides, padding)
    like = gradient.new_empty(1).expand(_grown(shape, padding))
    flags = (False, True)
    spread = _aten.avg_pool2d_backward.default(share, like, ksize, strides, [0, 0], *flags, 1)
    return _back(_cropped(spread, padding), data_format).to(dy.dtype)


def softmax(x: Tensor, *, axis: int) -> Tensor:
    """See `cross_entropy.softmax`."""
    return torch.softmax(x, axis)


def log_softmax(x: Tensor, *, axis: int) -> Tensor:
    """See `cross_entropy.log_softmax`."""
    return torch.log_softmax(x, axis)


def softmax_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """See `cross_entropy.softmax_cross_entropy`."""
    scores, targets = torch.log_softmax(wide(logits), 1), wide(labels)
    loss = torch.sum(targets * -scores, 1)
    return loss.to(logits.dtype), (torch.exp(scores) - targets).to(logits.dtype)


def sparse_softmax_cross_entropy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """See `cross_entropy.sparse_softmax_cross_entropy`; labels out of range are clipped."""
    scores = torch.log_softmax(wide(logits), 1)
    column = labels.clamp(0, max(0, logits.shape[1] - 1)).to(torch.int64).unsqueeze(1)
    loss = -scores.gather(1, column).squeeze(1)
    gradient = torch.exp(scores).scatter_add(1, column, -torch.ones_like(scores[:, :1]))
    return loss.to(logits.dtype), gradient.to(logits.dtype)
