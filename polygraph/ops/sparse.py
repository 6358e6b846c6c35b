"""Sparse tensors: placeholders for them, and the way to dense ones."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import ALL, INDEX, int64
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.sparse_tensor import SparseTensor, SparseTensorValue
from polygraph.core.ground.tensor_shape import as_shape
from polygraph.core.ground.trace import check, known_ints
from polygraph.ops.arithmetic import Sub
from polygraph.ops.gathering import gather_nd
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise, indexing, reduction, shaping
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.reshaping import expand_dims
from polygraph.ops.source_ops import placeholder, placeholder_with_default

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = [
    "SparseTensor",
    "SparseTensorValue",
    "sparse_placeholder",
    "sparse_tensor_to_dense",
    "sparse_to_dense",
]


def _dense_shape(context: ShapeContext) -> TensorShape:
    return context.as_shape(1)


def _require_rising(places: Array) -> None:
    parts = [
        shaping.strided_slice(places, begin=(begin,), end=(begin + places.size - 1,), strides=(1,))
        for begin in (0, 1)
    ]
    for holds, what in (
        (elementwise.less_equal, "out of order"),
        (elementwise.not_equal, "repeated"),
    ):
        check(
            reduction.reduce_all(holds(*parts), axes=(0,), keepdims=False),
            errors.InvalidArgumentError,
            f"indices are {what}: counted through the dense tensor, they are {{}}. They have to "
            "rise, each standing once; or set validate_indices=False",
            (places,),
        )


@graph_op(
    "SparseToDense",
    "sparse_indices: Tindices, output_shape: Tindices, sparse_values: T, default_value: T"
    " -> dense: T",
    shape=_dense_shape,
    static=("output_shape",),
    T=ALL,
    Tindices=INDEX,
)
def SparseToDense(
    sparse_indices: Array,
    output_shape: Array,
    sparse_values: Array,
    default_value: Array,
    *,
    validate_indices: bool = True,
) -> Any:
    """``default_value`` everywhere but where ``sparse_values`` stand.

    ``validate_indices`` requires that the indices rise and that none stands twice.
    """
    shape = known_ints(output_shape)
    indices = sparse_indices
    if indices.ndim < 2:  # noqa: PLR2004 - a vector of indices into a vector, or one index
        indices = shaping.reshape(indices, shape=(indices.size, 1))
    count = indices.shape[0]
    if indices.shape[1] != len(shape):
        refuse(
            f"output_shape has incorrect number of elements: {len(shape)} should be: "
            f"{indices.shape[1]}"
        )
    limits = np.asarray(shape, indices.dtype)
    zero = np.zeros((), indices.dtype)
    inside = elementwise.logical_and(
        elementwise.greater_equal(indices, zero), elementwise.less(indices, limits)
    )
    check(
        reduction.reduce_all(inside, axes=(0, 1), keepdims=False),
        errors.InvalidArgumentError,
        f"indices {{}} are out of bounds: need 0 <= index < {list(shape)}",
        (indices,),
    )
    # Clamped, the rest is safe to compute where the check does not hold.
    indices = elementwise.minimum(
        elementwise.maximum(indices, zero), np.maximum(limits - 1, 0).astype(indices.dtype)
    )
    dense = shaping.broadcast_to(default_value, shape=shape)
    if count == 0 or 0 in shape:
        return dense
    strides = np.cumprod([1, *shape[:0:-1]])[::-1].astype(indices.dtype)
    flat = reduction.reduce_sum(elementwise.multiply(indices, strides), axes=(1,), keepdims=False)
    if validate_indices and count > 1:
        _require_rising(flat)
    total = int(np.prod(shape))
    values = shaping.broadcast_to(sparse_values, shape=(count,))
    written = indexing.scatter_update(shaping.reshape(dense, shape=(total,)), flat, values)
    return shaping.reshape(written, shape=shape)


@SparseToDense.gradient
def _sparse_to_dense_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    """The values take their places' gradients; the default takes what is left of the sum."""
    indices, _, values, _ = op.inputs
    if indices.get_shape().ndims == 1:
        indices = expand_dims(indices, -1)
    by_values = gather_nd(dy, indices)
    if values.get_shape().ndims == 0:
        by_values = reduce_sum(by_values)
    by_default = Sub(reduce_sum(dy), reduce_sum(by_values))
    return [None, None, by_values, by_default]


def sparse_to_dense(
    sparse_indices: Any,
    output_shape: Any,
    sparse_values: Any,
    default_value: Any = 0,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """A dense tensor with ``sparse_values`` at ``sparse_indices`` and a default elsewhere.

    Args:
      sparse_indices: ``[n, rank]``, or ``[n]`` or a scalar for a vector.
      output_shape: int vector, the shape of the result.
      sparse_values: ``[n]``, or a scalar for all places.
      default_value: scalar.
      validate_indices: refuse indices that do not rise, or stand twice.
      name: of the operation.

    Raises:
      InvalidArgumentError: when it runs, an index is out of bounds, or is refused.
    """
    return SparseToDense(  # type: ignore[no-any-return]
        sparse_indices,
        output_shape,
        sparse_values,
        default_value,
        validate_indices=validate_indices,
        name=name,
    )


def sparse_tensor_to_dense(
    sp_input: Any,
    default_value: Any = None,
    validate_indices: bool = True,
    name: str | None = None,
) -> Tensor:
    """The dense tensor that ``sp_input`` stands for.

    Args:
      sp_input: a `SparseTensor` or `SparseTensorValue`.
      default_value: scalar for the elements that are not given; zero by default.
      validate_indices: refuse indices that do not rise, or stand twice.
      name: of the operation.
    """
    sparse = SparseTensor.from_value(sp_input)
    if default_value is None:
        default_value = np.zeros((), sparse.dtype.np_dtype)
    return sparse_to_dense(
        sparse.indices, sparse.dense_shape, sparse.values, default_value, validate_indices, name
    )


def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A sparse tensor that must be fed, with a `SparseTensorValue` or its three parts.

    Args:
      dtype: of the values.
      shape: of the dense tensor, where it is known.
      name: prefix of the names of the three placeholders.
    """

    def named(part: str) -> str | None:
        return None if name is None else f"{name}/{part}"

    if shape is None:
        dense_shape = placeholder(int64, [None], named("shape"))
        rank = None
    else:
        dims = as_shape(shape)
        rank = dims.ndims
        known = [-1 if dim is None else dim for dim in dims.as_list()]
        dense_shape = placeholder_with_default(np.array(known, np.int64), [rank], named("shape"))
        dense_shape.partial_value = tuple(known)
    values = placeholder(dtype, [None], named("values"))
    indices = placeholder(int64, [None, rank], named("indices"))
    return SparseTensor(indices, values, dense_shape)
