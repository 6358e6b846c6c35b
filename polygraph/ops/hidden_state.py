"""What a gradient knows of state: as it was when a region began, in the place of what it is."""
# ruff: noqa: N802 - op types are camel case

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.tensor_shape import TensorShape

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array


def _hidden_shape(context: ShapeContext) -> TensorShape:
    return TensorShape(context.attrs["shape"])


@graph_op("HiddenState", "-> value: dtype", kind=Kind.HIDDEN, shape=_hidden_shape, dtype=ALL)
def HiddenState(value: Array, *, owner: Operation, shape: tuple[int, ...]) -> Array:  # noqa: ARG001
    """The hidden state of ``owner`` when the region begins that this operation lies in."""
    return value


HiddenState.no_gradient()


@graph_op("KnownRead", "read: T, known: T -> output: T", shape=shape_rules.unchanged, T=ALL)
def KnownRead(_read: Array, known: Array) -> Array:
    """What a read of a variable gave; gradients flow to the read."""
    return known


@KnownRead.gradient
def _known_read_gradient(_: Operation, dy: Tensor) -> list[Tensor | None]:
    return [dy, None]
