"""Labels, predictions and weights that have a last axis of size 1 too many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.control_flow import cond
from polygraph.ops.logical import equal
from polygraph.ops.reshaping import squeeze
from polygraph.ops.shape_queries import rank

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


def _may_end_in_one(tensor: Tensor) -> bool:
    known = tensor.get_shape()
    return known.ndims is None or (known.ndims > 0 and known[-1].is_compatible_with(1))


def _squeezed_where(tensor: Tensor, difference: Tensor, wanted: int) -> Tensor:
    """``tensor`` without its last axis, where a run finds that the ranks differ by ``wanted``."""
    if not _may_end_in_one(tensor):
        return tensor
    return cond(  # type: ignore[no-any-return]
        equal(wanted, difference), lambda: squeeze(tensor, [-1]), lambda: tensor
    )


def _squeezed_pair(labels: Any, predictions: Any, rank_difference: int) -> tuple[Tensor, Tensor]:
    with name_scope(None, "remove_squeezable_dimensions", [labels, predictions]):
        guess, truth = convert_to_tensor(predictions), convert_to_tensor(labels)
        ranks = (guess.get_shape().ndims, truth.get_shape().ndims)
        if ranks[0] is None or ranks[1] is None:
            difference: Any = rank(guess) - rank(truth)
            guess = _squeezed_where(guess, difference, rank_difference + 1)
            return _squeezed_where(truth, difference, rank_difference - 1), guess
        if ranks[0] - ranks[1] == rank_difference + 1 and _may_end_in_one(guess):
            guess = squeeze(guess, [-1])
        elif ranks[0] - ranks[1] == rank_difference - 1 and _may_end_in_one(truth):
            truth = squeeze(truth, [-1])
        return truth, guess


def without_last_axis(
    labels: Any, predictions: Any, weights: Any, rank_difference: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Labels, predictions and weights, each without a last axis of size 1 that is one too many.

    Args:
      labels: the truth.
      predictions: what is compared with it.
      weights: of the rank of the labels, or one more.
      rank_difference: how many axes more than the labels the predictions have.
    """
    truth, guess = _squeezed_pair(labels, predictions, rank_difference)
    factors = convert_to_tensor(weights)
    ranks = (factors.get_shape().ndims, truth.get_shape().ndims)
    if ranks[0] is None or ranks[1] is None:
        difference: Any = rank(factors) - rank(truth)
        return truth, guess, _squeezed_where(factors, difference, 1)
    if ranks[0] - ranks[1] == 1:
        factors = squeeze(factors, [-1])
    return truth, guess, factors
