"""How far a result may be from the true one: one table, in units of the last place.

The bound of an element is ``ulps * ulp(result) + terms * eps * sum|terms|``: the first part for
the rounding of the result, the second, for sums and products, for what is lost on the way. What
``sum|terms|`` is, `polygraph.conformance.oracle` says. An op without an entry has to give what
its reference gives, bit for bit, the sign of zero included (NaN is NaN).

An entry with a `why` is a loosening; reports print it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

Known = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Bound:
    """How far results may be off.

    Attributes:
      ulps: units in the last place of the result.
      terms: multiples of ``eps * sum|terms|``.
      least: results are measured as if at least of this size: near the root of a function, where
        implementations agree on the distance from zero rather than on digits.
      why: for a loosening, its reason.
      any_zero: the sign of a zero is free.
    """

    ulps: float
    terms: float = 0.0
    least: float = 0.0
    why: str = ""
    any_zero: bool = False

    @property
    def text(self) -> str:
        """As a report shows it; empty where it is no loosening."""
        if not self.why:
            return ""
        parts = [f"{self.ulps:g} ulp"]
        if self.any_zero:
            parts.append("either zero")
        if self.terms:
            parts.append(f"{self.terms:g} eps sum|terms|")
        if self.least:
            parts.append(f"sizes at least {self.least:g}")
        return f"{' + '.join(parts)}: {self.why}"


EXACT = Bound(0.0)
FUNCTION = Bound(4.0)
"""A library's elementary function."""
SUM = Bound(1.0, 4.0)
"""A sum in whatever order, or of products."""
GREATEST = Bound(0.0, any_zero=True, why="IEEE 754 leaves open which of two zeros is greater")
COMPOSED = Bound(2.0, 8.0)
"""A composite, whose roundings are followed step by step."""

_ROOTS = "implementations agree near its roots on the distance from zero, not on digits"
_SERIES = "engines use rational approximations of some ten digits' range"

BOUNDS: Mapping[str, Bound] = {
    **dict.fromkeys(
        ("exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "tanh",
         "asinh", "acosh", "atanh", "erf", "atan2", "rsqrt", "power", "modulus"),
        FUNCTION,
    ),
    "sqrt": Bound(1.0, why="libraries of vector functions round it to one of the two nearest"),
    **dict.fromkeys(
        ("maximum", "minimum", "relu", "relu6", "reduce_max", "reduce_min", "segment_max",
         "segment_min", "max_pool", "scatter_minimum", "scatter_maximum"),
        GREATEST,
    ),
    "sign": Bound(0.0, any_zero=True, why="which zero the sign of a zero is, is left open"),
    "erfc": Bound(16.0, 4.0, why="its tail is an exponential of a rounded square"),
    "sinh": Bound(8.0, 1.0, why="made of exponentials of rounded arguments"),
    "cosh": Bound(8.0, 1.0, why="made of exponentials of rounded arguments"),
    "lgamma": Bound(24.0, least=1.0, why=_ROOTS),
    "digamma": Bound(16.0, 16.0, least=1.0, why=f"{_ROOTS}; next to its poles they reflect it"),
    "erfinv": Bound(80.0, why=_SERIES),
    "zeta": Bound(64.0, why="a series by Euler and Maclaurin"),
    "polygamma": Bound(64.0, 64.0, why="a product of gamma and zeta functions"),
    **dict.fromkeys(
        ("reduce_sum", "cumsum", "segment_sum", "matmul", "avg_pool", "avg_pool_grad",
         "max_pool_grad", "conv2d", "conv2d_backprop_input", "conv2d_backprop_filter",
         "depthwise_conv2d", "depthwise_conv2d_backprop_input",
         "depthwise_conv2d_backprop_filter"),
        SUM,
    ),
    **dict.fromkeys(("reduce_prod", "cumprod", "segment_prod"), Bound(1.0, 1.0)),
    "qr": Bound(0.0, 32.0),
    **dict.fromkeys(
        ("random_normal", "random_truncated_normal"),
        Bound(8.0, 8.0, least=1.0, why="Box and Muller's cosines near zero: numbers of size 1"),
    ),
}  # fmt: skip
"""By name of the op, at real dtypes. Composites that are not listed have `COMPOSED`."""

