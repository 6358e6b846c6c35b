"""`one_hot`, `IndexedSlices` as tensors, grids; and the names of all that works by index."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import (
    convert_to_tensor,
    register_tensor_conversion_function,
)
from polygraph.core.ground.dtypes import (
    ALL,
    INDEX,
    DType,
    as_dtype,
    float32,
    int8,
    int32,
    int64,
    uint8,
)
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.arithmetic import multiply
from polygraph.ops.filling import ones
from polygraph.ops.gathering import batch_gather, gather, gather_nd, scatter_nd
from polygraph.ops.index_checks import coordinates, flat, require_all
from polygraph.ops.masking import boolean_mask, sequence_mask, where
from polygraph.ops.operand_checks import known_int, refuse, static_dims, static_int
from polygraph.ops.partitioning import (
    dynamic_partition,
    dynamic_stitch,
    setdiff1d,
    unique,
    unique_with_counts,
)
from polygraph.ops.primitives import elementwise as ew, indexing as prims, shaping
from polygraph.ops.reshaping import reshape, squeeze
from polygraph.ops.segments import unsorted_segment_sum
from polygraph.ops.shape_queries import size
from polygraph.ops.slicing import slice as slice_
from polygraph.ops.sorting import argsort, bincount, searchsorted, sort
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_scatter import (
    tensor_scatter_add,
    tensor_scatter_sub,
    tensor_scatter_update,
)
from polygraph.ops.transposing import InvertPermutation

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.trace import Array

__all__ = [
    "argsort",
    "batch_gather",
    "bincount",
    "boolean_mask",
    "dynamic_partition",
    "dynamic_stitch",
    "gather",
    "gather_nd",
    "invert_permutation",
    "meshgrid",
    "one_hot",
    "scatter_nd",
    "searchsorted",
    "sequence_mask",
    "setdiff1d",
    "sort",
    "tensor_scatter_add",
    "tensor_scatter_sub",
    "tensor_scatter_update",
    "unique",
    "unique_with_counts",
    "unravel_index",
    "where",
]


def _to_dense(value: IndexedSlices, dtype: Any = None, name: str | None = None, **_: Any) -> Tensor:
    """The whole tensor: rows at their indices, equal indices added up, zeros elsewhere.

    Raises:
      ValueError: the shape of the whole is not known, or ``dtype`` is another.
    """
    if dtype is not None and not as_dtype(dtype).is_compatible_with(value.dtype):
        msg = (
            f"Tensor conversion requested dtype {as_dtype(dtype).name} for IndexedSlices with "
            f"dtype {value.dtype.name}"
        )
        raise ValueError(msg)
    if value.dense_shape is None:
        msg = (
            "Tensor conversion requested for IndexedSlices without dense_shape: "
            f"{value!r}; the number of rows is not known"
        )
        raise ValueError(msg)
    rows = squeeze(slice_(value.dense_shape, [0], [1]))
    result = unsorted_segment_sum(value.values, value.indices, rows, name=name)
    result.set_shape(TensorShape([None]).concatenate(value.values.get_shape()[1:]))
    return result


register_tensor_conversion_function(IndexedSlices, _to_dense)


# One-hot.


def _one_hot_shape(context: ShapeContext) -> TensorShape:
    dims, depth, axis = static_dims(context, 0), static_int(context, 1), context.attrs["axis"]
    if axis < -1:
        msg = "axis must be >= -1"
        raise ShapeError(msg)
    if depth is not None and depth < 0:
        msg = f"depth must be non-negative, got: {depth}"
        raise ShapeError(msg)
    if dims is None:
        return unknown_shape()
    if axis > len(dims):
        return unknown_shape(len(dims) + 1)  # refused when it runs, as in TF1
    place = len(dims) if axis == -1 else axis
    return TensorShape([*dims[:place], depth, *dims[place:]])


@graph_op(
    "OneHot",
    "indices: TI, depth: int32, on_value: T, off_value: T -> output: T",
    shape=_one_hot_shape,
    static=("depth",),
    T=ALL,
    TI=(int64, int32, uint8, int8),
)
def OneHot(
    indices: Array, depth: Array, on_value: Array, off_value: Array, *, axis: int = -1
) -> Array:
    """``on_value`` where the new axis counts to the index, elsewhere ``off_value``."""
    count = known_int(depth)
    if not -1 <= axis <= indices.ndim:
        refuse(f"Expected axis to be -1 or between [0, {indices.ndim + 1}).  But received: {axis}")
    if count < 0:
        refuse(f"depth must be non-negative, got: {count}")
    place = indices.ndim if axis == -1 else axis
    on, off = (shaping.reshape(value, shape=()) for value in (on_value, off_value))
    return prims.one_hot(indices, on, off, depth=count, axis=place)  # type: ignore[no-any-return]


OneHot.no_gradient()


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """A new axis that is ``on_value`` at the index and ``off_value`` elsewhere.

    Args:
      indices: ints; one out of range gives ``off_value`` all along.
      depth: int scalar, the size of the new axis.
      on_value: scalar, 1 by default.
      off_value: scalar, 0 by default.
      axis: where the new axis is in the result; the last by default.
      dtype: of the result, by default that of the values, else float32.
      name: of the operation.

    Raises:
      TypeError: the dtypes of values and ``dtype`` differ.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    with name_scope(name, "one_hot", [indices, depth, on_value, off_value]) as scope:
        on = _hot_value(on_value, 1, wanted, off_value, "on_value")
        off = _hot_value(off_value, 0, on.dtype.base_dtype, None, "off_value")
        return OneHot(indices, depth, on, off, axis=-1 if axis is None else axis, name=scope)  # type: ignore[no-any-return]


