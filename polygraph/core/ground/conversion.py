"""`convert_to_tensor`: TF1's rules for what may stand where a tensor is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import DType, as_dtype
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import Dimension, TensorShape
from polygraph.core.ground.upward import UPWARD

if TYPE_CHECKING:
    from collections.abc import Callable

    Converter = Callable[..., Any]

_converters: list[tuple[int, type | tuple[type, ...], Converter]] = []

_DEFAULT_PRIORITY = 100


def register_tensor_conversion_function(
    base_type: type | tuple[type, ...],
    conversion_func: Converter,
    priority: int = _DEFAULT_PRIORITY,
) -> None:
    """Register ``conversion_func(value, dtype, name, as_ref) -> Tensor`` for a type.

    It may return NotImplemented to leave the value to others. Lower priorities come first.

    Raises:
      TypeError: ``base_type`` is no type or tuple of types, or the function cannot be called.
    """
    types = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(item, type) for item in types):
        msg = f"base_type must be a type or a tuple of types, but is {base_type!r}"
        raise TypeError(msg)
    if not callable(conversion_func):
        msg = f"conversion_func must be callable, but is {conversion_func!r}"
        raise TypeError(msg)
    _converters.append((priority, base_type, conversion_func))
    _converters.sort(key=lambda entry: entry[0])


def _check_dtype(tensor: Tensor, dtype: DType | None, name: str | None) -> Tensor:
    if dtype is not None and not dtype.base_dtype.is_compatible_with(tensor.dtype.base_dtype):
        label = f" for {name!r}" if name else ""
        msg = (
            f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
            f"{tensor.dtype.name}{label}: {tensor!r}"
        )
        raise ValueError(msg)
    return tensor


def _holds_tensor(value: Any) -> bool:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Tensor) or hasattr(item, "_as_graph_element"):
            return True
        if isinstance(item, list | tuple):
            pending.extend(item)
    return False


def _convert(value: Any, dtype: DType | None, name: str | None, *, as_ref: bool) -> Tensor:
    for _, base_type, function in _converters:
        if isinstance(value, base_type):
            result = function(value, dtype=dtype, name=name, as_ref=as_ref)
            if result is not NotImplemented:
                return _check_dtype(result, dtype, name)
    if isinstance(value, Dimension):
        value = _known_dimension(value)
    if isinstance(value, TensorShape):
        value, dtype = _known_shape(value, dtype)
    if isinstance(value, list | tuple) and _holds_tensor(value):
        return _check_dtype(UPWARD.pack(value, dtype, name), dtype, name)
    return UPWARD.constant(value, dtype, name)  # type: ignore[no-any-return]


def _known_dimension(dimension: Dimension) -> int:
    if dimension.value is None:
        msg = "Cannot convert an unknown Dimension to a Tensor: use tf.shape(t) instead"
        raise ValueError(msg)
    return int(dimension.value)


def _known_shape(shape: TensorShape, dtype: DType | None) -> tuple[list[int | None], DType]:
    if not shape.is_fully_defined():
        msg = f"Cannot convert a partially known TensorShape to a Tensor: {shape}"
        raise ValueError(msg)
    dtype = dtype or as_dtype("int32")
    if not dtype.is_integer:
        msg = (
            f"Cannot convert a TensorShape to dtype {dtype.name}, only to int32 and int64: {shape}"
        )
        raise TypeError(msg)
    return shape.as_list(), dtype


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
    dtype_hint: Any = None,
    *,
    as_ref: bool = False,
) -> Tensor:
    """``value`` as a tensor of the default graph.

    Args:
      value: a tensor, a variable, a number, an array, a (nested) list that may hold tensors, or
        an instance of a registered type.
      dtype: the dtype it must have.
      name: of the constant, where one is made.
      preferred_dtype: the dtype it gets where ``value`` allows it.
      dtype_hint: TF1's later name of ``preferred_dtype``.
      as_ref: give the variable itself rather than its value.

    Raises:
      TypeError: the value cannot be of that dtype.
      ValueError: the value is a tensor of another dtype, or no tensor can be made of it.
    """
    wanted = None if dtype is None else as_dtype(dtype)
    if isinstance(value, Tensor):
        return _check_dtype(value, wanted, name)
    preferred = dtype_hint if preferred_dtype is None else preferred_dtype
    if wanted is None and preferred is not None:
        try:
            return _convert(value, as_dtype(preferred), name, as_ref=as_ref)
        except (TypeError, ValueError):
            return _convert(value, None, name, as_ref=as_ref)
    return _convert(value, wanted, name, as_ref=as_ref)
