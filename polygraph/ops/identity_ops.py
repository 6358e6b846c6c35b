"""`identity`: a value handed on, at a moment and under a name of its own."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.op_def import graph_op

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["identity"]


@graph_op("Identity", "input: T -> output: T", shape=shape_rules.unchanged, T=ALL)
def Identity(value: Array) -> Array:
    """The input."""
    return value


@Identity.partial_value
def _identity_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0)


@Identity.gradient
def _identity_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [dy]


def identity(input: Any, name: str | None = None) -> Any:
    """A tensor with the value that ``input`` has when the new operation runs.

    Args:
      input: a tensor or what converts to one; `IndexedSlices` stay so.
      name: of the operation.
    """
    if isinstance(input, IndexedSlices):
        return IndexedSlices(identity(input.values), identity(input.indices), input.dense_shape)
    return Identity(input, name=name)
