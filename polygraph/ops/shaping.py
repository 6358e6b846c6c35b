"""Ops that give the same elements another shape, order or place."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC, int32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import known_ints
from polygraph.ops.filling import fill, ones, ones_like, zeros, zeros_like
from polygraph.ops.gradient_barriers import guarantee_const, identity_n, stop_gradient
from polygraph.ops.identity_ops import identity
from polygraph.ops.operand_checks import (
    known_int,
    normal_axis,
    refuse,
    static_axis,
    static_dims,
    static_int,
)
from polygraph.ops.packing import stack, unstack
from polygraph.ops.primitives import elementwise as ew, shaping as prims
from polygraph.ops.ranges import Range, lin_space, linspace, range
from polygraph.ops.reversal import ReverseV2, reverse, reverse_v2
from polygraph.ops.shape_queries import Rank, rank, shape, shape_n, size
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = [
    "broadcast_to",
    "concat",
    "expand_dims",
    "fill",
    "guarantee_const",
    "identity",
    "identity_n",
    "lin_space",
    "linspace",
    "ones",
    "ones_like",
    "range",
    "rank",
    "reshape",
    "reverse",
    "reverse_v2",
    "shape",
    "shape_n",
    "size",
    "squeeze",
    "stack",
    "stop_gradient",
    "tile",
    "transpose",
    "unstack",
    "zeros",
    "zeros_like",
]

Dims = list[int | None]


def _product(dims: Sequence[int]) -> int:
    result = 1
    for dim in dims:
        result *= dim
    return result


# Reshape.


def _fitted(count: int, wanted: Dims) -> Dims:
    """``wanted`` with its one unknown dimension worked out from the number of elements."""
    rest = _product([dim for dim in wanted if dim is not None])
    holes = wanted.count(None)
    if holes == 0 and rest != count:
        text = ",".join(map(str, wanted))
        msg = f"Cannot reshape a tensor with {count} elements to shape [{text}] ({rest} elements)"
        raise ShapeError(msg)
    if holes != 1 or rest == 0:
        return wanted
    if count % rest:
        msg = f"Dimension size must be evenly divisible by {rest} but is {count}"
        raise ShapeError(msg)
    return [count // rest if dim is None else dim for dim in wanted]


def _fitted_partly(dims: Dims, wanted: Dims) -> Dims:
    """The same where the input has one unknown dimension, by dividing the known ones out."""
    if dims.count(None) != 1 or wanted.count(None) != 0:
        return wanted
    rest = _product([dim for dim in dims if dim is not None])
    count = _product([dim for dim in wanted if dim is not None])
    if rest and count % rest:
        msg = f"Dimension size must be evenly divisible by {rest} but is {count}"
        raise ShapeError(msg)
    return wanted


def _reshaped(context: ShapeContext) -> TensorShape:
    target = context.as_shape(1).as_tuple()
    if target is None:
        return unknown_shape()
    dims = static_dims(context, 0)
    if dims is None:
        return TensorShape(target)
    known_dims = [dim for dim in dims if dim is not None]
    if len(known_dims) == len(dims):
        return TensorShape(_fitted(_product(known_dims), list(target)))
    return TensorShape(_fitted_partly(dims, list(target)))


def _worked_out(dims: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """``wanted`` with its -1 filled in; a 0 in both shapes is left out of the division."""
    has_zero = 0 in wanted
    count = _product([dim for dim in dims if dim or not has_zero])
    rest = _product([dim for dim in wanted if dim > 0])
    if count % rest:
        refuse(
            f"Input to reshape is a tensor with {_product(dims)} values, but the requested shape "
            f"requires a multiple of {rest}"
        )
    return tuple(count // rest if dim == -1 else dim for dim in wanted)


def reshaped_dims(dims: Sequence[int], wanted: Sequence[int]) -> tuple[int, ...]:
    """``wanted`` with a -1 worked out for a tensor of shape ``dims``.

    Raises:
      InvalidArgumentError: there is no such shape.
    """
    holes = [axis for axis, dim in enumerate(wanted) if dim == -1]
    if len(holes) > 1:
        refuse(f"Only one input size may be -1, not both {holes[0]} and {holes[1]}")
    for axis, dim in enumerate(wanted):
        if dim < -1:
            refuse(f"Size {axis} must be non-negative, not {dim}")
    result = _worked_out(dims, wanted) if holes else tuple(wanted)
    if _product(result) != _product(dims):
        refuse(
            f"Input to reshape is a tensor with {_product(dims)} values, but the requested shape "
            f"has {_product(result)}"
        )
    return result


@graph_op(
    "Reshape",
    "tensor: T, shape: Tshape -> output: T",
    shape=_reshaped,
    static=("shape",),
    T=ALL,
    Tshape=INDEX,
)
def Reshape(tensor: Array, shape: Array) -> Array:
    """The same elements with another shape; one dimension may be -1, which is worked out."""
    if shape.ndim != 1:
        refuse(f"sizes input must be 1-D, not {list(shape.shape)}")
    dims = reshaped_dims(tensor.shape, known_ints(shape))
    return prims.reshape(tensor, shape=dims)  # type: ignore[no-any-return]


@Reshape.partial_value
def _reshape_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0) if context.shape(1).as_tuple() in ((0,), (1,)) else None


@Reshape.gradient
def _reshape_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [reshape(dy, shape(op.inputs[0])), None]


# Transpose.


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
    missing = set(builtins.range(x.ndim)) - set(axes)
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


# Joining.


def _same_but_there(one: TensorShape, other: TensorShape) -> TensorShape:
    """The common shape of two concatenated tensors, their axis being unknown."""
    try:
        return one.merge_with(other)
    except ValueError as error:
        msg = f"Dimensions of concatenated tensors must be equal in both shapes: {error}"
        raise ShapeError(msg) from error


def _joined(context: ShapeContext, values: builtins.range, axis_index: int) -> TensorShape:
    shapes = [context.shape(index) for index in values]
    ranks = {shape.ndims for shape in shapes} - {None}
    axis = static_int(context, axis_index)
    if not ranks:
        return unknown_shape()
    if len(ranks) > 1:
        msg = f"Shapes must have the same rank, but are {', '.join(map(str, shapes))}"
        raise ShapeError(msg)
    (ndims,) = ranks
    if ndims is None or axis is None:
        return unknown_shape(ndims)
    axis = static_axis(axis, max(ndims, 1))
    total: int | None = 0
    merged = TensorShape([None] * ndims)
    for shape_ in shapes:
        dims = list(shape_.as_tuple() or [None] * ndims)
        here, dims[axis] = dims[axis], None
        total = None if total is None or here is None else total + here
        merged = _same_but_there(merged, TensorShape(dims))
    result = list(merged.as_tuple() or ())
    result[axis] = total
    return TensorShape(result)


def _concat_v2_shape(context: ShapeContext) -> TensorShape:
    count = len(context.inputs) - 1
    return _joined(context, builtins.range(count), count)


def _concatenated(values: list[Array], axis: int) -> Array:
    first = values[0]
    axis = normal_axis(axis, first.ndim, "ConcatOp : concat axis")
    for index, value in enumerate(values):
        same = value.ndim == first.ndim and all(
            one == other or here == axis
            for here, (one, other) in enumerate(zip(value.shape, first.shape, strict=True))
        )
        if not same:
            refuse(
                "ConcatOp : Dimensions of inputs should match: shape[0] = "
                f"{list(first.shape)} vs. shape[{index}] = {list(value.shape)}"
            )
    return prims.concatenate(*values, axis=axis)  # type: ignore[no-any-return]


@graph_op(
    "ConcatV2",
    "values: N*T, axis: Tidx -> output: T",
    shape=_concat_v2_shape,
    static=("axis",),
    T=ALL,
    Tidx=INDEX,
)
def ConcatV2(values: list[Array], axis: Array) -> Array:
    """Tensors joined along an axis that they have."""
    return _concatenated(values, known_int(axis))


@ConcatV2.partial_value
def _concat_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    if not context.inputs[0].dtype.is_integer:
        return None
    elements: list[int | None] = []
    for index in builtins.range(len(context.inputs) - 1):
        part = context.partial(index)
        count = context.shape(index).num_elements()
        if context.shape(index).ndims != 1 or count is None:
            return None
        elements.extend([None] * count if part is None else part)
    return tuple(elements)


@graph_op(
    "Concat",
    "concat_dim: int32, values: N*T -> output: T",
    shape=lambda context: _joined(context, builtins.range(1, len(context.inputs)), 0),
    static=("concat_dim",),
    T=ALL,
)
def Concat(axis: Array, values: list[Array]) -> Array:
    """`ConcatV2` with the axis first."""
    return _concatenated(values, known_int(axis))


@graph_op(
    "ConcatOffset",
    "concat_dim: int32, shape: N*shape_type -> offset: N*shape_type",
    shape=lambda context: [
        context.shape(index) for index in builtins.range(1, len(context.inputs))
    ],
    static=("concat_dim", "shape"),
    shape_type=INDEX,
)
def ConcatOffset(axis: Array, shapes: list[Array]) -> list[Array]:
    """Where each of the tensors with the given shapes begins in their concatenation."""
    first = known_ints(shapes[0])
    here = normal_axis(known_int(axis), len(first), "concat dim")
    offset, results = 0, []
    for shape_ in shapes:
        begin = np.zeros(len(first), shapes[0].dtype)
        begin[here] = offset
        results.append(begin)
        offset += known_ints(shape_)[here]
    return results  # type: ignore[return-value]


ConcatOffset.no_gradient()


# Axes of size one.


def _expanded(context: ShapeContext) -> TensorShape:
    dims, axis = static_dims(context, 0), static_int(context, 1)
    if dims is None:
        return unknown_shape()
    if axis is None:
        return TensorShape([None] * (len(dims) + 1))
    if not -len(dims) - 1 <= axis <= len(dims):
        msg = f"dim {axis} not in the interval [{-len(dims) - 1}, {len(dims)}]."
        raise ShapeError(msg)
    axis %= len(dims) + 1
    return TensorShape([*dims[:axis], 1, *dims[axis:]])


@graph_op(
    "ExpandDims",
    "input: T, dim: Tdim -> output: T",
    shape=_expanded,
    static=("dim",),
    T=ALL,
    Tdim=INDEX,
)
def ExpandDims(x: Array, dim: Array) -> Array:
    """A new axis of size 1."""
    if dim.size != 1:
        refuse(f"'dim' must be a tensor with a single value, got shape {list(dim.shape)}")
    axis = normal_axis(known_int(dim), x.ndim + 1, "Tried to expand dim index")
    return prims.reshape(x, shape=(*x.shape[:axis], 1, *x.shape[axis:]))  # type: ignore[no-any-return]


@ExpandDims.partial_value
def _expand_dims_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0) if context.shape(0).ndims == 0 else None


@ExpandDims.gradient
def _expand_dims_gradient(op: Operation, dy: Tensor) -> list[Tensor | None]:
    return [reshape(dy, shape(op.inputs[0])), None]


def _squeezed(context: ShapeContext) -> TensorShape:
    dims, axes = static_dims(context, 0), context.attrs["squeeze_dims"]
    if dims is None:
        return unknown_shape()
    if not axes:
        if None in dims:
            return unknown_shape()
        return TensorShape([dim for dim in dims if dim != 1])
    gone = {static_axis(axis, len(dims), "squeeze dim") for axis in axes}
    for axis in sorted(gone):
        if dims[axis] not in (1, None):
            msg = f"Can not squeeze dim[{axis}], expected a dimension of 1, got {dims[axis]}"
            raise ShapeError(msg)
    return TensorShape([dim for axis, dim in enumerate(dims) if axis not in gone])


@graph_op("Squeeze", "input: T -> output: T", shape=_squeezed, T=ALL)
def Squeeze(x: Array, *, squeeze_dims: tuple[int, ...] = ()) -> Array:
    """Axes of size 1 removed: those named, or all."""
    axes = {normal_axis(axis, x.ndim, "Tried to squeeze dim index") for axis in squeeze_dims}
    for axis in sorted(axes):
        if x.shape[axis] != 1:
            refuse(f"Can not squeeze dim[{axis}], expected a dimension of 1, got {x.shape[axis]}")
    if not squeeze_dims:
        axes = {axis for axis, dim in enumerate(x.shape) if dim == 1}
    kept = tuple(dim for axis, dim in enumerate(x.shape) if axis not in axes)
    return prims.reshape(x, shape=kept)  # type: ignore[no-any-return]


@Squeeze.partial_value
def _squeeze_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    return context.partial(0)


@Squeeze.gradient
def _squeeze_gradient(op: Operation, dy: Tensor) -> list[Tensor]:
    return [reshape(dy, shape(op.inputs[0]))]


# Repeating.


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
    return TensorShape([None if None in pair else pair[0] * pair[1] for pair in pairs])  # type: ignore[operator]


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


# TF1's functions.


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements of ``tensor``, in row-major order, with another shape.

    Args:
      tensor: a tensor or what converts to one.
      shape: int vector; one dimension may be -1 and is worked out.
      name: of the operation.

    Raises:
      ValueError: the static shapes say that it cannot be.
    """
    return Reshape(tensor, shape, name=name)  # type: ignore[no-any-return]


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


