"""Reductions, arg-reductions and scans."""

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
    arr,
    complex_specials,
    edges,
    ordinary,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

REDUCTIONS = words("Sum Mean Prod Max Min EuclideanNorm")
# label: shape, axes, keep_dims
FORMS: dict[str, tuple[tuple[int, ...], list[int] | int, bool]] = {
    "all": ((2, 3, 4), [0, 1, 2], False),
    "last": ((2, 3, 4), [-1], False),
    "first_kept": ((2, 3, 4), [0], True),
    "middle": ((2, 3, 4), [1], False),
    "outer": ((2, 3, 4), [0, 2], False),
    "outer_kept": ((2, 3, 4), [-1, 0], True),
    "scalar_axis": ((2, 3, 4), -2, False),
    "no_axes": ((2, 3), [], False),
    "of_scalar": ((), [], False),
    "size_one": ((1, 1), [0], False),
    "empty_axis": ((0, 3), [0], False),
    "empty_axis_kept": ((2, 0), [1], True),
    "empty_other": ((0, 3), [1], False),
    "empty_all": ((0,), [0], False),
    "long": ((301,), [0], False),
    "axis_too_large": ((2, 3), [2], False),
    "axis_too_small": ((2, 3), [-3], False),
    "axis_twice": ((2, 3), [0, 0], False),
    "axis_twice_signs": ((2, 3), [1, -1], False),
}
SHORT = ("all", "last", "first_kept", "outer", "empty_axis", "empty_all")


def _reduce(op: str, dtype: str) -> Iterator[Spec]:
    for label, (shape, axes, keep) in FORMS.items():
        if label in SHORT or dtype in ("float32", "int32"):
            axis = np.array(axes, np.int64 if label == "outer" else np.int32)
            yield Spec(op, (ordinary(dtype, shape), axis), f"{dtype}/{label}", {"keep_dims": keep})
    if dtype in INTS:
        info = np.iinfo(dtype)
        x = arr([[info.max, info.max, 3], [info.min, info.min, 5]], dtype)
        for axis in (0, 1):
            yield Spec(op, (x, np.array([axis], np.int32)), f"{dtype}/wrap_axis_{axis}")
    if dtype in FLOATS:
        yield from _special(op, dtype)
    if dtype in COMPLEX:
        last = np.array([1], np.int32)
        yield Spec(op, (edges(dtype)[:16].reshape(4, 4), last), f"{dtype}/edges")
        odd = complex_specials(dtype).reshape(5, 4)
        yield Spec(op, (odd, last), f"{dtype}/special", pinned=True)


def _special(op: str, dtype: str) -> Iterator[Spec]:
    nan, inf = np.nan, np.inf
    rows = [
        [nan, 1, 2],
        [1, nan, 2],
        [1, 2, nan],
        [nan, nan, nan],
        [inf, -inf, 1],
        [inf, nan, 1],
        [-inf, -1, -2],
    ]
    x = arr(rows, dtype)
    yield Spec(op, (x, np.array([1], np.int32)), f"{dtype}/special_rows")
    yield Spec(op, (x.T.copy(), np.array([0], np.int32)), f"{dtype}/special_columns")
    zeros = arr([[0.0, -0.0, 0.0], [-0.0, -0.0, -0.0], [-0.0, 0.0, -0.0]], dtype)
    either = op in ("Max", "Min")
    yield Spec(op, (zeros, np.array([1], np.int32)), f"{dtype}/zeros", pinned=either)
    big = arr([[2048.0, 1.0, 1.0, 1.0], [60000.0, 60000.0, -60000.0, -60000.0]], dtype)
    yield Spec(op, (big, np.array([1], np.int32)), f"{dtype}/rounding")


def _logical(op: str) -> Iterator[Spec]:
    for label, (shape, axes, keep) in FORMS.items():
        axis = np.array(axes, np.int32)
        yield Spec(op, (ordinary("bool", shape), axis), label, {"keep_dims": keep})


