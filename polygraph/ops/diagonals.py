"""Diagonals, bands and the identity matrix."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, NUMERIC, as_dtype, float32, int32, int64
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.ops.casting import cast
from polygraph.ops.filling import ones, zeros, zeros_like
from polygraph.ops.joining import concat
from polygraph.ops.operand_checks import known_int, refuse, static_dims
from polygraph.ops.packing import stack
from polygraph.ops.primitives import elementwise as ew, indexing as prims, shaping
from polygraph.ops.reshaping import reshape

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "diag",
    "diag_part",
    "eye",
    "matrix_band_part",
    "matrix_diag",
    "matrix_diag_part",
    "matrix_set_diag",
]

_MATRIX = 2


def _zero(x: Array) -> Any:
    return np.array(b"" if x.dtype == object else 0, x.dtype)


def _on_diagonal(rows: int, columns: int) -> Any:
    return np.equal.outer(np.arange(rows), np.arange(columns))


# The diagonal of a matrix.


def _diagonal_shape(context: ShapeContext) -> TensorShape:
    dims = static_dims(context, 0)
    if dims is None:
        return unknown_shape()
    if not dims:
        msg = "Shape must be at least rank 1 but is rank 0"
        raise ShapeError(msg)
    return TensorShape([*dims, dims[-1]])


@graph_op("MatrixDiag", "diagonal: T -> output: T", shape=_diagonal_shape, T=ALL)
def MatrixDiag(diagonal: Array) -> Array:
    """Square matrices with the given diagonals, zeros elsewhere."""
    if not diagonal.ndim:
        refuse("input must be at least 1-dim, received shape: []")
    size = diagonal.shape[-1]
    column = shaping.reshape(diagonal, shape=(*diagonal.shape, 1))
    return ew.select(_on_diagonal(size, size), column, _zero(diagonal))  # type: ignore[no-any-return]


def _part_shape(context: ShapeContext) -> TensorShape:
    dims = static_dims(context, 0)
    if dims is None:
        return unknown_shape()
    if len(dims) < _MATRIX:
        msg = f"Shape must be at least rank 2 but is rank {len(dims)}"
        raise ShapeError(msg)
    *batch, rows, columns = dims
    short = None if rows is None or columns is None else min(rows, columns)
    return TensorShape([*batch, short])


def _diagonal_of(x: Array) -> Any:
    rows, columns = x.shape[-2:]
    size = min(rows, columns)
    flat = shaping.reshape(x, shape=(*x.shape[:-2], rows * columns))
    places = np.arange(size, dtype=np.int32) * (columns + 1)
    if not size:
        return shaping.broadcast_to(_zero(x), shape=(*x.shape[:-2], 0))
    return prims.gather(flat, places, axis=x.ndim - 2, batch_dims=0)


@graph_op("MatrixDiagPart", "input: T -> diagonal: T", shape=_part_shape, T=ALL)
def MatrixDiagPart(x: Array) -> Array:
    """The diagonals of matrices."""
    if x.ndim < _MATRIX:
        refuse(f"input must be at least 2-dim, received shape: {list(x.shape)}")
    return _diagonal_of(x)  # type: ignore[no-any-return]


@graph_op(
    "MatrixSetDiag",
    "input: T, diagonal: T -> output: T",
    shape=shape_rules.unchanged,
    T=ALL,
)
def MatrixSetDiag(x: Array, diagonal: Array) -> Array:
    """Matrices with their diagonals replaced."""
    if x.ndim < _MATRIX:
        refuse(f"input must be at least 2-dim, received shape: {list(x.shape)}")
    rows, columns = x.shape[-2:]
    size = min(rows, columns)
    if diagonal.shape != (*x.shape[:-2], size):
        refuse(
            f"must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:]), but received "
            f"input shape: {list(x.shape)} and diagonal shape: {list(diagonal.shape)}"
        )
    low, high = (0,) * diagonal.ndim, (*(0,) * (diagonal.ndim - 1), rows - size)
    tall = shaping.pad(diagonal, _zero(x), low=low, high=high)
    column = shaping.reshape(tall, shape=(*x.shape[:-2], rows, 1))
    return ew.select(_on_diagonal(rows, columns), column, x)  # type: ignore[no-any-return]


@MatrixDiag.gradient
def _matrix_diag_gradient(_: Operation, dy: Tensor) -> list[Tensor]:
    return [MatrixDiagPart(dy)]


@MatrixDiagPart.gradient
def _matrix_diag_part_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    dims = op.inputs[0].get_shape().as_tuple()
    square = dims is not None and None not in dims[-2:] and dims[-1] == dims[-2]
    if square:
        return [MatrixDiag(dy)]
    return [MatrixSetDiag(zeros_like(op.inputs[0]), dy)]


@MatrixSetDiag.gradient
def _matrix_set_diag_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    return [MatrixSetDiag(dy, zeros_like(op.inputs[1])), MatrixDiagPart(dy)]


# Bands.


@graph_op(
    "MatrixBandPart",
    "input: T, num_lower: Tindex, num_upper: Tindex -> band: T",
    shape=shape_rules.unchanged,
    static=("num_lower", "num_upper"),
    T=ALL,
    Tindex=(int64, int32),
)
def MatrixBandPart(x: Array, num_lower: Array, num_upper: Array) -> Array:
    """Matrices with zeros outside of a band around the diagonal; negative widths keep all."""
    if x.ndim < _MATRIX:
        refuse(f"input must be at least 2-dim, received shape: {list(x.shape)}")
    if num_lower.size != 1 or num_upper.size != 1:
        refuse("num_lower and num_upper must be scalar")
    lower, upper = known_int(num_lower), known_int(num_upper)
    rows, columns = x.shape[-2:]
    for what, width, limit in (("lower", lower, rows), ("upper", upper, columns)):
        if width > limit:
            refuse(
                f"num_{what} must be negative or less or equal to number of "
                f"{'rows' if what == 'lower' else 'columns'} ({limit}) got: {width}"
            )
    distance = np.subtract.outer(np.arange(rows), np.arange(columns))
    kept = ((lower < 0) | (distance <= lower)) & ((upper < 0) | (-distance <= upper))
    return ew.select(kept, x, _zero(x))  # type: ignore[no-any-return]


@MatrixBandPart.gradient
def _matrix_band_part_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [MatrixBandPart(dy, op.inputs[1], op.inputs[2]), None, None]


# Tensors of twice the rank.


def _diag_shape(context: ShapeContext) -> TensorShape:
    shape = context.shape(0)
    return shape.concatenate(shape)


@graph_op("Diag", "diagonal: T -> output: T", shape=_diag_shape, T=NUMERIC)
def Diag(diagonal: Array) -> Array:
    """``output[i..., i...] = diagonal[i...]``, zeros elsewhere."""
    if not diagonal.ndim:
        refuse("Input must be at least rank 1, got 0")
    column = shaping.reshape(diagonal, shape=(diagonal.size, 1))
    square = ew.select(_on_diagonal(diagonal.size, diagonal.size), column, _zero(diagonal))
    return shaping.reshape(square, shape=(*diagonal.shape, *diagonal.shape))  # type: ignore[no-any-return]


def _diag_part_shape(context: ShapeContext) -> TensorShape:
    shape = context.shape(0)
    if shape.ndims is None:
        return unknown_shape()
    if shape.ndims % 2 or not shape.ndims:
        msg = f"Input must have even and non-zero rank, input rank is {shape.ndims}"
        raise ShapeError(msg)
    half = shape.ndims // 2
    return shape[:half].merge_with(shape[half:])


@graph_op("DiagPart", "input: T -> diagonal: T", shape=_diag_part_shape, T=NUMERIC)
def DiagPart(x: Array) -> Array:
    """``diagonal[i...] = input[i..., i...]``."""
    half = x.ndim // 2
    if x.ndim % 2 or not x.ndim or x.shape[:half] != x.shape[half:]:
        refuse(
            "Invalid shape: the rank of the tensor should be even and positive, and its halves "
            f"equal, got {list(x.shape)}"
        )
    size = math.prod(x.shape[:half])
    square = shaping.reshape(x, shape=(size, size))
    return shaping.reshape(_diagonal_of(square), shape=x.shape[:half])  # type: ignore[no-any-return]


@Diag.gradient
def _diag_gradient(_: Operation, dy: Tensor) -> list[Tensor]:
    return [DiagPart(dy)]


@DiagPart.gradient
def _diag_part_gradient(_: Operation, dy: Tensor) -> list[Tensor]:
    return [Diag(dy)]


# TF1's functions.


def diag(diagonal: Any, name: str | None = None) -> Tensor:
    """A tensor of twice the rank with ``diagonal`` on its diagonal, zeros elsewhere."""
    return Diag(diagonal, name=name)  # type: ignore[no-any-return]


def diag_part(input: Any, name: str | None = None) -> Tensor:
    """The diagonal of a tensor of shape ``[d1, ..., dk, d1, ..., dk]``."""
    return DiagPart(input, name=name)  # type: ignore[no-any-return]


def matrix_diag(diagonal: Any, name: str = "diag") -> Tensor:
    """Square matrices with the last axis of ``diagonal`` on their diagonals."""
    return MatrixDiag(diagonal, name=name)  # type: ignore[no-any-return]


def matrix_diag_part(input: Any, name: str = "diag_part") -> Tensor:
    """The diagonals of the matrices in the last two axes."""
    return MatrixDiagPart(input, name=name)  # type: ignore[no-any-return]


def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag") -> Tensor:
    """The matrices in the last two axes with their diagonals replaced."""
    return MatrixSetDiag(input, diagonal, name=name)  # type: ignore[no-any-return]


def matrix_band_part(input: Any, num_lower: Any, num_upper: Any, name: str | None = None) -> Tensor:
    """The matrices in the last two axes with zeros outside of a band.

    Args:
      input: ``[..., rows, columns]``.
      num_lower: how many diagonals below the main one to keep; negative for all.
      num_upper: how many above it.
      name: of the operation.
    """
    return MatrixBandPart(input, num_lower, num_upper, name=name)  # type: ignore[no-any-return]


def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Identity matrices.

    Args:
      num_rows: int scalar.
      num_columns: int scalar, by default ``num_rows``.
      batch_shape: int vector of leading dimensions.
      dtype: element type.
      name: of the scope.
    """
    element = as_dtype(dtype)
    with name_scope(name, "eye"):
        columns = num_rows if num_columns is None else num_columns
        batch = [] if batch_shape is None else batch_shape
        if isinstance(num_rows, int) and isinstance(columns, int) and isinstance(batch, list):
            diagonal = ones([*batch, min(num_rows, columns)], element)
            if num_rows == columns:
                return matrix_diag(diagonal)
            return matrix_set_diag(zeros([*batch, num_rows, columns], element), diagonal)
        sizes = [reshape(cast(convert_to_tensor(size), int32), []) for size in (num_rows, columns)]
        lead = cast(convert_to_tensor(batch, int32 if batch == [] else None), int32)
        whole = ones(concat([lead, stack(sizes)], 0), element)
        return matrix_band_part(whole, 0, 0)
