"""Composed math functions; values and names recorded on TensorFlow 2.21's compat.v1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polygraph.core.ground.graph import Graph
from polygraph.core.runtime.session import Session
from polygraph.ops import math_compositions as m
from polygraph.ops.source_ops import placeholder

X = np.array([[0.5, 2.0, 3.0], [1.0, 1.0, 4.5]], np.float32)


@pytest.mark.parametrize(
    ("build", "name", "wanted"),
    [
        (
            lambda x: m.log_sigmoid(x - 2.5), "LogSigmoid",
            [[-2.126928, -0.974077, -0.474077], [-1.701413, -1.701413, -0.126928]],
        ),
        (m.lbeta, "lbeta/sub", [-2.692302, -3.208825]),
        (
            lambda x: m.polyval([2.0, x, 1.0], x), "polyval/add_1",
            [[1.75, 13.0, 28.0], [4.0, 4.0, 61.75]],
        ),
        (lambda x: m.polyval([], x), "polyval", [[0.0] * 3] * 2),
    ],
)  # fmt: skip
def test_values_and_names(build: Any, name: str, wanted: Any) -> None:
    with Graph().as_default() as graph:
        x = placeholder(np.float32, [2, 3])
        result = build(x)
        assert result.op.name == name
        with Session(graph=graph) as session:
            np.testing.assert_allclose(session.run(result, {x: X}), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    ("value", "non_decreasing", "increasing"),
    [(X, False, False), (X[1], True, False), (X[0], True, True), (X[0, :1], True, True),
     (X[:0], True, True)],
)  # fmt: skip
def test_order_of_neighbours(value: Any, non_decreasing: bool, increasing: bool) -> None:
    with Graph().as_default() as graph:
        x = placeholder(np.float32)
        results = m.is_non_decreasing(x), m.is_strictly_increasing(x)
        assert [r.op.name for r in results] == [
            "is_non_decreasing/All",
            "is_strictly_increasing/All",
        ]
        with Session(graph=graph) as session:
            assert session.run(results, {x: value}) == (non_decreasing, increasing)


def test_coefficients_must_be_a_list() -> None:
    with Graph().as_default(), pytest.raises(ValueError, match="must be list type"):
        m.polyval((1.0, 2.0), 3.0)  # type: ignore[arg-type]
