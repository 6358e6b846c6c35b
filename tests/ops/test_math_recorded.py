"""Arithmetic, comparison, casts and reductions against values recorded on TensorFlow."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import polygraph.ops  # noqa: F401 - registers the op types
from polygraph.conformance.recorded import RecordedCase, load
from polygraph.core.ground.op_def import OP_DEFS
from tests.ops.recorded_lowerings import answer

FAMILIES = ("elementwise", "comparison", "cast", "reductions")

# Units in the last place; an op that is not listed must agree to the bit for real numbers, save
# where it rounds 16-bit results once and TensorFlow more often.
ULPS = {
    **dict.fromkeys(("Exp", "Expm1", "Log", "Log1p", "Sin", "Cos", "Erf", "Erfc"), 4),
    **dict.fromkeys(("Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Tanh", "Sigmoid"), 4),
    **dict.fromkeys(("Asinh", "Acosh", "Atanh", "Rsqrt", "Pow", "Atan2", "Xlogy"), 4),
    **dict.fromkeys(("Sum", "Mean", "Cumsum", "Cumprod", "Prod", "EuclideanNorm", "L2Loss"), 12),
    **dict.fromkeys(("Reciprocal", "Inv"), 2),
    **dict.fromkeys(("Lgamma", "Digamma"), 8),
}
HALF_ULPS = 2

# Near the roots of these, implementations agree on the distance from 0, not on the digits.
LEAST_SIZE = {"Lgamma": 1.0, "Digamma": 1.0}


def _unlike(case: RecordedCase) -> str | None:
    """Why an answer is not to be compared, None where it is."""
    label = case.id.rsplit("/", 1)[1]
    if case.op == "L2Loss":
        return "belongs to another family"
    if case.pinned:
        return "TensorFlow leaves it to the processor"
    if case.attrs.get("Truncate"):
        return "bfloat16 is rounded to nearest always"
    if label == "rounding" and case.inputs[0].dtype.itemsize == 2:
        return "sums of 16-bit floats accumulate in float32 here, on every engine"
    if case.op == "Cast" and case.inputs[0].dtype.kind == "c" and case.attrs["DstT"].kind in "iu":
        return "holds numbers that the integers cannot, which TensorFlow leaves to the processor"
    return None


def _cases() -> list[Any]:
    return [
        pytest.param(case, id=case.id)
        for family in FAMILIES
        for case in load(family)
        if case.op in OP_DEFS and _unlike(case) is None
    ]


def _allowed(case: RecordedCase, want: Any, ulps: int) -> Any:
    finite = np.where(np.isfinite(want), want, 0)
    info = ml_dtypes.finfo(want.real.dtype if want.dtype.kind == "c" else want.dtype)
    least = max(LEAST_SIZE.get(case.op, 0.0), float(info.tiny))
    size = np.maximum(np.abs(finite).astype(np.float64), least)
    flushed = float(info.tiny) if case.op == "Sigmoid" else 0.0
    return np.maximum(ulps * float(info.eps) * size, flushed)


def _compare(case: RecordedCase, result: Any, want: Any) -> None:
    assert (result.dtype, result.shape) == (want.dtype, want.shape)
    if result.dtype.kind not in "fcV":
        np.testing.assert_array_equal(result, want)
        return
    ulps = ULPS.get(case.op, 0)
    if want.dtype.kind == "c":
        ulps = max(ulps, 12)
        finite = np.isfinite(want) & np.isfinite(result)
        result, want = np.where(finite, result, 0), np.where(finite, want, 0)
    elif want.dtype.itemsize == 2:
        ulps = max(ulps, HALF_ULPS)
    with np.errstate(all="ignore"):
        same = (result == want) | ((result != result) & (want != want))  # noqa: PLR0124 - NaN
        distance = np.abs(result - want).astype(np.float64)
        near = distance <= _allowed(case, want, ulps)
    assert np.all(same | near), f"{result} != {want}"


@pytest.mark.parametrize("case", _cases())
def test_the_lowering_gives_what_tensorflow_gave(case: RecordedCase) -> None:
    if case.error is not None:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the class is compared below
            answer(case)
        # TensorFlow calls a division by zero an internal error for some of the op types.
        wanted = case.error.replace("InternalError", "InvalidArgumentError")
        assert type(caught.value).__name__ == wanted
        return
    for result, want in zip(answer(case), case.outputs or (), strict=True):
        _compare(case, result, want)
