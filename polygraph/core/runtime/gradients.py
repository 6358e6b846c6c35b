"""`tf.gradients`: symbolic differentiation, by one walk backward over the graph.

The walk visits the operations between ``xs`` and ``ys`` from the last to the first. At each it
sums what its outputs' consumers gave, and asks its gradient rule for the gradients of its inputs.
The rules build operations like any other, so that gradients have gradients.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.scopes import name_scope
from polygraph.core.runtime.backprop import Backprop
from polygraph.ops.filling import fill, zeros_like
from polygraph.ops.identity_ops import identity
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor

    Gradient = Tensor | IndexedSlices

__all__ = ["AggregationMethod", "UnconnectedGradients", "gradients"]


class AggregationMethod:
    """How gradients of one tensor are summed; kept for TF1's sake, all mean the same here."""

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


class UnconnectedGradients(enum.Enum):
    """What `gradients` gives for an ``x`` that no ``y`` depends on: None, or zeros."""

    NONE = "none"
    ZERO = "zero"


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _converted(value: Any, name: str) -> Any:
    if isinstance(value, IndexedSlices):
        return value
    return convert_to_tensor(value, name=name, as_ref=True)


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
    stop_gradients: Any = None,
    unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
) -> list[Any]:
    """The gradients of the sum of ``ys`` with respect to each of ``xs``.

    Args:
      ys: a tensor or a list of tensors.
      xs: a tensor or variable, or a list of them.
      grad_ys: gradients to start from, one for each of ``ys``; None stands for ones.
      name: scope of the operations that are built.
      colocate_gradients_with_ops: ask for each gradient the device of its operation.
      gate_gradients: let all gradients of an operation be there before one of them is used.
      aggregation_method: one of `AggregationMethod`.
      stop_gradients: tensors that count as constants.
      unconnected_gradients: what to give for an ``x`` that no ``y`` depends on.

    Returns:
      A list of a tensor, `IndexedSlices` or None for each of ``xs``.

    Raises:
      LookupError: an operation on the way has no gradient rule.
      ValueError: an argument does not fit.
      TypeError: a gradient has not the dtype of what it is the gradient of.
    """
    ys, xs = _as_list(ys), _as_list(xs)
    _check_method(aggregation_method)
    unconnected = _unconnected(unconnected_gradients)
    starts = [None] * len(ys) if grad_ys is None else _as_list(grad_ys)
    if len(starts) != len(ys):
        msg = f"Length mismatch. Passed {len(starts)} grad_ys for {len(ys)} ys"
        raise ValueError(msg)
    stops = [] if stop_gradients is None else _as_list(stop_gradients)
    with name_scope(name, "gradients", [*ys, *xs, *stops, *starts]):
        targets = [_converted(y, "y") for y in ys]
        sources = [_converted(x, "x") for x in xs]
        begin = [
            _start(y, start, i) for i, (y, start) in enumerate(zip(targets, starts, strict=True))
        ]
        found = Backprop(
            get_default_graph(),
            [_plain(y) for y in targets],
            [_plain(x) for x in sources],
            stops=[_converted(stop, "stop_gradient") for stop in stops],
            colocate=colocate_gradients_with_ops,
            gate=gate_gradients,
        ).run(begin)
    if unconnected is UnconnectedGradients.ZERO:
        return [
            zeros_like(x) if gradient is None else gradient
            for x, gradient in zip(sources, found, strict=True)
        ]
    return list(found)


def _plain(value: Any) -> Tensor:
    return value.values if isinstance(value, IndexedSlices) else value


def _check_method(method: int | None) -> None:
    if method not in {None, 0, 1, 2}:
        msg = f"Invalid `aggregation_method` specified {method}. Accepted values are [0, 1, 2]."
        raise ValueError(msg)


def _unconnected(value: UnconnectedGradients | str) -> UnconnectedGradients:
    try:
        return UnconnectedGradients(value)
    except ValueError as error:
        msg = f"Unknown value for unconnected_gradients: '{value}'"
        raise ValueError(msg) from error


def _start(target: Any, start: Any, index: int) -> Gradient:
    """The gradient that the walk begins with at one of ``ys``."""
    y = _plain(target)
    if start is None:
        if y.dtype.is_complex:
            msg = f"Gradients of complex tensors must set grad_ys (y.dtype = {y.dtype.name}): {y!r}"
            raise TypeError(msg)
        dims = shape(y)
        with name_scope(f"grad_ys_{index}") as scope:
            one = np.ones((), y.dtype.base_dtype.np_dtype)
            return fill(dims, constant(one), name=scope)
    given = (
        start
        if isinstance(start, IndexedSlices)
        else convert_to_tensor(start, name=f"grad_ys_{index}")
    )
    if given.dtype.base_dtype != y.dtype.base_dtype:
        msg = (
            f"Gradient type {given.dtype.name} generated for tensor {y!r} must be "
            f"{y.dtype.base_dtype.name}"
        )
        raise TypeError(msg)
    if isinstance(given, IndexedSlices):
        return given
    if not given.get_shape().is_compatible_with(y.get_shape()):
        msg = f"grad_ys[{index}] has shape {given.get_shape()} but {y!r} has {y.get_shape()}"
        raise ValueError(msg)
    return identity(given, name=f"grad_ys_{index}")  # type: ignore[no-any-return]
