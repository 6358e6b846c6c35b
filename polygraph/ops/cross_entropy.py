"""Cross entropies: how far predicted shares are from labels."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import FLOATING, INDEX, bfloat16, float16, float32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.shape_rules import broadcast_partial
from polygraph.core.ground.signature import broadcast_shapes
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import check
from polygraph.ops.activations import relu
from polygraph.ops.arithmetic import abs, add, multiply, negative, subtract
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import exp, log1p
from polygraph.ops.filling import zeros_like
from polygraph.ops.gradient_barriers import stop_gradient
from polygraph.ops.joining import concat
from polygraph.ops.logical import Select, greater_equal
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import (
    cross_entropy as primitives,
    elementwise as ew,
    reduction,
    shaping,
)
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.reshaping import expand_dims, reshape
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.slicing import slice
from polygraph.ops.softmax import LogSoftmax, Softmax, last_axis_swapped
from polygraph.ops.source_ops import constant
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "sigmoid_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2",
    "sparse_softmax_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
]

_MATRIX_RANK = 2


def _xent_shapes(context: ShapeContext) -> list[TensorShape]:
    shapes = [context.shape(index).with_rank_at_most(_MATRIX_RANK) for index in (0, 1)]
    dims = broadcast_partial(*(known.as_tuple() for known in shapes))
    if dims is None:
        return [TensorShape([None]), TensorShape([None, None])]
    if len(dims) != _MATRIX_RANK:
        msg = f"logits and labels must be matrices, but are {shapes[0]} and {shapes[1]}"
        raise ShapeError(msg)
    return [TensorShape(dims[:1]), TensorShape(dims)]


def _matrix_shape(logits: Array, labels: Array) -> tuple[int, ...]:
    try:
        dims = broadcast_shapes((logits.shape, labels.shape))
    except ShapeError:
        sizes = f"logits_size={in_brackets(logits.shape)} labels_size={in_brackets(labels.shape)}"
        refuse(f"logits and labels must be broadcastable: {sizes}")
    if len(dims) != _MATRIX_RANK:
        refuse("logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional")
    return dims


@graph_op(
    "SoftmaxCrossEntropyWithLogits",
    "features: T, labels: T -> loss: T, backprop: T",
    shape=_xent_shapes,
    samples=(((3, 4), (3, 4)), ((3, 4), (1, 4)), ((0, 3), (0, 3))),
    T=FLOATING,
)
def SoftmaxCrossEntropyWithLogits(features: Array, labels: Array) -> Any:
    """Cross entropy of each row's softmax, and the gradient of its logits."""
    dims = _matrix_shape(features, labels)
    logits, targets = (
        x if x.shape == dims else shaping.broadcast_to(x, shape=dims) for x in (features, labels)
    )
    return primitives.softmax_cross_entropy(logits, targets)


SoftmaxCrossEntropyWithLogits.broadcasts = True


def _sparse_shapes(context: ShapeContext) -> list[TensorShape]:
    logits = context.shape(0).with_rank(_MATRIX_RANK)
    labels = context.shape(1).with_rank(1)
    dims = logits.as_tuple() or (None, None)
    rows = TensorShape(dims[:1]).merge_with(labels)
    return [rows, rows.concatenate(TensorShape(dims[1:]))]


@graph_op(
    "SparseSoftmaxCrossEntropyWithLogits",
    "features: T, labels: Tlabels -> loss: T, backprop: T",
    shape=_sparse_shapes,
    samples=(((3, 4), np.array([0, 3, 2], np.int32)), ((0, 3), np.zeros(0, np.int64))),
    T=FLOATING,
    Tlabels=INDEX[::-1],
)
def SparseSoftmaxCrossEntropyWithLogits(features: Array, labels: Array) -> Any:
    """`SoftmaxCrossEntropyWithLogits` with one class for each row."""
    if len(features.shape) != _MATRIX_RANK:
        refuse(f"logits must be 2-D, but got shape {in_brackets(features.shape)}")
    if len(labels.shape) != 1:
        refuse(f"labels must be 1-D, but got shape {in_brackets(labels.shape)}")
    if labels.shape[0] != features.shape[0]:
        refuse(
            "logits and labels must have the same first dimension, got logits shape "
            f"{in_brackets(features.shape)} and labels shape {in_brackets(labels.shape)}"
        )
    _require_classes(labels, features.shape[1])
    return primitives.sparse_softmax_cross_entropy(features, labels)


def _require_classes(labels: Array, classes: int) -> None:
    if labels.shape[0] == 0:
        return
    valid = ew.logical_and(
        ew.greater_equal(labels, ew.scalar(0, labels)), ew.less(labels, ew.scalar(classes, labels))
    )
    bad = ew.select(valid, ew.scalar(0, labels), labels)
    # The label shown is the lowest if that is negative, else the greatest.
    lowest = reduction.reduce_min(bad, axes=(0,), keepdims=False)
    greatest = reduction.reduce_max(bad, axes=(0,), keepdims=False)
    check(
        reduction.reduce_all(valid, axes=(0,), keepdims=False),
        errors.InvalidArgumentError,
        f"Received a label value of {{}} which is outside the valid range of [0, {classes}).  "
        "Label values: {}",
        details=(ew.select(ew.less(lowest, ew.scalar(0, lowest)), lowest, greatest), labels),
    )


