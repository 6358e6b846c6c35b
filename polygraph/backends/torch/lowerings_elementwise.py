"""Lowerings of the element by element primitives that torch has no single function for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

from polygraph.backends.torch.arrays import TORCH_DTYPES

if TYPE_CHECKING:
    import numpy as np

    Tensor = torch.Tensor

_HALF = (torch.float16, torch.bfloat16)


def wide(x: Tensor) -> Tensor:
    """16-bit floats as float32, everything else as it is."""
    return x.float() if x.dtype in _HALF else x


def in_float32(function: Any) -> Any:
    """``function`` with 16-bit floats computed in float32 and rounded once."""

    def lowering(*xs: Tensor, **attrs: Any) -> Tensor:
        dtype = xs[0].dtype
        if dtype not in _HALF:
            return function(*xs, **attrs)  # type: ignore[no-any-return]
        return function(*(x.float() for x in xs), **attrs).to(dtype)  # type: ignore[no-any-return]

    return lowering


def power(x: Tensor, y: Tensor) -> Tensor:
    """See `elementwise.power`."""
    if x.is_floating_point() or x.is_complex():
        return torch.pow(x, y)
    return torch.pow(x, y.clamp(min=0))


def sign(x: Tensor) -> Tensor:
    """See `elementwise.sign`; torch's own gives 0 for NaN."""
    if x.is_complex():
        return torch.sgn(x)
    return torch.where(torch.isnan(x), x, torch.sign(x)) if x.is_floating_point() else x.sign()


def digamma(x: Tensor) -> Tensor:
    """See `elementwise.digamma`: NaN at 0 too."""
    pole = (x == 0) | (x == -math.inf)
    return torch.where(pole, torch.full_like(x, math.nan), torch.digamma(x))


def cast(x: Tensor, *, dtype: np.dtype[Any]) -> Tensor:
    """See `elementwise.cast`."""
    if x.is_complex() and dtype.kind != "c":
        x = x.real
    return x.to(TORCH_DTYPES[dtype])


def bitcast(x: Tensor, *, dtype: np.dtype[Any]) -> Tensor:
    """See `elementwise.bitcast`."""
    target, size = TORCH_DTYPES[dtype], x.dtype.itemsize
    if size == dtype.itemsize:
        return x.contiguous().view(target)
    if size > dtype.itemsize:
        return x.contiguous().unsqueeze(-1).view(target)
    return x.contiguous().view(target).squeeze(-1)


def imag(x: Tensor) -> Tensor:
    """See `elementwise.imag`."""
    return x.imag


def real(x: Tensor) -> Tensor:
    """See `elementwise.real`."""
    return x.real


def softplus(x: Tensor) -> Tensor:
    """See `elementwise.softplus`: ``log(exp(x) + exp(0))``."""
    return torch.logaddexp(x, torch.zeros((), dtype=x.dtype, device=x.device))


def relu6(x: Tensor) -> Tensor:
    """See `elementwise.relu6`."""
    return torch.clamp(x, 0, 6)


def leaky_relu(x: Tensor, *, alpha: float) -> Tensor:
    """See `elementwise.leaky_relu`."""
    return torch.nn.functional.leaky_relu(x, alpha)


def square(x: Tensor) -> Tensor:
    """See `elementwise.square`."""
    return torch.mul(x, x)
