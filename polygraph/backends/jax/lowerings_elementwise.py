"""Element by element, where one call of `jax.lax` has another meaning than the reference."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.backend import Lowering

    Function = Callable[..., jax.Array]

HALF = (np.dtype(np.float16), np.dtype(jnp.bfloat16))
"""Floats of 16 bits: they compute in float32 and round once."""


def broadcast(*operands: jax.Array) -> list[jax.Array]:
    """The operands at their common shape."""
    shape = np.broadcast_shapes(*(operand.shape for operand in operands))
    return [
        operand
        if operand.shape == shape
        else lax.broadcast_in_dim(
            operand, shape, tuple(range(len(shape) - operand.ndim, len(shape)))
        )
        for operand in operands
    ]


def broadcasting(function: Function) -> Lowering:
    """``function``, which needs operands of one shape, over operands that broadcast."""
    return lambda *operands: function(*broadcast(*operands))


def widened(function: Function) -> Lowering:
    """``function`` computed in float32 for floats of 16 bits."""

    @functools.wraps(function)
    def wide(*operands: jax.Array, **attrs: Any) -> jax.Array:
        dtype = operands[0].dtype
        if dtype not in HALF:
            return function(*operands, **attrs)
        return function(*(x.astype(np.float32) for x in operands), **attrs).astype(dtype)

    return wide


def zeta(s: jax.Array, q: jax.Array) -> jax.Array:
    """See `elementwise.zeta`: XLA's is NaN where `s` or `q` is infinite."""
    greatest = jnp.where(q == 1, 1.0, jnp.where(q > 1, 0.0, jnp.where(q < 1, np.inf, q)))
    found = jnp.where(jnp.isposinf(s), greatest.astype(q.dtype), lax.zeta(s, q))
    return jnp.where(jnp.isposinf(q) & (s > 1), jnp.zeros_like(q), found)


def divide(x: jax.Array, y: jax.Array) -> jax.Array:
    """The quotient, rounded as IEEE says.

    XLA would multiply by the reciprocal of a divisor that it knows to be broadcast, and then
    30 / 10 may be less than 3; it does not look through the barrier, which costs nothing else.
    """
    barrier: Function = lax.optimization_barrier
    return lax.div(x, barrier(y))


def log1p(x: jax.Array) -> jax.Array:
    """``log(1 + x)``; XLA's own is off by up to 120 units in the last place in float64.

    Source: W. Kahan's correction of ``log(1 + x)`` for the rounding of ``1 + x``. The barrier keeps
    XLA from taking ``(1 + x) - 1`` for ``x``.
    """
    if np.dtype(x.dtype) != np.float64:
        return lax.log1p(x)
    barrier: Function = lax.optimization_barrier
    above = barrier(1 + x)
    rounded = above - 1
    corrected = lax.log(above) * (x / _safe_divisor(rounded))
    result = lax.select(lax.is_finite(above), corrected, lax.log(above))
    return lax.select(rounded == 0, x, lax.select(above > 0, result, lax.log(above)))


def atanh(x: jax.Array) -> jax.Array:
    """The inverse of the hyperbolic tangent, of an accurate `log1p` in float64."""
    if np.dtype(x.dtype) != np.float64:
        return lax.atanh(x)
    return (log1p(x) - log1p(-x)) / 2


def _is_integer(x: jax.Array) -> bool:
    return np.dtype(x.dtype).kind in "iu"


def _safe_divisor(y: jax.Array) -> jax.Array:
    return lax.select(y == 0, jnp.ones_like(y), y)


def _unless_zero(y: jax.Array, result: jax.Array) -> jax.Array:
    return lax.select(y == 0, jnp.zeros_like(result), result)


def truncate_divide(x: jax.Array, y: jax.Array) -> jax.Array:
    """The quotient rounded towards zero."""
    if _is_integer(x):
        return _unless_zero(y, lax.div(x, _safe_divisor(y)))
    quotient = divide(x, y)
    return lax.select(quotient < 0, lax.ceil(quotient), lax.floor(quotient))


def floor_divide(x: jax.Array, y: jax.Array) -> jax.Array:
    """The quotient rounded down."""
    if not _is_integer(x):
        return lax.floor(divide(x, y))
    divisor = _safe_divisor(y)
    quotient, rest = lax.div(x, divisor), lax.rem(x, divisor)
    down = (rest != 0) & ((rest < 0) != (divisor < 0))
    return _unless_zero(y, lax.select(down, quotient - jnp.ones_like(quotient), quotient))


def truncate_mod(x: jax.Array, y: jax.Array) -> jax.Array:
    """The remainder with the sign of the dividend."""
    if _is_integer(x):
        return _unless_zero(y, lax.rem(x, _safe_divisor(y)))
    return lax.rem(x, y)


