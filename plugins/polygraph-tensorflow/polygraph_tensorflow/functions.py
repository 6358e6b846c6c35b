"""Functions whose kernels in TensorFlow lose digits or special values that the reference keeps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from polygraph_tensorflow.elementwise import (
    imag,
    is_zero,
    make_complex,
    modulus,
    numpy_dtype,
    power,
    raw,
    real,
    scalar,
    select,
)

if TYPE_CHECKING:
    import tensorflow as tf


def _is_complex(x: tf.Tensor) -> bool:
    return numpy_dtype(x).kind == "c"


def _square(x: tf.Tensor) -> tf.Tensor:
    return raw.Mul(x=x, y=x)


def _infinite(x: tf.Tensor) -> tf.Tensor:
    """Where a part of a complex number is infinite."""
    return raw.LogicalOr(x=raw.IsInf(x=real(x)), y=raw.IsInf(x=imag(x)))


def divide(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The quotient; of a finite by an infinite complex number 0, where TensorFlow has NaN."""
    quotient = raw.RealDiv(x=x, y=y)
    if not _is_complex(x):
        return quotient
    finite = raw.LogicalAnd(x=raw.IsFinite(x=real(x)), y=raw.IsFinite(x=imag(x)))
    return select(raw.LogicalAnd(x=finite, y=_infinite(y)), scalar(0, x), quotient)


def rsqrt(x: tf.Tensor) -> tf.Tensor:
    """One over the square root, both rounded."""
    return divide(scalar(1, x), raw.Sqrt(x=x))


def sign(x: tf.Tensor) -> tf.Tensor:
    """-1, 0 or 1; of a complex number, the one of modulus 1 in its direction."""
    kind = numpy_dtype(x).kind
    if kind == "u":
        return raw.Minimum(x=x, y=scalar(1, x))
    if kind != "c":
        return raw.Sign(x=x)
    size = modulus(x)
    whole = make_complex(raw.RealDiv(x=real(x), y=size), raw.RealDiv(x=imag(x), y=size))
    return select(is_zero(x), scalar(0, x), whole)


def _half_log1p(square_less_one: tf.Tensor) -> tf.Tensor:
    return raw.Mul(x=raw.Log1p(x=square_less_one), y=scalar(0.5, square_less_one))


def log(x: tf.Tensor) -> tf.Tensor:
    """The natural logarithm; TensorFlow's loses the real part of complex numbers of modulus 1."""
    plain = raw.Log(x=x)
    if not _is_complex(x):
        return plain
    size, one = modulus(x), scalar(1, real(x))
    re, im = raw.Abs(x=real(x)), raw.Abs(x=imag(x))
    more, less = raw.Maximum(x=re, y=im), raw.Minimum(x=re, y=im)
    above = raw.Mul(x=raw.Sub(x=more, y=one), y=raw.AddV2(x=more, y=one))
    near = raw.LogicalAnd(
        x=raw.Less(x=size, y=scalar(2, size)), y=raw.Greater(x=size, y=scalar(0.5, size))
    )
    exact = _half_log1p(raw.AddV2(x=above, y=_square(less)))
    return make_complex(select(near, exact, real(plain)), imag(plain))


def log1p(x: tf.Tensor) -> tf.Tensor:
    """``log(1 + x)``; TensorFlow's adds first where the number is complex.

    So does this where ``1 + x`` is small: there the sum is exact.
    """
    if not _is_complex(x):
        return raw.Log1p(x=x)
    re, im = real(x), imag(x)
    more = raw.AddV2(x=x, y=scalar(1, x))
    product = raw.Mul(x=re, y=raw.AddV2(x=re, y=scalar(2, re)))
    angle = raw.Atan2(y=im, x=raw.AddV2(x=re, y=scalar(1, re)))
    near = make_complex(_half_log1p(raw.AddV2(x=product, y=_square(im))), angle)
    small = raw.Less(x=modulus(x), y=scalar(1, re))
    apart = raw.Greater(x=modulus(more), y=scalar(0.5, re))
    return select(raw.LogicalAnd(x=small, y=apart), near, log(more))


def expm1(x: tf.Tensor) -> tf.Tensor:
    """``exp(x) - 1``; TensorFlow's has NaN where a complex one overflows."""
    if not _is_complex(x):
        return raw.Expm1(x=x)
    re, im = real(x), imag(x)
    lost = raw.Mul(x=scalar(2, im), y=_square(raw.Sin(x=raw.Mul(x=im, y=scalar(0.5, im)))))
    kept = raw.Sub(x=raw.Mul(x=raw.Expm1(x=re), y=raw.Cos(x=im)), y=lost)
    return make_complex(kept, raw.Mul(x=raw.Exp(x=re), y=raw.Sin(x=im)))


def any_power(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Powers; TensorFlow takes the logarithm of a complex 0."""
    result = power(x, y)
    if not _is_complex(x):
        return result
    up = raw.Greater(x=real(y), y=scalar(0, real(y)))
    result = select(raw.LogicalAnd(x=is_zero(x), y=up), scalar(0, x), result)
    return select(is_zero(y), scalar(1, x), result)


_ERF_END = 6.0
"""From here on erf is 1 in float64."""


def erf(x: tf.Tensor) -> tf.Tensor:
    """The error function; TensorFlow's has NaN where the square overflows."""
    end = scalar(_ERF_END, x)
    return raw.Erf(x=raw.Maximum(x=raw.Minimum(x=x, y=end), y=raw.Neg(x=end)))


def erfinv(x: tf.Tensor) -> tf.Tensor:
    """The inverse of erf, in float64.

    TensorFlow's goes by way of ``(x + 1) / 2``, which loses what is near 0: one step of Newton's
    method, where it converges, brings the digits back.
    """
    y = raw.Erfinv(x=x)
    slope = raw.Mul(x=raw.Exp(x=raw.Neg(x=_square(y))), y=scalar(2 / math.sqrt(math.pi), x))
    better = raw.Sub(x=y, y=raw.RealDiv(x=raw.Sub(x=raw.Erf(x=y), y=x), y=slope))
    # A step from 0 would lose the sign of 0.
    inner = raw.LogicalAnd(
        x=raw.Less(x=raw.Abs(x=x), y=scalar(0.5, x)), y=raw.NotEqual(x=x, y=scalar(0, x))
    )
    return select(inner, better, select(is_zero(x), x, y))
