"""Operations that own regions, and what stands around them: `If`, `While`, `Merge`, `Exit`.

A cond is an `If` that owns a region for each branch, and a `Merge` for each of its outputs. A loop
is a `While` that owns a region for its condition and one for its body, and an `Exit` for each loop
variable. The planner lowers the owners; the names around them are TF1's.
"""
# ruff: noqa: N802 - attributes that only the planner reads; TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.apply import apply_op
from polygraph.core.ground.dtypes import ALL
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor_shape import TensorShape, as_shape, unknown_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__: list[str] = []


def common_shape(one: TensorShape, other: TensorShape) -> TensorShape:
    """The most specific shape that both are instances of."""
    first, second = one.as_tuple(), other.as_tuple()
    if first is None or second is None or len(first) != len(second):
        return unknown_shape()
    return TensorShape([a if a == b else None for a, b in zip(first, second, strict=True)])


def _if_shapes(context: ShapeContext) -> list[TensorShape]:
    rank = context.shape(0).ndims
    if rank not in (0, None):
        msg = f"Shape must be rank 0 but is rank {rank}"
        raise ShapeError(msg)
    then, other = context.attrs["regions"]
    return [
        common_shape(a.get_shape(), b.get_shape())
        for a, b in zip(then.outputs, other.outputs, strict=True)
    ]


@graph_op("If", "cond: bool -> output: Tout*", kind=Kind.COND, shape=_if_shapes, Tout=())
def If(cond: Array, *, regions: tuple[Region, Region]) -> None:
    """The outputs of the first region where ``cond`` holds, else of the second."""


def _while_shapes(context: ShapeContext) -> list[TensorShape]:
    return [as_shape(shape) for shape in context.attrs["output_shapes"]]


@graph_op("While", "input: T* -> output: T*", kind=Kind.WHILE, shape=_while_shapes, T=())
def While(
    values: list[Array],
    *,
    regions: tuple[Region, Region],
    output_shapes: Sequence[TensorShape],
    maximum_iterations: int | None = None,
    back_prop: bool = True,
) -> None:
    """The loop variables after the last turn.

    The first region says whether there is another turn, the second makes it; both have the loop
    variables as parameters. ``maximum_iterations`` is a bound that the condition keeps to.
    """


@graph_op("Merge", "input: T -> output: T", shape=shape_rules.unchanged, T=ALL)
def Merge(value: Array) -> Array:
    """An output of a cond."""
    return value


@graph_op("Exit", "data: T -> output: T", shape=shape_rules.unchanged, T=ALL)
def Exit(value: Array) -> Array:
    """A loop variable after its loop."""
    return value


@Merge.gradient
@Exit.gradient
def _handed_on_gradient(_: Operation, dy: Tensor) -> list[Tensor]:
    return [dy]


def _parameter_shape(context: ShapeContext) -> TensorShape:
    return as_shape(context.attrs["shape"])


@graph_op("LoopVariable", "-> output: T", kind=Kind.PLACEHOLDER, shape=_parameter_shape, T=ALL)
def LoopVariable(*, shape: TensorShape) -> None:
    """A loop variable as a turn of its loop finds it."""


LoopVariable.no_gradient()


def add_parameter(region: Region, dtype: DType, shape: TensorShape, name: str) -> Tensor:
    """A new parameter of ``region``."""
    with get_default_graph().in_region(region):
        tensor: Tensor = LoopVariable(T=dtype.base_dtype, shape=shape, name=name)
    region.parameters.append(tensor)
    return tensor


def new_region(name: str) -> Region:
    """A region inside the one that operations are being added to."""
    return Region(name, get_default_graph().region)


def add_if(pred: Tensor, regions: Sequence[Region], name: str = "If") -> Operation:
    """The operation that runs one of two regions, whose outputs have the same dtypes."""
    dtypes = [tensor.dtype.base_dtype for tensor in regions[0].outputs]
    return apply_owner(If, (pred,), name, Tout=dtypes, regions=tuple(regions))


def add_while(
    initial: Sequence[Tensor],
    regions: Sequence[Region],
    shapes: Sequence[TensorShape],
    name: str = "While",
    **attrs: Any,
) -> Operation:
    """The operation that runs the second region as long as the first one holds."""
    return apply_owner(
        While,
        (list(initial),),
        name,
        regions=tuple(regions),
        output_shapes=tuple(shapes),
        **attrs,
    )


def apply_owner(definition: Any, inputs: Sequence[Any], name: str, **attrs: Any) -> Operation:
    """Add an operation that owns ``attrs["regions"]``."""
    operation = apply_op(definition, inputs, attrs, name)
    for region in attrs["regions"]:
        region.owner = operation
    return operation
