"""Arithmetic: sums, products, quotients, remainders, extremes and signs.

Integers wrap around; an integer divided by zero fails the run, as in TF1.
"""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import (
    COMPLEX,
    FLOATING,
    NUMERIC,
    REAL,
    SIGNED,
    SIGNED_INTEGER,
    as_dtype,
    string,
)
from polygraph.core.ground.errors import InvalidArgumentError
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import as_shape
from polygraph.core.ground.trace import check
from polygraph.ops.casting import cast
from polygraph.ops.complex_numbers import complex_to_real
from polygraph.ops.identity_ops import identity
from polygraph.ops.op_families import binary, elementwise_partial, in_brackets, unary
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise as ew, reduction as red
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.trace import Array

__all__ = [
    "abs",
    "accumulate_n",
    "add",
    "add_n",
    "div",
    "div_no_nan",
    "divide",
    "floor_div",
    "floordiv",
    "floormod",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "negative",
    "realdiv",
    "scalar_mul",
    "sign",
    "squared_difference",
    "subtract",
    "truediv",
    "truncatediv",
    "truncatemod",
]

_FIELD = FLOATING + COMPLEX


def nonzero_divisor(x: Array, y: Array) -> Array:
    """``y`` with 1 for 0, after the check that an integer ``y`` has no 0; floats as they are."""
    if y.dtype.kind not in "iu" or 0 in x.shape or 0 in y.shape:
        return y
    nonzero = ew.not_equal(y, ew.scalar(0, y))
    everywhere = red.reduce_all(nonzero, axes=tuple(range(y.ndim)), keepdims=False)
    check(everywhere, InvalidArgumentError, "Integer division by zero")
    if isinstance(everywhere, np.ndarray) and everywhere:
        return y
    return ew.select(nonzero, y, ew.scalar(1, y))  # type: ignore[no-any-return]


def _division(op_type: str, primitive: Op, dtypes: Any) -> OpDef:
    def divided(x: Array, y: Array) -> Any:
        return primitive(x, nonzero_divisor(x, y))

    return binary(op_type, divided, dtypes, doc=primitive.doc)


def _quotient(x: Array, y: Array) -> Any:
    exact = x.dtype.kind not in "iu"
    return ew.divide(x, y) if exact else ew.truncate_divide(x, nonzero_divisor(x, y))


def _sum(x: Array, y: Array) -> Any:
    return ew.add(x, y) if x.dtype != object else np.add(np.asarray(x), np.asarray(y))


Add = binary("Add", _sum, (*NUMERIC, string), doc="The sum; of strings, one after the other.")
AddV2 = binary("AddV2", ew.add, NUMERIC)
Sub = binary("Sub", ew.subtract, NUMERIC)
Mul = binary("Mul", ew.multiply, NUMERIC)
Div = binary("Div", _quotient, NUMERIC, doc="The quotient; of integers, rounded towards zero.")
RealDiv = binary("RealDiv", _quotient, NUMERIC, doc="The quotient of real or complex numbers.")
FloorDiv = _division("FloorDiv", ew.floor_divide, REAL)
TruncateDiv = _division("TruncateDiv", ew.truncate_divide, REAL)
FloorMod = _division("FloorMod", ew.floor_mod, REAL)
Mod = _division("Mod", ew.truncate_mod, REAL)
TruncateMod = _division("TruncateMod", ew.truncate_mod, REAL)
Maximum = binary("Maximum", ew.maximum, REAL)
Minimum = binary("Minimum", ew.minimum, REAL)
SquaredDifference = binary("SquaredDifference", ew.squared_difference, NUMERIC)
DivNoNan = binary("DivNoNan", ew.divide_no_nan, _FIELD)
MulNoNan = binary("MulNoNan", ew.multiply_no_nan, _FIELD)
Neg = unary("Neg", ew.negative, SIGNED)
Abs = unary("Abs", ew.absolute, SIGNED_INTEGER + FLOATING)
Sign = unary("Sign", ew.sign, SIGNED)
ComplexAbs = complex_to_real("ComplexAbs", ew.modulus, ew.modulus.doc)


def _floor_quotient(x: int, y: int) -> int | None:
    return x // y if y else None


def _floor_rest(x: int, y: int) -> int | None:
    return x % y if y else None


_PARTIAL: dict[OpDef, Callable[[int, int], int | None]] = {
    Add: operator.add,
    AddV2: operator.add,
    Sub: operator.sub,
    Mul: operator.mul,
    FloorDiv: _floor_quotient,
    FloorMod: _floor_rest,
    Maximum: max,
    Minimum: min,
}
for _definition, _compute in _PARTIAL.items():
    _definition.partial_value(elementwise_partial(_compute))


