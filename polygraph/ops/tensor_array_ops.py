"""The graph ops behind `TensorArray`: an array is one dense tensor ``[size, ...]``, its *flow*.

A write gives a new flow, which a backend can make in place. TF1's ops take a handle besides.
"""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors, shape_rules
from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC, string
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import check, known_ints
from polygraph.ops.casting import cast
from polygraph.ops.filling import zeros_like
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import (
    elementwise as ew,
    indexing,
    reduction,
    scatter,
    shaping as prims,
)
from polygraph.ops.reshaping import expand_dims, reshape
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__: list[str] = []


# The ops over flows.


def _new_shape(context: ShapeContext) -> TensorShape:
    size = context.as_shape(0)
    return size.concatenate(context.as_shape(1))


@graph_op(
    "TensorArrayV3",
    "size: int32, element_shape: int32 -> flow: dtype",
    shape=_new_shape,
    static=("size", "element_shape"),
    dtype=ALL,
)
def TensorArrayV3(size: Array, element_shape: Array, *, dtype: DType) -> Array:
    """An array of zeros."""
    (count,) = known_ints(size)
    if count < 0:
        refuse(f"the size of a TensorArray must not be negative, but is {count}")
    zero = np.array(b"" if dtype == string else 0, dtype.np_dtype)
    return prims.broadcast_to(zero, shape=(count, *known_ints(element_shape)))  # type: ignore[no-any-return]


TensorArrayV3.no_gradient()


def _start(index: Array, rank: int) -> Any:
    row = prims.reshape(index, shape=(1,))
    return prims.concatenate(row, np.zeros(rank, index.dtype), axis=0) if rank else row


def _within(index: Array, size: int) -> Any:
    return ew.logical_and(ew.greater_equal(index, np.int32(0)), ew.less(index, np.int32(size)))


@graph_op(
    "TensorArrayWriteV3",
    "flow_in: T, index: int32, value: T -> flow_out: T",
    shape=shape_rules.unchanged,
    T=ALL,
)
def TensorArrayWriteV3(flow: Array, index: Array, value: Array) -> Array:
    """The array with one element replaced."""
    size = flow.shape[0]
    if value.shape != flow.shape[1:]:
        refuse(
            f"Could not write to TensorArray: its elements have shape {list(flow.shape[1:])}, "
            f"but the value has shape {list(value.shape)}"
        )
    check(
        _within(index, size),
        errors.InvalidArgumentError,
        f"Tried to write to index {{}} but array is not resizeable and size is: {size}",
        details=(index,),
    )
    if size == 0:
        return flow
    update = prims.reshape(value, shape=(1, *value.shape))
    starts = _start(index, value.ndim)
    return prims.dynamic_update_slice(flow, update, starts)  # type: ignore[no-any-return]


@TensorArrayWriteV3.gradient
def _write_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    index, value = op.inputs[1], op.inputs[2]
    rest = TensorArrayWriteV3(dy, index, zeros_like(value))
    return [rest, None, TensorArrayReadV3(dy, index)]


def _element(context: ShapeContext) -> TensorShape:
    shape_ = context.shape(0)
    return unknown_shape() if shape_.ndims is None else shape_[1:]


@graph_op("TensorArrayReadV3", "flow_in: T, index: int32 -> value: T", shape=_element, T=ALL)
def TensorArrayReadV3(flow: Array, index: Array) -> Array:
    """One element."""
    size = flow.shape[0]
    check(
        _within(index, size),
        errors.InvalidArgumentError,
        f"Tried to read from index {{}} but array size is: {size}",
        details=(index,),
    )
    if size == 0:
        return prims.broadcast_to(np.zeros((), flow.dtype), shape=flow.shape[1:])  # type: ignore[no-any-return]
    starts = _start(index, flow.ndim - 1)
    row = prims.dynamic_slice(flow, starts, sizes=(1, *flow.shape[1:]))
    return prims.reshape(row, shape=flow.shape[1:])  # type: ignore[no-any-return]


@TensorArrayReadV3.gradient
def _read_gradient(op: Operation, dy: Tensor) -> list[IndexedSlices | None]:
    flow, index = op.inputs
    return [IndexedSlices(expand_dims(dy, 0), reshape(index, [1]), shape(flow)), None]


