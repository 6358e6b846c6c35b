"""The ``assert_*`` functions of values, and the order of values.

What can be told while the graph is built fails there; the rest becomes an `Assert`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.summary import summary_of
from polygraph.core.ground.trace import make_error
from polygraph.ops.arithmetic import Abs, AddV2, Mul, Sub
from polygraph.ops.assertions import Assert
from polygraph.ops.logical import equal, greater, greater_equal, less, less_equal, not_equal
from polygraph.ops.reduction import reduce_all
from polygraph.ops.reshaping import reshape
from polygraph.ops.source_ops import no_op

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

    Compare = Callable[[Any, Any], Tensor]

__all__ = [
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_negative",
    "assert_non_negative",
    "assert_non_positive",
    "assert_none_equal",
    "assert_positive",
    "is_non_decreasing",
    "is_strictly_increasing",
]


def _require(
    condition: Tensor,
    data: Sequence[Any],
    summarize: int | None,
    message: str | None,
    text: str,
    operands: Sequence[Tensor],
) -> Operation:
    """An `Assert`; an error now where the graph alone says that the condition does not hold."""
    if condition.constant is not None:
        if bool(condition.constant):
            operation: Operation = no_op()
            return operation
        shown = [
            f"{label} ({tensor.name}) = \n{summary_of(tensor.constant, summarize)}"
            for label, tensor in zip("xy", operands, strict=False)
            if tensor.constant is not None
        ]
        lines = [*([message] if message else []), text, *shown]
        raise make_error(errors.InvalidArgumentError, "\n".join(lines))
    return Assert(condition, data, summarize)


def _compared(
    compare: Compare,
    symbol: str,
    operands: tuple[Any, Any],
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
    default_name: str,
) -> Operation:
    with name_scope(name, default_name, [*operands, *(data or ())]):
        x = convert_to_tensor(operands[0], name="x")
        y = convert_to_tensor(operands[1], preferred_dtype=x.dtype.base_dtype, name="y")
        text = f"Condition x {symbol} y did not hold element-wise:"
        if data is None:
            data = [message or "", text, f"x ({x.name}) = ", x, f"y ({y.name}) = ", y]
        return _require(reduce_all(compare(x, y)), data, summarize, message, text, (x, y))


def assert_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails the run unless ``x == y`` for all elements.

    Args:
      x: a tensor.
      y: a tensor that broadcasts with ``x``.
      data: tensors to show in the message, by default both.
      summarize: how many elements of each to show; None for 3, -1 for all.
      message: text to put in front.
      name: scope of the operations.

    Raises:
      InvalidArgumentError: the condition does not hold; when it runs, or at once where the graph
        alone says so.
    """
    return _compared(equal, "==", (x, y), data, summarize, message, name, "assert_equal")


def assert_none_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x != y``."""
    return _compared(not_equal, "!=", (x, y), data, summarize, message, name, "assert_none_equal")


def assert_less(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x < y``."""
    return _compared(less, "<", (x, y), data, summarize, message, name, "assert_less")


def assert_less_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x <= y``."""
    return _compared(less_equal, "<=", (x, y), data, summarize, message, name, "assert_less_equal")


def assert_greater(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x > y``."""
    return _compared(greater, ">", (x, y), data, summarize, message, name, "assert_greater")


def assert_greater_equal(
    x: Any,
    y: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x >= y``."""
    default = "assert_greater_equal"
    return _compared(greater_equal, ">=", (x, y), data, summarize, message, name, default)


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``|x - y| <= atol + rtol * |y|``.

    Both tolerances are by default 10 times the machine epsilon of the dtype.
    """
    with name_scope(name, "assert_near", [x, y, rtol, atol, *(data or ())]):
        one = convert_to_tensor(x, name="x")
        other = convert_to_tensor(y, one.dtype.base_dtype, name="y")
        epsilon = 10 * float(np.finfo(one.dtype.real_dtype.np_dtype).eps)
        relative = convert_to_tensor(epsilon if rtol is None else rtol, one.dtype.real_dtype)
        absolute = convert_to_tensor(epsilon if atol is None else atol, one.dtype.real_dtype)
        text = f"x and y not equal to tolerance rtol = {relative}, atol = {absolute}"
        if data is None:
            shown = [f"x ({one.name}) = ", one, f"y ({other.name}) = ", other]
            data = [message or "", text, *shown]
        within = AddV2(absolute, Mul(relative, Abs(other)))
        condition = reduce_all(less_equal(Abs(Sub(one, other)), within))
        return _require(condition, data, summarize, message, text, (one, other))


def _signed(
    compare: Callable[..., Operation],
    x: Any,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
    name: str | None,
    what: str,
) -> Operation:
    with name_scope(name, f"assert_{what}", [x, *(data or ())]):
        tensor = convert_to_tensor(x, name="x")
        if data is None:
            text = f"Condition x {_CONDITIONS[what]} did not hold element-wise:"
            data = [message or "", text, f"x ({tensor.name}) = ", tensor]
        zero = convert_to_tensor(0, tensor.dtype.base_dtype)
        return compare(tensor, zero, data, summarize, message)


_CONDITIONS = {
    "positive": "> 0",
    "negative": "< 0",
    "non_negative": ">= 0",
    "non_positive": "<= 0",
}


def assert_positive(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x > 0``."""
    return _signed(assert_greater, x, data, summarize, message, name, "positive")


def assert_negative(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x < 0``."""
    return _signed(assert_less, x, data, summarize, message, name, "negative")


def assert_non_negative(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x >= 0``."""
    return _signed(assert_greater_equal, x, data, summarize, message, name, "non_negative")


def assert_non_positive(
    x: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_equal`, for ``x <= 0``."""
    return _signed(assert_less_equal, x, data, summarize, message, name, "non_positive")


def _steps(x: Any, compare: Compare) -> Tensor:
    flat = reshape(convert_to_tensor(x, name="x"), [-1])
    return reduce_all(compare(flat[1:], flat[:-1]))


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether each element is no less than the one before, in row-major order; a bool scalar."""
    with name_scope(name, "is_non_decreasing", [x]):
        return _steps(x, greater_equal)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether each element is greater than the one before, in row-major order; a bool scalar."""
    with name_scope(name, "is_strictly_increasing", [x]):
        return _steps(x, greater)
