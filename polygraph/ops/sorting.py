"""Order: `sort`, `argsort`, `top_k`, `in_top_k`, `searchsorted`, `bincount`."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import (
    INDEX,
    REAL,
    DType,
    as_dtype,
    float32,
    float64,
    int16,
    int32,
    int64,
)
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import check
from polygraph.ops import result_tuples as results
from polygraph.ops.arithmetic import FloorMod, Mul, Neg, Sub, add, maximum, minimum
from polygraph.ops.casting import cast
from polygraph.ops.gathering import scatter_nd
from polygraph.ops.index_checks import flat
from polygraph.ops.logical import Equal, SelectV2, greater
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import known_int, refuse, static_dims, static_int
from polygraph.ops.packing import stack
from polygraph.ops.primitives import elementwise as ew, indexing as prims, reduction, shaping
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reduction import reduce_max, reduce_prod
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import rank, shape, size
from polygraph.ops.slicing import slice as slice_
from polygraph.ops.source_ops import constant
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["argsort", "bincount", "in_top_k", "searchsorted", "sort", "top_k"]

_I32 = np.dtype(np.int32)


# The largest.


def _top_shape(context: ShapeContext) -> list[TensorShape]:
    dims, count = static_dims(context, 0), static_int(context, 1)
    if dims is None:
        return [unknown_shape()] * 2
    if not dims:
        msg = "input must have at least one dimension: Shape must be at least rank 1 but is rank 0"
        raise ShapeError(msg)
    last = dims[-1]
    if count is not None and (count < 0 or (last is not None and count > last)):
        msg = f"input must have last dimension >= k = {count} but is {last}"
        raise ShapeError(msg)
    return [TensorShape([*dims[:-1], count])] * 2


@graph_op(
    "TopKV2",
    "input: T, k: Tk -> values: T, indices: index_type",
    shape=_top_shape,
    static=("k",),
    T=REAL,
    Tk=(int32, int64, int16),
    index_type=(int32, int64, int16),
)
def TopKV2(x: Array, k: Array, *, index_type: DType, sorted: bool = True) -> tuple[Array, Array]:  # noqa: ARG001
    """The largest elements along the last axis, largest first, and their indices."""
    count = known_int(k)
    if count < 0:
        refuse(f"Need k >= 0, got {count}")
    if not x.ndim:
        refuse("input must be >= 1-D, got shape []")
    if count > x.shape[-1]:
        refuse(f"input must have at least k columns. Had {x.shape[-1]}, needed {count}")
    values, indices = prims.top_k(x, k=count)
    return values, ew.cast(indices, dtype=index_type.np_dtype)


@TopKV2.gradient
def _top_gradient(op: Operation, dy: Tensor, _: Any) -> list[Tensor | None]:
    """Put each gradient back to where its value was taken from, row by row."""
    dims = shape(op.inputs[0])
    indices = op.outputs[1]
    ndims = size(dims)
    width = reshape(slice_(dims, stack([Sub(ndims, 1)]), [1]), [])
    count = reshape(slice_(shape(indices), stack([Sub(ndims, 1)]), [1]), [])
    rows = reduce_prod(slice_(dims, [0], stack([Sub(ndims, 1)])))
    starts = reshape(Mul(range_of(rows), width), stack([rows, 1]))
    places = add(reshape(cast(indices, int32), stack([rows, count])), starts)
    total = stack([Mul(rows, width)])
    put = scatter_nd(reshape(places, [-1, 1]), reshape(dy, [-1]), total)
    return [reshape(put, dims), None]


def _in_top_shape(context: ShapeContext) -> TensorShape:
    predictions, targets = context.shape(0), context.shape(1)
    if predictions.ndims not in (2, None):
        msg = f"Shape must be rank 2 but is rank {predictions.ndims}"
        raise ShapeError(msg)
    rows = predictions.as_tuple()
    return targets.merge_with(TensorShape([rows[0]] if rows else [None]))


@graph_op(
    "InTopKV2",
    "predictions: float32, targets: T, k: T -> precision: bool",
    shape=_in_top_shape,
    static=("k",),
    T=INDEX,
)
def InTopKV2(predictions: Array, targets: Array, k: Array) -> Array:
    """Whether the target's prediction is among the ``k`` largest of its row.

    Ties at the border count as in; a target out of range, or a row that is not finite at or above
    the target, counts as out.
    """
    if predictions.ndim != 2:  # noqa: PLR2004
        refuse("predictions must be 2-dimensional")
    rows, classes = predictions.shape
    if targets.shape != (rows,):
        refuse(f"First dimension of predictions {rows} must match length of targets {targets.size}")
    if not rows or not classes:
        return np.zeros((rows,), np.bool_)
    zero, limit = np.array(0, targets.dtype), np.array(classes, targets.dtype)
    valid = ew.logical_and(ew.greater_equal(targets, zero), ew.less(targets, limit))
    column = shaping.reshape(targets, shape=(rows, 1))
    chosen = prims.gather(predictions, column, axis=1, batch_dims=1)
    above = ew.cast(ew.greater(predictions, chosen), dtype=_I32)
    count = reduction.reduce_sum(above, axes=(1,), keepdims=False)
    finite = reduction.reduce_all(ew.is_finite(predictions), axes=(1,), keepdims=False)
    inside = ew.less(count, np.array(known_int(k), _I32))
    return ew.logical_and(ew.logical_and(valid, finite), inside)  # type: ignore[no-any-return]


@graph_op(
    "InTopK",
    "predictions: float32, targets: T -> precision: bool",
    shape=_in_top_shape,
    T=INDEX,
)
def InTopK(predictions: Array, targets: Array, *, k: int) -> Array:
    """`InTopKV2` with ``k`` as an attribute."""
    return InTopKV2.lower(predictions, targets, np.array(k, np.int32))  # type: ignore[no-any-return]


# Where a value belongs.


def _found_shape(context: ShapeContext) -> TensorShape:
    return context.shape(1)


def _bound(side: str) -> Any:
    def lower(sorted_inputs: Array, values: Array, *, out_type: DType) -> Array:
        if sorted_inputs.shape[:-1] != values.shape[:-1]:
            refuse(
                "Leading dim_size of both tensors must match: "
                f"{in_brackets(sorted_inputs.shape)} and {in_brackets(values.shape)}"
            )
        found = prims.searchsorted(sorted_inputs, values, side=side)
        return ew.cast(found, dtype=out_type.np_dtype)  # type: ignore[no-any-return]

    where = "before" if side == "left" else "behind"
    lower.__doc__ = f"Where each value belongs in its sorted row, {where} its equals."
    return lower


LowerBound = graph_op(
    "LowerBound",
    "sorted_inputs: T, values: T -> output: out_type",
    shape=_found_shape,
    T=REAL,
    out_type=INDEX,
)(_bound("left")).no_gradient()
UpperBound = graph_op(
    "UpperBound",
    "sorted_inputs: T, values: T -> output: out_type",
    shape=_found_shape,
    T=REAL,
    out_type=INDEX,
)(_bound("right")).no_gradient()


# Counting.


@graph_op(
    "Bincount",
    "arr: int32, size: int32, weights: T -> bins: T",
    shape=lambda context: TensorShape([static_int(context, 1)]),
    static=("size",),
    T=(int32, int64, float32, float64),
)
def Bincount(arr: Array, size: Array, weights: Array) -> Array:
    """How often, or with what weight, each number below ``size`` comes."""
    count = known_int(size)
    if count < 0:
        refuse(f"size ({count}) must be non-negative")
    if weights.size and weights.shape != arr.shape:
        refuse("Input indices and weights must have the same size.")
    ids = flat(arr)
    positive = ew.greater_equal(ids, np.array(0, _I32))
    good = reduction.reduce_all(positive, axes=(0,), keepdims=False)
    check(good, errors.InvalidArgumentError, "Input arr must be non-negative!")
    amounts = flat(weights) if weights.size else np.ones(ids.shape, weights.dtype)
    return prims.segment_sum(amounts, ids, num_segments=count)  # type: ignore[no-any-return]


# TF1's functions.


def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> results.TopKV2:
    """The ``k`` largest along the last axis, largest first, and their indices.

    Args:
      input: of rank 1 or more.
      k: int scalar, at most the size of the last axis.
      sorted: accepted for TF1's sake; the result is always sorted.
      name: of the operation.

    Returns:
      ``values`` and int32 ``indices``; of equal values the one with the lower index comes first.
    """
    return results.TopKV2(*TopKV2(input, k, sorted=sorted, name=name))


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether each target's prediction is among the ``k`` largest of its row.

    Args:
      predictions: float32 ``[batch, classes]``.
      targets: int32 or int64 ``[batch]``.
      k: int scalar.
      name: of the scope.
    """
    with name_scope(name, "in_top_k"):
        return InTopKV2(predictions, targets, k, name=name)  # type: ignore[no-any-return]


