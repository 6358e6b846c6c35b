"""Elementary functions of float64 that ONNX Runtime has no kernel for, made of those that it has.

`log1p` and `expm1` are W. Kahan's; the inverse tangent starts from the float32 kernel's value,
which one step of the addition theorem takes to the last digits.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from polygraph_onnxruntime.kernels import F32, I32

if TYPE_CHECKING:
    from polygraph_onnxruntime.writer import Ref

_HUGE = 1e8
"""From here on ``x * x + 1`` is ``x * x``."""

_STEEP = 20
"""From here on ``exp(-x)`` is lost beside ``exp(x)``."""

LOG_2 = float(np.log(2.0))

_FAR = 2.0**19
"""From here on the parts of a quarter times the number of quarters are no longer exact."""


def _parts(number: Fraction, bits: int, count: int) -> tuple[float, ...]:
    """Floats of so many bits that add up to ``number``, a number between 1 and 2."""
    parts = []
    scale = 1
    for _ in range(count):
        scale <<= bits
        part = Fraction(math.floor(number * scale), scale)
        parts.append(float(part))
        number -= part
    return tuple(parts)


_QUARTER = _parts(Fraction("1.5707963267948966192313216916397514420985846996875529"), 32, 4)
"""A quarter of a turn."""


def with_sign(magnitude: Ref, x: Ref) -> Ref:
    """``magnitude`` with the sign of ``x``, also that of a zero."""
    return is_negative(x).where(-magnitude, magnitude)


def is_negative(x: Ref) -> Ref:
    """Whether the sign bit of a float64 is set."""
    return x.bits(np.dtype(np.int64)) < 0


def log1p(x: Ref) -> Ref:
    """``log(1 + x)`` without cancellation."""
    one_more = x + 1
    corrected = one_more.log() * (x / (one_more - 1))
    result = (one_more.equals(1) | x.is_nan()).where(x, corrected)
    return (abs(x) > 1).where(one_more.log(), result)


def expm1(x: Ref) -> Ref:
    """``exp(x) - 1`` without cancellation."""
    power = x.exp()
    less = power - 1
    corrected = less * (x / power.log())
    near = (abs(x) < 1) & ~power.equals(1)
    return (power.equals(1) & ~x.is_nan()).where(x, near.where(corrected, less))


def sinh(x: Ref) -> Ref:
    """The hyperbolic sine."""
    size = abs(x)
    less = expm1(size)
    small = (less + less / (less + 1)) * 0.5
    half = (size * 0.5).exp()
    return with_sign((size > _STEEP).where(half * 0.5 * half, small), x)


def cosh(x: Ref) -> Ref:
    """The hyperbolic cosine."""
    size = abs(x)
    half = (size * 0.5).exp()
    power = size.exp()
    return (size > _STEEP).where(half * 0.5 * half, (power + 1 / power) * 0.5)


def asinh(x: Ref) -> Ref:
    """The inverse hyperbolic sine."""
    size = abs(x)
    square = size * size
    small = log1p(size + square / ((square + 1).sqrt() + 1))
    return with_sign((size > _HUGE).where(size.log() + LOG_2, small), x)


def acosh(x: Ref) -> Ref:
    """The inverse hyperbolic cosine."""
    above = x - 1
    small = log1p(above + (above * 2 + above * above).sqrt())
    return (x < 1).where(np.nan, (x > _HUGE).where(x.log() + LOG_2, small))


def atanh(x: Ref) -> Ref:
    """The inverse hyperbolic tangent."""
    size = abs(x)
    return with_sign(log1p(size * 2 / (1 - size)) * 0.5, x)


def _turned(x: Ref) -> tuple[Ref, Ref]:
    """Sine and cosine of a float64.

    The kernel's errors are small beside 1, not beside a result near 0: it gets the angle from the
    nearest quarter of a turn, by W. Cody's and W. Waite's three parts of the quarter.
    """
    quarters = (x * (2 / np.pi)).unary("Round")
    angle = x
    for part in _QUARTER:
        angle = angle - quarters * part
    sine, cosine = angle.unary("Sin"), angle.unary("Cos")
    turns = quarters.binary("Mod", 4.0, fmod=1).cast(I32) & 3
    crossed, opposite = ~(turns & 1).equals(0), ~(turns & 2).equals(0)
    far, zero = ~(abs(x) < _FAR), x.equals(0)
    first = crossed.where(cosine, sine)
    first = (far | zero).where(x.unary("Sin"), opposite.where(-first, first))
    second = crossed.where(-sine, cosine)
    second = far.where(x.unary("Cos"), opposite.where(-second, second))
    return first, second


def sin(x: Ref) -> Ref:
    """The sine."""
    return x.unary("Sin") if x.dtype == F32 else _turned(x)[0]


def cos(x: Ref) -> Ref:
    """The cosine."""
    return x.unary("Cos") if x.dtype == F32 else _turned(x)[1]


def tan(x: Ref) -> Ref:
    """The tangent."""
    sine, cosine = _turned(x)
    return sine / cosine


def atan(x: Ref) -> Ref:
    """The inverse tangent.

    ``atan(x) = y + atan((x - tan y) / (1 + x tan y))`` for every ``y``; of so small a number as
    there is for the ``y`` of float32, the tangent's inverse is the number itself.
    """
    guess = x.cast(F32).unary("Atan").cast(x.dtype)
    sine, cosine = guess.unary("Sin"), guess.unary("Cos")
    corrected = guess + (x * cosine - sine) / (cosine + x * sine)
    right = x.constant(np.pi / 2)
    result = x.is_inf().where(with_sign(right, x), corrected)
    return x.equals(0).where(x, result)


def atan2(y: Ref, x: Ref) -> Ref:
    """The angle of a point; of points on the axes and at infinity by cases."""
    shape = np.broadcast_shapes(y.shape, x.shape)
    y, x = y.expand(shape), x.expand(shape)
    rise, run = abs(y), abs(x)
    both = rise.is_inf() & run.is_inf()
    steep = rise > run
    ratio = steep.where(run, rise) / steep.where(rise, run)
    slope = both.where(1.0, (rise.equals(0) & run.equals(0)).where(0.0, ratio))
    angle = atan(slope)
    angle = steep.where(np.pi / 2 - angle, angle)
    angle = is_negative(x).where(np.pi - angle, angle)
    angle = (x.is_nan() | y.is_nan()).where(x + y, angle)
    return with_sign(angle, y)


def asin(x: Ref) -> Ref:
    """The inverse sine."""
    return atan2(x, ((1 - x) * (x + 1)).sqrt())


def acos(x: Ref) -> Ref:
    """The inverse cosine."""
    return atan2((1 - x).sqrt(), (x + 1).sqrt()) * 2
