"""Matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jax import lax

from polygraph.backends.jax.lowerings_elementwise import HALF

if TYPE_CHECKING:
    import jax

_MATRIX = 2
"""Axes of a matrix."""


def matmul(
    a: jax.Array, b: jax.Array, *, transpose_a: bool = False, transpose_b: bool = False
) -> jax.Array:
    """Matrix product over the last two axes; 16-bit floats are summed in float32."""
    contracted_b = b.ndim - (1 if transpose_b else 2)
    if b.ndim == _MATRIX:
        batch = 0
    else:
        leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = _with_batch(a, leading), _with_batch(b, leading)
        batch = len(leading)
        contracted_b = b.ndim - (1 if transpose_b else 2)
    contracted_a = a.ndim - (2 if transpose_a else 1)
    axes = tuple(range(batch))
    result = lax.dot_general(
        a,
        b,
        (((contracted_a,), (contracted_b,)), (axes, axes)),
        preferred_element_type=np.float32 if a.dtype in HALF else None,
    )
    return result.astype(a.dtype)


def _with_batch(x: jax.Array, leading: tuple[int, ...]) -> jax.Array:
    shape = (*leading, *x.shape[-2:])
    if x.shape == shape:
        return x
    return lax.broadcast_in_dim(x, shape, tuple(range(len(shape) - x.ndim, len(shape))))
