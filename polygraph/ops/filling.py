"""Tensors made of one value: `fill`, `zeros`, `ones` and their `_like` forms."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import (
    ALL,
    INDEX,
    NUMERIC,
    DType,
    as_dtype,
    bool_,
    float32,
    int32,
    string,
)
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import Dimension, TensorShape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import shaping as prims
from polygraph.ops.shape_queries import Shape, shape
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.trace import Array

__all__ = ["fill", "ones", "ones_like", "zeros", "zeros_like"]

_SMALL = 1000
"""From so many elements on, zeros and ones are filled when they run, and no constants."""


def _filled_shape(context: ShapeContext) -> TensorShape:
    if context.shape(1).ndims not in (0, None):
        msg = f"Shape must be rank 0 but is rank {context.shape(1).ndims}"
        raise ShapeError(msg)
    dims = context.partial(0)
    if dims is not None and any(dim is not None and dim < 0 for dim in dims):
        msg = f"Fill dimensions must be >= 0, but are {list(dims)}"
        raise ShapeError(msg)
    return context.as_shape(0)


@graph_op(
    "Fill",
    "dims: index_type, value: T -> output: T",
    shape=_filled_shape,
    static=("dims",),
    T=ALL,
    index_type=INDEX,
)
def Fill(dims: Array, value: Array) -> Array:
    """A tensor of the given shape whose elements are all ``value``."""
    wanted = known_ints(dims)
    if dims.ndim != 1:
        refuse(f"dims must represent a vector, got shape {list(dims.shape)}")
    if value.size != 1:
        refuse(f"value must represent a scalar, got shape {list(value.shape)}")
    if min(wanted, default=0) < 0:
        refuse(f"Dimension {min(wanted)} must be >= 0")
    return prims.broadcast_to(prims.reshape(value, shape=()), shape=wanted)  # type: ignore[no-any-return]


def _constant_like(x: Array, number: int) -> Array:
    value = np.array(b"" if x.dtype == object else number, x.dtype)
    return prims.broadcast_to(value, shape=x.shape)  # type: ignore[no-any-return]


@graph_op("ZerosLike", "x: T -> y: T", shape=shape_rules.unchanged, T=ALL)
def ZerosLike(x: Array) -> Array:
    """Zeros (False, empty strings) of the shape and dtype of ``x``."""
    return _constant_like(x, 0)


ZerosLike.no_gradient()


@graph_op("OnesLike", "x: T -> y: T", shape=shape_rules.unchanged, T=(*NUMERIC, bool_))
def OnesLike(x: Array) -> Array:
    """Ones (True) of the shape and dtype of ``x``."""
    return _constant_like(x, 1)


OnesLike.no_gradient()


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of shape ``dims`` whose elements are all ``value``.

    Args:
      dims: int vector.
      value: a scalar; gives the dtype.
      name: of the operation.

    Raises:
      ValueError: a dimension is negative, or ``value`` is no scalar.
    """
    return Fill(dims, value, name=name)  # type: ignore[no-any-return]


def _known_dims(shape: Any) -> list[int] | None:
    """``shape`` as ints, None where it holds tensors or unknown dimensions."""
    if isinstance(shape, Tensor):
        return None
    if isinstance(shape, TensorShape):
        return shape.as_list() if shape.is_fully_defined() else None  # type: ignore[return-value]
    if isinstance(shape, np.ndarray) or not hasattr(shape, "__iter__"):
        shape = np.reshape(shape, -1).tolist() if not isinstance(shape, Dimension) else [shape]
    dims = [dim.value if isinstance(dim, Dimension) else dim for dim in shape]
    known = [int(dim) for dim in dims if isinstance(dim, int | np.integer)]
    return known if len(known) == len(dims) else None


def _filled(value: Any, shape: Any, dtype: DType, scope: str) -> Tensor:
    dims = _known_dims(shape)
    if dims is not None:
        if min(dims, default=0) < 0:
            msg = f"a dimension of shape {dims} is negative"
            raise ValueError(msg)
        if np.prod(dims, dtype=np.int64) < _SMALL:
            return constant(value, dtype, shape=dims, name=scope)
        shape = constant(dims, int32, name="shape_as_tensor")
    elif not isinstance(shape, Tensor):
        shape = convert_to_tensor(shape, int32)
    return Fill(shape, constant(value, dtype), name=scope)  # type: ignore[no-any-return]


def _zero(dtype: DType) -> Any:
    if dtype == string:
        return ""
    return False if dtype == bool_ else 0


def zeros(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Zeros of the given shape: False for bool, empty strings for string.

    Args:
      shape: ints, a `TensorShape`, an int vector tensor, or a list with scalar tensors.
      dtype: element type.
      name: of the operation.
    """
    element = as_dtype(dtype).base_dtype
    with name_scope(name, "zeros", [shape]) as scope:
        return _filled(_zero(element), shape, element, scope)


def ones(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """Ones of the given shape; True for bool.

    Args:
      shape: ints, a `TensorShape`, an int vector tensor, or a list with scalar tensors.
      dtype: element type.
      name: of the operation.
    """
    element = as_dtype(dtype).base_dtype
    with name_scope(name, "ones", [shape]) as scope:
        return _filled(element == bool_ or 1, shape, element, scope)


def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Zeros of the shape of ``tensor``.

    Args:
      tensor: a tensor or what converts to one.
      dtype: element type, by default that of ``tensor``.
      name: of the operation.
      optimize: make a constant where the static shape allows it.
    """
    with name_scope(name, "zeros_like", [tensor]) as scope:
        like = convert_to_tensor(tensor)
        element = like.dtype.base_dtype if dtype is None else as_dtype(dtype).base_dtype
        if optimize and like.get_shape().is_fully_defined():
            return _filled(_zero(element), like.get_shape(), element, scope)
        if element == like.dtype.base_dtype:
            return ZerosLike(like, name=scope)  # type: ignore[no-any-return]
        dims = shape(like) if optimize else Shape(like)
        return _filled(_zero(element), dims, element, scope)


def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Tensor:
    """Ones of the shape of ``tensor``.

    Args:
      tensor: a tensor or what converts to one.
      dtype: element type, by default that of ``tensor``.
      name: of the operation.
      optimize: make the shape a constant where the static shape allows it.
    """
    with name_scope(name, "ones_like", [tensor]) as scope:
        like = convert_to_tensor(tensor)
        element = like.dtype.base_dtype if dtype is None else as_dtype(dtype).base_dtype
        dims = shape(like) if optimize else Shape(like)
        return _filled(element == bool_ or 1, dims, element, scope)
