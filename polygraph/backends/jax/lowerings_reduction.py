"""Reductions and scans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jax import lax

if TYPE_CHECKING:
    from collections.abc import Callable

    import jax

    from polygraph.core.ground.backend import Lowering

    Axes = tuple[int, ...]


def reduction(function: Callable[[jax.Array, Axes], jax.Array]) -> Lowering:
    """A reduction of `jax.lax` as a lowering."""

    def lower(x: jax.Array, *, axes: Axes, keepdims: bool) -> jax.Array:
        positive = tuple(axis % x.ndim for axis in axes)
        result = function(x, positive) if axes else x
        if not keepdims:
            return result
        shape = [1 if axis in positive else dim for axis, dim in enumerate(x.shape)]
        return lax.reshape(result, shape)

    return lower


def arg_reduction(
    function: Callable[[jax.Array, int, np.dtype[Any]], jax.Array],
) -> Lowering:
    """`jax.lax.argmax` or `argmin` as a lowering; 0 along an axis of no elements."""

    def lower(x: jax.Array, *, axis: int, dtype: np.dtype[Any]) -> jax.Array:
        axis %= x.ndim
        if not x.shape[axis]:
            return jnp.zeros((*x.shape[:axis], *x.shape[axis + 1 :]), dtype)
        wide = np.dtype(np.int32) if dtype.itemsize < np.dtype(np.int32).itemsize else dtype
        return lax.convert_element_type(function(x, axis, wide), dtype)

    return lower


def scan(function: Callable[..., jax.Array], start: int) -> Lowering:
    """`jax.lax.cumsum` or `cumprod` as a lowering; ``start`` is the value of nothing."""

    def lower(x: jax.Array, *, axis: int, exclusive: bool, reverse: bool) -> jax.Array:
        axis %= x.ndim
        if exclusive and x.shape[axis]:
            x = _shifted(x, np.array(start).astype(x.dtype), axis, 1 if reverse else -1)
        return function(x, axis=axis, reverse=reverse)

    return lower


def _shifted(x: jax.Array, value: np.ndarray[Any, Any], axis: int, by: int) -> jax.Array:
    """``x`` without its first (``by`` 1) or last (-1) element, and ``value`` at the other end."""
    widths = [(0, 0, 0)] * x.ndim
    widths[axis] = (-by, by, 0)
    return lax.pad(x, value, widths)
