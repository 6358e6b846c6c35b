"""Matrix products: `MatMul` of two matrices, and its batched kin."""
# ruff: noqa: ARG001, N802 - attributes that decide no value; TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import COMPLEX, FLOATING, UNSIGNED, int16, int32, int64
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.shape_rules import broadcast_partial
from polygraph.core.ground.signature import broadcast_shapes
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.upward import UPWARD
from polygraph.ops.complex_numbers import conj
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise as ew, linalg as primitives

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

    Dims = tuple[int | None, ...]

__all__ = ["matmul"]

_DTYPES = (*FLOATING, int32, int64, *UNSIGNED, *COMPLEX)
_MATRIX_RANK = 2


def _merged(one: int | None, other: int | None) -> int | None:
    if one is not None and other is not None and one != other:
        msg = f"Dimensions must be equal, but are {one} and {other}"
        raise ShapeError(msg)
    return other if one is None else one


def _product_dims(a: Dims, b: Dims, *, flip_a: bool, flip_b: bool) -> Dims:
    rows, inner = a[::-1] if flip_a else a
    other, columns = b[::-1] if flip_b else b
    _merged(inner, other)
    return rows, columns


def _matmul_shape(context: ShapeContext) -> TensorShape:
    a, b = (context.shape(index).with_rank(_MATRIX_RANK).as_tuple() for index in (0, 1))
    flips = {"flip_a": context.attrs["transpose_a"], "flip_b": context.attrs["transpose_b"]}
    return TensorShape(_product_dims(a or (None, None), b or (None, None), **flips))


def _batch_shape(context: ShapeContext, batch: Callable[[Dims, Dims], Any]) -> TensorShape:
    a, b = (context.shape(index).with_rank_at_least(_MATRIX_RANK).as_tuple() for index in (0, 1))
    if a is None or b is None:
        return unknown_shape()
    flips = {"flip_a": context.attrs["adj_x"], "flip_b": context.attrs["adj_y"]}
    return TensorShape((*batch(a[:-2], b[:-2]), *_product_dims(a[-2:], b[-2:], **flips)))


def _same_batch(a: Dims, b: Dims) -> Any:
    return TensorShape(a).merge_with(TensorShape(b)).as_tuple()


def _batch_matmul_shape(context: ShapeContext) -> TensorShape:
    return _batch_shape(context, _same_batch)


def _batch_matmul_v2_shape(context: ShapeContext) -> TensorShape:
    return _batch_shape(context, broadcast_partial)


def _both(a: Array, b: Array) -> str:
    return f"In[0]: {in_brackets(a.shape)}, In[1]: {in_brackets(b.shape)}"


def _require_inner(a: Array, b: Array, *, flip_a: bool, flip_b: bool) -> None:
    if a.shape[-2 if flip_a else -1] != b.shape[-1 if flip_b else -2]:
        refuse(f"Matrix size-incompatible: {_both(a, b)}")


@graph_op(
    "MatMul",
    "a: T, b: T -> product: T",
    shape=_matmul_shape,
    samples=(((2, 3), (3, 4)), ((3, 2), (4, 3), {"transpose_a": True, "transpose_b": True})),
    T=_DTYPES,
)
def MatMul(a: Array, b: Array, *, transpose_a: bool = False, transpose_b: bool = False) -> Any:
    """The product of two matrices, each transposed first where that is asked for."""
    if a.ndim != _MATRIX_RANK or b.ndim != _MATRIX_RANK:
        refuse(f"a matrix product takes two matrices: {_both(a, b)}")
    _require_inner(a, b, flip_a=transpose_a, flip_b=transpose_b)
    return primitives.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)


def _adjoint_product(a: Array, b: Array, *, adj_x: bool, adj_y: bool) -> Any:
    _require_inner(a, b, flip_a=adj_x, flip_b=adj_y)
    a = ew.conj(a) if adj_x and a.dtype.kind == "c" else a
    b = ew.conj(b) if adj_y and b.dtype.kind == "c" else b
    return primitives.matmul(a, b, transpose_a=adj_x, transpose_b=adj_y)


@graph_op(
    "BatchMatMul",
    "x: T, y: T -> output: T",
    shape=_batch_matmul_shape,
    samples=(((5, 2, 3), (5, 3, 4)), ((5, 3, 2), (5, 4, 3), {"adj_x": True, "adj_y": True})),
    T=(*_DTYPES, int16),
)
def BatchMatMul(x: Array, y: Array, *, adj_x: bool = False, adj_y: bool = False) -> Any:
    """Products of pairs of matrices; the leading axes of both are the same."""
    if x.ndim < _MATRIX_RANK or x.ndim != y.ndim or x.shape[:-2] != y.shape[:-2]:
        refuse(f"a batched matrix product takes equal leading axes: {_both(x, y)}")
    return _adjoint_product(x, y, adj_x=adj_x, adj_y=adj_y)


