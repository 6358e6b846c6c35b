"""Elements repeated along axes: broadcasting, tiling, and the sum that undoes them."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.operand_checks import refuse, static_dims
from polygraph.ops.primitives import shaping as prims
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["broadcast_to", "tile"]


def _broadcast_shape(context: ShapeContext) -> TensorShape:
    target, dims = context.as_shape(1).as_tuple(), context.shape(0).as_tuple()
    if target is not None and dims is not None:
        if len(dims) > len(target):
            msg = f"rank of shape {list(target)} must be at least that of the input: {len(dims)}"
            raise ShapeError(msg)
        for dim, wanted in zip(dims[::-1], target[::-1], strict=False):
            if dim not in (1, wanted, None) and wanted is not None:
                msg = f"Dimensions must be equal, but are {dim} and {wanted}"
                raise ShapeError(msg)
    return context.as_shape(1)


@graph_op(
    "BroadcastTo",
    "input: T, shape: Tidx -> output: T",
    shape=_broadcast_shape,
    static=("shape",),
    T=ALL,
    Tidx=INDEX,
)
def BroadcastTo(x: Array, shape: Array) -> Array:
    """Axes of size 1 repeated, and leading axes added, until the shape is reached."""
    wanted = known_ints(shape)
    fits = len(wanted) >= x.ndim and all(
        dim in (1, target) for dim, target in zip(x.shape[::-1], wanted[::-1], strict=False)
    )
    if not fits:
        refuse(f"Incompatible shapes: {list(x.shape)} vs. {list(wanted)}")
    return prims.broadcast_to(x, shape=wanted)  # type: ignore[no-any-return]


@BroadcastTo.gradient
def _broadcast_to_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [SumTo(dy, shape(op.inputs[0])), None]


@graph_op(
    "SumTo",
    "x: T, shape: Tidx -> y: T",
    shape=shape_rules.from_shape_input(1),
    static=("shape",),
    T=NUMERIC,
    Tidx=INDEX,
)
def SumTo(x: Array, shape: Array) -> Array:
    """The sum over the axes that broadcasting ``shape`` repeats: undoes a broadcast in gradients.

    TF1 writes it as BroadcastGradientArgs, Sum and Reshape.
    """
    return prims.sum_to(x, shape=known_ints(shape))  # type: ignore[no-any-return]


@SumTo.gradient
def _sum_to_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [BroadcastTo(dy, shape(op.inputs[0])), None]


def _tiled(context: ShapeContext) -> TensorShape:
    dims, counts = static_dims(context, 0), context.partial(1)
    ndims = context.shape(1).num_elements()
    if dims is None:
        return unknown_shape(ndims)
    if ndims is not None and ndims != len(dims):
        msg = f"Dimension must be {len(dims)} but is {ndims}"
        raise ShapeError(msg)
    if counts is None:
        return TensorShape([None] * len(dims))
    pairs = zip(dims, counts, strict=True)
    # A negative count is refused when it runs, as in TF1.
    return TensorShape(
        [None if dim is None or count is None or count < 0 else dim * count for dim, count in pairs]
    )


@graph_op(
    "Tile",
    "input: T, multiples: Tmultiples -> output: T",
    shape=_tiled,
    static=("multiples",),
    T=ALL,
    Tmultiples=INDEX,
)
def Tile(x: Array, multiples: Array) -> Array:
    """Each axis repeated, as a whole, as often as ``multiples`` says."""
    counts = known_ints(multiples)
    if len(counts) != x.ndim:
        refuse(
            "Expected multiples argument to be a vector of length "
            f"{x.ndim} but got length {len(counts)}"
        )
    for axis, count in enumerate(counts):
        if count < 0:
            refuse(f"Expected multiples[{axis}] >= 0, but got {count}")
    return prims.tile(x, multiples=counts)  # type: ignore[no-any-return]


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """``input`` repeated along axes of size 1, and new leading axes, to the given shape.

    Raises:
      ValueError: the static shapes say that it cannot be.
    """
    return BroadcastTo(input, shape, name=name)  # type: ignore[no-any-return]


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """``input`` repeated, as a whole, ``multiples[i]`` times along axis i."""
    return Tile(input, multiples, name=name)  # type: ignore[no-any-return]