def concat(values: Any, axis: Any, name: str = "concat") -> Tensor:
    """Tensors joined along an axis that they have; the other dimensions must agree.

    Args:
      values: the tensors, of one rank R and dtype.
      axis: scalar in ``[-R, R)``.
      name: of the operation.

    Raises:
      TypeError: the dtypes differ.
      ValueError: the shapes differ elsewhere, or the axis is out of range.
    """
    if not isinstance(values, list | tuple):
        values = [values]
    if len(values) == 1:
        with name_scope(name):
            convert_to_tensor(axis, int32, name="concat_dim")
            return identity(values[0], name="concat")  # type: ignore[no-any-return]
    return ConcatV2(list(values), axis, name=name)  # type: ignore[no-any-return]


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """``input`` with a new axis of size 1.

    Args:
      input: of rank R.
      axis: where the axis is in the result, in ``[-(R + 1), R]``.
      name: of the operation.
      dim: old name of ``axis``.

    Raises:
      ValueError: both or neither of ``axis`` and ``dim`` are given, or it is out of range.
    """
    where = one_of("axis", axis, "dim", dim)
    if where is None:
        msg = "Must specify an axis argument to tf.expand_dims()"
        raise ValueError(msg)
    return ExpandDims(input, where, name=name)  # type: ignore[no-any-return]


