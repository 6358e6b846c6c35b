"""Losses from the difference of labels and predictions, value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import float32
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import name_scope
from polygraph.losses.weighting import Reduction, compute_weighted_loss, require
from polygraph.ops.activations import relu
from polygraph.ops.arithmetic import abs, add, minimum, multiply, squared_difference, subtract
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import log
from polygraph.ops.filling import ones_like
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.renamed_arguments import one_of

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


def _floats(predictions: Any, labels: Any) -> tuple[Tensor, Tensor]:
    """Both as float32, of shapes that are compatible."""
    first, second = cast(predictions, float32), cast(labels, float32)
    first.get_shape().assert_is_compatible_with(second.get_shape())
    return first, second


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``|predictions - labels|``.

    Args:
      labels: the truth.
      predictions: of the same shape.
      weights: a scalar, or of the rank of ``labels`` with each size 1 or that of ``labels``.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A float32 scalar, or the shape of ``labels`` where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "absolute_difference", [predictions, labels, weights]) as inner:
        guess, truth = _floats(predictions, labels)
        losses = abs(subtract(guess, truth))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
    dim: int | None = None,
) -> Tensor:
    """One minus the cosine of the angle between vectors of length one.

    Args:
      labels: the truth, of length one along ``axis``.
      predictions: of the same shape, of length one too.
      axis: of the vectors; it is kept with size 1.
      weights: a scalar, or of the rank of ``labels`` with each size 1 or that of the distances.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.
      dim: the old name of ``axis``.

    Returns:
      A float32 scalar, or a loss for each vector where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    along = one_of("axis", axis, "dim", dim)
    if along is None:
        msg = "You must specify argument `axis`."
        raise ValueError(msg)
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "cosine_distance_loss", [predictions, labels, weights]) as inner:
        guess, truth = _floats(predictions, labels)
        losses = 1 - reduce_sum(multiply(guess, truth), axis=(along,), keepdims=True)
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``max(0, 1 - t * logits)`` where t is 1 for a label of 1 and -1 for a label of 0.

    Args:
      labels: zeros and ones.
      logits: of the same shape, positive for a prediction of 1.
      weights: a scalar, or of the rank of ``labels`` with each size 1 or that of ``labels``.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A float32 scalar, or the shape of ``labels`` where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(labels=labels, logits=logits)
    with name_scope(scope, "hinge_loss", [logits, labels, weights]) as inner:
        guess, truth = _floats(logits, labels)
        ones = ones_like(truth)
        signs = subtract(2 * truth, ones)
        losses = relu(subtract(ones, multiply(signs, guess)))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """Half the square of a small difference, and linear in a large one (Huber 1964).

    ``0.5 * d**2`` where ``d = |predictions - labels|`` is at most ``delta``, else
    ``delta * d - 0.5 * delta**2``.

    Args:
      labels: the truth.
      predictions: of the same shape.
      weights: a scalar, or of the rank of ``labels`` with each size 1 or that of ``labels``.
      delta: where the square ends.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A float32 scalar, or the shape of ``labels`` where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "huber_loss", [predictions, labels, weights]) as inner:
        guess, truth = _floats(predictions, labels)
        distance = abs(subtract(guess, truth))
        square = minimum(distance, delta)
        linear = subtract(distance, square)
        half = convert_to_tensor(0.5, square.dtype)
        losses = add(multiply(half, multiply(square, square)), multiply(delta, linear))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``-labels * log(p + epsilon) - (1 - labels) * log(1 - p + epsilon)`` of predictions p.

    Args:
      labels: the truth, between 0 and 1.
      predictions: probabilities, of the same shape.
      weights: a scalar, or of the rank of ``labels`` with each size 1 or that of ``labels``.
      epsilon: keeps the logarithms finite.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A float32 scalar, or the shape of ``labels`` where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "log_loss", [predictions, labels, weights]) as inner:
        guess, truth = _floats(predictions, labels)
        losses: Any = -multiply(truth, log(guess + epsilon)) - multiply(
            1 - truth, log(1 - guess + epsilon)
        )
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """``(predictions - labels)**2``.

    Args:
      labels: the truth.
      predictions: of the same shape.
      weights: a scalar, or of the rank of ``labels`` with each size 1 or that of ``labels``.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A float32 scalar, or the shape of ``labels`` where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(labels=labels, predictions=predictions)
    with name_scope(scope, "mean_squared_error", [predictions, labels, weights]) as inner:
        guess, truth = _floats(predictions, labels)
        losses = squared_difference(guess, truth)
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)