def _arg(op: str, dtype: str) -> Iterator[Spec]:
    x = ordinary(dtype, (2, 3, 4))
    for axis in (0, 1, -1):
        yield Spec(
            op, (x, np.array(axis, np.int32)), f"{dtype}/axis_{axis}", {"output_type": "int64"}
        )
    if dtype != "bool":
        ties = arr([[1, 3, 3, 1], [2, 2, 2, 2], [5, 1, 1, 5]], dtype)
        yield Spec(op, (ties, np.array(1, np.int32)), f"{dtype}/ties", {"output_type": "int32"})
    if dtype in FLOATS:
        nan, inf = np.nan, np.inf
        rows = [
            [nan, 1, 2],
            [1, nan, 2],
            [1, 2, nan],
            [2, 1, nan],
            [nan, nan, nan],
            [inf, nan, 1],
            [-inf, -inf, -inf],
            [inf, inf, inf],
            [-inf, nan, -inf],
            [0.0, -0.0, 0.0],
            [-0.0, 0.0, 0.0],
        ]
        yield Spec(
            op,
            (arr(rows, dtype), np.array(1, np.int32)),
            f"{dtype}/special",
            {"output_type": "int64"},
        )
        wide = np.resize(arr([1, nan, 3, 2, nan, 5, 4], dtype), (2, 23))
        yield Spec(op, (wide, np.array(1, np.int32)), f"{dtype}/nan_long", {"output_type": "int64"})


def _arg_forms(op: str) -> Iterator[Spec]:
    x = ordinary("float32", (2, 3))
    for label, value, axis in (
        ("too_large", x, 2), ("too_small", x, -3), ("vector", x[0], 0), ("empty", x[:0], 0),
        ("empty_other", x[:0], 1), ("of_scalar", x[0, 0], 0), ("size_one", x[:1, :1], 1),
    ):  # fmt: skip
        yield Spec(
            op,
            (np.asarray(value), np.array(axis, np.int32)),
            f"float32/{label}",
            {"output_type": "int64"},
        )
    for out in ("int32", "int64", "int16", "uint16"):
        yield Spec(op, (x, np.array(1, np.int64)), f"float32/out_{out}", {"output_type": out})


def _scan(op: str, dtype: str) -> Iterator[Spec]:
    x = ordinary(dtype, (2, 3, 4))
    x = x[:1] if op == "Cumprod" else x
    for axis in (0, 1, -1):
        for exclusive in (False, True):
            for reverse in (False, True):
                full = dtype in ("float32", "int32")
                if full or (axis == 1 and exclusive) or (axis == -1 and not reverse):
                    label = f"{dtype}/axis_{axis}_x{int(exclusive)}_r{int(reverse)}"
                    yield Spec(
                        op,
                        (x, np.array(axis, np.int32)),
                        label,
                        {"exclusive": exclusive, "reverse": reverse},
                    )
    if dtype in FLOATS:
        odd = arr([1.0, np.inf, 2.0, -np.inf, np.nan, 3.0], dtype)
        yield Spec(op, (odd, np.array(0, np.int32)), f"{dtype}/special")
    if dtype in INTS:
        wrap = arr([np.iinfo(dtype).max, 2, np.iinfo(dtype).max, 3], dtype)
        yield Spec(op, (wrap, np.array(0, np.int32)), f"{dtype}/wrap")
    yield Spec(op, (x[:0], np.array(0, np.int32)), f"{dtype}/empty")


def _scan_forms(op: str) -> Iterator[Spec]:
    for axis in (2, -3):
        inputs = ordinary("float32", (2, 3)), np.array(axis, np.int32)
        yield Spec(op, inputs, f"float32/bad_axis_{axis}")
    yield Spec(op, (arr(2.0, "float32"), np.array(0, np.int32)), "float32/of_scalar")


def _l2_loss(dtype: str) -> Iterator[Spec]:
    for label, shape in {"matrix": (3, 4), "scalar": (), "empty": (0,), "long": (301,)}.items():
        yield Spec("L2Loss", (ordinary(dtype, shape),), f"{dtype}/{label}")
    yield Spec("L2Loss", (arr([np.inf, np.nan, 1.0], dtype),), f"{dtype}/special")


def specs() -> Iterator[Spec]:
    """Every case of reductions and scans."""
    for op, dtype in itertools.product(REDUCTIONS, NUMERIC):
        yield from _reduce(op, dtype)
    yield from _logical("All")
    yield from _logical("Any")
    for op, dtype in itertools.product(("ArgMax", "ArgMin"), ALL):
        yield from _arg(op, dtype)
    for op, dtype in itertools.product(("Cumsum", "Cumprod"), NUMERIC):
        yield from _scan(op, dtype)
    for form, op in (
        (_arg_forms, "ArgMax"), (_arg_forms, "ArgMin"), (_scan_forms, "Cumsum"),
        (_scan_forms, "Cumprod"),
    ):  # fmt: skip
        yield from form(op)
    for dtype in FLOATS:
        yield from _l2_loss(dtype)
