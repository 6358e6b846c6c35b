"""Random bits: TF1's Philox in int64 arithmetic, and torch's own generator for speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from polygraph.backends.torch.arrays import TORCH_DTYPES

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from polygraph.core.ground.backend import Lowering

    Tensor = torch.Tensor

_LOW = 0xFFFFFFFF
_ROUNDS = 10
_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)
"""The constants of J. K. Salmon et al., "Parallel random numbers" (2011), table 2."""


def _halves(number: Tensor) -> tuple[Tensor, Tensor]:
    return number & _LOW, (number >> 32) & _LOW


def philox(generator: Tensor, offsets: Tensor) -> Tensor:
    """See `random.philox`. A product of two words wraps around in int64, which keeps its bits."""
    words = [*_halves(offsets + generator[0]), *_halves(generator[2])]
    first, second = _halves(generator[1])
    for turn in range(_ROUNDS):
        keys = ((first + turn * _KEY_STEPS[0]) & _LOW, (second + turn * _KEY_STEPS[1]) & _LOW)
        low, high = _halves(words[0] * _MULTIPLIERS[0])
        other_low, other_high = _halves(words[2] * _MULTIPLIERS[1])
        words = [other_high ^ words[1] ^ keys[0], other_low, high ^ words[3] ^ keys[1], low]
    return torch.stack(words, -1).to(torch.int32)


def pivots_to_permutation(pivots: Tensor) -> Tensor:
    """See `random.pivots_to_permutation`: the swaps hang together, so they are made on the host."""
    targets = pivots.tolist()
    order = list(range(len(targets)))
    for index, target in enumerate(targets):
        order[index], order[target] = order[target], order[index]
    return torch.tensor(order, dtype=torch.int32, device=pivots.device)


_SEEDS = 2**63
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""Odd numbers: the golden ratio's, and those of D. Stafford's mixer of 64-bit numbers."""


def engine_random(draw: Callable[..., Tensor]) -> Lowering:
    """The lowering that draws with torch's generator, seeded anew from ours for each draw.

    Args:
      draw: called with the shape and, as keywords, generator, dtype and device.
    """

    def lowering(generator: Tensor, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Tensor:
        numbers = zip(generator.tolist(), _MIX, strict=True)
        seed = sum(number * factor for number, factor in numbers) % _SEEDS
        own = torch.Generator(generator.device).manual_seed(seed)
        return draw(shape, generator=own, dtype=TORCH_DTYPES[dtype], device=generator.device)

    return lowering


def truncated_normal(shape: tuple[int, ...], *, generator: torch.Generator, **kind: Any) -> Tensor:
    """Standard normal numbers of [-2, 2]."""
    values = torch.empty(shape, **kind)
    return torch.nn.init.trunc_normal_(values, a=-2.0, b=2.0, generator=generator)
