"""Element by element, where one node of TensorFlow has another meaning than the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.plugin import Lowering


raw: Any = tf.raw_ops


def numpy_dtype(x: tf.Tensor) -> np.dtype[Any]:
    """The NumPy dtype of the elements of ``x``."""
    found: np.dtype[Any] = np.dtype(x.dtype.as_numpy_dtype)
    return found


def scalar(value: Any, like: tf.Tensor) -> tf.Tensor:
    """``value`` as a constant of the dtype of ``like``."""
    return tf.constant(np.asarray(value).astype(numpy_dtype(like)))


_MOST_SELECTED = 8
"""Axes that `SelectV2` takes."""


def select(condition: tf.Tensor, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """``x`` where the condition holds, else ``y``; broadcasts."""
    if max(len(operand.shape) for operand in (condition, x, y)) <= _MOST_SELECTED:
        return raw.SelectV2(condition=condition, t=x, e=y)
    shape = np.broadcast_shapes(*(tuple(operand.shape) for operand in (condition, x, y)))
    wide = [raw.BroadcastTo(input=part, shape=shape) for part in (condition, x, y)]
    condition, x, y = (raw.Reshape(tensor=part, shape=[-1]) for part in wide)
    return raw.Reshape(tensor=raw.SelectV2(condition=condition, t=x, e=y), shape=shape)


def unary(node: Callable[..., tf.Tensor]) -> Lowering:
    """A node of one operand ``x`` as a lowering."""
    return lambda x: node(x=x)


def binary(node: Callable[..., tf.Tensor]) -> Lowering:
    """A node of the operands ``x`` and ``y`` as a lowering."""
    return lambda x, y: node(x=x, y=y)


def is_zero(x: tf.Tensor) -> tf.Tensor:
    """Where ``x`` is 0."""
    return raw.Equal(x=x, y=scalar(0, x))


def _is_integer(x: tf.Tensor) -> bool:
    return numpy_dtype(x).kind in "iu"


def _is_signed(x: tf.Tensor) -> bool:
    return numpy_dtype(x).kind == "i"


def _safe(y: tf.Tensor) -> tf.Tensor:
    """The divisor with 1 where TensorFlow raises (0) or traps (the lowest integer by -1)."""
    special = is_zero(y)
    if _is_signed(y):
        special = raw.LogicalOr(x=special, y=raw.Equal(x=y, y=scalar(-1, y)))
    return select(special, scalar(1, y), y)


def _integer_divide(node: Callable[..., tf.Tensor], x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    quotient = node(x=x, y=_safe(y))
    if _is_signed(x):
        quotient = select(raw.Equal(x=y, y=scalar(-1, y)), raw.Neg(x=x), quotient)
    return select(is_zero(y), scalar(0, x), quotient)


def floor_divide(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The quotient rounded down."""
    if _is_integer(x):
        return _integer_divide(raw.FloorDiv, x, y)
    return raw.Floor(x=raw.RealDiv(x=x, y=y))


