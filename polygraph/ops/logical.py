"""Comparison, logic and selection."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, REAL, bool_, float32, float64
from polygraph.core.ground.errors import InvalidArgumentError, ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.filling import zeros_like
from polygraph.ops.op_families import binary, comparison, in_brackets, require_broadcast, unary
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise as ew, shaping as sh

if TYPE_CHECKING:
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
]

Less = comparison("Less", ew.less, REAL)
LessEqual = comparison("LessEqual", ew.less_equal, REAL)
Greater = comparison("Greater", ew.greater, REAL)
GreaterEqual = comparison("GreaterEqual", ew.greater_equal, REAL)


def _equality_shape(context: ShapeContext) -> TensorShape:
    if context.attrs["incompatible_shape_error"]:
        return shape_rules.broadcast(context)
    try:
        return shape_rules.broadcast(context)
    except ShapeError:
        return TensorShape(())


def _equality(op_type: str, primitive: Op, answer: bool) -> OpDef:
    """``answer`` is the one for shapes that do not broadcast, where that is no error."""

    def lower(x: Array, y: Array, *, incompatible_shape_error: bool = True) -> Any:
        try:
            require_broadcast(x, y)
        except InvalidArgumentError:
            if incompatible_shape_error:
                raise
            return np.asarray(answer)
        return primitive(x, y)

    lower.__doc__ = primitive.doc
    return graph_op(op_type, "x: T, y: T -> z: bool", shape=_equality_shape, T=ALL)(
        lower
    ).no_gradient()


Equal = _equality("Equal", ew.equal, answer=False)
NotEqual = _equality("NotEqual", ew.not_equal, answer=True)

LogicalAnd = binary("LogicalAnd", ew.logical_and, (bool_,), "x: T, y: T -> z: bool").no_gradient()
LogicalOr = binary("LogicalOr", ew.logical_or, (bool_,), "x: T, y: T -> z: bool").no_gradient()
LogicalNot = unary("LogicalNot", ew.logical_not, (bool_,)).no_gradient()


@graph_op(
    "ApproximateEqual", "x: T, y: T -> z: bool", shape=shape_rules.merged, T=(float32, float64)
)
def ApproximateEqual(x: Array, y: Array, *, tolerance: float = 1e-5) -> Any:
    """Whether the two differ by less than the tolerance."""
    if x.shape != y.shape:
        text = (
            f"x and y must be of the same shape. x shape: {in_brackets(x.shape)}. "
            f"y shape: {in_brackets(y.shape)}"
        )
        refuse(text)
    return ew.less(ew.absolute(ew.subtract(x, y)), ew.scalar(tolerance, x))


ApproximateEqual.no_gradient()


def _select_shape(context: ShapeContext) -> TensorShape:
    branches = context.shape(1).merge_with(context.shape(2))
    condition = context.shape(0).as_tuple()
    known = branches.as_tuple()
    if condition is None or known is None or not condition:
        return branches
    if len(condition) == 1:
        _require_rows(condition[0], known)
        return branches
    return branches.merge_with(context.shape(0))


def _require_rows(count: int | None, branches: tuple[int | None, ...]) -> None:
    if not branches:
        msg = f"the condition is a vector of {count}, so the branches must have rows"
        raise ShapeError(msg)
    if None not in (count, branches[0]) and count != branches[0]:
        msg = (
            f"Dimension 0 in both shapes must be equal, but are {count} and {branches[0]}. "
            f"Shapes are [{count}] and [{branches[0]}]."
        )
        raise ShapeError(msg)


def _aligned(condition: Array, x: Array, y: Array) -> Array:
    """The condition in a shape that broadcasts with the branches."""
    rows = condition.ndim == 1 and x.ndim >= 1
    if rows and condition.shape[0] != x.shape[0]:
        text = (
            "Number of batches of 'then' must match size of 'cond', but saw: "
            f"{x.shape[0]} vs. {condition.shape[0]}"
        )
        refuse(text)
    other = y.shape if rows or condition.ndim == 0 else condition.shape
    if x.shape != other or x.shape != y.shape:
        text = (
            "Inputs to operation Select of type Select must have the same size and shape.  "
            f"Input 0: {in_brackets(other)} != input 1: {in_brackets(x.shape)}"
        )
        refuse(text)
    if rows and x.ndim > 1:
        shape = (condition.shape[0], *[1] * (x.ndim - 1))
        return sh.reshape(condition, shape=shape)  # type: ignore[no-any-return]
    return condition


@graph_op("Select", "condition: bool, t: T, e: T -> output: T", shape=_select_shape, T=ALL)
def Select(condition: Array, x: Array, y: Array) -> Any:
    """``x`` where the condition holds, else ``y``; a vector condition picks whole rows."""
    return ew.select(_aligned(condition, x, y), x, y)


@Select.gradient
def _select_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    condition, zeros = op.inputs[0], zeros_like(op.inputs[1])
    return [None, Select(condition, dy, zeros), Select(condition, zeros, dy)]


@graph_op(
    "SelectV2", "condition: bool, t: T, e: T -> output: T", shape=shape_rules.broadcast, T=ALL
)
def SelectV2(condition: Array, x: Array, y: Array) -> Any:
    """``x`` where the condition holds, else ``y``; all three broadcast."""
    return ew.select(condition, x, y)


@SelectV2.gradient
def _select_v2_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    zero = np.zeros((), dy.dtype.np_dtype)
    return [None, SelectV2(op.inputs[0], dy, zero), SelectV2(op.inputs[0], zero, dy)]


def equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether the elements are equal, of any dtype; NaN equals nothing."""
    return Equal(x, y, name=name)  # type: ignore[no-any-return]


def not_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether the elements differ, of any dtype; NaN differs from everything."""
    return NotEqual(x, y, name=name)  # type: ignore[no-any-return]


def less(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether ``x < y``, elementwise."""
    return Less(x, y, name=name)  # type: ignore[no-any-return]


def less_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether ``x <= y``, elementwise."""
    return LessEqual(x, y, name=name)  # type: ignore[no-any-return]


def greater(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether ``x > y``, elementwise."""
    return Greater(x, y, name=name)  # type: ignore[no-any-return]


def greater_equal(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether ``x >= y``, elementwise."""
    return GreaterEqual(x, y, name=name)  # type: ignore[no-any-return]


def logical_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether both hold, elementwise."""
    return LogicalAnd(x, y, name=name)  # type: ignore[no-any-return]


def logical_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """Whether at least one holds, elementwise."""
    return LogicalOr(x, y, name=name)  # type: ignore[no-any-return]


def logical_not(x: Any, name: str | None = None) -> Tensor:
    """The opposite of each element."""
    return LogicalNot(x, name=name)  # type: ignore[no-any-return]


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Whether just one of the two holds, elementwise."""
    either = LogicalOr(x, y)
    return LogicalAnd(either, LogicalNot(LogicalAnd(x, y)), name=name)  # type: ignore[no-any-return]
