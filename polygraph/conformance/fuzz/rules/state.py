"""Rules of variables: reads and writes, ordered or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.conformance.fuzz.rules.registry import rule
from polygraph.conformance.fuzz.values import random_array

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_KEPT = ("float32", "float64", "int32", "int64", "bool")
_CHANGED = ("float32", "float64", "int32", "int64")
SHAPES = ((), (3,), (2, 3), (4, 2))


def variable(g: Growth, kinds: tuple[str, ...]) -> Ref | None:
    """A variable of one of the dtypes: one that there is, or a new one outside of bodies."""
    there = [ref for ref in g.variables if ref.dtype in kinds]
    if there and (g.outer is not None or g.choose.chance(0.7)):
        return g.choose.of(there)
    if g.outer is not None:
        return None
    array = random_array(g.choose, g.choose.of(g.kinds(*kinds)), g.choose.of(SHAPES))
    before = len(g.variables)
    while len(g.variables) == before:
        g.leaf_of(array)
    return g.variables[-1]


@rule(4)
def assignment(g: Growth) -> Ref | None:
    """A variable gets another value, or more, or less."""
    name = g.choose.of(("assign", "assign_add", "assign_sub"))
    target = variable(g, _KEPT if name == "assign" else _CHANGED)
    if target is None:
        return None
    return g.add(f"tf.{name}({target}, {g.like(target)})", writes=True)


@rule(2)
def scatter(g: Growth) -> Ref | None:
    """Rows of a variable change, some more than once."""
    target = variable(g, _CHANGED)
    if target is None or not target.rank or target.shape[0] < 2:  # noqa: PLR2004
        return None
    name = g.choose.of(("add", "sub", "max", "min", "update"))
    rng = np.random.default_rng(g.choose.integer(0, 2**16))
    rows = target.shape[0]
    places = rng.permutation(rows)[:2] if name == "update" else rng.integers(0, rows, 2)
    updates = g.of_type(target.dtype, (2, *target.shape[1:]))
    indices = f"np.array({places.tolist()}, np.int32)"
    return g.add(f"tf.scatter_{name}({target}, {indices}, {updates})", writes=True)


@rule(1)
def read(g: Growth) -> str | None:
    """A read that pins its moment."""
    if not g.variables:
        return None
    return f"{g.choose.of(g.variables)}.read_value()"