def truncate_divide(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The quotient rounded towards zero."""
    if _is_integer(x):
        return _integer_divide(raw.TruncateDiv, x, y)
    quotient = raw.RealDiv(x=x, y=y)
    negative = raw.Less(x=quotient, y=scalar(0, x))
    return select(negative, raw.Ceil(x=quotient), raw.Floor(x=quotient))


_TRUNCATE_MOD = frozenset(map(np.dtype, (np.int32, np.int64, np.float32, np.float64)))


def truncate_mod(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The remainder with the sign of the dividend."""
    divisor = _safe(y) if _is_integer(x) else y
    if numpy_dtype(x) in _TRUNCATE_MOD:
        return raw.TruncateMod(x=x, y=divisor)
    quotient = raw.TruncateDiv(x=x, y=divisor)
    return raw.Sub(x=x, y=raw.Mul(x=quotient, y=divisor))


def floor_mod(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The remainder with the sign of the divisor."""
    if _is_integer(x):
        return raw.FloorMod(x=x, y=_safe(y))
    rest, zero = raw.TruncateMod(x=x, y=y), scalar(0, x)
    opposed = raw.NotEqual(x=raw.Less(x=rest, y=zero), y=raw.Less(x=y, y=zero))
    moved = raw.LogicalAnd(x=raw.NotEqual(x=rest, y=zero), y=opposed)
    return select(moved, raw.AddV2(x=rest, y=y), rest)


def power(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Powers; a negative exponent of an integer counts as 0."""
    if numpy_dtype(x) == np.uint64:
        return _unsigned_power(x, y)
    if _is_integer(x):
        y = raw.Maximum(x=y, y=scalar(0, y))
    return raw.Pow(x=x, y=y)


def _unsigned_power(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """By a signed power, which TensorFlow has: half the exponent fits into 63 bits."""
    base = raw.Bitcast(input=x, type=tf.int64)
    half = raw.Bitcast(input=raw.RightShift(x=y, y=scalar(1, y)), type=tf.int64)
    odd = raw.NotEqual(x=raw.BitwiseAnd(x=y, y=scalar(1, y)), y=scalar(0, y))
    root = raw.Pow(x=base, y=half)
    rest = select(odd, base, scalar(1, base))
    return raw.Bitcast(input=raw.Mul(x=raw.Mul(x=root, y=root), y=rest), type=tf.uint64)


def maximum(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The larger; of zeros of either sign the second one, as NumPy has it."""
    return raw.Maximum(x=y, y=x)


def minimum(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The smaller; of zeros of either sign the second one, as NumPy has it."""
    return raw.Minimum(x=y, y=x)


def absolute(x: tf.Tensor) -> tf.Tensor:
    """The absolute value."""
    return x if numpy_dtype(x).kind == "u" else raw.Abs(x=x)


def negative(x: tf.Tensor) -> tf.Tensor:
    """Minus ``x``; unsigned numbers wrap around."""
    return raw.Sub(x=scalar(0, x), y=x) if numpy_dtype(x).kind == "u" else raw.Neg(x=x)


def _amount(y: tf.Tensor) -> tf.Tensor:
    last = scalar(numpy_dtype(y).itemsize * 8 - 1, y)
    return raw.Minimum(x=raw.Maximum(x=y, y=scalar(0, y)), y=last)


def left_shift(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Bits moved up."""
    return raw.LeftShift(x=x, y=_amount(y))


def right_shift(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """Bits moved down, the sign kept."""
    return raw.RightShift(x=x, y=_amount(y))


def to_dtype(x: tf.Tensor, dtype: Any) -> tf.Tensor:
    """One node of TensorFlow's `Cast`."""
    return raw.Cast(x=x, DstT=tf.as_dtype(dtype))


_WORD = 4


def cast(x: tf.Tensor, *, dtype: np.dtype[Any]) -> tf.Tensor:
    """Another dtype; floats reach narrow integers by way of a wider one, and so wrap around."""
    source, dtype = numpy_dtype(x), np.dtype(dtype)
    if source == dtype:
        return x
    if source.kind == "c" and dtype.kind != "c":
        x = real(x)
    if dtype.kind == "b":
        return raw.NotEqual(x=x, y=scalar(0, x))
    if source.kind not in "iub" and dtype.kind in "iu" and dtype.itemsize <= _WORD:
        signed = tf.int64 if dtype == np.uint32 else tf.int32
        x = to_dtype(x, signed)
    return to_dtype(x, dtype)


def bitcast(x: tf.Tensor, *, dtype: np.dtype[Any]) -> tf.Tensor:
    """The same bytes as another dtype."""
    return raw.Bitcast(input=x, type=tf.as_dtype(dtype))


def _real_dtype(x: tf.Tensor) -> tf.DType:
    return tf.float32 if x.dtype == tf.complex64 else tf.float64


def real(x: tf.Tensor) -> tf.Tensor:
    """The real part."""
    return raw.Real(input=x, Tout=_real_dtype(x))


def imag(x: tf.Tensor) -> tf.Tensor:
    """The imaginary part."""
    return raw.Imag(input=x, Tout=_real_dtype(x))


def modulus(x: tf.Tensor) -> tf.Tensor:
    """The distance from 0."""
    return raw.ComplexAbs(x=x, Tout=_real_dtype(x))


def make_complex(re: tf.Tensor, im: tf.Tensor) -> tf.Tensor:
    """The complex number of two parts."""
    whole = tf.complex64 if re.dtype == tf.float32 else tf.complex128
    return raw.Complex(real=re, imag=im, Tout=whole)
