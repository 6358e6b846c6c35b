"""Rules of elementwise functions, casts and selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.growth import NUMERIC
from polygraph.conformance.fuzz.rules.registry import rule
from polygraph.conformance.fuzz.values import COMPLEX, FLOATS, INTEGERS, np_dtype

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth

_FLOAT_UNARY = (
    "abs", "negative", "sign", "square", "sqrt", "rsqrt", "exp", "expm1", "log", "log1p", "sin",
    "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    "floor", "ceil", "rint", "round", "reciprocal", "sigmoid", "log_sigmoid", "nn.relu",
    "nn.relu6", "nn.elu", "nn.selu", "nn.softplus", "nn.softsign", "nn.leaky_relu", "is_nan",
    "is_inf", "is_finite", "zeros_like", "ones_like", "identity", "stop_gradient", "nn.l2_loss",
)  # fmt: skip
_WIDE_UNARY = ("lgamma", "digamma")
_INT_UNARY = ("negative", "square", "identity", "zeros_like", "ones_like", "stop_gradient")
_SIGNED_UNARY = ("abs", "sign")
_BOOL_UNARY = ("logical_not", "identity", "zeros_like", "ones_like")
_COMPLEX_UNARY = ("negative", "square", "conj", "real", "imag", "abs", "identity", "exp", "angle")

_FLOAT_BINARY = (
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "squared_difference",
    "truediv", "div", "realdiv", "floordiv", "floormod", "pow", "div_no_nan",
)  # fmt: skip
_INT_BINARY = ("add", "subtract", "multiply", "maximum", "minimum", "squared_difference")
_COMPARISONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
_BITWISE = ("bitwise_and", "bitwise_or", "bitwise_xor")
_DIVISIONS = ("floordiv", "floormod", "truncatediv", "truncatemod", "div", "mod")
_SIGNED = ("int32", "int64", "int8", "int16")
_WIDE = ("float32", "float64")


@rule(10)
def float_unary(g: Growth) -> str:
    """A function of a float."""
    x = g.pick(FLOATS)
    return f"tf.{g.choose.of(_FLOAT_UNARY)}({x})"


@rule(2)
def special_unary(g: Growth) -> str:
    """A special function."""
    return f"tf.{g.choose.of(_WIDE_UNARY)}({g.pick(_WIDE)})"


@rule(2)
def int_unary(g: Growth) -> str:
    """A function of an integer."""
    x = g.pick(INTEGERS)
    names = (*_INT_UNARY, *_SIGNED_UNARY) if x.dtype in _SIGNED else _INT_UNARY
    return f"tf.{g.choose.of(names)}({x})"


@rule(1)
def bool_unary(g: Growth) -> str:
    """A function of a bool."""
    return f"tf.{g.choose.of(_BOOL_UNARY)}({g.pick(['bool'])})"


@rule(1)
def complex_function(g: Growth) -> str | None:
    """A function of complex numbers, or making them."""
    if not g.kinds(*COMPLEX):
        return None
    if g.choose.chance(0.3):
        x = g.pick(_WIDE)
        return f"tf.complex({x}, {g.broadcasting(x)})"
    x = g.pick(COMPLEX)
    if g.choose.chance(0.5):
        return f"tf.{g.choose.of(_COMPLEX_UNARY)}({x})"
    if g.choose.chance(0.2):
        return f"tf.transpose({x}, conjugate=True)"
    return f"tf.{g.choose.of(('add', 'subtract', 'multiply'))}({x}, {g.broadcasting(x)})"


@rule(12)
def float_binary(g: Growth) -> str:
    """A function of two floats that broadcast."""
    x = g.pick(FLOATS)
    return f"tf.{g.choose.of(_FLOAT_BINARY)}({x}, {g.broadcasting(x)})"


@rule(1)
def arc_tangent(g: Growth) -> str:
    """The angle of a point."""
    x = g.pick(_WIDE)
    return f"tf.atan2({x}, {g.broadcasting(x)})"


@rule(6)
def int_binary(g: Growth) -> str:
    """A function of two integers that broadcast; it may wrap around."""
    x = g.pick(INTEGERS)
    return f"tf.{g.choose.of(_INT_BINARY)}({x}, {g.broadcasting(x)})"


@rule(3)
def int_division(g: Growth) -> str:
    """A division of integers, by what is not zero."""
    x = g.pick(INTEGERS)
    y = g.broadcasting(x)
    safe = f"tf.where(tf.equal({y}, 0), tf.ones_like({y}), {y})"
    return f"tf.{g.choose.of(_DIVISIONS)}({x}, {safe})"


@rule(3)
def bit_operation(g: Growth) -> str:
    """Bits of integers: shifts stay below the width."""
    x = g.pick(INTEGERS)
    if g.choose.chance(0.2):
        return f"tf.bitwise.invert({x})"
    y = g.broadcasting(x)
    if g.choose.chance(0.4):
        width = np_dtype(x.dtype).itemsize * 8
        side = g.choose.of(("left", "right"))
        return f"tf.bitwise.{side}_shift({x}, tf.bitwise.bitwise_and({y}, {width - 1}))"
    return f"tf.bitwise.{g.choose.of(_BITWISE)}({x}, {y})"


@rule(5)
def comparison(g: Growth) -> str:
    """A comparison."""
    x = g.pick(NUMERIC)
    return f"tf.{g.choose.of(_COMPARISONS)}({x}, {g.broadcasting(x)})"


@rule(2)
def logical_binary(g: Growth) -> str:
    """A function of two bools."""
    x = g.pick(["bool"])
    name = g.choose.of(("logical_and", "logical_or", "logical_xor", "equal"))
    return f"tf.{name}({x}, {g.broadcasting(x)})"


@rule(5)
def selection(g: Growth) -> str:
    """A choice between two tensors, element by element or row by row."""
    x = g.pick((*NUMERIC, "bool"))
    y = g.like(x)
    if x.rank and g.choose.chance(0.2):
        return f"tf.where({g.of_type('bool', x.shape[:1])}, {x}, {y})"
    return f"tf.where({g.of_type('bool', x.shape)}, {x}, {y})"


@rule(6)
def cast(g: Growth) -> str:
    """A conversion between dtypes; floats are brought into range of what they become."""
    x = g.pick((*NUMERIC, "bool"))
    to = g.choose.of(g.kinds(*NUMERIC, "bool"))
    if x.dtype in FLOATS and to in INTEGERS:
        low = 0 if to.startswith("u") else -100
        finite = f"tf.where(tf.is_finite({x}), {x}, tf.zeros_like({x}))"
        return f"tf.cast(tf.clip_by_value({finite}, {low}, 100), tf.{to})"
    return f"tf.cast({x}, tf.{to})"


@rule(1)
def saturating_cast(g: Growth) -> str:
    """A conversion that clips."""
    x = g.pick(INTEGERS)
    return f"tf.saturate_cast({x}, tf.{g.choose.of(g.kinds(*INTEGERS))})"


@rule(1)
def bit_cast(g: Growth) -> str | None:
    """The bits of integers as another dtype of their width."""
    x = g.pick(INTEGERS)
    width = np_dtype(x.dtype).itemsize
    others = [to for to in g.kinds(*INTEGERS) if np_dtype(to).itemsize == width]
    return f"tf.bitcast({x}, tf.{g.choose.of(others)})"


@rule(2)
def clip(g: Growth) -> str:
    """Values brought into a range."""
    x = g.pick((*_WIDE, "int32", "int64"))
    low, high = ("0", "3") if x.dtype.startswith("int") else ("-0.75", "1.5")
    return f"tf.clip_by_value({x}, {low}, {high})"


@rule(1)
def sum_of_several(g: Growth) -> str:
    """A sum of several tensors of a type."""
    x = g.pick((*_WIDE, "int32", "int64"))
    return f"tf.add_n([{x}, {g.like(x)}, {x}])"