COMPLEX = Bound(8.0, why="complex functions are measured by the size of the complex result")
"""Of every op that is not exact, and of complex arithmetic."""

COMPLEX_BOUNDS: Mapping[str, Bound] = {
    "power": Bound(8.0, 4.0, why="complex powers go by way of logarithms"),
    **dict.fromkeys(
        ("log", "log1p", "sinh", "cosh", "tan", "tanh"),
        Bound(256.0, why="one part is a difference, or a product, of rounded functions"),
    ),
}
"""By name of the op, at complex dtypes."""

COMPLEX_ARITHMETIC = frozenset(
    {"add", "subtract", "multiply", "divide", "negative", "sign", "sqrt", "reciprocal", "square",
     "absolute", "squared_difference", "divide_no_nan", "multiply_no_nan"}
)  # fmt: skip
"""Ops that are exact at real dtypes but not at complex ones."""

EXACT_COMPOSITES = frozenset(
    {"relu", "relu6", "tile", "stack", "gather_nd", "prefix", "one_hot", "square",
     "squared_difference", "multiply_no_nan", "divide_no_nan", "reciprocal",
     "scatter_minimum", "scatter_maximum", "max_pool_grad_grad", "stateless_generator",
     "random_uniform", "random_uniform_int", "random_permutation", "random_categorical"}
)  # fmt: skip
"""Composites of steps that are all exact."""


def bound_of(name: str, dtype: np.dtype[Any], *, composite: bool) -> Bound:
    """The bound of the op called ``name`` for results of ``dtype``."""
    if dtype.kind in "biu":
        return EXACT
    if composite:
        base = BOUNDS.get(name, EXACT if name in EXACT_COMPOSITES else COMPOSED)
    else:
        base = BOUNDS.get(name, EXACT)
    if dtype.kind == "c" and name in COMPLEX_BOUNDS:
        return COMPLEX_BOUNDS[name]
    if dtype.kind == "c" and (base is not EXACT or name in COMPLEX_ARITHMETIC):
        return Bound(max(base.ulps, COMPLEX.ulps), max(base.terms, 0.0), base.least, COMPLEX.why)
    return base


def eps_of(dtype: np.dtype[Any]) -> float:
    """Distance from 1 to the next number of a floating dtype, real or complex."""
    return float(_info(dtype).eps)


def tiny_of(dtype: np.dtype[Any]) -> float:
    """The least normal number of a floating dtype, real or complex."""
    return float(_info(dtype).tiny)


def _info(dtype: np.dtype[Any]) -> Any:
    real = np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype
    return ml_dtypes.finfo(real)  # type: ignore[no-untyped-call]


def ulp(sizes: Known, dtype: np.dtype[Any]) -> Known:
    """The unit in the last place of numbers of these sizes, in float64 or wider."""
    info = _info(dtype)
    tiny = np.asarray(info.tiny).astype(sizes.dtype)
    return np.asarray(np.maximum(sizes, tiny) * sizes.dtype.type(float(info.eps)))


def allowed(bound: Bound, dtype: np.dtype[Any], true: Known, terms: Known) -> Known:
    """The bound of each element.

    Args:
      bound: the op's.
      dtype: of the result.
      true: the true result, in a wider dtype.
      terms: ``sum|terms|`` of each element, broadcastable.
    """
    sizes = np.maximum(np.where(np.isfinite(true), np.abs(true), 0), bound.least)
    lost = bound.terms * eps_of(dtype) * np.where(np.isfinite(terms), terms, 0)
    return np.asarray(bound.ulps * ulp(sizes, dtype) + lost)
