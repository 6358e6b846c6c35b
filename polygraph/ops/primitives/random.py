"""Random bits: the Philox generator that TF1 draws from, and the order that a shuffle makes.

A *generator* is ``i64[3]``: the position in the stream, counted in blocks of four 32-bit words,
and the two 64-bit numbers that choose the stream (TF1's `seed` and `seed2`). It is an ordinary
value: drawing is a pure function of it, and an op that draws returns the generator moved on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from polygraph.core.ground.op import primitive

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

_Words = np.ndarray[Any, np.dtype[np.uint64]]

_ROUNDS = 10
_PIECE = 16384
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF
_HALF = np.uint64(32)
_LOW_WORD = np.uint64(_LOW)


def _halves(number: int) -> tuple[int, int]:
    return number & _LOW, (number >> 32) & _LOW


def _round(words: list[_Words], key: tuple[int, int]) -> list[_Words]:
    first = words[0] * np.uint64(_MULTIPLIERS[0])
    second = words[2] * np.uint64(_MULTIPLIERS[1])
    return [
        (second >> _HALF) ^ words[1] ^ np.uint64(key[0]),
        second & _LOW_WORD,
        (first >> _HALF) ^ words[3] ^ np.uint64(key[1]),
        first & _LOW_WORD,
    ]


def _scrambled(counter: _Words, key: tuple[int, int], stream: tuple[int, int]) -> list[_Words]:
    words: list[_Words] = [
        counter & _LOW_WORD,
        counter >> _HALF,
        np.full_like(counter, stream[0]),
        np.full_like(counter, stream[1]),
    ]
    for _ in range(_ROUNDS):
        words = _round(words, key)
        key = (key[0] + _KEY_STEPS[0]) & _LOW, (key[1] + _KEY_STEPS[1]) & _LOW
    return words


@primitive(
    "i64[3], i64[*n] -> i32[*n, 4]",
    fold=False,
    samples=(
        (np.array([0, 3, 5]), np.arange(7)),
        (np.array([2**40 + 1, 87654321, -5]), np.arange(0, 512, 256)),
        (np.array([2**32 - 2, -1, 2**31]), np.arange(4).reshape(2, 2)),
        (np.array([0, 0, 0]), np.array(9)),
        (np.array([1, 2, 3]), np.zeros(0, np.int64)),
    ),
)
def philox(generator: Array, offsets: Array) -> Array:
    """Blocks of Philox 4x32-10: the one at ``generator[0] + offset`` for each offset.

    The words are unsigned; ``i32`` holds their bits, as every engine can. The counter is the
    position (64 bits) below ``generator[2]`` (64 bits), the key is ``generator[1]``, low words
    first.

    Source: J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (2011).
    """
    position, seed, seed2 = (int(number) for number in cast("Any", generator))
    counters = np.asarray(offsets, np.int64).reshape(-1).view(np.uint64)
    result = np.empty((counters.size, 4), np.uint32)
    # Pieces that fit into the processor's cache take a third of the time.
    for start in range(0, counters.size, _PIECE):
        piece = counters[start : start + _PIECE] + np.uint64(position % 2**64)
        for index, words in enumerate(_scrambled(piece, _halves(seed), _halves(seed2))):
            result[start : start + _PIECE, index] = words
    return result.view(np.int32).reshape(*np.shape(offsets), 4)


@primitive(
    "i32[n] -> i32[n]",
    samples=(
        (np.array([2, 2, 2], np.int32),),
        (np.array([1, 4, 3, 4, 4], np.int32),),
        (np.zeros(1, np.int32),),
        (np.zeros(0, np.int32),),
    ),
)
def pivots_to_permutation(pivots: Array) -> Array:
    """The order of ``0 ... n-1`` after swapping the items at ``i`` and ``pivots[i]``, i rising.

    Pivots are in ``[i, n)``, as those of an LU decomposition and of a shuffle.
    """
    targets = np.asarray(pivots).tolist()
    order = list(range(len(targets)))
    for index, target in enumerate(targets):
        order[index], order[target] = order[target], order[index]
    return np.array(order, np.int32)
