"""The ``assert_*`` functions of ranks.

What the static shape tells fails while the graph is built; the rest becomes an `Assert`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import Mul, Sub
from polygraph.ops.assertions import Assert
from polygraph.ops.logical import equal, greater_equal
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.source_ops import no_op

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


__all__ = ["assert_rank", "assert_rank_at_least", "assert_rank_in", "assert_scalar"]


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
