"""Op types of matrices and neural networks against values recorded on TensorFlow."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest

import polygraph.ops  # noqa: F401 - registers the op types
from polygraph.conformance.recorded import RecordedCase, load
from tests.ops.recorded_lowerings import answer

OP_TYPES = {
    *("Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Softplus", "Softsign", "ReluGrad"),
    *("Relu6Grad", "LeakyReluGrad", "SoftplusGrad", "SoftsignGrad", "EluGrad", "SeluGrad"),
    *("Softmax", "LogSoftmax", "SoftmaxCrossEntropyWithLogits", "L2Loss", "LRN", "LRNGrad"),
    *("SparseSoftmaxCrossEntropyWithLogits", "BiasAdd", "BiasAddGrad"),
    *("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3", "FusedBatchNormGrad"),
    *("FusedBatchNormGradV2", "FusedBatchNormGradV3", "Conv2D", "Conv2DBackpropInput"),
    *("Conv2DBackpropFilter", "DepthwiseConv2dNative", "DepthwiseConv2dNativeBackpropInput"),
    *("DepthwiseConv2dNativeBackpropFilter", "MaxPool", "AvgPool", "AvgPoolGrad", "MaxPoolGrad"),
    *("Cross", "MatMul", "BatchMatMul", "BatchMatMulV2", "Einsum"),
}
# Rounding errors are compared with the greatest element: sums cancel.
ULPS = 4
EXACT = {"Relu", "Relu6", "ReluGrad", "MaxPool", "BiasAdd", "Cross"}


def _unlike(case: RecordedCase) -> str | None:
    """Why an answer is not to be compared, None where it is."""
    if "ties_special" in case.id and case.op.startswith("MaxPool"):
        return "NaN is passed on here; TensorFlow passes over it on some processors"
    if "/int32/" in case.id and case.op.startswith("Conv2D"):
        return "convolution is of floats only"
    if case.id in {"nn/Conv2D/float32/channels", "nn/Conv2D/float32/grouped"}:
        return "grouped convolution is not offered"
    if case.op == "Einsum" and case.error == "ValueError":
        return "refused when the graph is built"
    return None


def _cases() -> list[Any]:
    found = [
        case
        for family in ("nn", "linalg", "reductions")
        for case in load(family)
        if case.op in OP_TYPES
    ]
    assert {case.op for case in found} == OP_TYPES
    return [pytest.param(case, id=case.id) for case in found if _unlike(case) is None]


def _close(case: RecordedCase, result: Any, want: Any) -> None:
    assert (result.dtype, result.shape) == (want.dtype, want.shape)
    if result.dtype.kind in "biu":
        np.testing.assert_array_equal(result, want)
        return
    eps = float(ml_dtypes.finfo(want.real.dtype).eps)
    finite = np.isfinite(want)
    np.testing.assert_array_equal(np.isfinite(result), finite)
    np.testing.assert_array_equal(np.isnan(result), np.isnan(want))
    wider = np.complex128 if want.dtype.kind == "c" else np.float64
    one, other = (np.where(finite, x, 0).astype(wider) for x in (result, want))
    ulps = 0 if case.op in EXACT and want.dtype.itemsize > 2 else ULPS
    np.testing.assert_array_less(
        np.abs(one - other), ulps * eps * np.abs(other).max(initial=0) + 1e-300
    )


@pytest.mark.parametrize("case", _cases())
def test_lowerings_give_what_tensorflow_gave(case: RecordedCase) -> None:
    if case.outputs is None:
        with pytest.raises(Exception) as caught:  # noqa: PT011 - the class is compared below
            answer(case)
        assert type(caught.value).__name__ == case.error
        return
    # Not recorded: what a frozen batch normalization leaves unset for its gradient.
    results = answer(case)[: len(case.outputs)]
    for result, want in zip(results, case.outputs, strict=True):
        _close(case, result, want)
