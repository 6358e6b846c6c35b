"""Gather, scatter, segments and order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from polygraph_tensorflow.broadcasting import broadcast_to
from polygraph_tensorflow.elementwise import (
    imag,
    numpy_dtype,
    raw,
    real,
    scalar,
    select,
    to_dtype,
)
from polygraph_tensorflow.shaping import ints, iota, reshape, transpose, zeros

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.plugin import Lowering


def _size(x: tf.Tensor) -> int:
    return math.prod(x.shape)


def gather(params: tf.Tensor, indices: tf.Tensor, *, axis: int, batch_dims: int) -> tf.Tensor:
    """Slices along ``axis``, indices clipped."""
    count = params.shape[axis]
    shape = (*params.shape[:axis], *indices.shape[batch_dims:], *params.shape[axis + 1 :])
    if not math.prod(shape):
        return zeros(shape, numpy_dtype(params))
    positive = raw.Maximum(x=indices, y=scalar(0, indices))
    clipped = raw.Minimum(x=positive, y=scalar(count - 1, indices))
    return raw.GatherV2(params=params, indices=clipped, axis=axis, batch_dims=batch_dims)


def scatter_update(x: tf.Tensor, indices: tf.Tensor, updates: tf.Tensor) -> tf.Tensor:
    """``x`` with rows replaced."""
    if not _size(updates) or not _size(x):
        return x
    column = reshape(indices, shape=(*indices.shape, 1))
    return raw.TensorScatterUpdate(
        tensor=x, indices=column, updates=updates, bad_indices_policy="IGNORE"
    )


def _ids(ids: tf.Tensor, count: int) -> tf.Tensor:
    """Ids with -1, which TensorFlow drops, for those that are too high."""
    return select(raw.Less(x=ids, y=scalar(count, ids)), ids, scalar(-1, ids))


def segment(node: Callable[..., tf.Tensor]) -> Lowering:
    """Rows combined by id, as a lowering."""

    def lower(x: tf.Tensor, ids: tf.Tensor, *, num_segments: int) -> tf.Tensor:
        kept = _ids(ids, num_segments)
        return node(data=x, segment_ids=kept, num_segments=np.int32(num_segments))

    return lower


def extreme_segment(node: Callable[..., tf.Tensor]) -> Lowering:
    """Like `segment`, with NaN where a row of a segment has it, which TensorFlow passes over."""
    plain, most = segment(node), segment(raw.UnsortedSegmentMax)

    def lower(x: tf.Tensor, ids: tf.Tensor, *, num_segments: int) -> tf.Tensor:
        result = plain(x, ids, num_segments=num_segments)
        if numpy_dtype(x).kind in "iu":
            return result
        flags = to_dtype(raw.IsNan(x=x), tf.int8)
        spoilt = most(flags, ids, num_segments=num_segments)
        return select(raw.Greater(x=spoilt, y=scalar(0, spoilt)), scalar(np.nan, x), result)

    return lower


_HALF = 2


def sort_keys(x: tf.Tensor) -> tf.Tensor:
    """Integers in the order of ``x``: equal where equal, zeros of either sign too; NaN is highest.

    The bits of a float are in order as they are where it is positive; those of a negative one are
    turned.
    """
    dtype = numpy_dtype(x)
    if dtype.kind in "iu":
        return x
    wide = to_dtype(x, tf.float32) if dtype.itemsize == _HALF else x
    integer = tf.int64 if wide.dtype == tf.float64 else tf.int32
    bits = raw.Bitcast(input=raw.AddV2(x=wide, y=scalar(0, wide)), type=integer)
    highest = scalar(np.iinfo(numpy_dtype(bits)).max, bits)
    turned = raw.BitwiseXor(x=bits, y=highest)
    keys = select(raw.Less(x=bits, y=scalar(0, bits)), turned, bits)
    return select(raw.IsNan(x=wide), highest, keys)


def _top(keys: tf.Tensor, count: int) -> tf.Tensor:
    """Indices of the greatest of the last axis; of equals the first comes first."""
    return raw.TopKV2(input=keys, k=np.int32(count), sorted=True).indices


def _swapped(x: tf.Tensor, axis: int) -> tf.Tensor:
    """``x`` with ``axis`` and the last one exchanged."""
    last = len(x.shape) - 1
    if axis == last:
        return x
    perm = list(range(last + 1))
    perm[axis], perm[last] = last, axis
    return transpose(x, perm=perm)


def _order(x: tf.Tensor, *, descending: bool) -> tf.Tensor:
    keys = sort_keys(x)
    return _top(keys if descending else raw.Invert(x=keys), x.shape[-1])


def _along(x: tf.Tensor, order: tf.Tensor) -> tf.Tensor:
    """Elements of the last axis at the places that ``order`` says."""
    batch = len(x.shape) - 1
    return raw.GatherV2(params=x, indices=order, axis=batch, batch_dims=batch)


def sort(x: tf.Tensor, *, axis: int, descending: bool) -> tf.Tensor:
    """Elements in order."""
    if not _size(x):
        return x
    rows = _swapped(x, axis)
    return _swapped(_along(rows, _order(rows, descending=descending)), axis)


def argsort(x: tf.Tensor, *, axis: int, descending: bool) -> tf.Tensor:
    """Indices that sort."""
    if not _size(x):
        return zeros(x.shape, np.int32)
    return _swapped(_order(_swapped(x, axis), descending=descending), axis)


def top_k(x: tf.Tensor, *, k: int) -> tuple[tf.Tensor, tf.Tensor]:
    """The greatest along the last axis."""
    shape = (*x.shape[:-1], k)
    if not math.prod(shape):
        return zeros(shape, numpy_dtype(x)), zeros(shape, np.int32)
    order = _top(sort_keys(x), k)
    return _along(x, order), order


def _padded(x: tf.Tensor, size: int) -> tf.Tensor:
    """A vector of unknown length with zeros behind it."""
    missing = raw.Sub(x=np.int32(size), y=raw.Size(input=x))
    paddings = raw.Reshape(tensor=raw.Pack(values=[np.int32(0), missing]), shape=ints([1, 2]))
    return raw.PadV2(input=x, paddings=paddings, constant_values=scalar(0, x))


def nonzero_padded(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Index tuples of the elements that are not zero, then zeros, and their number."""
    size = _size(x)
    if not size:
        return zeros((0, len(x.shape)), np.int64), zeros((), np.int32)
    flat = reshape(x, shape=(size,))
    found = flat if x.dtype == tf.bool else raw.NotEqual(x=flat, y=scalar(0, x))
    places = raw.Reshape(tensor=raw.Where(condition=found), shape=ints([-1]))
    every = _padded(places, size)
    columns = []
    for axis, dim in enumerate(x.shape):
        step = math.prod(x.shape[axis + 1 :])
        columns.append(raw.FloorMod(x=raw.FloorDiv(x=every, y=np.int64(step)), y=np.int64(dim)))
    table = raw.Pack(values=columns, axis=1) if columns else zeros((size, 0), np.int64)
    return table, raw.Size(input=places)


