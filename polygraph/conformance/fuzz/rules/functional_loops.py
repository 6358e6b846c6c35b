"""Rules of loops over the rows of a tensor, and of arrays of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.rules.control_flow import CARRIED, LINES, calmed, grow, result
from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_ROWS = 5
_SIZE = 64


def _few_rows(ref: Ref) -> bool:
    return ref.rank > 0 and 0 < ref.shape[0] <= _ROWS and 0 < ref.size <= _SIZE


@rule(2, nests=True)
def mapping(g: Growth) -> Ref | None:
    """A function of each row."""
    rows = g.pick(CARRIED, _few_rows)
    name = g.name()
    body = g.inner()
    row = body.parameter(rows.dtype, rows.shape[1:])
    grow(body, g.choose.integer(1, LINES))
    own = {node.name for node in body.nodes}
    made = [ref for ref in body.pool if ref.name in own and ref.dtype in CARRIED]
    last = made[-1] if made else row
    function = body.closed(f"each_{name}", (row,), f"tf.identity({last})")
    return g.add(
        f"tf.map_fn(each_{name}, {rows}, dtype=tf.{last.dtype})",
        bodies=(function,),
        name=name,
        writes=any(node.writes for node in function.nodes),
    )


@rule(2, nests=True)
def folding(g: Growth) -> Ref | None:
    """A function of each row and of what it gave for the one before."""
    rows = g.pick(CARRIED, _few_rows)
    name = g.name()
    body = g.inner()
    value = body.parameter(rows.dtype, rows.shape[1:])
    row = body.parameter(rows.dtype, rows.shape[1:])
    grow(body, g.choose.integer(1, LINES))
    new = result(body, value.dtype, value.shape)
    made = body.add(f"tf.add({value}, tf.multiply({row}, {new}))")
    function = body.closed(f"fold_{name}", (value, row), calmed(made or new))
    start = f", {g.of_type(rows.dtype, rows.shape[1:])}" if g.choose.chance(0.5) else ""
    kind = g.choose.of(("scan", "foldl", "foldr", "scan"))
    return g.add(
        f"tf.{kind}(fold_{name}, {rows}{start})",
        bodies=(function,),
        name=name,
        writes=any(node.writes for node in function.nodes),
    )


@rule(2)
def array_of_tensors(g: Growth) -> str:
    """Rows written to an array and taken from it again."""
    x = g.pick(CARRIED, _few_rows)
    count = x.shape[0]
    array = f"tf.TensorArray(tf.{x.dtype}, {count})"
    growing = f"tf.TensorArray(tf.{x.dtype}, 1, dynamic_size=True)"
    places = [g.choose.integer(0, count - 1) for _ in range(g.choose.integer(0, 3))]
    order = list(range(count))
    return g.choose.of(
        (
            f"{array}.unstack({x}).gather(np.array({places}, np.int32))",
            f"{array}.unstack({x}).read({g.choose.integer(0, count - 1)})",
            f"{array}.scatter({order[::-1]}, {x}).stack()",
            f"{array}.split({x}, {[1] * count}).concat()",
            f"{growing}.write(1, {x}).write(0, {g.like(x)}).stack()",
        )
    )