def _logits_gradient(op: Operation, d_loss: Tensor | None, d_backprop: Tensor | None) -> Any:
    total = None
    if d_loss is not None:
        total = multiply(expand_dims(d_loss, -1), op.outputs[1])
    if d_backprop is not None:
        shares = Softmax(op.inputs[0])
        mean = reduce_sum(multiply(d_backprop, shares), 1, keepdims=True)
        second = multiply(subtract(d_backprop, mean), shares)
        total = second if total is None else add(total, second)
    return total


@SoftmaxCrossEntropyWithLogits.gradient
def _xent_gradient(op: Operation, d_loss: Tensor | None, d_backprop: Tensor | None) -> list[Any]:
    if d_loss is None:
        # As in TF1, the second output counts as independent of the labels.
        d_labels = zeros_like(op.inputs[1])
    else:
        d_labels = multiply(expand_dims(d_loss, -1), negative(LogSoftmax(op.inputs[0])))
    return [_logits_gradient(op, d_loss, d_backprop), d_labels]


@SparseSoftmaxCrossEntropyWithLogits.gradient
def _sparse_xent_gradient(
    op: Operation, d_loss: Tensor | None, d_backprop: Tensor | None
) -> list[Any]:
    return [_logits_gradient(op, d_loss, d_backprop), None]


def _missing(function: str, labels: Any, logits: Any) -> NoReturn:
    msg = f"Both `labels` and `logits` must be provided for {function}: {labels=}, {logits=}"
    raise ValueError(msg)


def _precise(logits: Tensor) -> Tensor:
    return cast(logits, float32) if logits.dtype.base_dtype in (float16, bfloat16) else logits


def _flattened(x: Tensor) -> Tensor:
    """All axes but the last as one: ``[rows, classes]``."""
    known = x.get_shape()
    if known.ndims is not None and known[-1].value is not None:
        return reshape(x, [-1, known[-1].value])
    last = slice(shape(x), subtract([rank(x)], 1), [1])
    return reshape(x, concat([constant([-1]), last], 0))


def _outer_shape(logits: Tensor) -> Any:
    known = logits.get_shape()
    if known.ndims is not None and known[:-1].is_fully_defined():
        return constant(known.as_list()[:-1], "int32")
    if known.ndims == _MATRIX_RANK:
        return constant([-1])
    return slice(shape(logits), [0], [subtract(rank(logits), 1)])


def _softmax_cross_entropy(labels: Any, logits: Any, axis: int, scope: str) -> Tensor:
    first = convert_to_tensor(logits, name="logits")
    precise = _precise(first)
    targets = cast(convert_to_tensor(labels, name="labels"), precise.dtype.base_dtype)
    perm = last_axis_swapped(precise, axis, "softmax cross entropy")
    if perm is not None:
        # The axis of the classes goes last, the others keep their order.
        moved = [*sorted(perm[:-1]), perm[-1]]
        precise, targets = transpose(precise, moved), transpose(targets, moved)
    loss, _ = SoftmaxCrossEntropyWithLogits(_flattened(precise), _flattened(targets), name=scope)
    result = reshape(loss, _outer_shape(precise))
    known = precise.get_shape()
    if known.ndims is not None:
        result.set_shape(known[:-1])
    return cast(result, first.dtype) if precise.dtype != first.dtype else result


def softmax_cross_entropy_with_logits_v2(
    labels: Any,
    logits: Any,
    axis: int | None = None,
    name: str | None = None,
    dim: int | None = None,
) -> Tensor:
    """Cross entropy of the softmax of ``logits`` against ``labels``.

    Args:
      labels: shares of the classes, of any numeric dtype; gradients flow into them too.
      logits: floats of the same shape.
      axis: of the classes, the last one by default.
      name: of the operation.
      dim: the old name of ``axis``.

    Returns:
      The shape of ``logits`` without ``axis``.

    Raises:
      ValueError: an argument is missing, or the shapes do not fit.
    """
    if labels is None or logits is None:
        _missing("softmax_cross_entropy_with_logits", labels, logits)
    at = one_of("axis", axis, "dim", dim)
    with name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as scope:
        return _softmax_cross_entropy(labels, logits, -1 if at is None else at, scope)


