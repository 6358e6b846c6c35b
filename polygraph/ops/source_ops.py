"""Where values enter a graph: constants, placeholders, and operations that only order others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, DType, as_dtype, string
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind, ShapeContext
from polygraph.core.ground.shape_inference import set_constant
from polygraph.core.ground.tensor_shape import TensorShape, as_shape, unknown_shape
from polygraph.core.ground.upward import UPWARD
from polygraph.ops.array_conversion import make_array

if TYPE_CHECKING:
    import numpy as np

    from polygraph.core.ground.tensor import Tensor


def _value_shape(context: ShapeContext) -> TensorShape:
    return TensorShape(context.attrs["value"].shape)


@graph_op("Const", "-> output: dtype", shape=_value_shape, dtype=ALL)
def Const(*, value: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:  # noqa: N802 - TF1's op type
    """A value that the graph holds."""
    return value


Const.no_gradient()


def _placeholder_shape(context: ShapeContext) -> TensorShape:
    return as_shape(context.attrs["shape"])


@graph_op(
    "Placeholder", "-> output: dtype", kind=Kind.PLACEHOLDER, shape=_placeholder_shape, dtype=ALL
)
def Placeholder(*, shape: TensorShape) -> None:  # noqa: N802
    """A value that must be fed."""


Placeholder.no_gradient()


def _shape_of_a_default(context: ShapeContext) -> TensorShape:
    wanted, given = as_shape(context.attrs["shape"]), context.shape(0)
    given.merge_with(wanted)
    return wanted


@graph_op(
    "PlaceholderWithDefault", "input: dtype -> output: dtype", shape=_shape_of_a_default, dtype=ALL
)
def PlaceholderWithDefault(value: Any, *, shape: TensorShape) -> Any:  # noqa: N802
    """A value that may be fed, and else is its input."""
    del shape
    return value


# What it gives is open until it is fed, or is not.
PlaceholderWithDefault.propagates = False


@PlaceholderWithDefault.gradient
def _placeholder_with_default_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [dy]


@graph_op("NoOp", "->", shape=shape_rules.nothing, stateful=True)
def NoOp() -> None:  # noqa: N802
    """Nothing; orders other operations by its control inputs."""


NoOp.no_gradient()


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A tensor with a fixed value.

    Args:
      value: number, string, (nested) list or array.
      dtype: element type; by default float32 for Python floats, int32 for Python ints.
      shape: shape to give it; a shorter value is filled up with its last element.
      name: of the operation.
      verify_shape: the value must already have that shape.

    Raises:
      TypeError: the value cannot be of that dtype.
      ValueError: the value does not fit the shape.
    """
    array = make_array(value, None if dtype is None else as_dtype(dtype), shape, verify_shape)
    element = string if array.dtype == object else as_dtype(array.dtype)
    tensor = Const(value=array, dtype=element, name=name)
    set_constant(tensor, array)
    return tensor  # type: ignore[no-any-return]


def _constant_for_conversion(value: Any, dtype: DType | None, name: str | None) -> Tensor:
    return constant(value, dtype, name=name or "Const")


UPWARD.constant = _constant_for_conversion


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor that has a value only when it is fed.

    Args:
      dtype: element type.
      shape: static shape; None for an unknown rank, None in it for an unknown dimension.
      name: of the operation.
    """
    known = unknown_shape() if shape is None else as_shape(shape)
    return Placeholder(dtype=dtype, shape=known, name=name)  # type: ignore[no-any-return]


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A tensor that has the value of ``input`` unless it is fed.

    Args:
      input: the default value.
      shape: static shape, which may be less specific than that of ``input``.
      name: of the operation.
    """
    return PlaceholderWithDefault(input, shape=as_shape(shape), name=name)  # type: ignore[no-any-return]


def no_op(name: str | None = None) -> Any:
    """An operation that does nothing."""
    return NoOp(name=name)
