"""The random ops against what TensorFlow 2.21's compat.v1 drew, run after run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pytest

from polygraph.conformance.recorded import load
from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.graph import Graph
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.ops import random, stateless_random  # noqa: F401 - defines the op types
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.conformance.recorded import RecordedCase

_OURS = [case for case in load("random") if case.op in OP_DEFS]
_VALID = [case for case in _OURS if case.outputs is not None]
_FAILING = [case for case in _OURS if case.error == "InvalidArgumentError"]
_REFUSED = [case for case in _FAILING if case.id.endswith(("vector", "three_seeds"))]
_NORMAL_ULPS = 4
"""Of the largest value: TensorFlow's float32 sine is off by an ulp here and there."""


def _runs(case: RecordedCase) -> list[Any]:
    definition = OP_DEFS[case.op]
    attrs = {
        name: as_dtype(value) if isinstance(value, np.dtype) else value
        for name, value in case.attrs.items()
        if name in definition.lower_attrs
    }
    if not definition.hidden:
        return [definition.lower(*case.inputs, **attrs)] * case.runs
    generator = np.array([0, *(case.seeds or ())], np.int64)
    results = []
    for _ in range(case.runs):
        values, generator = definition.lower(*case.inputs, generator, **attrs)
        results.append(values)
    return results


@pytest.mark.parametrize("case", _VALID, ids=lambda case: case.id)
def test_draws_are_those_of_tensorflow(case: RecordedCase) -> None:
    exact = "Normal" not in case.op
    for got, wanted in zip(_runs(case), case.outputs or (), strict=True):
        assert got.dtype == wanted.dtype
        assert got.shape == wanted.shape
        if exact:
            np.testing.assert_array_equal(got, wanted)
        else:
            error = np.abs(got.astype(np.float64) - wanted.astype(np.float64))
            scale = np.maximum(np.abs(wanted.astype(np.float64)), 1e-3)
            assert (error <= _NORMAL_ULPS * float(ml_dtypes.finfo(wanted.dtype).eps) * scale).all()


@pytest.mark.parametrize(
    "case", [case for case in _FAILING if case not in _REFUSED], ids=lambda case: case.id
)
def test_failures_are_those_of_tensorflow(case: RecordedCase) -> None:
    message = (case.error_message or "").split(";")[0]
    with pytest.raises(errors.InvalidArgumentError, match=message):
        _runs(case)


@pytest.mark.parametrize("case", _REFUSED, ids=lambda case: case.id)
def test_static_shapes_that_do_not_fit_are_refused(case: RecordedCase) -> None:
    attrs = {name: value for name, value in case.attrs.items() if not name.startswith("T")}
    with Graph().as_default(), pytest.raises(ValueError, match=r"rank|seed must have shape \[2\]"):
        OP_DEFS[case.op](*map(constant, case.inputs), **attrs)
