"""Primitives that work element by element, and the composites made of them alone.

Operands broadcast as in NumPy. Integers wrap around; floats keep NaN, infinities and signed zeros.
The 16-bit floats compute in float32 and round once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from polygraph.core.ground.dtypes import (
    ALL,
    COMPLEX,
    FLOATING,
    INTEGER,
    NUMERIC,
    REAL,
    DType,
    float32,
    float64,
)
from polygraph.core.ground.op import composite, primitive
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import special_functions

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

Known = np.ndarray[Any, Any]

FIELD: tuple[DType, ...] = FLOATING + COMPLEX
"""Dtypes that can be divided without a remainder."""

_UNARY = (((2, 3),), ((),), ((1, 1),), ((0, 3),))
_BINARY = (((2, 3), (3,)), ((2, 1, 3), (4, 1)), ((), (4,)), ((1, 1), ()), ((0, 3), (1, 3)))
_POSITIVE = (np.asarray([[0.25, 1.0, 2.5], [1e-3, 40.0, 0.7]], np.float32),)
_UNIT = (np.asarray([-0.9, -0.25, 0.0, 0.5, 0.75], np.float32),)
_SPECIAL = (np.asarray([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5], np.float32),)

_HALF = (np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))


def _wide(x: Known) -> Known:
    """16-bit floats as float32, everything else as it is."""
    return x.astype(np.float32) if x.dtype in _HALF else x


# Arithmetic.


@primitive("T[*n], T[*n] -> T[*n]", T=NUMERIC, samples=_BINARY)
def add(x: Known, y: Known) -> Known:
    """The sum."""
    return np.add(x, y)


@primitive("T[*n], T[*n] -> T[*n]", T=NUMERIC, samples=_BINARY)
def subtract(x: Known, y: Known) -> Known:
    """The difference."""
    return np.subtract(x, y)


@primitive("T[*n], T[*n] -> T[*n]", T=NUMERIC, samples=_BINARY)
def multiply(x: Known, y: Known) -> Known:
    """The product."""
    return np.multiply(x, y)


@primitive("T[*n], T[*n] -> T[*n]", T=FIELD, samples=_BINARY)
def divide(x: Known, y: Known) -> Known:
    """The quotient of floats or complex numbers."""
    return np.divide(_wide(x), _wide(y))


@primitive("T[*n], T[*n] -> T[*n]", T=REAL, samples=_BINARY)
def floor_divide(x: Known, y: Known) -> Known:
    """The quotient rounded down; for floats, the rounded quotient's floor; an integer by 0: 0."""
    if x.dtype.kind in "iu":
        return np.floor_divide(x, y)
    return np.floor(np.divide(_wide(x), _wide(y)))


@primitive("T[*n], T[*n] -> T[*n]", T=REAL, samples=_BINARY)
def truncate_divide(x: Known, y: Known) -> Known:
    """The quotient rounded towards zero; an integer by 0: 0."""
    if x.dtype.kind not in "iu":
        return np.trunc(np.divide(_wide(x), _wide(y)))
    quotient = np.floor_divide(x, y)
    inexact = (quotient * y != x) & (y != 0)
    return np.where(inexact & (quotient < 0), quotient + np.ones((), x.dtype), quotient)


@primitive("T[*n], T[*n] -> T[*n]", T=REAL, samples=_BINARY)
def floor_mod(x: Known, y: Known) -> Known:
    """The remainder of the quotient rounded down: has the sign of ``y``; an integer by 0: 0."""
    if x.dtype.kind in "iu":
        return np.remainder(x, y)
    divisor = _wide(y)
    rest = np.fmod(_wide(x), divisor)
    return np.where((rest != 0) & ((rest < 0) != (divisor < 0)), rest + divisor, rest)


@primitive("T[*n], T[*n] -> T[*n]", T=REAL, samples=_BINARY)
def truncate_mod(x: Known, y: Known) -> Known:
    """The remainder of the quotient rounded to zero: has the sign of ``x``; an integer by 0: 0."""
    return np.fmod(_wide(x), _wide(y))


