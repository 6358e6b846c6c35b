"""Makers of op definitions that differ only in the primitive they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.core.ground.signature import broadcast_shapes
from polygraph.ops.operand_checks import refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.signature import Shape
    from polygraph.core.ground.trace import Array

    Partial = tuple[int | None, ...] | None

_UNARY_SAMPLES = (((2, 3),), ((),), ((0, 3),))
_BINARY_SAMPLES = (((2, 3), (3,)), ((), (4,)), ((0, 3), (1, 3)))


def in_brackets(shape: Shape) -> str:
    """A concrete shape as TF1's run-time messages spell it, ``[2,3]``."""
    return f"[{','.join(map(str, shape))}]"


def require_broadcast(x: Array, y: Array) -> None:
    """Refuse operands whose concrete shapes do not broadcast.

    Raises:
      InvalidArgumentError: they do not.
    """
    try:
        broadcast_shapes((x.shape, y.shape))
    except ShapeError:
        refuse(f"Incompatible shapes: {in_brackets(x.shape)} vs. {in_brackets(y.shape)}")


def unary(op_type: str, primitive: Op, dtypes: tuple[DType, ...]) -> OpDef:
    """The definition of an op ``x: T -> y: T`` that is one primitive or composite."""

    def lower(x: Array) -> Any:
        return primitive(x)

    lower.__doc__ = primitive.doc
    return graph_op(
        op_type, "x: T -> y: T", shape=shape_rules.unchanged, samples=_UNARY_SAMPLES, T=dtypes
    )(lower)


def predicate(op_type: str, primitive: Op, dtypes: tuple[DType, ...]) -> OpDef:
    """The definition of an op ``x: T -> y: bool`` that is one primitive."""

    def lower(x: Array) -> Any:
        return primitive(x)

    lower.__doc__ = primitive.doc
    return graph_op(
        op_type, "x: T -> y: bool", shape=shape_rules.unchanged, samples=_UNARY_SAMPLES, T=dtypes
    )(lower).no_gradient()


def binary(
    op_type: str,
    primitive: Callable[[Array, Array], Any],
    dtypes: tuple[DType, ...],
    signature: str = "x: T, y: T -> z: T",
    doc: str | None = None,
) -> OpDef:
    """The definition of a broadcasting op of two operands.

    Args:
      op_type: TF1's op type.
      primitive: an op, or a function over arrays.
      dtypes: what ``T`` may be.
      signature: where TF1's argument names differ, or the result is bool.
      doc: its meaning, where the primitive does not say it.
    """

    def lower(x: Array, y: Array) -> Any:
        require_broadcast(x, y)
        return primitive(x, y)

    lower.__doc__ = doc or getattr(primitive, "doc", None)
    return graph_op(
        op_type, signature, shape=shape_rules.broadcast, samples=_BINARY_SAMPLES, T=dtypes
    )(lower)


def comparison(op_type: str, primitive: Op, dtypes: tuple[DType, ...]) -> OpDef:
    """The definition of a broadcasting op ``x: T, y: T -> z: bool``."""
    return binary(op_type, primitive, dtypes, "x: T, y: T -> z: bool").no_gradient()


def elementwise_partial(compute: Callable[[int, int], int | None]) -> Callable[..., Partial]:
    """A partial-value rule for a broadcasting op on int scalars and vectors."""

    def rule(context: ShapeContext) -> Partial:
        one, other = context.partial(0), context.partial(1)
        if one is None or other is None:
            return None
        one = one * len(other) if len(one) == 1 else one
        other = other * len(one) if len(other) == 1 else other
        if len(one) != len(other):
            return None
        pairs = zip(one, other, strict=True)
        return tuple(None if a is None or b is None else compute(a, b) for a, b in pairs)

    return rule
