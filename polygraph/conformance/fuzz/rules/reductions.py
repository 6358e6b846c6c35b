"""Rules of reductions, positions of extremes, and scans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.growth import NUMERIC
from polygraph.conformance.fuzz.rules.registry import rule
from polygraph.conformance.fuzz.values import FLOATS

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_WIDE = ("float32", "float64")
_SUMMED = (*_WIDE, "int32", "int64")


def axis_of(g: Growth, ref: Ref) -> int:
    """One of its axes, as a negative number now and then."""
    axis = g.choose.integer(0, ref.rank - 1)
    return axis - ref.rank if g.choose.chance(0.3) else axis


def _axes(g: Growth, ref: Ref) -> str:
    if ref.rank == 0 or g.choose.chance(0.25):
        return "None"
    if g.choose.chance(0.6):
        return str(axis_of(g, ref))
    chosen = [axis for axis in range(ref.rank) if g.choose.chance(0.5)]
    return str(chosen)


@rule(8)
def reduction(g: Growth) -> str:
    """A reduction over some axes."""
    name = g.choose.of(("sum", "mean", "max", "min", "prod", "sum"))
    x = g.pick(_SUMMED if name != "mean" else (*_WIDE, "int32"))
    keep = ", keepdims=True" if g.choose.chance(0.4) else ""
    return f"tf.reduce_{name}({x}, {_axes(g, x)}{keep})"


@rule(2)
def narrow_reduction(g: Growth) -> str:
    """An extreme of any dtype, or a sum of a narrow one."""
    x = g.pick(NUMERIC)
    name = g.choose.of(("max", "min", "sum"))
    return f"tf.reduce_{name}({x}, {_axes(g, x)})"


@rule(1)
def logical_reduction(g: Growth) -> str:
    """Whether all, or any, hold."""
    x = g.pick(["bool"])
    return f"tf.reduce_{g.choose.of(('all', 'any'))}({x}, {_axes(g, x)})"


@rule(2)
def norm_like(g: Growth) -> str:
    """Compositions of reductions."""
    x = g.pick(_WIDE)
    name = g.choose.of(("reduce_logsumexp", "norm", "count_nonzero"))
    if name == "norm":
        return f"tf.norm({x}, axis={axis_of(g, x)})" if x.rank else f"tf.norm({x})"
    arguments = f", axis={_axes(g, x)}"
    return f"tf.{name}({x}{arguments})"


@rule(3)
def position_of_extreme(g: Growth) -> str:
    """Where the largest or the smallest is."""
    x = g.pick((*FLOATS, "int32", "int64"), lambda ref: ref.rank > 0 and 0 not in ref.shape)
    kind = f", output_type=tf.{g.choose.of(('int32', 'int64'))}" if g.choose.chance(0.5) else ""
    return f"tf.{g.choose.of(('argmax', 'argmin'))}({x}, {axis_of(g, x)}{kind})"


@rule(2)
def scan(g: Growth) -> str:
    """Sums or products so far."""
    x = g.pick(_SUMMED, lambda ref: ref.rank > 0)
    flags = "".join(f", {flag}=True" for flag in ("exclusive", "reverse") if g.choose.chance(0.3))
    return f"tf.{g.choose.of(('cumsum', 'cumprod'))}({x}, {axis_of(g, x)}{flags})"


@rule(2)
def ordering(g: Growth) -> str:
    """Sorted values, their places, or the first of them."""
    x = g.pick((*_WIDE, "int32", "int64"), lambda ref: ref.rank > 0 and 0 not in ref.shape)
    if g.choose.chance(0.4):
        k = g.choose.integer(1, x.shape[-1])
        return f"tf.nn.top_k({x}, {k})[{g.choose.integer(0, 1)}]"
    axis = axis_of(g, x)
    if g.choose.chance(0.5):
        direction = g.choose.of(("ASCENDING", "DESCENDING"))
        return f'tf.sort({x}, {axis}, "{direction}")'
    return f"tf.argsort({x}, {axis}, stable=True)"
