"""One loss from the losses of many values: weighted, summed or averaged, and collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import float32
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import control_dependencies, name_scope
from polygraph.losses.collecting import add_loss
from polygraph.ops.arithmetic import div_no_nan, multiply
from polygraph.ops.casting import cast
from polygraph.ops.filling import ones_like, zeros_like
from polygraph.ops.logical import equal
from polygraph.ops.masking import where
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.shape_queries import rank, size
from polygraph.ops.weights_broadcast import assert_broadcastable, broadcast_weights

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


class Reduction:
    """What is made of the weighted losses of many values.

    Attributes:
      NONE: nothing: they stay as they are.
      SUM: their sum.
      MEAN: their sum over the sum of the weights.
      SUM_OVER_BATCH_SIZE: their sum over their number.
      SUM_BY_NONZERO_WEIGHTS: their sum over the number of those whose weight is not zero.
      SUM_OVER_NONZERO_WEIGHTS: the same.
    """

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Every reduction."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError where ``key`` is no reduction."""
        if key not in cls.all():
            msg = f"Invalid Reduction Key {key}. Key should be one of {cls.all()}."
            raise ValueError(msg)


def require(**arguments: Any) -> None:
    """Raise ValueError where an argument is None."""
    for name, value in arguments.items():
        if value is None:
            msg = f"Argument `{name}` must not be None."
            raise ValueError(msg)


def number_present(losses: Tensor, weights: Any, *, per_batch: bool = False) -> Tensor:
    """How many of the losses have a weight that is not zero.

    Args:
      losses: the losses.
      weights: a scalar, or of the rank of ``losses`` with each size 1 or that of ``losses``.
      per_batch: count for each entry of the first axis; the others are kept with size 1.
    """
    with name_scope(None, "num_present", [losses, weights]) as scope:
        known = cast(weights, float32)
        present = where(equal(known, 0.0), zeros_like(known), ones_like(known))
        counted = broadcast_weights(present, losses)
        if not per_batch:
            return reduce_sum(counted, name=scope)
        return reduce_sum(counted, range_of(1, rank(counted)), keepdims=True, name=scope)


def _number(losses: Tensor) -> Tensor:
    with name_scope(None, "num_elements", [losses]) as scope:
        return cast(size(losses, name=scope), losses.dtype)  # type: ignore[no-any-return]


def _mean(total: Tensor, number: Tensor) -> Tensor:
    """``total / number``, zero of nothing."""
    return div_no_nan(reduce_sum(total), number, name="value")


def _reduced(losses: Tensor, weights: Tensor, reduction: str) -> Tensor:
    weighted = multiply(losses, weights)
    if reduction == Reduction.NONE:
        return weighted
    total = reduce_sum(weighted)
    if reduction == Reduction.MEAN:
        return _mean(total, reduce_sum(ones_like(losses) * weights))
    if reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
        return _mean(total, number_present(losses, weights))
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return _mean(total, _number(losses))
    return total


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = Reduction.SUM_BY_NONZERO_WEIGHTS,
) -> Tensor:
    """One loss from the losses of many values, computed in float32.

    Args:
      losses: ``[batch, ...]``.
      weights: a scalar, or of the rank of ``losses`` with each size 1 or that of ``losses``.
      scope: of the operations.
      loss_collection: collection to add it to, None for none.
      reduction: one of `Reduction`.

    Returns:
      A scalar, or the shape of ``losses`` where the reduction is ``NONE``; of their dtype.

    Raises:
      ValueError: there is no such reduction, an argument is None, or the weights do not fit.
      InvalidArgumentError: when it runs, the weights do not fit.
    """
    Reduction.validate(reduction)
    with (
        name_scope(scope, "weighted_loss", [losses, weights]),
        control_dependencies([assert_broadcastable(weights, losses)]),
    ):
        given = convert_to_tensor(losses)
        values = cast(given, float32)
        loss: Tensor = cast(_reduced(values, cast(weights, float32), reduction), given.dtype)
        add_loss(loss, loss_collection)
        return loss
