"""Python values to NumPy arrays by TF1's rules: dtype defaults, narrowing, refusals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import DType, as_dtype, float32, int32, int64, string
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import Dimension, TensorShape, as_shape

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


def _inconvertible(value: Any) -> TypeError:
    return TypeError(
        f"Failed to convert elements of {value!r} (of type {type(value).__name__}) to Tensor: "
        "give numbers, strings, arrays, or nested lists of one kind of them"
    )


def _check_leaf(leaf: Any, dtype: DType) -> None:
    """Raise TypeError where a Python scalar may not become ``dtype``; arrays may always narrow."""
    if dtype == string:
        allowed = isinstance(leaf, str | bytes | np.str_ | np.bytes_)
    elif dtype.is_bool:
        allowed = isinstance(leaf, bool | np.bool_)
    elif dtype.is_integer:
        allowed = isinstance(leaf, int | np.integer | np.bool_)
    elif dtype.is_complex:
        allowed = isinstance(leaf, int | float | complex | np.number | np.bool_)
    else:
        allowed = isinstance(leaf, int | float | np.floating | np.integer | np.bool_)
    if not allowed and not isinstance(leaf, np.ndarray):
        raise _refuse(leaf, dtype)


def _object_array(value: Any) -> Array:
    array = np.array(value, dtype=object)
    for item in array.reshape(-1):
        if not isinstance(item, str | bytes):
            msg = f"Expected binary or unicode string, got {item!r} in {value!r}"
            raise TypeError(msg)
    flat = [item.encode() if isinstance(item, str) else bytes(item) for item in array.reshape(-1)]
    result = np.empty(array.size, dtype=object)
    result[:] = flat
    return result.reshape(array.shape)


def _default_dtype(array: Array) -> DType:
    """The dtype of a Python value without one: floats are float32, ints int32 where they fit."""
    if array.dtype == np.float64:
        return float32
    if array.dtype == np.int64:
        limits = np.iinfo(np.int32)
        fits = array.size == 0 or (array.min() >= limits.min and array.max() <= limits.max)
        return int32 if fits else int64
    return as_dtype(array.dtype)


def _wrapped(value: Any, dtype: DType) -> Array:
    """Python ints that do not fit ``dtype``, modulo two to the number of its bits, as in TF1."""
    bits = 8 * dtype.size
    flat = np.array(value, dtype=object)
    unsigned = np.array([int(item) % 2**bits for item in flat.reshape(-1)], np.uint64)
    return unsigned.astype(dtype.np_dtype).reshape(flat.shape)


def _known(value: Any) -> Any:
    """``value`` with dimensions as the numbers that they are.

    Raises:
      ValueError: a dimension is not known.
    """
    if isinstance(value, Dimension):
        if value.value is None:
            msg = "Cannot convert an unknown Dimension to a Tensor: use tf.shape(t) instead"
            raise ValueError(msg)
        return int(value.value)
    return [_known(item) for item in value] if isinstance(value, list | tuple) else value


def _parsed(value: Any, dtype: DType | None) -> Array:
    try:
        if dtype == string or (dtype is None and isinstance(_first_leaf(value), str | bytes)):
            return _object_array(value)
        return np.asarray(value, dtype=None if dtype is None else dtype.np_dtype)
    except OverflowError as error:
        if dtype is not None and dtype.is_integer:
            return _wrapped(value, dtype)
        raise _inconvertible(value) from error
    except ValueError as error:
        msg = f"cannot make a tensor of {value!r}: {error}"
        raise ValueError(msg) from error


def _from_python(value: Any, dtype: DType | None) -> Array:
    if dtype is not None:
        leaves = _leaves(value)
        if dtype.is_integer and any(isinstance(item, Dimension) for item in leaves):
            # Only where ints are wanted: shapes may be lists that hold dimensions.
            return _from_python(_known(value), dtype)
        for item in leaves:
            _check_leaf(item, dtype)
        return _parsed(value, dtype)
    array = _parsed(value, None)
    if isinstance(_first_leaf(value), str | bytes):
        return array
    if array.dtype.kind in "OSU":
        raise _inconvertible(value)
    if array.size == 0 and isinstance(value, list | tuple):
        return array.astype(np.float32)
    return array.astype(_default_dtype(array).np_dtype)


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
      TypeError: a Python value that ``dtype`` does not admit, or no value at all.
      ValueError: a ragged list, None, or a value that does not fit ``shape``.
    """
    if value is None:
        msg = "None values not supported."
        raise ValueError(msg)
    if isinstance(value, TensorShape):
        msg = f"{value!r} is no value of a tensor: give its as_list(), or use tf.convert_to_tensor"
        raise ValueError(msg)  # noqa: TRY004 - TF1's class
    if any(isinstance(item, Tensor) for item in _leaves(value)):
        msg = f"Expected any non-tensor type, but got a tensor instead: {value!r}"
        raise TypeError(msg)
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind in "SUO" or dtype == string:
            array = _object_array(value)
        else:
            array = np.array(value, dtype=None if dtype is None else dtype.np_dtype)
            as_dtype(array.dtype)
    elif dtype is None and shape is not None and as_shape(shape).num_elements() == 0:
        # TF1 does not look at a value that no element is taken from.
        array = np.zeros(0, np.float32)
    else:
        array = _from_python(value, dtype)
    if array.dtype.byteorder not in "=|":
        array = array.astype(array.dtype.newbyteorder("="))
    return array if shape is None else _reshaped(array, shape, verify=verify_shape)
