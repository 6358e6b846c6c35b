"""Gradients of the functions in `polygraph.ops.elementwise`.

Complex numbers follow TF1: the conjugate of the derivative.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from polygraph.ops import elementwise as ops
from polygraph.ops.arithmetic import AddV2, Mul, Neg, RealDiv, Sub
from polygraph.ops.complex_numbers import Complex, conj, imag, real, with_real_part
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


def _one(like: Tensor) -> Tensor:
    return constant(1, like.dtype.base_dtype)


def _one_plus_square(x: Tensor) -> Any:
    return AddV2(_one(x), ops.Square(x))


def _one_minus_square(x: Tensor) -> Any:
    return Sub(_one(x), ops.Square(x))


@ops.Expm1.gradient
def _expm1_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Exp(x))]


@ops.Log.gradient
def _log_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Reciprocal(x))]


@ops.Log1p.gradient
def _log1p_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Reciprocal(AddV2(_one(x), x)))]


@ops.Sin.gradient
def _sin_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Cos(x))]


@ops.Cos.gradient
def _cos_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, Neg(ops.Sin(x)))]


@ops.Tan.gradient
def _tan_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Square(ops.Reciprocal(ops.Cos(x))))]


@ops.Asin.gradient
def _asin_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Reciprocal(ops.Sqrt(_one_minus_square(x))))]


@ops.Acos.gradient
def _acos_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, Neg(ops.Reciprocal(ops.Sqrt(_one_minus_square(x)))))]


@ops.Atan.gradient
def _atan_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Reciprocal(_one_plus_square(x)))]


@ops.Sinh.gradient
def _sinh_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Cosh(x))]


@ops.Cosh.gradient
def _cosh_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Sinh(x))]


@ops.Atanh.gradient
def _atanh_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Reciprocal(_one_minus_square(x)))]


@ops.Lgamma.gradient
def _lgamma_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Digamma(x))]


@ops.Square.gradient
def _square_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, Mul(x, 2))]


@ops.Erf.gradient
def _erf_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, Mul(ops.Exp(Neg(ops.Square(x))), 2 / math.sqrt(math.pi)))]


@ops.Erfc.gradient
def _erfc_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, Mul(ops.Exp(Neg(ops.Square(x))), -2 / math.sqrt(math.pi)))]


@ops.Digamma.gradient
def _digamma_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = conj(op.inputs[0])
    return [Mul(dy, ops.Polygamma(_one(x), x))]


@ops.Exp.gradient
def _exp_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [Mul(dy, conj(op.outputs[0]))]


@ops.Asinh.gradient
def _asinh_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [RealDiv(dy, ops.Cosh(conj(op.outputs[0])))]


@ops.Acosh.gradient
def _acosh_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [RealDiv(dy, ops.Sinh(conj(op.outputs[0])))]


@ops.Erfinv.gradient
def _erfinv_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [Mul(dy, Mul(ops.Exp(ops.Square(op.outputs[0])), math.sqrt(math.pi) / 2))]


@ops.Polygamma.gradient
def _polygamma_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    order, x = op.inputs
    return [None, Mul(dy, ops.Polygamma(AddV2(order, 1), x))]


@ops.Zeta.gradient
def _zeta_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    x, q = op.inputs
    return [None, Mul(dy, Mul(Neg(x), ops.Zeta(AddV2(x, 1), q)))]


@ops.Angle.gradient
def _angle_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x = op.inputs[0]
    turned = Complex(imag(x), real(x), Tout=x.dtype.base_dtype)
    return [Mul(Neg(with_real_part(dy)), ops.Reciprocal(turned))]


@ops.Tanh.gradient
def _tanh_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [ops.TanhGrad(conj(op.outputs[0]), dy)]


@ops.Sigmoid.gradient
def _sigmoid_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [ops.SigmoidGrad(conj(op.outputs[0]), dy)]


@ops.Sqrt.gradient
def _sqrt_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [ops.SqrtGrad(op.outputs[0], dy)]


@ops.Rsqrt.gradient
def _rsqrt_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [ops.RsqrtGrad(op.outputs[0], dy)]


@ops.Reciprocal.gradient
def _reciprocal_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [ops.ReciprocalGrad(op.outputs[0], dy)]


@ops.Inv.gradient
def _inv_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [ops.InvGrad(op.outputs[0], dy)]


@ops.TanhGrad.gradient
def _tanh_grad_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    y, inner = conj(op.inputs[0]), conj(op.inputs[1])
    return [Mul(Mul(Mul(dy, -2), inner), y), ops.TanhGrad(y, dy)]


@ops.SigmoidGrad.gradient
def _sigmoid_grad_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    y, inner = conj(op.inputs[0]), conj(op.inputs[1])
    both = Mul(dy, inner)
    return [Sub(both, Mul(Mul(both, 2), y)), ops.SigmoidGrad(y, dy)]


@ops.SqrtGrad.gradient
def _sqrt_grad_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    ratio = RealDiv(dy, op.inputs[0])
    return [Mul(Neg(conj(ratio)), op.outputs[0]), Mul(ratio, 0.5)]


@ops.RsqrtGrad.gradient
def _rsqrt_grad_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    y, inner = conj(op.inputs[0]), conj(op.inputs[1])
    return [Mul(Mul(Mul(dy, -1.5), inner), ops.Square(y)), ops.RsqrtGrad(y, dy)]


@ops.ReciprocalGrad.gradient
def _reciprocal_grad_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    y, inner = conj(op.inputs[0]), conj(op.inputs[1])
    return [Mul(Mul(Mul(dy, -2), inner), y), ops.ReciprocalGrad(y, dy)]


@ops.InvGrad.gradient
def _inv_grad_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    y, inner = conj(op.inputs[0]), conj(op.inputs[1])
    return [Mul(Mul(Mul(dy, -2), inner), y), ops.InvGrad(y, dy)]
