"""Special functions that NumPy lacks, on real arrays: error, gamma and zeta functions.

They compute in float64 whatever the dtype of the argument, so that one rounding is left for the
caller. Sources: `math` for erf, erfc and lgamma; for digamma the recurrence, the reflection and the
asymptotic series of Abramowitz and Stegun, *Handbook of Mathematical Functions*, 6.3.5, 6.3.7
and 6.3.18; for zeta the Euler-Maclaurin formula (23.1.30 there); for the inverse of erf Newton's
method from Winitzki's approximation (2008).
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

# From here on that series is exact to the last bit of a float64.
_ASYMPTOTIC = 10.0

# The largest float64 whose log-gamma is finite.
_LGAMMA_LIMIT = 2.5563480e305

# The tail formula of the zeta function wants a `q` of this much more than `s`; past the second
# number the first term of the sum alone decides. The coefficients, B_2k / (2k)!, start with k 1.
_ZETA_TERMS = 12
_ZETA_MOST_TERMS = 100
_ZETA_SERIES = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160,
    -691 / 1307674368000, 1 / 74724249600, -3617 / 10670622842880000,
)  # fmt: skip


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
    pole = x <= 0.0 and (math.isinf(x) or x == math.floor(x))
    return math.inf if pole or x > _LGAMMA_LIMIT else math.lgamma(x)


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


def _zeta_of_large(s: Reals, q: Reals) -> Reals:
    tail = q ** (1.0 - s) / (s - 1.0) + 0.5 * q**-s
    term = s * q ** (-s - 1.0)
    for index, coefficient in enumerate(_ZETA_SERIES):
        tail = tail + coefficient * term
        step = s + 2.0 * index
        term = term * (step + 1.0) * (step + 2.0) / (q * q)
    return tail


def zeta(s: Reals, q: Reals) -> Reals:
    """The Hurwitz zeta function in float64: the sum of ``(q + k) ** -s`` over ``k >= 0``.

    Infinite for ``s`` 1, whatever ``q`` is, and, with an even or infinite ``s``, at the poles
    (``q`` 0, -1, ...); NaN for smaller ``s``, for other ``s`` at the poles, and for negative ``q``
    with a fractional ``s``. Below ``q`` -1000 the first terms are left out.
    """
    orders, q = np.broadcast_arrays(s.astype(np.float64), q.astype(np.float64))
    endless = np.isposinf(orders)
    s = np.where(endless, 2.0, orders)
    pole = (q <= 0.0) & (q == np.floor(q))
    far = np.clip(np.nan_to_num(s), 0.0, _ZETA_MOST_TERMS) + _ZETA_TERMS
    base = np.maximum(q, np.fmod(q, 1.0) - 1000.0)
    base = np.where(pole | ~np.isfinite(q), 1.0, base)
    total = np.zeros_like(base)
    for _ in range(int(np.ceil(np.max(far - base, initial=0.0)))):
        small = base < far
        total = np.where(small, total + base**-s, total)
        base = np.where(small, base + 1.0, base)
    result = total + _zeta_of_large(s, base)
    even, whole = np.fmod(s, 2.0) == 0.0, s == np.floor(s)
    undefined = (s < 1.0) | (pole & ~even) | ((q < 0.0) & ~whole) | np.isnan(s) | np.isnan(q)
    # Of an infinite order only the greatest term is left, its base to that power.
    greatest = np.where(q == 1.0, 1.0, np.where(q > 1.0, 0.0, np.inf))
    result = np.where(endless, greatest, np.where(pole, np.inf, result))
    result = np.where(undefined, np.nan, np.where(np.isposinf(q), 0.0, result))
    return np.where(s == 1.0, np.inf, result)


def erfinv(x: Reals) -> Reals:
    """The inverse of `erf` in float64; infinite at -1 and 1, NaN outside."""
    wide = x.astype(np.float64)
    inside = np.abs(wide) < 1.0
    y = np.where(inside, wide, 0.0)
    shape = 0.147
    log = np.log1p(-y * y)
    half = 2.0 / (np.pi * shape) + log / 2.0
    guess = np.sign(y) * np.sqrt(np.sqrt(half * half - log / shape) - half)
    for _ in range(3):
        # Near 1 the difference of the complements is exact where that of the values is not.
        far = np.sign(y) * ((1.0 - np.abs(y)) - erfc(np.abs(guess)))
        excess = np.where(np.abs(y) < 0.5, erf(guess) - y, far)  # noqa: PLR2004
        slope = 2.0 / np.sqrt(np.pi) * np.exp(-guess * guess)
        step = excess / slope
        guess = guess - step / (1.0 + guess * step)
    at_end = np.where(np.abs(wide) == 1.0, np.copysign(np.inf, wide), np.nan)
    return np.where(inside, guess, at_end)
