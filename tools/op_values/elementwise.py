"""Elementwise arithmetic: unary and binary ops over every dtype that has a kernel."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from op_values.case import Spec
from op_values.samples import (
    ALL,
    COMPLEX,
    FLOATS,
    INTS,
    NUMERIC,
    SHAPES,
    SIGNED,
    arr,
    complex_specials,
    dtype_of,
    edges,
    few,
    ordinary,
    subnormals,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

UNARY = words("""
Neg Abs Sign Square Sqrt Rsqrt Reciprocal Inv Exp Expm1 Log Log1p Sin Cos Tan Asin Acos
Atan Sinh Cosh Tanh Asinh Acosh Atanh Sigmoid Erf Erfc Lgamma Digamma Floor Ceil Round Rint IsNan
IsInf IsFinite Invert Real Imag Conj""")
BINARY = words("""
Add AddV2 Sub Mul Div RealDiv FloorDiv TruncateDiv FloorMod Mod TruncateMod Pow Maximum
Minimum SquaredDifference Atan2 BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift DivNoNan
MulNoNan Xdivy Xlogy ApproximateEqual Complex""")
# Where the kernel itself errs: erf of what overflows when squared, what an estimate of the
# reciprocal makes of the ends of the range, (exp(x) - 1) from sines of what overflows.
PECULIAR = {
    ("Erf", "float64", "edges"),
    ("Expm1", "complex64", "edges"),
    *itertools.product(
        ("Reciprocal", "Inv", "Rsqrt"), ("float32", "bfloat16"), ("edges", "subnormal")
    ),
}
DIVISIONS = words("Div FloorDiv TruncateDiv FloorMod Mod TruncateMod")
# Pairs whose shapes broadcast in different ways.
BROADCASTS = {
    "row": ((2, 3), (3,)),
    "both": ((2, 1, 3), (4, 1)),
    "scalar_left": ((), (4,)),
    "scalars": ((), ()),
    "empty": ((0, 3), (1, 3)),
    "empty_middle": ((2, 0), (1,)),
}


def _complex_out(op: str, dtype: str) -> dict[str, str]:
    if op in ("Real", "Imag"):
        return {"Tout": "float32" if dtype == "complex64" else "float64"}
    if op == "Complex":
        return {"Tout": "complex64" if dtype == "float32" else "complex128"}
    return {}


def _unary(op: str, dtype: str) -> Iterator[Spec]:
    attrs = _complex_out(op, dtype)
    odd = (op, dtype, "edges") in PECULIAR
    yield Spec(op, (edges(dtype),), f"{dtype}/edges", attrs, pinned=odd)
    if dtype in COMPLEX:
        yield Spec(op, (complex_specials(dtype),), f"{dtype}/special", attrs, pinned=True)
    for label, shape in SHAPES.items():
        if label == "matrix" or dtype in ("float32", "int32", "complex64", "bfloat16"):
            yield Spec(op, (ordinary(dtype, shape),), f"{dtype}/{label}", attrs)
    if dtype in FLOATS:
        odd = (op, dtype, "subnormal") in PECULIAR
        yield Spec(op, (subnormals(dtype),), f"{dtype}/subnormal", attrs, pinned=odd)
        unit = arr(np.linspace(-1.0, 1.0, 17), dtype)
        yield Spec(op, (unit,), f"{dtype}/unit_interval", attrs)
    if dtype == "float32":
        yield Spec(op, (ordinary(dtype, (301,), seed=5),), f"{dtype}/long", attrs)


def _binary(op: str, dtype: str) -> Iterator[Spec]:
    attrs = _complex_out(op, dtype)
    x = few(dtype)
    if op in ("Maximum", "Minimum") and dtype in FLOATS:
        zeros = arr([0.0, -0.0], dtype)
        yield Spec(op, (zeros[:, None], zeros), f"{dtype}/zeros", attrs, pinned=True)
        x = x[~((x == 0) & np.signbit(x))]
    shift = op in ("LeftShift", "RightShift")
    # Negative powers of integers raise: they have cases of their own.
    y = np.abs(ordinary(dtype, (4,))) if op == "Pow" and dtype in SIGNED else x
    if shift:
        y = arr([0, 1, 3, dtype_of(dtype).itemsize * 8 - 1], dtype)
    yield Spec(op, (x[:, None], y[None, :]), f"{dtype}/every_pair", attrs)
    for label, (left, right) in BROADCASTS.items():
        if label in ("row", "empty") or dtype in ("float32", "int32"):
            b = ordinary(dtype, right, seed=1)
            b = np.abs(b) if (shift or op == "Pow") and dtype in SIGNED else b
            yield Spec(op, (ordinary(dtype, left), b), f"{dtype}/{label}", attrs)
    if dtype in FLOATS:
        low = subnormals(dtype)
        yield Spec(op, (low, low[::-1].copy()), f"{dtype}/subnormal", attrs)
    if dtype in COMPLEX:
        odd = arr([0, complex(0, -0.0), complex(np.inf, 0), complex(np.nan, 1), 1 + 2j], dtype)
        yield Spec(op, (odd[:, None], odd), f"{dtype}/special", attrs, pinned=True)
    if dtype == "float32":
        pair = ordinary(dtype, (301,), seed=7), ordinary(dtype, (301,), seed=8)
        yield Spec(op, pair, f"{dtype}/long", attrs)


def _int_failures(dtype: str) -> Iterator[Spec]:
    one = arr([7, 1, 5, 0], dtype)
    for op in DIVISIONS:
        # For some dtypes TruncateDiv calls it an InternalError.
        odd = op == "TruncateDiv"
        yield Spec(op, (one, arr([2, 0, 1, 3], dtype)), f"{dtype}/by_zero", pinned=odd)
        yield Spec(op, (one, arr(0, dtype)), f"{dtype}/by_scalar_zero", pinned=odd)
        yield Spec(op, (arr([], dtype), arr(0, dtype)), f"{dtype}/nothing_by_zero")
    if dtype in SIGNED:
        yield Spec(
            "Pow",
            (arr([2, 1, -1, 3], dtype), arr([-1, -2, -3, 2], dtype)),
            f"{dtype}/negative_power",
        )
        yield Spec(
            "Pow",
            (arr([1, -1, 1, -1], dtype), arr([-1, -2, -3, -3], dtype)),
            f"{dtype}/negative_power_of_units",
        )
    yield Spec(
        "Pow",
        (arr([0, 0, 2, 3, 7], dtype), arr([0, 3, 0, 40, 70], dtype)),
        f"{dtype}/zero_and_overflow",
    )


def _shift_edges(dtype: str) -> Iterator[Spec]:
    bits = dtype_of(dtype).itemsize * 8
    amounts = [bits, bits + 1, 2 * bits, np.iinfo(dtype).max]
    amounts += [-1, -bits, np.iinfo(dtype).min] if dtype in SIGNED else []
    x = few(dtype)[:, None]
    for op in ("LeftShift", "RightShift"):
        yield Spec(op, (x, arr(amounts, dtype)), f"{dtype}/beyond_width", pinned=True)


def _logical() -> Iterator[Spec]:
    for op in ("LogicalAnd", "LogicalOr"):
        x = edges("bool")
        yield Spec(op, (x[:, None], x), "every_pair")
        for label, (left, right) in BROADCASTS.items():
            yield Spec(op, (ordinary("bool", left), ordinary("bool", right, 1)), label)
    for label, shape in SHAPES.items():
        yield Spec("LogicalNot", (ordinary("bool", shape),), label)


def _mismatches() -> Iterator[Spec]:
    for op in ("AddV2", "Mul", "FloorDiv", "Maximum", "Pow"):
        for dtype in ("float32", "int32"):
            yield Spec(op, (ordinary(dtype, (2, 3)), ordinary(dtype, (2,))), f"{dtype}/mismatch")


def specs() -> Iterator[Spec]:
    """Every elementwise case."""
    for op in UNARY:
        for dtype in ALL:
            # The kernel of Round gives 0 for every int, and tf.round never calls it for one.
            if op not in ("Real", "Imag", "Round") or dtype in (*FLOATS, *COMPLEX):
                yield from _unary(op, dtype)
    for op in BINARY:
        for dtype in ("float32", "float64") if op == "Complex" else NUMERIC:
            yield from _binary(op, dtype)
    for dtype in INTS:
        yield from _int_failures(dtype)
        yield from _shift_edges(dtype)
    yield from _logical()
    yield from _mismatches()
