"""Blocks of space moved to the batch or to the depth, and back."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, INDEX, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known, known_ints
from polygraph.ops.operand_checks import refuse, static_dims
from polygraph.ops.primitives import shaping as prims
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "batch_to_space",
    "batch_to_space_nd",
    "depth_to_space",
    "required_space_to_batch_paddings",
    "space_to_batch",
    "space_to_batch_nd",
    "space_to_depth",
]


class _Layout(NamedTuple):
    """Where batch, height, width and depth are."""

    height: int
    width: int
    depth: int


_LAYOUTS = {"NHWC": _Layout(1, 2, 3), "NCHW": _Layout(2, 3, 1)}
_RANK = 4


def _layout(data_format: str) -> _Layout:
    if data_format not in _LAYOUTS:
        msg = f"data_format {data_format!r} is none of {', '.join(_LAYOUTS)}"
        raise ShapeError(msg)
    return _LAYOUTS[data_format]


def _image_dims(context: ShapeContext) -> list[int | None]:
    dims = static_dims(context, 0)
    if dims is None:
        return [None] * _RANK
    if len(dims) != _RANK:
        msg = f"Shape must be rank 4 but is rank {len(dims)}"
        raise ShapeError(msg)
    return dims


def _divided(dim: int | None, by: int, what: str) -> int | None:
    if dim is None:
        return None
    if dim % by:
        msg = f"{what} size {dim} must be divisible by the block size: evenly divisible by {by}"
        raise ShapeError(msg)
    return dim // by


def _block_size(context: ShapeContext) -> int:
    block: int = context.attrs["block_size"]
    if block < 2:  # noqa: PLR2004
        msg = f"block_size must be at least 2, but is {block}"
        raise ShapeError(msg)
    return block


def _deeper_shape(context: ShapeContext) -> TensorShape:
    dims, block = _image_dims(context), _block_size(context)
    layout = _layout(context.attrs["data_format"])
    for axis in (layout.height, layout.width):
        dims[axis] = _divided(dims[axis], block, "image")
    depth = dims[layout.depth]
    dims[layout.depth] = None if depth is None else depth * block * block
    return TensorShape(dims)


def _shallower_shape(context: ShapeContext) -> TensorShape:
    dims, block = _image_dims(context), _block_size(context)
    layout = _layout(context.attrs["data_format"])
    for axis in (layout.height, layout.width):
        dim = dims[axis]
        dims[axis] = None if dim is None else dim * block
    dims[layout.depth] = _divided(dims[layout.depth], block * block, "depth")
    return TensorShape(dims)


def _check_block(x: Array, block: int, axes: Sequence[int], by: int) -> None:
    if x.ndim != _RANK:
        refuse(f"Input rank should be: {_RANK} instead of: {x.ndim}")
    if block < 2:  # noqa: PLR2004
        refuse(f"Block size should be > 1, but was: {block}")
    for axis in axes:
        if x.shape[axis] % by:
            refuse(f"Input dimension {axis} of size {x.shape[axis]} should be divisible by: {by}")


def _to_nhwc(x: Array, data_format: str) -> Any:
    return prims.transpose(x, perm=(0, 2, 3, 1)) if data_format == "NCHW" else x


def _from_nhwc(x: Array, data_format: str) -> Any:
    return prims.transpose(x, perm=(0, 3, 1, 2)) if data_format == "NCHW" else x


@graph_op("SpaceToDepth", "input: T -> output: T", shape=_deeper_shape, T=ALL)
def SpaceToDepth(x: Array, *, block_size: int, data_format: str = "NHWC") -> Array:
    """Blocks of height and width become depth."""
    layout = _layout(data_format)
    _check_block(x, block_size, (layout.height, layout.width), block_size)
    x = _to_nhwc(x, data_format)
    batch, height, width, depth = x.shape
    rows, columns = height // block_size, width // block_size
    split = prims.reshape(x, shape=(batch, rows, block_size, columns, block_size, depth))
    moved = prims.transpose(split, perm=(0, 1, 3, 2, 4, 5))
    result = prims.reshape(moved, shape=(batch, rows, columns, depth * block_size**2))
    return _from_nhwc(result, data_format)  # type: ignore[no-any-return]


@graph_op("DepthToSpace", "input: T -> output: T", shape=_shallower_shape, T=ALL)
def DepthToSpace(x: Array, *, block_size: int, data_format: str = "NHWC") -> Array:
    """Depth becomes blocks of height and width."""
    _check_block(x, block_size, (_layout(data_format).depth,), block_size**2)
    x = _to_nhwc(x, data_format)
    batch, rows, columns, depth = x.shape
    inner = depth // block_size**2
    split = prims.reshape(x, shape=(batch, rows, columns, block_size, block_size, inner))
    moved = prims.transpose(split, perm=(0, 1, 3, 2, 4, 5))
    shape = (batch, rows * block_size, columns * block_size, inner)
    return _from_nhwc(prims.reshape(moved, shape=shape), data_format)  # type: ignore[no-any-return]


@SpaceToDepth.gradient
def _space_to_depth_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    attrs = {name: op.attrs[name] for name in ("block_size", "data_format")}
    return [DepthToSpace(dy, **attrs)]


@DepthToSpace.gradient
def _depth_to_space_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    attrs = {name: op.attrs[name] for name in ("block_size", "data_format")}
    return [SpaceToDepth(dy, **attrs)]


def _static_blocks(context: ShapeContext) -> tuple[Any, Any] | None:
    block, margins = context.partial(1), context.value(2)
    if block is None or None in block or margins is None:
        return None
    if margins.shape != (len(block), 2):
        msg = f"a block shape of {len(block)} entries needs a [{len(block)}, 2] matrix"
        raise ShapeError(msg)
    if min(block, default=1) < 1 or (margins.size and margins.min() < 0):  # type: ignore[type-var, operator]
        msg = f"block {list(block)} must be positive, {margins.tolist()} not negative"
        raise ShapeError(msg)
    return block, margins.tolist()


def _to_batch_shape(context: ShapeContext) -> TensorShape:
    dims, found = static_dims(context, 0), _static_blocks(context)
    if dims is None:
        return unknown_shape()
    if found is None:
        return TensorShape([None] * len(dims))
    block, paddings = found
    result = list(dims)
    result[0] = None if dims[0] is None else dims[0] * math.prod(block)
    for axis, (size, (low, high)) in enumerate(zip(block, paddings, strict=True), 1):
        dim = dims[axis]
        result[axis] = _divided(None if dim is None else dim + low + high, size, "padded")
    return TensorShape(result)


def _to_space_shape(context: ShapeContext) -> TensorShape:
    dims, found = static_dims(context, 0), _static_blocks(context)
    if dims is None:
        return unknown_shape()
    if found is None:
        return TensorShape([None] * len(dims))
    block, crops = found
    result = list(dims)
    result[0] = _divided(dims[0], math.prod(block), "batch")
    for axis, (size, (low, high)) in enumerate(zip(block, crops, strict=True), 1):
        dim = dims[axis]
        result[axis] = None if dim is None else dim * size - low - high
        if result[axis] is not None and result[axis] < 0:  # type: ignore[operator]
            msg = f"crops {low} and {high} are more than dimension {axis} has"
            raise ShapeError(msg)
    return TensorShape(result)


def _blocks(x: Array, block: Array, margins: Array) -> tuple[tuple[int, ...], list[list[int]]]:
    sizes, rows = known_ints(block), known(margins)
    if block.ndim != 1 or rows.shape != (len(sizes), 2):
        refuse(
            f"block_shape must be one-dimensional and its partner have shape [{len(sizes)}, 2], "
            f"not {list(rows.shape)}"
        )
    if x.ndim < len(sizes) + 1:
        refuse(f"input rank should be >= {1 + len(sizes)} instead of {x.ndim}")
    if min(sizes, default=1) < 1:
        refuse(f"block_shape must be positive, got {list(sizes)}")
    if rows.size and rows.min() < 0:
        refuse(f"paddings and crops must be non-negative, got {rows.tolist()}")
    return sizes, rows.tolist()


def _margins(x: Array, rows: list[list[int]]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    rest = (0,) * (x.ndim - len(rows) - 1)
    low = (0, *(row[0] for row in rows), *rest)
    high = (0, *(row[1] for row in rows), *rest)
    return low, high


@graph_op(
    "SpaceToBatchND",
    "input: T, block_shape: Tblock_shape, paddings: Tpaddings -> output: T",
    shape=_to_batch_shape,
    static=("block_shape", "paddings"),
    T=ALL,
    Tblock_shape=INDEX,
    Tpaddings=INDEX,
)
def SpaceToBatchND(x: Array, block_shape: Array, paddings: Array) -> Array:
    """Blocks of the padded middle axes become batches."""
    sizes, rows = _blocks(x, block_shape, paddings)
    low, high = _margins(x, rows)
    zero = np.array(b"" if x.dtype == object else 0, x.dtype)
    padded = prims.pad(x, zero, low=low, high=high)
    count = len(sizes)
    batch, outer, rest = padded.shape[0], padded.shape[1 : count + 1], padded.shape[count + 1 :]
    for axis, (dim, size) in enumerate(zip(outer, sizes, strict=True), 1):
        if dim % size:
            refuse(f"padded_shape[{axis}]={dim} is not divisible by block_shape={size}")
    inner = tuple(dim // size for dim, size in zip(outer, sizes, strict=True))
    pairs = [part for pair in zip(inner, sizes, strict=True) for part in pair]
    split = prims.reshape(padded, shape=(batch, *pairs, *rest))
    blocks = range(2, 2 * count + 1, 2)
    places = range(1, 2 * count + 1, 2)
    moved = prims.transpose(split, perm=(*blocks, 0, *places, *range(2 * count + 1, split.ndim)))
    return prims.reshape(moved, shape=(batch * math.prod(sizes), *inner, *rest))  # type: ignore[no-any-return]


@graph_op(
    "BatchToSpaceND",
    "input: T, block_shape: Tblock_shape, crops: Tcrops -> output: T",
    shape=_to_space_shape,
    static=("block_shape", "crops"),
    T=ALL,
    Tblock_shape=INDEX,
    Tcrops=INDEX,
)
def BatchToSpaceND(x: Array, block_shape: Array, crops: Array) -> Array:
    """Batches become blocks of the middle axes, which are then cropped."""
    sizes, rows = _blocks(x, block_shape, crops)
    count, total = len(sizes), math.prod(sizes)
    if x.shape[0] % total:
        refuse(f"Input batch dimension ({x.shape[0]}) is not divisible by product of block sizes "
               f"({total})")  # fmt: skip
    batch, inner, rest = x.shape[0] // total, x.shape[1 : count + 1], x.shape[count + 1 :]
    split = prims.reshape(x, shape=(*sizes, batch, *inner, *rest))
    pairs = [part for axis in range(count) for part in (count + 1 + axis, axis)]
    moved = prims.transpose(split, perm=(count, *pairs, *range(2 * count + 1, split.ndim)))
    outer = tuple(dim * size for dim, size in zip(inner, sizes, strict=True))
    for axis, (dim, row) in enumerate(zip(outer, rows, strict=True), 1):
        if sum(row) > dim:
            refuse(f"cropped_shape[{axis}]={dim - sum(row)} must be non-negative")
    whole = prims.reshape(moved, shape=(batch, *outer, *rest))
    low, high = _margins(whole, rows)
    end = tuple(dim - cut for dim, cut in zip(whole.shape, high, strict=True))
    return prims.strided_slice(whole, begin=low, end=end, strides=(1,) * whole.ndim)  # type: ignore[no-any-return]


@SpaceToBatchND.gradient
def _space_to_batch_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [BatchToSpaceND(dy, op.inputs[1], op.inputs[2]), None, None]


@BatchToSpaceND.gradient
def _batch_to_space_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [SpaceToBatchND(dy, op.inputs[1], op.inputs[2]), None, None]


def space_to_depth(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """Blocks of ``block_size`` by ``block_size`` of an image moved to its depth.

    Raises:
      ValueError: ``block_size`` is below 2, or height or width is no multiple of it.
    """
    return SpaceToDepth(input, block_size=block_size, data_format=data_format, name=name)  # type: ignore[no-any-return]


def depth_to_space(
    input: Any, block_size: int, name: str | None = None, data_format: str = "NHWC"
) -> Tensor:
    """Depth moved to blocks of ``block_size`` by ``block_size`` of an image.

    Raises:
      ValueError: ``block_size`` is below 2, or the depth is no multiple of its square.
    """
    return DepthToSpace(input, block_size=block_size, data_format=data_format, name=name)  # type: ignore[no-any-return]


def space_to_batch_nd(
    input: Any, block_shape: Any, paddings: Any, name: str | None = None
) -> Tensor:
    """Blocks of the padded axes 1 to M become batches; ``block_shape`` has M entries."""
    return SpaceToBatchND(input, block_shape, paddings, name=name)  # type: ignore[no-any-return]


def batch_to_space_nd(input: Any, block_shape: Any, crops: Any, name: str | None = None) -> Tensor:
    """Batches become blocks of axes 1 to M, which are then cropped; undoes `space_to_batch_nd`."""
    return BatchToSpaceND(input, block_shape, crops, name=name)  # type: ignore[no-any-return]


def space_to_batch(
    input: Any,
    paddings: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: Any = None,
) -> Tensor:
    """`space_to_batch_nd` over height and width with one block size."""
    block = [block_size, block_size] if block_shape is None else block_shape
    return space_to_batch_nd(input, block, paddings, name)


def batch_to_space(
    input: Any,
    crops: Any,
    block_size: int | None = None,
    name: str | None = None,
    block_shape: Any = None,
) -> Tensor:
    """`batch_to_space_nd` over height and width with one block size."""
    block = [block_size, block_size] if block_shape is None else block_shape
    return batch_to_space_nd(input, block, crops, name)


def required_space_to_batch_paddings(
    input_shape: Any, block_shape: Any, base_paddings: Any = None, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """The paddings that make a shape divisible into blocks, and the crops that undo them.

    Args:
      input_shape: int vector, known while the graph is built.
      block_shape: int vector of the same size, known while the graph is built.
      base_paddings: ``[N, 2]``, the least paddings; none by default.
      name: of the scope.

    Raises:
      ValueError: an argument is not known while the graph is built.
    """
    with name_scope(name, "required_space_to_batch_paddings", [input_shape, block_shape]):
        given = [
            convert_to_tensor(value, int32, what)
            for value, what in ((input_shape, "input_shape"), (block_shape, "block_shape"))
        ]
        if base_paddings is not None:
            given.append(convert_to_tensor(base_paddings, int32, "base_paddings"))
        values = [tensor.constant for tensor in given]
        if any(value is None for value in values):
            msg = "input_shape, block_shape and base_paddings must be constants"
            raise ValueError(msg)
        shape, block = (np.asarray(value) for value in values[:2])
        base = np.asarray(values[2]) if len(values) > 2 else np.zeros((block.size, 2), np.int32)  # noqa: PLR2004
        extra = (block - (shape + base.sum(axis=1)) % block) % block
        zero = np.zeros_like(extra)
        return (
            constant(np.stack([base[:, 0], base[:, 1] + extra], axis=1), int32, name="paddings"),
            constant(np.stack([zero, extra], axis=1), int32, name="crops"),
        )
