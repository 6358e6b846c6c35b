"""Rules of conditionals and loops; their functions grow by the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.rules.registry import RULES, rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref
    from polygraph.conformance.fuzz.rules.registry import Rule

_CARRIED = ("float32", "float64", "int32", "int64")
_LINES = 3
_NESTING = 2


def depth_of(g: Growth) -> int:
    """How many functions it is inside of."""
    depth = 0
    while g.outer is not None:
        depth, g = depth + 1, g.outer
    return depth


def grow(g: Growth, lines: int) -> None:
    """Let so many rules have their turn."""
    inside = depth_of(g)
    open_rules = [each for each in RULES if not (inside and each.top)]
    if inside >= _NESTING:
        open_rules = [each for each in open_rules if each.grow not in (conditional, loop)]
    weighted: list[Rule] = [each for each in open_rules for _ in range(each.weight)]
    for _ in range(lines):
        made = g.choose.of(weighted).grow(g)
        if isinstance(made, str):
            g.add(made)


def predicate(g: Growth) -> str:
    """A bool of rank 0."""
    x = g.pick(("bool", "float32", "int32"))
    if x.dtype != "bool":
        return f"tf.reduce_sum({x}) > 0"
    return str(x) if not x.rank else f"tf.reduce_any({x})"


def result(g: Growth, dtype: str, shape: tuple[int, ...]) -> Ref:
    """Something of that type, the newest that there is."""
    own = {node.name for node in g.nodes}
    for ref in reversed(g.pool):
        if ref.name in own and (ref.dtype, ref.shape) == (dtype, shape):
            return ref
    return g.of_type(dtype, shape)


@rule(4)
def conditional(g: Growth) -> Ref | None:
    """One of two functions, as a predicate says."""
    pred = predicate(g)
    name = g.name()
    then = g.inner()
    grow(then, g.choose.integer(1, _LINES))
    made = then.pool[-1] if len(then.pool) > len(g.pool) else then.pick(_CARRIED)
    other = g.inner()
    grow(other, g.choose.integer(0, _LINES))
    bodies = (
        then.closed(f"then_{name}", (), f"tf.identity({made})"),
        other.closed(f"else_{name}", (), f"tf.identity({result(other, made.dtype, made.shape)})"),
    )
    writes = any(node.writes for body in bodies for node in body.nodes)
    return g.add(
        f"tf.cond({pred}, then_{name}, else_{name})", bodies=bodies, name=name, writes=writes
    )


@rule(4)
def loop(g: Growth) -> Ref | None:
    """Up to four turns; the value is kept small on the way."""
    start = g.pick(_CARRIED)
    name = g.name()
    body = g.inner()
    turn = body.parameter("int32", ())
    value = body.parameter(start.dtype, start.shape)
    grow(body, g.choose.integer(1, _LINES))
    new = result(body, start.dtype, start.shape)
    if new.name not in {node.name for node in body.nodes}:
        made = body.add(f"tf.add({value}, {new})")
        new = new if made is None else made
    calm = f"tf.tanh({new})" if start.dtype.startswith("float") else f"tf.floormod({new}, 11)"
    turns = g.choose.integer(0, 4)
    more = ""
    if start.dtype.startswith("float") and g.choose.chance(0.3):
        more = f", tf.reduce_sum({value}) < 2.0"
    condition = f"{turn} < {turns}"
    bodies = (
        g.inner().closed(
            f"cond_{name}",
            (turn, value),
            f"tf.logical_and({condition}{more})" if more else condition,
        ),
        body.closed(f"body_{name}", (turn, value), f"[{turn} + 1, {calm}]"),
    )
    writes = any(node.writes for each in bodies for node in each.nodes)
    return g.add(
        f"tf.while_loop(cond_{name}, body_{name}, [0, {start}])[1]",
        bodies=bodies,
        name=name,
        writes=writes,
    )
