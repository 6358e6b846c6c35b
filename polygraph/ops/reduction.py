"""Reductions: sums, means, extremes and truth along axes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import INDEX, NUMERIC, REAL, as_dtype, bool_, int64, string
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.arithmetic import AddV2, Mul, Sub
from polygraph.ops.casting import Cast, cast
from polygraph.ops.complex_numbers import conj, real
from polygraph.ops.elementwise import Exp, IsFinite, Log, Sqrt, Square
from polygraph.ops.gradient_barriers import stop_gradient
from polygraph.ops.logical import NotEqual, SelectV2
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise as ew, reduction as red
from polygraph.ops.ranges import range as range_of
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "count_nonzero",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
]


def _require_axis(axis: int, rank_: int) -> int:
    if not -rank_ <= axis < rank_:
        msg = f"Invalid reduction dimension {axis} for input with {rank_} dimensions."
        raise ShapeError(msg)
    return axis % rank_


def reduced_static_shape(context: ShapeContext) -> TensorShape:
    """The shape without, or with 1 for, the axes that the second input lists.

    Raises:
      ShapeError: an axis is out of range.
    """
    dims, axes = context.shape(0).as_tuple(), context.value(1)
    keep = context.attrs["keep_dims"]
    if dims is None:
        return unknown_shape()
    if axes is None:
        return TensorShape([None] * len(dims)) if keep else unknown_shape()
    gone = {_require_axis(int(axis), len(dims)) for axis in axes.reshape(-1)}
    if keep:
        return TensorShape([1 if axis in gone else dim for axis, dim in enumerate(dims)])
    return TensorShape([dim for axis, dim in enumerate(dims) if axis not in gone])


def lowered_axes(x: Array, axes: Array) -> tuple[int, ...]:
    """The axes as a primitive wants them.

    Raises:
      InvalidArgumentError: an axis is out of range or stands twice.
    """
    found: list[int] = []
    for axis in known_ints(axes):
        if not -x.ndim <= axis < x.ndim:
            refuse(f"Invalid reduction dimension ({axis} for input with {x.ndim} dimension(s)")
        if axis % x.ndim in found:
            refuse(
                f"Invalid reduction arguments: Axes contains duplicate dimension: {axis % x.ndim}"
            )
        found.append(axis % x.ndim)
    return tuple(sorted(found))


_SAMPLES = (
    ((2, 3), np.asarray([1], np.int32)),
    ((2, 3), np.asarray([0, -1], np.int32), {"keep_dims": True}),
    ((0, 3), np.asarray([0], np.int32)),
)


def _euclidean_norm(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Any:
    """The square root of the sum of the squared absolute values; of integers, rounded down."""
    squares = ew.multiply(x, ew.conj(x)) if x.dtype.kind == "c" else ew.square(x)
    total = red.reduce_sum(squares, axes=axes, keepdims=keepdims)
    if x.dtype.kind not in "iu":
        return ew.sqrt(total)
    return ew.cast(ew.sqrt(ew.cast(total, dtype=np.dtype(np.float64))), dtype=x.dtype)


def _reduction(op_type: str, primitive: Any, dtypes: tuple[DType, ...], doc: str) -> OpDef:
    def lower(x: Array, axes: Array, *, keep_dims: bool = False) -> Any:
        return primitive(x, axes=lowered_axes(x, axes), keepdims=keep_dims)

    lower.__doc__ = doc
    element = "bool" if dtypes == (bool_,) else "T"
    variables = {"Tidx": INDEX} if element == "bool" else {"T": dtypes, "Tidx": INDEX}
    define = functools.partial(
        graph_op,
        op_type,
        f"input: {element}, reduction_indices: Tidx -> output: {element}",
        shape=reduced_static_shape,
        static=("reduction_indices",),
        samples=_SAMPLES,
    )
    definition: OpDef = define(**variables)(lower)
    return definition


Sum = _reduction("Sum", red.reduce_sum, NUMERIC, red.reduce_sum.doc)
Mean = _reduction("Mean", red.reduce_mean, NUMERIC, red.reduce_mean.doc)
Prod = _reduction("Prod", red.reduce_prod, NUMERIC, red.reduce_prod.doc)
Max = _reduction("Max", red.reduce_max, REAL, red.reduce_max.doc)
Min = _reduction("Min", red.reduce_min, REAL, red.reduce_min.doc)
All = _reduction("All", red.reduce_all, (bool_,), red.reduce_all.doc).no_gradient()
Any_ = _reduction("Any", red.reduce_any, (bool_,), red.reduce_any.doc).no_gradient()
EuclideanNorm = _reduction("EuclideanNorm", _euclidean_norm, NUMERIC, _euclidean_norm.__doc__ or "")


def _all_axes(x: Any) -> Tensor:
    """An int vector of every axis of ``x``: a constant where they are known, and there are any."""
    count = x.get_shape().ndims if hasattr(x, "get_shape") else None
    if count:
        return constant(np.arange(count, dtype=np.int32))
    return range_of(0, rank(x))


def _as_int_vector(axes: Any) -> Any:
    """``axes``, with an empty list as ints rather than the floats that it would become."""
    empty = isinstance(axes, list | tuple) and not axes
    return np.zeros(0, np.int32) if empty else axes


def _reduce(
    definition: OpDef,
    x: Any,
    axis: Any,
    keepdims: bool | None,
    name: str | None,
    reduction_indices: Any,
    keep_dims: bool | None,
) -> Tensor:
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims)
    axes = one_of("axis", axis, "reduction_indices", reduction_indices)
    indices = _all_axes(x) if axes is None else _as_int_vector(axes)
    result: Tensor = definition(x, indices, keep_dims=bool(keep), name=name)
    if axes is None and not keep:
        result.set_shape(())
    return result


def reduce_sum(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The sum of the elements along axes. Of nothing, 0.

    Args:
      input_tensor: the tensor to reduce.
      axis: an int, a list of ints or an int tensor; all axes by default.
      keepdims: keep the reduced axes with size 1.
      name: of the operation.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: an axis is out of range, or an argument is given in both spellings.
    """
    return _reduce(Sum, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_mean(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The mean of the elements along axes.

    The mean of integers is rounded towards zero; that of nothing is NaN, of integers 0.

    Args:
      input_tensor: the tensor to reduce.
      axis: an int, a list of ints or an int tensor; all axes by default.
      keepdims: keep the reduced axes with size 1.
      name: of the operation.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: an axis is out of range, or an argument is given in both spellings.
    """
    return _reduce(Mean, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_prod(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The product of the elements along axes. Of nothing, 1.

    Args:
      input_tensor: the tensor to reduce.
      axis: an int, a list of ints or an int tensor; all axes by default.
      keepdims: keep the reduced axes with size 1.
      name: of the operation.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: an axis is out of range, or an argument is given in both spellings.
    """
    return _reduce(Prod, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_max(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The largest element along axes.

    NaN if one is NaN; of nothing, minus infinity or the lowest integer.

    Args:
      input_tensor: the tensor to reduce.
      axis: an int, a list of ints or an int tensor; all axes by default.
      keepdims: keep the reduced axes with size 1.
      name: of the operation.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: an axis is out of range, or an argument is given in both spellings.
    """
    return _reduce(Max, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_min(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """The smallest element along axes.

    NaN if one is NaN; of nothing, infinity or the highest integer.

    Args:
      input_tensor: the tensor to reduce.
      axis: an int, a list of ints or an int tensor; all axes by default.
      keepdims: keep the reduced axes with size 1.
      name: of the operation.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: an axis is out of range, or an argument is given in both spellings.
    """
    return _reduce(Min, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_all(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Whether all elements hold along axes. Of nothing, True.

    Args:
      input_tensor: the tensor to reduce.
      axis: an int, a list of ints or an int tensor; all axes by default.
      keepdims: keep the reduced axes with size 1.
      name: of the operation.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: an axis is out of range, or an argument is given in both spellings.
    """
    return _reduce(All, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_any(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """Whether any element holds along axes. Of nothing, False.

    Args:
      input_tensor: the tensor to reduce.
      axis: an int, a list of ints or an int tensor; all axes by default.
      keepdims: keep the reduced axes with size 1.
      name: of the operation.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.

    Raises:
      ValueError: an axis is out of range, or an argument is given in both spellings.
    """
    return _reduce(Any_, input_tensor, axis, keepdims, name, reduction_indices, keep_dims)


def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of the sum of squares along axes; arguments as in `reduce_sum`."""
    return _reduce(EuclideanNorm, input_tensor, axis, bool(keepdims), name, None, None)


def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The mean squared distance from the mean along axes; arguments as in `reduce_sum`.

    Raises:
      TypeError: the tensor holds integers.
    """
    with name_scope(name or "reduce_variance"):
        tensor = convert_to_tensor(input_tensor)
        if tensor.dtype.is_integer:
            msg = f"Input must be either real or complex. Received integer type {tensor.dtype!r}."
            raise TypeError(msg)
        difference = Sub(tensor, reduce_mean(tensor, axis=axis, keepdims=True), name="sub")
        if tensor.dtype.is_complex:
            return reduce_mean(
                real(Mul(difference, conj(difference))), axis=axis, keepdims=keepdims
            )
        return reduce_mean(Square(difference), axis=axis, keepdims=keepdims)


def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of `reduce_variance`; arguments as in `reduce_sum`."""
    with name_scope(name or "reduce_std"):
        variance = reduce_variance(input_tensor, axis=axis, keepdims=keepdims)
        return Sqrt(variance)  # type: ignore[no-any-return]


def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """``log(sum(exp(x)))`` along axes without overflow; arguments as in `reduce_sum`."""
    keep = bool(one_of("keepdims", keepdims, "keep_dims", keep_dims))
    axes = one_of("axis", axis, "reduction_indices", reduction_indices)
    with name_scope(name, "ReduceLogSumExp", [input_tensor]) as scope:
        tensor = convert_to_tensor(input_tensor)
        largest = reduce_max(tensor, axis=axes, keepdims=True)
        zero = np.zeros((), tensor.dtype.base_dtype.np_dtype)
        offset = stop_gradient(SelectV2(IsFinite(largest), largest, zero))
        total = reduce_sum(Exp(Sub(tensor, offset)), axis=axes, keepdims=keep)
        logarithm = Log(total)
        if not keep:
            offset = reshape(offset, shape(logarithm))
        return AddV2(logarithm, offset, name=scope)  # type: ignore[no-any-return]


def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
    dtype: Any = int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
    input: Any = None,
) -> Tensor:
    """How many elements along axes are not zero (of strings: not empty).

    Args:
      input_tensor: the tensor.
      axis: see `reduce_sum`.
      keepdims: keep the reduced axes with size 1.
      dtype: of the result.
      name: of the operations.
      reduction_indices: the old name of ``axis``.
      keep_dims: the old name of ``keepdims``.
      input: another name of ``input_tensor``.
    """
    keep = bool(one_of("keepdims", keepdims, "keep_dims", keep_dims))
    axes = one_of("axis", axis, "reduction_indices", reduction_indices)
    given = one_of("input", input, "input_tensor", input_tensor)
    with name_scope(name, "count_nonzero", [given]):
        tensor = convert_to_tensor(given, name="input")
        element = tensor.dtype.base_dtype
        zero = b"" if element == string else np.zeros((), element.np_dtype)
        unequal = NotEqual(tensor, constant(zero, element, name="zeros"))
        counted = reduce_sum(Cast(unequal, DstT=int64), axis=axes, keepdims=keep)
        return cast(counted, as_dtype(dtype))  # type: ignore[no-any-return]
