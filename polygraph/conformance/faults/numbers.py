"""Faults of arithmetic: elementwise functions, dtypes, precision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.faults.fault import lowering, stepping
from polygraph.ops.primitives import elementwise as ew, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.conformance.walker import Apply
    from polygraph.core.ground.program import Step

    Array = np.ndarray[Any, Any]
    Right = Callable[..., Any]

LARGE = 4096

# Wrong functions


@lowering(ew.subtract, first=("primitive/subtract-float32-*",))
def operands_of_a_difference_swapped(right: Right, x: Array, y: Array) -> Any:
    """Y - x where x - y is asked for."""
    return right(y, x)


@lowering(ew.rsqrt, first=("primitive/rsqrt-float32-*",))
def approximate_reciprocal_root(right: Right, x: Array) -> Any:
    """A fast reciprocal square root, right to eleven bits."""
    return right(x) * (1 + 2.0**-12)


@lowering(ew.log1p, first=("primitive/log1p-float32-*",))
def naive_log1p(_: Right, x: Array) -> Any:
    """log(1 + x), which has no digits near zero."""
    return np.log(x.dtype.type(1) + x)


@lowering(ew.expm1, first=("primitive/expm1-float32-*",))
def naive_expm1(_: Right, x: Array) -> Any:
    """exp(x) - 1, which has no digits near zero."""
    return np.exp(x) - x.dtype.type(1)


@lowering(nn.softmax, first=("composite/softmax-float32-*",))
def unstable_softmax(_: Right, x: Array, *, axis: int) -> Any:
    """exp(x) / sum(exp(x)), which overflows."""
    raised = np.exp(x)
    return raised / np.sum(raised, axis, keepdims=True)


@lowering(ew.round_half_even, first=("primitive/round_half_even-float32-*", "contract/*round*"))
def halves_rounded_up(_: Right, x: Array) -> Any:
    """Halves rounded up instead of to the even number."""
    return np.floor(x + x.dtype.type(0.5))


@lowering(ew.atan2, first=("primitive/atan2-float32-*",))
def arguments_of_atan2_swapped(right: Right, y: Array, x: Array) -> Any:
    """The angle of (y, x) instead of (x, y)."""
    return right(x, y)


@lowering(ew.multiply, first=("primitive/multiply-float32-*",))
def product_of_the_first_row_only(right: Right, x: Array, y: Array) -> Any:
    """A broadcast operand read from its start again: the bias along the wrong axis."""
    if x.ndim == y.ndim + 1 and y.ndim and x.shape[0] == y.shape[0]:
        return right(x, y[..., None])
    return right(x, y[..., ::-1] if x.shape != y.shape and y.ndim else y)


@lowering(ew.select, first=("primitive/select-float32-*",))
def select_by_arithmetic(_: Right, condition: Array, x: Array, y: Array) -> Any:
    """C * x + (1 - c) * y: what is not chosen leaks as NaN."""
    c = condition.astype(x.dtype)
    return x * c + y * (1 - c)


# Integers


@lowering(ew.floor_divide, first=("primitive/floor_divide-int32-*", "contract/int_FloorDiv*"))
def floor_division_truncates(_: Right, x: Array, y: Array) -> Any:
    """-7 // 2 is -3."""
    safe = np.where(y == 0, np.ones_like(y), y)
    quotient = np.trunc(np.true_divide(x, safe)).astype(x.dtype)
    return np.where(y == 0, np.zeros_like(quotient), quotient)


@lowering(ew.floor_mod, first=("primitive/floor_mod-int32-*", "contract/int_FloorMod*"))
def remainder_has_the_sign_of_the_dividend(_: Right, x: Array, y: Array) -> Any:
    """-7 % 2 is -1."""
    return np.fmod(x, np.where(y == 0, np.ones_like(y), y))


@lowering(ew.left_shift, first=("primitive/left_shift-int32-*", "contract/*Shift*"))
def shift_wraps(_: Right, x: Array, y: Array) -> Any:
    """A shift by the width or more is taken modulo the width."""
    width = x.dtype.itemsize * 8
    return np.left_shift(x, np.bitwise_and(y, y.dtype.type(width - 1)))


@lowering(ew.right_shift, first=("primitive/right_shift-int32-*", "contract/*hift*"))
def shift_is_logical(_: Right, x: Array, y: Array) -> Any:
    """Zeros come in from the left where the sign should."""
    bits = x.dtype.itemsize * 8
    unsigned = np.dtype(f"u{x.dtype.itemsize}")
    amount = np.clip(y, 0, bits - 1).astype(unsigned)
    return np.right_shift(x.view(unsigned) if x.flags.c_contiguous else x.astype(unsigned),
                          amount).astype(x.dtype)  # fmt: skip


