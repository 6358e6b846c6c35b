"""Elements told apart: distinct ones, parts by number, and parts put together again."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import ALL, INDEX, DType, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known, known_ints
from polygraph.ops import result_tuples as results
from polygraph.ops.gathering import gather
from polygraph.ops.index_checks import flat, place_text, require_all, require_indices
from polygraph.ops.operand_checks import refuse, static_dims
from polygraph.ops.packing import zeros_for_missing
from polygraph.ops.primitives import elementwise as ew, indexing as prims, reduction, shaping
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import shape, size

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "dynamic_partition",
    "dynamic_stitch",
    "setdiff1d",
    "unique",
    "unique_with_counts",
]

_I32 = np.dtype(np.int32)


def _vector_shapes(*lengths: str) -> Any:
    """Vectors: of the "same" length as the input, or of "any", not known before it runs."""

    def rule(context: ShapeContext) -> list[TensorShape]:
        given = context.shape(0)
        if given.ndims not in (1, None):
            msg = f"Shape must be rank 1 but is rank {given.ndims}"
            raise ShapeError(msg)
        length = given.as_tuple() or (None,)
        return [TensorShape(length if kind == "same" else [None]) for kind in lengths]

    return rule


def _distinct(x: Array, dtype: DType) -> tuple[Any, Any, Any]:
    if x.ndim != 1:
        refuse("unique expects a 1D vector.")
    values, places, counts, count = prims.unique_padded(x)
    number = int(known(count))
    return (
        prims.prefix(values, size=number),
        ew.cast(places, dtype=dtype.np_dtype),
        ew.cast(prims.prefix(counts, size=number), dtype=dtype.np_dtype),
    )


@graph_op(
    "Unique",
    "x: T -> y: T, idx: out_idx",
    shape=_vector_shapes("any", "same"),
    T=ALL,
    out_idx=INDEX,
)
def Unique(x: Array, *, out_idx: DType) -> tuple[Array, Array]:
    """The distinct elements in order of appearance, and where each element is among them."""
    return _distinct(x, out_idx)[:2]


@graph_op(
    "UniqueWithCounts",
    "x: T -> y: T, idx: out_idx, count: out_idx",
    shape=_vector_shapes("any", "same", "any"),
    T=ALL,
    out_idx=INDEX,
)
def UniqueWithCounts(x: Array, *, out_idx: DType) -> tuple[Array, Array, Array]:
    """`Unique`, and how often each distinct element comes."""
    return _distinct(x, out_idx)


@graph_op(
    "ListDiff",
    "x: T, y: T -> out: T, idx: out_idx",
    shape=_vector_shapes("any", "any"),
    T=ALL,
    out_idx=INDEX,
)
def ListDiff(x: Array, y: Array, *, out_idx: DType) -> tuple[Array, Array]:
    """The elements of ``x`` that are not in ``y``, in order, and where they are in ``x``."""
    if x.ndim != 1 or y.ndim != 1:
        refuse(f"x and y should be 1D vectors, not {list(x.shape)} and {list(y.shape)}.")
    column = shaping.reshape(x, shape=(x.shape[0], 1))
    found = reduction.reduce_any(ew.equal(column, y), axes=(1,), keepdims=False)
    places, count = prims.nonzero_padded(ew.logical_not(found))
    kept = flat(prims.prefix(places, size=int(known(count))))
    values = prims.gather(x, kept, axis=0, batch_dims=0) if x.size else x
    return values, ew.cast(kept, dtype=out_idx.np_dtype)


# Parts by number.


def _part_shapes(context: ShapeContext) -> list[TensorShape]:
    data, partitions = static_dims(context, 0), static_dims(context, 1)
    count = context.attrs["num_partitions"]
    if data is None or partitions is None:
        return [unknown_shape()] * count
    try:
        TensorShape(data[: len(partitions)]).merge_with(TensorShape(partitions))
    except ValueError as error:
        msg = (
            "data.shape must start with partitions.shape, got data.shape = "
            f"{data}, partitions.shape = {partitions}"
        )
        raise ShapeError(msg) from error
    return [TensorShape([None, *data[len(partitions) :]])] * count


@graph_op(
    "DynamicPartition",
    "data: T, partitions: int32 -> outputs: num_partitions*T",
    shape=_part_shapes,
    T=ALL,
)
def DynamicPartition(data: Array, partitions: Array, *, num_partitions: int) -> list[Array]:
    """The slices of ``data`` by the part that ``partitions`` says, in order.

    Only how many slices each part gets is asked for.
    """
    lead = partitions.shape
    if data.shape[: len(lead)] != lead:
        refuse(
            "data.shape must start with partitions.shape, got data.shape = "
            f"{list(data.shape)}, partitions.shape = {list(lead)}"
        )
    require_indices(partitions, num_partitions, "partitions")
    rows = shaping.reshape(data, shape=(math.prod(lead), *data.shape[len(lead) :]))
    ids = flat(partitions)
    ones = np.ones(ids.shape, _I32)
    counts = known_ints(prims.segment_sum(ones, ids, num_segments=num_partitions))
    if ids.size:
        order = prims.argsort(ids, axis=0, descending=False)
        rows = prims.gather(rows, order, axis=0, batch_dims=0)
    begin, end, strides = [0] * rows.ndim, list(rows.shape), (1,) * rows.ndim
    parts = []
    for count in counts:
        end[0] = begin[0] + count
        parts.append(
            shaping.strided_slice(rows, begin=tuple(begin), end=tuple(end), strides=strides)
        )
        begin[0] = end[0]
    return parts


@DynamicPartition.gradient
def _partition_gradient(op: Operation, *dys: Tensor | None) -> list[Tensor | None]:
    data, partitions = op.inputs
    places = reshape(range_of(size(partitions)), shape(partitions))
    parts = dynamic_partition(places, partitions, op.get_attr("num_partitions"))
    whole = dynamic_stitch(parts, zeros_for_missing(op, dys))
    return [reshape(whole, shape(data)), None]


def _stitched_shape(context: ShapeContext) -> TensorShape:
    count = len(context.inputs) // 2
    rest: TensorShape = unknown_shape()
    for index in range(count):
        indices, data = context.shape(index), context.shape(count + index)
        if indices.ndims is None or data.ndims is None:
            continue
        try:
            data[: indices.ndims].merge_with(indices)
        except ValueError as error:
            msg = (
                f"data[{index}].shape = {data} does not start with indices[{index}].shape = "
                f"{indices}"
            )
            raise ShapeError(msg) from error
        rest = rest.merge_with(data[indices.ndims :])
    if rest.ndims is None:
        return unknown_shape()
    return TensorShape([_stitched_length(context, count)]).concatenate(rest)


def _stitched_length(context: ShapeContext, count: int) -> int | None:
    values = [context.value(index) for index in range(count)]
    known_values = [value for value in values if value is not None]
    if len(known_values) < count:
        return None
    return max((int(value.max()) + 1 for value in known_values if value.size), default=0)


@graph_op(
    "DynamicStitch",
    "indices: N*int32, data: N*T -> merged: T",
    shape=_stitched_shape,
    T=ALL,
)
def DynamicStitch(indices: list[Array], data: list[Array]) -> Array:
    """``merged[indices[m][i]] = data[m][i]``; of equal indices the last one wins.

    Only the greatest index is asked for.
    """
    inner = data[0].shape[indices[0].ndim :]
    for index, (places, values) in enumerate(zip(indices, data, strict=True)):
        if values.shape != (*places.shape, *inner):
            refuse(
                f"data[{index}].shape = {list(values.shape)} does not start with "
                f"indices[{index}].shape = {list(places.shape)}"
            )
        message = f"indices{place_text(places.ndim)} is out of range"
        require_all(ew.greater_equal(places, np.array(0, _I32)), message)
    ids = shaping.concatenate(*map(flat, indices), axis=0)
    rows = shaping.concatenate(
        *(
            shaping.reshape(values, shape=(places.size, *inner))
            for places, values in zip(indices, data, strict=True)
        ),
        axis=0,
    )
    if not ids.size:
        return rows  # type: ignore[no-any-return]
    largest = reduction.reduce_max(ids, axes=(0,), keepdims=False)
    return _last_rows(rows, ids, max(int(known(largest)) + 1, 0))  # type: ignore[no-any-return]


def _last_rows(rows: Array, ids: Array, count: int) -> Any:
    """For each id the last row that has it; zeros where none has."""
    order = np.arange(ids.shape[0], dtype=_I32)
    last = prims.segment_max(order, ids, num_segments=count)
    found = prims.gather(rows, last, axis=0, batch_dims=0)
    wide = shaping.reshape(last, shape=(count, *(1,) * (rows.ndim - 1)))
    nothing = np.array(b"" if rows.dtype == object else 0, rows.dtype)
    return ew.select(ew.greater_equal(wide, np.array(0, _I32)), found, nothing)


@DynamicStitch.gradient
def _stitch_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    indices = op.inputs[: op.get_attr("N")]
    return [*[None for _ in indices], *[gather(dy, places) for places in indices]]


def unique(x: Any, out_idx: Any = int32, name: str | None = None) -> results.Unique:
    """The distinct elements of a vector in order of appearance, and each element's place there.

    Args:
      x: vector.
      out_idx: int32 or int64, the dtype of the places.
      name: of the operation.
    """
    return results.Unique(*Unique(x, out_idx=out_idx, name=name))


def unique_with_counts(
    x: Any, out_idx: Any = int32, name: str | None = None
) -> results.UniqueWithCounts:
    """`unique`, and how often each distinct element comes."""
    return results.UniqueWithCounts(*UniqueWithCounts(x, out_idx=out_idx, name=name))


def setdiff1d(
    x: Any, y: Any, index_dtype: Any = int32, name: str | None = None
) -> results.ListDiff:
    """The elements of vector ``x`` that are not in vector ``y``, and where they are in ``x``."""
    return results.ListDiff(*ListDiff(x, y, out_idx=index_dtype, name=name))


def dynamic_partition(
    data: Any, partitions: Any, num_partitions: int, name: str | None = None
) -> list[Tensor]:
    """The slices of ``data`` by the part that ``partitions`` says.

    Args:
      data: of shape ``partitions.shape + [...]``.
      partitions: int32, in ``[0, num_partitions)``.
      num_partitions: how many parts there are.
      name: of the operation.

    Raises:
      InvalidArgumentError: when it runs, a part's number is out of range.
    """
    return DynamicPartition(data, partitions, num_partitions=num_partitions, name=name)  # type: ignore[no-any-return]


def dynamic_stitch(indices: Any, data: Any, name: str | None = None) -> Tensor:
    """``merged[indices[m][i]] = data[m][i]``; undoes `dynamic_partition`.

    Args:
      indices: list of int32 tensors.
      data: list of tensors, each of shape ``indices[m].shape + [...]``.
      name: of the operation.
    """
    return DynamicStitch(list(indices), list(data), name=name)  # type: ignore[no-any-return]