@primitive(
    "T[*n], T[*n] -> T[*n]",
    T=NUMERIC,
    samples=(
        (np.asarray([0.5, 2.0, 3.0], np.float32), np.asarray([[-1.5], [2.0]], np.float32)),
        (np.asarray([-2, 3, 7], np.int32), np.asarray([[0], [3], [40]], np.int32)),
    ),
)
def power(x: Known, y: Known) -> Known:
    """``x`` to the power ``y``; a negative integer exponent counts as 0."""
    if x.dtype.kind in "iu":
        return np.power(x, np.maximum(y, np.zeros((), y.dtype)))
    if x.dtype == np.complex64:
        # Logarithms magnify rounding by the exponent.
        return np.power(x.astype(np.complex128), y)
    result = np.power(_wide(x), _wide(y))
    return result if x.dtype.kind == "c" else _as_power_of_half(x, y, result)


def _as_power_of_half(x: Known, y: Known, result: Known) -> Known:
    """``result`` where NumPy took the root for ``y`` = 0.5: that of -inf is NaN, of -0 is -0."""
    half = y == np.asarray(0.5, y.dtype)
    if not half.any():
        return result
    powers = np.where(np.isneginf(_wide(x)), np.asarray(np.inf, result.dtype), result + 0)
    return np.where(half, powers, result)


@primitive("T[*n], T[*n] -> T[*n]", T=REAL, samples=(*_BINARY, _SPECIAL * 2))
def maximum(x: Known, y: Known) -> Known:
    """The larger; NaN if one is NaN."""
    return np.maximum(_wide(x), _wide(y))


@primitive("T[*n], T[*n] -> T[*n]", T=REAL, samples=(*_BINARY, _SPECIAL * 2))
def minimum(x: Known, y: Known) -> Known:
    """The smaller; NaN if one is NaN."""
    return np.minimum(_wide(x), _wide(y))


@primitive("T[*n], T[*n] -> T[*n]", T=FLOATING, samples=_BINARY)
def atan2(y: Known, x: Known) -> Known:
    """The angle of the point ``(x, y)`` in radians."""
    return np.arctan2(_wide(y), _wide(x))


@primitive("T[*n] -> T[*n]", T=NUMERIC, samples=_UNARY)
def negative(x: Known) -> Known:
    """Minus ``x``."""
    return np.negative(x)


@primitive("T[*n] -> T[*n]", T=REAL, samples=(*_UNARY, _SPECIAL))
def absolute(x: Known) -> Known:
    """The absolute value of real numbers; of the smallest integer, itself."""
    return np.absolute(x)


@primitive("T[*n] -> T[*n]", T=NUMERIC, samples=_UNARY)
def sign(x: Known) -> Known:
    """-1, 0 or 1; NaN of NaN; of a complex number, the number of modulus 1 in its direction."""
    return np.sign(_wide(x))


# Exponentials, powers and trigonometry.


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(_POSITIVE, _SPECIAL, ((0, 3),)))
def sqrt(x: Known) -> Known:
    """The square root."""
    return np.sqrt(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(_POSITIVE, _SPECIAL, ((0, 3),)))
