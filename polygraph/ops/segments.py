"""Sums, products, means and extremes over the rows that share an id."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import FLOATING, INDEX, NUMERIC, REAL, int16
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import check, known
from polygraph.ops.index_checks import inside, place_text, require_all
from polygraph.ops.operand_checks import known_int, refuse, static_dims, static_int
from polygraph.ops.primitives import elementwise as ew, indexing as prims, reduction, shaping

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "segment_max",
    "segment_mean",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "sparse_segment_mean",
    "sparse_segment_sqrt_n",
    "sparse_segment_sum",
    "unsorted_segment_max",
    "unsorted_segment_min",
    "unsorted_segment_prod",
    "unsorted_segment_sum",
]

_INDEX = (*INDEX, int16)


def _wide_ids(ids: Array) -> Any:
    narrow = ids.dtype not in (np.dtype(np.int32), np.dtype(np.int64))
    return ew.cast(ids, dtype=np.dtype(np.int32)) if narrow else ids


# Ids in any order, the number of segments given.


def _unsorted_shape(context: ShapeContext) -> TensorShape:
    data, ids = static_dims(context, 0), static_dims(context, 1)
    count = static_int(context, 2)
    if count is not None and count < 0:
        msg = f"Dimension size, given by scalar input 2, must be non-negative but is {count}"
        raise ShapeError(msg)
    if data is None or ids is None:
        return unknown_shape()
    if len(ids) > len(data):
        msg = f"data.shape = {data} does not start with segment_ids.shape = {ids}"
        raise ShapeError(msg)
    try:
        TensorShape(data[: len(ids)]).merge_with(TensorShape(ids))
    except ValueError as error:
        msg = f"data.shape = {data} does not start with segment_ids.shape = {ids}"
        raise ShapeError(msg) from error
    return TensorShape([count, *data[len(ids) :]])


def _check_unsorted(ids: Array, count: int) -> None:
    below = ew.less(ids, np.array(count, ids.dtype))
    message = f"segment_ids{place_text(ids.ndim)} = {{}} is out of range [0, {count})"
    require_all(below, message, ids)


def _unsorted(op_type: str, primitive: Op, dtypes: tuple[DType, ...], doc: str) -> OpDef:
    def lower(data: Array, segment_ids: Array, num_segments: Array) -> Array:
        count, shape = known_int(num_segments), segment_ids.shape
        if count < 0:
            refuse(f"Input num_segments == {count} must not be negative.")
        if data.shape[: len(shape)] != shape:
            refuse(
                f"data.shape = {list(data.shape)} does not start with segment_ids.shape = "
                f"{list(shape)}"
            )
        _check_unsorted(segment_ids, count)
        rows = shaping.reshape(data, shape=(math.prod(shape), *data.shape[len(shape) :]))
        ids = shaping.reshape(_wide_ids(segment_ids), shape=(math.prod(shape),))
        return primitive(rows, ids, num_segments=count)  # type: ignore[no-any-return]

    lower.__doc__ = doc
    return graph_op(
        op_type,
        "data: T, segment_ids: Tindices, num_segments: Tnumsegments -> output: T",
        shape=_unsorted_shape,
        static=("num_segments",),
        T=dtypes,
        Tindices=_INDEX,
        Tnumsegments=INDEX,
    )(lower)


UnsortedSegmentSum = _unsorted(
    "UnsortedSegmentSum",
    prims.segment_sum,
    NUMERIC,
    "Rows with equal ids added up; negative ids are dropped.",
)
UnsortedSegmentProd = _unsorted(
    "UnsortedSegmentProd",
    prims.segment_prod,
    NUMERIC,
    "Rows with equal ids multiplied; negative ids are dropped.",
)
UnsortedSegmentMax = _unsorted(
    "UnsortedSegmentMax",
    prims.segment_max,
    REAL,
    "The maximum of rows with equal ids; negative ids are dropped.",
)
UnsortedSegmentMin = _unsorted(
    "UnsortedSegmentMin",
    prims.segment_min,
    REAL,
    "The minimum of rows with equal ids; negative ids are dropped.",
)


# Ids in rising order; there are as many segments as the last id says.


def _sorted_shape(context: ShapeContext) -> TensorShape:
    data, ids = static_dims(context, 0), context.shape(1)
    if ids.ndims not in (1, None):
        msg = f"segment_ids should be a vector: Shape must be rank 1 but is rank {ids.ndims}"
        raise ShapeError(msg)
    return unknown_shape() if data is None else TensorShape([None, *data[1:]])


def _check_sorted(ids: Array) -> None:
    if not ids.size:
        return
    count = ids.shape[0]
    one = {"strides": (1,)}
    before = shaping.strided_slice(ids, begin=(0,), end=(count - 1,), **one)
    after = shaping.strided_slice(ids, begin=(1,), end=(count,), **one)
    flags = ew.less_equal(before, after)
    rising = reduction.reduce_all(flags, axes=(0,), keepdims=False)
    check(rising, errors.InvalidArgumentError, "segment ids are not increasing")
    first = prims.gather(ids, np.array(0, np.int32), axis=0, batch_dims=0)
    last = prims.gather(ids, np.array(count - 1, np.int32), axis=0, batch_dims=0)
    check(
        ew.greater_equal(first, np.array(0, ids.dtype)),
        errors.InvalidArgumentError,
        "Segment id {} out of range [0, {}), possibly because 'segment_ids' input is not sorted.",
        details=(first, ew.add(last, np.array(1, ids.dtype))),
    )


def segment_count(ids: Array) -> int:
    """How many segments rising ids make: one more than the last says."""
    if not ids.size:
        return 0
    largest = reduction.reduce_max(ids, axes=(0,), keepdims=False)
    return max(int(known(largest)) + 1, 0)


def _require_vector(data: Array, ids: Array) -> None:
    if ids.ndim != 1:
        refuse("segment_ids should be a vector.")
    if not data.ndim or data.shape[0] != ids.shape[0]:
        refuse("segment_ids should be the same size as dimension 0 of input.")


def _present(rows: Array, ids: Array, count: int) -> Any:
    """For each segment how many rows it has, shaped to broadcast against the result."""
    ones = np.ones(ids.shape, np.int32)
    counts = prims.segment_sum(ones, ids, num_segments=count)
    return shaping.reshape(counts, shape=(count, *(1,) * (rows.ndim - 1)))


def _zero_where_absent(result: Array, rows: Array, ids: Array) -> Any:
    counts = _present(rows, ids, result.shape[0])
    here = ew.greater(counts, np.array(0, np.int32))
    return ew.select(here, result, np.zeros((), result.dtype))


def _mean(rows: Array, ids: Array, count: int, *, root: bool = False) -> Any:
    counts = ew.maximum(_present(rows, ids, count), np.array(1, np.int32))
    wide = rows if rows.dtype.itemsize > 2 else ew.cast(rows, dtype=np.dtype(np.float32))  # noqa: PLR2004
    divisor = ew.cast(counts, dtype=wide.dtype)
    total = prims.segment_sum(wide, ids, num_segments=count)
    if wide.dtype.kind in "iu":
        return ew.truncate_divide(total, divisor)
    mean = ew.divide(total, ew.sqrt(divisor) if root else divisor)
    return ew.cast(mean, dtype=rows.dtype)


def _sum(rows: Array, ids: Array, count: int) -> Any:
    return prims.segment_sum(rows, ids, num_segments=count)


def _prod(rows: Array, ids: Array, count: int) -> Any:
    return prims.segment_prod(rows, ids, num_segments=count)


def _max(rows: Array, ids: Array, count: int) -> Any:
    return _zero_where_absent(prims.segment_max(rows, ids, num_segments=count), rows, ids)


def _min(rows: Array, ids: Array, count: int) -> Any:
    return _zero_where_absent(prims.segment_min(rows, ids, num_segments=count), rows, ids)


def _sorted(op_type: str, combine: Any, dtypes: tuple[DType, ...], doc: str) -> OpDef:
    def lower(data: Array, segment_ids: Array) -> Array:
        _require_vector(data, segment_ids)
        _check_sorted(segment_ids)
        return combine(data, segment_ids, segment_count(segment_ids))  # type: ignore[no-any-return]

    lower.__doc__ = doc
    return graph_op(
        op_type,
        "data: T, segment_ids: Tindices -> output: T",
        shape=_sorted_shape,
        T=dtypes,
        Tindices=INDEX,
    )(lower)


SegmentSum = _sorted(
    "SegmentSum", _sum, NUMERIC, "Rows with equal ids added up; ids must not fall."
)
SegmentProd = _sorted(
    "SegmentProd", _prod, NUMERIC, "Rows with equal ids multiplied; ids must not fall."
)
SegmentMean = _sorted(
    "SegmentMean", _mean, NUMERIC, "The mean of rows with equal ids; ids must not fall."
)
SegmentMax = _sorted(
    "SegmentMax", _max, REAL, "The maximum of rows with equal ids; ids must not fall."
)
SegmentMin = _sorted(
    "SegmentMin", _min, REAL, "The minimum of rows with equal ids; ids must not fall."
)


# Rows picked by index first.


def _sparse_shape(context: ShapeContext) -> TensorShape:
    data = static_dims(context, 0)
    return unknown_shape() if data is None else TensorShape([None, *data[1:]])


def _sparse(op_type: str, combine: Any, dtypes: tuple[DType, ...], doc: str) -> OpDef:
    def lower(data: Array, indices: Array, segment_ids: Array) -> Array:
        if indices.shape != segment_ids.shape or indices.ndim != 1:
            refuse("segment_ids and indices should have same size.")
        limit = data.shape[0]
        message = f"Bad: indices[{{}}] == {{}} out of range [0, {limit})"
        require_all(inside(indices, limit), message, indices)
        _check_sorted(segment_ids)
        rows = prims.gather(data, indices, axis=0, batch_dims=0)
        return combine(rows, segment_ids, segment_count(segment_ids))  # type: ignore[no-any-return]

    lower.__doc__ = doc
    return graph_op(
        op_type,
        "data: T, indices: Tidx, segment_ids: Tsegmentids -> output: T",
        shape=_sparse_shape,
        T=dtypes,
        Tidx=INDEX,
        Tsegmentids=INDEX,
    )(lower)


def _scaled_sum(rows: Array, ids: Array, count: int) -> Any:
    return _mean(rows, ids, count, root=True)


SparseSegmentSum = _sparse(
    "SparseSegmentSum", _sum, REAL, "`SegmentSum` of the rows at ``indices``."
)
SparseSegmentMean = _sparse(
    "SparseSegmentMean", _mean, FLOATING, "`SegmentMean` of the rows at ``indices``."
)
SparseSegmentSqrtN = _sparse(
    "SparseSegmentSqrtN",
    _scaled_sum,
    FLOATING,
    "`SegmentSum` of the rows at ``indices`` over the root of their number.",
)


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Rows of ``data`` with equal ids added up; ids are a rising vector."""
    return SegmentSum(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_prod(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """Rows of ``data`` with equal ids multiplied; ids are a rising vector."""
    return SegmentProd(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_mean(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The mean of the rows of ``data`` with equal ids; ids are a rising vector."""
    return SegmentMean(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_max(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The maximum of the rows of ``data`` with equal ids; ids are a rising vector."""
    return SegmentMax(data, segment_ids, name=name)  # type: ignore[no-any-return]


def segment_min(data: Any, segment_ids: Any, name: str | None = None) -> Tensor:
    """The minimum of the rows of ``data`` with equal ids; ids are a rising vector."""
    return SegmentMin(data, segment_ids, name=name)  # type: ignore[no-any-return]


def unsorted_segment_sum(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Slices of ``data`` with equal ids added up.

    Args:
      data: of shape ``segment_ids.shape + [...]``.
      segment_ids: int tensor below ``num_segments``; negative ids are dropped.
      num_segments: int scalar, the first dimension of the result.
      name: of the operation.
    """
    return UnsortedSegmentSum(data, segment_ids, num_segments, name=name)  # type: ignore[no-any-return]


def unsorted_segment_prod(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """Slices of ``data`` with equal ids multiplied; 1 where there are none."""
    return UnsortedSegmentProd(data, segment_ids, num_segments, name=name)  # type: ignore[no-any-return]


def unsorted_segment_max(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The maximum of slices of ``data`` with equal ids; the dtype's lowest where there are none."""
    return UnsortedSegmentMax(data, segment_ids, num_segments, name=name)  # type: ignore[no-any-return]


def unsorted_segment_min(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Tensor:
    """The minimum of slices with equal ids; the dtype's highest where there are none."""
    return UnsortedSegmentMin(data, segment_ids, num_segments, name=name)  # type: ignore[no-any-return]


def sparse_segment_sum(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """`segment_sum` of the rows of ``data`` at ``indices``."""
    return SparseSegmentSum(data, indices, segment_ids, name=name)  # type: ignore[no-any-return]


def sparse_segment_mean(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """`segment_mean` of the rows of ``data`` at ``indices``."""
    return SparseSegmentMean(data, indices, segment_ids, name=name)  # type: ignore[no-any-return]


def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None
) -> Tensor:
    """`sparse_segment_sum` over the square root of the number of rows in each segment."""
    return SparseSegmentSqrtN(data, indices, segment_ids, name=name)  # type: ignore[no-any-return]
