"""The error, gamma and zeta functions of float64, from operators for powers and logarithms.

Sources: for erf its Taylor series; for erfc F. Matta and A. Reichel, "Uniform computation of the
error function and other related functions" (1971); for the others the formulas of Abramowitz
and Stegun, *Handbook of Mathematical Functions*: 6.1.17, 6.1.33, 6.1.41, 6.3.5, 6.3.7, 6.3.18,
23.1.30. The inverse of erf is Newton's method from S. Winitzki's approximation (2008).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from polygraph_onnxruntime.elementwise import any_of
from polygraph_onnxruntime.functions import is_negative, log1p, with_sign
from polygraph_onnxruntime.kernels import F32, F64

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph_onnxruntime.writer import Ref

_TAYLOR = tuple(
    2 / math.sqrt(math.pi) * (-1) ** n / (math.factorial(n) * (2 * n + 1)) for n in range(16)
)
_NEAR = 0.65
"""Up to here the Taylor series of erf is exact to the last bit."""

_STEP = 0.5
_POINTS = 13
"""Of the trapezoidal rule for erfc, whose error is ``exp(-(pi / step) ** 2)``."""

_GAMMA_SERIES = (
    1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400,
    43867 / 244188, -174611 / 125400,
)  # fmt: skip
_DIGAMMA_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)
_ZETA_SERIES = (
    1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160,
    -691 / 1307674368000, 1 / 74724249600, -3617 / 10670622842880000,
)  # fmt: skip
_ASYMPTOTIC = 10
_TINY = 1e-30
"""Below it ``gamma(x)`` is ``1 / x``."""

_STIRLING = 8
_HUGE = 1e17
"""From here on Stirling's series has no terms that count."""

_LGAMMA_LIMIT = 2.5563480e305
_ZETA_TERMS = 12
_ZETA_MOST_TERMS = 100


def polynomial(x: Ref, coefficients: Sequence[float]) -> Ref:
    """The polynomial with these coefficients, the constant one first, by Horner's rule."""
    *rest, last = coefficients
    result = x.constant(last)
    for coefficient in reversed(rest):
        result = result * x + coefficient
    return result


def _power_of_square(x: Ref) -> Ref:
    """``exp(-x * x)`` without the rounding of the square, which the power would magnify."""
    high = x.cast(F32).cast(F64)
    return (-(high * high)).exp() * ((high - x) * (high + x)).exp()


def _erfc_of_large(x: Ref) -> Ref:
    """The complement from `_NEAR` on."""
    square = x * x
    total = 1 / (square * 2)
    for point in range(1, _POINTS):
        node = (point * _STEP) ** 2
        total = total + math.exp(-node) / (square + node)
    pole = 2 / (1 - (x * (2 * math.pi / _STEP)).exp())
    correction = (x < math.pi / _STEP).where(pole, 0.0)
    return _power_of_square(x) * (x * (2 * _STEP / math.pi)) * total + correction


def erf(x: Ref) -> Ref:
    """The error function."""
    size = abs(x)
    near = size <= _NEAR
    small = near.where(x, 0.0)
    series = small * polynomial(small * small, _TAYLOR)
    far = 1 - _erfc_of_large(_between(size, _NEAR, 6.5))
    return x.is_nan().where(x, near.where(series, with_sign(far, x)))


def erfc(x: Ref) -> Ref:
    """One minus the error function, without cancellation."""
    size = abs(x)
    tail = _erfc_of_large(_between(size, _NEAR, 28.0))
    far = is_negative(x).where(2 - tail, tail)
    return x.is_nan().where(x, (size <= _NEAR).where(1 - erf(x), far))


def _between(x: Ref, low: float, high: float) -> Ref:
    return (x > low).where((x < high).where(x, high), low)


def _zeta_less_one(s: int) -> float:
    """``zeta(s) - 1``, by Euler's and Maclaurin's formula from 200 on."""
    n = 200.0
    tail = n ** (1 - s) / (s - 1) + 0.5 * n**-s + s * n ** (-s - 1) / 12
    tail -= s * (s + 1) * (s + 2) * n ** (-s - 3) / 720
    return math.fsum([tail, *(float(k) ** -s for k in range(2, int(n)))])


_LGAMMA_TAYLOR = (
    0.0,
    1 - float(np.euler_gamma),
    *((-1) ** k * _zeta_less_one(k) / k for k in range(2, 28)),
)
"""Of ``lgamma(2 + z)``, whose roots at 1 and 2 it gives to the last digits."""


def _lgamma_of_positive(x: Ref) -> Ref:
    """From 0.5 on: near 2 by Taylor's series, else by Stirling's or brought near 2."""
    low = x < 1.5  # noqa: PLR2004 - half way between the roots
    at, product = low.where(x + 1, x), low.where(x, 1.0)
    for _ in range(_STIRLING - 2):
        high = (at > 2.5) & (x < _STIRLING)  # noqa: PLR2004 - half a step above 2
        at = high.where(at - 1, at)
        product = high.where(product * at, product)
    logarithm = low.where(-product.log(), product.log())
    near = polynomial((x < _STIRLING).where(at - 2, 0.0), _LGAMMA_TAYLOR) + logarithm
    large = (x < _STIRLING).where(float(_STIRLING), x)
    inverse = 1 / large
    series = polynomial(inverse * inverse, _GAMMA_SERIES) * inverse
    stirling = (large - 0.5) * (large.log() - 1) + (series + (math.log(2 * math.pi) - 1) / 2)
    huge = x * (x.log() - 1)
    return (x < _STIRLING).where(near, (x > _HUGE).where(huge, stirling))


