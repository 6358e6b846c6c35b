"""`get_variable`: a variable by name, made or found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.runtime.variable_scope import get_variable_scope
from polygraph.core.runtime.variable_store import Request
from polygraph.core.runtime.variables import VariableAggregation, VariableSynchronization

if TYPE_CHECKING:
    from polygraph.core.runtime.variables import Variable

__all__ = ["get_local_variable", "get_variable"]


def get_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool | None = None,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Variable:
    """The variable of that name in the current variable scope: made, or found where it reuses.

    Args:
      name: below the name of the current variable scope.
      shape: of a new variable; leave it out where ``initializer`` is a value.
      dtype: element type; by default the scope's, float32 at first.
      initializer: a value, an initializer ``f(shape, dtype)``, a function without arguments, or
        None for the scope's, and at last Glorot's uniform one (zeros for ints and bools).
      regularizer: ``f(variable) -> loss or None``; the loss goes to the regularization losses.
      trainable: whether optimizers train it by default.
      collections: collections to add it to, by default the global variables.
      caching_device: device for the operation that reads it.
      partitioner: ``f(shape, dtype) -> parts``; only one part is possible.
      validate_shape: False lets the shape be unknown and change.
      use_resource: kept.
      custom_getter: called in place of the getter; the scope's is not called then.
      constraint: function that an optimizer applies after each of its updates.
      synchronization: kept.
      aggregation: kept.

    Raises:
      ValueError: a new variable exists already, one to reuse does not exist or is of another
        shape or dtype, or the shape is not known.
      UnimplementedError: the partitioner wants more than one part.
    """
    if trainable is None:
        trainable = synchronization is not VariableSynchronization.ON_READ
    request = Request(
        name=name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=collections,
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )
    return get_variable_scope().get_variable(request, custom_getter)  # type: ignore[no-any-return]


def get_local_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = False,  # noqa: ARG001 - TF1 ignores it too
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    validate_shape: bool = True,
    use_resource: bool | None = None,
    custom_getter: Any = None,
    constraint: Any = None,
    synchronization: VariableSynchronization = VariableSynchronization.AUTO,
    aggregation: VariableAggregation = VariableAggregation.NONE,
) -> Variable:
    """`get_variable` for a local variable, which is not trained and is no part of the model."""
    return get_variable(
        name,
        shape,
        dtype,
        initializer,
        regularizer,
        trainable=False,
        collections=[*(collections or ()), GraphKeys.LOCAL_VARIABLES],
        caching_device=caching_device,
        partitioner=partitioner,
        validate_shape=validate_shape,
        use_resource=use_resource,
        custom_getter=custom_getter,
        constraint=constraint,
        synchronization=synchronization,
        aggregation=aggregation,
    )
