"""A loss from the differences between pairs of values of one example."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import float32
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import control_dependencies, name_scope
from polygraph.losses.collecting import add_loss
from polygraph.losses.weighting import number_present, require
from polygraph.ops.arithmetic import div_no_nan, maximum, multiply, subtract
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import square
from polygraph.ops.filling import zeros_like
from polygraph.ops.masking import where
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.shape_queries import rank
from polygraph.ops.weights_broadcast import assert_broadcastable

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Tensor:
    """The squared error of the differences between all pairs of values of each example.

    With errors ``d = predictions - labels`` of the n values of an example it is the mean of
    ``(d[i] - d[j])**2`` over ordered pairs, which is
    ``2 * sum(d**2) / (n - 1) - 2 * sum(d)**2 / (n * (n - 1))``; the examples' are summed.

    Args:
      labels: the truth, ``[batch, ...]``.
      predictions: of the same shape.
      weights: a scalar, or of the rank of ``labels`` with each size 1 or that of ``labels``.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.

    Returns:
      A float32 scalar.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_pairwise_squared_error", [predictions, labels, weights]):
        factors, truth = cast(weights, float32), cast(labels, float32)
        with control_dependencies([assert_broadcastable(factors, truth)]):
            guess = cast(predictions, float32)
            guess.get_shape().assert_is_compatible_with(truth.get_shape())
            loss = _loss(subtract(guess, truth), factors)
            add_loss(loss, loss_collection)
            return loss


def _loss(errors: Tensor, weights: Tensor) -> Tensor:
    axes = range_of(1, rank(errors))
    squares = reduce_sum(square(errors), axes, keepdims=True)
    count = number_present(errors, weights, per_batch=True)
    first = 2.0 * div_no_nan(squares, maximum(count - 1, 0), name="value")
    total = reduce_sum(errors, axes, keepdims=True)
    squared, pairs = square(total), maximum(multiply(count, count - 1), 0)
    second = 2.0 * div_no_nan(squared, pairs, name="value")
    loss = reduce_sum(multiply(first - second, weights))
    return where(reduce_sum(count) > 0, loss, zeros_like(loss), name="value")
