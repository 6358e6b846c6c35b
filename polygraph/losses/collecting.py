"""The losses of a graph: a collection, and their sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import add_to_collection, get_collection
from polygraph.ops.arithmetic import add_n
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


def add_loss(loss: Any, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Add a loss to a collection; None adds it to none."""
    if loss_collection:
        add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Tensor]:
    """The losses of a collection.

    Args:
      scope: a pattern; only losses whose name it matches from the start.
      loss_collection: the collection.
    """
    return get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Tensor]:
    """The losses that the regularizers of variables gave.

    Args:
      scope: a pattern; only losses whose name it matches from the start.
    """
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


def get_regularization_loss(
    scope: str | None = None, name: str = "total_regularization_loss"
) -> Tensor:
    """The sum of the regularization losses; zero where there are none.

    Args:
      scope: a pattern; only losses whose name it matches from the start.
      name: of the operation.
    """
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Tensor:
    """The sum of the losses that were collected.

    Args:
      add_regularization_losses: whether it includes those of the regularizers.
      name: of the operation.
      scope: a pattern; only losses whose name it matches from the start.

    Raises:
      ValueError: there are none.
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses += get_regularization_losses(scope)
    return add_n(losses, name=name)