def _fraction(x: Ref) -> Ref:
    return x - x.unary("Round")


def lgamma(x: Ref) -> Ref:
    """The logarithm of the absolute value of the gamma function."""
    reflected = x < 0.5  # noqa: PLR2004 - where the reflection meets itself
    positive = _lgamma_of_positive(reflected.where(1 - x, x))
    sine = abs((_fraction(x) * math.pi).unary("Sin"))
    mirrored = math.log(math.pi) - sine.log() - positive
    mirrored = (abs(x) < _TINY).where(-abs(x).log(), mirrored)
    pole = (x <= 0.0) & (x.equals(x.floor()) | x.is_inf())
    infinite = pole | (x > _LGAMMA_LIMIT)
    return infinite.where(np.inf, reflected.where(mirrored, positive))


def digamma(x: Ref) -> Ref:
    """The derivative of `lgamma`."""
    negative = x <= 0.0
    at, shift = negative.where(1 - x, x), x.full(0.0)
    for _ in range(_ASYMPTOTIC):
        small = at < _ASYMPTOTIC
        shift = small.where(shift - 1 / at, shift)
        at = small.where(at + 1, at)
    inverse = 1 / (at * at)
    series = polynomial(inverse, (0.0, *_DIGAMMA_SERIES))
    positive = at.log() - 0.5 / at - series + shift
    angle = _fraction(x) * math.pi
    reflected = positive - angle.unary("Cos") * math.pi / angle.unary("Sin")
    pole = negative & (x.equals(x.floor()) | x.is_inf())
    result = pole.where(np.nan, negative.where(reflected, positive))
    return (x.is_inf() & (x > 0)).where(np.inf, result)


def erfinv(x: Ref) -> Ref:
    """The inverse of `erf`."""
    size = abs(x)
    y = (size < 1.0).where(size, 0.0)
    log = log1p(-(y * y))
    shape = 0.147
    half = log * 0.5 + 2 / (math.pi * shape)
    guess = ((half * half - log / shape).sqrt() - half).sqrt()
    for _ in range(3):
        excess = (y < _NEAR).where(erf(guess) - y, 1 - y - erfc(guess))
        slope = _power_of_square(guess) * (2 / math.sqrt(math.pi))
        step = excess / slope
        guess = guess - step / (guess * step + 1)
    at_end = size.equals(1.0).where(x.full(np.inf), np.nan)
    return with_sign((size < 1.0).where(guess, at_end), x)


def _zeta_tail(s: Ref, q: Ref) -> Ref:
    tail = q.binary("Pow", 1 - s) / (s - 1) + q.binary("Pow", -s) * 0.5
    term = s * q.binary("Pow", -s - 1)
    for index, coefficient in enumerate(_ZETA_SERIES):
        tail = tail + term * coefficient
        step = s + 2 * index
        term = term * (step + 1) * (step + 2) / (q * q)
    return tail


def zeta(s: Ref, q: Ref) -> Ref:
    """The Hurwitz zeta function."""
    shape = np.broadcast_shapes(s.shape, q.shape)
    s, q = s.expand(shape), q.expand(shape)
    endless = s.is_inf() & (s > 0)
    s = endless.where(2.0, s)
    pole = (q <= 0.0) & q.equals(q.floor())
    known = s.is_nan().where(0.0, s)
    far = _between(known, 0.0, _ZETA_MOST_TERMS) + _ZETA_TERMS
    base = q.binary("Max", q.binary("Mod", 1.0, fmod=1) - 1000.0)
    base = (pole | q.is_nan() | q.is_inf()).where(1.0, base)

    def turn(refs: Sequence[Ref]) -> list[Ref]:
        total, at = refs
        small = at < far
        term = at.binary("Pow", -s)
        return [small.where(total + term, total), small.where(at + 1, at)]

    total, base = s.writer.loop([s.full(0.0), base], lambda refs: any_of(refs[1] < far), turn)
    result = total + _zeta_tail(s, base)
    even = s.binary("Mod", 2.0, fmod=1).equals(0)
    undefined = (s < 1.0) | (pole & ~even) | ((q < 0.0) & ~s.equals(s.floor()))
    undefined = undefined | s.is_nan() | q.is_nan()
    # Of an infinite order only the greatest term is left, its base to that power.
    greatest = q.equals(1.0).where(1.0, (q > 1.0).where(0.0, q.full(np.inf)))
    result = endless.where(greatest, pole.where(np.inf, result))
    result = (q.is_inf() & (q > 0)).where(0.0, result)
    return s.equals(1.0).where(np.inf, undefined.where(np.nan, result))
