"""Matrices taken apart, as operations of a graph."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.ops.primitives import decompositions, shaping

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array


def _qr_shapes(context: ShapeContext) -> list[TensorShape]:
    dims = context.shape(0).with_rank_at_least(2).as_tuple()
    if dims is None:
        return [unknown_shape(), unknown_shape()]
    *batch, rows, columns = dims
    if context.attrs["full_matrices"]:
        rank = rows
    else:
        rank = None if rows is None or columns is None else min(rows, columns)
    return [TensorShape([*batch, rows, rank]), TensorShape([*batch, rank, columns])]


@graph_op("Qr", "input: T -> q: T, r: T", shape=_qr_shapes, T=decompositions.SOLVABLE)
def Qr(x: Array, *, full_matrices: bool = False) -> Any:
    """Orthonormal columns times an upper triangle."""
    rows, columns = x.shape[-2:]
    if not full_matrices or rows <= columns:
        return decompositions.qr(x)
    # Columns of zeros leave the reflections that make q as they are, and complete it.
    none = (0,) * x.ndim
    padded = shaping.pad(x, np.zeros((), x.dtype), low=none, high=(*none[:-1], rows - columns))
    q, r = decompositions.qr(padded)
    shape = (*x.shape[:-2], rows, columns)
    return q, shaping.strided_slice(r, begin=none, end=shape, strides=(1,) * x.ndim)


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> tuple[Tensor, Tensor]:
    """``input = q @ r`` with orthonormal columns in q and r upper triangular.

    Args:
      input: ``[..., m, n]``.
      full_matrices: q is ``[..., m, m]`` and r ``[..., m, n]``, rather than ``[..., m, p]`` and
        ``[..., p, n]`` with the smaller of m and n for p.
      name: of the operation.
    """
    q, r = Qr(input, full_matrices=full_matrices, name=name)
    return q, r
