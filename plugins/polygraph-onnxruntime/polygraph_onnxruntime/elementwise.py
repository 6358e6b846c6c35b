"""Arithmetic, comparisons, bits and changes of dtype, with the references' meaning."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph_onnxruntime.kernels import BOOL, F32, F64, HALF, I32, I64

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph_onnxruntime.writer import Ref

    DType = np.dtype[Any]
    Function = Callable[..., Any]


def widened(function: Function) -> Function:
    """``function`` computed in float32 for floats of 16 bits."""

    @functools.wraps(function)
    def wide(*operands: Ref, **attrs: Any) -> Any:
        dtype = operands[0].dtype
        if dtype not in HALF:
            return function(*operands, **attrs)
        refs = [ref.cast(F32) if ref.dtype == dtype else ref for ref in operands]
        return function(*refs, **attrs).cast(dtype)

    return wide


def doubled(function: Function) -> Function:
    """``function`` of floats computed in float64 and rounded to what it was asked in."""

    @functools.wraps(function)
    def wide(*operands: Ref) -> Any:
        return function(*(ref.cast(F64) for ref in operands)).cast(operands[0].dtype)

    return wide


def is_integer(ref: Ref) -> bool:
    """Whether elements are integers."""
    return ref.dtype.kind in "iu"


# Division. A kernel that divides an integer by 0, or the smallest by -1, ends the process.


def _truncated(x: Ref, y: Ref) -> Ref:
    """The integer quotient rounded towards zero, 0 by 0."""
    zero = y.equals(0)
    if y.dtype.kind == "u":
        return zero.where(0, x.binary("Div", zero.where(1, y)))
    minus = y.equals(-1)
    quotient = x.binary("Div", (zero | minus).where(1, y))
    return zero.where(0, minus.where(-x, quotient))


def _floored(x: Ref, y: Ref) -> Ref:
    quotient = _truncated(x, y)
    if y.dtype.kind == "u":
        return quotient
    rest = x - quotient * y
    down = ~rest.equals(0) & ((rest < 0) ^ (y < 0)) & ~y.equals(0)
    return down.where(quotient - 1, quotient)


@widened
def truncate_divide(x: Ref, y: Ref) -> Ref:
    """The quotient rounded towards zero."""
    if is_integer(x):
        return _truncated(x, y)
    quotient = x / y
    return (quotient < 0).where(quotient.unary("Ceil"), quotient.floor())


@widened
def floor_divide(x: Ref, y: Ref) -> Ref:
    """The quotient rounded down."""
    return _floored(x, y) if is_integer(x) else (x / y).floor()


@widened
def truncate_mod(x: Ref, y: Ref) -> Ref:
    """The remainder with the sign of the dividend."""
    if not is_integer(x):
        return x.binary("Mod", y, fmod=1)
    return y.equals(0).where(0, x - _truncated(x, y) * y)


@widened
def floor_mod(x: Ref, y: Ref) -> Ref:
    """The remainder with the sign of the divisor."""
    if is_integer(x):
        return y.equals(0).where(0, x - _floored(x, y) * y)
    rest = x.binary("Mod", y, fmod=1)
    return (~rest.equals(0) & ((rest < 0) ^ (y < 0))).where(rest + y, rest)


@widened
def power(x: Ref, y: Ref) -> Ref:
    """Powers; of integers by squaring, a negative exponent counting as 0."""
    if not is_integer(x):
        return x.binary("Pow", y)
    shape = np.broadcast_shapes(x.shape, y.shape)
    exponent = y if y.dtype.kind == "u" else (y < 0).where(0, y)
    start = [x.full(1, shape), x.expand(shape), exponent.expand(shape)]
    return x.writer.loop(start, lambda refs: any_of(~refs[2].equals(0)), _square)[0]


def _square(refs: Any) -> list[Ref]:
    result, base, exponent = refs
    odd = ~(exponent & 1).equals(0)
    return [odd.where(result * base, result), base * base, exponent >> 1]


def any_of(flags: Ref) -> Ref:
    """Whether any flag holds, as ``bool[]``."""
    if not flags.size:
        return flags.constant(value=False)
    return flags.writer.add("ReduceMax", [flags], BOOL, (), keepdims=0)


def absolute(x: Ref) -> Ref:
    """The absolute value."""
    return x if x.dtype.kind == "u" else abs(x)


def sign(x: Ref) -> Ref:
    """-1, 0 or 1; NaN of NaN."""
    return x.unary("Sign")


def maximum(x: Ref, y: Ref) -> Ref:
    """The larger."""
    return x.binary("Max", y)


def minimum(x: Ref, y: Ref) -> Ref:
    """The smaller."""
    return x.binary("Min", y)


def tanh(x: Ref) -> Ref:
    """The hyperbolic tangent; the kernel of float32 rounds subnormal numbers coarsely."""
    return (abs(x) < 2**-13).where(x, x.unary("Tanh")) if x.dtype == F32 else x.unary("Tanh")


def is_finite(x: Ref) -> Ref:
    """Neither NaN nor infinite."""
    return ~(x.is_nan() | x.is_inf())


# Bits.


def _amount(y: Ref) -> Ref:
    last = y.dtype.itemsize * 8 - 1
    y = (y > last).where(last, y)
    return y if y.dtype.kind == "u" else (y < 0).where(0, y)


def left_shift(x: Ref, y: Ref) -> Ref:
    """Bits moved up."""
    return x << _amount(y)


def right_shift(x: Ref, y: Ref) -> Ref:
    """Bits moved down, the sign kept."""
    return x >> _amount(y)


# Comparison.


def not_equal(x: Ref, y: Ref) -> Ref:
    """Whether they differ."""
    return ~x.equals(y)


def cast(x: Ref, *, dtype: DType) -> Ref:
    """Another dtype; floats reach integers by way of 64 bits, and so wrap around."""
    if dtype == BOOL:
        return x if x.dtype == BOOL else ~x.equals(0)
    if x.dtype in HALF and dtype.kind in "iu":
        x = x.cast(F32)
    if x.dtype.kind == "f" and dtype.kind in "iu" and dtype.itemsize < I64.itemsize:
        x = x.cast(I32 if dtype.itemsize < I32.itemsize or dtype == I32 else I64)
    return x.cast(dtype)


def bitcast(x: Ref, *, dtype: DType) -> Ref:
    """The same bytes read as another dtype, the lower ones first."""
    if x.dtype.itemsize == dtype.itemsize:
        return x.bits(dtype)
    octets = x.bits(_unsigned(x.dtype))
    if x.dtype.itemsize > dtype.itemsize:
        return _split(octets, _unsigned(dtype)).bits(dtype)
    return _joined(octets, _unsigned(dtype)).bits(dtype)


def _unsigned(dtype: DType) -> DType:
    return np.dtype(f"u{dtype.itemsize}")


def _split(x: Ref, narrow: DType) -> Ref:
    ratio = x.dtype.itemsize // narrow.itemsize
    parts = [
        (x >> (8 * narrow.itemsize * index)).cast(narrow).reshape((*x.shape, 1))
        for index in range(ratio)
    ]
    return x.writer.concat(parts, x.ndim)


def _joined(x: Ref, wide: DType) -> Ref:
    ratio = wide.itemsize // x.dtype.itemsize
    shifts = x.writer.constant((np.arange(ratio) * 8 * x.dtype.itemsize).astype(wide))
    parts = x.cast(wide) << shifts
    whole = _column(parts, 0)
    for index in range(1, ratio):
        whole = whole | _column(parts, index)
    return whole


def _column(x: Ref, index: int) -> Ref:
    at = x.writer.constant(np.array(index, np.int64))
    return x.writer.add("Gather", [x, at], x.dtype, x.shape[:-1], axis=x.ndim - 1)
