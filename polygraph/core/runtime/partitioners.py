"""Partitioners: how many parts a variable is cut in, along which axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import as_dtype, string

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.tensor_shape import TensorShape

    Partitioner = Callable[..., list[int]]

__all__ = [
    "fixed_size_partitioner",
    "min_max_variable_partitioner",
    "variable_axis_size_partitioner",
]


def _bytes_of(dtype: Any, bytes_per_string_element: int) -> int:
    found = as_dtype(dtype).base_dtype
    return bytes_per_string_element if found is string else found.size


def _along(axis: int, parts: int, shape: TensorShape) -> list[int]:
    counts = [1] * len(shape)
    counts[axis] = parts
    return counts


def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner that cuts every variable in the same number of parts.

    Args:
      num_shards: the number; an axis with fewer elements gives one part for each.
      axis: the axis that is cut.

    Returns:
      A function for the argument ``partitioner`` of `get_variable` and `variable_scope`.
    """

    def partitioner(shape: TensorShape, **_: Any) -> list[int]:
        return _along(axis, min(num_shards, int(shape[axis])), shape)

    return partitioner


def min_max_variable_partitioner(
    max_partitions: int = 1,
    axis: int = 0,
    min_slice_size: int = 256 << 10,
    bytes_per_string_element: int = 16,
) -> Partitioner:
    """A partitioner that makes as many parts as keep ``min_slice_size`` bytes each.

    Args:
      max_partitions: at most so many parts.
      axis: the axis that is cut; there are no more parts than it has elements.
      min_slice_size: bytes that a part shall have at least.
      bytes_per_string_element: what a string counts.

    Returns:
      A function for the argument ``partitioner`` of `get_variable` and `variable_scope`; it raises
      ValueError for a variable that has no such axis.
    """

    def partitioner(shape: TensorShape, dtype: Any) -> list[int]:
        if axis >= len(shape):
            msg = f"Cannot partition variable along axis {axis} when shape is only {shape}"
            raise ValueError(msg)
        dims: list[Any] = shape.as_list()
        size = math.prod(dims) * _bytes_of(dtype, bytes_per_string_element)
        wanted = math.ceil(size / min_slice_size)
        return _along(axis, max(1, min(dims[axis], max_partitions, wanted)), shape)

    return partitioner


def variable_axis_size_partitioner(
    max_shard_bytes: int,
    axis: int = 0,
    bytes_per_string_element: int = 16,
    max_shards: int | None = None,
) -> Partitioner:
    """A partitioner that makes as many parts as keep each below ``max_shard_bytes``.

    Args:
      max_shard_bytes: bytes that a part may have; a part has one row even where that is more.
      axis: the axis that is cut.
      bytes_per_string_element: what a string counts.
      max_shards: at most so many parts, whatever their size.

    Returns:
      A function for the argument ``partitioner`` of `get_variable` and `variable_scope`.

    Raises:
      ValueError: an argument is not positive.
    """
    if min(max_shard_bytes, bytes_per_string_element) < 1:
        msg = (
            "Both max_shard_bytes and bytes_per_string_element must be positive, but are "
            f"{max_shard_bytes} and {bytes_per_string_element}."
        )
        raise ValueError(msg)
    if max_shards and max_shards < 1:
        msg = f"max_shards must be positive, but is {max_shards}."
        raise ValueError(msg)

    def partitioner(shape: TensorShape, dtype: Any) -> list[int]:
        dims: list[Any] = shape.as_list()
        row = math.prod(dims) / dims[axis] * _bytes_of(dtype, bytes_per_string_element)
        rows = max(1, math.floor(max_shard_bytes / row))
        parts = math.ceil(dims[axis] / rows)
        return _along(axis, min(parts, max_shards) if max_shards else parts, shape)

    return partitioner
