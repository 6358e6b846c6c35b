"""The same elements in another shape, and axes of size one."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import ALL, INDEX
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.operand_checks import (
    known_int,
    normal_axis,
    refuse,
    static_axis,
    static_dims,
    static_int,
)
from polygraph.ops.primitives import shaping as prims
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["expand_dims", "reshape", "squeeze"]

Dims = list[int | None]


def _product(dims: Sequence[int]) -> int:
    result = 1
    for dim in dims:
        result *= dim
    return result


def _fitted(count: int, wanted: Dims) -> Dims:
    """``wanted`` with its one unknown dimension worked out from the number of elements."""
    rest = _product([dim for dim in wanted if dim is not None])
    holes = wanted.count(None)
    if holes == 0 and rest != count:
        text = ",".join(map(str, wanted))
        msg = f"Cannot reshape a tensor with {count} elements to shape [{text}] ({rest} elements)"
        raise ShapeError(msg)
    if holes != 1:
        return wanted
    if rest == 0:
        if count:
            text = ",".join("?" if dim is None else str(dim) for dim in wanted)
            msg = f"Cannot reshape a tensor with {count} elements to shape [{text}] (0 elements)"
            raise ShapeError(msg)
        return wanted
    if count % rest:
        msg = f"Dimension size must be evenly divisible by {rest} but is {count}"
        raise ShapeError(msg)
    return [count // rest if dim is None else dim for dim in wanted]


def _fitted_partly(dims: Dims, wanted: Dims) -> Dims:
    """The same where the input has one unknown dimension, by dividing the known ones out."""
    if dims.count(None) != 1 or wanted.count(None) != 0:
        return wanted
    rest = _product([dim for dim in dims if dim is not None])
    count = _product([dim for dim in wanted if dim is not None])
    if rest and count % rest:
        msg = f"Dimension size must be evenly divisible by {rest} but is {count}"
        raise ShapeError(msg)
    return wanted


def _reshaped(context: ShapeContext) -> TensorShape:
    target = context.as_shape(1).as_tuple()
    if target is None:
        return unknown_shape()
    dims = static_dims(context, 0)
    if dims is None:
        return TensorShape(target)
    known_dims = [dim for dim in dims if dim is not None]
    if len(known_dims) == len(dims):
        return TensorShape(_fitted(_product(known_dims), list(target)))
    return TensorShape(_fitted_partly(dims, list(target)))


def _worked_out(dims: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """``wanted`` with its -1 filled in; a 0 in both shapes is left out of the division."""
    has_zero = 0 in wanted
    count = _product([dim for dim in dims if dim or not has_zero])
    rest = _product([dim for dim in wanted if dim > 0])
    if count % rest:
        refuse(
            f"Input to reshape is a tensor with {_product(dims)} values, but the requested shape "
            f"requires a multiple of {rest}"
        )
    return tuple(count // rest if dim == -1 else dim for dim in wanted)


def reshaped_dims(dims: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """``wanted`` with a -1 worked out for a tensor of shape ``dims``.

    Raises:
      InvalidArgumentError: there is no such shape.
    """
    holes = [axis for axis, dim in enumerate(wanted) if dim == -1]
    if len(holes) > 1:
        refuse(f"Only one input size may be -1, not both {holes[0]} and {holes[1]}")
    for axis, dim in enumerate(wanted):
        if dim < -1:
            refuse(f"Size {axis} must be non-negative, not {dim}")
    result = _worked_out(dims, wanted) if holes else tuple(wanted)
    if _product(result) != _product(dims):
        refuse(
            f"Input to reshape is a tensor with {_product(dims)} values, but the requested shape "
            f"has {_product(result)}"
        )
    return result


@graph_op(
    "Reshape",
    "tensor: T, shape: Tshape -> output: T",
    shape=_reshaped,
    static=("shape",),
    T=ALL,
    Tshape=INDEX,
)
def Reshape(tensor: Array, shape: Array) -> Array:
    """The same elements with another shape; one dimension may be -1, which is worked out."""
    if shape.ndim != 1:
        refuse(f"sizes input must be 1-D, not {list(shape.shape)}")
    dims = reshaped_dims(tensor.shape, known_ints(shape))
    return prims.reshape(tensor, shape=dims)  # type: ignore[no-any-return]


@Reshape.partial_value
def _reshape_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0) if context.shape(1).as_tuple() in ((0,), (1,)) else None


@Reshape.gradient
def _reshape_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [reshape(dy, shape(op.inputs[0])), None]


def _expanded(context: ShapeContext) -> TensorShape:
    dims, axis = static_dims(context, 0), static_int(context, 1)
    if dims is None:
        return unknown_shape()
    if axis is None:
        return TensorShape([None] * (len(dims) + 1))
    if not -len(dims) - 1 <= axis <= len(dims):
        msg = f"dim {axis} not in the interval [{-len(dims) - 1}, {len(dims)}]."
        raise ShapeError(msg)
    axis %= len(dims) + 1
    return TensorShape([*dims[:axis], 1, *dims[axis:]])


@graph_op(
    "ExpandDims",
    "input: T, dim: Tdim -> output: T",
    shape=_expanded,
    static=("dim",),
    T=ALL,
    Tdim=INDEX,
)
def ExpandDims(x: Array, dim: Array) -> Array:
    """A new axis of size 1."""
    if dim.size != 1:
        refuse(f"'dim' must be a tensor with a single value, got shape {list(dim.shape)}")
    axis = normal_axis(known_int(dim), x.ndim + 1, "Tried to expand dim index")
    return prims.reshape(x, shape=(*x.shape[:axis], 1, *x.shape[axis:]))  # type: ignore[no-any-return]


@ExpandDims.partial_value
def _expand_dims_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0) if context.shape(0).ndims == 0 else None


@ExpandDims.gradient
def _expand_dims_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [reshape(dy, shape(op.inputs[0])), None]


def _squeezed(context: ShapeContext) -> TensorShape:
    dims, axes = static_dims(context, 0), context.attrs["squeeze_dims"]
    if dims is None:
        return unknown_shape()
    if not axes:
        if None in dims:
            return unknown_shape()
        return TensorShape([dim for dim in dims if dim != 1])
    gone = {static_axis(axis, len(dims), "squeeze dim") for axis in axes}
    for axis in sorted(gone):
        if dims[axis] not in (1, None):
            msg = f"Can not squeeze dim[{axis}], expected a dimension of 1, got {dims[axis]}"
            raise ShapeError(msg)
    return TensorShape([dim for axis, dim in enumerate(dims) if axis not in gone])


@graph_op("Squeeze", "input: T -> output: T", shape=_squeezed, T=ALL)
def Squeeze(x: Array, *, squeeze_dims: tuple[int, ...] = ()) -> Array:
    """Axes of size 1 removed: those named, or all."""
    axes = {normal_axis(axis, x.ndim, "Tried to squeeze dim index") for axis in squeeze_dims}
    for axis in sorted(axes):
        if x.shape[axis] != 1:
            refuse(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {x.shape[axis]}")
    if not squeeze_dims:
        axes = {axis for axis, dim in enumerate(x.shape) if dim == 1}
    kept = tuple(dim for axis, dim in enumerate(x.shape) if axis not in axes)
    return prims.reshape(x, shape=kept)  # type: ignore[no-any-return]


@Squeeze.partial_value
def _squeeze_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0)


@Squeeze.gradient
def _squeeze_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    return [reshape(dy, shape(op.inputs[0]))]


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements of ``tensor``, in row-major order, with another shape.

    Args:
      tensor: a tensor or what converts to one.
      shape: int vector; one dimension may be -1 and is worked out.
      name: of the operation.

    Raises:
      ValueError: the static shapes say that it cannot be.
    """
    return Reshape(tensor, shape, name=name)  # type: ignore[no-any-return]


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """``input`` with a new axis of size 1.

    Args:
      input: of rank R.
      axis: where the axis is in the result, in ``[-(R + 1), R]``.
      name: of the operation.
      dim: old name of ``axis``.

    Raises:
      ValueError: both or neither of ``axis`` and ``dim`` are given, or it is out of range.
    """
    where = one_of("axis", axis, "dim", dim)
    if where is None:
        msg = "Must specify an axis argument to tf.expand_dims()"
        raise ValueError(msg)
    return ExpandDims(input, where, name=name)  # type: ignore[no-any-return]


def squeeze(
    input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None
) -> Tensor:
    """``input`` without axes of size 1.

    Args:
      input: a tensor or what converts to one.
      axis: the axis or axes to remove; by default all of size 1.
      name: of the operation.
      squeeze_dims: old name of ``axis``.

    Raises:
      ValueError: an axis has not size 1.
    """
    axes = one_of("axis", axis, "squeeze_dims", squeeze_dims)
    if axes is None:
        axes = ()
    gone = tuple(int(one) for one in np.reshape(axes, -1))
    return Squeeze(input, squeeze_dims=gone, name=name)  # type: ignore[no-any-return]