def softmax_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    dim: int = -1,
    name: str | None = None,
    axis: int | None = None,
) -> Tensor:
    """`softmax_cross_entropy_with_logits_v2` whose gradient does not flow into ``labels``."""
    if labels is None or logits is None:
        _missing("softmax_cross_entropy_with_logits", labels, logits)
    with name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as scope:
        fixed = stop_gradient(labels, name="labels_stop_gradient")
        return _softmax_cross_entropy(fixed, logits, dim if axis is None else axis, scope)


def _check_sparse_shapes(labels: Tensor, logits: Tensor) -> None:
    classes, rows = logits.get_shape(), labels.get_shape()
    if classes.ndims == 0:
        msg = f"`logits` cannot be a scalar. Received logits={logits}"
        raise ValueError(msg)
    if None in (classes.ndims, rows.ndims):
        return
    if rows.ndims != classes[:-1].ndims:
        msg = (
            "`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: "
            f"labels.shape={rows} of rank {rows.ndims} and logits.shape={classes} of rank "
            f"{classes.ndims}"
        )
        raise ValueError(msg)
    if not rows.is_compatible_with(classes[:-1]):
        msg = (
            "`labels.shape` must equal `logits.shape` except for the last dimension. Received: "
            f"labels.shape={rows} and logits.shape={classes}"
        )
        raise ValueError(msg)


def sparse_softmax_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Cross entropy of the softmax of ``logits`` against one class for each row.

    Args:
      labels: numbers of classes (int32 or int64), of the shape of ``logits`` less its last axis.
      logits: ``[..., classes]``.
      name: of the operation.

    Returns:
      The shape of ``labels``, the dtype of ``logits``.

    Raises:
      ValueError: an argument is missing, or the shapes do not fit.
      InvalidArgumentError: when it runs, a label is no class.
    """
    if labels is None or logits is None:
        _missing("sparse_softmax_cross_entropy_with_logits", labels, logits)
    op = SparseSoftmaxCrossEntropyWithLogits
    default = "SparseSoftmaxCrossEntropyWithLogits"
    with name_scope(name, default, [labels, logits]):
        targets = convert_to_tensor(labels)
        given = convert_to_tensor(logits)
        precise = _precise(given)
        _check_sparse_shapes(targets, precise)
        if precise.get_shape().ndims == _MATRIX_RANK:
            loss, _ = op(precise, targets, name=name or default)
        else:
            dims = shape(targets)
            loss, _ = op(_flattened(precise), reshape(targets, [-1]), name=name or default)
            loss = reshape(loss, dims)
            loss.set_shape(targets.get_shape())
        return cast(loss, given.dtype) if precise.dtype != given.dtype else loss  # type: ignore[no-any-return]


def _require_same(labels: Tensor, logits: Tensor) -> None:
    if not labels.get_shape().is_compatible_with(logits.get_shape()):
        msg = (
            "`logits` and `labels` must have the same shape, received "
            f"({logits.get_shape()} vs {labels.get_shape()})."
        )
        raise ValueError(msg)


def sigmoid_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, name: str | None = None
) -> Tensor:
    """Cross entropy of the sigmoid of each of ``logits`` against ``labels``.

    ``max(x, 0) - x * z + log(1 + exp(-|x|))``, which cannot overflow.

    Args:
      labels: between 0 and 1, of the shape and dtype of ``logits``.
      logits: floats.
      name: of the operation.

    Raises:
      TypeError: the dtypes differ.
      ValueError: an argument is missing, or the shapes differ.
    """
    if labels is None or logits is None:
        _missing("sigmoid_cross_entropy_with_logits", labels, logits)
    with name_scope(name, "logistic_loss", [logits, labels]) as scope:
        x = convert_to_tensor(logits, name="logits")
        targets = convert_to_tensor(labels, name="labels")
        _require_same(targets, x)
        zeros = zeros_like(x)
        positive = greater_equal(x, zeros)
        # Both branches are x itself, so that the gradient at 0 is that of the sigmoid.
        upper = Select(positive, x, zeros)
        below = Select(positive, negative(x), x)
        linear = subtract(upper, multiply(x, targets, name="mul"), name="sub")
        return add(linear, log1p(exp(below)), name=scope)


def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Tensor:
    """`sigmoid_cross_entropy_with_logits` with a weight on the positive labels.

    Args:
      labels: between 0 and 1, of the shape and dtype of ``logits``.
      logits: floats.
      pos_weight: what errors on positive labels count.
      name: of the operation.
      targets: the old name of ``labels``.

    Raises:
      TypeError: the dtypes differ.
      ValueError: the shapes differ.
    """
    given = one_of("labels", labels, "targets", targets)
    with name_scope(name, "logistic_loss", [logits, given]) as scope:
        x = convert_to_tensor(logits, name="logits")
        truth = convert_to_tensor(given, name="labels")
        _require_same(truth, x)
        weight = add(1.0, multiply(subtract(pos_weight, 1.0), truth))
        tail = add(log1p(exp(negative(abs(x)))), relu(negative(x)))
        return add(multiply(subtract(1.0, truth), x), multiply(weight, tail), name=scope)
