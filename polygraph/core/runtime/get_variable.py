"""`get_variable`: a variable by name, made or found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import float32
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.runtime.variable_scope import get_variable_scope, variable_scope
from polygraph.core.runtime.variable_store import Request
from polygraph.core.runtime.variables import VariableAggregation, VariableSynchronization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.runtime.reuse import Reuse
    from polygraph.core.runtime.variables import Variable

__all__ = ["create_partitioned_variables", "get_local_variable", "get_variable"]


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
      partitioner: ``f(shape, dtype) -> number of parts along each axis``, of which one may be
        more than 1: the variable is kept in parts and is a `PartitionedVariable`; a value in
        ``initializer`` is cut likewise, and has a ``shape`` beside it where it is no tensor.
      validate_shape: False lets the shape be unknown and change.
      use_resource: kept.
      custom_getter: called in place of the getter; the scope's is not called then.
      constraint: function that an optimizer applies after each of its updates.
      synchronization: kept.
      aggregation: kept.

    Raises:
      ValueError: a new variable exists already, one to reuse does not exist or is of another
        shape or dtype, or the shape is not known.
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


def create_partitioned_variables(
    shape: Sequence[int],
    slicing: Sequence[int],
    initializer: Any,
    dtype: Any = float32,
    trainable: bool = True,
    collections: Any = None,
    name: str | None = None,
    reuse: Reuse = None,
) -> list[Variable]:
    """The parts of one variable, made or found: ``name/part_0``, ``name/part_1``, ...

    Args:
      shape: of the whole.
      slicing: number of parts along each axis, of which one may be more than 1.
      initializer: as for `get_variable`.
      dtype: element type.
      trainable: whether optimizers train them by default.
      collections: collections to add them to, by default the global variables.
      name: of the whole, by default ``PartitionedVariable``, made unique.
      reuse: as for `variable_scope`.

    Raises:
      ValueError: the shape has no axis, or ``slicing`` does not fit it.
    """
    if len(shape) != len(slicing):
        msg = (
            "The 'shape' and 'slicing' of a partitioned Variable must have the same length: "
            f"shape: {shape}, slicing: {slicing}"
        )
        raise ValueError(msg)
    if not shape:
        msg = f"A partitioned Variable must have rank at least 1: shape: {shape}"
        raise ValueError(msg)
    with variable_scope(name, "PartitionedVariable", reuse=reuse) as scope:
        request = Request(
            name=scope.name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            trainable=trainable,
            collections=collections,
            partitioner=lambda **_: slicing,
        )
        return list(scope.get_variable_by_full_name(request))
