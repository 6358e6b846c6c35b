"""Numbers at equal distances: `range` and `linspace`."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import builtins
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import (
    INDEX,
    DType,
    as_dtype,
    bfloat16,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint16,
    uint32,
    uint64,
)
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known
from polygraph.ops.casting import cast
from polygraph.ops.operand_checks import known_int, refuse, static_int
from polygraph.ops.primitives import elementwise as ew, shaping as prims

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.trace import Array

__all__ = ["lin_space", "linspace", "range"]


def _number(array: np.ndarray[Any, Any]) -> Any:
    """A Python int, or a NumPy scalar for floats, whose steps are counted in their own dtype."""
    return array.item() if array.dtype.kind in "iu" else array.reshape(())[()]


def _count(start: Any, limit: Any, delta: Any) -> Any:
    """How many numbers a range has.

    Raises:
      ValueError: ``delta`` is 0 or leads away from ``limit``.
    """
    if delta == 0:
        msg = f"Requires delta != 0: {delta}"
        raise ValueError(msg)
    if (delta > 0 and start > limit) or (delta < 0 and start < limit):
        sign, order = (">", "<=") if delta > 0 else ("<", ">=")
        msg = f"Requires start {order} limit when delta {sign} 0: {start}/{limit}"
        raise ValueError(msg)
    if isinstance(start, int):
        return -(abs(limit - start) // -abs(delta))
    return math.ceil(abs((limit - start) / delta))


def _scalars(context: ShapeContext) -> list[Any] | None:
    found = []
    for index in builtins.range(3):
        if context.shape(index).ndims not in (0, None):
            msg = f"Shape must be rank 0 but is rank {context.shape(index).ndims}"
            raise ShapeError(msg)
        value = context.value(index)
        found.append(static_int(context, index) if value is None else _number(value))
    return None if None in found else found


def _range_shape(context: ShapeContext) -> TensorShape:
    scalars = _scalars(context)
    if scalars is None:
        return TensorShape([None])
    try:
        return TensorShape([_count(*scalars)])
    except ValueError as error:
        raise ShapeError(str(error)) from error


@graph_op(
    "Range",
    "start: Tidx, limit: Tidx, delta: Tidx -> output: Tidx",
    shape=_range_shape,
    static=("start", "limit", "delta"),
    Tidx=(int32, int64, float32, float64, int8, int16, uint16, uint32, uint64, bfloat16, float16),
)
def Range(start: Array, limit: Array, delta: Array) -> Array:
    """``start, start + delta, ...`` up to but without ``limit``."""
    for what, operand in (("start", start), ("limit", limit), ("delta", delta)):
        if operand.size != 1:
            refuse(f"{what} must be a scalar, not shape {list(operand.shape)}")
    numbers = [known(operand).reshape(()) for operand in (start, limit, delta)]
    try:
        count = _count(*map(_number, numbers))
    except ValueError as error:
        refuse(str(error))
    first, _, step = numbers
    with np.errstate(over="ignore"):
        return first + np.arange(count).astype(first.dtype) * step  # type: ignore[no-any-return]


Range.no_gradient()


def _linspace_shape(context: ShapeContext) -> TensorShape:
    count = static_int(context, 2)
    if count is not None and count <= 0:
        msg = f"Requires num > 0: {count}"
        raise ShapeError(msg)
    return TensorShape([count])


@graph_op(
    "LinSpace",
    "start: T, stop: T, num: Tidx -> output: T",
    shape=_linspace_shape,
    static=("num",),
    T=(float32, float64, bfloat16, float16),
    Tidx=INDEX,
)
def LinSpace(start: Array, stop: Array, num: Array) -> Array:
    """``num`` numbers at equal distances, the first and the last being given."""
    count = known_int(num)
    if count <= 0:
        refuse(f"Requires num > 0: {count}")
    dtype = start.dtype
    if count == 1:
        return prims.reshape(start, shape=(1,))  # type: ignore[no-any-return]
    step = ew.divide(ew.subtract(stop, start), np.array(count - 1, dtype))
    places = prims.iota(dtype=dtype, size=count)
    inner = ew.add(start, ew.multiply(step, places))
    return ew.select(np.arange(count) == count - 1, stop, inner)  # type: ignore[no-any-return]


LinSpace.no_gradient()

_HIERARCHY = (int32, int64, float32, float64)


def _as_tensor(value: Any, dtype: DType | None, name: str) -> Tensor:
    return value if isinstance(value, Tensor) else convert_to_tensor(value, dtype, name)


def _of_dtype(number: Tensor, dtype: DType) -> Any:
    return number if number.dtype.base_dtype == dtype else cast(number, dtype)


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range"
) -> Tensor:
    """``start, start + delta, ...`` up to but without ``limit``.

    Args:
      start: scalar; with no ``limit`` it is the limit and the start is 0.
      limit: scalar.
      delta: scalar, not 0.
      dtype: element type; by default the widest of the arguments'.
      name: of the operation.

    Raises:
      ValueError: ``delta`` is 0 or leads away from ``limit``.
    """
    if limit is None:
        start, limit = 0, start
    wanted = None if dtype is None else as_dtype(dtype)
    with name_scope(name, "range", [start, limit, delta]) as scope:
        numbers = [
            _as_tensor(value, wanted, what)
            for value, what in ((start, "start"), (limit, "limit"), (delta, "delta"))
        ]
        if wanted is None:
            dtypes = [number.dtype.base_dtype for number in numbers]
            wanted = (
                max(dtypes, key=_HIERARCHY.index) if set(dtypes) <= set(_HIERARCHY) else dtypes[0]
            )
        return Range(*(_of_dtype(number, wanted) for number in numbers), name=scope)  # type: ignore[no-any-return]


def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """``num`` numbers at equal distances from ``start`` to ``stop``, both included.

    Args:
      start: scalar; the result of an integer is float64.
      stop: scalar of the same dtype.
      num: int scalar above 0; 1 gives ``start`` alone.
      name: of the operation.
    """
    with name_scope(name, "linspace", [start, stop]) as scope:
        first = convert_to_tensor(start, name="start")
        last = convert_to_tensor(stop, first.dtype.base_dtype, name="stop")
        if first.dtype.is_integer:
            first, last = cast(first, float64), cast(last, float64)
        return LinSpace(first, last, num, name=scope)  # type: ignore[no-any-return]


lin_space = linspace