def one_of(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """An argument that TF1 knows under two names.

    Raises:
      ValueError: both are given.
    """
    if value is not None and old_value is not None:
        msg = f"Cannot specify both '{name}' and '{old_name}'."
        raise ValueError(msg)
    return old_value if value is None else value


def squeeze(
    input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None
) -> Tensor:
    """``input`` without axes of size 1.

    Args:
      input: a tensor or what converts to one.
      axis: the axis or axes to remove; by default all of size 1.
      name: of the operation.
      squeeze_dims: old name of ``axis``.

    Raises:
      ValueError: an axis has not size 1.
    """
    axes = one_of("axis", axis, "squeeze_dims", squeeze_dims)
    if axes is None:
        axes = ()
    gone = tuple(int(one) for one in np.reshape(axes, -1))
    return Squeeze(input, squeeze_dims=gone, name=name)  # type: ignore[no-any-return]


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """``input`` repeated along axes of size 1, and new leading axes, to the given shape.

    Raises:
      ValueError: the static shapes say that it cannot be.
    """
    return BroadcastTo(input, shape, name=name)  # type: ignore[no-any-return]


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """``input`` repeated, as a whole, ``multiples[i]`` times along axis i."""
    return Tile(input, multiples, name=name)  # type: ignore[no-any-return]
