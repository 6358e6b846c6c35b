"""The ops of optimizers, on reference variables."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from op_values.case import Spec
from op_values.samples import FLOATS, arr, ordinary
from op_values.shaping import i32, i64

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, Any]

# Op type: slots (p: may not be negative), then scalars before the gradient and after it.
DENSE: dict[str, tuple[str, tuple[float, ...], tuple[float, ...]]] = {
    "ApplyGradientDescent": ("", (0.1,), ()),
    "ApplyMomentum": ("s", (0.1,), (0.9,)),
    "ApplyAdam": ("sp", (0.81, 0.998, 0.01, 0.9, 0.999, 1e-8), ()),
    "ApplyAdaMax": ("sp", (0.81, 0.01, 0.9, 0.999, 1e-8), ()),
    "ApplyAdagrad": ("p", (0.1,), ()),
    "ApplyAdagradV2": ("p", (0.1, 1e-7), ()),
    "ApplyAdadelta": ("pp", (0.5, 0.95, 1e-6), ()),
    "ApplyRMSProp": ("ps", (0.01, 0.9, 0.5, 1e-6), ()),
    "ApplyCenteredRMSProp": ("sps", (0.01, 0.9, 0.5, 9.0), ()),
    "ApplyFtrl": ("ps", (), (0.1, 0.2, 0.3, -0.5)),
    "ApplyFtrlV2": ("ps", (), (0.1, 0.2, 0.3, 0.05, -0.5)),
    "ApplyProximalGradientDescent": ("", (0.1, 0.2, 0.3), ()),
    "ApplyProximalAdagrad": ("p", (0.1, 0.2, 0.3), ()),
    "ApplyAddSign": ("s", (0.1, 1.0, 0.7, 0.9), ()),
    "ApplyPowerSign": ("s", (0.1, 1.0, 0.7, 0.9), ()),
}
# Op type: slots, scalars before the gradient and its indices, after it.
SPARSE: dict[str, tuple[str, tuple[float, ...], tuple[float, ...]]] = {
    "SparseApplyMomentum": ("s", (0.1,), (0.9,)),
    "SparseApplyAdagrad": ("p", (0.1,), ()),
    "SparseApplyAdagradV2": ("p", (0.1, 1e-7), ()),
    "SparseApplyAdadelta": ("pp", (0.5, 0.95, 1e-6), ()),
    "SparseApplyRMSProp": ("ps", (0.01, 0.9, 0.5, 1e-6), ()),
    "SparseApplyCenteredRMSProp": ("sps", (0.01, 0.9, 0.5, 9.0), ()),
    "SparseApplyFtrl": ("ps", (), (0.1, 0.2, 0.3, -0.5)),
    "SparseApplyFtrlV2": ("ps", (), (0.1, 0.2, 0.3, 0.05, -0.5)),
    "SparseApplyProximalGradientDescent": ("", (0.1, 0.2, 0.3), ()),
    "SparseApplyProximalAdagrad": ("p", (0.1, 0.2, 0.3), ()),
}
# The attributes beside `use_locking` with which an op is recorded; the first are the defaults.
VARIANTS: dict[str, tuple[dict[str, Any], ...]] = {
    "ApplyMomentum": ({}, {"use_nesterov": True}),
    "SparseApplyMomentum": ({}, {"use_nesterov": True}),
    "ApplyAdam": ({}, {"use_nesterov": True}),
    "ApplyAdagrad": ({}, {"update_slots": False}),
    "SparseApplyAdagrad": ({}, {"update_slots": False}),
}


def _inputs(
    kinds: str, before: tuple[float, ...], grads: tuple[Array, ...], after: tuple[float, ...]
) -> tuple[Array, ...]:
    """Variable (of the gradient's dtype and width), slots, scalars, gradient, scalars."""
    name, width = grads[0].dtype.name, grads[0].shape[1:]
    slots = [ordinary(name, (3, *width), 5 + at) for at in range(len(kinds))]
    slots = [np.abs(s) if kind == "p" else s for s, kind in zip(slots, kinds, strict=True)]
    first = [arr(value, name) for value in before]
    last = [arr(value, name) for value in after]
    return (ordinary(name, (3, *width)), *slots, *first, *grads, *last)


def _dense() -> Iterator[Spec]:
    for (op, (kinds, before, after)), dtype in itertools.product(DENSE.items(), FLOATS):
        for attrs in VARIANTS.get(op, ({},)):
            case = "/".join([dtype, *attrs])
            grad = ordinary(dtype, (3, 4), 1)
            yield Spec(op, _inputs(kinds, before, (grad,), after), case, attrs)
    for op, (kinds, before, after) in DENSE.items():
        zero = np.zeros((3, 2), np.float32)
        odd = arr([[np.nan, 1.0], [np.inf, -0.0], [-np.inf, 1e-3]], "float32")
        small = ordinary("float32", (2, 2))
        for label, grad in {"zero": zero, "special": odd, "mismatch": small}.items():
            yield Spec(op, _inputs(kinds, before, (grad,), after), f"float32/{label}")


def _sparse() -> Iterator[Spec]:
    for (op, (kinds, before, after)), dtype in itertools.product(SPARSE.items(), FLOATS):
        for attrs in VARIANTS.get(op, ({},)):
            grads = ordinary(dtype, (2, 3), 1), i32([2, 0])
            case = "/".join([dtype, *attrs])
            yield Spec(op, _inputs(kinds, before, grads, after), case, attrs)
    for op, (kinds, before, after) in SPARSE.items():
        g = ordinary("float32", (2, 3), 1)
        for label, grads in {
            "duplicates": (g, i64([1, 1])), "too_large": (g, i32([0, 3])), "negative": (g,
            i32([-1, 0])), "none": (g[:0], i32([])), "mismatch": (g, i32([0])),
        }.items():  # fmt: skip
            yield Spec(op, _inputs(kinds, before, grads, after), f"float32/{label}")


def _ftrl_powers() -> Iterator[Spec]:
    for power in (-0.5, 0.0, -1.0):
        grad = ordinary("float32", (3, 4), 1)
        scalars = (0.1, 0.0, 0.0, power)
        inputs = _inputs("ps", (), (grad,), scalars)
        yield Spec("ApplyFtrl", inputs, f"float32/power_{power}")


def _dual_averaging() -> Iterator[Spec]:
    for dtype in FLOATS:
        var, sums = ordinary(dtype, (3,)), ordinary(dtype, (3,), 1)
        grad = ordinary(dtype, (3,), 2)
        scalars = (arr(v, dtype) for v in (0.1, 0.2, 0.3))
        inputs = (var, sums, np.abs(sums), grad, *scalars, i64(4))
        yield Spec("ApplyAdagradDA", inputs, dtype)
        yield Spec("SparseApplyAdagradDA", _sparse_dual(dtype, i32([2, 0])), dtype)
    for label, rows in {"too_large": [0, 3], "negative": [-1, 0], "mismatch": [0]}.items():
        yield Spec("SparseApplyAdagradDA", _sparse_dual("float32", i32(rows)), f"float32/{label}")


def _sparse_dual(dtype: str, rows: Array) -> tuple[Array, ...]:
    sums = ordinary(dtype, (3, 2), 1)
    grads = ordinary(dtype, (2, 2), 2), rows
    scalars = (arr(v, dtype) for v in (0.1, 0.2, 0.3))
    return (ordinary(dtype, (3, 2)), sums, np.abs(sums), *grads, *scalars, i64(4))


def specs() -> Iterator[Spec]:
    """Every case of training ops."""
    for part in (_dense, _sparse, _ftrl_powers, _dual_averaging):
        yield from part()
