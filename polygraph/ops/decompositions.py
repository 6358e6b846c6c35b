"""Matrices taken apart, as operations of a graph."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import UnimplementedError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.ops.primitives import decompositions

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array


def _qr_shapes(context: ShapeContext) -> list[TensorShape]:
    dims = context.shape(0).with_rank_at_least(2).as_tuple()
    if dims is None:
        return [unknown_shape(), unknown_shape()]
    *batch, rows, columns = dims
    rank = None if rows is None or columns is None else min(rows, columns)
    return [TensorShape([*batch, rows, rank]), TensorShape([*batch, rank, columns])]


@graph_op("Qr", "input: T -> q: T, r: T", shape=_qr_shapes, T=decompositions.SOLVABLE)
def Qr(x: Array, *, full_matrices: bool = False) -> Any:
    """Orthonormal columns times an upper triangle."""
    if full_matrices:
        raise UnimplementedError(None, None, "Qr with full_matrices=True")
    return decompositions.qr(x)


def qr(input: Any, full_matrices: bool = False, name: str | None = None) -> tuple[Tensor, Tensor]:
    """``input = q @ r`` with orthonormal columns in q and r upper triangular.

    Args:
      input: ``[..., m, n]``.
      full_matrices: must be False: q is ``[..., m, min(m, n)]``.
      name: of the operation.

    Raises:
      UnimplementedError: ``full_matrices`` is True.
    """
    if full_matrices:
        raise UnimplementedError(None, None, "qr with full_matrices=True")
    q, r = Qr(input, name=name)
    return q, r
