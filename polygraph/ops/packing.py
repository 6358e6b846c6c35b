"""Joining tensors along a new axis and taking them apart again; lists that hold tensors."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, DType
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import Dimension, TensorShape, unknown_shape
from polygraph.core.ground.upward import UPWARD
from polygraph.ops.casting import cast
from polygraph.ops.filling import zeros_like
from polygraph.ops.operand_checks import normal_axis, refuse, static_axis
from polygraph.ops.primitives import shaping as prims
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array

__all__ = ["stack", "unstack"]


def _pack_shape(context: ShapeContext) -> TensorShape:
    shape = context.shape(0)
    for index in range(1, len(context.inputs)):
        try:
            shape = shape.merge_with(context.shape(index))
        except ValueError as error:
            msg = f"Shapes must be equal, but input {index} is {context.shape(index)}: {error}"
            raise ShapeError(msg) from error
    dims = shape.as_tuple()
    if dims is None:
        return unknown_shape()
    axis = static_axis(context.attrs["axis"], len(dims) + 1)
    return TensorShape([*dims[:axis], len(context.inputs), *dims[axis:]])


@graph_op("Pack", "values: N*T -> output: T", shape=_pack_shape, T=ALL)
def Pack(values: list[Array], *, axis: int = 0) -> Array:
    """Tensors of one shape joined along a new axis."""
    first = values[0].shape
    for index, value in enumerate(values):
        if value.shape != first:
            refuse(
                "Shapes of all inputs must match: values[0].shape = "
                f"{list(first)} != values[{index}].shape = {list(value.shape)}"
            )
    return prims.stack(*values, axis=normal_axis(axis, len(first) + 1))  # type: ignore[no-any-return]


@Pack.partial_value
def _pack_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    scalars = all(context.shape(index).ndims == 0 for index in range(len(context.inputs)))
    if not scalars or not context.inputs[0].dtype.is_integer:
        return None
    parts = [context.partial(index) for index in range(len(context.inputs))]
    return tuple(None if part is None else part[0] for part in parts)


@Pack.gradient
def _pack_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    return unstack(dy, num=op.get_attr("N"), axis=op.get_attr("axis"))


def _unpack_shape(context: ShapeContext) -> list[TensorShape]:
    count = context.attrs["num"]
    dims = context.shape(0).as_tuple()
    if dims is None:
        return [unknown_shape()] * count
    axis = static_axis(context.attrs["axis"], len(dims))
    size = dims[axis]
    if size is not None and size != count:
        msg = f"Dimension must be {count} but is {size}"
        raise ShapeError(msg)
    return [TensorShape([*dims[:axis], *dims[axis + 1 :]])] * count


@graph_op("Unpack", "value: T -> output: num*T", shape=_unpack_shape, T=ALL)
def Unpack(value: Array, *, num: int, axis: int = 0) -> list[Array]:
    """The slices of a tensor along an axis, that axis being gone."""
    axis = normal_axis(axis, value.ndim)
    if value.shape[axis] != num:
        refuse(f"Input shape axis {axis} must equal {num}, got shape {list(value.shape)}")
    shape = value.shape[:axis] + value.shape[axis + 1 :]
    begin, end, strides = [0] * value.ndim, list(value.shape), (1,) * value.ndim
    results = []
    for index in range(num):
        begin[axis], end[axis] = index, index + 1
        part = prims.strided_slice(value, begin=tuple(begin), end=tuple(end), strides=strides)
        results.append(prims.reshape(part, shape=shape))
    return results


@Unpack.partial_values
def _unpack_partial_values(context: ShapeContext) -> list[tuple[int | None] | None]:
    known = context.partial(0)
    if known is None or context.shape(0).ndims != 1:
        return [None] * context.attrs["num"]
    return [(element,) for element in known]


@Unpack.gradient
def _unpack_gradient(op: Operation, *dys: Tensor | None) -> list[Tensor]:
    return [stack(zeros_for_missing(op, dys), axis=op.get_attr("axis"))]


def zeros_for_missing(op: Operation, dys: Sequence[Tensor | None]) -> list[Tensor]:
    """The gradients of an operation's outputs, zeros standing for those that have none."""
    pairs = zip(op.outputs, dys, strict=True)
    return [zeros_like(output) if dy is None else dy for output, dy in pairs]


