"""Writes to some rows or elements of a variable."""
# ruff: noqa: ARG001, N802 - attributes that no lowering needs; TF1's op types

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC, REAL
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.trace import check
from polygraph.ops.primitives import elementwise as ew, indexing, reduction, scatter, shaping
from polygraph.ops.state import is_ref

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

    Combine = Callable[[Array, Array, Array], Array]

_INT32 = np.dtype(np.int32)

__all__ = [
    "scatter_add",
    "scatter_div",
    "scatter_max",
    "scatter_min",
    "scatter_mul",
    "scatter_nd_add",
    "scatter_nd_sub",
    "scatter_nd_update",
    "scatter_sub",
    "scatter_update",
]


def _rows_shape(context: ShapeContext) -> TensorShape:
    ref, indices, updates = map(context.shape, range(3))
    if updates.ndims != 0 and ref.ndims is not None:
        if ref.ndims == 0:
            msg = "the variable must have rows to index, but it is a scalar"
            raise ShapeError(msg)
        indices.concatenate(ref[1:]).merge_with(updates)
    return ref


def _elements_shape(context: ShapeContext) -> TensorShape:
    ref, indices, updates = map(context.shape, range(3))
    dims = indices.as_tuple()
    if dims is None or ref.ndims is None:
        return ref
    if not dims:
        msg = "the indices must have at least one dimension, the last being the depth of an index"
        raise ShapeError(msg)
    if dims[-1] is not None:
        if dims[-1] > ref.ndims:
            msg = f"an index has {dims[-1]} elements but the variable has rank {ref.ndims}"
            raise ShapeError(msg)
        indices[:-1].concatenate(ref[dims[-1] :]).merge_with(updates)
    return ref


def _inside(indices: Array, limits: Any) -> Any:
    not_below = ew.greater_equal(indices, indices.dtype.type(0))
    return ew.logical_and(not_below, ew.less(indices, limits))


def _check_within(indices: Array, limit: int) -> None:
    """Require that ``indices`` (``[k]``) lie in ``[0, limit)``; primitives drop those outside."""
    if indices.shape[0] == 0:
        return
    inside = _inside(indices, indices.dtype.type(limit))
    position = reduction.argmin(ew.cast(inside, dtype=_INT32), axis=0, dtype=_INT32)
    check(
        reduction.reduce_all(inside, axes=(0,), keepdims=False),
        errors.InvalidArgumentError,
        f"indices[{{}}] = {{}} is not in [0, {limit})",
        details=(position, indexing.gather(indices, position, axis=0, batch_dims=0)),
    )


def _into_rows(combine: Combine, ref: Array, indices: Array, updates: Array) -> Array:
    count = math.prod(indices.shape)
    rows = shaping.broadcast_to(updates, shape=(*indices.shape, *ref.shape[1:]))
    rows = shaping.reshape(rows, shape=(count, *ref.shape[1:]))
    flat = shaping.reshape(indices, shape=(count,))
    _check_within(flat, ref.shape[0])
    return combine(ref, flat, rows) if ref.shape[0] else ref


def _into_elements(combine: Combine, ref: Array, indices: Array, updates: Array) -> Array:
    depth = indices.shape[-1]
    head, tail = ref.shape[:depth], ref.shape[depth:]
    count = math.prod(indices.shape[:-1])
    listed = shaping.reshape(indices, shape=(count, depth))
    inside = _inside(listed, np.array(head, indices.dtype))
    check(
        reduction.reduce_all(inside, axes=(0, 1), keepdims=False),
        errors.InvalidArgumentError,
        f"indices = {{}} do not index into a variable of shape {list(ref.shape)}",
        details=(indices,),
    )
    if math.prod(head) == 0:
        return ref
    strides = np.array([math.prod(head[axis + 1 :]) for axis in range(depth)], indices.dtype)
    flat = reduction.reduce_sum(ew.multiply(listed, strides), axes=(1,), keepdims=False)
    rows = shaping.reshape(updates, shape=(count, *tail))
    combined = combine(shaping.reshape(ref, shape=(math.prod(head), *tail)), flat, rows)
    return shaping.reshape(combined, shape=ref.shape)  # type: ignore[no-any-return]


def _subtract(ref: Array, indices: Array, updates: Array) -> Array:
    return scatter.scatter_add(ref, indices, ew.negative(updates))  # type: ignore[no-any-return]


def _define(
    op_type: str, shape: Callable[[ShapeContext], TensorShape], dtypes: tuple[DType, ...]
) -> Callable[[Callable[..., Array]], OpDef]:
    return graph_op(
        op_type,
        "ref: &T, indices: Tindices, updates: T -> output_ref: &T",
        kind=Kind.WRITE,
        shape=shape,
        writes=("ref",),
        T=dtypes,
        Tindices=INDEX,
    )


@_define("ScatterUpdate", _rows_shape, ALL)
def ScatterUpdate(ref: Array, indices: Array, updates: Array, *, use_locking: bool = True) -> Array:
    """Replace rows; of several updates for one row the last one stays."""
    return _into_rows(indexing.scatter_update, ref, indices, updates)


