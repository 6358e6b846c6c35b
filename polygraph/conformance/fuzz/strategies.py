"""Random recipes as a Hypothesis strategy, for property tests of one's own.

The driver decides by a generator of its own instead: Hypothesis spends half of its examples on
variations of earlier ones, and a long search wants new graphs.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from polygraph.conformance.fuzz.generate import ALL_DTYPES, recipe_from

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.conformance.fuzz.recipe import Recipe

_Item = TypeVar("_Item")

_FINE = 1000


@cache
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


@cache
def _indices(count: int) -> st.SearchStrategy[int]:
    # Unlike `integers`, sampling has no liking for the ends.
    return st.sampled_from(range(count))


class Drawn:
    """Decisions that Hypothesis draws.

    Args:
      draw: what a composite strategy is given.
    """

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return int(self._draw(_integers(low, high)))

    def of(self, items: Sequence[_Item]) -> _Item:
        """One of the items."""
        index: int = self._draw(_indices(len(items)))
        return items[index]

    def chance(self, probability: float) -> bool:
        """True that often."""
        return bool(self._draw(_indices(_FINE)) < probability * _FINE)


@st.composite
def recipes(
    draw: Callable[[st.SearchStrategy[Any]], Any], dtypes: frozenset[str] = ALL_DTYPES
) -> Recipe:
    """A random recipe over these dtypes."""
    return recipe_from(Drawn(draw), dtypes)
