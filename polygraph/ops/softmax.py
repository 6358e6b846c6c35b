"""Softmax and its logarithm, along any axis."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import FLOATING
from polygraph.core.ground.errors import InvalidArgumentError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.trace import make_error
from polygraph.ops.arithmetic import multiply, subtract
from polygraph.ops.elementwise import exp
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import cross_entropy as primitives
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = ["log_softmax", "softmax"]

_SAMPLES = (((2, 3),), ((2, 3, 4),), ((4, 1),), ((0, 3),))


def _softmax_shape(context: ShapeContext) -> TensorShape:
    return context.shape(0).with_rank_at_least(1)


def _require_axis(logits: Array) -> None:
    if not logits.shape:
        refuse(f"logits must have >= 1 dimension, got {in_brackets(logits.shape)}")


@graph_op("Softmax", "logits: T -> softmax: T", shape=_softmax_shape, samples=_SAMPLES, T=FLOATING)
def Softmax(logits: Array) -> Any:
    """``exp(x)`` divided by its sum along the last axis."""
    _require_axis(logits)
    return primitives.softmax(logits, axis=-1)


@graph_op(
    "LogSoftmax", "logits: T -> logsoftmax: T", shape=_softmax_shape, samples=_SAMPLES, T=FLOATING
)
def LogSoftmax(logits: Array) -> Any:
    """The logarithm of the softmax along the last axis."""
    _require_axis(logits)
    return primitives.log_softmax(logits, axis=-1)


@Softmax.gradient
def _softmax_gradient(op: Operation, dy: Tensor) -> list[Any]:
    y = op.outputs[0]
    return [multiply(subtract(dy, reduce_sum(multiply(dy, y), -1, keepdims=True)), y)]


@LogSoftmax.gradient
def _log_softmax_gradient(op: Operation, dy: Tensor) -> list[Any]:
    shares = exp(op.outputs[0])
    return [subtract(dy, multiply(reduce_sum(dy, -1, keepdims=True), shares))]


def _swapped(rank: int, axis: int) -> list[int]:
    perm = list(range(rank))
    perm[axis], perm[-1] = perm[-1], perm[axis]
    return perm


def last_axis_swapped(x: Tensor, axis: int, what: str) -> list[int] | None:
    """The permutation that swaps ``axis`` and the last one, None where they are the same.

    Raises:
      InvalidArgumentError: there is no such axis.
      ValueError: the rank is needed and not known.
    """
    rank = x.get_shape().ndims
    if axis == -1:
        return None
    if rank is None:
        msg = f"{what} along axis {axis} of {x!r} needs its rank: give it a shape"
        raise ValueError(msg)
    if not -rank <= axis < rank:
        text = f"`dim` must be in the range [{-rank}, {rank}) for an input of that rank, not {axis}"
        raise make_error(InvalidArgumentError, text)
    return None if axis % rank == rank - 1 else _swapped(rank, axis)


def _along(op: OpDef, logits: Any, axis: int | None, name: str | None) -> Tensor:
    x = convert_to_tensor(logits)
    perm = last_axis_swapped(x, -1 if axis is None else int(axis), op.type)
    if perm is None:
        return op(x, name=name)  # type: ignore[no-any-return]
    result = op(transpose(x, perm))
    return transpose(result, perm) if name is None else transpose(result, perm, name=name)


def softmax(
    logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None
) -> Tensor:
    """``exp(logits)`` divided by its sum along ``axis``.

    Args:
      logits: floats of rank 1 or more.
      axis: the last one by default.
      name: of the operation.
      dim: the old name of ``axis``.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    return _along(Softmax, logits, one_of("axis", axis, "dim", dim), name)


def log_softmax(
    logits: Any, axis: int | None = None, name: str | None = None, dim: int | None = None
) -> Tensor:
    """The logarithm of `softmax`; arguments as there."""
    return _along(LogSoftmax, logits, one_of("axis", axis, "dim", dim), name)
