"""Shapes that broadcast, and elements repeated."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import INDEX, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.shape_rules import broadcast_partial
from polygraph.core.ground.signature import broadcast_shapes
from polygraph.core.ground.tensor_shape import TensorShape, as_shape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.casting import cast
from polygraph.ops.filling import fill
from polygraph.ops.joining import concat
from polygraph.ops.masking import boolean_mask, sequence_mask
from polygraph.ops.operand_checks import refuse
from polygraph.ops.packing import stack
from polygraph.ops.reduction import reduce_max
from polygraph.ops.repeating import broadcast_to, tile
from polygraph.ops.reshaping import expand_dims, reshape
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.slicing import slice as slice_

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["broadcast_dynamic_shape", "broadcast_static_shape", "parallel_stack", "repeat"]


def _wider(context: ShapeContext) -> TensorShape:
    sizes = [context.shape(index).num_elements() for index in (0, 1)]
    known = [size for size in sizes if size is not None]
    return TensorShape([max(known) if len(known) == len(sizes) else None])


def _common(one: Array, other: Array) -> tuple[int, ...]:
    dims = known_ints(one), known_ints(other)
    try:
        return broadcast_shapes(dims)
    except ShapeError:
        refuse(f"Incompatible shapes: {list(dims[0])} vs. {list(dims[1])}")


@graph_op("BroadcastArgs", "s0: T, s1: T -> r0: T", shape=_wider, static=("s0", "s1"), T=INDEX)
def BroadcastArgs(s0: Array, s1: Array) -> Array:
    """The common broadcast of two shapes."""
    return np.array(_common(s0, s1), s0.dtype)


BroadcastArgs.no_gradient()


@BroadcastArgs.partial_value
def _broadcast_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return broadcast_partial(context.partial(0), context.partial(1))


def _repeated(dims: tuple[int, ...], other: tuple[int, ...]) -> list[int]:
    """The axes of the common broadcast along which the shape ``dims`` is repeated."""
    count = max(len(dims), len(other))
    mine, theirs = (1,) * (count - len(dims)) + dims, (1,) * (count - len(other)) + other
    if mine == theirs:
        return list(range(count - len(dims)))
    return [axis for axis in range(count) if mine[axis] == 1]


@graph_op(
    "BroadcastGradientArgs",
    "s0: T, s1: T -> r0: T, r1: T",
    shape=lambda _: [TensorShape([None]), TensorShape([None])],
    static=("s0", "s1"),
    T=INDEX,
)
def BroadcastGradientArgs(s0: Array, s1: Array) -> tuple[Array, Array]:
    """The axes to sum over to undo the broadcast of each of two shapes."""
    _common(s0, s1)
    one, other = known_ints(s0), known_ints(s1)
    return (
        np.array(_repeated(one, other), s0.dtype),
        np.array(_repeated(other, one), s0.dtype),
    )


BroadcastGradientArgs.no_gradient()


def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Tensor:
    """The common broadcast of two shapes that are int vector tensors."""
    return BroadcastArgs(shape_x, shape_y)  # type: ignore[no-any-return]


def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The common broadcast of two static shapes.

    Raises:
      ValueError: they do not broadcast.
    """
    found = broadcast_partial(as_shape(shape_x).as_tuple(), as_shape(shape_y).as_tuple())
    return unknown_shape() if found is None else TensorShape(found)


def parallel_stack(values: Any, name: str = "parallel_stack") -> Tensor:
    """`stack` along axis 0 of values whose shapes are known while the graph is built.

    Raises:
      ValueError: a shape is not known.
    """
    tensors = [convert_to_tensor(value) for value in values]
    for tensor in tensors:
        tensor.get_shape().assert_is_fully_defined()
    return stack(tensors, name=name)


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Tensor:
    """Each element along an axis repeated so many times.

    Args:
      input: a tensor or what converts to one.
      repeats: int scalar, or an int vector with a count for each element along the axis.
      axis: constant int; by default ``input`` is flattened first.
      name: of the scope.
    """
    with name_scope(name, "Repeat", [input, repeats]):
        values = convert_to_tensor(input)
        counts = cast(convert_to_tensor(repeats), int32)
        if axis is None:
            values, axis = reshape(values, [-1]), 0
        axis = _from_front(axis, values)
        dims = shape(values)
        before, behind = slice_(dims, [0], [axis]), slice_(dims, [axis + 1], [-1])
        if counts.get_shape().num_elements() == 1:
            spread = _spread(values, axis, reshape(counts, []))
            return reshape(spread, concat([before, [-1], behind], 0))
        here = slice_(dims, [axis], [1])
        counts = broadcast_to(counts, here)
        longest = reduce_max(counts)
        return boolean_mask(
            _spread(values, axis, longest), sequence_mask(counts, longest), axis=axis
        )


def _from_front(axis: int, values: Tensor) -> int:
    ndims = values.get_shape().ndims
    if axis >= 0:
        return axis
    if ndims is None:
        msg = "repeat along an axis counted from the end needs a tensor of known rank"
        raise ValueError(msg)
    return axis % ndims


def _spread(values: Tensor, axis: int, count: Tensor) -> Tensor:
    """A new axis behind ``axis`` along which everything is repeated."""
    wide = expand_dims(values, axis + 1)
    ahead = fill([axis + 1], 1)
    after = fill(stack([rank(values) - (axis + 1)]), 1)
    return tile(wide, concat([ahead, stack([count]), after], 0))