def _constant_axis(values: Tensor, axis: Any) -> int:
    """The axis, from the end where the rank is known.

    Raises:
      ValueError: it is no known scalar, or out of range.
    """
    known = convert_to_tensor(axis, name="axis").constant
    if known is None or known.ndim:
        msg = "axis must be a constant scalar"
        raise ValueError(msg)
    ndims = values.get_shape().ndims
    if ndims is None:
        return int(known)
    if not -ndims <= int(known) < ndims:
        msg = f"axis {int(known)} is out of range for a tensor of rank {ndims}"
        raise ValueError(msg)
    return int(known) % ndims - ndims


def _swapped_with_last(values: Tensor, axis: int) -> Any:
    """The permutation that swaps an axis and the last one."""
    ndims = values.get_shape().ndims
    if ndims is not None:
        perm = list(builtins.range(ndims))
        perm[axis], perm[-1] = perm[-1], perm[axis]
        return perm
    count = rank(values)
    axes, last = range_of(count), Sub(count, 1)
    here = FloorMod(axis, count)
    moved = SelectV2(Equal(axes, last), here, axes)
    return SelectV2(Equal(axes, here), last, moved)


def _negated(values: Tensor) -> Tensor:
    """Values in the opposite order, and no overflow: ``-x``, ``-1 - x`` or ``max - x``."""
    dtype = values.dtype.base_dtype
    if dtype.is_unsigned:
        return Sub(constant(dtype.max, dtype), values)  # type: ignore[no-any-return]
    if dtype.is_integer:
        return Sub(Neg(values), 1)  # type: ignore[no-any-return]
    return Neg(values)  # type: ignore[no-any-return]


