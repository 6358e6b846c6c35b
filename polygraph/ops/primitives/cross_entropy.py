"""Softmax, and the cross entropies that start from its logits.

Floats of 16 bits compute in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import FLOATING, INDEX
from polygraph.core.ground.op import composite
from polygraph.ops.primitives.elementwise import (
    cast,
    divide,
    equal,
    exp,
    log,
    multiply,
    scalar,
    select,
    subtract,
)
from polygraph.ops.primitives.reduction import reduce_max, reduce_sum
from polygraph.ops.primitives.shaping import broadcast_to, iota, reshape

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

_FLOAT32 = np.dtype(np.float32)
_SAMPLES = (
    ((2, 3), {"axis": -1}),
    ((2, 3, 4), {"axis": 1}),
    ((4, 1), {"axis": -1}),
    ((0, 3), {"axis": -1}),
    ((2, 0), {"axis": 1}),
    (np.array([[1000.0, 0.0, -1000.0], [-np.inf, 0.0, 1.0]], np.float32), {"axis": -1}),
)


def _in_float32(x: Array) -> Any:
    half = x.dtype.itemsize < _FLOAT32.itemsize
    return cast(x, dtype=_FLOAT32) if half else x


def _back(x: Array, dtype: np.dtype[Any]) -> Any:
    return x if x.dtype == dtype else cast(x, dtype=dtype)


def _shifted(x: Array, axis: int) -> Any:
    """``x`` less its greatest element, which leaves a softmax the same and cannot overflow."""
    return subtract(x, reduce_max(x, axes=(axis,), keepdims=True))


@composite("T[*n] -> T[*n]", T=FLOATING, samples=_SAMPLES)
def softmax(x: Array, *, axis: int) -> Any:
    """``exp(x)`` divided by its sum along ``axis``."""
    axis %= len(x.shape)
    powers = exp(_shifted(_in_float32(x), axis))
    return _back(divide(powers, reduce_sum(powers, axes=(axis,), keepdims=True)), x.dtype)


@composite("T[*n] -> T[*n]", T=FLOATING, samples=_SAMPLES)
def log_softmax(x: Array, *, axis: int) -> Any:
    """The logarithm of `softmax`, exact where the softmax itself rounds to 0."""
    axis %= len(x.shape)
    shifted = _shifted(_in_float32(x), axis)
    total = reduce_sum(exp(shifted), axes=(axis,), keepdims=True)
    return _back(subtract(shifted, log(total)), x.dtype)


@composite(
    "T[b, c], T[b, c] -> T[b], T[b, c]",
    T=FLOATING,
    samples=(((3, 4), (3, 4)), ((2, 1), (2, 1)), ((0, 3), (0, 3)), ((2, 0), (2, 0))),
)
def softmax_cross_entropy(logits: Array, labels: Array) -> Any:
    """Cross entropy of each row's softmax against ``labels``, and the gradient of its logits.

    Returns:
      ``-sum(labels * log_softmax(logits))`` for each row, and ``softmax(logits) - labels``.
    """
    targets = _in_float32(labels)
    shifted = _shifted(_in_float32(logits), 1)
    powers = exp(shifted)
    total = reduce_sum(powers, axes=(1,), keepdims=True)
    loss = reduce_sum(multiply(targets, subtract(log(total), shifted)), axes=(1,), keepdims=False)
    gradient = subtract(divide(powers, total), targets)
    return _back(loss, logits.dtype), _back(gradient, logits.dtype)


@composite(
    "T[b, c], I[b] -> T[b], T[b, c]",
    T=FLOATING,
    I=INDEX,
    samples=(
        ((3, 4), np.array([0, 3, 2], np.int32)),
        ((2, 1), np.zeros(2, np.int64)),
        ((0, 3), np.zeros(0, np.int32)),
    ),
)
def sparse_softmax_cross_entropy(logits: Array, labels: Array) -> Any:
    """`softmax_cross_entropy` against one class for each row.

    What a row yields whose label is no class is not said: the caller checks the labels.
    """
    rows, classes = logits.shape
    shifted = _shifted(_in_float32(logits), 1)
    powers = exp(shifted)
    total = reduce_sum(powers, axes=(1,), keepdims=True)
    column = reshape(labels, shape=(rows, 1))
    hit = equal(broadcast_to(column, shape=(rows, classes)), iota(dtype=labels.dtype, size=classes))
    zero, one = scalar(0, shifted), scalar(1, shifted)
    chosen = reduce_sum(select(hit, shifted, zero), axes=(1,), keepdims=True)
    loss = subtract(log(total), chosen)
    share = divide(powers, total)
    gradient = select(hit, subtract(share, one), share)
    return _back(reshape(loss, shape=(rows,)), logits.dtype), _back(gradient, logits.dtype)
