"""First and second gradients of the math functions against those recorded on TensorFlow 2.21."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polygraph.ops  # noqa: F401 - registers gradients and operators
from polygraph.core.ground.graph import Graph
from polygraph.core.runtime.gradients import gradients
from polygraph.core.runtime.session import Session
from polygraph.ops import (
    arithmetic,
    clipping,
    complex_numbers,
    elementwise,
    filling,
    logical,
    powers,
    reduction,
    scans,
    source_ops,
)
from tests.ops.math_gradient_cases import cases

RECORDED = json.loads((Path(__file__).parent / "math_gradients.json").read_text(encoding="utf-8"))[
    "gradients"
]
MODULES = (
    arithmetic, clipping, complex_numbers, elementwise, filling, logical, powers, reduction, scans,
)  # fmt: skip


def _lookup(name: str) -> Any:
    if name == "where":
        return logical.Select
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def _gradients(make: Any, arguments: Any, order: int) -> list[Any]:
    with Graph().as_default() as graph:
        xs = [source_ops.placeholder(argument.dtype, argument.shape) for argument in arguments]
        results = gradients(make(_lookup)(*xs), xs)
        if order == 2:
            known = [result for result in results if result is not None]
            results = gradients(known, xs) if known else [None] * len(xs)
        fetched = [result for result in results if result is not None]
        with Session(graph=graph) as session:
            values = iter(session.run(fetched, dict(zip(xs, arguments, strict=True))))
        return [None if result is None else next(values) for result in results]


def _recorded() -> list[Any]:
    """The cases with the order of the gradient; TensorFlow has no second one of complex numbers."""
    return [
        pytest.param(make, arguments, order, wanted, id=f"{name}/{order}")
        for name, make, arguments in cases()
        for order, wanted in enumerate(RECORDED[name], 1)
        if wanted is not None
    ]


@pytest.mark.parametrize(("make", "arguments", "order", "wanted"), _recorded())
def test_gradients_are_those_of_tensorflow(
    make: Any, arguments: Any, order: int, wanted: Any
) -> None:
    for result, want, argument in zip(
        _gradients(make, arguments, order), wanted, arguments, strict=True
    ):
        assert (result is None) == (want is None)
        if result is None:
            continue
        assert (result.dtype, result.shape) == (argument.dtype, argument.shape)
        pairs = np.stack([result.real, result.imag], -1) if result.dtype.kind == "c" else result
        np.testing.assert_allclose(
            pairs.reshape(-1), np.reshape(want, -1), rtol=2e-5, atol=1e-6, equal_nan=True
        )


UNKNOWN_AXES = [0, -1, [0], [1, 0], [0, 2], [-1, 0, 1]]


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    "name", ["reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod"]
)
def test_shape_rank_and_axes_may_be_unknown_until_the_graph_runs(
    name: str, *, keepdims: bool
) -> None:
    x_value = (np.arange(24.0) % 7 - 2).reshape(2, 3, 4).astype(np.float32)
    function = _lookup(name)
    with Graph().as_default() as graph:
        known = source_ops.constant(x_value)
        x = source_ops.placeholder(np.float32)
        axes = source_ops.placeholder(np.int32)
        late = gradients(elementwise.square(function(x, axes, keepdims=keepdims)), x)[0]
        early = [
            gradients(elementwise.square(function(known, axis, keepdims=keepdims)), known)[0]
            for axis in UNKNOWN_AXES
        ]
        with Session(graph=graph) as session:
            for axis, wanted in zip(UNKNOWN_AXES, session.run(early), strict=True):
                result = session.run(late, {x: x_value, axes: axis})
                np.testing.assert_allclose(result, wanted, rtol=1e-6)


def test_all_axes_of_an_unknown_rank() -> None:
    with Graph().as_default() as graph:
        x = source_ops.placeholder(np.float32)
        slope = gradients(reduction.reduce_prod(x), x)[0]
        with Session(graph=graph) as session:
            np.testing.assert_array_equal(
                session.run(slope, {x: [[1.0, 2.0], [3.0, 4.0]]}), [[24, 12], [8, 6]]
            )


def test_a_gradient_keeps_a_partly_known_static_shape() -> None:
    with Graph().as_default():
        x = source_ops.placeholder(np.float32, [None, 3])
        for name in ("reduce_sum", "reduce_mean", "reduce_max", "reduce_prod"):
            slope = gradients(_lookup(name)(x, 1), x)[0]
            assert slope.get_shape().as_list() == [None, 3], name
