"""The table of rules: each adds one line to a graph that grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.conformance.fuzz.growth import Growth, Ref

    Grow = Callable[[Growth], str | Ref | None]
    """Gives the text of a new line, or adds it itself."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to grow.

    Attributes:
      name: for people.
      weight: how often, relative to others.
      grow: does it.
      top: only outside of control flow.
      nests: grows functions, in which other rules have their turn.
    """

    name: str
    weight: int
    grow: Grow
    top: bool = False
    nests: bool = False


RULES: list[Rule] = []
"""Every rule, in the order of definition."""


def rule(weight: int, *, top: bool = False, nests: bool = False) -> Callable[[Grow], Grow]:
    """Decorator: the function is a rule of that weight."""

    def decorate(grow: Grow) -> Grow:
        RULES.append(Rule(grow.__name__, weight, grow, top, nests))
        return grow

    return decorate
