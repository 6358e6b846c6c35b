"""Rules of shapes: what moves elements and changes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.growth import NUMERIC, SIZE_LIMIT
from polygraph.conformance.fuzz.rules.reductions import axis_of
from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_ANY = (*NUMERIC, "bool")
_FEW = ("float32", "float64", "int32", "int64", "bool")
_SMALL = SIZE_LIMIT // 4


def _ranked(ref: Ref) -> bool:
    return ref.rank > 0


@rule(4)
def reshape(g: Growth) -> str:
    """Another shape of the same size."""
    x = g.pick(_ANY)
    shape: list[int] = []
    rest = x.size
    while rest > 1 and g.choose.chance(0.7):
        factor = g.choose.of([f for f in range(1, rest + 1) if rest % f == 0])
        shape.append(factor)
        rest //= factor
    if rest != 1 or x.size == 0:
        shape.append(rest)
    if x.size and shape and g.choose.chance(0.3):
        shape[g.choose.integer(0, len(shape) - 1)] = -1
    return f"tf.reshape({x}, {shape})"


@rule(4)
def transpose(g: Growth) -> str:
    """Axes in another order."""
    x = g.pick(_ANY)
    if g.choose.chance(0.3):
        return f"tf.transpose({x})"
    left, order = list(range(x.rank)), []
    while left:
        order.append(left.pop(g.choose.integer(0, len(left) - 1)))
    return f"tf.transpose({x}, {order})"


@rule(2)
def axes_of_one(g: Growth) -> str:
    """Axes of size one, added or taken away."""
    x = g.pick(_ANY)
    if g.choose.chance(0.5):
        return f"tf.squeeze({x})"
    return f"tf.expand_dims({x}, {g.choose.integer(-x.rank - 1, x.rank)})"


@rule(2)
def tile(g: Growth) -> str:
    """Repetition."""
    x = g.pick(_FEW, lambda ref: ref.rank > 0 and ref.size < _SMALL)
    return f"tf.tile({x}, {[g.choose.integer(0, 2) or 1 for _ in x.shape]})"


@rule(2)
def broadcast(g: Growth) -> str:
    """Broadcasting by itself."""
    x = g.pick(_FEW, lambda ref: ref.size < _SMALL)
    front = [2] if g.choose.chance(0.5) else []
    shape = [3 if dim == 1 and g.choose.chance(0.7) else dim for dim in x.shape]
    return f"tf.broadcast_to({x}, {front + shape})"


@rule(4)
def joining(g: Growth) -> str:
    """Several tensors become one."""
    x = g.pick(_ANY, lambda ref: ref.size < _SMALL)
    y = g.like(x)
    if x.rank and g.choose.chance(0.6):
        return f"tf.concat([{x}, {y}], {axis_of(g, x)})"
    return f"tf.stack([{x}, {y}, {x}], {g.choose.integer(0, x.rank)})"


@rule(3)
def parting(g: Growth) -> str:
    """One tensor becomes several; one of them."""
    x = g.pick(_ANY, lambda ref: ref.rank > 0 and 0 not in ref.shape)
    axis = g.choose.integer(0, x.rank - 1)
    size = x.shape[axis]
    part = g.choose.integer(0, size - 1)
    if g.choose.chance(0.5):
        return f"tf.unstack({x}, axis={axis})[{part}]"
    if g.choose.chance(0.5):
        return f"tf.split({x}, {size}, {axis})[{part}]"
    return f"tf.split({x}, [{part}, {size - part}], {axis})[{g.choose.integer(0, 1)}]"


@rule(4)
def padding(g: Growth) -> str:
    """A frame of a value, or of what is inside."""
    x = g.pick(_FEW[:4], lambda ref: ref.rank > 0 and 0 < ref.size < _SMALL)
    mode = g.choose.of(("CONSTANT", "CONSTANT", "REFLECT", "SYMMETRIC"))
    most = {"CONSTANT": 2, "REFLECT": min(x.shape) - 1, "SYMMETRIC": min(x.shape)}[mode]
    most = max(0, min(most, 2))
    widths = [[g.choose.integer(0, most), g.choose.integer(0, most)] for _ in x.shape]
    extra = ", constant_values=2" if mode == "CONSTANT" and g.choose.chance(0.5) else ""
    return f'tf.pad({x}, {widths}, "{mode}"{extra})'


@rule(2)
def turning(g: Growth) -> str:
    """Elements in reverse, or moved round."""
    x = g.pick(_FEW, _ranked)
    axis = axis_of(g, x)
    if g.choose.chance(0.5):
        return f"tf.reverse({x}, [{axis}])"
    return f"tf.roll({x}, {g.choose.integer(-4, 4)}, {axis})"


def _item(g: Growth, size: int) -> str:
    kind = g.choose.integer(0, 4)
    if kind == 0 and size:
        return str(g.choose.integer(-size, size - 1))
    if kind == 1:
        return "tf.newaxis" if g.choose.chance(0.3) else ":"
    bounds = [
        str(g.choose.integer(-size - 1, size + 1)) if g.choose.chance(0.6) else "" for _ in range(2)
    ]
    step = g.choose.of(("", "", "2", "-1", "-2", "3"))
    return ":".join((*bounds, step)) if step else ":".join(bounds)


@rule(6)
def slicing(g: Growth) -> str:
    """Python's slices: positive and negative steps, new axes, out of range."""
    x = g.pick(_ANY, _ranked)
    items = [_item(g, size).replace("tf.newaxis", "None") for size in x.shape]
    if g.choose.chance(0.2):
        items = [*items[: len(items) // 2], "..."]
    return f"{x}[{', '.join(items)}]"


@rule(1)
def slice_of_size(g: Growth) -> str:
    """A slice by its start and size."""
    x = g.pick(_FEW, _ranked)
    begins = [g.choose.integer(0, size) for size in x.shape]
    sizes = [g.choose.integer(0, size - begin) for size, begin in zip(x.shape, begins, strict=True)]
    return f"tf.slice({x}, {begins}, {sizes})"


@rule(1)
def filling(g: Growth) -> str:
    """Tensors made of numbers alone."""
    n = g.choose.integer(0, 5)
    return g.choose.of(
        (
            f"tf.range({n})",
            f"tf.range({n}, -7, -2)",
            f"tf.fill([{n}, 2], 1.5)",
            f"tf.linspace(-1.0, 2.0, {n + 1})",
            f"tf.eye({n})",
            f"tf.one_hot([0, {n}, -1], 4)",
            f"tf.sequence_mask([{n}, 1, 0], 4)",
        )
    )


@rule(1)
def diagonal(g: Growth) -> str:
    """Matrices and their diagonals and bands."""
    x = g.pick(_FEW[:4], lambda ref: 1 <= ref.rank <= 2 and 0 < ref.size < 40)  # noqa: PLR2004
    if x.rank == 1:
        return f"tf.{g.choose.of(('matrix_diag', 'diag'))}({x})"
    if g.choose.chance(0.5):
        return f"tf.matrix_diag_part({x})"
    return f"tf.matrix_band_part({x}, {g.choose.integer(-1, 1)}, {g.choose.integer(-1, 1)})"


@rule(1)
def about_shape(g: Growth) -> str:
    """The shape, rank or size as a tensor."""
    x = g.pick(_ANY)
    return f"tf.{g.choose.of(('shape', 'size', 'rank'))}({x})"


@rule(1)
def passing_on(g: Growth) -> str:
    """The same again, by way of an op that says something of it."""
    x = g.pick(_ANY)
    return g.choose.of(
        (
            f"tf.ensure_shape({x}, {list(x.shape)})",
            f"tf.identity_n([{x}, {x}])[1]",
            f"tf.guarantee_const({x})",
            f"tf.placeholder_with_default({x}, {list(x.shape)})",
            f"tf.tuple([{x}, {g.pick(_ANY)}])[0]",
        )
    )
