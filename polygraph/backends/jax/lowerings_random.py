"""Random bits: TF1's Philox, and JAX's own generator for those who prefer speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.backend import Lowering

    Words = tuple[jax.Array, ...]

_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_KEY_STEPS = (np.uint32(0x9E3779B9), np.uint32(0xBB67AE85))
_HALF = np.uint64(32)


def _halves(number: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Low and high 32 bits of 64-bit numbers."""
    bits = lax.bitcast_convert_type(number, np.uint64)
    return bits.astype(np.uint32), (bits >> _HALF).astype(np.uint32)


def _product(word: jax.Array, multiplier: np.uint64) -> tuple[jax.Array, jax.Array]:
    return _halves(word.astype(np.uint64) * multiplier)


def _round(_: jax.Array, state: Words) -> Words:
    first, second, third, fourth, low_key, high_key = state
    low, high = _product(first, _MULTIPLIERS[0])
    other_low, other_high = _product(third, _MULTIPLIERS[1])
    return (
        other_high ^ second ^ low_key,
        other_low,
        high ^ fourth ^ high_key,
        low,
        low_key + _KEY_STEPS[0],
        high_key + _KEY_STEPS[1],
    )


def philox(generator: jax.Array, offsets: jax.Array) -> jax.Array:
    """Blocks of Philox 4x32-10.

    The rounds are a loop on purpose: unrolled, XLA's CPU compiler computes them again for each
    word that is used, which takes four times as long.
    """
    position, seed, stream = generator[0], generator[1], generator[2]
    counter = _halves(position + offsets)
    above = [jnp.broadcast_to(word, offsets.shape) for word in _halves(stream)]
    words = lax.fori_loop(0, _ROUNDS, _round, (*counter, *above, *_halves(seed)))[:4]
    return lax.bitcast_convert_type(jnp.stack(words, -1), np.int32)


def pivots_to_permutation(pivots: jax.Array) -> jax.Array:
    """The order that swaps make."""
    size = pivots.shape[0]
    if not size:
        return pivots
    return lax.linalg.lu_pivots_to_permutation(pivots, size)


def engine_random(draw: Callable[..., jax.Array]) -> Lowering:
    """A function of `jax.random` keyed by our generator, as a lowering."""

    def lower(generator: jax.Array, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> jax.Array:
        words = [half for number in generator for half in _halves(number)]
        key = jax.random.wrap_key_data(jnp.stack(words[2:4]), impl="threefry2x32")
        for word in (*words[4:], *words[:2]):
            key = jax.random.fold_in(key, word)
        return draw(key, shape, dtype)

    return lower


def truncated_normal(key: jax.Array, shape: tuple[int, ...], dtype: np.dtype[Any]) -> jax.Array:
    """Standard normal numbers of magnitude below 2."""
    return jax.random.truncated_normal(key, -2.0, 2.0, shape, dtype)
