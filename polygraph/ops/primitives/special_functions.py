"""Special functions that NumPy lacks, on real arrays: erf, erfc, log-gamma and digamma.

They compute in float64 whatever the dtype of the argument, so that one rounding is left for the
caller. Sources: `math` for erf, erfc and lgamma; for digamma the recurrence, the reflection and the
asymptotic series of Abramowitz and Stegun, *Handbook of Mathematical Functions*, 6.3.5, 6.3.7
and 6.3.18.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Reals = np.ndarray[Any, Any]

# Coefficients B_2k / 2k of the asymptotic series, from k = 1.
_DIGAMMA_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)

# From here on the series above is exact to the last bit of a float64.
_ASYMPTOTIC = 10.0


def _each(function: Callable[[float], float], x: Reals) -> Reals:
    flat = [function(item) for item in x.astype(np.float64).reshape(-1).tolist()]
    return np.asarray(flat, np.float64).reshape(x.shape)


def erf(x: Reals) -> Reals:
    """The error function in float64."""
    return _each(math.erf, x)


def erfc(x: Reals) -> Reals:
    """One minus the error function in float64, without cancellation."""
    return _each(math.erfc, x)


def _lgamma(x: float) -> float:
    if x <= 0.0 and (math.isinf(x) or x == math.floor(x)):
        return math.inf
    return math.lgamma(x)


def lgamma(x: Reals) -> Reals:
    """The logarithm of the absolute value of the gamma function in float64; inf at the poles."""
    return _each(_lgamma, x)


def _digamma_of_positive(x: Reals) -> Reals:
    shift = np.zeros_like(x)
    for _ in range(int(_ASYMPTOTIC)):
        small = x < _ASYMPTOTIC
        shift = np.where(small, shift - 1.0 / np.where(small, x, 1.0), shift)
        x = np.where(small, x + 1.0, x)
    inverse_square = 1.0 / (x * x)
    series = np.zeros_like(x)
    for coefficient in reversed(_DIGAMMA_SERIES):
        series = (series + coefficient) * inverse_square
    return np.log(x) - 0.5 / x - series + shift


def digamma(x: Reals) -> Reals:
    """The logarithmic derivative of the gamma function in float64; NaN at the poles."""
    wide = x.astype(np.float64)
    negative = wide <= 0.0
    pole = negative & ((wide == np.floor(wide)) | np.isinf(wide))
    positive = _digamma_of_positive(np.where(negative, 1.0 - wide, wide))
    fraction = wide - np.round(wide)
    reflected = positive - np.pi / np.tan(np.pi * np.where(pole, 0.5, fraction))
    result = np.where(pole, np.nan, np.where(negative, reflected, positive))
    return np.where(np.isposinf(wide), np.inf, result)
