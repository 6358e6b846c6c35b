"""The ``assert_*`` functions of dtypes and Python types: they refuse while the graph is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.source_ops import no_op

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation


__all__ = ["assert_integer", "assert_proper_iterable", "assert_type", "is_numeric_tensor"]


def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> Operation:
    """Refuse a tensor of another dtype now; an operation that does nothing.

    Raises:
      TypeError: ``tensor`` has not the dtype ``tf_type``.
    """
    with name_scope(name, "assert_type", [tensor]):
        value = convert_to_tensor(tensor, name="tensor")
        wanted = as_dtype(tf_type)
        if value.dtype.base_dtype != wanted:
            prefix = f"{message}  " if message else ""
            msg = f"{prefix}{value.name} must be of type tf.{wanted.name}; got {value.dtype!r}"
            raise TypeError(msg)
        operation: Operation = no_op("statically_determined_correct_type")
        return operation


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Operation:
    """Refuse a tensor that is not of an integer dtype now; an operation that does nothing.

    Raises:
      TypeError: ``x`` is not of an integer dtype.
    """
    with name_scope(name, "assert_integer", [x]):
        value = convert_to_tensor(x, name="x")
        if not value.dtype.is_integer:
            prefix = f"{message}  " if message else ""
            msg = (
                f'{prefix}Expected "x" to be integer type.  Found: {value.name} of dtype '
                f"{value.dtype!r}"
            )
            raise TypeError(msg)
        operation: Operation = no_op("statically_determined_was_integer")
        return operation


def assert_proper_iterable(values: Any) -> None:
    """Refuse what is not iterable, or is one value though Python can iterate over it.

    Raises:
      TypeError: ``values`` is a string, a tensor, an array, or cannot be iterated over.
    """
    single = isinstance(values, str | bytes | np.ndarray) or hasattr(values, "graph")
    if single or not hasattr(values, "__iter__"):
        msg = f'Expected argument "values" to be iterable.  Found: {type(values)}'
        raise TypeError(msg)


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether ``tensor`` is a tensor of numbers."""
    dtype = getattr(tensor, "dtype", None)
    return (
        hasattr(tensor, "graph")
        and dtype is not None
        and (dtype.is_floating or dtype.is_integer or dtype.is_complex)
    )
