"""The ``assert_*`` functions: conditions on values, shapes and dtypes.

What can be told while the graph is built fails there; the rest becomes an `Assert`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.summary import summary_of
from polygraph.core.ground.trace import make_error
from polygraph.ops.arithmetic import Abs, AddV2, Mul, Sub
from polygraph.ops.assertions import Assert
from polygraph.ops.logical import equal, greater, greater_equal, less, less_equal, not_equal
from polygraph.ops.reduction import reduce_all
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import rank, shape
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
    "assert_integer",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_negative",
    "assert_non_negative",
    "assert_non_positive",
    "assert_none_equal",
    "assert_positive",
    "assert_proper_iterable",
    "assert_rank",
    "assert_rank_at_least",
    "assert_rank_in",
    "assert_scalar",
    "assert_type",
    "is_non_decreasing",
    "is_numeric_tensor",
    "is_strictly_increasing",
]


# Values.


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


# Ranks.


def _ranked(
    x: Any,
    wanted: Sequence[Any],
    holds: Callable[[int, list[int]], bool],
    dynamic: Callable[[Tensor, list[Tensor]], Tensor],
    words: str,
    data: Sequence[Any] | None,
    summarize: int | None,
    message: str | None,
) -> Operation:
    tensor = convert_to_tensor(x, name="x")
    ranks = [convert_to_tensor(item, "int32", name="rank") for item in wanted]
    known = [item.constant for item in ranks]
    actual = tensor.get_shape().ndims
    prefix = f"{message}. " if message else ""
    if actual is not None and all(item is not None for item in known):
        numbers = [int(item) for item in known if item is not None]
        if holds(actual, numbers):
            operation: Operation = no_op()
            return operation
        shown = numbers[0] if len(numbers) == 1 and "in" not in words else tuple(numbers)
        msg = (
            f"{prefix}Tensor {tensor.name} must have rank {words}{shown}.  Received rank "
            f"{actual}, shape {tensor.get_shape()}"
        )
        raise ValueError(msg)
    if data is None:
        data = [message or "", f"Tensor {tensor.name} must have rank {words}", *ranks]
        data += ["Received shape: ", shape(tensor)]
    return Assert(dynamic(rank(tensor), ranks), data, summarize)


def assert_rank(
    x: Any,
    rank: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """An operation that fails the run unless ``x`` has ``rank`` axes.

    Raises:
      ValueError: the static shape says that it has not.
      InvalidArgumentError: when it runs and it has not.
    """
    with name_scope(name, "assert_rank", [x, *(data or ())]):
        return _ranked(
            x,
            [rank],
            lambda actual, wanted: actual == wanted[0],
            lambda actual, wanted: equal(actual, wanted[0]),
            "",
            data,
            summarize,
            message,
        )


def assert_rank_at_least(
    x: Any,
    rank: Any,
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_rank`, for ``rank`` axes or more."""
    with name_scope(name, "assert_rank_at_least", [x, *(data or ())]):
        return _ranked(
            x,
            [rank],
            lambda actual, wanted: actual >= wanted[0],
            lambda actual, wanted: greater_equal(actual, wanted[0]),
            "at least ",
            data,
            summarize,
            message,
        )


def assert_rank_in(
    x: Any,
    ranks: Sequence[Any],
    data: Sequence[Any] | None = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Operation:
    """As `assert_rank`, for one of several numbers of axes."""
    with name_scope(name, "assert_rank_in", [x, *(data or ())]):
        return _ranked(
            x,
            list(ranks),
            lambda actual, wanted: actual in wanted,
            _any_equal,
            "in ",
            data,
            summarize,
            message,
        )


def _any_equal(actual: Tensor, wanted: Sequence[Tensor]) -> Tensor:
    product = Sub(actual, wanted[0])
    for item in wanted[1:]:
        product = Mul(product, Sub(actual, item))
    return equal(product, 0)


def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Tensor:
    """``tensor``, whose static shape must be that of a scalar.

    Raises:
      ValueError: it is not.
    """
    with name_scope(name, "assert_scalar", [tensor]):
        value = convert_to_tensor(tensor)
        if value.get_shape().ndims != 0:
            prefix = f"{message}. " if message else ""
            msg = f"{prefix}Expected scalar shape for {value.name}, saw shape: {value.get_shape()}."
            raise ValueError(msg)
        return value


# Types.


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> Operation:
    """Refuse a tensor of another dtype now; an operation that does nothing.

    Raises:
      TypeError: ``tensor`` has not the dtype ``tf_type``.
    """
    with name_scope(name, "assert_type", [tensor]):
        value = convert_to_tensor(tensor, name="tensor")
        wanted = as_dtype(tf_type)
        if value.dtype.base_dtype != wanted:
            prefix = f"{message}  " if message else ""
            msg = f"{prefix}{value.name} must be of type tf.{wanted.name}; got {value.dtype!r}"
            raise TypeError(msg)
        operation: Operation = no_op("statically_determined_correct_type")
        return operation


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Refuse a tensor that is not of an integer dtype now; an operation that does nothing.

    Raises:
      TypeError: ``x`` is not of an integer dtype.
    """
    with name_scope(name, "assert_integer", [x]):
        value = convert_to_tensor(x, name="x")
        if not value.dtype.is_integer:
            prefix = f"{message}  " if message else ""
            msg = (
                f'{prefix}Expected "x" to be integer type.  Found: {value.name} of dtype '
                f"{value.dtype!r}"
            )
            raise TypeError(msg)
        operation: Operation = no_op("statically_determined_was_integer")
        return operation


def assert_proper_iterable(values: Any) -> None:
    """Refuse what is not iterable, or is one value though Python can iterate over it.

    Raises:
      TypeError: ``values`` is a string, a tensor, an array, or cannot be iterated over.
    """
    single = isinstance(values, str | bytes | np.ndarray) or hasattr(values, "graph")
    if single or not hasattr(values, "__iter__"):
        msg = f'Expected argument "values" to be iterable.  Found: {type(values)}'
        raise TypeError(msg)


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether ``tensor`` is a tensor of numbers."""
    dtype = getattr(tensor, "dtype", None)
    return (
        hasattr(tensor, "graph")
        and dtype is not None
        and (dtype.is_floating or dtype.is_integer or dtype.is_complex)
    )


# Order.


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
