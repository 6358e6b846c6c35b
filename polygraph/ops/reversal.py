"""Elements along axes in reverse order, whole or for a part of each sequence."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, INDEX
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.trace import known_ints
from polygraph.ops.operand_checks import normal_axis, refuse, static_axis
from polygraph.ops.primitives import shaping as prims

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = ["reverse", "reverse_v2"]


def _reversed_shape(context: ShapeContext) -> TensorShape:
    axes, ndims = context.partial(1), context.shape(0).ndims
    if axes is None or ndims is None:
        return context.shape(0)
    known = [static_axis(axis, ndims) for axis in axes if axis is not None]
    if len(set(known)) != len(known):
        msg = f"axis {known} specified more than once"
        raise ShapeError(msg)
    return context.shape(0)


@graph_op(
    "ReverseV2",
    "tensor: T, axis: Tidx -> output: T",
    shape=_reversed_shape,
    static=("axis",),
    T=ALL,
    Tidx=INDEX,
)
def ReverseV2(x: Array, axis: Array) -> Array:
    """Elements along the given axes in reverse order."""
    axes = tuple(normal_axis(one, x.ndim, "'axis'") for one in known_ints(axis))
    if len(set(axes)) != len(axes):
        twice = next(one for one in axes if axes.count(one) > 1)
        refuse(f"axis {twice} specified more than once.")
    return prims.reverse(x, axes=tuple(sorted(axes)))  # type: ignore[no-any-return]


@ReverseV2.partial_value
def _reverse_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    elements, axes = context.partial(0), context.partial(1)
    if elements is None or axes is None:
        return None
    return elements[::-1] if axes in ((0,), (-1,)) else None


@ReverseV2.gradient
def _reverse_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [reverse(dy, op.inputs[1]), None]


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Tensor:
    """``tensor`` with the elements along the given axes in reverse order.

    Args:
      tensor: a tensor or what converts to one; rank R.
      axis: int vector of different axes in ``[-R, R)``.
      name: of the operation.

    Raises:
      ValueError: an axis is out of range or stands twice.
    """
    return ReverseV2(tensor, axis, name=name)  # type: ignore[no-any-return]


reverse_v2 = reverse


@graph_op("Roll", "input: T, shift: Tshift, axis: Taxis -> output: T",
          shape=shape_rules.unchanged, static=("shift", "axis"), T=ALL, Tshift=INDEX,
          Taxis=INDEX)  # fmt: skip
def Roll(x: Array, shift: Array, axis: Array) -> Array:
    """Elements moved along axes; what leaves at one end enters at the other."""
    shifts, axes = known_ints(shift), known_ints(axis)
    if not x.ndim:
        refuse("input must be 1-D or higher")
    if len(shifts) != len(axes):
        refuse(f"shift and axis must have the same size: {len(shifts)} and {len(axes)}")
    for amount, one in zip(shifts, axes, strict=True):
        x = _rolled(x, amount, normal_axis(one, x.ndim))
    return x


def _rolled(x: Array, amount: int, axis: int) -> Array:
    dim = x.shape[axis]
    cut = -amount % dim if dim else 0
    if not cut:
        return x
    strides, whole = (1,) * x.ndim, (0,) * x.ndim
    here = (*whole[:axis], cut, *whole[axis + 1 :])
    until = (*x.shape[:axis], cut, *x.shape[axis + 1 :])
    tail = prims.strided_slice(x, begin=here, end=x.shape, strides=strides)
    head = prims.strided_slice(x, begin=whole, end=until, strides=strides)
    return prims.concatenate(tail, head, axis=axis)  # type: ignore[no-any-return]