@_define("ScatterAdd", _rows_shape, NUMERIC)
def ScatterAdd(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Add to rows."""
    return _into_rows(scatter.scatter_add, ref, indices, updates)


ScatterAdd.no_gradient()


@_define("ScatterSub", _rows_shape, NUMERIC)
def ScatterSub(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Subtract from rows."""
    return _into_rows(_subtract, ref, indices, updates)


ScatterSub.no_gradient()


@_define("ScatterMul", _rows_shape, NUMERIC)
def ScatterMul(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Multiply rows."""
    return _into_rows(scatter.scatter_multiply, ref, indices, updates)


ScatterMul.no_gradient()


@_define("ScatterDiv", _rows_shape, NUMERIC)
def ScatterDiv(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Divide rows."""
    return _into_rows(scatter.scatter_divide, ref, indices, updates)


ScatterDiv.no_gradient()


@_define("ScatterMin", _rows_shape, REAL)
def ScatterMin(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Bound rows from above."""
    return _into_rows(scatter.scatter_minimum, ref, indices, updates)


@_define("ScatterMax", _rows_shape, REAL)
def ScatterMax(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Bound rows from below."""
    return _into_rows(scatter.scatter_maximum, ref, indices, updates)


@_define("ScatterNdUpdate", _elements_shape, ALL)
def ScatterNdUpdate(
    ref: Array, indices: Array, updates: Array, *, use_locking: bool = True
) -> Array:
    """Replace elements or slices."""
    return _into_elements(indexing.scatter_update, ref, indices, updates)


ScatterNdUpdate.no_gradient()


@_define("ScatterNdAdd", _elements_shape, NUMERIC)
def ScatterNdAdd(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Add to elements or slices."""
    return _into_elements(scatter.scatter_add, ref, indices, updates)


ScatterNdAdd.no_gradient()


@_define("ScatterNdSub", _elements_shape, NUMERIC)
def ScatterNdSub(ref: Array, indices: Array, updates: Array, *, use_locking: bool = False) -> Array:
    """Subtract from elements or slices."""
    return _into_elements(_subtract, ref, indices, updates)


ScatterNdSub.no_gradient()


def _apply(
    definition: OpDef,
    ref: Any,
    indices: Any,
    updates: Any,
    name: str | None,
    **attrs: bool | None,
) -> Any:
    if not is_ref(ref):
        msg = f"{definition.type} writes to a variable, but got {ref!r}"
        raise TypeError(msg)
    given = {key: bool(value) for key, value in attrs.items()}
    return definition(ref, indices, updates, name=name, **given)


def scatter_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """The variable after ``ref[indices[i]] = updates[i]`` for every i.

    Args:
      ref: a variable.
      indices: int32 or int64, of any shape.
      updates: of shape ``indices.shape + ref.shape[1:]``, or a scalar.
      use_locking: accepted for TF1's sake; a session's writes never overlap.
      name: of the operation.

    Raises:
      InvalidArgumentError: when it runs and an index is out of range.
    """
    return _apply(ScatterUpdate, ref, indices, updates, name, use_locking=use_locking)


def scatter_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable after ``ref[indices[i]] += updates[i]`` for every i, as `scatter_update`."""
    return _apply(ScatterAdd, ref, indices, updates, name, use_locking=use_locking)


def scatter_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable after ``ref[indices[i]] -= updates[i]`` for every i, as `scatter_update`."""
    return _apply(ScatterSub, ref, indices, updates, name, use_locking=use_locking)


def scatter_mul(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable after ``ref[indices[i]] *= updates[i]`` for every i, as `scatter_update`."""
    return _apply(ScatterMul, ref, indices, updates, name, use_locking=use_locking)


def scatter_div(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable after ``ref[indices[i]] /= updates[i]`` for every i, as `scatter_update`."""
    return _apply(ScatterDiv, ref, indices, updates, name, use_locking=use_locking)


def scatter_min(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable with rows no greater than their updates, as `scatter_update`."""
    return _apply(ScatterMin, ref, indices, updates, name, use_locking=use_locking)


def scatter_max(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable with rows no less than their updates, as `scatter_update`."""
    return _apply(ScatterMax, ref, indices, updates, name, use_locking=use_locking)


def scatter_nd_update(
    ref: Any, indices: Any, updates: Any, use_locking: bool = True, name: str | None = None
) -> Any:
    """The variable after ``ref[tuple(indices[i])] = updates[i]`` for every i.

    Args:
      ref: a variable.
      indices: int32 or int64 of shape ``[..., depth]``; each is the start of an index.
      updates: of shape ``indices.shape[:-1] + ref.shape[depth:]``.
      use_locking: accepted for TF1's sake; a session's writes never overlap.
      name: of the operation.

    Raises:
      InvalidArgumentError: when it runs and an index is out of range.
    """
    return _apply(ScatterNdUpdate, ref, indices, updates, name, use_locking=use_locking)


def scatter_nd_add(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable after ``ref[tuple(indices[i])] += updates[i]``, as `scatter_nd_update`."""
    return _apply(ScatterNdAdd, ref, indices, updates, name, use_locking=use_locking)


def scatter_nd_sub(
    ref: Any, indices: Any, updates: Any, use_locking: bool = False, name: str | None = None
) -> Any:
    """The variable after ``ref[tuple(indices[i])] -= updates[i]``, as `scatter_nd_update`."""
    return _apply(ScatterNdSub, ref, indices, updates, name, use_locking=use_locking)
