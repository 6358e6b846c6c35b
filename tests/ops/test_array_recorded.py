"""The array ops' lowerings against the values recorded on TensorFlow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph.ops  # noqa: F401 - defines the op types
from tests.ops import recorded_lowerings

if TYPE_CHECKING:
    from polygraph.conformance.recorded import RecordedCase


def _words(text: str) -> list[str]:
    return text.split()


SHAPING = _words("""
Reshape Transpose ConcatV2 Pack Unpack Split SplitV Pad PadV2 MirrorPad MirrorPadGrad Tile Slice
StridedSlice StridedSliceGrad ExpandDims Squeeze BroadcastTo ReverseV2 Fill ZerosLike OnesLike
Shape ShapeN Size Rank Identity StopGradient MatrixDiag MatrixDiagPart MatrixSetDiag
MatrixBandPart SpaceToDepth DepthToSpace Roll SpaceToBatchND BatchToSpaceND Diag DiagPart Concat
ConcatOffset BroadcastArgs BroadcastGradientArgs InvertPermutation Range LinSpace
""")
INDEXING = _words("""
Gather GatherV2 GatherNd ScatterNd TensorScatterUpdate TensorScatterAdd TensorScatterSub
TensorScatterMin TensorScatterMax OneHot Where Unique UniqueWithCounts ListDiff DynamicPartition
DynamicStitch ReverseSequence SegmentSum SegmentMean SegmentMax SegmentMin SegmentProd
UnsortedSegmentSum UnsortedSegmentMax UnsortedSegmentMin UnsortedSegmentProd SparseSegmentSum
SparseSegmentMean SparseSegmentSqrtN TopKV2 InTopK InTopKV2 LowerBound UpperBound Bincount
HistogramFixedWidth SparseToDense UnravelIndex
""")

_BUILT = "TensorFlow refuses it while the graph is built: see the tests of static shapes"
_NAN = "where NaN goes among the numbers is left open by TensorFlow; here it is the largest"
_ORDER = "the order is left open with sorted=False; here it is always that of the values"
_NONE = "no positions have no places: no reason to refuse"
_UNSEEN = "TensorFlow's kernel does not look at negative positions"
_HALF = "TensorFlow tells -0 from 0 in 16-bit floats, though not in wider ones"
EXCEPTIONS = {
    "shaping/ConcatV2/one": _BUILT,
    "indexing/OneHot/axis_-2": _BUILT,
    "indexing/SegmentMax/special": _NAN,
    "indexing/SegmentMin/special": _NAN,
    "indexing/UnsortedSegmentMax/special": _NAN,
    "indexing/UnsortedSegmentMin/special": _NAN,
    "indexing/TopKV2/unsorted": _ORDER,
    "indexing/UnravelIndex/int32/none": _NONE,
    "indexing/UnravelIndex/int64/none": _NONE,
    "indexing/UnravelIndex/int32/negative": _UNSEEN,
    "indexing/UnravelIndex/int64/negative": _UNSEEN,
    "indexing/Unique/float16/moves": _HALF,
    "indexing/UniqueWithCounts/float16/moves": _HALF,
    "indexing/Unique/bfloat16/moves": _HALF,
    "indexing/UniqueWithCounts/bfloat16/moves": _HALF,
}
REORDERED = ("TensorScatterAdd", "TensorScatterSub", "SparseSegmentSqrtN")
"""Sums of several terms in another order, so that the last places differ."""


def _has_nan(case: RecordedCase) -> bool:
    first = case.inputs[0]
    return case.op == "TopKV2" and bool(np.not_equal(first, first).any())


def _cases() -> list[Any]:
    found = [
        *recorded_lowerings.cases("shaping", SHAPING),
        *recorded_lowerings.cases("indexing", INDEXING),
    ]
    return [
        param for param in found if param.id not in EXCEPTIONS and not _has_nan(param.values[0])
    ]


@pytest.mark.parametrize("case", _cases())
def test_lowering_gives_what_tensorflow_gave(case: RecordedCase) -> None:
    recorded_lowerings.check(case, ulps=4 if case.op in REORDERED else 0)
