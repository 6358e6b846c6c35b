"""Gradients of the ops in `polygraph.ops.arithmetic`.

Complex numbers follow TF1: the conjugate of the derivative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.ops.arithmetic import (
    Abs,
    Add,
    AddN,
    AddV2,
    ComplexAbs,
    Div,
    DivNoNan,
    FloorDiv,
    FloorMod,
    Maximum,
    Minimum,
    Mul,
    MulNoNan,
    Neg,
    RealDiv,
    Sign,
    SquaredDifference,
    Sub,
    TruncateDiv,
    abs,
)
from polygraph.ops.complex_numbers import conj, real, with_real_part
from polygraph.ops.filling import zeros_like
from polygraph.ops.logical import GreaterEqual, LessEqual, SelectV2

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


@Add.gradient
@AddV2.gradient
def _add_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [dy, dy]


@AddN.gradient
def _add_n_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [dy] * len(op.inputs)


@Sub.gradient
def _sub_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [dy, Neg(dy)]


@Mul.gradient
def _mul_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x, y = op.inputs
    return [Mul(dy, conj(y)), Mul(dy, conj(x))]


@Div.gradient
@RealDiv.gradient
def _div_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [RealDiv(dy, y), Mul(dy, RealDiv(RealDiv(Neg(x), y), y))]


@FloorDiv.gradient
@TruncateDiv.gradient
def _rounded_quotient_gradient(_op: Any, _dy: Tensor) -> list[None]:
    return [None, None]


@FloorMod.gradient
def _floor_mod_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [dy, Mul(dy, Neg(FloorDiv(*op.inputs)))]


def _to_one_of(dy: Tensor, to_first: Tensor) -> list[Tensor]:
    zero = np.zeros((), dy.dtype.np_dtype)
    return [SelectV2(to_first, dy, zero), SelectV2(to_first, zero, dy)]


@Maximum.gradient
def _maximum_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return _to_one_of(dy, GreaterEqual(*op.inputs))


@Minimum.gradient
def _minimum_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return _to_one_of(dy, LessEqual(*op.inputs))


@SquaredDifference.gradient
def _squared_difference_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    to_first = Mul(Mul(dy, 2), Sub(*op.inputs))
    return [to_first, Neg(to_first)]


@DivNoNan.gradient
def _div_no_nan_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [DivNoNan(dy, y), Mul(dy, DivNoNan(DivNoNan(Neg(x), y), y))]


@MulNoNan.gradient
def _mul_no_nan_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [MulNoNan(dy, y), MulNoNan(x, dy)]


@Neg.gradient
def _neg_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [Neg(dy)]


@Abs.gradient
def _abs_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [Mul(dy, Sign(op.inputs[0]))]


@ComplexAbs.gradient
def _complex_abs_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [Mul(with_real_part(dy), Sign(op.inputs[0]))]


@Sign.gradient
def _sign_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    """Zero for real numbers; a complex sign turns, but does not grow, as its number moves."""
    x, y = op.inputs[0], op.outputs[0]
    if not x.dtype.is_complex:
        return [zeros_like(x)]
    outwards = Mul(y, with_real_part(real(Mul(conj(y), dy))))
    return [DivNoNan(Sub(dy, outwards), with_real_part(abs(x)))]
