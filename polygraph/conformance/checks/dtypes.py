"""Dtype fidelity: what is computed in a dtype is computed in no other, at any size."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol

import ml_dtypes
import numpy as np

import polygraph as tf
from polygraph.conformance.checking import Checks, epsilon, near, same, session, started

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.conformance.target import Target

    Array = np.ndarray[Any, Any]

    class _PerDtype(Protocol):
        """A check of one dtype."""

        __name__: str

        def __call__(self, target: Target, dtype: str) -> None:
            """Check it."""


check = Checks(3, "dtypes")
cases = check.cases

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
ALL = ("bool", *INTEGERS, *FLOATS, *COMPLEX)

LARGE = (4_097, 10_007, 65_537)
"""Sizes past which engines split work between threads, vectors or pages."""


def _each(dtypes: tuple[str, ...], ci: tuple[str, ...] = ()) -> Callable[[_PerDtype], _PerDtype]:
    """Decorator: a case for each dtype; those not in ``ci`` are left out of the fast subset."""

    def decorate(run: _PerDtype) -> _PerDtype:
        for dtype in dtypes:
            check.add(
                f"{run.__name__}-{dtype}-all",
                functools.partial(run, dtype=dtype),
                dtype=dtype,
                ci=not ci or dtype in ci,
            )
        return run

    return decorate


def _np(dtype: str) -> np.dtype[Any]:
    return np.dtype(tf.as_dtype(dtype).as_numpy_dtype)


def extremes(dtype: str) -> Array:
    """Values that no narrower dtype holds, and those that engines lose: -0.0, subnormals, ends."""
    kind = _np(dtype)
    if dtype == "bool":
        return np.array([True, False])
    if dtype in INTEGERS:
        info = np.iinfo(kind)
        odd = info.max // 2 + 1 | 1
        return np.array([info.min, info.max, info.max - 1, odd, 0, 1], kind)
    if dtype in COMPLEX:
        parts = extremes("float32" if dtype == "complex64" else "float64")
        whole = np.empty(len(parts), kind)
        whole.real, whole.imag = parts, parts[::-1]
        return whole
    info_ = ml_dtypes.finfo(kind)  # type: ignore[no-untyped-call]
    ends = [info_.max, -info_.max, info_.tiny, info_.smallest_subnormal, 1 + info_.eps]
    return np.array([0.0, -0.0, np.inf, -np.inf, np.nan, *ends], kind)


# Values carried


@_each(ALL, ci=("bool", "int64", "uint64", "bfloat16", "float64", "complex64"))
def values_travel_unchanged(target: Target, dtype: str) -> None:
    """Catches demotion, lost -0.0, flushed subnormals and 64-bit values cut to 32 on the way."""
    fed = extremes(dtype)
    x = tf.placeholder(dtype, fed.shape)
    v = tf.Variable(fed)
    other = tf.Variable(np.zeros_like(fed))
    fetches = [
        tf.identity(x),
        tf.reshape(x, [-1, 1]),
        tf.concat([x, tf.constant(fed)], 0),
        tf.stack([x, x], axis=1),
        tf.gather(x, [2, 0, 1] if fed.size > 2 else [1, 0]),
        tf.reverse(x, [0]),
        x[::-1],
        tf.where(tf.constant(np.arange(fed.size) % 2 == 0), x, x),
        tf.tile(x, [3]),
        tf.assign(other, x),
        v,
    ]
    wanted = [
        fed,
        fed[:, None],
        np.concatenate([fed, fed]),
        np.stack([fed, fed], 1),
        fed[[2, 0, 1] if fed.size > 2 else [1, 0]],
        fed[::-1],
        fed[::-1],
        fed,
        np.tile(fed, 3),
        fed,
        fed,
    ]
    with started(target) as sess:
        same(sess.run(fetches, {x: fed}), wanted, f"{dtype} values moved about")
        same(sess.run([v, other]), [fed, fed], f"{dtype} variables in the next run")


@_each(ALL, ci=("int64", "uint64", "float64"))
def constants_hold_their_values(target: Target, dtype: str) -> None:
    """Catches constants that go through another dtype on their way into the engine."""
    fed = extremes(dtype)
    v = tf.Variable(np.zeros_like(fed))
    # The assign keeps the constant in the Program: alone it would be answered without one.
    fetched = tf.assign(v, tf.constant(fed))
    with session(target) as sess:
        same(sess.run(fetched), fed, f"a {dtype} constant")


@_each(ALL, ci=("int64", "float64"))
def loops_and_branches_keep_the_dtype(target: Target, dtype: str) -> None:
    """Catches captures and loop variables carried in a wider or a narrower dtype."""
    fed = extremes(dtype)
    x, flag = tf.placeholder(dtype, fed.shape), tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: x[::-1], lambda: tf.concat([x[1:], x[:1]], 0))
    _, z = tf.while_loop(lambda i, _: i < 3, lambda i, a: (i + 1, a[::-1]), [0, x])
    with session(target) as sess:
        wanted = [fed[::-1], fed[::-1]]
        same(sess.run([y, z], {x: fed, flag: True}), wanted, f"{dtype} in a branch and a loop")
        wanted = [np.roll(fed, -1), fed[::-1]]
        same(sess.run([y, z], {x: fed, flag: False}), wanted, f"{dtype} in the other branch")


# Arithmetic


@_each(INTEGERS, ci=("int8", "int64", "uint64"))
def integers_wrap_around(target: Target, dtype: str) -> None:
    """Catches integers that saturate, or are computed in floats or in another width."""
    kind = _np(dtype)
    info = np.iinfo(kind)
    a = np.array([info.max, info.min, info.max // 3 * 2 + 1, 7, info.max - 2], kind)
    b = np.array([1, info.max, 3, 5, info.max], kind)
    x, y = tf.placeholder(dtype, a.shape), tf.placeholder(dtype, b.shape)
    with np.errstate(all="ignore"):
        pairs = [(x + y, a + b), (x - y, a - b), (x * y, a * b), (tf.square(x), a * a)]
        pairs += [(tf.maximum(x, y), np.maximum(a, b)), (x < y, a < b), (tf.equal(x, y), a == b)]
        pairs += [(tf.floordiv(x, y), a // b), (tf.floormod(x, y), a % b)]
    with session(target) as sess:
        got = sess.run([pair[0] for pair in pairs], {x: a, y: b})
        same(got, [pair[1] for pair in pairs], f"{dtype} arithmetic past its ends")


@_each(("int32", "int64"))
def integer_sums_are_exact(target: Target, dtype: str) -> None:
    """Catches sums and products of integers that are accumulated in floats."""
    kind = _np(dtype)
    big = 2 ** (8 * kind.itemsize - 3)
    fed = (np.arange(5_001) % 3 - 1).astype(kind) * kind.type(big) + np.arange(5_001, dtype=kind)
    x = tf.placeholder(dtype, [5_001])
    small = tf.placeholder(dtype, [3, 4])
    square = (np.arange(12).reshape(3, 4) * (big // 1000) + 1).astype(kind)
    fetches = [tf.reduce_sum(x), tf.cumsum(x), tf.reduce_max(x), tf.reduce_min(x)]
    fetches += [tf.matmul(small, small, transpose_b=True)]
    with np.errstate(all="ignore"):
        wanted = [fed.sum(dtype=kind), np.cumsum(fed, dtype=kind), fed.max(), fed.min()]
        wanted += [square @ square.T]
    with session(target) as sess:
        same(sess.run(fetches, {x: fed, small: square}), wanted, f"sums of {dtype}")


@_each(FLOATS, ci=("float32", "float64"))
def floats_are_computed_in_their_own_precision(target: Target, dtype: str) -> None:
    """Catches float16 inside float32, float32 inside float64, and fused excess precision."""
    kind = _np(dtype)
    eps = kind.type(epsilon(dtype))
    one = kind.type(1)
    a = np.array([one + eps, one + 2 * eps, 3, one - eps / kind.type(2), 1.5], kind)
    b = np.array([eps, -one, one / kind.type(3), one + eps, one + eps], kind)
    x, y = tf.placeholder(dtype, a.shape), tf.placeholder(dtype, b.shape)
    pairs = [(x + y, a + b), (x - y, a - b), (x * y, a * b), (x / y, a / b)]
    pairs += [(tf.negative(x), -a), (tf.abs(y), np.abs(b)), (tf.maximum(x, y), np.maximum(a, b))]
    with session(target) as sess:
        got = sess.run([pair[0] for pair in pairs], {x: a, y: b})
        same(got, [pair[1].astype(kind) for pair in pairs], f"{dtype} arithmetic, exactly rounded")


@_each(("float32", "float64"))
def subnormals_are_kept(target: Target, dtype: str) -> None:
    """Catches arithmetic that flushes subnormal operands or results to zero."""
    kind = _np(dtype)
    info = np.finfo(kind)
    a = np.array([info.smallest_subnormal, info.tiny, info.tiny / 2, -info.tiny], kind)
    x = tf.placeholder(dtype, a.shape)
    half = kind.type(0.5)
    pairs = [(x + x, a + a), (x * 2.0, a * 2), (x * 0.5, a * half), (-x, -a), (x - 0.0, a)]
    pairs += [(tf.maximum(x, 0.0), np.maximum(a, 0)), (x > 0.0, a > 0)]
    with session(target) as sess:
        got = sess.run([pair[0] for pair in pairs], {x: a})
        same(got, [np.asarray(pair[1]) for pair in pairs], f"{dtype} subnormals")


@_each(FLOATS, ci=("float32", "float64"))
def signs_of_zero_and_nan_are_kept(target: Target, dtype: str) -> None:
    """Catches a lost -0.0, and NaN lost in comparisons, maxima and products with zero."""
    kind = _np(dtype)
    a = np.array([-0.0, 0.0, np.nan, np.inf, -np.inf], kind)
    x, zero = tf.placeholder(dtype, a.shape), np.zeros(5, kind)
    with np.errstate(all="ignore"):
        pairs = [(x * 1.0, a), (x - 0.0, a), (-x, -a), (x + 0.0, a + zero), (x * 0.0, a * zero)]
        pairs += [(x - x, a - a), (x / 1.0, a), (tf.sqrt(x), np.sqrt(a)), (tf.abs(x), np.abs(a))]
        pairs += [(tf.equal(x, x), a == a), (tf.not_equal(x, x), a != a), (x < 1.0, a < 1)]  # noqa: PLR0124 - NaN
        # Which zero is the larger, and the sign of sign(-0.0), are the engine's own.
        pairs += [(tf.abs(tf.maximum(x, 0.0)), np.abs(np.maximum(a, zero)))]
        pairs += [(tf.abs(tf.sign(x)), np.abs(np.sign(a))), (tf.is_nan(x), np.isnan(a))]
    with session(target) as sess:
        got = sess.run([pair[0] for pair in pairs], {x: a})
        same(got, [np.asarray(pair[1]) for pair in pairs], f"{dtype} zeros and NaN")


@check
def casts_between_wide_dtypes_are_exact(target: Target) -> None:
    """Catches casts by way of a narrower dtype."""
    wide = np.array([2**62 + 1, -(2**62) - 1, 2**53 + 1, 2**31, 2**24 + 1, -1], np.int64)
    x = tf.placeholder(tf.int64, wide.shape)
    y = tf.placeholder(tf.float64, [4])
    real = np.array([2.0**53 - 1, 2.0**31 + 0.75, -1.5, 16777217.0])
    fetches = [tf.cast(x, tf.float64), tf.cast(x, tf.float32), tf.cast(x, tf.int32)]
    fetches += [tf.cast(y, tf.int64), tf.cast(y, tf.float32), tf.cast(x, tf.bool)]
    wanted = [wide.astype(np.float64), wide.astype(np.float32), wide.astype(np.int32)]
    wanted += [real.astype(np.int64), real.astype(np.float32), wide.astype(bool)]
    with session(target) as sess:
        same(sess.run(fetches, {x: wide, y: real}), wanted, "casts")


@_each(("uint64",))
def unsigned_values_above_the_signed_range(target: Target, dtype: str) -> None:
    """Catches uint64 held as int64: wrong order, wrong quotients, wrong casts."""
    a = np.array([2**64 - 1, 2**63, 2**63 + 1, 5], np.uint64)
    b = np.array([2**63 - 1, 2, 2**63, 2**64 - 1], np.uint64)
    x, y = tf.placeholder(dtype, [4]), tf.placeholder(dtype, [4])
    pairs = [(x < y, a < b), (tf.maximum(x, y), np.maximum(a, b)), (tf.floordiv(x, y), a // b)]
    pairs += [(tf.cast(x, tf.float64), a.astype(np.float64)), (tf.reduce_max(x), a.max())]
    with session(target) as sess:
        got = sess.run([pair[0] for pair in pairs], {x: a, y: b})
        same(got, [pair[1] for pair in pairs], "uint64 values of 2**63 and more")


@_each(("float32", "float64"))
def gradients_have_the_dtype_of_their_variable(target: Target, dtype: str) -> None:
    """Catches gradients and updates computed in another dtype."""
    kind = _np(dtype)
    start = np.array([1 + 4 * epsilon(dtype), 3.0], kind)
    v = tf.Variable(start)
    (slope,) = tf.gradients(tf.reduce_sum(v * v * 0.5), [v])
    step = tf.train.GradientDescentOptimizer(0.5).minimize(tf.reduce_sum(v * v * 0.5))
    with started(target) as sess:
        same(sess.run(slope), start, f"the gradient of half a square in {dtype}")
        sess.run(step)
        same(sess.run(v), start * kind.type(0.5), f"a step in {dtype}")


# Sizes


@_each(("float32", "int64"))
def large_arrays_are_right_to_the_last_element(target: Target, dtype: str) -> None:
    """Catches kernels that are wrong above 4,096 elements: the tail, or every second block."""
    kind = _np(dtype)
    x = tf.placeholder(dtype, [None])
    fetches = {
        "add": x + x,
        "reverse": tf.reverse(x, [0]),
        "select": tf.where(x > 100, x, -x),
        "gather": tf.gather(x, tf.range(tf.size(x) - 1, -1, -3)),
        "max": tf.reduce_max(x),
        "argmax": tf.argmax(x, 0),
        "top": tf.nn.top_k(x, 3)[0],
        "concat": tf.concat([x, x[:5]], 0),
        "pad": tf.pad(x, [[1, 2]]),
        "found": tf.where(tf.equal(x % 1000, 7))[:, 0],
    }
    with session(target) as sess:
        for size in LARGE:
            fed = np.random.default_rng(size).permutation(size).astype(kind)
            wanted = {
                "add": fed + fed,
                "reverse": fed[::-1],
                "select": np.where(fed > 100, fed, -fed),
                "gather": fed[::-3],
                "max": fed.max(),
                "argmax": np.argmax(fed),
                "top": np.sort(fed)[::-1][:3],
                "concat": np.concatenate([fed, fed[:5]]),
                "pad": np.pad(fed, (1, 2)),
                "found": np.flatnonzero(fed % 1000 == 7),
            }
            same(sess.run(fetches, {x: fed}), wanted, f"{size} elements of {dtype}")


@check
def large_sums_and_products(target: Target) -> None:
    """Catches long sums done naively or with a block left out, and large products cut off."""
    x, m = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None, 70])
    fetches = [
        tf.reduce_sum(x),
        tf.reduce_mean(x),
        tf.cumsum(x)[-1],
        tf.matmul(m, m, transpose_a=True),
    ]
    with session(target) as sess:
        for size in LARGE[:2]:
            fed = np.random.default_rng(size).uniform(0.5, 1.5, size).astype(np.float32)
            grid = np.random.default_rng(size).normal(size=(size // 70, 70)).astype(np.float32)
            exact = fed.astype(np.float64)
            square = grid.astype(np.float64)
            wanted = [exact.sum(), exact.mean(), exact.sum(), square.T @ square]
            narrow = [np.asarray(item, np.float32) for item in wanted]
            got = sess.run(fetches, {x: fed, m: grid})
            near(got[:2], narrow[:2], f"sums of {size}", relative=2e-6)
            # A running sum has one rounding an element.
            near(got[2], narrow[2], f"the last running sum of {size}", relative=1e-4)
            near(got[3], narrow[3], f"a product over {size // 70}", relative=2e-6)


@check.where(ci=False)
def a_million_elements(target: Target) -> None:
    """Catches index arithmetic, thread splits and buffers that break at a million elements."""
    x = tf.placeholder(tf.float32, [1_000_000])
    fetches = [x * 3.0 + 1.0, tf.reduce_max(x), tf.reverse(x, [0])]
    fed = np.arange(1_000_000, dtype=np.float32)
    with session(target) as sess:
        got = sess.run(fetches, {x: fed})
    same(got[1:], [np.float32(999_999), fed[::-1]], "the largest, and the reverse")
    near(got[0], fed * 3 + 1, "x * 3 + 1", relative=1e-7)
