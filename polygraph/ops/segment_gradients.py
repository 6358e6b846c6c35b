"""Gradients of segment ops, and the segment functions that are made of other ops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import bool_, int32
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import Div, Maximum, Mul, RealDiv, maximum
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import sqrt
from polygraph.ops.filling import fill, ones, ones_like, zeros_like
from polygraph.ops.gathering import gather
from polygraph.ops.joining import concat
from polygraph.ops.logical import Equal, GreaterEqual, SelectV2, greater
from polygraph.ops.packing import stack
from polygraph.ops.reshaping import reshape
from polygraph.ops.segments import (
    SegmentMax,
    SegmentMean,
    SegmentMin,
    SegmentProd,
    SegmentSum,
    SparseSegmentMean,
    SparseSegmentSqrtN,
    SparseSegmentSum,
    UnsortedSegmentMax,
    UnsortedSegmentMin,
    UnsortedSegmentProd,
    UnsortedSegmentSum,
    unsorted_segment_sum,
)
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.slicing import slice as slice_

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

__all__ = ["unsorted_segment_mean", "unsorted_segment_sqrt_n"]


def _ones_behind(tensor: Tensor, ids: Tensor) -> Tensor:
    """As many ones as ``tensor`` has axes more than ``ids``."""
    return fill(stack([rank(tensor) - rank(ids)]), 1)


def _as_wide_as(flags: Tensor, tensor: Tensor, ids: Tensor) -> Tensor:
    """Values for each id, shaped to broadcast against ``tensor``."""
    return reshape(flags, concat([shape(ids), _ones_behind(tensor, ids)], 0))


def _gathered(values: Tensor, ids: Tensor, absent: Any = zeros_like) -> Tensor:
    """The value of each id; what ``absent`` makes where an id is negative."""
    found = gather(values, Maximum(ids, zeros_like(ids)))
    kept = _as_wide_as(GreaterEqual(ids, zeros_like(ids)), found, ids)
    return SelectV2(kept, found, absent(found))  # type: ignore[no-any-return]


@SegmentSum.gradient
def _segment_sum_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [gather(dy, op.inputs[1]), None]


@UnsortedSegmentSum.gradient
def _unsorted_sum_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [_gathered(dy, op.inputs[1]), None, None]


def _sizes(like: Tensor, ids: Tensor) -> Tensor:
    """For each rising id how many rows it has, in the dtype of ``like`` and as wide."""
    counted = fill(concat([shape(ids), _ones_behind(like, ids)], 0), cast(1, like.dtype))
    return SegmentSum(counted, ids)  # type: ignore[no-any-return]


@SegmentMean.gradient
def _segment_mean_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    data, ids = op.inputs
    sizes = Maximum(_sizes(data, ids), cast(1, data.dtype.base_dtype))
    return [gather(RealDiv(dy, sizes), ids), None]


@SegmentMax.gradient
@SegmentMin.gradient
def _segment_extreme_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    data, ids = op.inputs
    chosen = Equal(data, gather(op.outputs[0], ids))
    ties = Maximum(SegmentSum(cast(chosen, dy.dtype), ids), cast(1, dy.dtype))
    shares = gather(Div(dy, ties), ids)
    return [SelectV2(chosen, shares, zeros_like(shares)), None]


@UnsortedSegmentMax.gradient
@UnsortedSegmentMin.gradient
def _unsorted_extreme_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    data, ids, count = op.inputs
    extremes = _gathered(op.outputs[0], ids)
    kept = _as_wide_as(GreaterEqual(ids, zeros_like(ids)), extremes, ids)
    chosen = SelectV2(kept, Equal(data, extremes), zeros_like(extremes, dtype=bool_))
    ties = unsorted_segment_sum(cast(chosen, dy.dtype), ids, count)
    shares = _gathered(Div(dy, Maximum(ties, cast(1, dy.dtype))), ids)
    return [SelectV2(chosen, shares, zeros_like(shares)), None, None]


def _product_gradient(op: Operation, dy: Tensor, count: Tensor) -> Tensor:
    """The product of the others: exact where one factor of a segment is zero."""
    data, ids = op.inputs[:2]
    zero = Equal(data, zeros_like(data))
    zeros = unsorted_segment_sum(cast(zero, int32), ids, count)
    dy = SelectV2(greater(zeros, 1), zeros_like(dy), dy)
    others = SelectV2(zero, ones_like(data), data)
    nonzero = _gathered(UnsortedSegmentProd(others, ids, count), ids)
    whole = _gathered(op.outputs[0], ids)
    partial = SelectV2(zero, nonzero, RealDiv(whole, others))
    return Mul(_gathered(dy, ids), partial)  # type: ignore[no-any-return]


@SegmentProd.gradient
def _segment_prod_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    count = reshape(slice_(shape(op.outputs[0]), [0], [1]), [])
    return [_product_gradient(op, dy, count), None]


@UnsortedSegmentProd.gradient
def _unsorted_prod_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [_product_gradient(op, dy, op.inputs[2]), None, None]


def _to_rows(op: Operation, dy: Tensor) -> list[Tensor | None]:
    data, indices, ids = op.inputs
    rows = reshape(slice_(shape(data), [0], [1]), [])
    return [unsorted_segment_sum(gather(dy, ids), indices, rows), None, None]


@SparseSegmentSum.gradient
def _sparse_sum_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return _to_rows(op, dy)


@SparseSegmentMean.gradient
def _sparse_mean_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    sizes = Maximum(_sizes(op.inputs[0], op.inputs[2]), cast(1, dy.dtype))
    return _to_rows(op, RealDiv(dy, sizes))


@SparseSegmentSqrtN.gradient
def _sparse_sqrt_n_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    sizes = Maximum(_sizes(op.inputs[0], op.inputs[2]), cast(1, dy.dtype))
    return _to_rows(op, RealDiv(dy, sqrt(sizes)))


def _sizes_of_unsorted(data: Tensor, ids: Tensor, num_segments: Any) -> Tensor:
    """How many rows each segment has, at least 1, shaped to divide the segments' sums."""
    flags = ones(shape(ids), data.dtype.base_dtype)
    count = reshape(convert_to_tensor(num_segments), [1])
    counts = unsorted_segment_sum(flags, ids, num_segments)
    wide = reshape(counts, concat([cast(count, int32), _ones_behind(data, ids)], 0))
    return maximum(wide, cast(1, data.dtype.base_dtype))


def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The mean of slices of ``data`` with equal ids; 0 where there are none."""
    with name_scope(name, "UnsortedSegmentMean"):
        rows, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        sizes = _sizes_of_unsorted(rows, ids, num_segments)
        return RealDiv(unsorted_segment_sum(rows, ids, num_segments), sizes, name="truediv")  # type: ignore[no-any-return]


def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The sum of slices of ``data`` with equal ids over the root of their number."""
    with name_scope(name, "UnsortedSegmentSqrtN"):
        rows, ids = convert_to_tensor(data), convert_to_tensor(segment_ids)
        sizes = _sizes_of_unsorted(rows, ids, num_segments)
        summed = unsorted_segment_sum(rows, ids, num_segments)
        return RealDiv(summed, sqrt(sizes), name="truediv")  # type: ignore[no-any-return]
