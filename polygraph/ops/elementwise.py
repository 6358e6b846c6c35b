"""Functions of one number: exponentials, logarithms, trigonometry, rounding and their kin."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import COMPLEX, FLOATING, NUMERIC, float32, float64
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.complex_numbers import complex_to_real
from polygraph.ops.filling import fill, zeros_like
from polygraph.ops.logical import Less, Select
from polygraph.ops.op_families import binary, predicate, unary
from polygraph.ops.primitives import elementwise as ew
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "acos",
    "acosh",
    "angle",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "ceil",
    "cos",
    "cosh",
    "digamma",
    "erf",
    "erfc",
    "exp",
    "expm1",
    "floor",
    "is_finite",
    "is_inf",
    "is_nan",
    "lgamma",
    "log",
    "log1p",
    "polygamma",
    "reciprocal",
    "rint",
    "round",
    "rsqrt",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "zeta",
]

FIELD = FLOATING + COMPLEX

Exp = unary("Exp", ew.exp, FIELD)
Expm1 = unary("Expm1", ew.expm1, FIELD)
Log = unary("Log", ew.log, FIELD)
Log1p = unary("Log1p", ew.log1p, FIELD)
Sin = unary("Sin", ew.sin, FIELD)
Cos = unary("Cos", ew.cos, FIELD)
Tan = unary("Tan", ew.tan, FIELD)
Asin = unary("Asin", ew.asin, FIELD)
Acos = unary("Acos", ew.acos, FIELD)
Atan = unary("Atan", ew.atan, FIELD)
Sinh = unary("Sinh", ew.sinh, FIELD)
Cosh = unary("Cosh", ew.cosh, FIELD)
Tanh = unary("Tanh", ew.tanh, FIELD)
Asinh = unary("Asinh", ew.asinh, FIELD)
Acosh = unary("Acosh", ew.acosh, FIELD)
Atanh = unary("Atanh", ew.atanh, FIELD)
Sigmoid = unary("Sigmoid", ew.sigmoid, FIELD)
Square = unary("Square", ew.square, NUMERIC)
Sqrt = unary("Sqrt", ew.sqrt, FIELD)
Rsqrt = unary("Rsqrt", ew.rsqrt, FIELD)
Reciprocal = unary("Reciprocal", ew.reciprocal, FIELD)
Erf = unary("Erf", ew.erf, FLOATING)
Erfc = unary("Erfc", ew.erfc, FLOATING)
Lgamma = unary("Lgamma", ew.lgamma, FLOATING)
Digamma = unary("Digamma", ew.digamma, FLOATING)
Rint = unary("Rint", ew.round_half_even, FLOATING)
Floor = unary("Floor", ew.floor, FLOATING)
Ceil = unary("Ceil", ew.ceil, FLOATING)
Inv = unary("Inv", ew.reciprocal, FIELD)
IsNan = predicate("IsNan", ew.is_nan, FLOATING)
IsInf = predicate("IsInf", ew.is_inf, FLOATING)
IsFinite = predicate("IsFinite", ew.is_finite, FLOATING)
Erfinv = unary("Erfinv", ew.erfinv, FLOATING)
Zeta = binary("Zeta", ew.zeta, (float32, float64), "x: T, q: T -> z: T")
Polygamma = binary("Polygamma", ew.polygamma, (float32, float64), "a: T, x: T -> z: T")


@graph_op("Round", "x: T -> y: T", shape=shape_rules.unchanged, T=NUMERIC)
def Round(x: Array) -> Any:
    """Rounded to the nearest integer, halves to the even one; integers are so already."""
    return x if x.dtype.kind in "iu" else ew.round_half_even(x)


for _definition in (Rint, Floor, Ceil, Round):
    _definition.no_gradient()


def _angle(x: Array) -> Any:
    return ew.atan2(ew.imag(x), ew.real(x))


Angle = complex_to_real("Angle", _angle, "The angle of the number in the complex plane.")


def _gradient_op(
    op_type: str,
    slope: Callable[[Array], Any],
    doc: str,
    *,
    product: Op = ew.multiply,
    conjugate: bool = True,
) -> OpDef:
    """An op ``y, dy -> z`` that multiplies ``dy`` with a slope told from the result ``y``.

    Args:
      op_type: TF1's.
      slope: of ``y``.
      doc: what it computes.
      product: of slope and ``dy``.
      conjugate: the op conjugates the slope; TF1 leaves that to the gradient of some functions.
    """

    def lower(y: Array, dy: Array) -> Any:
        factor = slope(y)
        return product(ew.conj(factor) if conjugate and y.dtype.kind == "c" else factor, dy)

    lower.__doc__ = doc
    return graph_op(op_type, "y: T, dy: T -> z: T", shape=shape_rules.merged, T=FIELD)(lower)


def _tanh_slope(y: Array) -> Any:
    return ew.subtract(ew.scalar(1, y), ew.square(y))


def _sigmoid_slope(y: Array) -> Any:
    return ew.multiply(y, ew.subtract(ew.scalar(1, y), y))


def _sqrt_slope(y: Array) -> Any:
    return ew.divide(ew.scalar(0.5, y), y)


def _rsqrt_slope(y: Array) -> Any:
    return ew.multiply(ew.scalar(-0.5, y), ew.multiply(ew.square(y), y))


def _reciprocal_slope(y: Array) -> Any:
    return ew.negative(ew.square(y))


_ZERO_WINS = ew.multiply_no_nan
TanhGrad = _gradient_op("TanhGrad", _tanh_slope, "``dy * (1 - y ** 2)``.", conjugate=False)
SigmoidGrad = _gradient_op("SigmoidGrad", _sigmoid_slope, "``dy * y * (1 - y)``.", conjugate=False)
SqrtGrad = _gradient_op(
    "SqrtGrad", _sqrt_slope, "``dy / (2 * y)``, and 0 where ``dy`` is 0.", product=_ZERO_WINS
)
RsqrtGrad = _gradient_op(
    "RsqrtGrad", _rsqrt_slope, "``-dy * y ** 3 / 2``, and 0 where ``dy`` is 0.", product=_ZERO_WINS
)
ReciprocalGrad = _gradient_op(
    "ReciprocalGrad",
    _reciprocal_slope,
    "``-dy * y ** 2``, and 0 where ``dy`` is 0.",
    product=_ZERO_WINS,
)
InvGrad = _gradient_op("InvGrad", _reciprocal_slope, "See `ReciprocalGrad`.", product=_ZERO_WINS)


def exp(x: Any, name: str | None = None) -> Tensor:
    """Euler's number to the power of each element."""
    return Exp(x, name=name)  # type: ignore[no-any-return]


