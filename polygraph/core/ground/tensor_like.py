"""What may stand where a tensor is wanted: tensors, and what is made of several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.sparse_tensor import SparseTensor, SparseTensorValue
from polygraph.core.ground.tensor import Tensor

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType

__all__ = [
    "convert_to_tensor_or_indexed_slices",
    "convert_to_tensor_or_sparse_tensor",
    "get_static_value",
    "is_tensor",
]


def is_tensor(x: Any) -> bool:
    """Whether ``x`` stands for a tensor: a tensor, a variable, slices or a sparse tensor."""
    return isinstance(x, Tensor | IndexedSlices | SparseTensor) or hasattr(x, "_as_graph_element")


def _fits(wanted: Any, found: DType) -> bool:
    return wanted is None or as_dtype(wanted).is_compatible_with(found.base_dtype)


def convert_to_tensor_or_indexed_slices(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """``value`` itself where it is `IndexedSlices` or None, else as a tensor.

    Args:
      value: slices, None, or what converts to a tensor.
      dtype: the dtype it must have.
      name: of the constant, where one is made.

    Raises:
      ValueError: the slices are of another dtype; else as for `convert_to_tensor`.
    """
    if value is None:
        return None
    if not isinstance(value, IndexedSlices):
        return convert_to_tensor(value, dtype, name)
    if not _fits(dtype, value.dtype):
        msg = f"{value!r} is of {value.dtype.name}, not of {as_dtype(dtype).name}"
        raise ValueError(msg)
    return value


def convert_to_tensor_or_sparse_tensor(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """``value`` as a sparse tensor where it is one or the value of one, else as a tensor.

    Args:
      value: a sparse tensor, a `SparseTensorValue`, or what converts to a tensor.
      dtype: the dtype it must have.
      name: of the constant, where one is made.

    Raises:
      RuntimeError: the sparse tensor is of another dtype.
      ValueError: as for `convert_to_tensor`.
    """
    if not isinstance(value, SparseTensor | SparseTensorValue):
        return convert_to_tensor(value, dtype, name)
    sparse = SparseTensor.from_value(value)
    if not _fits(dtype, sparse.dtype):
        msg = f"{sparse!r} is of {sparse.dtype.name}, not of {as_dtype(dtype).name}"
        raise RuntimeError(msg)
    return sparse


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value of a tensor, where the graph alone decides it.

    Args:
      tensor: a tensor; anything else is its own value.
      partial: an int vector of which only some elements are known is an array of objects, None
        in place of the others.

    Returns:
      A NumPy array, None where the value is not known.
    """
    if not isinstance(tensor, Tensor):
        return None if is_tensor(tensor) else tensor
    if tensor.constant is None and partial and tensor.partial_value is not None:
        known = np.array(tensor.partial_value, dtype=object)
        return known if tensor.get_shape().ndims else known[0]
    return tensor.constant