def rsqrt(x: Known) -> Known:
    """One over the square root."""
    wide = _wide(x)
    return np.ones((), wide.dtype) / np.sqrt(wide)


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(*_UNARY, _SPECIAL))
def exp(x: Known) -> Known:
    """Euler's number to the power ``x``."""
    return np.exp(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def expm1(x: Known) -> Known:
    """``exp(x) - 1`` without cancellation."""
    return np.expm1(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(_POSITIVE, _SPECIAL, ((0, 3),)))
def log(x: Known) -> Known:
    """The natural logarithm."""
    return np.log(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(_POSITIVE, _UNIT, ((0, 3),)))
def log1p(x: Known) -> Known:
    """``log(1 + x)`` without cancellation."""
    if x.dtype.kind != "c":
        return np.log1p(_wide(x))
    # NumPy's own loses digits of the real part where |1 + x| is near 1.
    re, im = x.real, x.imag
    near = 0.5 * np.log1p(re * (2 + re) + im * im) + 1j * np.arctan2(im, 1 + re)
    return np.asarray(np.where(np.abs(x) < 0.5, near, np.log(1 + x)))  # noqa: PLR2004 - away from -1


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def sin(x: Known) -> Known:
    """The sine."""
    return np.sin(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def cos(x: Known) -> Known:
    """The cosine."""
    return np.cos(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def tan(x: Known) -> Known:
    """The tangent."""
    return np.tan(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(_UNIT, ((0, 3),)))
def asin(x: Known) -> Known:
    """The angle whose sine is ``x``."""
    return np.arcsin(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(_UNIT, ((0, 3),)))
def acos(x: Known) -> Known:
    """The angle whose cosine is ``x``."""
    return np.arccos(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def atan(x: Known) -> Known:
    """The angle whose tangent is ``x``."""
    return np.arctan(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def sinh(x: Known) -> Known:
    """The hyperbolic sine."""
    return np.sinh(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def cosh(x: Known) -> Known:
    """The hyperbolic cosine."""
    return np.cosh(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def tanh(x: Known) -> Known:
    """The hyperbolic tangent."""
    return np.tanh(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def asinh(x: Known) -> Known:
    """The inverse of the hyperbolic sine."""
    return np.arcsinh(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=((np.asarray([1.0, 1.5, 40.0], np.float32),),))
def acosh(x: Known) -> Known:
    """The inverse of the hyperbolic cosine."""
    return np.arccosh(_wide(x))


@primitive("T[*n] -> T[*n]", T=FIELD, samples=(_UNIT, ((0, 3),)))
def atanh(x: Known) -> Known:
    """The inverse of the hyperbolic tangent."""
    return np.arctanh(_wide(x))


@primitive("T[*n] -> T[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def erf(x: Known) -> Known:
    """The error function."""
    return special_functions.erf(x)


@primitive("T[*n] -> T[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def erfc(x: Known) -> Known:
    """One minus the error function, without cancellation."""
    return special_functions.erfc(x)


@primitive("T[*n] -> T[*n]", T=FLOATING, samples=(_POSITIVE, ((0, 3),)))
def lgamma(x: Known) -> Known:
    """The logarithm of the absolute value of the gamma function; inf at its poles."""
    return special_functions.lgamma(x)


@primitive("T[*n] -> T[*n]", T=FLOATING, samples=(_POSITIVE, ((0, 3),)))
def digamma(x: Known) -> Known:
    """The derivative of `lgamma`; NaN at its poles."""
    return special_functions.digamma(x)


@primitive("T[*n] -> T[*n]", T=FLOATING, samples=(_UNIT, ((0, 3),)))
def erfinv(x: Known) -> Known:
    """The number whose `erf` is ``x``; infinite at -1 and 1, NaN outside."""
    return special_functions.erfinv(x)


_ORDERS = (np.asarray([2.0, 3.0, 1.5], np.float32), np.asarray([[0.5], [4.0]], np.float32))


@primitive("T[*n], T[*n] -> T[*n]", T=(float32, float64), samples=(_ORDERS,))
def zeta(s: Known, q: Known) -> Known:
    """The Hurwitz zeta function: the sum of ``(q + k) ** -s`` over ``k >= 0``, for ``s > 1``."""
    return special_functions.zeta(s, q)


# Rounding and tests.


@primitive("T[*n] -> T[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def floor(x: Known) -> Known:
    """Rounded down."""
    return np.floor(_wide(x))


@primitive("T[*n] -> T[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def ceil(x: Known) -> Known:
    """Rounded up."""
    return np.ceil(_wide(x))


@primitive(
    "T[*n] -> T[*n]",
    T=FLOATING,
    samples=(*_UNARY, (np.asarray([-1.5, -0.5, 0.5, 1.5, 2.5], np.float32),)),
)
def round_half_even(x: Known) -> Known:
    """Rounded to the nearest integer; halves to the even one."""
    return np.rint(_wide(x))


@primitive("T[*n] -> bool[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def is_nan(x: Known) -> Known:
    """Whether it is NaN."""
    return np.isnan(x)


@primitive("T[*n] -> bool[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def is_inf(x: Known) -> Known:
    """Whether it is plus or minus infinity."""
    return np.isinf(x)


@primitive("T[*n] -> bool[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def is_finite(x: Known) -> Known:
    """Whether it is neither NaN nor infinite."""
    return np.isfinite(x)


# Bits.


@primitive("T[*n], T[*n] -> T[*n]", T=INTEGER, samples=_BINARY)
def bitwise_and(x: Known, y: Known) -> Known:
    """The bits that both have."""
    return np.bitwise_and(x, y)


@primitive("T[*n], T[*n] -> T[*n]", T=INTEGER, samples=_BINARY)
def bitwise_or(x: Known, y: Known) -> Known:
    """The bits that either has."""
    return np.bitwise_or(x, y)


@primitive("T[*n], T[*n] -> T[*n]", T=INTEGER, samples=_BINARY)
def bitwise_xor(x: Known, y: Known) -> Known:
    """The bits that just one has."""
    return np.bitwise_xor(x, y)


@primitive("T[*n] -> T[*n]", T=INTEGER, samples=_UNARY)
def bitwise_not(x: Known) -> Known:
    """Every bit turned."""
    return np.bitwise_not(x)


def _shift_amount(y: Known) -> Known:
    last = np.asarray(y.dtype.itemsize * 8 - 1, y.dtype)
    return np.clip(y, np.zeros((), y.dtype), last)


_SHIFTS = (
    (np.asarray([[1], [-7], [100]], np.int32), np.asarray([0, 3, 31], np.int32)),
    (np.asarray([1, 200], np.uint8), np.asarray([7, 1], np.uint8)),
)


@primitive("T[*n], T[*n] -> T[*n]", T=INTEGER, samples=_SHIFTS)
def left_shift(x: Known, y: Known) -> Known:
    """Bits moved up by ``y``, which lies in ``[0, bits)``; bits that leave are lost."""
    return np.left_shift(x, _shift_amount(y))


@primitive("T[*n], T[*n] -> T[*n]", T=INTEGER, samples=_SHIFTS)
def right_shift(x: Known, y: Known) -> Known:
    """Bits moved down by ``y``, which lies in ``[0, bits)``; the sign of signed ``x`` is kept."""
    return np.right_shift(x, _shift_amount(y))


# Logic and comparison.


@primitive("bool[*n], bool[*n] -> bool[*n]", samples=_BINARY)
def logical_and(x: Known, y: Known) -> Known:
    """Both."""
    return np.logical_and(x, y)


@primitive("bool[*n], bool[*n] -> bool[*n]", samples=_BINARY)
def logical_or(x: Known, y: Known) -> Known:
    """At least one."""
    return np.logical_or(x, y)


@primitive("bool[*n] -> bool[*n]", samples=_UNARY)
def logical_not(x: Known) -> Known:
    """The opposite."""
    return np.logical_not(x)


@primitive("T[*n], T[*n] -> bool[*n]", T=ALL, samples=(*_BINARY, _SPECIAL * 2))
def equal(x: Known, y: Known) -> Known:
    """Whether they are equal; NaN equals nothing."""
    return np.equal(x, y)


@primitive("T[*n], T[*n] -> bool[*n]", T=ALL, samples=(*_BINARY, _SPECIAL * 2))
def not_equal(x: Known, y: Known) -> Known:
    """Whether they differ; NaN differs from everything."""
    return np.not_equal(x, y)


@primitive("T[*n], T[*n] -> bool[*n]", T=REAL, samples=(*_BINARY, _SPECIAL * 2))
def less(x: Known, y: Known) -> Known:
    """Whether ``x < y``."""
    return np.less(x, y)


@primitive("T[*n], T[*n] -> bool[*n]", T=REAL, samples=(*_BINARY, _SPECIAL * 2))
def less_equal(x: Known, y: Known) -> Known:
    """Whether ``x <= y``."""
    return np.less_equal(x, y)


@primitive("T[*n], T[*n] -> bool[*n]", T=REAL, samples=(*_BINARY, _SPECIAL * 2))
def greater(x: Known, y: Known) -> Known:
    """Whether ``x > y``."""
    return np.greater(x, y)


@primitive("T[*n], T[*n] -> bool[*n]", T=REAL, samples=(*_BINARY, _SPECIAL * 2))
def greater_equal(x: Known, y: Known) -> Known:
    """Whether ``x >= y``."""
    return np.greater_equal(x, y)


@primitive(
    "bool[*n], T[*n], T[*n] -> T[*n]",
    T=ALL,
    samples=(((2, 3), (2, 3), (2, 3)), ((), (3,), (3,)), ((2, 1), (3,), ()), ((0,), (0,), (0,))),
)
def select(condition: Known, x: Known, y: Known) -> Known:
    """``x`` where the condition holds, else ``y``."""
    return np.where(condition, x, y)


# Changes of dtype.


@primitive(
    "T[*n] -> U[*n]",
    T=ALL,
    U=ALL,
    samples=(
        ((2, 3), {"dtype": np.dtype(np.float64)}),
        ((2, 3), {"dtype": np.dtype(np.int32)}),
        ((), {"dtype": np.dtype(np.bool_)}),
        ((0, 3), {"dtype": np.dtype(np.float16)}),
    ),
)
def cast(x: Known, *, dtype: np.dtype[Any]) -> Known:
    """The same numbers in another dtype.

    Floats round towards zero to integers, integers wrap around, a complex number loses its
    imaginary part, and what is then not 0 is True. A float that its integer dtype cannot hold gives
    what the engine's conversion gives.
    """
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real
    return x.astype(dtype)


@cast.infer
def _(x: TensorType, *, dtype: np.dtype[Any]) -> TensorType:
    return TensorType(dtype, x.shape)


@primitive(
    "T[*n] -> U[*m]",
    T=NUMERIC,
    U=NUMERIC,
    samples=(
        (np.asarray([1.0, -2.5], np.float32), {"dtype": np.dtype(np.int32)}),
        (np.asarray([[1.0], [-2.5]], np.float32), {"dtype": np.dtype(np.uint8)}),
        (np.asarray([[1, 2], [3, 4]], np.int16), {"dtype": np.dtype(np.float32)}),
    ),
)
def bitcast(x: Known, *, dtype: np.dtype[Any]) -> Known:
    """The same bytes read as another dtype.

    A narrower dtype adds a last axis, a wider one takes the last axis away; the lower bytes come
    first.
    """
    contiguous = np.ascontiguousarray(x)
    if x.dtype.itemsize > dtype.itemsize:
        ratio = x.dtype.itemsize // dtype.itemsize
        return contiguous.reshape(-1).view(dtype).reshape(*x.shape, ratio)
    shape = x.shape if x.dtype.itemsize == dtype.itemsize else x.shape[:-1]
    return contiguous.reshape(-1).view(dtype).reshape(shape)


@bitcast.infer
def _(x: TensorType, *, dtype: np.dtype[Any]) -> TensorType:
    if x.dtype.itemsize == dtype.itemsize:
        return TensorType(dtype, x.shape)
    if x.dtype.itemsize > dtype.itemsize:
        return TensorType(dtype, (*x.shape, x.dtype.itemsize // dtype.itemsize))
    ratio = dtype.itemsize // x.dtype.itemsize
    if not x.shape or x.shape[-1] != ratio:
        msg = f"the last dimension of {x} must be {ratio} to be read as {dtype}"
        raise ValueError(msg)
    return TensorType(dtype, x.shape[:-1])


# Complex numbers.

_REAL_OF: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.complex64): float32.np_dtype,
    np.dtype(np.complex128): float64.np_dtype,
}
_COMPLEX_OF = {part: whole for whole, part in _REAL_OF.items()}


@primitive("C[*n] -> R[*n]", C=COMPLEX, R=(float32, float64), samples=_UNARY)
def real(x: Known) -> Known:
    """The real part."""
    return np.real(x)


@primitive("C[*n] -> R[*n]", C=COMPLEX, R=(float32, float64), samples=_UNARY)
def imag(x: Known) -> Known:
    """The imaginary part."""
    return np.imag(x)


@primitive("C[*n] -> R[*n]", C=COMPLEX, R=(float32, float64), samples=_UNARY)
def modulus(x: Known) -> Known:
    """The distance from 0, without overflow on the way."""
    return np.absolute(x)


@real.infer
@imag.infer
@modulus.infer
def _(x: TensorType) -> TensorType:
    return TensorType(_REAL_OF[x.dtype], x.shape)


@primitive("C[*n] -> C[*n]", C=COMPLEX, samples=_UNARY)
def conj(x: Known) -> Known:
    """The complex conjugate."""
    return np.conjugate(x)


@primitive("R[*n], R[*n] -> C[*n]", R=(float32, float64), C=COMPLEX, samples=_BINARY)
def complex(re: Known, im: Known) -> Known:
    """The complex number of the two parts."""
    whole = np.empty(np.broadcast_shapes(re.shape, im.shape), _COMPLEX_OF[re.dtype])
    whole.real, whole.imag = re, im
    return whole


@complex.infer
def _(re: TensorType, im: TensorType) -> TensorType:
    shape = np.broadcast_shapes(re.shape, im.shape)
    return TensorType(_COMPLEX_OF[re.dtype], shape)


# Composites.


def scalar(value: float, like: Array) -> Known:
    """``value`` as a scalar array of the dtype of ``like``."""
    return np.asarray(value).astype(like.dtype)


@composite("T[*n] -> T[*n]", T=NUMERIC, samples=_UNARY)
def square(x: Array) -> Any:
    """``x`` times ``x``."""
    return multiply(x, x)


@composite("T[*n] -> T[*n]", T=FIELD, samples=_UNARY)
def reciprocal(x: Array) -> Any:
    """One over ``x``."""
    return divide(scalar(1, x), x)


@composite("T[*n], T[*n] -> T[*n]", T=NUMERIC, samples=_BINARY)
def squared_difference(x: Array, y: Array) -> Any:
    """The square of ``x - y``; for complex numbers, times its conjugate."""
    difference = subtract(x, y)
    other = conj(difference) if x.dtype.kind == "c" else difference
    return multiply(other, difference)


def _in_float32(x: Array) -> Array:
    return cast(x, dtype=np.dtype(np.float32)) if x.dtype in _HALF else x


@composite("T[*n] -> T[*n]", T=FIELD, samples=(*_UNARY, _SPECIAL))
def sigmoid(x: Array) -> Any:
    """``1 / (1 + exp(-x))``; the 16-bit floats compute in float32."""
    wide = _in_float32(x)
    result = reciprocal(add(scalar(1, wide), exp(negative(wide))))
    return cast(result, dtype=x.dtype) if wide is not x else result


@composite("T[*n] -> T[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def softplus(x: Array) -> Any:
    """``log(1 + exp(x))`` without overflow."""
    return add(maximum(x, scalar(0, x)), log1p(exp(negative(absolute(x)))))


@composite("T[*n] -> T[*n]", T=FLOATING, samples=_UNARY)
def softsign(x: Array) -> Any:
    """``x / (1 + |x|)``."""
    return divide(x, add(scalar(1, x), absolute(x)))


@composite("T[*n] -> T[*n]", T=REAL, samples=(*_UNARY, _SPECIAL))
def relu(x: Array) -> Any:
    """``max(x, 0)``."""
    return maximum(x, scalar(0, x))


@composite("T[*n] -> T[*n]", T=REAL, samples=(*_UNARY, _SPECIAL))
def relu6(x: Array) -> Any:
    """``min(max(x, 0), 6)``."""
    return minimum(maximum(x, scalar(0, x)), scalar(6, x))


@composite(
    "T[*n] -> T[*n]",
    T=FLOATING,
    samples=(((2, 3), {"alpha": 0.2}), ((0, 3), {"alpha": 0.5}), (*_SPECIAL, {"alpha": 0.2})),
)
def leaky_relu(x: Array, *, alpha: float) -> Any:
    """``x`` where it is positive, ``alpha * x`` elsewhere."""
    return select(greater(x, scalar(0, x)), x, multiply(scalar(alpha, x), x))


@composite("T[*n] -> T[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def elu(x: Array) -> Any:
    """``exp(x) - 1`` where ``x`` is negative, ``x`` elsewhere."""
    zero = scalar(0, x)
    return select(less(x, zero), expm1(minimum(x, zero)), x)


SELU_SCALE = 1.0507009873554805
SELU_ALPHA = 1.6732632423543772
"""Klambauer et al., *Self-Normalizing Neural Networks* (2017), appendix A1."""


@composite("T[*n] -> T[*n]", T=FLOATING, samples=(*_UNARY, _SPECIAL))
def selu(x: Array) -> Any:
    """The scaled `elu` that keeps mean 0 and variance 1."""
    zero = scalar(0, x)
    low = multiply(scalar(SELU_SCALE * SELU_ALPHA, x), expm1(minimum(x, zero)))
    return select(less(x, zero), low, multiply(scalar(SELU_SCALE, x), x))


@composite(
    "T[*n], T[*n] -> T[*n]",
    T=(float32, float64),
    samples=((np.asarray([0.0, 1.0, 3.0], np.float32), np.asarray([[0.5], [4.0]], np.float32)),),
)
def polygamma(n: Array, x: Array) -> Any:
    """The ``n``-th derivative of `digamma`, for whole ``n``; NaN for others.

    For ``n > 0``: ``(-1) ** (n + 1) * n! * zeta(n + 1, x)`` (Abramowitz and Stegun 6.4.10).
    """
    one, zero = scalar(1, n), scalar(0, n)
    order = add(n, one)
    sign_of = subtract(one, multiply(scalar(2, n), floor_mod(order, scalar(2, n))))
    derivative = multiply(multiply(sign_of, exp(lgamma(order))), zeta(order, x))
    whole = logical_and(equal(n, floor(n)), greater_equal(n, zero))
    safe = select(whole, derivative, scalar(np.nan, n))
    return select(equal(n, zero), digamma(x), safe)


@composite("T[*n], T[*n] -> T[*n]", T=FIELD, samples=_BINARY)
def divide_no_nan(x: Array, y: Array) -> Any:
    """The quotient, and 0 where ``y`` is 0."""
    zero, one = scalar(0, y), scalar(1, y)
    at_zero = equal(y, zero)
    return select(at_zero, zero, divide(x, select(at_zero, one, y)))


@composite("T[*n], T[*n] -> T[*n]", T=FIELD, samples=_BINARY)
def multiply_no_nan(x: Array, y: Array) -> Any:
    """The product, and 0 where ``y`` is 0 even if ``x`` is NaN or infinite."""
    zero = scalar(0, y)
    return select(equal(y, zero), zero, multiply(x, y))