@graph_op("AddN", "inputs: N*T -> sum: T", shape=shape_rules.merged, T=NUMERIC)
def AddN(inputs: list[Array]) -> Any:
    """The sum of tensors of one shape."""
    for other in inputs[1:]:
        if other.shape != inputs[0].shape:
            refuse(
                "Inputs to operation AddN of type AddN must have the same size and shape.  "
                f"Input 0: {in_brackets(inputs[0].shape)} != input: {in_brackets(other.shape)}"
            )
    return functools.reduce(ew.add, inputs)


def add(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The sum, elementwise with broadcasting; strings are put one after the other."""
    with name_scope(name, "Add", [x]) as scope:
        first = convert_to_tensor(x, name="x")
        second = convert_to_tensor(y, preferred_dtype=first.dtype.base_dtype, name="y")
        definition = Add if first.dtype.base_dtype == string else AddV2
        return definition(first, second, name=scope)  # type: ignore[no-any-return]


def subtract(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The difference, elementwise with broadcasting."""
    return Sub(x, y, name=name)  # type: ignore[no-any-return]


def multiply(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The product, elementwise with broadcasting."""
    return Mul(x, y, name=name)  # type: ignore[no-any-return]


def _operands(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    first = convert_to_tensor(x, name="x")
    second = convert_to_tensor(y, preferred_dtype=first.dtype.base_dtype, name="y")
    if first.dtype.base_dtype != second.dtype.base_dtype:
        msg = f"x and y must have the same dtype, got {first.dtype!r} != {second.dtype!r}"
        raise TypeError(msg)
    return first, second


def _as_reals(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Integers as the floats that TF1 divides them in: float32 up to 16 bits, else float64."""
    dtype = x.dtype.base_dtype
    if not dtype.is_integer:
        return x, y
    wide = as_dtype("float32" if dtype.size <= 2 else "float64")  # noqa: PLR2004 - bytes
    return cast(x, wide), cast(y, wide)


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient as in Python 3: integers up to 16 bits give float32, wider ones float64.

    Raises:
      TypeError: the operands differ in dtype.
    """
    with name_scope(name, "truediv", [x, y]) as scope:
        return RealDiv(*_as_reals(*_operands(x, y)), name=scope)  # type: ignore[no-any-return]


def divide(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient as in Python 3; see `truediv`."""
    first = x if isinstance(x, Tensor) else convert_to_tensor(x)
    return truediv(first, y, name)


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient as in Python 2: of integers, rounded down.

    Raises:
      ValueError: the operands differ in dtype.
    """
    with name_scope(name, "div", [x, y]) as scope:
        first = convert_to_tensor(x, name="x")
        second = convert_to_tensor(y, first.dtype.base_dtype, name="y")
        whole = first.dtype.is_integer
        return (FloorDiv if whole else RealDiv)(first, second, name=scope)  # type: ignore[no-any-return]


def floordiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient rounded down."""
    with name_scope(name, "floordiv", [x, y]) as scope:
        return FloorDiv(x, y, name=scope)  # type: ignore[no-any-return]


def floor_div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient rounded down."""
    return FloorDiv(x, y, name=name)  # type: ignore[no-any-return]


def realdiv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient of real or complex numbers."""
    return RealDiv(x, y, name=name)  # type: ignore[no-any-return]


def truncatediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient rounded towards zero."""
    return TruncateDiv(x, y, name=name)  # type: ignore[no-any-return]


def floormod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The remainder with the sign of ``y``: ``x - floordiv(x, y) * y``."""
    return FloorMod(x, y, name=name)  # type: ignore[no-any-return]


mod = floormod


def truncatemod(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The remainder with the sign of ``x``, as in C."""
    return TruncateMod(x, y, name=name)  # type: ignore[no-any-return]


def maximum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The larger of each pair; NaN if one is NaN."""
    return Maximum(x, y, name=name)  # type: ignore[no-any-return]


def minimum(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The smaller of each pair; NaN if one is NaN."""
    return Minimum(x, y, name=name)  # type: ignore[no-any-return]


def squared_difference(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The square of ``x - y``, elementwise."""
    return SquaredDifference(x, y, name=name)  # type: ignore[no-any-return]


def div_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The quotient, and 0 where ``y`` is 0; integers are divided as by `truediv`.

    Raises:
      TypeError: the operands differ in dtype.
    """
    with name_scope(name, "div_no_nan", [x, y]) as scope:
        return DivNoNan(*_as_reals(*_operands(x, y)), name=scope)  # type: ignore[no-any-return]


def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The product, and 0 where ``y`` is 0 even if ``x`` is NaN or infinite."""
    with name_scope(name, "multiply_no_nan", [x, y]) as scope:
        first = convert_to_tensor(x, name="x")
        second = convert_to_tensor(y, first.dtype.base_dtype, name="y")
        return MulNoNan(first, second, name=scope)  # type: ignore[no-any-return]


def reciprocal_no_nan(x: Any, name: str | None = None) -> Tensor:
    """One over each element, and 0 where it is 0."""
    with name_scope(name, "reciprocal_no_nan", [x]) as scope:
        tensor = convert_to_tensor(x, name="x")
        one = constant(1, tensor.dtype.base_dtype, name="one")
        return DivNoNan(one, tensor, name=scope)  # type: ignore[no-any-return]


def negative(x: Any, name: str | None = None) -> Tensor:
    """Minus each element."""
    return Neg(x, name=name)  # type: ignore[no-any-return]


def sign(x: Any, name: str | None = None) -> Tensor:
    """-1, 0 or 1 for each element; for a complex one, ``x / |x|``."""
    return Sign(x, name=name)  # type: ignore[no-any-return]


def abs(x: Any, name: str | None = None) -> Tensor:
    """The absolute value of each element; for complex ones a real tensor."""
    with name_scope(name, "Abs", [x]) as scope:
        tensor = convert_to_tensor(x, name="x")
        if not tensor.dtype.is_complex:
            return Abs(tensor, name=scope)  # type: ignore[no-any-return]
        part = tensor.dtype.base_dtype.real_dtype
        return ComplexAbs(tensor, Tout=part, name=scope)  # type: ignore[no-any-return]


def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """``scalar * x``.

    Args:
      scalar: a number or scalar tensor, converted to the dtype of ``x``.
      x: a tensor or `IndexedSlices`, which stay so.
      name: of the operation.

    Raises:
      ValueError: ``scalar`` is no scalar.
    """
    factor = convert_to_tensor(scalar, dtype=x.dtype.base_dtype, name="scalar")
    if not factor.get_shape().is_compatible_with(()):
        msg = f"The input scalar must be a 0-D value. Received shape {factor.get_shape()}."
        raise ValueError(msg)
    if isinstance(x, IndexedSlices):
        return IndexedSlices(Mul(factor, x.values, name=name), x.indices, x.dense_shape)
    return Mul(factor, x, name=name)


def _tensors_to_add(inputs: Any) -> list[Tensor]:
    if not isinstance(inputs, Tensor) and not inputs:
        msg = (
            "inputs must be an iterable of at least one Tensor/IndexedSlices with the same dtype "
            f"and shape, but is {inputs!r}"
        )
        raise ValueError(msg)
    tensors = [convert_to_tensor(item) for item in inputs]
    if len({tensor.dtype.base_dtype for tensor in tensors}) != 1:
        names = ", ".join(tensor.dtype.name for tensor in tensors)
        msg = (
            f"Tensors in list passed to 'inputs' of 'AddN' Op have types [{names}] that don't all "
            "match"
        )
        raise TypeError(msg)
    return tensors


def add_n(inputs: Sequence[Any], name: str | None = None) -> Tensor:
    """The sum of tensors of one dtype and shape.

    Raises:
      TypeError: they differ in dtype, or a single tensor was given instead of a list.
      ValueError: there is none, or they differ in shape.
    """
    tensors = _tensors_to_add(inputs)
    if len(tensors) > 1:
        return AddN(tensors, name=name)  # type: ignore[no-any-return]
    return identity(tensors[0], name=name) if name else tensors[0]


def accumulate_n(
    inputs: Sequence[Any], shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Tensor:
    """The sum of tensors of one dtype and shape, like `add_n`.

    Args:
      inputs: the tensors.
      shape: their shape, where they do not tell it.
      tensor_dtype: their dtype, to be checked.
      name: of the operation.

    Raises:
      TypeError: they differ in dtype, or are not of ``tensor_dtype``.
      ValueError: there is none, or they differ in shape.
    """
    tensors = _tensors_to_add(inputs)
    dtype = tensors[0].dtype.base_dtype
    if tensor_dtype is not None and as_dtype(tensor_dtype) != dtype:
        msg = f"tensor_dtype is {as_dtype(tensor_dtype).name}, but input is of type {dtype.name}"
        raise TypeError(msg)
    known = as_shape(shape) if shape is not None else as_shape(None)
    for tensor in tensors:
        known = known.merge_with(tensor.get_shape())
    result = add_n(tensors, name)
    result.set_shape(known)
    return result