def expm1(x: Any, name: str | None = None) -> Tensor:
    """``exp(x) - 1`` of each element, without cancellation near 0."""
    return Expm1(x, name=name)  # type: ignore[no-any-return]


def log(x: Any, name: str | None = None) -> Tensor:
    """The natural logarithm of each element."""
    return Log(x, name=name)  # type: ignore[no-any-return]


def log1p(x: Any, name: str | None = None) -> Tensor:
    """``log(1 + x)`` of each element, without cancellation near 0."""
    return Log1p(x, name=name)  # type: ignore[no-any-return]


def sin(x: Any, name: str | None = None) -> Tensor:
    """The sine of each element, in radians."""
    return Sin(x, name=name)  # type: ignore[no-any-return]


def cos(x: Any, name: str | None = None) -> Tensor:
    """The cosine of each element, in radians."""
    return Cos(x, name=name)  # type: ignore[no-any-return]


def tan(x: Any, name: str | None = None) -> Tensor:
    """The tangent of each element, in radians."""
    return Tan(x, name=name)  # type: ignore[no-any-return]


def asin(x: Any, name: str | None = None) -> Tensor:
    """The angle in radians whose sine is each element."""
    return Asin(x, name=name)  # type: ignore[no-any-return]


def acos(x: Any, name: str | None = None) -> Tensor:
    """The angle in radians whose cosine is each element."""
    return Acos(x, name=name)  # type: ignore[no-any-return]


def atan(x: Any, name: str | None = None) -> Tensor:
    """The angle in radians whose tangent is each element."""
    return Atan(x, name=name)  # type: ignore[no-any-return]


def sinh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic sine of each element."""
    return Sinh(x, name=name)  # type: ignore[no-any-return]


def cosh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic cosine of each element."""
    return Cosh(x, name=name)  # type: ignore[no-any-return]


def tanh(x: Any, name: str | None = None) -> Tensor:
    """The hyperbolic tangent of each element."""
    return Tanh(x, name=name)  # type: ignore[no-any-return]


def asinh(x: Any, name: str | None = None) -> Tensor:
    """The inverse hyperbolic sine of each element."""
    return Asinh(x, name=name)  # type: ignore[no-any-return]


