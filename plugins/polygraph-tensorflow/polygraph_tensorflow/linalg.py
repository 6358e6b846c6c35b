"""Matrix products, and matrices taken apart."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from polygraph_tensorflow.elementwise import numpy_dtype, raw
from polygraph_tensorflow.shaping import transpose, zeros

if TYPE_CHECKING:
    import tensorflow as tf

_MATRIX = 2
"""Axes of a matrix."""


def matmul(
    a: tf.Tensor, b: tf.Tensor, *, transpose_a: bool = False, transpose_b: bool = False
) -> tf.Tensor:
    """Matrix product over the last two axes; leading axes broadcast."""
    if len(a.shape) == len(b.shape) == _MATRIX:
        return raw.MatMul(a=a, b=b, transpose_a=transpose_a, transpose_b=transpose_b)
    # What TensorFlow calls adjoint is also conjugated.
    if transpose_a and numpy_dtype(a).kind == "c":
        a, transpose_a = _turned(a), False
    if transpose_b and numpy_dtype(b).kind == "c":
        b, transpose_b = _turned(b), False
    return raw.BatchMatMulV2(x=a, y=b, adj_x=transpose_a, adj_y=transpose_b)


def _turned(x: tf.Tensor) -> tf.Tensor:
    last = len(x.shape) - 1
    return transpose(x, perm=(*range(last - 1), last, last - 1))


def qr(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """``x = q @ r``, both as small as can be."""
    *batch, rows, columns = x.shape
    if not math.prod(x.shape):
        rank, dtype = min(rows, columns), numpy_dtype(x)
        return zeros((*batch, rows, rank), dtype), zeros((*batch, rank, columns), dtype)
    found = raw.Qr(input=x, full_matrices=False)
    return found.q, found.r
