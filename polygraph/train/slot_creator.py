"""Slots: variables that an optimizer keeps beside each variable that it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.scopes import colocate_with
from polygraph.core.runtime.get_variable import get_variable
from polygraph.core.runtime.variable_scope import get_variable_scope, variable_scope
from polygraph.ops.filling import zeros
from polygraph.ops.initializers import zeros_initializer
from polygraph.ops.shape_queries import shape as shape_of

if TYPE_CHECKING:
    from polygraph.core.runtime.variables import Variable


def _slot(primary: Any, name: str, **request: Any) -> Variable:
    """A variable below the name of ``primary``, in the current variable scope."""
    with variable_scope(None, f"{primary.op.name}/{name}"), colocate_with(primary):
        scope = get_variable_scope()
        partitioner = scope.partitioner
        scope.set_partitioner(None)
        try:
            # The scope's own name is the variable's.
            return get_variable("", trainable=False, **request)
        finally:
            scope.set_partitioner(partitioner)


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Variable:
    """A slot whose initial value is a tensor.

    Args:
      primary: the variable that it stands beside.
      val: its initial value.
      name: of the optimizer, below the variable's name.
      colocate_with_primary: accepted for TF1's sake; there is one device.
    """
    del colocate_with_primary
    known = val.get_shape().is_fully_defined()
    return _slot(primary, name, initializer=val, validate_shape=known)


def create_slot_with_initializer(
    primary: Any,
    initializer: Any,
    shape: Any,
    dtype: Any,
    name: str,
    colocate_with_primary: bool = True,
) -> Variable:
    """A slot whose initial value an initializer makes.

    Args:
      primary: the variable that it stands beside.
      initializer: ``f(shape, dtype)``.
      shape: its shape.
      dtype: its element type.
      name: of the optimizer, below the variable's name.
      colocate_with_primary: accepted for TF1's sake; there is one device.
    """
    del colocate_with_primary
    known = shape.is_fully_defined()
    return _slot(
        primary, name, initializer=initializer, shape=shape, dtype=dtype, validate_shape=known
    )


def create_zeros_slot(
    primary: Any, name: str, dtype: Any = None, colocate_with_primary: bool = True
) -> Variable:
    """A slot of zeros, of the shape and by default of the dtype of ``primary``."""
    element = primary.dtype.base_dtype if dtype is None else dtype
    shape = primary.get_shape()
    if shape.is_fully_defined():
        return create_slot_with_initializer(
            primary, zeros_initializer(), shape, element, name, colocate_with_primary
        )
    value = zeros(shape_of(primary.initial_value), element)
    return create_slot(primary, value, name, colocate_with_primary)
