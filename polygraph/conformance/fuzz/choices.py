"""Where the decisions of a random graph come from."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_Item = TypeVar("_Item")


class Choices(Protocol):
    """A source of decisions."""

    def integer(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""

    def of(self, items: Sequence[_Item]) -> _Item:
        """One of the items."""

    def chance(self, probability: float) -> bool:
        """True that often."""


class Seeded:
    """Decisions of a pseudo-random generator: the same ones for the same seed.

    Args:
      seed: anything that prints the same.
    """

    def __init__(self, seed: object) -> None:
        self._random = random.Random(repr(seed))  # noqa: S311 - no secret

    def integer(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return self._random.randint(low, high)

    def of(self, items: Sequence[_Item]) -> _Item:
        """One of the items."""
        return self._random.choice(items)

    def chance(self, probability: float) -> bool:
        """True that often."""
        return self._random.random() < probability
