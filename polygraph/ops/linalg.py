"""Contractions, norms and cross products, over the matrix products."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import REAL, int32
from polygraph.core.ground.errors import FailedPreconditionError, ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.trace import make_error
from polygraph.ops.arithmetic import abs, floormod, multiply, subtract
from polygraph.ops.complex_numbers import conj
from polygraph.ops.diagonals import matrix_diag_part
from polygraph.ops.elementwise import sqrt
from polygraph.ops.gathering import gather
from polygraph.ops.joining import concat
from polygraph.ops.matrix_products import matmul
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse, static_axis
from polygraph.ops.packing import stack
from polygraph.ops.partitioning import setdiff1d
from polygraph.ops.powers import pow
from polygraph.ops.primitives import elementwise as ew
from polygraph.ops.primitives.shaping import concatenate, strided_slice
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reduction import reduce_max, reduce_prod, reduce_sum
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.reshaping import reshape, squeeze
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.source_ops import constant
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = ["cross", "norm", "tensordot", "trace"]

_SPACE = 3
_MATRIX_RANK = 2


def _cross_shape(context: ShapeContext) -> TensorShape:
    dims = context.shape(0).merge_with(context.shape(1)).with_rank_at_least(1)
    if dims.ndims is not None and dims[-1].value not in (None, _SPACE):
        msg = f"cross products are of vectors of 3 elements, not of {dims[-1]}"
        raise ShapeError(msg)
    return dims


def _component(x: Array, index: int) -> Array:
    begin = (0,) * (len(x.shape) - 1)
    end = x.shape[:-1]
    return strided_slice(  # type: ignore[no-any-return]
        x, begin=(*begin, index), end=(*end, index + 1), strides=(1,) * len(x.shape)
    )


@graph_op(
    "Cross",
    "a: T, b: T -> product: T",
    shape=_cross_shape,
    samples=(((2, 3), (2, 3)), ((3,), (3,)), ((0, 3), (0, 3))),
    T=REAL,
)
def Cross(a: Array, b: Array) -> Any:
    """The cross products of the vectors of 3 elements along the last axis."""
    if a.shape != b.shape:
        refuse(
            f"Both inputs must be of same shape: {in_brackets(a.shape)} vs. {in_brackets(b.shape)}"
        )
    if not a.shape or a.shape[-1] != _SPACE:
        text = "Cross-products are only defined for 3-element vectors."
        raise make_error(FailedPreconditionError, text)
    one = [_component(a, index) for index in range(_SPACE)]
    other = [_component(b, index) for index in range(_SPACE)]
    components = []
    for index in range(_SPACE):
        following, last = (index + 1) % _SPACE, (index + 2) % _SPACE
        components.append(
            ew.subtract(
                ew.multiply(one[following], other[last]), ew.multiply(one[last], other[following])
            )
        )
    return concatenate(*components, axis=len(a.shape) - 1)


@Cross.gradient
def _cross_gradient(op: Operation, dy: Tensor) -> list[Any]:
    a, b = op.inputs
    return [Cross(b, dy), Cross(dy, a)]


def cross(a: Any, b: Any, name: str | None = None) -> Tensor:
    """The cross products of vectors of 3 elements.

    Args:
      a: ``[..., 3]``.
      b: of the same shape and dtype.
      name: of the operation.
    """
    return Cross(a, b, name=name)  # type: ignore[no-any-return]


class _Matrix(NamedTuple):
    """A tensor turned into a matrix, with the axes that its rows (or columns) stand for."""

    tensor: Tensor
    free_dims: list[int | None]
    free_shape: Any


def _as_matrix(x: Tensor, axes: Sequence[int], *, axes_first: bool) -> _Matrix:
    dims = x.get_shape().as_list()
    free = [axis for axis in range(len(dims)) if axis not in axes]
    perm = [*axes, *free] if axes_first else [*free, *axes]
    moved = x if perm == sorted(perm) else transpose(x, perm)
    free_dims = [dims[axis] for axis in free]
    inner_dims = [dims[axis] for axis in axes]
    if None not in free_dims and None not in inner_dims:
        sizes = [prod(free_dims), prod(inner_dims)]  # type: ignore[arg-type]
        wanted: Any = sizes[::-1] if axes_first else sizes
        flat = moved if moved.get_shape().as_list() == wanted else reshape(moved, wanted)
        return _Matrix(flat, free_dims, free_dims)
    known = shape(x)
    free_shape = _picked(known, free)
    counts: list[Any] = [reduce_prod(free_shape), reduce_prod(_picked(known, axes))]
    wanted = stack(counts[::-1] if axes_first else counts)
    return _Matrix(reshape(moved, wanted), free_dims, free_shape)


def _picked(dims: Any, axes: Sequence[int]) -> Any:
    return stack([dims[axis] for axis in axes]) if axes else constant([], int32)


def _as_matrix_at_run(x: Tensor, axes: Tensor, *, axes_first: bool) -> _Matrix:
    """`_as_matrix` where the rank is only known when it runs."""
    free, _ = setdiff1d(range_of(rank(x)), axes)
    sizes = shape(x)
    free_shape = gather(sizes, free)
    order = [axes, free] if axes_first else [free, axes]
    counts = [reduce_prod(free_shape), reduce_prod(gather(sizes, axes))]
    wanted = stack(counts[::-1] if axes_first else counts)
    return _Matrix(reshape(transpose(x, concat(order, 0)), wanted), [], free_shape)


def _tensordot_at_run(a: Tensor, b: Tensor, axes: Any, name: str) -> Tensor:
    if isinstance(axes, int | np.integer):
        last = rank(a)
        axes_a, axes_b = range_of(subtract(last, int(axes)), last), range_of(int(axes))
    else:
        pairs = [convert_to_tensor(given, int32) for given in _checked_pairs(axes)]
        axes_a, axes_b = (floormod(given, rank(x)) for given, x in zip(pairs, (a, b), strict=True))
    left = _as_matrix_at_run(a, axes_a, axes_first=False)
    right = _as_matrix_at_run(b, axes_b, axes_first=True)
    wanted = concat([left.free_shape, right.free_shape], 0)
    return reshape(matmul(left.tensor, right.tensor), wanted, name=name)


def _axis_list(value: Any) -> list[int]:
    array = np.asarray(value)
    if array.dtype == object:
        msg = f"the axes of tensordot must be known numbers, not {value!r}"
        raise ValueError(msg)
    return [int(axis) for axis in array.reshape(-1)]


def _checked_pairs(axes: Any) -> tuple[list[int], list[int]]:
    if len(axes) != _MATRIX_RANK:
        msg = f"`axes` must be an integer or have length 2, but is {axes!r}"
        raise ValueError(msg)
    pairs = _axis_list(axes[0]), _axis_list(axes[1])
    if len(pairs[0]) != len(pairs[1]):
        msg = f"tensordot sums over as many axes of `a` as of `b`, but axes = {axes!r}"
        raise ValueError(msg)
    return pairs


def _axis_pairs(axes: Any, rank_a: int, rank_b: int) -> tuple[list[int], list[int]]:
    if isinstance(axes, int | np.integer):
        if not 0 <= axes <= min(rank_a, rank_b):
            msg = f"`axes` must be in [0, {min(rank_a, rank_b)}], but is {axes}"
            raise ValueError(msg)
        return list(range(rank_a - axes, rank_a)), list(range(axes))
    pairs = _checked_pairs(axes)
    return (
        [static_axis(axis, rank_a) for axis in pairs[0]],
        [static_axis(axis, rank_b) for axis in pairs[1]],
    )


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products over axes of ``a`` and ``b``.

    Args:
      a: a tensor or what converts to one.
      b: of the same dtype.
      axes: an int n for the last n axes of ``a`` and the first n of ``b``, or the axes of each.
      name: of the operation.

    Returns:
      The axes of ``a`` that are left, then those of ``b``.

    Raises:
      ValueError: the axes do not fit.
    """
    with name_scope(name, "Tensordot", [a, b]) as scope:
        x = convert_to_tensor(a, name="a")
        y = convert_to_tensor(b, x.dtype.base_dtype, name="b")
        rank_x, rank_y = x.get_shape().ndims, y.get_shape().ndims
        if rank_x is None or rank_y is None:
            return _tensordot_at_run(x, y, axes, scope)
        axes_a, axes_b = _axis_pairs(axes, rank_x, rank_y)
        left = _as_matrix(x, axes_a, axes_first=False)
        right = _as_matrix(y, axes_b, axes_first=True)
        product = matmul(left.tensor, right.tensor)
        dims = [*left.free_dims, *right.free_dims]
        if None not in dims:
            if product.get_shape().as_list() == dims:
                return product
            return reshape(product, constant(dims, int32, name="shape"), name=scope)
        wanted = concat([left.free_shape, right.free_shape], 0)
        result = reshape(product, wanted, name=scope)
        result.set_shape(dims)
        return result


