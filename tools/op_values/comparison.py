"""Comparisons and selection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from op_values.case import Spec
from op_values.elementwise import BROADCASTS
from op_values.samples import ALL, FLOATS, distinct, few, ordinary, subnormals, words

if TYPE_CHECKING:
    from collections.abc import Iterator

OPS = words("Equal NotEqual Less LessEqual Greater GreaterEqual")


def _compare(op: str, dtype: str) -> Iterator[Spec]:
    x = few(dtype)
    yield Spec(op, (x[:, None], x), f"{dtype}/every_pair")
    for label, (left, right) in BROADCASTS.items():
        if label == "empty" or dtype in ("float32", "int32"):
            yield Spec(op, (ordinary(dtype, left), ordinary(dtype, right, 1)), f"{dtype}/{label}")
    if dtype in FLOATS:
        low = subnormals(dtype)
        yield Spec(op, (low[:, None], low), f"{dtype}/subnormal")


def _select(dtype: str) -> Iterator[Spec]:
    t, e = distinct(dtype, (2, 3)), ordinary(dtype, (2, 3))
    same = np.array([[True, False, True], [False, False, True]])
    for label, cond in {
        "same_shape": same, "rows": np.array([False, True]), "scalar_true": np.bool_(1),
        "scalar_false": np.bool_(0), "wrong_length": np.array([True, False, True]),
        "wrong_rank": same[None],
    }.items():  # fmt: skip
        yield Spec("Select", (np.asarray(cond), t, e), f"{dtype}/{label}")
    yield Spec("Select", (np.zeros((0, 3), bool), t[:0], e[:0]), f"{dtype}/empty")
    yield Spec("Select", (np.array([True, False, True]), t, e[:1]), f"{dtype}/branches_differ")
    yield Spec("SelectV2", (np.array([[True], [False]]), t, e[:1]), f"{dtype}/broadcast")
    if dtype in FLOATS:
        x = few(dtype)
        cond = np.arange(x.size) % 2 == 0
        yield Spec("Select", (cond, x, x[::-1].copy()), f"{dtype}/special")


def specs() -> Iterator[Spec]:
    """Every case of comparison and selection."""
    for op in OPS:
        for dtype in ALL:
            yield from _compare(op, dtype)
    for op in ("Equal", "NotEqual"):
        pair = ordinary("float32", (2, 3)), ordinary("float32", (2,))
        yield Spec(op, pair, "float32/mismatch_false", {"incompatible_shape_error": False})
    for op in OPS:
        yield Spec(op, (ordinary("float32", (2, 3)), ordinary("float32", (2,))), "float32/mismatch")
    for dtype in ALL:
        yield from _select(dtype)