def _ordered(values: Tensor, axis: int, direction: str) -> tuple[Tensor, Tensor]:
    if direction not in {"ASCENDING", "DESCENDING"}:
        msg = f"Direction should be one of ASCENDING, DESCENDING but is {direction!r}"
        raise ValueError(msg)
    upwards = direction == "ASCENDING"
    keys = _negated(values) if upwards else values
    perm = None if axis == -1 else _swapped_with_last(values, axis)
    if perm is not None:
        keys = transpose(keys, perm)
    dims = shape(keys)
    top, order = TopKV2(keys, reshape(slice_(dims, stack([Sub(size(dims), 1)]), [1]), []))
    if perm is not None:
        top, order = transpose(top, perm), transpose(order, perm)
    return (_negated(top) if upwards else top), order


def sort(
    values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None
) -> Tensor:
    """``values`` in order along an axis.

    Args:
      values: numeric, not complex.
      axis: constant int.
      direction: "ASCENDING" or "DESCENDING".
      name: of the scope.

    Raises:
      ValueError: the axis is not constant, or the direction is unknown.
    """
    with name_scope(name, "sort"):
        tensor = convert_to_tensor(values, name="values")
        return _ordered(tensor, _constant_axis(tensor, axis), direction)[0]


def argsort(
    values: Any,
    axis: Any = -1,
    direction: str = "ASCENDING",
    stable: bool = False,  # noqa: ARG001 - it always is
    name: str | None = None,
) -> Tensor:
    """The int32 indices that put ``values`` in order along an axis; equal elements keep theirs.

    Args:
      values: numeric, not complex.
      axis: constant int.
      direction: "ASCENDING" or "DESCENDING".
      stable: accepted for TF1's sake; the order of equal elements is always kept.
      name: of the scope.

    Raises:
      ValueError: the axis is not constant, or the direction is unknown.
    """
    with name_scope(name, "argsort"):
        tensor = convert_to_tensor(values, name="values")
        return _ordered(tensor, _constant_axis(tensor, axis), direction)[1]


def searchsorted(
    sorted_sequence: Any,
    values: Any,
    side: str = "left",
    out_type: Any = int32,
    name: str | None = None,
) -> Tensor:
    """Where each value belongs in the sorted last axis of ``sorted_sequence``.

    Args:
      sorted_sequence: ``[..., n]``, in rising order.
      values: ``[..., m]`` with the same leading dimensions.
      side: "left" (before its equals) or "right" (behind them).
      out_type: int32 or int64.
      name: of the operation.

    Raises:
      ValueError: ``side`` is neither.
      InvalidArgumentError: when it runs, the leading dimensions differ.
    """
    if side not in {"left", "right"}:
        msg = f"side must be either 'right' or 'left'.  Saw: {side}."
        raise ValueError(msg)
    op = LowerBound if side == "left" else UpperBound
    return op(sorted_sequence, values, out_type=as_dtype(out_type), name=name)  # type: ignore[no-any-return]


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """How often each number comes in ``arr``.

    Args:
      arr: int32, not negative.
      weights: of the shape of ``arr``; summed up instead of counting.
      minlength: the least length of the result.
      maxlength: the greatest; numbers from there on are left out.
      dtype: of the result without weights.
      name: of the scope.

    Returns:
      A vector one longer than the greatest number, within the given bounds.
    """
    with name_scope(name, "bincount"):
        numbers = convert_to_tensor(arr, int32, name="arr")
        filled = cast(greater(reduce_prod(shape(numbers)), 0), int32)
        length = Mul(filled, add(reduce_max(numbers), 1))
        if minlength is not None:
            length = maximum(convert_to_tensor(minlength, int32, name="minlength"), length)
        if maxlength is not None:
            length = minimum(convert_to_tensor(maxlength, int32, name="maxlength"), length)
        if weights is None:
            weights = constant([], as_dtype(dtype))
        return Bincount(numbers, length, weights)  # type: ignore[no-any-return]
