"""Feeds: what the user gives for tensors, checked and made into arrays of their type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.sparse_tensor import SparseTensor
from polygraph.core.ground.tensor import Tensor
from polygraph.ops.session_handles import TensorHandle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.core.ground.graph import Graph

    Array = np.ndarray[Any, Any]

_expansions: list[tuple[type, Callable[[Any, Any], list[tuple[Tensor, Any]]]]] = []


def register_feed_expansion(
    type_: type, expand: Callable[[Any, Any], list[tuple[Tensor, Any]]]
) -> None:
    """Let instances of ``type_`` be fed: ``expand(key, value)`` gives tensors and their values."""
    _expansions.append((type_, expand))


def _sparse_parts(key: SparseTensor, value: Any) -> list[tuple[Tensor, Any]]:
    parts = tuple(value) if isinstance(value, tuple | list) else ()
    if len(parts) != 3:  # noqa: PLR2004 - indices, values, dense shape
        msg = f"a SparseTensor is fed with a SparseTensorValue or its three parts, not {value!r}"
        raise TypeError(msg)
    return list(zip((key.indices, key.values, key.dense_shape), parts, strict=True))


register_feed_expansion(SparseTensor, _sparse_parts)


def _slices_parts(key: IndexedSlices, value: Any) -> list[tuple[Tensor, Any]]:
    keys = [key.values, key.indices] + ([] if key.dense_shape is None else [key.dense_shape])
    parts = tuple(value) if isinstance(value, tuple | list) else ()
    if len(parts) < len(keys):
        msg = f"IndexedSlices are fed with an IndexedSlicesValue or its parts, not {value!r}"
        raise TypeError(msg)
    return list(zip(keys, parts, strict=False))


register_feed_expansion(IndexedSlices, _slices_parts)


def _sequence_parts(key: tuple[Any, ...], value: Any) -> list[tuple[Any, Any]]:
    if not isinstance(value, list | tuple) or len(value) != len(key):
        msg = f"the feed for {key!r} must have as many values in it, but is {value!r}"
        raise ValueError(msg)
    return list(zip(key, value, strict=True))


def _pairs(feed_dict: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    """Keys and values, each tuple of keys taken apart with its values."""
    pending = list(feed_dict.items())[::-1]
    while pending:
        key, value = pending.pop()
        if isinstance(key, tuple):
            pending.extend(reversed(_sequence_parts(key, value)))
        else:
            yield key, value


def feed_items(graph: Graph, feed_dict: Mapping[Any, Any]) -> dict[Tensor, Array]:
    """The fed tensors and their arrays.

    Raises:
      TypeError: a key or value is of a type that cannot be fed.
      ValueError: a shape does not fit, a tensor may not be fed, or a tuple of keys has another
        number of values.
    """
    if not isinstance(feed_dict, Mapping):
        msg = f"feed_dict must be a dictionary, but is of type {type(feed_dict).__name__!r}"
        raise TypeError(msg)
    items: dict[Tensor, Array] = {}
    for key, value in _pairs(feed_dict):
        for type_, expand in _expansions:
            if isinstance(key, type_):
                pairs = expand(key, value)
                break
        else:
            pairs = [(_tensor(graph, key), value)]
        for tensor, item in pairs:
            items[tensor] = coerce(tensor, item)
    return items


def _tensor(graph: Graph, key: Any) -> Tensor:
    try:
        element = cast("Tensor", graph.as_graph_element(key, allow_operation=False))
    except (TypeError, ValueError, KeyError) as error:
        reason = error.args[0] if error.args else error
        msg = f"Cannot interpret feed_dict key as Tensor: {reason}"
        raise TypeError(msg) from error
    if not graph.is_feedable(element):
        msg = f"Tensor {element.name} may not be fed."
        raise ValueError(msg)
    if element.op.region is not None:
        msg = f"Tensor {element.name} lies inside a branch or loop and may not be fed."
        raise ValueError(msg)
    return element


def coerce(tensor: Tensor, value: Any) -> Array:
    """``value`` as a C-contiguous array of the tensor's dtype; the array itself where it fits.

    Raises:
      TypeError: a tensor was fed, or a Python number that the dtype cannot hold.
      ValueError: the value is ragged, or its shape does not fit the tensor's static shape.
    """
    if isinstance(value, TensorHandle):
        value = value.eval()
    if isinstance(value, Tensor):
        msg = (
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include "
            "Python scalars, strings, lists, numpy ndarrays, or TensorHandles. For reference, the "
            f"tensor object was {value!r} which was passed to the feed with key {tensor!r}."
        )
        raise TypeError(msg)
    array = _as_array(tensor, value)
    if not tensor.get_shape().is_compatible_with(array.shape):
        msg = (
            f"Cannot feed value of shape {array.shape!r} for Tensor {tensor.name!r}, which has "
            f"shape {tensor.get_shape()!s} (defined at {tensor.op.frame})"
        )
        raise ValueError(msg)
    return array


def _as_array(tensor: Tensor, value: Any) -> Array:
    dtype = tensor.dtype.base_dtype.np_dtype
    if dtype.kind == "O":
        if isinstance(value, int | float):
            msg = f"Type of feed value {value!r} with type {type(value)} is not a string"
            raise TypeError(msg)
        return _as_strings(value)
    if isinstance(value, int) and not isinstance(value, bool) and dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not limits.min <= value <= limits.max:
            msg = (
                f"Type of feed value {value!r} with type {type(value)} is not compatible with "
                f"Tensor type {dtype.type}. Try explicitly setting the type of the feed tensor "
                "to a larger type (e.g. int64)."
            )
            raise TypeError(msg)
    try:
        # TF1 narrows whatever NumPy can convert: floats fed to an int placeholder truncate.
        with np.errstate(invalid="ignore", over="ignore"):
            array = np.asarray(value)
            if array.dtype != dtype:
                array = array.astype(dtype)
    except (ValueError, TypeError) as error:
        msg = f"Cannot feed {value!r} for Tensor {tensor.name!r} ({tensor.op.frame}): {error}"
        raise type(error)(msg) from error
    return array if array.flags.c_contiguous else np.ascontiguousarray(array).reshape(array.shape)


def _as_strings(value: Any) -> Array:
    array = np.asarray(value, dtype=object)
    result = np.empty(array.size, dtype=object)
    result[:] = [
        item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()
    ]
    return result.reshape(array.shape)
