"""``tensor[...]``: Python's indices as strided slices, and bool tensors as masks."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import as_dtype, bool_, int16, int32, int64
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import Dimension
from polygraph.core.ground.upward import UPWARD
from polygraph.ops.arithmetic import AddV2
from polygraph.ops.casting import cast
from polygraph.ops.masking import boolean_mask
from polygraph.ops.packing import stack
from polygraph.ops.source_ops import constant
from polygraph.ops.strided_slicing import strided_slice
from polygraph.ops.strided_spec import Masks

__all__ = ["newaxis"]

newaxis = None
"""An index that stands for a new axis of size 1."""

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRONG = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
    "tf.int32/tf.int64 tensors are valid indices"
)


def _require_index(item: Any) -> None:
    if isinstance(item, numbers.Integral | Dimension):
        return
    dtype = getattr(item, "dtype", None)
    shape = getattr(item, "shape", None)
    vector = shape is not None and _rank_of(shape) == 1
    if dtype is None or as_dtype(dtype).base_dtype not in (int16, int32, int64) or vector:
        msg = f"{_WRONG}, got {item!r}"
        raise TypeError(msg)


def _rank_of(shape: Any) -> int | None:
    return len(shape) if isinstance(shape, tuple) else shape.ndims


def _index(item: Any) -> Any:
    """An index as an int or a tensor."""
    if isinstance(item, Dimension):
        return item.value
    is_number = isinstance(item, numbers.Integral | np.ndarray)
    return int(item) if is_number else convert_to_tensor(item)


class _Spec:
    """The vectors and masks of a strided slice, as they grow entry by entry."""

    def __init__(self) -> None:
        self.begin: list[Any] = []
        self.end: list[Any] = []
        self.strides: list[Any] = []
        self.masks = Masks()

    def add(self, item: Any) -> None:
        bit = 1 << len(self.begin)
        if isinstance(item, slice):
            self._add_range(item, bit)
        elif item is Ellipsis:
            self._append(0, 0, 1, ellipsis_bit=bit)
        elif item is None:
            self._append(0, 0, 1, new_axis_bit=bit)
        else:
            if isinstance(item, bool | np.bool_):
                msg = f"{_WRONG}, got {item!r}: a mask is a tensor or an array of bools"
                raise TypeError(msg)
            _require_index(item)
            begin = _index(item)
            end = AddV2(begin, 1, name="add") if isinstance(begin, Tensor) else begin + 1
            self._append(begin, end, 1, shrink_bit=bit)

    def _add_range(self, item: slice, bit: int) -> None:
        for entry in (item.start, item.stop, item.step):
            if entry is not None:
                _require_index(entry)
        self._append(
            0 if item.start is None else _index(item.start),
            0 if item.stop is None else _index(item.stop),
            1 if item.step is None else _index(item.step),
            begin_bit=bit * (item.start is None),
            end_bit=bit * (item.stop is None),
        )

    def _append(self, begin: Any, end: Any, stride: Any, **bits: int) -> None:
        self.begin.append(begin)
        self.end.append(end)
        self.strides.append(stride)
        added = Masks(**{name.removesuffix("_bit"): bit for name, bit in bits.items()})
        self.masks = Masks(*(old | new for old, new in zip(self.masks, added, strict=True)))


def _packed(entries: Sequence[Any]) -> Any:
    """The entries as one int vector, int64 where a tensor among them is."""
    if not entries:
        return constant([], int32)
    wide = any(isinstance(item, Tensor) and item.dtype.base_dtype == int64 for item in entries)
    if not wide:
        return stack(entries)
    return stack(
        [cast(item, int64) if isinstance(item, Tensor) else np.int64(item) for item in entries]
    )


def _same_dtype(vectors: list[Tensor]) -> list[Any]:
    found = {vector.dtype.base_dtype for vector in vectors}
    if len(found) == 1:
        return vectors
    return [cast(vector, int64 if int64 in found else int32) for vector in vectors]


def _is_mask(key: Any) -> bool:
    if isinstance(key, bool | np.bool_):
        return True
    dtype = getattr(key, "dtype", None)
    return dtype is not None and as_dtype(dtype).base_dtype == bool_


def getitem(tensor: Any, key: Any) -> Tensor:
    """``tensor[key]``.

    Args:
      tensor: a tensor, or what acts like one.
      key: an int, a scalar int tensor, a slice, None (a new axis), ``...``, a tuple or list of
        them, or a bool tensor or array, which is a mask.

    Returns:
      A tensor; a slice of a variable has ``assign(value)``, which writes there.

    Raises:
      TypeError: the key is none of these.
      ValueError: a static index is out of bounds, or there are more entries than axes.
    """
    value = convert_to_tensor(tensor)
    if _is_mask(key):
        return boolean_mask(value, key)
    spec = _Spec()
    for item in key if isinstance(key, list | tuple) else (key,):
        spec.add(item)
    tensors = [item for item in (*spec.begin, *spec.end, *spec.strides) if isinstance(item, Tensor)]
    with name_scope(None, "strided_slice", [value, *tensors]) as scope:
        begin, end, strides = _same_dtype(
            [_packed(spec.begin), _packed(spec.end), _packed(spec.strides)]
        )
        return strided_slice(
            value,
            begin,
            end,
            strides,
            begin_mask=spec.masks.begin,
            end_mask=spec.masks.end,
            ellipsis_mask=spec.masks.ellipsis,
            new_axis_mask=spec.masks.new_axis,
            shrink_axis_mask=spec.masks.shrink,
            var=None if isinstance(tensor, Tensor) else tensor,
            name=scope,
        )


UPWARD.operators["__getitem__"] = getitem
