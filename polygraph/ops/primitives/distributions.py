"""What is made of random bits: floats, normals, integers, orders and choices, as TF1 makes them.

All are composites over `philox` and give the numbers of TF1's CPU kernels, in their order. The
uniform ones, the integers and the orders are equal to the bit. Normal values depend on an engine's
logarithm, sine and cosine: these are taken in float64 and rounded, so that engines agree.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import FLOATING, INDEX
from polygraph.core.ground.op import composite
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives.elementwise import (
    absolute,
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    cast,
    cos,
    equal,
    exp,
    floor_mod,
    greater_equal,
    is_finite,
    left_shift,
    less,
    less_equal,
    log,
    logical_and,
    maximum,
    multiply,
    right_shift,
    select,
    sin,
    sqrt,
    subtract,
)
from polygraph.ops.primitives.indexing import scatter_update
from polygraph.ops.primitives.random import philox, pivots_to_permutation
from polygraph.ops.primitives.reduction import cumsum, reduce_max, reduce_sum
from polygraph.ops.primitives.shaping import concatenate, iota, reshape, strided_slice

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

_WORDS = 4
"""32-bit words in a block."""

_F32 = np.dtype(np.float32)
_F64 = np.dtype(np.float64)
_I32 = np.dtype(np.int32)
_I64 = np.dtype(np.int64)
_GENERATOR = np.array([2**33 + 5, 87654321, 42])

_MANTISSA_BITS = {"float16": 10, "bfloat16": 7, "float32": 23}

# Uniform values below this count as this, so that their logarithm is finite.
_SMALLEST = 1e-7

_CUT = 2.0
_GROUP_BLOCKS = 64
"""Blocks that a truncated draw keeps for each of its values."""
_FEW_CANDIDATES = 8
_MANY_CANDIDATES = 24


def _blocks(generator: Array, count: int, stride: int = 1) -> Any:
    """``i32[count, 4]``: every ``stride``-th block from the generator's position on."""
    steps = iota(dtype=_I64, size=count)
    return philox(generator, steps if stride == 1 else multiply(steps, np.int64(stride)))


def _column(table: Array, index: int) -> Any:
    rows = table.shape[0]
    taken = strided_slice(table, begin=(0, index), end=(rows, index + 1), strides=(1, 1))
    return reshape(taken, shape=(rows,))


def _first(vector: Array, count: int) -> Any:
    if vector.shape[0] == count:
        return vector
    return strided_slice(vector, begin=(0,), end=(count,), strides=(1,))


def _interleave(*columns: Array) -> Any:
    rows = columns[0].shape[0]
    return reshape(
        concatenate(*(reshape(column, shape=(rows, 1)) for column in columns), axis=1),
        shape=(rows * len(columns),),
    )


def _unsigned(words: Array) -> Any:
    return bitwise_and(cast(words, dtype=_I64), np.int64(0xFFFFFFFF))


def _unit(words: Array, dtype: np.dtype[np.generic]) -> Any:
    """Numbers in [0, 1) from the low bits of one word each; exact."""
    bits = _MANTISSA_BITS[dtype.name]
    integers = bitwise_and(words, np.int32((1 << bits) - 1))
    scaled = multiply(cast(integers, dtype=_F32), np.float32(2.0**-bits))
    return scaled if dtype == _F32 else cast(scaled, dtype=dtype)


def _unit_f64(high: Array, low: Array) -> Any:
    """Numbers in [0, 1) from 20 bits of one word above the 32 bits of another; exact."""
    above = cast(bitwise_and(high, np.int32(0xFFFFF)), dtype=_F64)
    below = cast(_unsigned(low), dtype=_F64)
    return add(multiply(above, np.float64(2.0**-20)), multiply(below, np.float64(2.0**-52)))


