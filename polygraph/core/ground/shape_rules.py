"""Static shape rules that many op definitions share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.op_spec import ShapeContext

PartialShape = tuple[int | None, ...] | None


def unchanged(context: ShapeContext) -> TensorShape:
    """The shape of the first input."""
    return context.shape(0)


def scalar(_: ShapeContext) -> TensorShape:
    """The empty shape."""
    return TensorShape(())


def nothing(_: ShapeContext) -> Sequence[TensorShape]:
    """For operations without outputs."""
    return ()


def unknown(_: ShapeContext) -> TensorShape:
    """No rank, no dimension."""
    return unknown_shape()


def fixed(*dims: int | None) -> Callable[[ShapeContext], TensorShape]:
    """Always the given dimensions."""
    return lambda _: TensorShape(list(dims))


def merged(context: ShapeContext) -> TensorShape:
    """The shape that all inputs have in common; they must agree."""
    shape = context.shape(0)
    for index in range(1, len(context.inputs)):
        shape = shape.merge_with(context.shape(index))
    return shape


def from_shape_input(index: int) -> Callable[[ShapeContext], TensorShape]:
    """The shape that an int vector input spells."""
    return lambda context: context.as_shape(index)


def _broadcast_dims(one: int | None, other: int | None) -> int | None:
    if one == 1:
        return other
    if other in (1, one):
        return one
    if one is None or other is None:
        return other if one is None else one
    msg = f"Dimensions must be equal, but are {one} and {other}"
    raise ShapeError(msg)


def broadcast_partial(one: PartialShape, other: PartialShape) -> PartialShape:
    """NumPy's broadcast of two shapes that may have unknown dimensions or ranks.

    Raises:
      ShapeError: two known dimensions differ and neither is 1.
    """
    if one is None or other is None:
        return None
    rank = max(len(one), len(other))
    padded_one = (1,) * (rank - len(one)) + one
    padded_other = (1,) * (rank - len(other)) + other
    return tuple(map(_broadcast_dims, padded_one, padded_other))


def broadcast(context: ShapeContext) -> TensorShape:
    """NumPy's broadcast of all inputs."""
    shape = context.shape(0).as_tuple()
    for index in range(1, len(context.inputs)):
        shape = broadcast_partial(shape, context.shape(index).as_tuple())
    return unknown_shape() if shape is None else TensorShape(shape)
