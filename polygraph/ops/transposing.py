"""Axes in another order."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, INDEX, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.operand_checks import normal_axis, refuse, static_axis, static_dims
from polygraph.ops.primitives import elementwise as ew, shaping as prims
from polygraph.ops.ranges import Range
from polygraph.ops.reversal import ReverseV2
from polygraph.ops.shape_queries import Rank
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["transpose"]


def _transposed(context: ShapeContext) -> TensorShape:
    dims, perm = static_dims(context, 0), context.partial(1)
    ndims = context.shape(1).num_elements()
    if perm is None or None in perm:
        return TensorShape([None] * ndims) if ndims is not None else unknown_shape()
    if dims is None:
        return TensorShape([None] * len(perm))
    axes = [int(axis) for axis in perm if axis is not None]
    if len(axes) != len(dims):
        msg = f"Dimension must be {len(dims)} but is {len(axes)}"
        raise ShapeError(msg)
    axes = [static_axis(axis, len(dims), "perm dim") for axis in axes]
    return TensorShape([dims[axis] for axis in axes])


def _permuted(x: Array, perm: Array) -> Any:
    axes = known_ints(perm)
    if len(axes) != x.ndim:
        refuse(f"transpose expects a vector of size {x.ndim}. But input(1) is a vector of size "
               f"{len(axes)}")  # fmt: skip
    axes = tuple(normal_axis(axis, x.ndim, "perm") for axis in axes)
    missing = set(range(x.ndim)) - set(axes)
    if missing:
        refuse(f"{min(missing)} is missing from {list(axes)}")
    return prims.transpose(x, perm=axes)


@graph_op(
    "Transpose",
    "x: T, perm: Tperm -> y: T",
    shape=_transposed,
    static=("perm",),
    T=ALL,
    Tperm=INDEX,
)
def Transpose(x: Array, perm: Array) -> Array:
    """Axis i of the result is axis ``perm[i]`` of ``x``."""
    return _permuted(x, perm)  # type: ignore[no-any-return]


@graph_op(
    "ConjugateTranspose",
    "x: T, perm: Tperm -> y: T",
    shape=_transposed,
    static=("perm",),
    T=ALL,
    Tperm=INDEX,
)
def ConjugateTranspose(x: Array, perm: Array) -> Array:
    """`Transpose` of the complex conjugate."""
    result = _permuted(x, perm)
    return ew.conj(result) if result.dtype.kind == "c" else result  # type: ignore[no-any-return]


@graph_op(
    "InvertPermutation",
    "x: T -> y: T",
    shape=lambda context: context.shape(0).merge_with([None]),
    static=("x",),
    T=INDEX,
)
def InvertPermutation(x: Array) -> Array:
    """``y[x[i]] = i``."""
    entries = known_ints(x)
    if x.ndim != 1:
        refuse(f"invert_permutation expects a 1D vector, not shape {list(x.shape)}.")
    for entry in entries:
        if not 0 <= entry < len(entries):
            refuse(f"{entry} is not between 0 and {len(entries)}")
        if entries.count(entry) > 1:
            refuse(f"{entry} is duplicated in the input.")
    return np.argsort(np.array(entries, x.dtype)).astype(x.dtype)


InvertPermutation.no_gradient()


@Transpose.gradient
def _transpose_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [Transpose(dy, InvertPermutation(op.inputs[1])), None]


@ConjugateTranspose.gradient
def _conjugate_transpose_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [ConjugateTranspose(dy, InvertPermutation(op.inputs[1])), None]


def transpose(a: Any, perm: Any = None, name: str = "transpose", conjugate: bool = False) -> Tensor:
    """``a`` with its axes permuted: axis i of the result is axis ``perm[i]`` of ``a``.

    Args:
      a: a tensor or what converts to one.
      perm: int vector; by default the axes in reverse order.
      name: of the operation.
      conjugate: take the complex conjugate too.
    """
    with name_scope(name, "transpose", [a]) as scope:
        tensor = convert_to_tensor(a, name="a")
        op = ConjugateTranspose if conjugate and tensor.dtype.is_complex else Transpose
        if perm is None:
            ndims = tensor.get_shape().ndims
            perm = (
                ReverseV2(Range(0, Rank(tensor), 1), [0])
                if ndims is None
                else constant(np.arange(ndims - 1, -1, -1), int32, name="perm")
            )
        return op(tensor, perm, name=scope)  # type: ignore[no-any-return]