def _distinct(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """For each element the number of its equals' group, and how many each group has."""
    dtype = numpy_dtype(x)
    keys, axis = x, np.zeros(0, np.int64)
    if dtype.kind == "c":
        parts = [raw.AddV2(x=part, y=scalar(0, part)) for part in (real(x), imag(x))]
        keys, axis = raw.Pack(values=parts, axis=1), np.zeros(1, np.int64)
    elif dtype.kind not in "iub":
        wide = to_dtype(x, tf.float32) if dtype.itemsize == _HALF else x
        keys = raw.AddV2(x=wide, y=scalar(0, wide))
    found = raw.UniqueWithCountsV2(x=keys, axis=axis)
    return found.idx, found.count


def unique_padded(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor]:
    """Distinct elements in order of appearance, where each went, their counts and number."""
    size = x.shape[0]
    if not size:
        empty = zeros((0,), np.int32)
        return x, empty, empty, zeros((), np.int32)
    group, counts = _distinct(x)
    number = raw.Size(input=counts)
    first = raw.UnsortedSegmentMin(
        data=iota(dtype=np.dtype(np.int32), size=size), segment_ids=group, num_segments=number
    )
    values = raw.GatherV2(params=x, indices=first, axis=0)
    if x.dtype == tf.bool:
        values = raw.NotEqual(x=_padded(to_dtype(values, tf.int8), size), y=np.int8(0))
    else:
        values = _padded(values, size)
    return values, group, _padded(counts, size), number


def searchsorted(sequence: tf.Tensor, values: tf.Tensor, *, side: str) -> tf.Tensor:
    """Positions in sorted sequences, one for each row."""
    length = sequence.shape[-1]
    if not length or not _size(values):
        return zeros(values.shape, np.int32)
    node = raw.LowerBound if side == "left" else raw.UpperBound
    # Rows of both broadcast, but not in TensorFlow.
    batch = np.broadcast_shapes(tuple(sequence.shape[:-1]), tuple(values.shape[:-1]))
    rows = math.prod(batch)

    def table(x: tf.Tensor) -> tf.Tensor:
        wide = broadcast_to(sort_keys(x), shape=(*batch, x.shape[-1]))
        return reshape(wide, shape=(rows, x.shape[-1]))

    found = node(sorted_inputs=table(sequence), values=table(values), out_type=tf.int32)
    return reshape(found, shape=(*batch, values.shape[-1]))