_EUCLIDEAN = ("euclidean", "fro", 2, 2.0)


def _checked_axes(order: Any, axis: Any) -> Any:
    """``axis`` as a list, None for all axes.

    Raises:
      ValueError: there is no such norm over so many axes.
    """
    if isinstance(axis, list | tuple):
        if len(axis) != _MATRIX_RANK:
            msg = f"'axis' must be None, an integer, or a tuple of 2 unique integers, not {axis!r}"
            raise ValueError(msg)
        if order not in ("euclidean", "fro", 1, np.inf):
            msg = f"'ord' of a matrix norm must be 'euclidean', 'fro', 1 or np.inf, not {order!r}"
            raise ValueError(msg)
        return list(axis)
    if order not in ("euclidean", 1, 2, np.inf) and not (
        isinstance(order, int | float) and order > 0
    ):
        msg = f"'ord' of a vector norm must be 'euclidean' or a positive number, not {order!r}"
        raise ValueError(msg)
    return axis if axis is None else [axis]


def _matrix_norm(x: Tensor, order: Any, axes: list[int]) -> Tensor:
    rows, columns = axes
    summed, greatest = (rows, columns) if order == 1 else (columns, rows)
    sums = reduce_sum(abs(x), summed, keepdims=True)
    return reduce_max(sums, greatest, keepdims=True)


