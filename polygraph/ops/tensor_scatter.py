"""A tensor with some slices, at index tuples, replaced, added to or compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC, REAL, int16
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.ops.arithmetic import Div, Mul, Neg, add
from polygraph.ops.casting import cast
from polygraph.ops.filling import zeros_like
from polygraph.ops.gathering import gather_nd, scatter_nd
from polygraph.ops.index_checks import require_tuples
from polygraph.ops.logical import Equal
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import (
    elementwise as ew,
    indexing as prims,
    reduction,
    scatter,
    shaping,
)
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "tensor_scatter_add",
    "tensor_scatter_sub",
    "tensor_scatter_update",
]


def _check(tensor: Array, indices: Array, updates: Array) -> None:
    if not indices.ndim or not tensor.ndim:
        refuse("tensor and indices must be at least a vector")
    depth, batch = indices.shape[-1], indices.shape[:-1]
    if math.prod(batch) and updates.size and not tensor.size:
        refuse("Indices and updates specified for empty output shape")
    if updates.shape[: len(batch)] != batch:
        refuse(
            f"Outer dimensions of indices and update must match. Indices shape: "
            f"{list(indices.shape)}, updates shape:{list(updates.shape)}"
        )
    if depth > tensor.ndim or updates.shape[len(batch) :] != tensor.shape[depth:]:
        refuse(
            "Inner dimensions of output shape must match inner dimensions of updates shape. "
            f"Output: {list(tensor.shape)} updates: {list(updates.shape)}"
        )
    require_tuples(indices, tensor.shape, "shape")


def _row_indices(indices: Array, outer: tuple[int, ...]) -> Any:
    """Row-major positions of index tuples, as a vector."""
    narrow = indices.dtype not in (np.dtype(np.int32), np.dtype(np.int64))
    wide = ew.cast(indices, dtype=np.dtype(np.int32)) if narrow else indices
    weights = [math.prod(outer[axis + 1 :]) for axis in range(len(outer))]
    product = ew.multiply(wide, np.array(weights, wide.dtype))
    summed = reduction.reduce_sum(product, axes=(wide.ndim - 1,), keepdims=False)
    return shaping.reshape(summed, shape=(math.prod(indices.shape[:-1]),))


def _written(combine: Any, tensor: Array, indices: Array, updates: Array) -> Any:
    _check(tensor, indices, updates)
    if not tensor.size or not updates.size:
        return tensor
    depth = indices.shape[-1]
    outer, inner = tensor.shape[:depth], tensor.shape[depth:]
    rows = shaping.reshape(tensor, shape=(math.prod(outer), *inner))
    new = shaping.reshape(updates, shape=(math.prod(indices.shape[:-1]), *inner))
    result = combine(rows, _row_indices(indices, outer), new)
    return shaping.reshape(result, shape=tensor.shape)


def _op(op_type: str, combine: Any, dtypes: tuple[DType, ...], doc: str) -> OpDef:
    def lower(tensor: Array, indices: Array, updates: Array) -> Array:
        return _written(combine, tensor, indices, updates)  # type: ignore[no-any-return]

    lower.__doc__ = doc
    return graph_op(
        op_type,
        "tensor: T, indices: Tindices, updates: T -> output: T",
        shape=shape_rules.unchanged,
        T=dtypes,
        Tindices=(*INDEX, int16),
    )(lower)


def _subtracted(rows: Array, indices: Array, updates: Array) -> Any:
    return scatter.scatter_add(rows, indices, ew.negative(updates))


TensorScatterUpdate = _op(
    "TensorScatterUpdate", prims.scatter_update, ALL, "Slices at index tuples replaced."
)
TensorScatterAdd = _op(
    "TensorScatterAdd", scatter.scatter_add, NUMERIC, "Updates added at index tuples."
)
TensorScatterSub = _op(
    "TensorScatterSub", _subtracted, NUMERIC, "Updates subtracted at index tuples."
)
TensorScatterMin = _op(
    "TensorScatterMin", scatter.scatter_minimum, REAL, "The smaller of slice and update."
)
TensorScatterMax = _op(
    "TensorScatterMax", scatter.scatter_maximum, REAL, "The larger of slice and update."
)


@TensorScatterUpdate.gradient
def _update_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    _, indices, updates = op.inputs
    kept = TensorScatterUpdate(dy, indices, zeros_like(updates))
    return [kept, None, gather_nd(dy, indices)]


@TensorScatterAdd.gradient
def _add_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [dy, None, gather_nd(dy, op.inputs[1])]


@TensorScatterSub.gradient
def _sub_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [dy, None, Neg(gather_nd(dy, op.inputs[1]))]


@TensorScatterMin.gradient
@TensorScatterMax.gradient
def _extreme_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    tensor, indices, updates = op.inputs
    result = op.outputs[0]
    from_tensor = cast(Equal(tensor, result), dy.dtype)
    from_updates = cast(Equal(updates, gather_nd(result, indices)), dy.dtype)
    dims = shape(tensor, out_type=indices.dtype.base_dtype)
    share = Div(dy, add(from_tensor, scatter_nd(indices, from_updates, dims)))
    return [Mul(share, from_tensor), None, Mul(gather_nd(share, indices), from_updates)]


def tensor_scatter_update(
    tensor: Any, indices: Any, updates: Any, name: str | None = None
) -> Tensor:
    """``tensor`` with the slices at index tuples replaced.

    Args:
      tensor: of shape ``dims``.
      indices: int tensor ``[..., depth]``.
      updates: of shape ``indices.shape[:-1] + dims[depth:]``.
      name: of the operation.

    Raises:
      InvalidArgumentError: when it runs, an index is out of range.
    """
    return TensorScatterUpdate(tensor, indices, updates, name=name)  # type: ignore[no-any-return]


def tensor_scatter_add(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """``tensor`` with updates added at index tuples; see `tensor_scatter_update`."""
    return TensorScatterAdd(tensor, indices, updates, name=name)  # type: ignore[no-any-return]


def tensor_scatter_sub(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Tensor:
    """``tensor`` with updates subtracted at index tuples; see `tensor_scatter_update`."""
    return TensorScatterSub(tensor, indices, updates, name=name)  # type: ignore[no-any-return]
