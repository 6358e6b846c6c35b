"""Rows of an array combined with updates, where an index may come several times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.core.ground.dtypes import INDEX, NUMERIC, REAL
from polygraph.core.ground.op import composite
from polygraph.ops.primitives import elementwise as ew, indexing

if TYPE_CHECKING:
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.trace import Array

_SIGNATURE = "T[n, *m], I[k], T[k, *m] -> T[n, *m]"
_TWICE = np.array([2, 0, 2], np.int32)
_SAMPLES = (
    ((4,), _TWICE, (3,)),
    ((3, 2), np.array([0, 2, 2], np.int64), (3, 2)),
    ((3, 0), _TWICE, (3, 0)),
    ((3, 2), np.zeros(0, np.int32), (0, 2)),
)


def _combine(combine: Op, segment: Op, x: Array, indices: Array, updates: Array) -> Array:
    # Every index of a row writes the same new row, so the order of equal indices does not matter,
    # and rows without an index keep their very bits.
    together = segment(updates, indices, num_segments=x.shape[0])
    old = indexing.gather(x, indices, axis=0, batch_dims=0)
    update = indexing.gather(together, indices, axis=0, batch_dims=0)
    return indexing.scatter_update(x, indices, combine(old, update))  # type: ignore[no-any-return]


@composite(_SIGNATURE, T=NUMERIC, I=INDEX, samples=_SAMPLES)
def scatter_add(x: Array, indices: Array, updates: Array) -> Array:
    """``x`` with ``updates[i]`` added to row ``indices[i]``, for every i."""
    return _combine(ew.add, indexing.segment_sum, x, indices, updates)


@composite(_SIGNATURE, T=NUMERIC, I=INDEX, samples=_SAMPLES)
def scatter_multiply(x: Array, indices: Array, updates: Array) -> Array:
    """``x`` with row ``indices[i]`` multiplied by ``updates[i]``, for every i."""
    return _combine(ew.multiply, indexing.segment_prod, x, indices, updates)


@composite(_SIGNATURE, T=NUMERIC, I=INDEX, samples=_SAMPLES)
def scatter_divide(x: Array, indices: Array, updates: Array) -> Array:
    """``x`` with row ``indices[i]`` divided by ``updates[i]``, for every i.

    Integers are rounded towards zero, and divided by 0 give 0.
    """
    divide = ew.truncate_divide if x.dtype.kind in "iu" else ew.divide
    return _combine(divide, indexing.segment_prod, x, indices, updates)


@composite(_SIGNATURE, T=REAL, I=INDEX, samples=_SAMPLES)
def scatter_minimum(x: Array, indices: Array, updates: Array) -> Array:
    """``x`` with row ``indices[i]`` at most ``updates[i]``, for every i."""
    return _combine(ew.minimum, indexing.segment_min, x, indices, updates)


@composite(_SIGNATURE, T=REAL, I=INDEX, samples=_SAMPLES)
def scatter_maximum(x: Array, indices: Array, updates: Array) -> Array:
    """``x`` with row ``indices[i]`` at least ``updates[i]``, for every i."""
    return _combine(ew.maximum, indexing.segment_max, x, indices, updates)