def _norm(x: Tensor, order: Any, axes: Any) -> Tensor:
    if order in _EUCLIDEAN:
        return sqrt(reduce_sum(multiply(x, conj(x), name="mul"), axes, keepdims=True))
    if axes is not None and len(axes) == _MATRIX_RANK:
        return _matrix_norm(x, order, axes)
    sizes = abs(x)
    if order == 1:
        return reduce_sum(sizes, axes, keepdims=True)
    if order == np.inf:
        return reduce_max(sizes, axes, keepdims=True)
    return pow(reduce_sum(pow(sizes, order), axes, keepdims=True), 1.0 / order)


def norm(
    tensor: Any,
    ord: Any = "euclidean",  # noqa: A002 - TF1's name
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The norm of vectors or matrices.

    Args:
      tensor: floats or complex numbers.
      ord: ``'euclidean'``, ``'fro'``, a positive number, or ``np.inf``.
      axis: an int for vectors, a pair for matrices, None for all elements as one vector.
      keepdims: keep the axes, with size 1.
      name: of the operation.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: there is no such norm.
    """
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims)
    axes = _checked_axes(ord, axis)
    with name_scope(name, "norm", [tensor]):
        x = convert_to_tensor(tensor)
        result = _norm(x, ord, axes)
        return result if keep else squeeze(result, axes)


def trace(x: Any, name: str | None = None) -> Tensor:
    """The sums of the diagonals of matrices.

    Args:
      x: ``[..., rows, columns]``.
      name: of the operation.
    """
    with name_scope(name, "Trace", [x]) as scope:
        matrices = convert_to_tensor(x, name="x")
        return reduce_sum(matrix_diag_part(matrices), [-1], name=scope)
