"""Running sums and products, and where the extremes stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import (
    INDEX,
    NUMERIC,
    REAL,
    as_dtype,
    bool_,
    int16,
    int32,
    int64,
    uint16,
)
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.ops.arithmetic import DivNoNan, Mul
from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import known_int, refuse
from polygraph.ops.primitives import elementwise as ew, reduction as red
from polygraph.ops.renamed_arguments import one_of

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["arg_max", "arg_min", "argmax", "argmin", "cumprod", "cumsum"]


def _arg_shape(context: ShapeContext) -> TensorShape:
    dims, axis = context.shape(0).as_tuple(), context.value(1)
    if dims is None:
        return unknown_shape()
    rank = len(dims)
    if not rank:
        return shape_rules.scalar(context)  # refused when it runs, as in TF1
    if axis is None:
        return TensorShape([None] * (rank - 1))
    at = int(axis.reshape(()))
    if not -rank <= at < rank:
        msg = (
            f"Dimension ({at}) must be in the range [{-rank}, {rank}), where {rank} is the number "
            "of dimensions in the input."
        )
        raise ShapeError(msg)
    return TensorShape([dim for index, dim in enumerate(dims) if index != at % rank])


def _arg_reduction(op_type: str, primitive: Op, worst: float, doc: str) -> OpDef:
    """``worst`` is what stands in for NaN, which is never the extreme one."""

    def lower(x: Array, axis: Array, *, output_type: DType) -> Any:
        at = known_int(axis)
        if not -x.ndim <= at < x.ndim:
            refuse(f"Expected dimension in the range [{-x.ndim}, {x.ndim}), but got {at}")
        if not x.shape[at]:
            refuse(f"Reduction axis {at} is empty in shape {in_brackets(x.shape)}")
        if x.dtype.kind not in "iub":
            x = ew.select(ew.is_nan(x), ew.scalar(worst, x), x)
        return primitive(x, axis=at % x.ndim, dtype=output_type.np_dtype)

    lower.__doc__ = doc
    return graph_op(
        op_type,
        "input: T, dimension: Tidx -> output: output_type",
        shape=_arg_shape,
        static=("dimension",),
        samples=(((2, 3), np.asarray(1, np.int32)), ((4,), np.asarray(-1, np.int32))),
        T=(*REAL, bool_),
        Tidx=INDEX,
        output_type=(int64, int32, int16, uint16),
    )(lower).no_gradient()


ArgMax = _arg_reduction("ArgMax", red.argmax, -np.inf, "The index of the first largest element.")
ArgMin = _arg_reduction("ArgMin", red.argmin, np.inf, "The index of the first smallest element.")


def _scan(op_type: str, primitive: Op) -> OpDef:
    def lower(x: Array, axis: Array, *, exclusive: bool = False, reverse: bool = False) -> Any:
        at = known_int(axis)
        if not -x.ndim <= at < x.ndim:
            refuse(f"ScanOp: Expected scan axis in the range [{-x.ndim}, {x.ndim}), but got {at}")
        return primitive(x, axis=at % x.ndim, exclusive=exclusive, reverse=reverse)

    lower.__doc__ = primitive.doc
    return graph_op(
        op_type,
        "x: T, axis: Tidx -> out: T",
        shape=shape_rules.unchanged,
        static=("axis",),
        samples=(((2, 3), np.asarray(1, np.int32)), ((0, 3), np.asarray(0, np.int32))),
        T=NUMERIC,
        Tidx=INDEX,
    )(lower)


Cumsum = _scan("Cumsum", red.cumsum)
Cumprod = _scan("Cumprod", red.cumprod)


@Cumsum.gradient
def _cumsum_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
    return [Cumsum(dy, op.inputs[1], exclusive=exclusive, reverse=not reverse), None]


@Cumprod.gradient
def _cumprod_gradient(op: Any, dy: Tensor) -> list[Tensor | None]:
    """TF1's formula: 0 for elements that are 0, whatever the true slope."""
    x, axis = op.inputs
    exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
    weighted = Mul(Cumprod(x, axis, exclusive=exclusive, reverse=reverse), dy)
    total = Cumsum(weighted, axis, exclusive=exclusive, reverse=not reverse)
    return [DivNoNan(total, x), None]


def _argument(
    definition: OpDef, input: Any, axis: Any, dimension: Any, output_type: Any, name: str | None
) -> Tensor:
    at = one_of("axis", axis, "dimension", dimension)
    result: Tensor = definition(
        input, 0 if at is None else at, output_type=as_dtype(output_type), name=name
    )
    return result


def argmax(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = int64,
) -> Tensor:
    """The index of the first largest element along an axis; NaN is never the largest.

    Args:
      input: the tensor.
      axis: an int or int scalar; 0 by default.
      name: of the operation.
      dimension: the old name of ``axis``.
      output_type: int64, int32, int16 or uint16.

    Raises:
      ValueError: the axis is out of range, or given in both spellings.
    """
    return _argument(ArgMax, input, axis, dimension, output_type, name)


def argmin(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = int64,
) -> Tensor:
    """The index of the first smallest element along an axis; arguments as in `argmax`."""
    return _argument(ArgMin, input, axis, dimension, output_type, name)


def arg_max(
    input: Any, dimension: Any, output_type: Any = int64, name: str | None = None
) -> Tensor:
    """The older form of `argmax`."""
    return _argument(ArgMax, input, None, dimension, output_type, name)


def arg_min(
    input: Any, dimension: Any, output_type: Any = int64, name: str | None = None
) -> Tensor:
    """The older form of `argmin`."""
    return _argument(ArgMin, input, None, dimension, output_type, name)


def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The sums of all elements up to each along an axis.

    Args:
      x: the tensor.
      axis: an int or int scalar.
      exclusive: leave out the element itself.
      reverse: start from the end.
      name: of the operation.
    """
    result: Tensor = Cumsum(x, axis, exclusive=exclusive, reverse=reverse, name=name)
    return result


def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Tensor:
    """The products of all elements up to each along an axis; arguments as in `cumsum`."""
    result: Tensor = Cumprod(x, axis, exclusive=exclusive, reverse=reverse, name=name)
    return result
