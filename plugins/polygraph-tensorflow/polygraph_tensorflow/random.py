"""Random numbers: TensorFlow's own Philox, which is where polygraph's come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from polygraph_tensorflow.elementwise import raw, select, to_dtype
from polygraph_tensorflow.indexing import argsort
from polygraph_tensorflow.shaping import ints, iota

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.plugin import Lowering

    Words = list[tf.Tensor]

_PHILOX = 1
"""TensorFlow's number of the algorithm."""

_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (np.uint64(0x9E3779B9), np.uint64(0xBB67AE85))
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def _unsigned(generator: tf.Tensor) -> list[tf.Tensor]:
    """Position, seed and stream."""
    words = raw.Bitcast(input=generator, type=tf.uint64)
    return list(raw.Unpack(value=words, num=3))


def _source(generator: tf.Tensor) -> dict[str, Any]:
    """What TensorFlow's stateless nodes take for a generator."""
    position, seed, stream = _unsigned(generator)
    key = raw.Pack(values=[seed])
    return {"key": key, "counter": raw.Pack(values=[position, stream]), "alg": _PHILOX}


def draw(node: Callable[..., tf.Tensor]) -> Lowering:
    """A node that draws floats, as a lowering of the composite that draws the same."""

    def lower(generator: tf.Tensor, *, shape: Sequence[int], dtype: np.dtype[Any]) -> tf.Tensor:
        return node(shape=ints(shape), dtype=tf.as_dtype(dtype), **_source(generator))

    return lower


def _low(x: tf.Tensor) -> tf.Tensor:
    return raw.BitwiseAnd(x=x, y=_LOW)


def _high(x: tf.Tensor) -> tf.Tensor:
    return raw.RightShift(x=x, y=_HALF)


def _mixed(*words: tf.Tensor) -> tf.Tensor:
    first, second, third = words
    return raw.BitwiseXor(x=raw.BitwiseXor(x=first, y=second), y=third)


def _round(words: Words, low_key: tf.Tensor, high_key: tf.Tensor) -> Words:
    first = raw.Mul(x=words[0], y=_MULTIPLIERS[0])
    second = raw.Mul(x=words[2], y=_MULTIPLIERS[1])
    return [
        _mixed(_high(second), words[1], low_key),
        _low(second),
        _mixed(_high(first), words[3], high_key),
        _low(first),
    ]


def philox(generator: tf.Tensor, offsets: tf.Tensor) -> tf.Tensor:
    """Blocks of Philox 4x32-10 anywhere in the stream, by 64-bit arithmetic.

    TensorFlow's own nodes give blocks in a row only.
    """
    position, seed, stream = _unsigned(generator)
    counter = raw.AddV2(x=raw.Bitcast(input=offsets, type=tf.uint64), y=position)
    still = raw.ZerosLike(x=counter)
    above = [raw.BitwiseOr(x=still, y=half) for half in (_low(stream), _high(stream))]
    words = [_low(counter), _high(counter), *above]
    low_key, high_key = _low(seed), _high(seed)
    for _ in range(_ROUNDS):
        words = _round(words, low_key, high_key)
        low_key = _low(raw.AddV2(x=low_key, y=_KEY_STEPS[0]))
        high_key = _low(raw.AddV2(x=high_key, y=_KEY_STEPS[1]))
    table = to_dtype(raw.Pack(values=words, axis=len(offsets.shape)), tf.uint32)
    return raw.Bitcast(input=table, type=tf.int32)


def pivots_to_permutation(pivots: tf.Tensor) -> tf.Tensor:
    """The order that swaps make, without making them one by one.

    Swap ``i`` puts at ``i``, for good, what is at ``pivots[i]`` then. That came there by the last
    earlier swap with the same pivot ``j``, and is what was at ``j`` before swap ``j``; without
    such a swap it is what was there in the beginning. What is at ``j`` before its swap came, the
    same way, from the last earlier swap whose pivot is ``j``, and so on: the way back to the
    beginning is followed from all places at once, twice as far every time.
    """
    size = pivots.shape[0]
    if size <= 1:
        return raw.ZerosLike(x=pivots)
    places = iota(dtype=np.dtype(np.int32), size=size)
    moves = raw.NotEqual(x=pivots, y=places)
    # The last swap that brought something to each place from before it.
    last = raw.UnsortedSegmentMax(
        data=select(moves, places, np.int32(-1)), segment_ids=pivots, num_segments=np.int32(size)
    )
    origin = select(raw.Less(x=last, y=np.int32(0)), places, last)
    for _ in range(size.bit_length()):
        origin = raw.GatherV2(params=origin, indices=origin, axis=0)
    before = _previous_equal(pivots)
    found = raw.GatherV2(params=origin, indices=raw.Maximum(x=before, y=np.int32(0)), axis=0)
    return select(raw.Less(x=before, y=np.int32(0)), pivots, found)


def _previous_equal(x: tf.Tensor) -> tf.Tensor:
    """For each element the place of the last equal one before it, -1 where there is none."""
    size = x.shape[0]
    order = argsort(x, axis=0, descending=False)
    ordered = raw.GatherV2(params=x, indices=order, axis=0)

    def part(values: tf.Tensor, start: int) -> tf.Tensor:
        return raw.Slice(input=values, begin=ints([start]), size=ints([size - 1]))

    same = raw.Equal(x=part(ordered, 0), y=part(ordered, 1))
    earlier = select(same, part(order, 0), np.int32(-1))
    in_order = raw.ConcatV2(values=[np.full(1, -1, np.int32), earlier], axis=0)
    return raw.GatherV2(params=in_order, indices=raw.InvertPermutation(x=order), axis=0)
