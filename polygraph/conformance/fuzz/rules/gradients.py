"""Rules of gradients: of anything that is a float, with respect to anything that it comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_WIDE = ("float32", "float64")


def ancestors(g: Growth, name: str) -> set[str]:
    """Every node that ``name`` comes from."""
    mentions = {node.name: node.mentions() for node in g.nodes}
    found: set[str] = set()
    pending = [name]
    while pending:
        for other in mentions.get(pending.pop(), ()):
            if other not in found:
                found.add(other)
                pending.append(other)
    return found


@rule(12, top=True)
def gradient(g: Growth) -> str | None:
    """A gradient, with or without a weight for each element."""
    tops = [ref for ref in g.pool if ref.dtype in _WIDE and ancestors(g, ref.name)]
    if not tops:
        return None
    y: Ref = g.choose.of(tops[-4:])
    below = ancestors(g, y.name)
    sources = [ref for ref in g.pool if ref.name in below and ref.dtype in _WIDE]
    if not sources:
        return None
    x = g.choose.of(sources)
    weight = f", {g.like(y)}" if g.choose.chance(0.3) else ""
    return f"tf.convert_to_tensor(tf.gradients({y}, {x}{weight})[0])"
