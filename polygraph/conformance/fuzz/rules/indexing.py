"""Rules of gathering, scattering and segments, with indices in range."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.conformance.fuzz.growth import SIZE_LIMIT
from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_FEW = ("float32", "float64", "int32", "int64")
_SMALL = SIZE_LIMIT // 8


def indices(g: Growth, shape: tuple[int, ...], bound: int, *, ordered: bool = False) -> Ref:
    """A leaf of indices below ``bound``."""
    rng = np.random.default_rng(g.choose.integer(0, 2**16))
    values = rng.integers(0, bound, shape)
    if ordered:
        values.sort()
    return g.leaf_of(values.astype(g.choose.of(("int32", "int64"))))


def _full(ref: Ref) -> bool:
    return ref.rank > 0 and 0 < ref.size < _SMALL


@rule(4)
def gather(g: Growth) -> str:
    """Rows, by index."""
    x = g.pick((*_FEW, "bool"), _full)
    axis = g.choose.integer(0, x.rank - 1)
    shape = g.choose.of(((), (3,), (2, 2), (0,)))
    places = indices(g, shape, x.shape[axis])
    return f"tf.gather({x}, {places}, axis={axis})"


@rule(2)
def gather_nd(g: Growth) -> str:
    """Elements or slices, by place."""
    x = g.pick(_FEW, _full)
    depth = g.choose.integer(1, x.rank)
    rng = np.random.default_rng(g.choose.integer(0, 2**16))
    places = np.stack([rng.integers(0, size, 3) for size in x.shape[:depth]], axis=-1)
    return f"tf.gather_nd({x}, {g.leaf_of(places.astype(np.int32))})"


@rule(2)
def scatter_nd(g: Growth) -> str:
    """Sums at places, which may repeat."""
    updates = g.pick(_FEW, _full)
    places = indices(g, (updates.shape[0], 1), 4)
    shape = ", ".join(map(str, (4, *updates.shape[1:])))
    cast = "tf.int64" if places.dtype == "int64" else "tf.int32"
    return f"tf.scatter_nd({places}, {updates}, tf.constant([{shape}], {cast}))"


@rule(2)
def tensor_scatter(g: Growth) -> str:
    """A tensor with rows changed, added or subtracted."""
    x = g.pick(_FEW, _full)
    updates = g.of_type(x.dtype, (2, *x.shape[1:]))
    name = g.choose.of(("add", "sub"))
    places = indices(g, (2, 1), x.shape[0])
    return f"tf.tensor_scatter_{name}({x}, {places}, {updates})"


@rule(3)
def segments(g: Growth) -> str:
    """Reductions of segments, in order or not."""
    x = g.pick(_FEW, _full)
    name = g.choose.of(("sum", "max", "min", "prod"))
    if g.choose.chance(0.5):
        ids = indices(g, x.shape[:1], 4)
        return f"tf.unsorted_segment_{name}({x}, {ids}, 4)"
    rng = np.random.default_rng(g.choose.integer(0, 2**16))
    ordered = np.sort(rng.integers(0, 3, x.shape[0])).astype(np.int32)
    return f"tf.segment_{name}({x}, np.array({ordered.tolist()}, np.int32))"


@rule(2)
def of_unknown_size(g: Growth) -> str:
    """What has as many elements as the values say."""
    x = g.pick(("float32", "int32"), _full)
    kind = g.choose.integer(0, 2)
    if kind == 0:
        return f"tf.where(tf.greater({x}, 0))"
    mask = g.of_type("bool", x.shape)
    if kind == 1:
        return f"tf.boolean_mask({x}, {mask})"
    return f"tf.reduce_sum(tf.boolean_mask({x}, {mask}))"


@rule(1)
def distinct(g: Growth) -> str:
    """The distinct ones among several, and where."""
    x = g.pick(("int32", "int64"), lambda ref: ref.rank == 1)
    return f"tf.unique({x})[{g.choose.integer(0, 1)}]"


@rule(1)
def one_hot(g: Growth) -> str:
    """Rows with a one."""
    x = g.pick(("int32", "int64", "uint8"), lambda ref: ref.size < _SMALL)
    return f"tf.one_hot({x}, {g.choose.integer(0, 4)}, axis={g.choose.integer(-1, x.rank)})"


@rule(1)
def sequences_reversed(g: Growth) -> str:
    """The first so many of each row, in reverse."""
    x = g.pick(_FEW, lambda ref: ref.rank > 1 and 0 < ref.size < _SMALL)
    lengths = indices(g, x.shape[:1], x.shape[1] + 1)
    return f"tf.reverse_sequence({x}, {lengths}, seq_axis=1, batch_axis=0)"


@rule(1)
def stitching(g: Growth) -> str:
    """Rows put in places by index."""
    x = g.pick(_FEW, _full)
    rows = x.shape[0]
    order = np.random.default_rng(g.choose.integer(0, 2**16)).permutation(rows)
    return f"tf.dynamic_stitch([np.array({order.tolist()}, np.int32)], [{x}])"


@rule(1)
def placing(g: Growth) -> str:
    """Values at places in a tensor of a default, and places by their number."""
    values = g.pick(_FEW, lambda ref: ref.rank == 1 and 0 < ref.size <= 6)  # noqa: PLR2004
    places = [2 * place for place in range(values.size)]
    return g.choose.of(
        (
            f"tf.sparse_to_dense({places}, [13], {values})",
            f"tf.unravel_index(np.array({places}, np.int32), [4, 5])",
        )
    )


@rule(1)
def searching(g: Growth) -> str:
    """Where values belong in what is sorted."""
    ordered = g.pick(("int32", "int64"), lambda ref: ref.rank == 1 and 0 < ref.size < _SMALL)
    values = g.pick([ordered.dtype], lambda ref: ref.rank == 1 and ref.size < _SMALL)
    side = g.choose.of(("left", "right"))
    return f'tf.searchsorted(tf.sort({ordered}), {values}, "{side}")'