def _uniform_f64(generator: Array, size: int) -> Any:
    pairs = -(-size // 2)
    table = reshape(_blocks(generator, pairs), shape=(2 * pairs, 2))
    return _first(_unit_f64(_column(table, 0), _column(table, 1)), size)


def _unsigned_words(generator: Array, size: int) -> Any:
    blocks = -(-size // _WORDS)
    words = reshape(_blocks(generator, blocks), shape=(_WORDS * blocks,))
    return _unsigned(_first(words, size))


def _rounded(function: object, x: Array) -> Any:
    """A function of float32 values by way of float64."""
    return cast(function(cast(x, dtype=_F64)), dtype=_F32)  # type: ignore[operator]


def _box_muller(words: Array) -> Any:
    """float32 normals from a vector of words, of which two make two."""
    table = reshape(words, shape=(words.size // 2, 2))
    first = maximum(_unit(_column(table, 0), _F32), np.float32(_SMALLEST))
    second = cast(_unit(_column(table, 1), _F32), dtype=_F64)
    angle = cast(multiply(second, np.float64(2 * math.pi)), dtype=_F32)
    radius = sqrt(multiply(_rounded(log, first), np.float32(-2)))
    return _interleave(
        multiply(_rounded(sin, angle), radius), multiply(_rounded(cos, angle), radius)
    )


def _box_muller_f64(words: Array) -> Any:
    """float64 normals from a vector of words, of which four make two."""
    table = reshape(words, shape=(words.size // _WORDS, _WORDS))
    first = _unit_f64(_column(table, 0), _column(table, 1))
    second = _unit_f64(_column(table, 2), _column(table, 3))
    angle = multiply(second, np.float64(2 * math.pi))
    radius = sqrt(multiply(log(maximum(first, np.float64(_SMALLEST))), np.float64(-2)))
    return _interleave(multiply(sin(angle), radius), multiply(cos(angle), radius))


def _normals(words: Array, *, wide: bool) -> Any:
    flat = reshape(words, shape=(words.size,))
    return _box_muller_f64(flat) if wide else _box_muller(flat)


def _of_shape(
    _: TensorType,
    *,
    shape: tuple[int, ...],
    dtype: np.dtype[np.generic],
) -> TensorType:
    return TensorType(dtype, shape)


_FLOAT_SAMPLES = tuple(
    (_GENERATOR, {"shape": shape, "dtype": np.dtype(dtype)})
    for shape, dtype in (
        ((7,), np.float32),
        ((2, 3), np.float64),
        ((3, 1), np.float16),
        ((), np.float32),
        ((0, 2), np.float32),
        ((131,), np.float32),
    )
)


@composite("i64[3] -> T[*n]", samples=_FLOAT_SAMPLES, T=FLOATING)
def random_uniform(generator: Array, *, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Any:
    """Numbers of [0, 1), evenly: a word each (float64: two), of which the low bits count."""
    size = math.prod(shape)
    if dtype == _F64:
        return reshape(_uniform_f64(generator, size), shape=shape)
    blocks = -(-size // _WORDS)
    words = reshape(_blocks(generator, blocks), shape=(_WORDS * blocks,))
    return reshape(_unit(_first(words, size), dtype), shape=shape)


random_uniform.infer(_of_shape)


@composite("i64[3] -> T[*n]", samples=_FLOAT_SAMPLES, T=FLOATING)
def random_normal(generator: Array, *, shape: tuple[int, ...], dtype: np.dtype[np.generic]) -> Any:
    """Standard normal numbers, in pairs by Box and Muller's method; 16-bit ones from float32."""
    size, wide = math.prod(shape), dtype == _F64
    blocks = -(-size // (2 if wide else _WORDS))
    values = _first(_normals(_blocks(generator, blocks), wide=wide), size)
    return reshape(cast(values, dtype=dtype), shape=shape)


random_normal.infer(_of_shape)


def _candidates(generator: Array, groups: Array, count: int, *, wide: bool) -> Any:
    """``[groups, count]`` normals, the first that each group of a truncated draw meets."""
    group = 2 if wide else _WORDS
    blocks = count // group
    starts = reshape(multiply(groups, np.int64(group * _GROUP_BLOCKS)), shape=(groups.size, 1))
    offsets = add(starts, np.arange(blocks))
    words = philox(generator, reshape(offsets, shape=(groups.size * blocks,)))
    return reshape(_normals(words, wide=wide), shape=(groups.size, count))


def _keep(candidates: Array, group: int) -> tuple[Any, Any]:
    """The first ``group`` values of each row that the cut leaves, and how many there were."""
    good = less(absolute(candidates), np.array(_CUT, candidates.dtype))
    flags = cast(good, dtype=_I32)
    rank = cumsum(flags, axis=1, exclusive=True, reverse=False)
    zero = np.zeros((), candidates.dtype)
    columns = [
        reduce_sum(
            select(logical_and(good, equal(rank, np.int32(index))), candidates, zero),
            axes=(1,),
            keepdims=True,
        )
        for index in range(group)
    ]
    return concatenate(*columns, axis=1), reduce_sum(flags, axes=(1,), keepdims=False)


def _most_short(groups: int) -> int:
    """A number that the groups with too few good candidates do not exceed.

    One in 105000 groups finds fewer than four good ones among eight (a value is good with
    probability 0.954), and ten standard deviations are added.
    """
    mean = groups * 1e-5
    return int(mean + 10 * math.sqrt(mean)) + 24


def _truncated(generator: Array, groups: int, *, wide: bool) -> Any:
    """Four (float64: two) values for each group.

    TF1 draws on until a group is full. Here a group looks at 8 candidates, and those few that
    need more look at 24, which falls short once in 1e25 groups; so the sizes are fixed.
    """
    group = 2 if wide else _WORDS
    every, most = iota(dtype=_I64, size=groups), _most_short(groups)
    if groups <= most:
        return _keep(_candidates(generator, every, _MANY_CANDIDATES, wide=wide), group)[0]
    values, counts = _keep(_candidates(generator, every, _FEW_CANDIDATES, wide=wide), group)
    short = less(counts, np.int32(group))
    rank = cumsum(cast(short, dtype=_I32), axis=0, exclusive=True, reverse=False)
    slot = select(logical_and(short, less(rank, np.int32(most))), rank, np.int32(most))
    # Slots that stay empty name group 0, which is then worked out once more.
    listed = _first(scatter_update(np.zeros(most + 1, np.int64), slot, every), most)
    again = _keep(_candidates(generator, listed, _MANY_CANDIDATES, wide=wide), group)[0]
    return scatter_update(values, listed, again)


@composite("i64[3] -> T[*n]", samples=_FLOAT_SAMPLES, T=FLOATING)
def random_truncated_normal(
    generator: Array, *, shape: tuple[int, ...], dtype: np.dtype[np.generic]
) -> Any:
    """Standard normal numbers without those of 2 or more in magnitude."""
    size, wide = math.prod(shape), dtype == _F64
    group = 2 if wide else _WORDS
    groups = -(-size // group)
    values = reshape(_truncated(generator, groups, wide=wide), shape=(groups * group,))
    return reshape(cast(_first(values, size), dtype=dtype), shape=shape)


random_truncated_normal.infer(_of_shape)


def _modulo_unsigned(bits: Array, span: Array) -> Any:
    """``bits mod span`` of unsigned 64-bit integers, which not every engine has.

    Half of ``bits`` is a signed number, so its remainder can be had, doubled and completed;
    a span of 2**63 or more goes into ``bits`` once at most.
    """
    lowest, highest = np.int64(-(2**63)), np.int64(2**63 - 1)
    modulus = maximum(span, np.int64(1))
    half = floor_mod(bitwise_and(right_shift(bits, np.int64(1)), highest), modulus)
    rest = subtract(modulus, half)
    doubled = select(greater_equal(half, rest), subtract(half, rest), add(half, half))
    whole = add(doubled, bitwise_and(bits, np.int64(1)))
    small = select(equal(whole, modulus), np.int64(0), whole)
    below = less(bitwise_xor(bits, lowest), bitwise_xor(span, lowest))
    return select(less(span, np.int64(0)), select(below, bits, subtract(bits, span)), small)


@composite(
    "i64[3], T[], T[] -> T[*n]",
    samples=(
        (_GENERATOR, np.array(-3, np.int32), np.array(9, np.int32), {"shape": (5,)}),
        (
            _GENERATOR,
            np.array(-(2**31), np.int32),
            np.array(2**31 - 1, np.int32),
            {"shape": (2, 2)},
        ),
        (_GENERATOR, np.array(-(2**63)), np.array(2**63 - 1), {"shape": (6,)}),
        (_GENERATOR, np.array(0), np.array(10), {"shape": (0,)}),
    ),
    T=INDEX,
)
def random_uniform_int(
    generator: Array, minval: Array, maxval: Array, *, shape: tuple[int, ...]
) -> Any:
    """Integers of [minval, maxval), by the remainder of a word (int64: two)."""
    size = math.prod(shape)
    if minval.dtype == _I64:
        words = _unsigned_words(generator, 2 * size)
        table = reshape(words, shape=(size, 2))
        bits = bitwise_or(left_shift(_column(table, 1), np.int64(32)), _column(table, 0))
        drawn = _modulo_unsigned(bits, subtract(maxval, minval))
        return reshape(add(drawn, minval), shape=shape)
    low = cast(minval, dtype=_I64)
    span = maximum(subtract(cast(maxval, dtype=_I64), low), np.int64(1))
    drawn = add(floor_mod(_unsigned_words(generator, size), span), low)
    return reshape(cast(drawn, dtype=_I32), shape=shape)


@random_uniform_int.infer
def _random_uniform_int_type(
    _: TensorType, minval: TensorType, __: TensorType, *, shape: tuple[int, ...]
) -> TensorType:
    return TensorType(minval.dtype, shape)


@composite(
    "i64[3] -> i32[n]",
    samples=tuple((_GENERATOR, {"size": size}) for size in (0, 1, 2, 9)),
)
def random_permutation(generator: Array, *, size: int) -> Any:
    """The order of ``0 ... size-1`` after Fisher and Yates's shuffle, a word for each swap."""
    if size <= 1:
        return np.zeros(size, np.int32)
    first = iota(dtype=_I64, size=size - 1)
    left = subtract(np.int64(size), first)
    swaps = add(floor_mod(_unsigned_words(generator, size - 1), left), first)
    pivots = concatenate(cast(swaps, dtype=_I32), np.array([size - 1], np.int32), axis=0)
    return pivots_to_permutation(pivots)


@random_permutation.infer
def _random_permutation_type(_: TensorType, *, size: int) -> TensorType:
    return TensorType(_I32, (size,))


@composite(
    "i64[3], T[b, c] -> i64[b, s]",
    samples=(
        (_GENERATOR, (2, 3), {"samples": 5}),
        (_GENERATOR, np.array([[0.0, -np.inf, 1.0]], np.float32), {"samples": 4}),
        (_GENERATOR, (1, 1), {"samples": 0}),
        (_GENERATOR, (0, 3), {"samples": 2}),
    ),
    T=FLOATING,
)
def random_categorical(generator: Array, logits: Array, *, samples: int) -> Any:
    """Classes, drawn for each row by the probabilities that ``logits`` are the logarithms of.

    A number of [0, total) is looked up in the running sums; classes whose logit is not finite
    are never drawn.
    """
    batch, classes = logits.shape
    wide = cast(logits, dtype=_F64)
    finite = is_finite(wide)
    top = reduce_max(select(finite, wide, np.float64(-np.inf)), axes=(1,), keepdims=True)
    weights = select(finite, exp(subtract(wide, top)), np.float64(0))
    sums = cumsum(weights, axis=1, exclusive=False, reverse=False)
    total = strided_slice(sums, begin=(0, classes - 1), end=(batch, classes), strides=(1, 1))
    drawn = reshape(_uniform_f64(generator, batch * samples), shape=(batch, samples))
    wanted = reshape(multiply(drawn, total), shape=(batch, samples, 1))
    passed = less_equal(reshape(sums, shape=(batch, 1, classes)), wanted)
    return reduce_sum(cast(passed, dtype=_I64), axes=(2,), keepdims=False)


@random_categorical.infer
def _random_categorical_type(_: TensorType, logits: TensorType, *, samples: int) -> TensorType:
    return TensorType(_I64, (logits.shape[0], samples))


_SCRAMBLE = np.int64(0x02461E293EC8F720)


@composite("i64[2] -> i64[3]", samples=((np.array([1, -2]),),))
def stateless_generator(seed: Array) -> Any:
    """The generator that a stateless op draws from: its key and stream are mixed from the seed."""
    first = strided_slice(seed, begin=(0,), end=(1,), strides=(1,))
    second = strided_slice(seed, begin=(1,), end=(2,), strides=(1,))
    mixer = concatenate(first, np.array([_SCRAMBLE]), second, axis=0)
    table = reshape(_unsigned(philox(mixer, np.zeros(1, np.int64))), shape=(2, 2))
    keys = bitwise_or(left_shift(_column(table, 1), np.int64(32)), _column(table, 0))
    return concatenate(np.zeros(1, np.int64), keys, axis=0)