def acosh(x: Any, name: str | None = None) -> Tensor:
    """The inverse hyperbolic cosine of each element."""
    return Acosh(x, name=name)  # type: ignore[no-any-return]


def atanh(x: Any, name: str | None = None) -> Tensor:
    """The inverse hyperbolic tangent of each element."""
    return Atanh(x, name=name)  # type: ignore[no-any-return]


def sigmoid(x: Any, name: str | None = None) -> Tensor:
    """``1 / (1 + exp(-x))`` of each element."""
    return Sigmoid(x, name=name)  # type: ignore[no-any-return]


def square(x: Any, name: str | None = None) -> Tensor:
    """The square of each element."""
    return Square(x, name=name)  # type: ignore[no-any-return]


def sqrt(x: Any, name: str | None = None) -> Tensor:
    """The square root of each element."""
    return Sqrt(x, name=name)  # type: ignore[no-any-return]


def rsqrt(x: Any, name: str | None = None) -> Tensor:
    """One over the square root of each element."""
    return Rsqrt(x, name=name)  # type: ignore[no-any-return]


def reciprocal(x: Any, name: str | None = None) -> Tensor:
    """One over each element."""
    return Reciprocal(x, name=name)  # type: ignore[no-any-return]


def erf(x: Any, name: str | None = None) -> Tensor:
    """The error function of each element."""
    return Erf(x, name=name)  # type: ignore[no-any-return]


def erfc(x: Any, name: str | None = None) -> Tensor:
    """One minus the error function of each element, without cancellation."""
    return Erfc(x, name=name)  # type: ignore[no-any-return]


def lgamma(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the absolute value of the gamma function of each element."""
    return Lgamma(x, name=name)  # type: ignore[no-any-return]


def digamma(x: Any, name: str | None = None) -> Tensor:
    """The derivative of `lgamma` at each element."""
    return Digamma(x, name=name)  # type: ignore[no-any-return]


def rint(x: Any, name: str | None = None) -> Tensor:
    """Each element rounded to the nearest integer, halves to the even one."""
    return Rint(x, name=name)  # type: ignore[no-any-return]


def floor(x: Any, name: str | None = None) -> Tensor:
    """Each element rounded down."""
    return Floor(x, name=name)  # type: ignore[no-any-return]


def ceil(x: Any, name: str | None = None) -> Tensor:
    """Each element rounded up."""
    return Ceil(x, name=name)  # type: ignore[no-any-return]


def round(x: Any, name: str | None = None) -> Tensor:
    """Each element rounded to the nearest integer, halves to the even one.

    A tensor of integers is returned as it is.
    """
    tensor = convert_to_tensor(x, name="x")
    return tensor if tensor.dtype.is_integer else Round(tensor, name=name)


def is_nan(x: Any, name: str | None = None) -> Tensor:
    """Whether each element is NaN."""
    return IsNan(x, name=name)  # type: ignore[no-any-return]


def is_inf(x: Any, name: str | None = None) -> Tensor:
    """Whether each element is plus or minus infinity."""
    return IsInf(x, name=name)  # type: ignore[no-any-return]


def is_finite(x: Any, name: str | None = None) -> Tensor:
    """Whether each element is neither NaN nor infinite."""
    return IsFinite(x, name=name)  # type: ignore[no-any-return]


def polygamma(a: Any, x: Any, name: str | None = None) -> Tensor:
    """The derivative of order ``a``, a whole number, of `digamma` at ``x``."""
    return Polygamma(a, x, name=name)  # type: ignore[no-any-return]


def zeta(x: Any, q: Any, name: str | None = None) -> Tensor:
    """The Hurwitz zeta function: the sum of ``(q + k) ** -x`` over ``k >= 0``."""
    return Zeta(x, q, name=name)  # type: ignore[no-any-return]


def angle(input: Any, name: str | None = None) -> Tensor:
    """The angle in radians of each number in the complex plane: 0 or pi for real ones."""
    with name_scope(name, "Angle", [input]) as scope:
        tensor = convert_to_tensor(input, name="input")
        dtype = tensor.dtype.base_dtype
        if dtype.is_complex:
            return Angle(tensor, Tout=dtype.real_dtype, name=scope)  # type: ignore[no-any-return]
        straight = np.asarray(np.pi).astype(dtype.np_dtype)
        below = Less(tensor, 0)
        return Select(below, fill(shape(tensor), straight), zeros_like(tensor))  # type: ignore[no-any-return]
