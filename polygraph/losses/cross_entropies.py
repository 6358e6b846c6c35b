"""Losses from logits: cross entropies, with smoothed labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import name_scope
from polygraph.losses.squeezing import without_last_axis
from polygraph.losses.weighting import Reduction, compute_weighted_loss, require
from polygraph.ops import cross_entropy
from polygraph.ops.casting import cast
from polygraph.ops.gradient_barriers import stop_gradient
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


def _like(labels: Any, logits: Tensor) -> Any:
    """``labels`` in the dtype of ``logits``, of a shape that is compatible."""
    truth = cast(labels, logits.dtype)
    logits.get_shape().assert_is_compatible_with(truth.get_shape())
    return truth


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of each logit's sigmoid, for classes that do not exclude each other.

    Args:
      multi_class_labels: ``[batch, classes]``, zeros and ones.
      logits: of the same shape.
      weights: a scalar, or of the rank of the labels with each size 1 or that of the labels.
      label_smoothing: above 0, moves labels so far towards one half.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A scalar of the dtype of ``logits``, or their shape where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(multi_class_labels=multi_class_labels, logits=logits)
    values = [logits, multi_class_labels, weights]
    with name_scope(scope, "sigmoid_cross_entropy_loss", values) as inner:
        guess = convert_to_tensor(logits)
        truth = _like(multi_class_labels, guess)
        if label_smoothing > 0:
            truth = truth * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = cross_entropy.sigmoid_cross_entropy_with_logits(
            labels=truth, logits=guess, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of the softmax of each row; no gradient flows into the labels.

    Args:
      onehot_labels: ``[batch, classes]``.
      logits: of the same shape.
      weights: a scalar, or ``[batch]`` or ``[1]``.
      label_smoothing: above 0, moves labels so far towards one over the number of classes.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A scalar of the dtype of ``logits``, or ``[batch]`` where the reduction is ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(onehot_labels=onehot_labels, logits=logits)
    values = [logits, onehot_labels, weights]
    with name_scope(scope, "softmax_cross_entropy_loss", values) as inner:
        guess = convert_to_tensor(logits)
        truth = _like(onehot_labels, guess)
        if label_smoothing > 0:
            classes = cast(shape(truth)[-1], guess.dtype)
            truth = truth * (1.0 - label_smoothing) + label_smoothing / classes
        fixed = stop_gradient(truth, name="labels_stop_gradient")
        losses = cross_entropy.softmax_cross_entropy_with_logits_v2(
            labels=fixed, logits=guess, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """The cross entropy of the softmax of each row, with one class for each.

    Args:
      labels: ``[batch, ...]`` numbers of classes; a last axis of size 1 more is dropped.
      logits: ``[batch, ..., classes]``.
      weights: a scalar, or of the rank of the labels; a last axis of size 1 more is dropped.
      scope: of the operations.
      loss_collection: collection to add the loss to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A scalar of the dtype of ``logits``, or the shape of ``labels`` where the reduction is
      ``NONE``.

    Raises:
      ValueError: an argument is None, or the shapes do not fit.
    """
    require(labels=labels, logits=logits)
    name = "sparse_softmax_cross_entropy_loss"
    with name_scope(scope, name, [logits, labels, weights]) as inner:
        truth, guess, factors = without_last_axis(labels, logits, weights, rank_difference=1)
        losses = cross_entropy.sparse_softmax_cross_entropy_with_logits(
            labels=truth, logits=guess, name="xentropy"
        )
        return compute_weighted_loss(losses, factors, inner, loss_collection, reduction)