def _hot_value(value: Any, default: int, dtype: DType | None, other: Any, what: str) -> Tensor:
    """``value``, or the default in the dtype that is asked for or that the other value has."""
    if value is not None:
        if isinstance(value, Tensor) and dtype not in (None, value.dtype.base_dtype):
            msg = f"dtype {value.dtype.name} of {what} does not match dtype {dtype}"
            raise TypeError(msg)
        return convert_to_tensor(value, dtype, name=what)
    if dtype is None:
        dtype = float32 if other is None else convert_to_tensor(other).dtype.base_dtype
    return constant(dtype.np_dtype.type(default), dtype, name=what)


# Permutations, positions and grids.


def invert_permutation(x: Any, name: str | None = None) -> Tensor:
    """The permutation that undoes ``x``: ``y[x[i]] = i``.

    Raises:
      InvalidArgumentError: when it runs, ``x`` is no permutation of ``0 ... n - 1``.
    """
    return InvertPermutation(x, name=name)  # type: ignore[no-any-return]


def _unravelled_shape(context: ShapeContext) -> TensorShape:
    ndims = context.shape(1).num_elements()
    indices = context.shape(0)
    if indices.ndims is None:
        return unknown_shape()
    if indices.ndims == 0:
        return TensorShape([ndims])
    return TensorShape([ndims, indices.num_elements()])


@graph_op(
    "UnravelIndex",
    "indices: Tidx, dims: Tidx -> output: Tidx",
    shape=_unravelled_shape,
    static=("dims",),
    Tidx=INDEX,
)
def UnravelIndex(indices: Array, dims: Array) -> Array:
    """Index tuples, as columns, of row-major positions in a tensor of shape ``dims``."""
    sizes = known_ints(dims)
    if indices.ndim > 1 or dims.ndim != 1:
        refuse(f"The indices can only be scalar or vector, got {list(indices.shape)}")
    if min(sizes, default=1) <= 0:
        refuse(f"Input dims cannot contain a dim of zero or less, got {list(sizes)}")
    limit = np.array(np.prod(sizes, dtype=np.int64), indices.dtype)
    positions = flat(indices)
    require_all(ew.less(positions, limit), "index is out of bound as with dims", names_place=False)
    result = shaping.stack(*coordinates(positions, sizes), axis=0)
    return shaping.reshape(result, shape=(len(sizes), *indices.shape))  # type: ignore[no-any-return]


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Tensor:
    """Index tuples of row-major positions.

    Args:
      indices: int scalar or vector of n positions.
      dims: int vector, the shape they are positions in.
      name: of the operation.

    Returns:
      ``[rank]`` or ``[rank, n]``.
    """
    return UnravelIndex(indices, dims, name=name)  # type: ignore[no-any-return]


def meshgrid(*args: Any, **kwargs: Any) -> list[Tensor]:
    """For each of N vectors an N-dimensional grid that repeats it along the other axes.

    Args:
      *args: vectors, of one dtype.
      **kwargs: ``indexing``: "xy" (the first two axes change places, the default) or "ij";
        ``name``: of the scope.

    Raises:
      TypeError: an unknown keyword.
      ValueError: ``indexing`` is neither.
    """
    indexing = kwargs.pop("indexing", "xy")
    name = kwargs.pop("name", "meshgrid")
    if kwargs:
        msg = f"'{next(iter(kwargs))}' is an invalid keyword argument for this function"
        raise TypeError(msg)
    if indexing not in {"xy", "ij"}:
        msg = f"Argument `indexing` must be one of ('xy', 'ij'), but got {indexing!r}"
        raise ValueError(msg)
    with name_scope(name, "meshgrid", args):
        swap = indexing == "xy" and len(args) > 1
        lines = []
        sizes = []
        for index, vector in enumerate(args):
            tensor = convert_to_tensor(vector)
            axis = 1 - index if swap and index < 2 else index  # noqa: PLR2004 - the two that swap
            line = [1] * len(args)
            line[axis] = -1
            lines.append(reshape(tensor, line))
            sizes.append((axis, size(tensor)))
        if not lines:
            return []
        dims = [length for _, length in sorted(sizes, key=lambda pair: pair[0])]
        whole = ones(dims, lines[0].dtype.base_dtype)
        return [multiply(line, whole, name="mul") for line in lines]
