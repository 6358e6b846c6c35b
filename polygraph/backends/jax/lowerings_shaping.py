"""Shapes, slices and padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jax import lax

if TYPE_CHECKING:
    import jax

    Shape = tuple[int, ...]
    Ends = tuple[int | None, ...]


def broadcast_to(x: jax.Array, *, shape: Shape) -> jax.Array:
    """NumPy's broadcast to ``shape``."""
    return lax.broadcast_in_dim(x, shape, tuple(range(len(shape) - x.ndim, len(shape))))


def pad(x: jax.Array, value: jax.Array, *, low: Shape, high: Shape) -> jax.Array:
    """``value`` around ``x``."""
    return lax.pad(x, value, [(*ends, 0) for ends in zip(low, high, strict=True)])


def mirror_pad(x: jax.Array, *, low: Shape, high: Shape, mode: str) -> jax.Array:
    """A mirror image around ``x``."""
    return jnp.pad(x, list(zip(low, high, strict=True)), mode=mode) if x.ndim else x


def _ranges(shape: Shape, begin: Shape, end: Ends, strides: Shape) -> list[range]:
    return [range(dim)[slice(*part)] for dim, *part in zip(shape, begin, end, strides, strict=True)]


def _backwards(ranges: list[range]) -> tuple[int, ...]:
    return tuple(axis for axis, taken in enumerate(ranges) if taken.step < 0)


def _forwards(taken: range) -> range:
    return taken if taken.step > 0 else taken[::-1]


def strided_slice(x: jax.Array, *, begin: Shape, end: Ends, strides: Shape) -> jax.Array:
    """A slice with rising indices, then turned around along axes with a negative stride."""
    ranges = _ranges(x.shape, begin, end, strides)
    rising = [_forwards(taken) for taken in ranges]
    starts = [taken.start if taken else 0 for taken in rising]
    limits = [taken[-1] + 1 if taken else 0 for taken in rising]
    result = lax.slice(x, starts, limits, [taken.step for taken in rising])
    return lax.rev(result, _backwards(ranges))


def strided_slice_grad(
    dy: jax.Array, *, shape: Shape, begin: Shape, end: Ends, strides: Shape
) -> jax.Array:
    """Zeros of ``shape`` with ``dy`` in the slice."""
    ranges = _ranges(shape, begin, end, strides)
    if not dy.size:
        return jnp.zeros(shape, dy.dtype)
    widths = [
        (taken[0], dim - 1 - taken[-1], taken.step - 1)
        for dim, taken in zip(shape, map(_forwards, ranges), strict=True)
    ]
    return lax.pad(lax.rev(dy, _backwards(ranges)), np.zeros((), dy.dtype), widths)


def _each(starts: jax.Array) -> list[jax.Array]:
    return [starts[axis] for axis in range(starts.shape[0])]


def dynamic_slice(x: jax.Array, starts: jax.Array, *, sizes: Shape) -> jax.Array:
    """A block of ``x``; negative starts count as 0, not from the end."""
    if not x.ndim:
        return x
    return lax.dynamic_slice(x, _each(starts), sizes, allow_negative_indices=False)


def dynamic_update_slice(x: jax.Array, update: jax.Array, starts: jax.Array) -> jax.Array:
    """``x`` with a block replaced."""
    if not x.ndim:
        return update
    return lax.dynamic_update_slice(x, update, _each(starts), allow_negative_indices=False)
