"""`Assert`, `check_numerics` and `Print`: operations that look at values and change nothing."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors, shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, FLOATING
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import control_dependencies, name_scope
from polygraph.core.ground.summary import summary_of
from polygraph.core.ground.trace import check
from polygraph.ops.grouping import group, with_dependencies
from polygraph.ops.primitives import elementwise as ew, reduction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = [
    "Assert",
    "Print",
    "add_check_numerics_ops",
    "check_numerics",
    "verify_tensor_all_finite",
]


def _assert_shapes(context: ShapeContext) -> Sequence[TensorShape]:
    rank = context.shape(0).ndims
    if rank not in (0, None):
        msg = f"Shape must be rank 0 but is rank {rank}"
        raise ShapeError(msg)
    return ()


@graph_op("Assert", "condition: bool, data: T* ->", shape=_assert_shapes, stateful=True, T=())
def AssertOp(condition: Array, data: list[Array], *, summarize: int | None = None) -> None:
    """Fail the run unless ``condition`` holds, with a summary of ``data``."""
    texts: list[str] = []
    details: list[Array] = []
    for item in data:
        if isinstance(item, np.ndarray):
            texts.append(summary_of(item, summarize).replace("{", "{{").replace("}", "}}"))
        else:
            texts.append("{:3}" if summarize is None else f"{{:{summarize}}}")
            details.append(item)
    text = "assertion failed: " + " ".join(texts)
    check(condition, errors.InvalidArgumentError, text, details=details)


AssertOp.no_gradient()


@graph_op("CheckNumerics", "tensor: T -> output: T", shape=shape_rules.unchanged, T=FLOATING)
def CheckNumerics(tensor: Array, *, message: str) -> Array:
    """The input, none of whose elements may be infinite or NaN."""
    axes = tuple(range(tensor.ndim))
    any_nan = reduction.reduce_any(ew.is_nan(tensor), axes=axes, keepdims=False)
    any_inf = reduction.reduce_any(ew.is_inf(tensor), axes=axes, keepdims=False)
    escaped = message.replace("{", "{{").replace("}", "}}")
    both = ew.logical_and(any_nan, any_inf)
    flags = ((both, "Inf and NaN"), (any_inf, "Inf"), (any_nan, "NaN"))
    for flag, what in flags:
        text = f"{escaped} : Tensor had {what} values"
        check(ew.logical_not(flag), errors.InvalidArgumentError, text)
    return tensor


@CheckNumerics.gradient
def _check_numerics_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    return [
        CheckNumerics(dy, message=f"Not a number (NaN) or infinity in the gradient of {op.name}")
    ]


@graph_op(
    "Print",
    "input: T, data: U* -> output: T",
    shape=shape_rules.unchanged,
    T=ALL,
    U=(),
    stateful=True,
)
def PrintOp(
    value: Array,
    _data: list[Array],
    *,
    message: str = "",  # noqa: ARG001 - for the observer
    first_n: int = -1,  # noqa: ARG001
    summarize: int = 3,  # noqa: ARG001
) -> Array:
    """The input; the data is written to the standard error stream."""
    return value


@PrintOp.gradient
def _print_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [dy, *[None] * (len(op.inputs) - 1)]


_printed: dict[Any, int] = {}


@PrintOp.observer
def _print(op: Operation, _: Any, *data: Any) -> None:
    limit = op.get_attr("first_n")
    if 0 <= limit <= _printed.get(op, 0):
        return
    _printed[op] = _printed.get(op, 0) + 1
    parts = [summary_of(np.asarray(item), op.get_attr("summarize")) for item in data]
    sys.stderr.write(f"{op.attrs['message']}{''.join(parts)}\n")
    sys.stderr.flush()


def Assert(
    condition: Any, data: Sequence[Any], summarize: int | None = None, name: str | None = None
) -> Operation:
    """An operation that fails the run, which then changes no variable, unless a condition holds.

    Args:
      condition: bool scalar.
      data: tensors to show in the message.
      summarize: how many elements of each to show; None for 3, -1 for all.
      name: of the operation.

    Raises:
      TypeError: ``data`` is no list.
      InvalidArgumentError: when it runs and the condition does not hold.
    """
    if not isinstance(data, list | tuple):
        msg = f"Expected list for 'data' argument to 'Assert' Op, not {data!r}."
        raise TypeError(msg)
    with name_scope(name, "Assert", [condition, *data]):
        flag = convert_to_tensor(condition, name="condition")
        operation: Operation = AssertOp(flag, list(data), summarize=summarize, name="Assert")
    return operation


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """``tensor``; it is an error when an element is infinite or NaN.

    Raises:
      InvalidArgumentError: when it runs: ``<message> : Tensor had NaN values``.
    """
    return CheckNumerics(tensor, message=message, name=name)  # type: ignore[no-any-return]


def verify_tensor_all_finite(
    t: Any = None,
    msg: str | None = None,
    name: str | None = None,
    x: Any = None,
    message: str | None = None,
) -> Tensor:
    """``t`` as of after checking that all its elements are finite; see `check_numerics`."""
    with name_scope(name, "VerifyFinite", [t if x is None else x]):
        tensor = convert_to_tensor(t if x is None else x, name="t")
        verified = check_numerics(tensor, message=message or msg or "")
        return with_dependencies([verified], tensor)  # type: ignore[no-any-return]


def add_check_numerics_ops() -> Operation:
    """An operation that checks every float tensor that the graph has now.

    Raises:
      ValueError: the graph has a cond or a loop.
    """
    checks: list[Any] = []
    for op in get_default_graph().get_operations():
        for output in op.outputs:
            if output.dtype.base_dtype not in FLOATING:
                continue
            if op.region is not None:
                msg = (
                    "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow "
                    f"operations such as `tf.cond()` or `tf.while_loop()`: {op.name} lies in one"
                )
                raise ValueError(msg)
            with control_dependencies(checks[-1:]):
                checks.append(check_numerics(output, message=f"{op.name}:{output.value_index}"))
    return group(*checks)


def Print(
    input_: Any,
    data: Iterable[Any],
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """``input_``; when it runs, ``data`` is written to the standard error stream.

    Args:
      input_: a tensor.
      data: tensors to show.
      message: text to put in front.
      first_n: how many times to write; None for always.
      summarize: how many elements of each to show; None for 3.
      name: of the operation.
    """
    return PrintOp(  # type: ignore[no-any-return]
        input_,
        list(data),
        message=message or "",
        first_n=-1 if first_n is None else first_n,
        summarize=3 if summarize is None else summarize,
        name=name,
    )
