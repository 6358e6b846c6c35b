"""`pad`: a border of one value, or a mirror image."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known
from polygraph.ops.operand_checks import refuse, static_dims
from polygraph.ops.packing import stack
from polygraph.ops.primitives import elementwise as ew, shaping as prims
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.slicing import slice as slice_

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array

__all__ = ["pad"]

_Widths = tuple[tuple[int, ...], tuple[int, ...]]


def _static_widths(context: ShapeContext, ndims: int) -> list[list[int | None]]:
    value = context.value(1)
    if value is None:
        return [[None, None]] * ndims
    if value.shape != (ndims, 2):
        msg = f"paddings must have shape [{ndims}, 2], not {list(value.shape)}"
        raise ShapeError(msg)
    if value.size and value.min() < 0:
        msg = f"Paddings must be non-negative: {value.tolist()}"
        raise ShapeError(msg)
    return value.tolist()  # type: ignore[no-any-return]


def _padded_shape(context: ShapeContext) -> TensorShape:
    dims, rows = static_dims(context, 0), context.shape(1).as_tuple()
    if rows is not None and (len(rows) != 2 or rows[1] not in (2, None)):  # noqa: PLR2004
        msg = f"paddings must be a matrix with 2 columns, not {context.shape(1)}"
        raise ShapeError(msg)
    if dims is None:
        if rows is None or rows[0] is None:
            return TensorShape(None)
        dims = [None] * rows[0]
    sums = [
        None if dim is None or None in width else dim + width[0] + width[1]  # type: ignore[operator]
        for dim, width in zip(dims, _static_widths(context, len(dims)), strict=True)
    ]
    return TensorShape(sums)


def _widths(x: Array, paddings: Array) -> _Widths:
    if paddings.shape != (x.ndim, 2):
        refuse(
            "paddings must be a matrix with 2 columns and one row for each dimension of the "
            f"input, got {list(paddings.shape)} for {list(x.shape)}"
        )
    rows = known(paddings)
    if rows.size and rows.min() < 0:
        refuse(f"Paddings must be non-negative: {rows.tolist()}")
    return tuple(rows[:, 0].tolist()), tuple(rows[:, 1].tolist())


@graph_op(
    "Pad",
    "input: T, paddings: Tpaddings -> output: T",
    shape=_padded_shape,
    static=("paddings",),
    T=ALL,
    Tpaddings=INDEX,
)
def Pad(x: Array, paddings: Array) -> Array:
    """A border of zeros."""
    low, high = _widths(x, paddings)
    zero = np.array(b"" if x.dtype == object else 0, x.dtype)
    return prims.pad(x, zero, low=low, high=high)  # type: ignore[no-any-return]


@graph_op(
    "PadV2",
    "input: T, paddings: Tpaddings, constant_values: T -> output: T",
    shape=_padded_shape,
    static=("paddings",),
    T=ALL,
    Tpaddings=INDEX,
)
def PadV2(x: Array, paddings: Array, constant_values: Array) -> Array:
    """A border of a given value."""
    low, high = _widths(x, paddings)
    if constant_values.ndim:
        refuse(f"constant_values must be a scalar. Found: {list(constant_values.shape)}")
    return prims.pad(x, constant_values, low=low, high=high)  # type: ignore[no-any-return]


@Pad.gradient
@PadV2.gradient
def _pad_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    x, paddings, *rest = op.inputs
    begin = reshape(slice_(paddings, [0, 0], stack([rank(x), 1])), [-1])
    inner = slice_(dy, begin, shape(x, out_type=begin.dtype.base_dtype))
    return [inner, None, *[None for _ in rest]]


_BORDER = {"REFLECT": 1, "SYMMETRIC": 0}


def _too_wide(border: int, low: int, high: int, dim: int) -> str:
    relation = "less than" if border else "no greater than"
    return f"paddings must be {relation} the dimension size: {low}, {high} not {relation} {dim}"


@graph_op(
    "MirrorPad",
    "input: T, paddings: Tpaddings -> output: T",
    shape=_padded_shape,
    static=("paddings",),
    T=ALL,
    Tpaddings=INDEX,
)
def MirrorPad(x: Array, paddings: Array, *, mode: str) -> Array:
    """A border that mirrors the tensor: without its edge (REFLECT) or with it (SYMMETRIC)."""
    low, high = _widths(x, paddings)
    border = _BORDER[mode]
    for dim, width in zip(x.shape, zip(low, high, strict=True), strict=True):
        if max(width) > max(dim - border, 0):
            refuse(_too_wide(border, *width, dim))
    return prims.mirror_pad(x, low=low, high=high, mode=mode.lower())  # type: ignore[no-any-return]


def _unmirrored_shape(context: ShapeContext) -> TensorShape:
    dims = static_dims(context, 0)
    if dims is None:
        return TensorShape(None)
    rows = _static_widths(context, len(dims))
    return TensorShape(
        [
            None if dim is None or None in row else dim - row[0] - row[1]  # type: ignore[operator]
            for dim, row in zip(dims, rows, strict=True)
        ]
    )


def _cut(x: Array, axis: int, begin: int, end: int) -> Any:
    rank_ = x.ndim
    low, high = [0] * rank_, list(x.shape)
    low[axis], high[axis] = begin, end
    return prims.strided_slice(x, begin=tuple(low), end=tuple(high), strides=(1,) * rank_)


def _folded(dy: Array, axis: int, low: int, high: int, border: int) -> Array:
    """Add the two mirrored ends along one axis back onto what they mirror."""
    size = dy.shape[axis] - low - high
    total = _cut(dy, axis, low, low + size)
    ends = (
        (_cut(dy, axis, 0, low), border, size - border - low),
        (_cut(dy, axis, low + size, dy.shape[axis]), size - border - high, border),
    )
    for end, before, behind in ends:
        if end.size:
            margins = [[0] * dy.ndim, [0] * dy.ndim]
            margins[0][axis], margins[1][axis] = before, behind
            turned = prims.reverse(end, axes=(axis,))
            zero = np.zeros((), dy.dtype)
            padded = prims.pad(turned, zero, low=tuple(margins[0]), high=tuple(margins[1]))
            total = ew.add(total, padded)
    return total  # type: ignore[no-any-return]


@graph_op(
    "MirrorPadGrad",
    "input: T, paddings: Tpaddings -> output: T",
    shape=_unmirrored_shape,
    static=("paddings",),
    T=NUMERIC,
    Tpaddings=INDEX,
)
def MirrorPadGrad(dy: Array, paddings: Array, *, mode: str) -> Array:
    """The gradient of `MirrorPad`: each border element is added to what it mirrors."""
    low, high = _widths(dy, paddings)
    for axis, (before, behind) in enumerate(zip(low, high, strict=True)):
        if before or behind:
            dy = _folded(dy, axis, before, behind, _BORDER[mode])
    return dy


@MirrorPad.gradient
def _mirror_pad_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [MirrorPadGrad(dy, op.inputs[1], mode=op.attrs["mode"]), None]


@MirrorPadGrad.gradient
def _mirror_pad_grad_gradient(op: Operation, ddx: Tensor) -> list[Tensor | None]:
    return [MirrorPad(ddx, op.inputs[1], mode=op.attrs["mode"]), None]


def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: Any = 0,
) -> Tensor:
    """``tensor`` with a border.

    Args:
      tensor: of rank R.
      paddings: int matrix ``[R, 2]``: how many elements before and behind, for each axis.
      mode: "CONSTANT", or a mirror image without ("REFLECT") or with ("SYMMETRIC") the edge.
      name: of the operation.
      constant_values: scalar that fills the border with "CONSTANT".

    Raises:
      ValueError: the mode is unknown, or a padding does not fit.
    """
    how = mode.upper()
    if how == "CONSTANT":
        if isinstance(constant_values, Tensor) or constant_values != 0:
            return PadV2(tensor, paddings, constant_values, name=name)  # type: ignore[no-any-return]
        return Pad(tensor, paddings, name=name)  # type: ignore[no-any-return]
    if how not in _BORDER:
        msg = f"Unknown padding mode: {mode}; there are CONSTANT, REFLECT and SYMMETRIC"
        raise ValueError(msg)
    return MirrorPad(tensor, paddings, mode=how, name=name)  # type: ignore[no-any-return]
