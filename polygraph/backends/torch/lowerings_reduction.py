"""Lowerings of reductions and scans. Torch reduces everything where no axis is given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from polygraph.backends.torch.arrays import TORCH_DTYPES
from polygraph.backends.torch.lowerings_elementwise import wide

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    Tensor = torch.Tensor
    Axes = tuple[int, ...]


def reduce_sum(x: Tensor, *, axes: Axes, keepdims: bool) -> Tensor:
    """See `reduction.reduce_sum`."""
    return torch.sum(x, axes, keepdims, dtype=x.dtype) if axes else x


def reduce_prod(x: Tensor, *, axes: Axes, keepdims: bool) -> Tensor:
    """See `reduction.reduce_prod`; torch multiplies along one axis at a time."""
    product = wide(x)
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        product = torch.prod(product, axis, keepdims, dtype=product.dtype)
    return product.to(x.dtype)


def lowest(dtype: torch.dtype) -> float:
    """The identity of the maximum."""
    return -math.inf if dtype.is_floating_point else torch.iinfo(dtype).min


def highest(dtype: torch.dtype) -> float:
    """The identity of the minimum."""
    return math.inf if dtype.is_floating_point else torch.iinfo(dtype).max


def _extreme(
    x: Tensor, axes: Axes, keepdims: bool, function: Callable[..., Tensor], start: float
) -> Tensor:
    if not axes:
        return x
    if x.numel():
        return function(x, axes, keepdims)
    gone = {axis % x.ndim for axis in axes}
    kept = [1 if axis in gone else dim for axis, dim in enumerate(x.shape)]
    shape = kept if keepdims else [dim for axis, dim in enumerate(x.shape) if axis not in gone]
    return torch.full(shape, start, dtype=x.dtype, device=x.device)


def reduce_max(x: Tensor, *, axes: Axes, keepdims: bool) -> Tensor:
    """See `reduction.reduce_max`."""
    return _extreme(x, axes, keepdims, torch.amax, lowest(x.dtype))


def reduce_min(x: Tensor, *, axes: Axes, keepdims: bool) -> Tensor:
    """See `reduction.reduce_min`."""
    return _extreme(x, axes, keepdims, torch.amin, highest(x.dtype))


def reduce_all(x: Tensor, *, axes: Axes, keepdims: bool) -> Tensor:
    """See `reduction.reduce_all`."""
    return torch.all(x, axes, keepdims) if axes else x


def reduce_any(x: Tensor, *, axes: Axes, keepdims: bool) -> Tensor:
    """See `reduction.reduce_any`."""
    return torch.any(x, axes, keepdims) if axes else x


def _position(
    x: Tensor, axis: int, dtype: np.dtype[Any], function: Callable[..., Tensor]
) -> Tensor:
    target = TORCH_DTYPES[dtype]
    if not x.numel():
        shape = list(x.shape)
        del shape[axis]
        return torch.zeros(shape, dtype=target, device=x.device)
    return function(x.to(torch.uint8) if x.dtype == torch.bool else x, axis).to(target)


def argmax(x: Tensor, *, axis: int, dtype: np.dtype[Any]) -> Tensor:
    """See `reduction.argmax`."""
    return _position(x, axis, dtype, torch.argmax)


def argmin(x: Tensor, *, axis: int, dtype: np.dtype[Any]) -> Tensor:
    """See `reduction.argmin`."""
    return _position(x, axis, dtype, torch.argmin)


def _scan(
    x: Tensor, start: int, function: Callable[..., Tensor], axis: int, *, exclusive: bool
) -> Tensor:
    if not exclusive or not x.numel():
        return function(x, axis, dtype=x.dtype)
    first = torch.full_like(x.narrow(axis, 0, 1), start)
    return torch.cat([first, function(x, axis, dtype=x.dtype).narrow(axis, 0, x.shape[axis] - 1)],
                     axis)  # fmt: skip


def _either_way(
    x: Tensor, start: int, function: Callable[..., Tensor], axis: int, *, exclusive: bool,
    reverse: bool,
) -> Tensor:  # fmt: skip
    sums = wide(x)
    if reverse:
        sums = _scan(sums.flip(axis), start, function, axis, exclusive=exclusive).flip(axis)
    else:
        sums = _scan(sums, start, function, axis, exclusive=exclusive)
    return sums.to(x.dtype)


def cumsum(x: Tensor, *, axis: int, exclusive: bool, reverse: bool) -> Tensor:
    """See `reduction.cumsum`."""
    return _either_way(x, 0, torch.cumsum, axis, exclusive=exclusive, reverse=reverse)


def cumprod(x: Tensor, *, axis: int, exclusive: bool, reverse: bool) -> Tensor:
    """See `reduction.cumprod`."""
    return _either_way(x, 1, torch.cumprod, axis, exclusive=exclusive, reverse=reverse)


def matmul(a: Tensor, b: Tensor, *, transpose_a: bool = False, transpose_b: bool = False) -> Tensor:
    """See `linalg.matmul`."""
    return torch.matmul(a.mT if transpose_a else a, b.mT if transpose_b else b)


def qr(x: Tensor) -> tuple[Tensor, Tensor]:
    """See `decompositions.qr`."""
    q, r = torch.linalg.qr(x)
    return q, r