@graph_op(
    "BatchMatMulV2",
    "x: T, y: T -> output: T",
    shape=_batch_matmul_v2_shape,
    samples=(((5, 2, 3), (5, 3, 4)), ((2, 1, 3, 2), (5, 3, 4), {"adj_x": True})),
    T=(*_DTYPES, int16),
)
def BatchMatMulV2(x: Array, y: Array, *, adj_x: bool = False, adj_y: bool = False) -> Any:
    """Products of pairs of matrices; the leading axes broadcast."""
    for index, operand in enumerate((x, y)):
        if operand.ndim < _MATRIX_RANK:
            refuse(f"In[{index}] ndims must be >= 2: {operand.ndim}")
    try:
        broadcast_shapes((x.shape[:-2], y.shape[:-2]))
    except ShapeError:
        text = f"{in_brackets(x.shape)} vs. {in_brackets(y.shape)}"
        refuse(f"In[0] and In[1] must have compatible batch dimensions: {text}")
    return _adjoint_product(x, y, adj_x=adj_x, adj_y=adj_y)


def _gradients(
    a: Any, b: Any, dy: Any, product: Callable[..., Any], *, flip_a: bool, flip_b: bool
) -> list[Any]:
    """Gradients of ``y = op(a) op(b)``; ``product`` flips as ``op`` does."""
    if flip_a:
        da = product(b, dy, flip_x=flip_b, flip_y=True)
    else:
        da = product(dy, b, flip_x=False, flip_y=not flip_b)
    if flip_b:
        db = product(dy, a, flip_x=True, flip_y=flip_a)
    else:
        db = product(a, dy, flip_x=not flip_a, flip_y=False)
    return [da, db]


@MatMul.gradient
def _matmul_gradient(op: Operation, dy: Tensor) -> list[Any]:
    def product(x: Tensor, y: Tensor, *, flip_x: bool, flip_y: bool) -> Tensor:
        return matmul(x, y, transpose_a=flip_x, transpose_b=flip_y)

    a, b = (conj(operand) for operand in op.inputs)
    return _gradients(
        a, b, dy, product, flip_a=op.attrs["transpose_a"], flip_b=op.attrs["transpose_b"]
    )


def _adjoint_gradients(definition: OpDef) -> None:
    @definition.gradient
    def _(op: Operation, dy: Tensor) -> list[Any]:
        def product(x: Tensor, y: Tensor, *, flip_x: bool, flip_y: bool) -> Any:
            return definition(x, y, adj_x=flip_x, adj_y=flip_y)

        x, y = op.inputs
        return _gradients(x, y, dy, product, flip_a=op.attrs["adj_x"], flip_b=op.attrs["adj_y"])


_adjoint_gradients(BatchMatMul)
_adjoint_gradients(BatchMatMulV2)
BatchMatMulV2.broadcasts = True


def _refuse_both(which: str, *, transpose: bool, adjoint: bool) -> None:
    if transpose and adjoint:
        msg = (
            f"Only one of `transpose_{which}` and `adjoint_{which}` can be True. Received "
            f"`transpose_{which}`=True, `adjoint_{which}`=True."
        )
        raise ValueError(msg)


def _may_have_batch(tensor: Any) -> bool:
    rank = tensor.get_shape().ndims
    return rank is None or rank > _MATRIX_RANK


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of two matrices; with more axes than two, of each pair of matrices.

    Args:
      a: ``[..., i, k]`` (``[..., k, i]`` where it is transposed).
      b: ``[..., k, j]`` (``[..., j, k]`` where it is transposed); leading axes broadcast.
      transpose_a: swap the last two axes of ``a`` first.
      transpose_b: swap the last two axes of ``b`` first.
      adjoint_a: conjugate ``a`` and swap its last two axes first.
      adjoint_b: conjugate ``b`` and swap its last two axes first.
      a_is_sparse: a hint that changes no value.
      b_is_sparse: a hint that changes no value.
      name: of the operation.

    Returns:
      ``[..., i, j]``.

    Raises:
      ValueError: the static shapes do not fit, or an operand is to be both transposed and adjoint.
      TypeError: the dtypes differ.
    """
    _refuse_both("a", transpose=transpose_a, adjoint=adjoint_a)
    _refuse_both("b", transpose=transpose_b, adjoint=adjoint_b)
    flip_a, flip_b = transpose_a or adjoint_a, transpose_b or adjoint_b
    with name_scope(name, "MatMul", [a, b]) as scope:
        x = convert_to_tensor(a, name="a")
        y = convert_to_tensor(b, preferred_dtype=x.dtype.base_dtype, name="b")
        if _may_have_batch(x) or _may_have_batch(y):
            # The batched op conjugates what it transposes.
            x = conj(x) if transpose_a else x
            y = conj(y) if transpose_b else y
            product = BatchMatMulV2(x, y, adj_x=flip_a, adj_y=flip_b, name=scope)
        else:
            x = conj(x) if adjoint_a else x
            y = conj(y) if adjoint_b else y
            product = MatMul(x, y, transpose_a=flip_a, transpose_b=flip_b, name=scope)
        return product  # type: ignore[no-any-return]


def _operator(x: Any, y: Any) -> Tensor:
    with name_scope(None, "matmul", [x, y]) as scope:
        return matmul(x, y, name=scope)


def _reversed_operator(y: Any, x: Any) -> Tensor:
    with name_scope(None, "matmul", [x, y]) as scope:
        first = convert_to_tensor(x, y.dtype.base_dtype, name="x")
        return matmul(first, y, name=scope)


UPWARD.operators["__matmul__"] = _operator
UPWARD.operators["__rmatmul__"] = _reversed_operator
