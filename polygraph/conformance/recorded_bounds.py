"""How far an answer may be from TensorFlow's, and which of its answers nobody has to give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.case import ConformanceFailure, require
from polygraph.conformance.forward import same
from polygraph.conformance.tolerance import eps_of, tiny_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.conformance.recorded import RecordedCase

Known = np.ndarray[Any, Any]

FUNCTION_ULPS = 8.0
"""Of each element: TensorFlow's functions are off by up to four units, and so may be others."""

WIDER = {"Sinh": 128.0, "Cosh": 128.0, "Erfc": 64.0, "Erfinv": 16.0, "Lgamma": 24.0}
"""Functions made of others, next to where they overflow or vanish."""

SUM_ULPS = 16.0
"""Of the greatest element: sums cancel, and TensorFlow's are rounded in an order of their own."""

FUNCTIONS = frozenset(
    {
        "Sqrt",
        "Exp",
        "Expm1",
        "Log",
        "Log1p",
        "Sin",
        "Cos",
        "Tan",
        "Asin",
        "Acos",
        "Atan",
        "Sinh",
        "Cosh",
        "Tanh",
        "Asinh",
        "Acosh",
        "Atanh",
        "Sigmoid",
        "Rsqrt",
        "Pow",
        "Atan2",
        "Xlogy",
        "Xdivy",
        "Erf",
        "Erfc",
        "Erfinv",
        "Lgamma",
        "Digamma",
        "Igamma",
        "Zeta",
        "Polygamma",
        "Reciprocal",
        "Inv",
        "SigmoidGrad",
        "TanhGrad",
        "RsqrtGrad",
        "SqrtGrad",
        "InvGrad",
        "ReciprocalGrad",
        "Softplus",
        "SoftplusGrad",
        "Softsign",
        "SoftsignGrad",
        "Elu",
        "EluGrad",
        "Selu",
        "SeluGrad",
        "DivNoNan",
        "MulNoNan",
        "Abs",
        "ComplexAbs",
        "Angle",
    }
)
SUMS = frozenset(
    {
        "Sum",
        "Mean",
        "Cumsum",
        "Cumprod",
        "Prod",
        "EuclideanNorm",
        "L2Loss",
        "Softmax",
        "LogSoftmax",
        "LRN",
        "LRNGrad",
        "SoftmaxCrossEntropyWithLogits",
        "SparseSoftmaxCrossEntropyWithLogits",
        "BiasAddGrad",
        "FusedBatchNorm",
        "FusedBatchNormV2",
        "FusedBatchNormV3",
        "FusedBatchNormGrad",
        "FusedBatchNormGradV2",
        "FusedBatchNormGradV3",
        "Conv2D",
        "Conv2DBackpropInput",
        "Conv2DBackpropFilter",
        "Conv3D",
        "Conv3DBackpropInputV2",
        "Conv3DBackpropFilterV2",
        "DepthwiseConv2dNative",
        "DepthwiseConv2dNativeBackpropInput",
        "DepthwiseConv2dNativeBackpropFilter",
        "AvgPool",
        "AvgPoolGrad",
        "MaxPoolGrad",
        "MaxPoolGradGrad",
        "MatMul",
        "BatchMatMul",
        "BatchMatMulV2",
        "Einsum",
        "Qr",
        "Cross",
        "AccumulateNV2",
        "AddN",
        "TensorScatterAdd",
        "TensorScatterSub",
        "ScatterAdd",
        "ScatterSub",
        "ScatterNd",
        "SegmentSum",
        "SegmentMean",
        "UnsortedSegmentSum",
        "SparseSegmentSum",
        "SparseSegmentMean",
        "SparseSegmentSqrtN",
        "ScatterMul",
        "ScatterDiv",
        "ScatterNdAdd",
        "ScatterNdSub",
        "SegmentProd",
        "UnsortedSegmentProd",
        "LinSpace",
        "Range",
    }
)
FLUSHED = frozenset({"Sigmoid", "Elu", "Selu"})
"""Functions of which TensorFlow, or a plain body, loses what is as small as subnormal numbers."""

LEAST = {"Lgamma": 1.0, "Digamma": 1.0, "Polygamma": 1.0}
"""Near their roots implementations agree on the distance from zero, not on digits."""

_NAN = "where NaN goes among the numbers is left open by TensorFlow; here it is the largest"
_HALF = "TensorFlow tells -0 from 0 in 16-bit floats, though not in wider ones"
UNLIKE: Mapping[str, str] = {
    "nn/Conv2D/float32/channels": "grouped convolution is not offered",
    "nn/Conv2D/float32/grouped": "grouped convolution is not offered",
    "shaping/ConcatV2/one": "one value is joined to nothing: no reason to refuse",
    **dict.fromkeys(
        (f"indexing/UnravelIndex/{dtype}/none" for dtype in ("int32", "int64")),
        "no positions have no places: no reason to refuse"),
    "shaping/Range/vector_start": "refused when the graph is built, as by TensorFlow 1",
    "indexing/TopKV2/unsorted": "the order is left open; here it is always that of the values",
    **dict.fromkeys(
        (f"indexing/{op}/special" for op in (
            "SegmentMax", "SegmentMin", "UnsortedSegmentMax", "UnsortedSegmentMin")), _NAN),
    **dict.fromkeys(
        (f"indexing/{op}/{dtype}/moves" for op in ("Unique", "UniqueWithCounts")
         for dtype in ("float16", "bfloat16")), _HALF),
}  # fmt: skip
"""Recorded answers that differ on purpose, by id."""


