"""Special functions, and what makes a real number of a complex one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from op_values.case import Spec
from op_values.samples import COMPLEX, FLOATS, SHAPES, arr, complex_specials, edges, ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator


def _inverse(dtype: str) -> Iterator[Spec]:
    inside = arr(np.linspace(-0.99, 0.99, 23), dtype)
    ends = arr([-1.0, 1.0, -0.0, 0.0, 1.5, -2.0, np.nan, np.inf, -np.inf], dtype)
    yield Spec("Erfinv", (inside,), f"{dtype}/inside")
    yield Spec("Erfinv", (ends,), f"{dtype}/ends")
    for label, shape in SHAPES.items():
        yield Spec("Erfinv", (np.asarray(ordinary(dtype, shape) / 8),), f"{dtype}/{label}")


def _of_two(dtype: str) -> Iterator[Spec]:
    orders, places = arr([1.5, 2.0, 3.25, 9.0], dtype), arr([0.25, 1.0, 2.5, 30.0], dtype)
    yield Spec("Zeta", (orders[:, None], places), f"{dtype}/every_pair")
    # At and beyond the poles; what is no whole number below zero has no value.
    ends = arr([1.0, 0.5, 2.0, 2.0, 2.5, np.nan, 2.0], dtype)
    at = arr([2.0, 2.0, 0.0, -3.0, -0.5, 2.0, np.nan], dtype)
    yield Spec("Zeta", (ends, at), f"{dtype}/ends")
    whole = arr([0.0, 1.0, 2.0, 5.0], dtype)
    yield Spec("Polygamma", (whole[:, None], places), f"{dtype}/every_pair")
    odd = arr([0.0, 1.0, 1.0, -1.0, 1.5, np.nan], dtype)
    below = arr([-0.5, -1.5, 0.0, 2.0, 2.0, 2.0], dtype)
    yield Spec("Polygamma", (odd, below), f"{dtype}/ends")
    for op in ("Zeta", "Polygamma"):
        empty = arr(np.zeros((0, 3)), dtype)
        yield Spec(op, (empty, arr([[1.0, 2.0, 3.0]], dtype)), f"{dtype}/empty")
        yield Spec(op, (arr(2.0, dtype), arr(3.0, dtype)), f"{dtype}/scalars")
        yield Spec(op, (arr([2.0, 3.0], dtype), arr([1.0, 2.0, 3.0], dtype)), f"{dtype}/mismatch")


def _parts(op: str, dtype: str) -> Iterator[Spec]:
    attrs = {"Tout": "float32" if dtype == "complex64" else "float64"}
    yield Spec(op, (edges(dtype),), f"{dtype}/edges", attrs)
    yield Spec(op, (complex_specials(dtype),), f"{dtype}/special", attrs)
    for label, shape in SHAPES.items():
        yield Spec(op, (ordinary(dtype, shape),), f"{dtype}/{label}", attrs)


def specs() -> Iterator[Spec]:
    """Every case of special functions."""
    for dtype in FLOATS:
        yield from _inverse(dtype)
    for dtype in ("float32", "float64"):
        yield from _of_two(dtype)
    for dtype in COMPLEX:
        for op in ("ComplexAbs", "Angle"):
            yield from _parts(op, dtype)
