"""The shape of a tensor as a tensor: `shape`, `shape_n`, `size`, `rank`."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, INDEX, DType, as_dtype, int32
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["rank", "shape", "shape_n", "size"]


def _ranks(context: ShapeContext) -> list[TensorShape]:
    return [TensorShape([context.shape(index).ndims]) for index, _ in enumerate(context.inputs)]


@graph_op("Shape", "input: T -> output: out_type", shape=_ranks, T=ALL, out_type=INDEX)
def Shape(x: Array, *, out_type: DType) -> Array:
    """The dimensions of ``x``."""
    return np.array(x.shape, out_type.np_dtype)


@Shape.partial_value
def _shape_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.shape(0).as_tuple()


Shape.no_gradient()


@graph_op("ShapeN", "input: N*T -> output: N*out_type", shape=_ranks, T=ALL, out_type=INDEX)
def ShapeN(xs: list[Array], *, out_type: DType) -> list[Array]:
    """The dimensions of each input."""
    return [np.array(x.shape, out_type.np_dtype) for x in xs]


ShapeN.no_gradient()


@graph_op("Size", "input: T -> output: out_type", shape=shape_rules.scalar, T=ALL, out_type=INDEX)
def Size(x: Array, *, out_type: DType) -> Array:
    """The number of elements of ``x``."""
    return np.array(x.size, out_type.np_dtype)


@Size.partial_value
def _size_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    count = context.shape(0).num_elements()
    return None if count is None else (count,)


Size.no_gradient()


@graph_op("Rank", "input: T -> output: int32", shape=shape_rules.scalar, T=ALL)
def Rank(x: Array) -> Array:
    """The number of axes of ``x``."""
    return np.array(x.ndim, np.int32)


@Rank.partial_value
def _rank_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    ndims = context.shape(0).ndims
    return None if ndims is None else (ndims,)


Rank.no_gradient()


def shape(input: Any, name: str | None = None, out_type: Any = int32) -> Tensor:
    """The dimensions of ``input`` as an int vector.

    Where they are all known while the graph is built this is a constant.

    Args:
      input: a tensor or what converts to one.
      name: of the operation.
      out_type: int32 or int64.
    """
    with name_scope(name, "Shape", [input]) as scope:
        tensor = convert_to_tensor(input)
        dims = tensor.get_shape()
        if dims.is_fully_defined():
            return constant(dims.as_list(), as_dtype(out_type), name=scope)
        return Shape(tensor, out_type=out_type, name=scope)  # type: ignore[no-any-return]


def shape_n(input: Sequence[Any], out_type: Any = int32, name: str | None = None) -> list[Tensor]:
    """The dimensions of each of ``input``, tensors of one dtype, as int vectors."""
    return ShapeN(list(input), out_type=out_type, name=name)  # type: ignore[no-any-return]


def size(input: Any, name: str | None = None, out_type: Any = int32) -> Tensor:
    """The number of elements of ``input``; a constant where its static shape says it.

    Args:
      input: a tensor or what converts to one.
      name: of the operation.
      out_type: int32 or int64.
    """
    with name_scope(name, "Size", [input]) as scope:
        tensor = convert_to_tensor(input)
        count = tensor.get_shape().num_elements()
        if count is not None:
            return constant(count, as_dtype(out_type), name=scope)
        return Size(tensor, out_type=out_type, name=scope)  # type: ignore[no-any-return]


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of ``input`` (int32); a constant where its static shape says it."""
    with name_scope(name, "Rank", [input]) as scope:
        tensor = convert_to_tensor(input)
        ndims = tensor.get_shape().ndims
        if ndims is not None:
            return constant(ndims, int32, name=scope)
        return Rank(tensor, name=scope)  # type: ignore[no-any-return]
