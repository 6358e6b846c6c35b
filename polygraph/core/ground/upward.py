"""The edges that go up the layers, in one typed table that the upper layers fill when imported.

A tensor's operators are ops, and `Tensor.eval` and `Operation.run` need a session: both lie above
the graph. The graph calls them through `UPWARD`, so that no lower module imports an upper one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable


def _not_filled(*_: Any, **__: Any) -> NoReturn:
    msg = "the layer above that fills this entry of UPWARD is not imported: import polygraph"
    raise RuntimeError(msg)


@dataclass(slots=True)
class Upward:
    """What the ground calls of the layers above it.

    Attributes:
      operators: Python's special methods of `Tensor`, such as ``__add__``; filled by the ops.
      evaluate: ``(fetches, feed_dict, session) -> values``; filled by the session.
      constant: ``(value, dtype, name) -> Tensor``; filled by the op that makes constants.
      pack: ``(list, dtype, name) -> Tensor`` for lists that hold tensors; filled by the ops.
    """

    operators: dict[str, Callable[..., Any]] = field(default_factory=dict)
    evaluate: Callable[..., Any] = _not_filled
    constant: Callable[..., Any] = _not_filled
    pack: Callable[..., Any] = _not_filled


UPWARD = Upward()
