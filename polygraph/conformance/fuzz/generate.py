"""Random recipes: the same ones for the same seed."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import polygraph as tf
from polygraph.conformance.fuzz.choices import Seeded
from polygraph.conformance.fuzz.growth import SHAPES, Growth
from polygraph.conformance.fuzz.recipe import Recipe, is_variable
from polygraph.conformance.fuzz.rules import RULES
from polygraph.conformance.fuzz.rules.control_flow import grow
from polygraph.conformance.fuzz.values import COMPLEX, FLOATS, INTEGERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polygraph.conformance.fuzz.choices import Choices
    from polygraph.conformance.fuzz.rules import Rule

LINES = 9
"""Rules that have a turn in the largest graph."""

ALL_DTYPES = frozenset((*FLOATS, *INTEGERS, *COMPLEX, "bool"))
_COMMON = frozenset(("bool", "int32", "int64", "float32", "float64"))


_FEW_RULES = 0.3
"""Of all rules, how many make a graph of few."""


def recipe_from(
    choose: Choices,
    dtypes: frozenset[str] = ALL_DTYPES,
    rejected: list[Any] | None = None,
    rules: Sequence[Rule] | None = None,
) -> Recipe:
    """A random recipe.

    Args:
      choose: where the decisions come from.
      dtypes: what may be used.
      rejected: gets the lines that were tried and could not be made, each with the error.
      rules: that have their turns; when None all, or, for graphs in which rare ones meet, some.
    """
    some = dtypes & _COMMON if choose.chance(0.6) else dtypes
    if rules is None:
        few = [rule for rule in RULES if choose.chance(_FEW_RULES)]
        rules = few if few and choose.chance(0.4) else RULES
    growth = Growth(choose, some, rules=rules, rejected=[] if rejected is None else rejected)
    with tf.Graph().as_default():
        for _ in range(choose.integer(1, 2)):
            growth.leaf(choose.of(growth.kinds("float32", "float64", "int32")), choose.of(SHAPES))
        grow(growth, choose.integer(1, LINES))
    return _finished(growth)


def _finished(growth: Growth) -> Recipe:
    """The recipe with what is fetched: everything, or what nothing else uses and some more."""
    choose, nodes = growth.choose, tuple(growth.nodes)
    fetches = [node.name for node in nodes if node.name not in growth.feeds]
    if choose.chance(0.4):
        used = {name for node in nodes for name in node.mentions()}
        fetches = [
            node.name
            for node in nodes
            if node.name not in used or is_variable(node) or choose.chance(0.2)
        ]
    source = Recipe(nodes).source()
    stateful = any(node.writes for node in nodes) or "seed=" in source
    return Recipe(nodes, growth.feeds, tuple(fetches), choose.integer(1, 3) if stateful else 1)


def generate(seed: int, dtypes: frozenset[str] = ALL_DTYPES) -> Iterator[Recipe]:
    """Recipes without end."""
    for number in itertools.count():
        recipe = recipe_from(Seeded((seed, number)), dtypes)
        if recipe.fetches:
            yield recipe
