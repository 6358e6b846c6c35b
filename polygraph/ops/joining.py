"""Tensors joined along an axis that they have."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, INDEX, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.identity_ops import identity
from polygraph.ops.operand_checks import known_int, normal_axis, refuse, static_axis, static_int
from polygraph.ops.primitives import shaping as prims

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["concat"]


def _same_but_there(one: TensorShape, other: TensorShape) -> TensorShape:
    """The common shape of two concatenated tensors, their axis being unknown."""
    try:
        return one.merge_with(other)
    except ValueError as error:
        msg = f"Dimensions of concatenated tensors must be equal in both shapes: {error}"
        raise ShapeError(msg) from error


def _joined(context: ShapeContext, values: range, axis_index: int) -> TensorShape:
    shapes = [context.shape(index) for index in values]
    ranks = {shape.ndims for shape in shapes} - {None}
    axis = static_int(context, axis_index)
    if not ranks:
        return unknown_shape()
    if len(ranks) > 1:
        msg = f"Shapes must have the same rank, but are {', '.join(map(str, shapes))}"
        raise ShapeError(msg)
    (ndims,) = ranks
    if ndims == 0:
        msg = "Can't concatenate scalars (use tf.stack instead)"
        raise ShapeError(msg)
    if ndims is None or axis is None:
        return unknown_shape(ndims)
    axis = static_axis(axis, ndims)
    total: int | None = 0
    merged = TensorShape([None] * ndims)
    for shape_ in shapes:
        dims = list(shape_.as_tuple() or [None] * ndims)
        here, dims[axis] = dims[axis], None
        total = None if total is None or here is None else total + here
        merged = _same_but_there(merged, TensorShape(dims))
    result = list(merged.as_tuple() or ())
    result[axis] = total
    return TensorShape(result)


def _concat_v2_shape(context: ShapeContext) -> TensorShape:
    count = len(context.inputs) - 1
    return _joined(context, range(count), count)


def _concatenated(values: list[Array], axis: int) -> Array:
    first = values[0]
    axis = normal_axis(axis, first.ndim, "ConcatOp : concat axis")
    for index, value in enumerate(values):
        same = value.ndim == first.ndim and all(
            one == other or here == axis
            for here, (one, other) in enumerate(zip(value.shape, first.shape, strict=True))
        )
        if not same:
            refuse(
                "ConcatOp : Dimensions of inputs should match: shape[0] = "
                f"{list(first.shape)} vs. shape[{index}] = {list(value.shape)}"
            )
    return prims.concatenate(*values, axis=axis)  # type: ignore[no-any-return]


@graph_op(
    "ConcatV2",
    "values: N*T, axis: Tidx -> output: T",
    shape=_concat_v2_shape,
    static=("axis",),
    T=ALL,
    Tidx=INDEX,
)
def ConcatV2(values: list[Array], axis: Array) -> Array:
    """Tensors joined along an axis that they have."""
    return _concatenated(values, known_int(axis))


@ConcatV2.partial_value
def _concat_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    if not context.inputs[0].dtype.is_integer:
        return None
    elements: list[int | None] = []
    for index in range(len(context.inputs) - 1):
        part = context.partial(index)
        count = context.shape(index).num_elements()
        if context.shape(index).ndims != 1 or count is None:
            return None
        elements.extend([None] * count if part is None else part)
    return tuple(elements)


@graph_op(
    "Concat",
    "concat_dim: int32, values: N*T -> output: T",
    shape=lambda context: _joined(context, range(1, len(context.inputs)), 0),
    static=("concat_dim",),
    T=ALL,
)
def Concat(axis: Array, values: list[Array]) -> Array:
    """`ConcatV2` with the axis first."""
    return _concatenated(values, known_int(axis))


@graph_op(
    "ConcatOffset",
    "concat_dim: int32, shape: N*shape_type -> offset: N*shape_type",
    shape=lambda context: [context.shape(index) for index in range(1, len(context.inputs))],
    static=("concat_dim", "shape"),
    shape_type=INDEX,
)
def ConcatOffset(axis: Array, shapes: list[Array]) -> list[Array]:
    """Where each of the tensors with the given shapes begins in their concatenation."""
    first = known_ints(shapes[0])
    here = normal_axis(known_int(axis), len(first), "concat dim")
    offset, results = 0, []
    for shape_ in shapes:
        begin = np.zeros(len(first), shapes[0].dtype)
        begin[here] = offset
        results.append(begin)
        offset += known_ints(shape_)[here]
    return results  # type: ignore[return-value]


ConcatOffset.no_gradient()


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an axis that they have; the other dimensions must agree.

    Args:
      values: the tensors, of one rank R and dtype.
      axis: scalar in ``[-R, R)``.
      name: of the operation.

    Raises:
      TypeError: the dtypes differ.
      ValueError: there are no values, they are scalars, their shapes differ elsewhere, or the axis
        is no scalar or out of range.
    """
    if not isinstance(values, list | tuple):
        values = [values]
    if not values:
        msg = "concat needs at least one tensor: `values` is empty"
        raise ValueError(msg)
    if len(values) == 1:
        with name_scope(name):
            dim = convert_to_tensor(axis, int32, name="concat_dim")
            dim.get_shape().assert_has_rank(0)
            return identity(values[0], name="concat")  # type: ignore[no-any-return]
    return ConcatV2(list(values), axis, name=name)  # type: ignore[no-any-return]
