"""Values handed on unchanged: where gradients stop, and where static shapes are asserted."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import as_shape
from polygraph.ops.operand_checks import refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = ["ensure_shape", "guarantee_const", "identity_n", "stop_gradient"]


def _all_unchanged(context: ShapeContext) -> list[TensorShape]:
    return [context.shape(index) for index in range(len(context.inputs))]


@graph_op("IdentityN", "input: T* -> output: T*", shape=_all_unchanged, T=())
def IdentityN(values: list[Array]) -> list[Array]:
    """The inputs."""
    return values


@IdentityN.gradient
def _identity_n_gradient(_: Operation, *dys: Tensor) -> Sequence[Tensor]:
    return dys


def _passed_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0)


@graph_op("StopGradient", "input: T -> output: T", shape=shape_rules.unchanged, T=ALL)
def StopGradient(value: Array) -> Array:
    """The input, which is a constant to differentiation."""
    return value


StopGradient.partial_value(_passed_partial_value)
StopGradient.no_gradient()


@graph_op("PreventGradient", "input: T -> output: T", shape=shape_rules.unchanged, T=ALL)
def PreventGradient(value: Array, *, message: str = "") -> Array:  # noqa: ARG001
    """The input, through which nothing may be differentiated."""
    return value


@PreventGradient.gradient
def _prevent_gradient_gradient(op: Operation, _: Tensor) -> NoReturn:
    msg = f"Gradient explicitly disabled. Reason: {op.attrs['message']}"
    raise LookupError(msg)


@graph_op("GuaranteeConst", "input: T -> output: T", shape=shape_rules.unchanged, T=ALL)
def GuaranteeConst(value: Array) -> Array:
    """The input, which the caller promises not to change."""
    return value


@GuaranteeConst.gradient
def _guarantee_const_gradient(_: Operation, dy: Tensor) -> list[Tensor]:
    return [dy]


def _ensured_shape(context: ShapeContext) -> TensorShape:
    try:
        return context.shape(0).merge_with(context.attrs["shape"])
    except ValueError as error:
        raise ShapeError(str(error)) from error


@graph_op("EnsureShape", "input: T -> output: T", shape=_ensured_shape, T=ALL)
def EnsureShape(value: Array, *, shape: TensorShape) -> Array:
    """The input, whose shape must fit ``shape`` when it runs."""
    if not shape.is_compatible_with(value.shape):
        refuse(
            f"Shape of tensor {list(value.shape)} is not compatible with expected shape {shape}."
        )
    return value


@EnsureShape.gradient
def _ensure_shape_gradient(_: Operation, dy: Tensor) -> list[Tensor]:
    return [dy]


def identity_n(input: Any, name: str | None = None) -> list[Tensor]:
    """The given tensors, of any dtypes, as outputs of one operation."""
    return IdentityN(list(input), name=name)  # type: ignore[no-any-return]


def stop_gradient(input: Any, name: str | None = None) -> Tensor:
    """``input``, which counts as a constant when gradients are taken."""
    return StopGradient(input, name=name)  # type: ignore[no-any-return]


def guarantee_const(input: Any, name: str | None = None) -> Tensor:
    """``input``, which the caller promises not to change between runs."""
    return GuaranteeConst(input, name=name)  # type: ignore[no-any-return]


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Tensor:
    """``x`` with a static shape that is checked when it runs.

    Raises:
      ValueError: the static shape of ``x`` contradicts ``shape``.
      InvalidArgumentError: when it runs, the actual shape does.
    """
    return EnsureShape(x, shape=as_shape(shape), name=name)  # type: ignore[no-any-return]