def unlike(case: RecordedCase) -> str | None:
    """Why TensorFlow's answer is not to be compared; None where it is."""
    if case.id in UNLIKE:
        return UNLIKE[case.id]
    if case.pinned:
        return "TensorFlow leaves it to the processor"
    if case.attrs.get("Truncate"):
        return "bfloat16 is rounded to nearest always"
    return _unlike_by_op(case)


def _unlike_by_op(case: RecordedCase) -> str | None:  # noqa: PLR0911 - one row a reason
    label = case.id.rsplit("/", 1)[1]
    first = case.inputs[0] if case.inputs else np.zeros(())
    if case.op.startswith("SparseApply") and "duplicates" in label:
        return "repeated rows are summed; TensorFlow's optimizers sum them before they call the op"
    if case.op == "ClipByValue" and label in {"nan_low", "nan_high"}:
        return "NaN bounds are passed on, as maximum and minimum do"
    if case.op.startswith("MaxPool") and "ties_special" in case.id:
        return "NaN is passed on here; TensorFlow passes over it on some processors"
    if case.op.startswith("Conv2D") and case.attrs["T"].kind in "iu":
        return "convolution is of floats only"
    if case.op == "TopKV2" and first.dtype.kind not in "iu" and bool(np.isnan(first).any()):
        return _NAN
    if label == "rounding" and first.dtype.itemsize == 2:  # noqa: PLR2004 - 16 bits
        return "sums of 16-bit floats accumulate in float32 here, on every engine"
    if case.op == "Cast" and first.dtype.kind == "c" and case.attrs["DstT"].kind in "iu":
        return "holds numbers that the integers cannot, which TensorFlow leaves to the processor"
    return None


def judge_as(op: str, found: Known, want: Known, what: str) -> None:
    """Require what TensorFlow's op type ``op`` gave: to the bit, or within the bound."""
    require(
        (found.dtype, found.shape) == (want.dtype, want.shape),
        f"{what} is {found.dtype}{list(found.shape)}, not {want.dtype}{list(want.shape)}",
    )
    with np.errstate(all="ignore"):
        good = same(found, want) if op in EXACT_ZEROS else _equal(found, want)
        if want.dtype.kind not in "biu" and not np.all(good):
            good = good | _near(op, found, want)
    if not np.all(good):
        at = tuple(int(i) for i in np.argwhere(~np.broadcast_to(good, found.shape))[0])
        msg = f"{what} at {list(at)}: {found[at]!r}, not {want[at]!r} as TensorFlow gave"
        raise ConformanceFailure(msg)


EXACT_ZEROS = frozenset({"Neg", "Abs", "Identity", "Reshape", "Transpose", "Select", "SelectV2"})
"""Op types that keep the sign of zero."""


def _equal(found: Known, want: Known) -> Known:
    if want.dtype.kind == "c":
        return np.asarray(_equal(found.real, want.real) & _equal(found.imag, want.imag))
    nan = found != found  # noqa: PLR0124 - NaN, of any dtype
    return np.asarray((found == want) | (nan & (want != want)))  # noqa: PLR0124


def _near(op: str, found: Known, want: Known) -> Known:
    wide = np.complex128 if want.dtype.kind == "c" else np.float64
    one, other = found.astype(wide), want.astype(wide)
    sizes = np.where(np.isfinite(other), np.abs(other), 0)
    ulps = WIDER.get(op, FUNCTION_ULPS) if op in FUNCTIONS else 0.0
    if op in SUMS or op.startswith(("Apply", "SparseApply")):
        ulps, sizes = SUM_ULPS, np.full_like(sizes, np.max(sizes, initial=0.0))
    if want.dtype.kind == "c":
        ulps = max(ulps, SUM_ULPS)
    elif want.dtype.itemsize == 2:  # noqa: PLR2004 - TensorFlow rounds 16 bits more often
        ulps = max(ulps, 2.0)
    sizes = np.maximum(sizes, max(LEAST.get(op, 0.0), tiny_of(want.dtype)))
    limit = ulps * eps_of(want.dtype) * sizes
    if op in FLUSHED:
        limit = limit + 4 * tiny_of(want.dtype)
    finite = np.isfinite(other) & np.isfinite(one)
    # What is infinite or NaN in one part of a complex number has no other part.
    vague = (want.dtype.kind == "c") & ~np.isfinite(other)
    return np.asarray((finite & (np.abs(one - other) <= limit)) | vague)
