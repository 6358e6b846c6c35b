"""Activation functions of neural networks, and the ops that are their gradients."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import FLOATING, REAL, float32
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import add, divide, multiply, negative
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import exp, sigmoid
from polygraph.ops.filling import zeros_like
from polygraph.ops.joining import concat
from polygraph.ops.logical import Select, less
from polygraph.ops.primitives import elementwise as ew

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "crelu",
    "elu",
    "leaky_relu",
    "relu",
    "relu6",
    "selu",
    "softplus",
    "softsign",
    "swish",
]


def _activation(op_type: str, primitive: Op, dtypes: tuple[DType, ...]) -> OpDef:
    def lower(features: Array) -> Any:
        return primitive(features)

    lower.__doc__ = primitive.doc
    return graph_op(
        op_type,
        "features: T -> activations: T",
        shape=shape_rules.unchanged,
        samples=(((2, 3),), ((),), ((0, 3),)),
        T=dtypes,
    )(lower)


Relu = _activation("Relu", ew.relu, REAL)
Relu6 = _activation("Relu6", ew.relu6, REAL)
Elu = _activation("Elu", ew.elu, FLOATING)
Selu = _activation("Selu", ew.selu, FLOATING)
Softplus = _activation("Softplus", ew.softplus, FLOATING)
Softsign = _activation("Softsign", ew.softsign, FLOATING)


@graph_op(
    "LeakyRelu",
    "features: T -> activations: T",
    shape=shape_rules.unchanged,
    samples=(((2, 3),), ((),), ((0, 3),)),
    T=FLOATING,
)
def LeakyRelu(features: Array, *, alpha: float = 0.2) -> Any:
    """``x`` where it is positive, ``alpha * x`` elsewhere."""
    return ew.leaky_relu(features, alpha=alpha)


def _gradient_op(
    op_type: str,
    meaning: Callable[[Array, Array], Any],
    dtypes: tuple[DType, ...],
    told_from: str,
    doc: str,
) -> OpDef:
    """An op of the gradient of a result and of the features, or of the result itself."""

    def lower(gradients: Array, known: Array) -> Any:
        return meaning(gradients, known)

    lower.__doc__ = doc
    return graph_op(
        op_type,
        f"gradients: T, {told_from}: T -> backprops: T",
        shape=shape_rules.merged,
        samples=(((2, 3), (2, 3)), ((), ()), ((0, 3), (0, 3))),
        T=dtypes,
    )(lower)


def _masked(dy: Array, mask: Array) -> Any:
    """``dy`` times 1 or 0: a NaN gradient stays NaN, as in TF1."""
    return ew.multiply(dy, ew.cast(mask, dtype=dy.dtype))


def _where_positive(dy: Array, x: Array) -> Any:
    return _masked(dy, ew.greater(x, ew.scalar(0, x)))


def _where_inside(dy: Array, x: Array) -> Any:
    inside = ew.logical_and(ew.greater(x, ew.scalar(0, x)), ew.less(x, ew.scalar(6, x)))
    return _masked(dy, inside)


def _elu_slope(dy: Array, y: Array) -> Any:
    low = ew.multiply(dy, ew.add(y, ew.scalar(1, y)))
    return ew.select(ew.less(y, ew.scalar(0, y)), low, dy)


def _selu_slope(dy: Array, y: Array) -> Any:
    low = ew.multiply(dy, ew.add(y, ew.scalar(ew.SELU_SCALE * ew.SELU_ALPHA, y)))
    high = ew.multiply(dy, ew.scalar(ew.SELU_SCALE, y))
    return ew.select(ew.less(y, ew.scalar(0, y)), low, high)


def _softplus_slope(dy: Array, x: Array) -> Any:
    return ew.divide(dy, ew.add(ew.exp(ew.negative(x)), ew.scalar(1, x)))


def _softsign_slope(dy: Array, x: Array) -> Any:
    return ew.divide(dy, ew.square(ew.add(ew.scalar(1, x), ew.absolute(x))))


ReluGrad = _gradient_op(
    "ReluGrad", _where_positive, REAL, "features", "``dy`` where ``x`` is positive, else 0."
)
Relu6Grad = _gradient_op(
    "Relu6Grad", _where_inside, REAL, "features", "``dy`` where ``x`` is in (0, 6), else 0."
)
EluGrad = _gradient_op(
    "EluGrad", _elu_slope, FLOATING, "outputs", "``dy * (y + 1)`` where ``y`` is negative."
)
SeluGrad = _gradient_op(
    "SeluGrad", _selu_slope, FLOATING, "outputs", "``dy`` times the slope of selu, told from ``y``."
)
SoftplusGrad = _gradient_op(
    "SoftplusGrad", _softplus_slope, FLOATING, "features", "``dy / (1 + exp(-x))``."
)
SoftsignGrad = _gradient_op(
    "SoftsignGrad", _softsign_slope, FLOATING, "features", "``dy / (1 + |x|) ** 2``."
)


@graph_op(
    "LeakyReluGrad",
    "gradients: T, features: T -> backprops: T",
    shape=shape_rules.merged,
    samples=(((2, 3), (2, 3)), ((), ()), ((0, 3), (0, 3))),
    T=FLOATING,
)
def LeakyReluGrad(gradients: Array, features: Array, *, alpha: float = 0.2) -> Any:
    """``dy`` where ``x`` is positive, ``alpha * dy`` elsewhere."""
    low = ew.multiply(gradients, ew.scalar(alpha, gradients))
    return ew.select(ew.greater(features, ew.scalar(0, features)), gradients, low)


@Relu.gradient
def _relu_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [ReluGrad(dy, op.outputs[0])]


@Relu6.gradient
def _relu6_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [Relu6Grad(dy, op.outputs[0])]


@Elu.gradient
def _elu_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [EluGrad(dy, op.outputs[0])]


@Selu.gradient
def _selu_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [SeluGrad(dy, op.outputs[0])]


@LeakyRelu.gradient
def _leaky_relu_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [LeakyReluGrad(dy, op.inputs[0], alpha=op.attrs["alpha"])]


@Softplus.gradient
def _softplus_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [SoftplusGrad(dy, op.inputs[0])]


@Softsign.gradient
def _softsign_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [SoftsignGrad(dy, op.inputs[0])]


@ReluGrad.gradient
def _relu_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    features = op.inputs[1]
    return [ReluGrad(dy, features), zeros_like(features)]


@Relu6Grad.gradient
def _relu6_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    features = op.inputs[1]
    return [Relu6Grad(dy, features), zeros_like(features)]


@LeakyReluGrad.gradient
def _leaky_relu_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    features = op.inputs[1]
    return [LeakyReluGrad(dy, features, alpha=op.attrs["alpha"]), zeros_like(features)]


def _below_zero(dy: Tensor, op: Operation) -> Any:
    """The second gradient of `elu` and `selu`: what their slope adds where it is told from y."""
    gradients, outputs = op.inputs
    zeros = zeros_like(outputs)
    return Select(less(outputs, zeros), multiply(dy, gradients), zeros)


@EluGrad.gradient
def _elu_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [EluGrad(dy, op.inputs[1]), _below_zero(dy, op)]


@SeluGrad.gradient
def _selu_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [SeluGrad(dy, op.inputs[1]), _below_zero(dy, op)]


@SoftplusGrad.gradient
def _softplus_grad_gradient(op: Operation, dy: Tensor) -> list[Any]:
    gradients, features = op.inputs
    # The slope of 1 / (1 + exp(-x)).
    curve = add(add(exp(negative(features)), 2.0), exp(features))
    return [SoftplusGrad(dy, features), divide(multiply(dy, gradients), curve)]


def relu(features: Any, name: str | None = None) -> Tensor:
    """``max(features, 0)``."""
    return Relu(features, name=name)  # type: ignore[no-any-return]


def relu6(features: Any, name: str | None = None) -> Tensor:
    """``min(max(features, 0), 6)``."""
    with name_scope(name, "Relu6", [features]) as scope:
        return Relu6(convert_to_tensor(features, name="features"), name=scope)  # type: ignore[no-any-return]


def elu(features: Any, name: str | None = None) -> Tensor:
    """``exp(x) - 1`` where ``x`` is negative, ``x`` elsewhere."""
    return Elu(features, name=name)  # type: ignore[no-any-return]


def selu(features: Any, name: str | None = None) -> Tensor:
    """The scaled `elu` that keeps mean 0 and variance 1."""
    return Selu(features, name=name)  # type: ignore[no-any-return]


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """``features`` where they are positive, ``alpha * features`` elsewhere."""
    with name_scope(name, "LeakyRelu", [features]) as scope:
        x = convert_to_tensor(features, name="features")
        if isinstance(alpha, bool) or not isinstance(alpha, int | float):
            msg = f"Expected float for argument 'alpha' not {alpha!r}."
            raise TypeError(msg)
        x = cast(x, float32) if x.dtype.is_integer else x
        return LeakyRelu(x, alpha=float(alpha), name=scope)  # type: ignore[no-any-return]


def crelu(features: Any, name: str | None = None, axis: int = -1) -> Tensor:
    """`relu` of ``features`` and of ``-features``, side by side along ``axis``."""
    with name_scope(name, "CRelu", [features]) as scope:
        x = convert_to_tensor(features, name="features")
        return relu(concat([x, negative(x)], axis, name=scope))


def softplus(features: Any, name: str | None = None) -> Tensor:
    """``log(1 + exp(features))``."""
    return Softplus(features, name=name)  # type: ignore[no-any-return]


def softsign(features: Any, name: str | None = None) -> Tensor:
    """``x / (1 + |x|)``."""
    return Softsign(features, name=name)  # type: ignore[no-any-return]


def swish(features: Any, beta: Any = 1.0) -> Tensor:
    """``x * sigmoid(beta * x)``.

    Source: P. Ramachandran et al., "Searching for Activation Functions" (2017).
    """
    x = convert_to_tensor(features, name="features")
    factor = convert_to_tensor(beta, x.dtype.base_dtype, name="beta")
    return multiply(x, sigmoid(multiply(factor, x)))
