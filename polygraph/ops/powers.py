"""Functions of two numbers that powers, logarithms and angles are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import COMPLEX, FLOATING, NUMERIC
from polygraph.core.ground.errors import InvalidArgumentError
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.trace import check
from polygraph.ops.arithmetic import AddV2, Mul, Neg, RealDiv, Sub
from polygraph.ops.casting import cast
from polygraph.ops.complex_numbers import conj
from polygraph.ops.elementwise import Log, Square
from polygraph.ops.logical import Greater, NotEqual, SelectV2
from polygraph.ops.op_families import binary
from polygraph.ops.primitives import elementwise as ew, reduction as red
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["atan2", "pow"]

_FIELD = FLOATING + COMPLEX


def _power(x: Array, y: Array) -> Any:
    if y.dtype.kind != "i" or 0 in x.shape or 0 in y.shape:
        return ew.power(x, y)
    zero = ew.scalar(0, y)
    axes = tuple(range(y.ndim))
    whole = red.reduce_all(ew.greater_equal(y, zero), axes=axes, keepdims=False)
    check(whole, InvalidArgumentError, "Integers to negative integer powers are not allowed")
    return ew.power(x, ew.maximum(y, zero))


def _zero_unless(x: Array, value: Any) -> Any:
    zero = ew.scalar(0, x)
    return ew.select(ew.equal(x, zero), zero, value)


def _xlogy(x: Array, y: Array) -> Any:
    return _zero_unless(x, ew.multiply(x, ew.log(y)))


def _xdivy(x: Array, y: Array) -> Any:
    return _zero_unless(x, ew.divide(x, y))


Pow = binary("Pow", _power, NUMERIC, doc="``x`` to the power ``y``.")
Atan2 = binary("Atan2", ew.atan2, FLOATING, "y: T, x: T -> z: T")
Xlogy = binary("Xlogy", _xlogy, _FIELD, doc="``x * log(y)``, and 0 where ``x`` is 0.")
Xdivy = binary("Xdivy", _xdivy, _FIELD, doc="``x / y``, and 0 where ``x`` is 0.")


def _log_where_defined(x: Tensor) -> Any:
    """The logarithm of positive (or complex) elements, 0 for the others, without NaN on the way."""
    dtype = x.dtype.base_dtype
    zero, one = constant(0, dtype), constant(1, dtype)
    defined = NotEqual(x, zero) if dtype.is_complex else Greater(x, zero)
    return SelectV2(defined, Log(SelectV2(defined, x, one)), zero)


@Pow.gradient
def _pow_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x, y, z = conj(op.inputs[0]), conj(op.inputs[1]), conj(op.outputs[0])
    to_base = Mul(Mul(dy, y), Pow(x, Sub(y, 1)))
    return [to_base, Mul(Mul(dy, z), _log_where_defined(x))]


@Atan2.gradient
def _atan2_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    y, x = op.inputs
    scaled = RealDiv(dy, AddV2(Square(x), Square(y)))
    return [Mul(x, scaled), Mul(Neg(y), scaled)]


def _indicator(x: Tensor) -> Any:
    return cast(NotEqual(x, constant(0, x.dtype.base_dtype)), x.dtype)


@Xlogy.gradient
def _xlogy_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [Mul(dy, Xlogy(_indicator(x), y)), Mul(dy, Xdivy(x, y))]


@Xdivy.gradient
def _xdivy_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    x, y = conj(op.inputs[0]), conj(op.inputs[1])
    return [Mul(dy, Xdivy(_indicator(x), y)), Mul(dy, Xdivy(Neg(x), Square(y)))]


def pow(x: Any, y: Any, name: str | None = None) -> Tensor:
    """``x`` to the power ``y``, elementwise with broadcasting.

    Integer exponents must not be negative when it runs.
    """
    return Pow(x, y, name=name)  # type: ignore[no-any-return]


def atan2(y: Any, x: Any, name: str | None = None) -> Tensor:
    """The angle in radians of each point ``(x, y)``, in ``[-pi, pi]``."""
    return Atan2(y, x, name=name)  # type: ignore[no-any-return]


def xlogy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """``x * log(y)``, and 0 where ``x`` is 0."""
    return Xlogy(x, y, name=name)  # type: ignore[no-any-return]


def xdivy(x: Any, y: Any, name: str | None = None) -> Tensor:
    """``x / y``, and 0 where ``x`` is 0."""
    with name_scope(name, "xdivy", [x]):
        return Xdivy(convert_to_tensor(x, name="x"), y)  # type: ignore[no-any-return]
