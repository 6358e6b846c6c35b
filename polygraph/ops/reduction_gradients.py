"""Gradients of the reductions.

They need the shape and the axes, never more of the data than the formula does; both may be unknown
until the graph runs, so what depends on them is computed by int ops, which fold when it is planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.ops.arithmetic import AddV2, FloorDiv, FloorMod, Maximum, Mul, RealDiv, Sub
from polygraph.ops.casting import cast
from polygraph.ops.complex_numbers import conj
from polygraph.ops.logical import Equal, LogicalNot, SelectV2
from polygraph.ops.packing import stack
from polygraph.ops.ranges import range
from polygraph.ops.reduction import Any_, EuclideanNorm, Max, Mean, Min, Prod, Sum
from polygraph.ops.repeating import broadcast_to
from polygraph.ops.reshaping import expand_dims, reshape
from polygraph.ops.scans import Cumprod, Cumsum
from polygraph.ops.shape_queries import rank, shape, size
from polygraph.ops.source_ops import constant
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


def _static_axes(op: Operation) -> list[int] | None:
    """The reduced axes, counted from the front and in order; None where they are not known."""
    count, axes = op.inputs[0].get_shape().ndims, op.inputs[1].constant
    if count is None or axes is None:
        return None
    return sorted({int(axis) % count for axis in axes.reshape(-1)})


def _is_reduced(op: Operation) -> Any:
    """For each axis, whether it is reduced: a bool vector."""
    count = rank(op.inputs[0])
    axes = FloorMod(reshape(cast(op.inputs[1], "int32"), [-1]), count)
    hits = Equal(expand_dims(range(count), 1), expand_dims(axes, 0))
    return Any_(hits, constant(1))


def _kept(op: Operation, tensor: Tensor) -> Any:
    """A result of the reduction, or its gradient, with the reduced axes kept as 1."""
    if op.get_attr("keep_dims"):
        return tensor
    axes = _static_axes(op)
    if axes is None:
        kept = SelectV2(_is_reduced(op), constant(1), shape(op.inputs[0]))
        return reshape(tensor, kept)
    if len(axes) == op.inputs[0].get_shape().ndims:
        return reshape(tensor, np.ones(len(axes), np.int32))
    for axis in axes:
        tensor = expand_dims(tensor, axis)
    return tensor


@Sum.gradient
def _sum_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [broadcast_to(_kept(op, dy), shape(op.inputs[0])), None]


def _elements_per_result(op: Operation) -> Any:
    x, y = op.inputs[0], op.outputs[0]
    whole, parts = x.get_shape().num_elements(), y.get_shape().num_elements()
    if whole is not None and parts is not None:
        return constant(whole // max(parts, 1))
    return FloorDiv(size(x), Maximum(size(y), 1))


@Mean.gradient
def _mean_gradient(op: Operation, dy: Tensor) -> list[Any]:
    spread = _sum_gradient(op, dy)[0]
    return [RealDiv(spread, cast(_elements_per_result(op), spread.dtype)), None]


@Max.gradient
@Min.gradient
def _extreme_gradient(op: Operation, dy: Tensor) -> list[Any]:
    """Elements that tie share the gradient equally."""
    x, axes = op.inputs
    extreme = cast(Equal(_kept(op, op.outputs[0]), x), dy.dtype)
    ties = Sum(extreme, axes, keep_dims=True)
    return [Mul(RealDiv(extreme, ties), _kept(op, dy)), None]


@EuclideanNorm.gradient
def _euclidean_norm_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [Mul(op.inputs[0], RealDiv(_kept(op, dy), _kept(op, op.outputs[0]))), None]


def _order_with_first(first: Tensor) -> tuple[Any, Any]:
    """Where each axis goes when those with ``first`` come first, and the marks of that order.

    Returns:
      The new place of each axis (int32 ``[rank]``), and ``[rank, rank]`` with 1 where axis ``i``
      goes to place ``j``, else 0.
    """
    chosen = cast(first, "int32")
    count = Sum(chosen, constant(0))
    among_others = Cumsum(cast(LogicalNot(first), "int32"), 0)
    places = Sub(SelectV2(first, Cumsum(chosen, 0), AddV2(among_others, count)), 1)
    marks = Equal(expand_dims(places, 1), expand_dims(range(size(places)), 0))
    return places, cast(marks, "int32")


def _product_of_others(x: Tensor, reduced: Tensor) -> Any:
    """For each element, the product of those reduced together with it, without division."""
    places, marks = _order_with_first(reduced)
    dims, indices = expand_dims(shape(x), 1), expand_dims(range(size(places)), 1)
    order = Sum(Mul(marks, indices), constant(0))
    ordered_shape = Sum(Mul(marks, dims), constant(0))
    one = constant(1)
    together = Prod(SelectV2(reduced, shape(x), one), constant(0))
    apart = Prod(SelectV2(reduced, one, shape(x)), constant(0))
    columns = reshape(transpose(x, order), stack([together, apart]))
    before = Cumprod(columns, 0, exclusive=True)
    after = Cumprod(columns, 0, exclusive=True, reverse=True)
    others = reshape(Mul(conj(before), conj(after)), ordered_shape)
    return reshape(transpose(others, places), shape(x))


@Prod.gradient
def _prod_gradient(op: Operation, dy: Tensor) -> list[Any]:
    x = op.inputs[0]
    return [Mul(_kept(op, dy), _product_of_others(x, _is_reduced(op))), None]
