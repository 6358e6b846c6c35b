"""What lowerings and shape rules say about operands that do not fit, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from polygraph.core.ground import errors
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known, make_error

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.trace import Array


def refuse(message: str) -> NoReturn:
    """Raise TF1's InvalidArgumentError: the operands' shapes or static values do not fit."""
    raise make_error(errors.InvalidArgumentError, message)


def require_scalar(array: Any, what: str) -> None:
    """Refuse an operand that has axes."""
    if array.shape:
        refuse(f"{what} must be a scalar, but it has shape {list(array.shape)}")


def known_int(array: Array) -> int:
    """The value of a scalar operand that a lowering cannot do without."""
    return int(known(array).reshape(()))


def normal_axis(axis: int, rank: int, what: str = "axis") -> int:
    """``axis`` counted from the front.

    Raises:
      InvalidArgumentError: it is not in ``[-rank, rank)``.
    """
    if not -rank <= axis < rank:
        refuse(f"{what} = {axis} is out of range: must be in [{-rank}, {rank})")
    return axis % rank


def static_int(context: ShapeContext, index: int) -> int | None:
    """The value of a scalar int input while the graph is built, None where it is not known."""
    elements = context.partial(index)
    return elements[0] if elements is not None and len(elements) == 1 else None


def static_dims(context: ShapeContext, index: int) -> list[int | None] | None:
    """The dimensions of an input, None where its rank is not known."""
    dims = context.shape(index).as_tuple()
    return None if dims is None else list(dims)


def static_axis(axis: int, rank: int, what: str = "axis") -> int:
    """``axis`` counted from the front; a ShapeError where it is not in ``[-rank, rank)``."""
    if not -rank <= axis < rank:
        msg = f"{what} {axis} is out of range: must be in [{-rank}, {rank})"
        raise ShapeError(msg)
    return axis % rank


def shape_of(dims: Any) -> TensorShape:
    """A static shape; None for an unknown rank."""
    return TensorShape(dims)