def _first_dtype(value: Any) -> DType | None:
    """The dtype of the first tensor in a nested list."""
    if isinstance(value, list | tuple):
        return next(filter(None, map(_first_dtype, value)), None)
    if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
        found: DType = value.dtype.base_dtype
        return found
    return None


def _of_dtype(tensor: Tensor, dtype: DType) -> Tensor:
    if tensor.dtype.base_dtype != dtype:
        msg = (
            f"Cannot convert a list containing a tensor of dtype {tensor.dtype.name} to "
            f"{dtype.name} (Tensor is: {tensor!r})"
        )
        raise TypeError(msg)
    return tensor


def _packed_element(value: Any, dtype: DType, name: str, *, asked: bool) -> Any:
    """A tensor where ``value`` holds one, else ``value`` itself."""
    if isinstance(value, list | tuple):
        return _packed(value, dtype, name, asked=asked)
    if isinstance(value, Tensor) or hasattr(value, "_as_graph_element"):
        tensor = convert_to_tensor(value)
        return cast(tensor, dtype) if asked else _of_dtype(tensor, dtype)
    return value.value if isinstance(value, Dimension) else value


def _packed(values: Sequence[Any], dtype: DType, name: str, *, asked: bool) -> Any:
    with name_scope(name) as scope:
        elements = [
            _packed_element(value, dtype, str(index), asked=asked)
            for index, value in enumerate(values)
        ]
        if not any(isinstance(element, Tensor) for element in elements):
            return elements
        return Pack(
            [
                element
                if isinstance(element, Tensor)
                else constant(element, dtype, name=str(index))
                for index, element in enumerate(elements)
            ],
            name=scope,
        )


def _pack_for_conversion(value: Any, dtype: DType | None, name: str | None) -> Tensor:
    wanted = dtype or _first_dtype(value)
    if wanted is None:
        msg = f"{value!r} holds no tensor to pack"
        raise ValueError(msg)
    return _packed(value, wanted.base_dtype, name or "packed", asked=dtype is not None)  # type: ignore[no-any-return]


UPWARD.pack = _pack_for_conversion


def stack(values: Any, axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape and dtype joined along a new axis.

    Args:
      values: the tensors; rank R each.
      axis: where the new axis is in the result, in ``[-(R + 1), R + 1)``.
      name: of the operation.

    Raises:
      ValueError: the shapes differ, or the axis is out of range.
    """
    if axis == 0:
        try:
            return convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass  # a list that is no single tensor: Pack says what is wrong with it
    values = list(values)
    rank = convert_to_tensor(values[0], name=name).get_shape().ndims
    if rank is not None and not -rank - 1 <= axis <= rank:
        msg = f"Argument `axis` = {axis} not in range [{-rank - 1}, {rank + 1})"
        raise ValueError(msg)
    return Pack(values, axis=axis, name=name)  # type: ignore[no-any-return]


def unstack(
    value: Any, num: int | None = None, axis: int = 0, name: str = "unstack"
) -> list[Tensor]:
    """The slices of ``value`` along an axis, which is gone in them.

    Args:
      value: of rank R.
      num: how many slices; by default what the static shape says.
      axis: in ``[-R, R)``.
      name: of the operation.

    Raises:
      ValueError: ``num`` is neither given nor known, or the axis is out of range.
    """
    tensor = convert_to_tensor(value)
    if num is None:
        dims = tensor.get_shape().as_tuple()
        if dims is not None:
            if not -len(dims) <= axis < len(dims):
                msg = f"Argument `axis` = {axis} not in range [{-len(dims)}, {len(dims)})"
                raise ValueError(msg)
            num = dims[axis]
        if num is None:
            msg = f"Cannot infer argument `num` from shape {tensor.get_shape()}"
            raise ValueError(msg)
    return Unpack(tensor, num=num, axis=axis, name=name)  # type: ignore[no-any-return]
