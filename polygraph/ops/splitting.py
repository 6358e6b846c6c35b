"""`split`: a tensor taken apart along an axis."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, int8, int32, int64
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import Dimension, TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.joining import concat
from polygraph.ops.operand_checks import (
    known_int,
    normal_axis,
    refuse,
    static_axis,
    static_dims,
    static_int,
)
from polygraph.ops.packing import zeros_for_missing
from polygraph.ops.primitives import shaping as prims

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["split"]


def _pieces(value: Array, sizes: Sequence[int], axis: int) -> list[Array]:
    begin, end, strides = [0] * value.ndim, list(value.shape), (1,) * value.ndim
    results = []
    position = 0
    for size in sizes:
        begin[axis], end[axis] = position, position + size
        results.append(
            prims.strided_slice(value, begin=tuple(begin), end=tuple(end), strides=strides)
        )
        position += size
    return results


def _with_sizes(dims: list[int | None], axis: int, sizes: Sequence[int | None]) -> list[Any]:
    return [TensorShape([*dims[:axis], size, *dims[axis + 1 :]]) for size in sizes]


def _split_shape(context: ShapeContext) -> list[Any]:
    count = context.attrs["num_split"]
    dims, axis = static_dims(context, 1), static_int(context, 0)
    if dims is None:
        return [unknown_shape()] * count
    if axis is None:
        return [TensorShape([None] * len(dims))] * count
    axis = static_axis(axis, len(dims), "split dim")
    whole = dims[axis]
    if whole is not None and whole % count:
        msg = (
            f"Dimension size must be evenly divisible by {count} but is {whole}: "
            "Number of ways to split should evenly divide the split dimension"
        )
        raise ShapeError(msg)
    return _with_sizes(dims, axis, [None if whole is None else whole // count] * count)


@graph_op(
    "Split",
    "split_dim: int32, value: T -> output: num_split*T",
    shape=_split_shape,
    static=("split_dim",),
    T=ALL,
)
def Split(split_dim: Array, value: Array, *, num_split: int) -> list[Array]:
    """Pieces of equal size along an axis."""
    axis = normal_axis(known_int(split_dim), value.ndim, "split_dim")
    if num_split <= 0 or value.shape[axis] % num_split:
        refuse(
            "Number of ways to split should evenly divide the split dimension, but got split_dim "
            f"{axis} (size = {value.shape[axis]}) and num_split {num_split}"
        )
    return _pieces(value, [value.shape[axis] // num_split] * num_split, axis)


def _static_sizes(context: ShapeContext, count: int, whole: int | None) -> list[int | None]:
    given = context.partial(1)
    sizes: list[int | None] = [None] * count if given is None else list(given)
    if sizes.count(-1) > 1:
        msg = f"size_splits can only have one -1, not {sizes}"
        raise ShapeError(msg)
    known = [size for size in sizes if size not in (None, -1)]
    if len(known) == count - 1 and whole is not None and sum(known) <= whole:
        return [whole - sum(known) if size in (None, -1) else size for size in sizes]
    if len(known) == count and whole is not None and sum(known) != whole:
        msg = f"can't split axis of size {whole} into pieces of size {known}"
        raise ShapeError(msg)
    return [None if size == -1 else size for size in sizes]


def _split_v_shape(context: ShapeContext) -> list[Any]:
    count = context.attrs["num_split"]
    dims, axis = static_dims(context, 0), static_int(context, 2)
    if dims is None:
        return [unknown_shape()] * count
    if axis is None:
        return [TensorShape([None] * len(dims))] * count
    axis = static_axis(axis, len(dims), "split dim")
    return _with_sizes(dims, axis, _static_sizes(context, count, dims[axis]))


@graph_op(
    "SplitV",
    "value: T, size_splits: Tlen, split_dim: int32 -> output: num_split*T",
    shape=_split_v_shape,
    static=("size_splits", "split_dim"),
    T=ALL,
    Tlen=(int64, int32, int8),
)
def SplitV(value: Array, size_splits: Array, split_dim: Array, *, num_split: int) -> list[Array]:
    """Pieces of the given sizes along an axis; one size may be -1, which takes the rest."""
    sizes = list(known_ints(size_splits))
    axis = normal_axis(known_int(split_dim), value.ndim, "split_dim")
    whole = value.shape[axis]
    if size_splits.ndim != 1 or len(sizes) != num_split:
        refuse(
            "size of the split_tensor must be 1-D and have the same elements as outputs: "
            f"{num_split}, got shape {list(size_splits.shape)}"
        )
    rest = whole - sum(size for size in sizes if size != -1)
    holes = sizes.count(-1)
    if holes > 1 or min(sizes, default=0) < -1 or rest < 0 or (rest and not holes):
        refuse(
            "Determined shape must either match input shape along split_dim exactly if fully "
            "specified, or be less than the size of the input along split_dim if not fully "
            f"specified. Got: {sizes} for a dimension of size {whole}"
        )
    return _pieces(value, [rest if size == -1 else size for size in sizes], axis)


@Split.gradient
def _split_gradient(op: Operation, *dys: Tensor | None) -> list[Tensor | None]:
    return [None, concat(zeros_for_missing(op, dys), op.inputs[0])]


@SplitV.gradient
def _split_v_gradient(op: Operation, *dys: Tensor | None) -> list[Tensor | None]:
    return [concat(zeros_for_missing(op, dys), op.inputs[2]), None, None]


def split(
    value: Any,
    num_or_size_splits: Any,
    axis: Any = 0,
    num: int | None = None,
    name: str = "split",
) -> list[Tensor]:
    """``value`` taken apart along an axis.

    Args:
      value: a tensor or what converts to one.
      num_or_size_splits: an int, the number of equal pieces; or an int vector, their sizes, of
        which one may be -1.
      axis: int scalar.
      num: how many sizes there are, where their number is not known while the graph is built.
      name: of the operation.

    Raises:
      ValueError: the sizes do not fit the axis, or their number is not known.
    """
    if isinstance(num_or_size_splits, int | np.integer | Dimension):
        if int(num_or_size_splits) < 1:
            msg = f"split needs at least 1 piece, not {num_or_size_splits}"
            raise ValueError(msg)
        return Split(axis, value, num_split=int(num_or_size_splits), name=name)  # type: ignore[no-any-return]
    sizes = convert_to_tensor(num_or_size_splits)
    if sizes.get_shape().ndims == 0:
        msg = "Rank-0 tensors are not supported as the num_or_size_splits argument to split."
        raise ValueError(msg)
    if not sizes.dtype.is_integer:
        sizes = convert_to_tensor(num_or_size_splits, int32)
    if num is None:
        num = sizes.get_shape().num_elements()
        if num is None:
            msg = f"Cannot infer argument `num` from shape {num_or_size_splits}"
            raise ValueError(msg)
    return SplitV(value, sizes, axis, num_split=num, name=name)  # type: ignore[no-any-return]
