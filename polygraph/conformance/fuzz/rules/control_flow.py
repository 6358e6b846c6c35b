"""Rules of conditionals and loops; their functions grow by the same rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref
    from polygraph.conformance.fuzz.recipe import Body

CARRIED = ("float32", "float64", "int32", "int64")
"""Dtypes of what goes in and out of functions."""
LINES = 3
"""Rules that have a turn in one function."""
_NESTING = 2


def depth_of(g: Growth) -> int:
    """How many functions it is inside of."""
    depth = 0
    while g.outer is not None:
        depth, g = depth + 1, g.outer
    return depth


def grow(g: Growth, lines: int) -> None:
    """Let so many of its rules have their turn."""
    inside = depth_of(g)
    weighted = [
        each
        for each in g.rules
        if not (inside and each.top) and not (inside >= _NESTING and each.nests)
        for _ in range(each.weight)
    ]
    for _ in range(lines if weighted else 0):
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


def calmed(ref: Ref) -> str:
    """The value kept small, for one that comes round again and again."""
    return f"tf.tanh({ref})" if ref.dtype.startswith("float") else f"tf.floormod({ref}, 11)"


@rule(4, nests=True)
def conditional(g: Growth) -> Ref | None:
    """One of two functions or of three, as predicates or an index say."""
    name = g.name()
    kind = g.choose.of(("cond", "cond", "case", "switch_case"))
    bodies: list[Body] = []
    made: Ref | None = None
    for number in range(2 if kind == "cond" else 3):
        inner = g.inner()
        grow(inner, g.choose.integer(0 if bodies else 1, LINES))
        if made is None:
            made = inner.pool[-1] if len(inner.pool) > len(g.pool) else inner.pick(CARRIED)
        chosen = made if not bodies else result(inner, made.dtype, made.shape)
        bodies.append(inner.closed(f"branch_{name}_{number}", (), f"tf.identity({chosen})"))
    functions = [body.name for body in bodies]
    if kind == "cond":
        text = f"tf.cond({predicate(g)}, {', '.join(functions)})"
    elif kind == "case":
        pairs = ", ".join(f"({predicate(g)}, {each})" for each in functions[:2])
        text = f"tf.case([{pairs}], {functions[2]})"
    else:
        text = f"tf.switch_case(tf.identity({g.of_type('int32', ())}), [{', '.join(functions)}])"
    writes = any(node.writes for body in bodies for node in body.nodes)
    return g.add(text, bodies=tuple(bodies), name=name, writes=writes)


@rule(4, nests=True)
def loop(g: Growth) -> Ref | None:
    """Up to four turns of one or two values, which are kept small on the way."""
    starts = [g.pick(CARRIED) for _ in range(g.choose.integer(1, 2))]
    name = g.name()
    body = g.inner()
    turn = body.parameter("int32", ())
    values = [body.parameter(start.dtype, start.shape) for start in starts]
    grow(body, g.choose.integer(1, LINES))
    own = {node.name for node in body.nodes}
    results = []
    for value in values:
        new = result(body, value.dtype, value.shape)
        if new.name not in own:
            new = body.add(f"tf.add({value}, {new})") or new
        results.append(calmed(new))
    condition = f"{turn} < {g.choose.integer(0, 4)}"
    if starts[0].dtype.startswith("float") and g.choose.chance(0.3):
        condition = f"tf.logical_and({condition}, tf.reduce_sum({values[0]}) < 2.0)"
    parameters = (turn, *values)
    bodies = (
        g.inner().closed(f"cond_{name}", parameters, condition),
        body.closed(f"body_{name}", parameters, f"[{turn} + 1, {', '.join(results)}]"),
    )
    writes = any(node.writes for each in bodies for node in each.nodes)
    return g.add(
        f"tf.while_loop(cond_{name}, body_{name}, [0, {', '.join(map(str, starts))}])"
        f"[{g.choose.integer(1, len(starts))}]",
        bodies=bodies,
        name=name,
        writes=writes,
    )
