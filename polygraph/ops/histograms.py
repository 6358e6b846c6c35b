"""`histogram_fixed_width`: how many values fall into each of equally wide bins."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import DType, as_dtype, float32, float64, int32, int64
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import check
from polygraph.ops.index_checks import flat
from polygraph.ops.operand_checks import known_int, refuse, static_int
from polygraph.ops.primitives import elementwise as ew, indexing as prims

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["histogram_fixed_width"]

_F64 = np.dtype(np.float64)


def _bins_shape(context: ShapeContext) -> TensorShape:
    count = static_int(context, 2)
    if count is not None and count <= 0:
        msg = f"Requires nbins > 0: {count}"
        raise ShapeError(msg)
    return TensorShape([count])


def _end(ends: Array, index: int) -> Any:
    end = prims.gather(ends, np.array(index, np.int32), axis=0, batch_dims=0)
    return ew.cast(end, dtype=_F64)


@graph_op(
    "HistogramFixedWidth",
    "values: T, value_range: T, nbins: int32 -> out: dtype",
    shape=_bins_shape,
    static=("nbins",),
    T=(int32, int64, float32, float64),
    dtype=(int32, int64),
)
def HistogramFixedWidth(values: Array, value_range: Array, nbins: Array, *, dtype: DType) -> Array:
    """How many values fall into each bin; those outside of the range fall into the outer bins."""
    count = known_int(nbins)
    if value_range.shape != (2,):
        refuse(f"value_range should be a vector of 2 elements, not {list(value_range.shape)}")
    if count <= 0:
        refuse(f"nbins should be a positive number, but got '{count}'")
    low, high = _end(value_range, 0), _end(value_range, 1)
    message = "value_range should satisfy value_range[0] < value_range[1], but got '[{}, {}]'"
    check(ew.less(low, high), errors.InvalidArgumentError, message, details=(low, high))
    step = ew.divide(ew.subtract(high, low), np.array(count, _F64))
    place = ew.divide(ew.subtract(ew.cast(flat(values), dtype=_F64), low), step)
    clipped = ew.minimum(ew.maximum(place, np.zeros((), _F64)), np.array(count - 1, _F64))
    ids = ew.cast(clipped, dtype=np.dtype(np.int32))
    ones = np.ones(ids.shape, dtype.np_dtype)
    return prims.segment_sum(ones, ids, num_segments=count)  # type: ignore[no-any-return]


def histogram_fixed_width(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = int32,
    name: str | None = None,
) -> Tensor:
    """How many of ``values`` fall into each of ``nbins`` bins of equal width.

    Args:
      values: numbers of any shape; those outside of the range count in the outer bins.
      value_range: the lowest and the highest end of the bins, of the dtype of ``values``.
      nbins: int scalar.
      dtype: int32 or int64.
      name: of the operation.

    Raises:
      ValueError: ``nbins`` is not above 0.
      InvalidArgumentError: when it runs, the range is empty.
    """
    with name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        return HistogramFixedWidth(  # type: ignore[no-any-return]
            values, value_range, nbins, dtype=as_dtype(dtype), name=scope
        )
