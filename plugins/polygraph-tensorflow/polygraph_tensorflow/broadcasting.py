"""Broadcasts of many axes, which TensorFlow's kernels refuse."""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph_tensorflow.elementwise import raw
from polygraph_tensorflow.shaping import ints, reshape

if TYPE_CHECKING:
    from collections.abc import Sequence

    import tensorflow as tf

    from polygraph.plugin import Lowering

    Shape = tuple[int, ...]

MOST_RUNS = 4
"""Runs of axes that are repeated alike: with more, kernels may be missing."""


def _padded(shape: Sequence[int], rank: int) -> Shape:
    return (*[1] * (rank - len(shape)), *shape)


def runs(shapes: Sequence[Sequence[int]]) -> int:
    """How many runs of axes a broadcast has; axes of size 1 everywhere do not count."""
    rank = max(map(len, shapes))
    axes = zip(*(_padded(shape, rank) for shape in shapes), strict=True)
    patterns = [tuple(size == 1 for size in sizes) for sizes in axes if set(sizes) != {1}]
    return sum(1 for _ in itertools.groupby(patterns))


def broadcast_to(x: tf.Tensor, *, shape: Shape) -> tf.Tensor:
    """NumPy's broadcast to ``shape``, axis by axis where there are many runs."""
    if runs([tuple(x.shape), shape]) <= MOST_RUNS:
        return raw.BroadcastTo(input=x, shape=ints(shape))
    x = reshape(x, shape=_padded(x.shape, len(shape)))
    for axis, size in enumerate(shape):
        if x.shape[axis] != size:
            wide = (*x.shape[:axis], size, *x.shape[axis + 1 :])
            x = raw.BroadcastTo(input=x, shape=ints(wide))
    return x


def broadcasting(lowering: Lowering) -> Lowering:
    """``lowering`` over operands that broadcast, brought to one shape where there are many runs."""

    @functools.wraps(lowering)
    def lower(*operands: tf.Tensor) -> Any:
        shapes = [tuple(operand.shape) for operand in operands]
        if runs(shapes) <= MOST_RUNS:
            return lowering(*operands)
        shape = np.broadcast_shapes(*shapes)
        return lowering(*(broadcast_to(operand, shape=shape) for operand in operands))

    return lower
