"""Changes of dtype: by value, and by bytes."""
# ruff: noqa: ARG001, N802 - attributes that decide no value here; TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import (
    ALL,
    NUMERIC,
    DType,
    as_dtype,
    bfloat16,
    complex64,
    complex128,
    float32,
    float64,
    int32,
    int64,
    string,
)
from polygraph.core.ground.errors import ShapeError, UnimplementedError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import make_error
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise as ew

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.trace import Array

__all__ = [
    "bitcast",
    "cast",
    "to_bfloat16",
    "to_complex64",
    "to_complex128",
    "to_double",
    "to_float",
    "to_int32",
    "to_int64",
]


@graph_op(
    "Cast",
    "x: SrcT -> y: DstT",
    shape=shape_rules.unchanged,
    samples=(((2, 3), {"DstT": int32}), ((), {"DstT": float64}), ((0, 3), {"DstT": float32})),
    SrcT=ALL,
    DstT=ALL,
)
def Cast(x: Array, *, SrcT: DType, DstT: DType, Truncate: bool = False) -> Any:  # noqa: N803
    """The same numbers in another dtype; floats round towards zero, integers wrap around."""
    if SrcT == DstT:
        return x
    if string in (SrcT, DstT):
        text = f"Cast {SrcT.name} to {DstT.name} is not supported"
        raise make_error(UnimplementedError, text)
    return ew.cast(x, dtype=DstT.np_dtype)


@Cast.partial_value
def _cast_partial_value(context: ShapeContext) -> tuple[int | None, ...] | None:
    to_int = context.attrs["DstT"] in (int32, int64)
    return context.partial(0) if to_int and context.attrs["SrcT"] in (int32, int64) else None


@Cast.gradient
def _cast_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    before, after = op.inputs[0].dtype.base_dtype, dy.dtype.base_dtype
    differentiable = all(dtype.is_floating or dtype.is_complex for dtype in (before, after))
    return [cast(dy, before) if differentiable else None]


def _bitcast_shape(context: ShapeContext) -> TensorShape:
    before, after = context.attrs["T"].size, context.attrs["type"].size
    shape = context.shape(0).as_tuple()
    if shape is None:
        return unknown_shape()
    if before >= after:
        return TensorShape(shape if before == after else [*shape, before // after])
    if not shape or shape[-1] not in (None, after // before):
        last = shape[-1] if shape else "a scalar"
        msg = (
            f"Cannot bitcast from {context.attrs['T'].name} to {context.attrs['type'].name}: the "
            f"last dimension must be {after // before} but is {last}"
        )
        raise ShapeError(msg)
    return TensorShape(shape[:-1])


@graph_op(
    "Bitcast",
    "input: T -> output: type",
    shape=_bitcast_shape,
    samples=(((2, 3), {"type": int32}),),
    T=NUMERIC,
    type=NUMERIC,
)
def Bitcast(x: Array, *, type: DType) -> Any:
    """The same bytes read as another dtype."""
    dtype = type.np_dtype
    ratio = dtype.itemsize // x.dtype.itemsize
    if ratio > 1 and x.shape[-1:] != (ratio,):
        text = f"Cannot bitcast from {as_dtype(x.dtype).name} to {type.name}: shape {x.shape}"
        refuse(text)
    return ew.bitcast(x, dtype=dtype)


def _is_sparse(x: Any) -> bool:
    return hasattr(x, "indices") and hasattr(x, "values") and hasattr(x, "dense_shape")


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """``x`` in another dtype.

    Floats round towards zero to integers, complex numbers lose their imaginary part, and a tensor
    of that dtype is returned as it is.

    Args:
      x: a tensor, what converts to one, or sparse: `SparseTensor` and `IndexedSlices` stay so.
      dtype: the dtype to have.
      name: of the operation.
    """
    wanted = as_dtype(dtype).base_dtype
    if _is_sparse(x):
        values = cast(x.values, wanted, name)
        return type(x)(indices=x.indices, values=values, dense_shape=x.dense_shape)
    if isinstance(x, Tensor) and x.dtype == wanted:
        return x
    with name_scope(name, "Cast", [x]) as scope:
        tensor = convert_to_tensor(x, name="x")
        if tensor.dtype.base_dtype == wanted:
            return tensor
        return Cast(tensor, DstT=wanted, name=scope)


def bitcast(input: Any, type: Any, name: str | None = None) -> Tensor:
    """The bytes of ``input`` read as another dtype.

    A narrower dtype adds a last axis; a wider one takes the last axis, which must have just as many
    elements, away.

    Raises:
      ValueError: the last axis does not fit.
    """
    return Bitcast(input, type=as_dtype(type), name=name)  # type: ignore[no-any-return]


def to_float(x: Any, name: str = "ToFloat") -> Any:
    """``x`` cast to float32; see `cast`."""
    return cast(x, float32, name=name)


def to_double(x: Any, name: str = "ToDouble") -> Any:
    """``x`` cast to float64; see `cast`."""
    return cast(x, float64, name=name)


def to_int32(x: Any, name: str = "ToInt32") -> Any:
    """``x`` cast to int32; see `cast`."""
    return cast(x, int32, name=name)


def to_int64(x: Any, name: str = "ToInt64") -> Any:
    """``x`` cast to int64; see `cast`."""
    return cast(x, int64, name=name)


def to_bfloat16(x: Any, name: str = "ToBFloat16") -> Any:
    """``x`` cast to bfloat16; see `cast`."""
    return cast(x, bfloat16, name=name)


def to_complex64(x: Any, name: str = "ToComplex64") -> Any:
    """``x`` cast to complex64; see `cast`."""
    return cast(x, complex64, name=name)


def to_complex128(x: Any, name: str = "ToComplex128") -> Any:
    """``x`` cast to complex128; see `cast`."""
    return cast(x, complex128, name=name)
