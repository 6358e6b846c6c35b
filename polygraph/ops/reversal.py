"""Elements along axes in reverse order, whole or for a part of each sequence."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import ALL, INDEX, int32, int64
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.index_checks import require_all
from polygraph.ops.operand_checks import normal_axis, refuse, static_axis
from polygraph.ops.primitives import elementwise as ew, indexing, shaping as prims

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["reverse", "reverse_sequence", "reverse_v2", "roll"]


def _reversed_shape(context: ShapeContext) -> TensorShape:
    context.shape(1).assert_has_rank(1)
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


# Sequences of different lengths.


def _require_lengths(lengths: tuple[int | None, ...] | None, size: int | None) -> None:
    if lengths is None or size is None or len(lengths) != 1 or lengths[0] in (None, size):
        return
    msg = f"Dimensions must be equal, but are {size} and {lengths[0]}"
    raise ShapeError(msg)


def _sequences_shape(context: ShapeContext) -> TensorShape:
    shape = context.shape(0)
    dims = shape.as_tuple()
    if dims is None:
        return shape
    for what in ("seq_dim", "batch_dim"):
        if context.attrs[what] >= len(dims):
            msg = f"{what} must be < input rank ({context.attrs[what]} vs. {len(dims)})"
            raise ShapeError(msg)
    batch, lengths = context.attrs["batch_dim"], context.shape(1).as_tuple()
    _require_lengths(lengths, dims[batch])
    if lengths and dims[batch] is None:
        return TensorShape([*dims[:batch], lengths[0], *dims[batch + 1 :]])
    return shape


def _check_lengths(lengths: Array, limit: int) -> None:
    high = ew.less_equal(lengths, np.array(limit, lengths.dtype))
    require_all(high, f"seq_lens({{}}) > input.dims: {{}} is more than {limit}", lengths)
    low = ew.greater_equal(lengths, np.array(0, lengths.dtype))
    require_all(low, "seq_lens({}) < 0: it is {}", lengths)


def _require_axes(x: Array, lengths: Array, seq_dim: int, batch_dim: int) -> None:
    if seq_dim >= x.ndim or batch_dim >= x.ndim:
        refuse(f"seq_dim must be < input rank ( {seq_dim} vs. {x.ndim})")
    if seq_dim == batch_dim:
        refuse(f"batch_dim == seq_dim == {seq_dim}")
    if lengths.shape != (x.shape[batch_dim],):
        refuse(
            f"Length of seq_lengths != input.dims({batch_dim}), ({lengths.size} vs. "
            f"{x.shape[batch_dim]})"
        )


@graph_op(
    "ReverseSequence",
    "input: T, seq_lengths: Tlen -> output: T",
    shape=_sequences_shape,
    T=ALL,
    Tlen=(int64, int32),
)
def ReverseSequence(x: Array, seq_lengths: Array, *, seq_dim: int, batch_dim: int = 0) -> Array:
    """Of each sequence in the batch the first so many elements in reverse order."""
    _require_axes(x, seq_lengths, seq_dim, batch_dim)
    count, length = x.shape[batch_dim], x.shape[seq_dim]
    _check_lengths(seq_lengths, length)
    if not x.size:
        return x
    rest = [axis for axis in range(x.ndim) if axis not in (batch_dim, seq_dim)]
    perm = (batch_dim, seq_dim, *rest)
    places = np.arange(length).astype(seq_lengths.dtype)
    column = prims.reshape(seq_lengths, shape=(count, 1))
    turned = ew.subtract(ew.subtract(column, np.array(1, seq_lengths.dtype)), places)
    order = ew.select(ew.less(places, column), turned, places)
    rows = indexing.gather(prims.transpose(x, perm=perm), order, axis=1, batch_dims=1)
    back = tuple(int(axis) for axis in np.argsort(perm))
    return prims.transpose(rows, perm=back)  # type: ignore[no-any-return]


@ReverseSequence.gradient
def _reverse_sequence_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    attrs = {name: op.get_attr(name) for name in ("seq_dim", "batch_dim")}
    return [ReverseSequence(dy, op.inputs[1], **attrs), None]


def _one_name(new: int | None, old: int | None, name: str) -> int | None:
    if new is not None and old is not None:
        msg = f"{name} is given under two names, {name}_axis and {name}_dim"
        raise ValueError(msg)
    return old if new is None else new


def reverse_sequence(
    input: Any,
    seq_lengths: Any,
    seq_axis: int | None = None,
    batch_axis: int | None = None,
    name: str | None = None,
    seq_dim: int | None = None,
    batch_dim: int | None = None,
) -> Tensor:
    """``input`` with the first ``seq_lengths[i]`` elements of sequence i in reverse order.

    Args:
      input: a tensor or what converts to one.
      seq_lengths: int vector, one length for each place along the batch axis.
      seq_axis: the axis to reverse along.
      batch_axis: the axis of the batch, 0 by default.
      name: of the operation.
      seq_dim: old name of ``seq_axis``.
      batch_dim: old name of ``batch_axis``.

    Raises:
      ValueError: no ``seq_axis``, or both names of an argument are given.
    """
    along, batch = _one_name(seq_axis, seq_dim, "seq"), _one_name(batch_axis, batch_dim, "batch")
    if along is None:
        msg = "reverse_sequence needs seq_axis, the axis to reverse along"
        raise ValueError(msg)
    return ReverseSequence(  # type: ignore[no-any-return]
        input, seq_lengths, seq_dim=along, batch_dim=batch or 0, name=name
    )


# Elements moved round.


def _rolled_shape(context: ShapeContext) -> TensorShape:
    shifts, axes = context.shape(1), context.shape(2)
    if not shifts.is_compatible_with(axes):
        msg = f"shift and axis must have the same size, but have the shapes {shifts} and {axes}"
        raise ShapeError(msg)
    return context.shape(0)


@graph_op("Roll", "input: T, shift: Tshift, axis: Taxis -> output: T",
          shape=_rolled_shape, static=("shift", "axis"), T=ALL, Tshift=INDEX,
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


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Tensor:
    """``input`` with its elements moved along axes; what leaves at one end enters at the other.

    Args:
      input: of rank 1 or more.
      shift: int scalar or vector: how far to move towards higher indices.
      axis: int scalar or vector of as many axes.
      name: of the operation.

    Raises:
      ValueError: there are not as many axes as shifts.
    """
    return Roll(input, shift, axis, name=name)  # type: ignore[no-any-return]