def _gathered(context: ShapeContext) -> TensorShape:
    count = context.shape(1).as_tuple()
    dims = context.shape(0).as_tuple()
    if dims is None:
        return unknown_shape()
    return TensorShape([None if count is None else count[0], *dims[1:]])


@graph_op("TensorArrayGatherV3", "flow_in: T, indices: int32 -> value: T", shape=_gathered, T=ALL)
def TensorArrayGatherV3(flow: Array, indices: Array) -> Array:
    """Some elements, stacked."""
    _check_all(indices, flow.shape[0])
    return indexing.gather(flow, indices, axis=0, batch_dims=0)  # type: ignore[no-any-return]


def _check_all(indices: Array, size: int) -> None:
    if not isinstance(indices, np.ndarray) or ((indices < 0) | (indices >= size)).any():
        flag = reduction.reduce_all(_within(indices, size), axes=(0,), keepdims=False)
        check(
            flag,
            errors.InvalidArgumentError,
            f"Tried to use indices {{}} of a TensorArray whose size is: {size}",
            details=(indices,),
        )


@TensorArrayGatherV3.gradient
def _gather_gradient(op: Operation, dy: Tensor) -> list[IndexedSlices | None]:
    flow, indices = op.inputs
    return [IndexedSlices(dy, indices, shape(flow)), None]


@graph_op(
    "TensorArrayScatterV3",
    "flow_in: T, indices: int32, value: T -> flow_out: T",
    shape=shape_rules.unchanged,
    T=ALL,
)
def TensorArrayScatterV3(flow: Array, indices: Array, value: Array) -> Array:
    """The array with some elements replaced."""
    _check_all(indices, flow.shape[0])
    return indexing.scatter_update(flow, indices, value)  # type: ignore[no-any-return]


@TensorArrayScatterV3.gradient
def _scatter_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    indices, value = op.inputs[1], op.inputs[2]
    rest = TensorArrayScatterV3(dy, indices, zeros_like(value))
    return [rest, None, TensorArrayGatherV3(dy, indices)]


@graph_op(
    "TensorArrayAddRows",
    "flow_in: T, indices: Tidx, value: T -> flow_out: T",
    shape=shape_rules.unchanged,
    T=NUMERIC,
    Tidx=INDEX,
)
def TensorArrayAddRows(flow: Array, indices: Array, value: Array) -> Array:
    """The array with values added to some elements, in place where a backend can.

    It gathers the gradients of what a loop reads.
    """
    if flow.shape[0] == 0:
        # No turn of the loop that read it has run.
        return flow
    if indices.shape != (1,):
        return scatter.scatter_add(flow, indices, value)  # type: ignore[no-any-return]
    starts = _start(indices, flow.ndim - 1)
    old = prims.dynamic_slice(flow, starts, sizes=(1, *flow.shape[1:]))
    return prims.dynamic_update_slice(flow, ew.add(old, value), starts)  # type: ignore[no-any-return]


@TensorArrayAddRows.gradient
def _add_rows_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [dy, None, TensorArrayGatherV3(dy, cast(op.inputs[1], "int32"))]


def _grown(context: ShapeContext) -> TensorShape:
    return TensorShape([None]).concatenate(_element(context))


@graph_op(
    "TensorArrayGrow",
    "flow_in: T, size: int32 -> flow_out: T",
    shape=_grown,
    static=("size",),
    T=ALL,
)
def TensorArrayGrow(flow: Array, size: Array, *, exact: bool = False) -> Array:
    """The array with zeros appended until it has ``size`` elements, no more where ``exact``."""
    (wanted,) = known_ints(size)
    more = wanted - flow.shape[0]
    if exact and more < 0:
        refuse(f"Tried to write {flow.shape[0]} elements but the array has size {wanted}")
    if more <= 0:
        return flow
    zero = np.zeros((), flow.dtype)
    high = (more, *[0] * (flow.ndim - 1))
    return prims.pad(flow, zero, low=(0,) * flow.ndim, high=high)  # type: ignore[no-any-return]


@TensorArrayGrow.gradient
def _grow_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    flow = op.inputs[0]
    if flow.get_shape()[:1].is_fully_defined() and flow.get_shape()[:1] == dy.get_shape()[:1]:
        return [dy, None]
    return [dy[: shape(flow)[0]], None]
