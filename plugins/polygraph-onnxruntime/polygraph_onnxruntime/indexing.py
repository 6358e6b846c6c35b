"""Gather, scatter, segments, and results whose number depends on values."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

from polygraph_onnxruntime.elementwise import widened
from polygraph_onnxruntime.kernels import BOOL, I32, I64, U8
from polygraph_onnxruntime.order import argsort, order_key
from polygraph_onnxruntime.shaping import cut, take

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from polygraph_onnxruntime.writer import Ref


def gather(params: Ref, indices: Ref, *, axis: int, batch_dims: int) -> Ref:
    """Slices along ``axis``, indices clipped."""
    count = params.shape[axis]
    shape = (*params.shape[:axis], *indices.shape[batch_dims:], *params.shape[axis + 1 :])
    if not math.prod(shape):
        return params.full(0, shape)
    clipped = indices.binary("Max", 0).binary("Min", count - 1)
    if not batch_dims:
        return take(params, clipped, axis)
    batch = math.prod(params.shape[:batch_dims])
    outer = math.prod(params.shape[batch_dims:axis])
    inner = math.prod(params.shape[axis + 1 :])
    rows = params.reshape((batch, outer, count, inner)).transpose((0, 2, 1, 3))
    offsets = (np.arange(batch) * count).astype(indices.dtype)[:, None]
    places = clipped.reshape((batch, indices.size // batch)) + params.writer.constant(offsets)
    found = take(rows.reshape((batch * count, outer, inner)), places, 0)
    return found.transpose((0, 2, 1, 3)).reshape(shape)


def _rows(indices: Ref, count: int) -> Ref:
    """``[k, 1]`` indices; those out of range are ``count``."""
    wide = indices.cast(I64)
    inside = (wide >= 0) & (wide < count)
    return inside.where(wide, count).reshape((indices.size, 1))


def _scatter(whole: Ref, indices: Ref, updates: Ref, reduction: str = "none") -> Ref:
    """``whole`` with rows combined; indices out of range meet a row that is cut off again."""
    count = whole.shape[0]
    spare = whole.full(0, (1, *whole.shape[1:]))
    longer = whole.writer.concat([whole, spare], 0)
    operands = [longer, _rows(indices, count), updates]
    found = whole.writer.add("ScatterND", operands, whole.dtype, longer.shape, reduction=reduction)
    return cut(found, (0,) * whole.ndim, whole.shape)


def scatter_update(x: Ref, indices: Ref, updates: Ref) -> Ref:
    """``x`` with rows replaced."""
    return _scatter(x, indices, updates) if updates.size and x.size else x


def segment(reduction: str, start: Callable[[np.dtype[Any]], Any]) -> Callable[..., Ref]:
    """Rows combined by id, from ``start`` of the dtype."""

    @widened
    def combine(x: Ref, whole: Ref, ids: Ref) -> Ref:
        found = _scatter(whole, ids, x, reduction)
        if reduction in {"add", "mul"} or x.dtype.kind in "iu":
            return found
        # The kernel's comparisons overlook NaN.
        marks = x.is_nan().cast(I32)
        nan = _scatter(whole.writer.full(0, I32, whole.shape), ids, marks, "max")
        return nan.equals(0).where(found, np.nan)

    def lower(x: Ref, ids: Ref, *, num_segments: int) -> Ref:
        whole = x.full(start(x.dtype), (num_segments, *x.shape[1:]))
        return combine(x, whole, ids) if whole.size and x.size else whole

    return lower


def _lowest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).min if dtype.kind in "iu" else ml_dtypes.finfo(dtype).min  # type: ignore[no-untyped-call]


def _highest(dtype: np.dtype[Any]) -> Any:
    return np.iinfo(dtype).max if dtype.kind in "iu" else ml_dtypes.finfo(dtype).max  # type: ignore[no-untyped-call]


segment_sum = segment("add", lambda _: 0)
segment_prod = segment("mul", lambda _: 1)
segment_max = segment("max", _lowest)
segment_min = segment("min", _highest)


def _running_count(flags: Ref) -> Ref:
    """How many flags of a vector hold up to each."""
    at = flags.writer.constant(np.array(0, np.int64))
    return flags.writer.add("CumSum", [flags.cast(I32), at], I32, flags.shape)


def _total(flags: Ref) -> Ref:
    at = flags.writer.constant(np.array([0], np.int64))
    return flags.writer.add("ReduceSum", [flags.cast(I32), at], I32, (), keepdims=0)


def _placed(values: Ref, slots: Ref, chosen: Ref | None = None) -> Ref:
    """A vector with ``values[i]`` at ``slots[i]`` and zeros; only chosen ones, if told."""
    size = values.shape[0]
    slots = slots if chosen is None else chosen.where(slots, size)
    return _scatter(values.full(0), slots, values)


def nonzero_padded(x: Ref) -> tuple[Ref, Ref]:
    """Index tuples of the elements that are not zero, then zeros, and their number."""
    size, writer = x.size, x.writer
    if not size:
        return writer.full(0, I64, (size, x.ndim)), writer.full(0, I32, ())
    flat = x.reshape((size,))
    found = flat if x.dtype == BOOL else ~flat.equals(0)
    places = _placed(writer.iota(size), _running_count(found) - 1, found)
    columns = []
    for axis, dim in enumerate(x.shape):
        stride = math.prod(x.shape[axis + 1 :])
        columns.append((places / stride).binary("Mod", dim).reshape((size, 1)))
    table = writer.concat(columns, 1) if columns else writer.full(0, I64, (size, 0))
    return table, _total(found)


def unique_padded(x: Ref) -> tuple[Ref, Ref, Ref, Ref]:
    """Distinct elements in order of appearance, where each went, their counts and number."""
    size, writer = x.shape[0], x.writer
    if not size:
        empty = writer.full(0, I32, (0,))
        return x, empty, empty, writer.full(0, I32, ())
    keys = order_key(x)
    origin = argsort(keys, axis=0, descending=False)
    ordered = take(keys, origin, 0)
    opens = _differ_from_previous(ordered)
    if x.dtype.kind not in "biu":
        opens = opens | take(x, origin, 0).is_nan()
    group = _running_count(opens) - 1
    # Sorting is stable, so the element that opens a group is the first that appeared.
    opener = _placed(origin, group, opens)
    appears = ~_placed(opens.cast(U8), origin).equals(0)
    rank = _running_count(appears) - 1
    inverse = _placed(take(rank, take(opener, group, 0), 0), origin)
    values = _placed(x, rank, appears)
    ones = writer.full(1, I32, (size,))
    counts = _scatter(writer.full(0, I32, (size,)), inverse, ones, "add")
    return values, inverse, counts, _total(appears)


def _differ_from_previous(ordered: Ref) -> Ref:
    size = ordered.shape[0]
    first = ordered.writer.constant(np.ones(1, bool))
    if size == 1:
        return first
    later, earlier = cut(ordered, (1,), (size - 1,)), cut(ordered, (0,), (size - 1,))
    return ordered.writer.concat([first, ~later.equals(earlier)], 0)
