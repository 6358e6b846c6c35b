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
    if x.is_complex():
        return torch.where(x == 0, _power_of_zero(y), torch.pow(x, y))
    if x.is_floating_point():
        return torch.pow(x, y)
    return torch.pow(x, y.clamp(min=0))


def _power_of_zero(y: Tensor) -> Tensor:
    """0 to a complex power, of which torch's logarithm makes NaN always."""
    limit = torch.where(y.real > 0, 0.0, math.nan)
    return torch.where(y == 0, 1, torch.complex(limit, limit))


def sinh(x: Tensor) -> Tensor:
    """See `elementwise.sinh`."""
    return _without_early_overflow(torch.sinh(x), x) if x.dtype == torch.float32 else torch.sinh(x)


def cosh(x: Tensor) -> Tensor:
    """See `elementwise.cosh`."""
    if x.dtype != torch.float32:
        return torch.cosh(x)
    return _without_early_overflow(torch.cosh(x), x.abs())


_EARLY = 88.0
"""From a bit above on, torch's vectorised sinh and cosh of float32, SLEEF's, may be infinite."""


def _without_early_overflow(result: Tensor, x: Tensor) -> Tensor:
    """``result``, or half of exp(|x|), of the sign of ``x``, where ``x`` is large."""
    root = torch.exp(x.abs() / 2)
    return torch.where(x.abs() > _EARLY, torch.copysign(root * (root / 2), x), result)


def sign(x: Tensor) -> Tensor:
    """See `elementwise.sign`; torch's own gives 0 for NaN."""
    if x.is_complex():
        return torch.sgn(x)
    return torch.where(torch.isnan(x), x, torch.sign(x)) if x.is_floating_point() else x.sign()


def digamma(x: Tensor) -> Tensor:
    """See `elementwise.digamma`: NaN at 0 too."""
    pole = (x == 0) | (x == -math.inf)
    return torch.where(pole, torch.full_like(x, math.nan), torch.digamma(x))


def zeta(s: Tensor, q: Tensor) -> Tensor:
    """See `elementwise.zeta`: torch's is NaN where it should be zero, and infinite at all poles."""
    endless = torch.isposinf(s)
    gone = torch.isposinf(q) & (s > 1) | endless & (q > 1)
    pole = (q <= 0) & (q == torch.floor(q)) & (torch.fmod(s, 2) != 0) & (s != 1) & ~endless
    found = torch.special.zeta(s, q)
    found = torch.where(gone, torch.zeros_like(found), found)
    return torch.where(pole, torch.full_like(found, math.nan), found)


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
