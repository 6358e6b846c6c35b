"""Values brought into a range."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import REAL, DType, as_dtype
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import Maximum, Minimum
from polygraph.ops.casting import Cast
from polygraph.ops.logical import Greater, Less, LogicalOr, SelectV2
from polygraph.ops.primitives import elementwise as ew
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["clip_by_value", "saturate_cast"]


@graph_op(
    "ClipByValue",
    "t: T, clip_value_min: T, clip_value_max: T -> output: T",
    shape=shape_rules.unchanged,
    samples=(((2, 3), (), ()),),
    T=REAL,
)
def ClipByValue(t: Array, low: Array, high: Array) -> Any:
    """The nearest value in the range, the low end where that is empty; the bounds broadcast."""
    return ew.maximum(ew.minimum(t, high), low)


# The bounds are repeated, though the shape is always that of ``t``.
ClipByValue.broadcasts = True


@ClipByValue.gradient
def _clip_by_value_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    t, low, high = op.inputs
    zero = np.zeros((), dy.dtype.np_dtype)
    below, above = Less(t, low), Greater(t, high)
    inside = SelectV2(LogicalOr(below, above), zero, dy)
    return [inside, SelectV2(below, dy, zero), SelectV2(above, dy, zero)]


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """``t`` with smaller and larger elements replaced by the bounds.

    Args:
      t: a tensor or `IndexedSlices`, which stay so.
      clip_value_min: a scalar, or a tensor that broadcasts to the shape of ``t``.
      clip_value_max: likewise; it wins where the bounds cross, save against itself.
      name: of the operations.

    Raises:
      ValueError: a bound has a larger shape than ``t``.
    """
    with name_scope(name, "clip_by_value", [t]) as scope:
        values = convert_to_tensor(t.values if isinstance(t, IndexedSlices) else t, name="t")
        from_above = Minimum(values, clip_value_max)
        values.get_shape().merge_with(from_above.get_shape())
        clipped = Maximum(from_above, clip_value_min, name=scope)
        values.get_shape().merge_with(clipped.get_shape())
        if isinstance(t, IndexedSlices):
            return IndexedSlices(clipped, t.indices, t.dense_shape)
        return clipped


def _exact(limit: Any) -> float:
    """A limit of a dtype as a Python number, which compares exactly with any other."""
    return limit if isinstance(limit, int) else float(limit)


def _inside(limit: float, dtype: DType) -> np.ndarray[Any, Any]:
    """The value of ``dtype`` nearest to ``limit`` that is no farther from 0."""
    with np.errstate(over="ignore"):
        near = np.asarray(limit).astype(dtype.np_dtype)
    beyond = dtype.is_floating and abs(float(near)) > abs(limit)
    return np.asarray(np.nextafter(near, np.zeros_like(near))) if beyond else near


def _saturation(source: DType, target: DType) -> tuple[np.ndarray[Any, Any], ...]:
    """The lowest and the highest value of ``source`` that ``target`` can hold."""
    low = max(_exact(source.min), _exact(target.min))
    high = min(_exact(source.max), _exact(target.max))
    return _inside(low, source), _inside(high, source)


def saturate_cast(value: Any, dtype: Any, name: str | None = None) -> Tensor:
    """``value`` in another dtype, with what that cannot hold brought to its nearest limit.

    Args:
      value: a tensor of real numbers.
      dtype: a real dtype.
      name: of the operations.
    """
    wanted = as_dtype(dtype).base_dtype
    with name_scope(name, "saturate_cast", [value]) as scope:
        tensor = convert_to_tensor(value, name="value")
        source = tensor.dtype.base_dtype
        low, high = _saturation(source, wanted)
        clamped = ClipByValue(tensor, constant(low), constant(high), name="clamp")
        return Cast(clamped, DstT=wanted, name=scope)  # type: ignore[no-any-return]
