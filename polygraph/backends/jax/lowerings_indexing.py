"""Gather, scatter, segments and order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from polygraph.backends.jax.lowerings_elementwise import HALF
from polygraph.ops.primitives.indexing import highest, lowest

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.backend import Lowering


def gather(params: jax.Array, indices: jax.Array, *, axis: int, batch_dims: int) -> jax.Array:
    """Slices along ``axis``, indices clipped."""
    count = params.shape[axis]
    shape = (*params.shape[:axis], *indices.shape[batch_dims:], *params.shape[axis + 1 :])
    if not math.prod(shape):
        return jnp.zeros(shape, params.dtype)
    clipped = lax.clamp(
        np.zeros((), indices.dtype), indices, np.array(count - 1).astype(indices.dtype)
    )

    def take(x: jax.Array, i: jax.Array) -> jax.Array:
        return jnp.take(x, i, axis=axis - batch_dims, mode="clip")

    for _ in range(batch_dims):
        take = jax.vmap(take)
    return take(params, clipped)


def _rows(indices: jax.Array, count: int) -> jax.Array:
    """``indices`` with those out of range moved behind the last row, where they are dropped."""
    inside = (indices >= 0) & (indices < np.array(count, indices.dtype))
    return lax.select(inside, indices, jnp.full_like(indices, count))


def scatter_update(x: jax.Array, indices: jax.Array, updates: jax.Array) -> jax.Array:
    """``x`` with rows replaced."""
    if not updates.size or not x.size:
        return x
    return x.at[_rows(indices, x.shape[0])].set(updates, mode="drop")


def segment(method: str, start: Callable[[np.dtype[Any]], Any]) -> Lowering:
    """Rows combined by id, with a method of JAX's indexed updates, from ``start`` of the dtype."""

    def lower(x: jax.Array, ids: jax.Array, *, num_segments: int) -> jax.Array:
        wide = np.dtype(np.float32) if x.dtype in HALF else np.dtype(x.dtype)
        first = np.asarray(start(x.dtype)).astype(wide)
        result = jnp.full((num_segments, *x.shape[1:]), first, wide)
        if result.size and x.size:
            update = getattr(result.at[_rows(ids, num_segments)], method)
            result = update(x.astype(wide), mode="drop")
        return result.astype(x.dtype)

    return lower


segment_sum = segment("add", lambda _: 0)
segment_prod = segment("multiply", lambda _: 1)
segment_max = segment("max", lowest)
segment_min = segment("min", highest)


def _ordered(x: jax.Array, axis: int, *, descending: bool) -> tuple[jax.Array, jax.Array]:
    """Elements in order and where they came from; equal ones keep their order."""
    places = lax.broadcasted_iota(np.int32, x.shape, axis)
    if not descending:
        values, order = lax.sort((x, places), dimension=axis, is_stable=True, num_keys=1)
        return values, order
    backwards = (lax.rev(x, (axis,)), lax.rev(places, (axis,)))
    values, order = lax.sort(backwards, dimension=axis, is_stable=True, num_keys=1)
    return lax.rev(values, (axis,)), lax.rev(order, (axis,))


def sort(x: jax.Array, *, axis: int, descending: bool) -> jax.Array:
    """Elements in order."""
    return _ordered(x, axis, descending=descending)[0]


def argsort(x: jax.Array, *, axis: int, descending: bool) -> jax.Array:
    """Indices that sort."""
    return _ordered(x, axis, descending=descending)[1]


def top_k(x: jax.Array, *, k: int) -> tuple[jax.Array, jax.Array]:
    """The greatest along the last axis.

    By sorting: `jax.lax.top_k` has another order for NaN and for zeros of either sign.
    """
    values, order = _ordered(x, x.ndim - 1, descending=True)
    return values[..., :k], order[..., :k]


def nonzero_padded(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Index tuples of the elements that are not zero, then zeros, and their number."""
    found = (x != 0).reshape(-1)
    size = found.shape[0]
    rank = jnp.cumsum(found, dtype=np.int32)
    slot = lax.select(found, rank - 1, jnp.full_like(rank, size))
    flat = jnp.zeros(size, np.int64).at[slot].set(lax.iota(np.int64, size), mode="drop")
    columns = []
    for axis in range(x.ndim):
        stride = max(math.prod(x.shape[axis + 1 :]), 1)
        columns.append(flat // stride % max(x.shape[axis], 1))
    table = jnp.stack(columns, -1) if columns else jnp.zeros((size, 0), np.int64)
    return table, jnp.sum(found, dtype=np.int32)


def unique_padded(x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Distinct elements in order of appearance, where each went, their counts and number."""
    size = x.shape[0]
    if not size:
        empty = jnp.zeros(0, np.int32)
        return x, empty, empty, jnp.zeros((), np.int32)
    keys = x.astype(np.uint8) if x.dtype == np.bool_ else x
    ordered, origin = _ordered(keys, 0, descending=False)
    opens = jnp.concatenate([jnp.ones(1, np.bool_), ordered[1:] != ordered[:-1]])
    group = jnp.cumsum(opens, dtype=np.int32) - 1
    # Sorting is stable, so the element that opens a group is the first that appeared.
    opener = jnp.zeros(size, np.int32).at[_only(opens, group)].set(origin, mode="drop")
    appears = jnp.zeros(size, np.bool_).at[origin].set(opens)
    rank = jnp.cumsum(appears, dtype=np.int32) - 1
    inverse = jnp.zeros(size, np.int32).at[origin].set(rank[opener[group]])
    values = jnp.zeros_like(x).at[_only(appears, rank)].set(x, mode="drop")
    counts = jnp.zeros(size, np.int32).at[inverse].add(1)
    return values, inverse, counts, jnp.sum(appears, dtype=np.int32)


def _only(chosen: jax.Array, slots: jax.Array) -> jax.Array:
    return lax.select(chosen, slots, jnp.full_like(slots, chosen.shape[0]))


def searchsorted(sequence: jax.Array, values: jax.Array, *, side: str) -> jax.Array:
    """Positions in sorted sequences, one for each row."""
    if not sequence.shape[-1] or not values.size:
        return jnp.zeros(values.shape, np.int32)

    def search(line: jax.Array, wanted: jax.Array) -> jax.Array:
        return jnp.searchsorted(line, wanted, side=side).astype(np.int32)

    for _ in range(values.ndim - 1):
        search = jax.vmap(search)
    return search(sequence, values)
