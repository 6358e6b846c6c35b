"""Random bits: Philox by 64-bit integers, and the order that a shuffle makes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph_onnxruntime.kernels import I32, I64, U32, U64
from polygraph_onnxruntime.shaping import cut, take

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph_onnxruntime.writer import Ref

_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
_LOW = 0xFFFFFFFF


def _halves(number: Ref) -> tuple[Ref, Ref]:
    """Low and high 32 bits."""
    return number & _LOW, number >> 32


def philox(generator: Ref, offsets: Ref) -> Ref:
    """Blocks of Philox 4x32-10."""
    words = generator.bits(U64)
    position, seed, stream = (cut(words, (index,), (1,)).reshape(()) for index in range(3))
    shape = offsets.shape
    if not offsets.size:
        return offsets.writer.full(0, I32, (*shape, 4))
    counter = _halves(offsets.bits(U64) + position)
    state = [*counter, *(half.expand(shape) for half in _halves(stream))]
    key = _halves(seed)
    for _ in range(_ROUNDS):
        first, second = state[0] * _MULTIPLIERS[0], state[2] * _MULTIPLIERS[1]
        state = [
            (second >> 32) ^ state[1] ^ key[0],
            second & _LOW,
            (first >> 32) ^ state[3] ^ key[1],
            first & _LOW,
        ]
        key = (key[0] + _KEY_STEPS[0]) & _LOW, (key[1] + _KEY_STEPS[1]) & _LOW
    columns = [word.cast(U32).bits(I32).reshape((*shape, 1)) for word in state]
    return offsets.writer.concat(columns, len(shape))


def pivots_to_permutation(pivots: Ref) -> Ref:
    """The order that swaps make, one turn of a loop a swap."""
    size, writer = pivots.shape[0], pivots.writer
    if size <= 1:
        return writer.full(0, I32, pivots.shape)
    targets = pivots.cast(I64)

    def swap(refs: Sequence[Ref]) -> list[Ref]:
        index, order = refs
        here = index.reshape((1,))
        there = take(targets, here, 0)
        ends = writer.concat([here, there], 0)
        values = take(order, writer.concat([there, here], 0), 0)
        swapped = writer.add("ScatterElements", [order, ends, values], I32, order.shape, axis=0)
        return [index + 1, swapped]

    start = [writer.constant(np.array(0, np.int64)), writer.iota(size, I32)]
    return writer.loop(start, lambda refs: refs[0] < size, swap)[1]
