"""Rules of variables: reads and writes, ordered or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.conformance.fuzz.rules.registry import rule
from polygraph.conformance.fuzz.values import random_array

if TYPE_CHECKING:
    from typing import Any

    from polygraph.conformance.fuzz.growth import Growth, Ref

    Array = np.ndarray[Any, Any]

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
    return g.leaf_of(array, "variable")


def variable_of_type(g: Growth, dtype: str, array: Array) -> Ref | None:
    """A variable of the dtype and the shape of ``array``: a new one has these values."""
    there = [ref for ref in g.variables if (ref.dtype, ref.shape) == (dtype, array.shape)]
    if there and (g.outer is not None or g.choose.chance(0.5)):
        return g.choose.of(there)
    return g.leaf_of(array, "variable") if g.outer is None else None


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
    name = g.choose.of(("add", "sub", "max", "min", "mul", "update"))
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


@rule(1)
def counting(g: Growth) -> Ref | None:
    """A variable counts up; the value is that from before."""
    target = variable(g, ("int32", "int64"))
    if target is None or target.rank:
        return None
    return g.add(f"tf.count_up_to({target}, 2 ** 20)", writes=True)


@rule(1)
def part_assignment(g: Growth) -> Ref | None:
    """Some rows of a variable get other values."""
    target = variable(g, _KEPT)
    if target is None or not target.rank:
        return None
    rows = target.shape[0]
    begin = g.choose.integer(0, rows)
    end = g.choose.integer(begin, rows)
    values = g.of_type(target.dtype, (end - begin, *target.shape[1:]))
    return g.add(f"{target}[{begin}:{end}].assign({values})", writes=True)