def floor_mod(x: jax.Array, y: jax.Array) -> jax.Array:
    """The remainder with the sign of the divisor."""
    rest = truncate_mod(x, y)
    return lax.select((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)


def power(x: jax.Array, y: jax.Array) -> jax.Array:
    """Powers; of integers by squaring, a negative exponent counting as 0."""
    if _is_integer(x):
        return _integer_power(x, y)
    return _complex_power(x, y) if np.dtype(x.dtype).kind == "c" else lax.pow(x, y)


def _complex_power(x: jax.Array, y: jax.Array) -> jax.Array:
    # By way of the logarithm, a power of 0 would be NaN.
    at_zero = (x == 0) & (lax.real(y) > 0)
    return lax.select(at_zero, jnp.zeros_like(x), doubled(lax.pow)(x, y))


def _integer_power(x: jax.Array, y: jax.Array) -> jax.Array:
    one = jnp.ones_like(x)

    def square(
        state: tuple[jax.Array, jax.Array, jax.Array],
    ) -> tuple[jax.Array, jax.Array, jax.Array]:
        result, base, exponent = state
        odd = (exponent & one) != 0
        half = lax.shift_right_logical(exponent, one)
        return lax.select(odd, result * base, result), base * base, half

    exponents = lax.max(y, jnp.zeros_like(y))
    start = (one, x, exponents)
    return lax.while_loop(lambda state: jnp.any(state[2] != 0), square, start)[0]


def absolute(x: jax.Array) -> jax.Array:
    """The absolute value."""
    return x if np.dtype(x.dtype).kind == "u" else lax.abs(x)


def doubled(function: Function) -> Lowering:
    """``function`` computed in twice the precision where there is one, as XLA's own is inexact."""

    def lower(*operands: jax.Array) -> jax.Array:
        dtype = operands[0].dtype
        wide = np.complex128 if np.dtype(dtype).kind == "c" else np.float64
        return function(*(x.astype(wide) for x in operands)).astype(dtype)

    return lower


def is_inf(x: jax.Array) -> jax.Array:
    """Whether it is infinite."""
    return lax.abs(x) == np.array(np.inf, x.dtype)


def _amount(y: jax.Array) -> jax.Array:
    bits = np.dtype(y.dtype).itemsize * 8
    return lax.clamp(np.zeros((), y.dtype), y, np.array(bits - 1, y.dtype))


def left_shift(x: jax.Array, y: jax.Array) -> jax.Array:
    """Bits moved up."""
    return lax.shift_left(x, _amount(y))


def right_shift(x: jax.Array, y: jax.Array) -> jax.Array:
    """Bits moved down, the sign kept."""
    signed = np.dtype(x.dtype).kind == "i"
    return (lax.shift_right_arithmetic if signed else lax.shift_right_logical)(x, _amount(y))


def modulus(x: jax.Array) -> jax.Array:
    """See `elementwise.modulus`: an infinite part outweighs one that is NaN."""
    infinite = jnp.isinf(lax.real(x)) | jnp.isinf(lax.imag(x))
    return jnp.where(infinite, np.inf, lax.abs(x))


def cast(x: jax.Array, *, dtype: np.dtype[Any]) -> jax.Array:
    """Another dtype; floats become integers as on x86-64, whatever XLA's target is."""
    if np.dtype(x.dtype).kind == "c" and dtype.kind != "c":
        x = lax.real(x)
    if dtype.kind == "b":
        return x != 0
    if dtype.kind in "iu" and np.dtype(x.dtype).kind not in "iub":
        return lax.convert_element_type(_whole(x, dtype), dtype)
    return lax.convert_element_type(x, dtype)


def _whole(x: jax.Array, dtype: np.dtype[Any]) -> jax.Array:
    """Floats as integers of 32 or 64 bits, whose lower bits are those of ``dtype``."""
    if x.dtype in HALF:
        x = lax.convert_element_type(x, np.float32)
    if dtype == np.uint64:
        # The upper half goes by way of the lower one; XLA has no conversion that wraps around.
        upper = x >= 2.0**63
        halves = _signed(jnp.where(upper, x - 2.0**63, x), np.int64)
        return halves ^ jnp.where(upper, np.iinfo(np.int64).min, 0)
    wide = dtype.itemsize == np.dtype(np.int64).itemsize or dtype == np.uint32
    return _signed(x, np.int64 if wide else np.int32)


def _signed(x: jax.Array, dtype: type[np.signedinteger[Any]]) -> jax.Array:
    """Floats cut to signed integers; NaN and what is too large become the least of them.

    StableHLO leaves that open, and XLA's targets clip, each in its own way.
    """
    least = np.iinfo(dtype).min
    bound = -float(least)
    held = (x >= -bound) & (x < bound)
    return jnp.where(held, lax.convert_element_type(x, dtype), np.asarray(least, dtype))


def bitcast(x: jax.Array, *, dtype: np.dtype[Any]) -> jax.Array:
    """The same bytes as another dtype; complex numbers by way of their parts."""
    source = np.dtype(x.dtype)
    if "c" not in (source.kind, dtype.kind):
        return lax.bitcast_convert_type(x, dtype)
    if source == dtype:
        return x
    octets = _octets(x)
    if source.itemsize > dtype.itemsize:
        ratio = source.itemsize // dtype.itemsize
        octets = octets.reshape(*x.shape, ratio, dtype.itemsize)
    elif source.itemsize < dtype.itemsize:
        octets = octets.reshape(*x.shape[:-1], dtype.itemsize)
    return _from_octets(octets, dtype)


def _octets(x: jax.Array) -> jax.Array:
    """``u8[*n, bytes]``."""
    parts = lax.bitcast_convert_type(_parts(x), np.uint8)
    return parts.reshape(*x.shape, np.dtype(x.dtype).itemsize)


def _parts(x: jax.Array) -> jax.Array:
    return jnp.stack([x.real, x.imag], -1) if np.dtype(x.dtype).kind == "c" else x


def _from_octets(octets: jax.Array, dtype: np.dtype[Any]) -> jax.Array:
    if dtype.kind != "c":
        # A dtype of one byte has no axis of bytes to take away.
        return lax.bitcast_convert_type(octets if dtype.itemsize > 1 else octets[..., 0], dtype)
    half = dtype.itemsize // 2
    real = np.dtype(np.float32 if half == np.dtype(np.float32).itemsize else np.float64)
    re, im = octets[..., :half], octets[..., half:]
    return lax.complex(lax.bitcast_convert_type(re, real), lax.bitcast_convert_type(im, real))