@lowering(ew.add, first=("primitive/add-int32-*", "primitive/add-int64-*"))
def integers_added_as_floats(right: Right, x: Array, y: Array) -> Any:
    """Integers go through float32, which holds 24 bits of them."""
    if x.dtype.kind not in "iu":
        return right(x, y)
    return (x.astype(np.float32) + y.astype(np.float32)).astype(x.dtype)


@lowering(ew.cast, first=("primitive/cast-*", "contract/cast*"))
def cast_saturates(right: Right, x: Array, *, dtype: np.dtype[Any]) -> Any:
    """300 becomes the largest uint8 instead of 44."""
    if x.dtype.kind in "iu" and dtype.kind in "iu":
        info = np.iinfo(dtype)
        clipped = np.clip(x.astype(object), info.min, info.max)
        return np.asarray(clipped).astype(dtype)
    return right(x, dtype=dtype)


@lowering(ew.cast, first=("primitive/cast-float32-*", "contract/cast*"))
def cast_rounds(right: Right, x: Array, *, dtype: np.dtype[Any]) -> Any:
    """1.7 becomes 2 instead of 1."""
    if x.dtype.kind == "f" and dtype.kind in "iu":
        return right(np.rint(x), dtype=dtype)
    return right(x, dtype=dtype)


# NaN, signs and sizes


@lowering(ew.maximum, first=("primitive/maximum-float32-*", "contract/Maximum*"))
def nan_dropped_in_maximum(_: Right, x: Array, y: Array) -> Any:
    """maximum(1, NaN) is 1."""
    return np.fmax(x, y)


@lowering(ew.sign, first=("primitive/sign-float32-*", "contract/sign*"))
def sign_of_nan_is_zero(right: Right, x: Array) -> Any:
    """sign(NaN) is 0."""
    found = np.asarray(right(x))
    return np.where(np.isnan(x), np.zeros_like(found), found) if x.dtype.kind == "f" else found


@stepping(first=("dtypes/signs*", "primitive/negative-float32-*"))
def negative_zero_lost(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """-0.0 comes out as 0.0."""
    return [x + x.dtype.type(0) if x.dtype.kind == "f" else x for x in right(step, operands)]


@stepping(first=("dtypes/subnormals*", "contract/subnormal*"))
def subnormals_flushed(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """Numbers below the smallest normal one become zero."""

    def flushed(x: Array) -> Array:
        if x.dtype not in (np.float32, np.float64):
            return x
        tiny = np.abs(x) < np.finfo(x.dtype).tiny
        return np.where(tiny, np.copysign(x.dtype.type(0), x), x)

    return [flushed(x) for x in right(step, operands)]


@stepping(first=("dtypes/floats*", "primitive/multiply-float32-*"))
def float16_inside(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """float32 is computed in float16."""

    def narrow(x: Array) -> Array:
        return x.astype(np.float16).astype(np.float32) if x.dtype == np.float32 else x

    return [narrow(x) for x in right(step, operands)]


@stepping(first=("dtypes/floats*", "primitive/add-float64-*"))
def float64_as_float32(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """float64 is computed in float32."""

    def narrow(x: Array) -> Array:
        return x.astype(np.float32).astype(np.float64) if x.dtype == np.float64 else x

    return [narrow(x) for x in right(step, operands)]


@stepping(first=("dtypes/*int64*", "primitive/add-int64-*"))
def int64_as_int32(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """int64 is computed in int32."""

    def narrow(x: Array) -> Array:
        return x.astype(np.int32).astype(np.int64) if x.dtype == np.int64 else x

    return [narrow(x) for x in right(step, operands)]


@lowering(ew.less, ew.greater, first=("dtypes/unsigned*", "primitive/less-uint64-*"))
def uint64_compared_as_int64(right: Right, x: Array, y: Array) -> Any:
    """What has the highest bit counts as negative."""
    if x.dtype == np.uint64:
        return right(x.astype(np.int64), y.astype(np.int64))
    return right(x, y)


@stepping(first=("dtypes/large*", "primitive/add-float32-large*"))
def wrong_above_4096_elements(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """What lies beyond the first 4,096 elements is not computed."""

    def cut(x: Array) -> Array:
        if x.size <= LARGE or x.dtype.kind != "f":
            return x
        x = np.array(x, order="C")
        x.reshape(-1)[LARGE:] = 0
        return x

    return [cut(x) for x in right(step, operands)]
