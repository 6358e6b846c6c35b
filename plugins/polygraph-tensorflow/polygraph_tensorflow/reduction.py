"""Reductions and scans."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from polygraph_tensorflow.elementwise import numpy_dtype, raw, select, to_dtype
from polygraph_tensorflow.shaping import reshape

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.plugin import Lowering

    Axes = tuple[int, ...]
    Node = Callable[..., tf.Tensor]


def reduction(node: Node) -> Lowering:
    """A reduction as a lowering."""

    def lower(x: tf.Tensor, *, axes: Axes, keepdims: bool) -> tf.Tensor:
        if not axes:
            return x
        positive = np.array([axis % len(x.shape) for axis in axes], np.int32)
        return node(input=x, axis=positive, keep_dims=keepdims)

    return lower


_MOST_COMPARED = 7
"""Axes that `ArgMax` and `ArgMin` take."""


def arg_reduction(node: Node) -> Lowering:
    """`ArgMax` or `ArgMin` as a lowering; the first NaN wins; 0 along an axis of no elements."""

    def lower(x: tf.Tensor, *, axis: int, dtype: np.dtype[Any]) -> tf.Tensor:
        axis %= len(x.shape)
        before, after = tuple(x.shape[:axis]), tuple(x.shape[axis + 1 :])
        if not x.shape[axis]:
            return tf.constant(np.zeros((*before, *after), dtype))
        if len(x.shape) > _MOST_COMPARED:
            rows = reshape(x, shape=(math.prod(before), x.shape[axis], math.prod(after)))
            return reshape(lower(rows, axis=1, dtype=dtype), shape=(*before, *after))
        found = node(input=x, dimension=axis, output_type=tf.int64)
        if numpy_dtype(x).kind not in "iub":
            nan = raw.IsNan(x=x)
            first = raw.ArgMax(input=to_dtype(nan, tf.uint8), dimension=axis, output_type=tf.int64)
            found = select(raw.Any(input=nan, axis=axis), first, found)
        return to_dtype(found, dtype)

    return lower


def scan(node: Node) -> Lowering:
    """`Cumsum` or `Cumprod` as a lowering."""

    def lower(x: tf.Tensor, *, axis: int, exclusive: bool, reverse: bool) -> tf.Tensor:
        return node(x=x, axis=axis % len(x.shape), exclusive=exclusive, reverse=reverse)

    return lower
