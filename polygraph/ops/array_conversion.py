"""Python values to NumPy arrays by TF1's rules: dtype defaults, narrowing, refusals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import DType, as_dtype, bool_, float32, int32, int64, string
from polygraph.core.ground.tensor_shape import Dimension, as_shape

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]


def _first_leaf(value: Any) -> Any:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return value


def _leaves(value: Any) -> list[Any]:
    leaves, pending = [], [value]
    while pending:
        item = pending.pop()
        if isinstance(item, list | tuple):
            pending.extend(reversed(item))
        else:
            leaves.append(item)
    return leaves


def _refuse(value: Any, dtype: DType) -> TypeError:
    return TypeError(f"Expected {dtype.name}, but got {value!r} of type '{type(value).__name__}'.")


def _check_leaf(leaf: Any, dtype: DType) -> None:
    """Raise TypeError where a Python scalar may not become ``dtype``; arrays may always narrow."""
    if dtype == string:
        allowed = isinstance(leaf, str | bytes | np.str_ | np.bytes_)
    elif dtype.is_bool:
        allowed = isinstance(leaf, bool | np.bool_)
    elif dtype.is_integer:
        allowed = isinstance(leaf, int | np.integer) and not isinstance(leaf, bool)
    elif dtype.is_complex:
        allowed = isinstance(leaf, int | float | complex | np.number)
    else:
        allowed = isinstance(leaf, int | float | np.floating | np.integer) and not isinstance(
            leaf, bool
        )
    if not allowed and not isinstance(leaf, np.ndarray):
        raise _refuse(leaf, dtype)


def _object_array(value: Any) -> Array:
    array = np.array(value, dtype=object)
    flat = [item.encode() if isinstance(item, str) else bytes(item) for item in array.reshape(-1)]
    result = np.empty(array.size, dtype=object)
    result[:] = flat
    return result.reshape(array.shape)


def _default_dtype(array: Array, value: Any) -> DType:
    """The dtype of a value without one: Python floats are float32, Python ints int32."""
    if isinstance(_first_leaf(value), np.ndarray | np.generic):
        return as_dtype(array.dtype)
    if array.dtype == np.float64:
        return float32
    if array.dtype == np.int64:
        limits = np.iinfo(np.int32)
        fits = array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max)
        return int32 if fits else int64
    return as_dtype(array.dtype)


def _plain(value: Any) -> Any:
    """``value`` with dimensions as the numbers that they are.

    Raises:
      ValueError: a dimension is not known.
    """
    if isinstance(value, Dimension):
        if value.value is None:
            msg = "Cannot convert an unknown Dimension to a Tensor: use tf.shape(t) instead"
            raise ValueError(msg)
        return int(value.value)
    if isinstance(value, list | tuple) and any(
        isinstance(item, Dimension | list | tuple) for item in value
    ):
        return [_plain(item) for item in value]
    return value


def _parsed(value: Any, dtype: DType | None) -> Array:
    leaf = _first_leaf(value)
    try:
        if dtype == string or (dtype is None and isinstance(leaf, str | bytes | np.str_)):
            return _object_array(value)
        return np.asarray(value, dtype=None if dtype is None else dtype.np_dtype)
    except OverflowError as error:
        raise TypeError(f"{value!r} does not fit {dtype}") from error
    except ValueError as error:
        msg = f"cannot make a tensor of {value!r}: {error}"
        raise ValueError(msg) from error


def _from_python(value: Any, dtype: DType | None) -> Array:
    value = _plain(value)
    if dtype is not None:
        for item in _leaves(value):
            _check_leaf(item, dtype)
    array = _parsed(value, dtype)
    if dtype is not None or isinstance(_first_leaf(value), str | bytes | np.str_):
        return array
    if array.dtype == object:
        msg = f"cannot make a tensor of {value!r} (of type {type(value).__name__})"
        raise ValueError(msg)
    if array.size == 0 and isinstance(value, list | tuple):
        return array.astype(np.float32)
    found = _default_dtype(array, value)
    if found == float32 and any(isinstance(item, bool) for item in _leaves(value)):
        raise _refuse(_first_leaf(value), bool_)
    return array.astype(found.np_dtype)


def _reshaped(array: Array, shape: Any, *, verify: bool) -> Array:
    wanted = tuple(int(dim) for dim in as_shape(shape).as_list())  # type: ignore[arg-type]
    if array.shape == wanted:
        return array
    size = math.prod(wanted)
    if verify:
        msg = f"Expected Tensor's shape: {wanted}, got {array.shape}."
        raise TypeError(msg)
    if size == 0 or array.size == 0:
        # TF1 has nothing to check here: no values are asked for, or none given.
        return np.full(wanted, b"" if array.dtype == object else 0, array.dtype)
    if array.size > size:
        msg = f"cannot give a value of {array.size} elements the shape {wanted} of {size} elements"
        raise ValueError(msg)
    if array.size == size:
        return array.reshape(wanted)
    filled = np.concatenate(
        [array.reshape(-1), np.repeat(array.reshape(-1)[-1:], size - array.size)]
    )
    return filled.reshape(wanted)


def make_array(
    value: Any, dtype: DType | None, shape: Any = None, verify_shape: bool = False
) -> Array:
    """``value`` as an array of its own, by TF1's rules for `tf.constant`.

    Raises:
      TypeError: a Python value that ``dtype`` does not admit.
      ValueError: a ragged list, None, or a value that does not fit ``shape``.
    """
    if value is None:
        msg = "None values not supported."
        raise ValueError(msg)
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind in "SUO" or dtype == string:
            array = _object_array(value)
        else:
            array = np.array(value, dtype=None if dtype is None else dtype.np_dtype)
            as_dtype(array.dtype)
    else:
        array = _from_python(value, dtype)
    if array.dtype.byteorder not in "=|":
        array = array.astype(array.dtype.newbyteorder("="))
    return array if shape is None else _reshaped(array, shape, verify=verify_shape)
