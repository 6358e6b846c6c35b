"""The variables of a graph by name, which `get_variable` makes or finds."""

from __future__ import annotations

import enum
import inspect
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import as_dtype, float32, string
from polygraph.core.ground.errors import UnimplementedError
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import colocate_with, control_dependencies, name_scope
from polygraph.core.ground.tensor_shape import TensorShape, as_shape
from polygraph.core.runtime.variables import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)
from polygraph.ops.initializers import glorot_uniform_initializer, zeros_initializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.graph import Graph


class ReuseMode(enum.Enum):
    """What `get_variable` may do, beside True (find) and False (make)."""

    AUTO_REUSE = 1


AUTO_REUSE = ReuseMode.AUTO_REUSE
"""Find the variable, and make it where there is none."""

Reuse = bool | ReuseMode | None


@dataclass
class Request:
    """What `get_variable` was asked for; the fields are what custom getters get."""

    name: str
    shape: Any = None
    dtype: Any = float32
    initializer: Any = None
    regularizer: Any = None
    reuse: Reuse = None
    trainable: bool | None = None
    collections: Any = None
    caching_device: Any = None
    partitioner: Any = None
    validate_shape: bool = True
    use_resource: bool | None = None
    constraint: Any = None
    synchronization: VariableSynchronization = VariableSynchronization.AUTO
    aggregation: VariableAggregation = VariableAggregation.NONE


def _check_not_partitioned(name: str, shape: TensorShape, dtype: DType, partitioner: Any) -> None:
    if partitioner is None or not shape.is_fully_defined() or shape.ndims == 0:
        return
    parts = partitioner(shape=shape, dtype=dtype)
    if any(part != 1 for part in parts):
        msg = f"variable {name} would be split in parts {list(parts)}: there are no such variables"
        raise UnimplementedError(None, None, msg)


def _default_initializer(name: str, dtype: DType) -> Callable[..., Any]:
    if dtype.is_floating:
        return glorot_uniform_initializer()
    if dtype.is_integer or dtype.is_bool or dtype.base_dtype is string:
        return zeros_initializer()
    msg = f"An initializer for variable {name} of {dtype.name} is required"
    raise ValueError(msg)


def _needs_no_arguments(function: Callable[..., Any]) -> bool:
    return all(
        parameter.default is not parameter.empty
        or parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}
        for parameter in inspect.signature(function).parameters.values()
    )


def _initial_value(
    name: str, initializer: Callable[..., Any], shape: TensorShape, dtype: DType
) -> tuple[Callable[[], Any], DType | None]:
    """A function that makes the initial value, and the dtype that it must have."""
    if isinstance(initializer, type):
        initializer = initializer()
    if shape.is_fully_defined():
        arguments: dict[str, Any] = {"dtype": dtype}
        if "partition_info" in inspect.signature(initializer).parameters:
            arguments["partition_info"] = None
        return partial(initializer, shape.as_list(), **arguments), dtype.base_dtype
    if _needs_no_arguments(initializer):
        return initializer, None
    msg = (
        f"Shape of a new variable ({name}) must be fully defined, but is {shape}: give a `shape`, "
        "or an `initializer` that is a value or a function without arguments."
    )
    raise ValueError(msg)


@dataclass
class VariableStore:
    """The variables that `get_variable` made in one graph, by full name."""

    variables: dict[str, Variable] = field(default_factory=dict)

    def get(self, request: Request, custom_getter: Callable[..., Any] | None = None) -> Any:
        """The variable asked for, made or found; see `get_variable` for errors."""
        if custom_getter is None:
            return self._get(**vars(request))
        return custom_getter(getter=self._get, **vars(request))

    def _get(self, name: str, *arguments: Any, **keywords: Any) -> Variable:
        request = Request(name, *arguments, **keywords)
        from_value = request.initializer is not None and not callable(request.initializer)
        if request.shape is not None and from_value:
            msg = "If initializer is a constant, do not specify shape."
            raise ValueError(msg)
        dtype, shape = as_dtype(request.dtype), as_shape(request.shape)
        _check_not_partitioned(name, shape, dtype, request.partitioner)
        found = self.variables.get(name)
        if found is not None:
            return _shared(found, name, shape, dtype, request.reuse)
        if request.reuse is True:
            msg = (
                f"Variable {name} does not exist, or was not created with tf.get_variable(). "
                "Did you mean to set reuse=tf.AUTO_REUSE in VarScope?"
            )
            raise ValueError(msg)
        return self._make(request, shape, dtype)

    def _make(self, request: Request, shape: TensorShape, dtype: DType) -> Variable:
        name, initializer = request.name, request.initializer
        if initializer is None:
            if request.shape is None:
                msg = (
                    f"Variable {name} did not get an initializer, so its `shape` argument must be "
                    "specified."
                )
                raise ValueError(msg)
            initializer = _default_initializer(name, dtype)
        wanted = None
        if callable(initializer):
            initializer, wanted = _initial_value(name, initializer, shape, dtype)
        variable = Variable(
            initial_value=initializer,
            trainable=request.trainable,
            collections=request.collections,
            validate_shape=request.validate_shape,
            caching_device=request.caching_device,
            name=name,
            dtype=wanted,
            constraint=request.constraint,
            synchronization=request.synchronization,
            aggregation=request.aggregation,
            shape=shape if shape.is_fully_defined() and callable(initializer) else None,
        )
        self.variables[name] = variable
        if request.regularizer is not None:
            _regularize(variable, name, request.regularizer)
        return variable


def _shared(found: Variable, name: str, shape: TensorShape, dtype: DType, reuse: Reuse) -> Variable:
    if reuse is False or reuse is None:
        msg = (
            f"Variable {name} already exists, disallowed. Did you mean to set reuse=True or "
            "reuse=tf.AUTO_REUSE in VarScope? Originally defined at:\n\n"
            f"  {found.op.frame.describe()}\n"
        )
        raise ValueError(msg)
    if not shape.is_compatible_with(found.get_shape()):
        msg = (
            f"Trying to share variable {name}, but specified shape {shape} and found shape "
            f"{found.get_shape()}."
        )
        raise ValueError(msg)
    if not dtype.is_compatible_with(found.dtype):
        msg = (
            f"Trying to share variable {name}, but specified dtype {dtype.name} and found dtype "
            f"{found.dtype.name}."
        )
        raise ValueError(msg)
    return found


def _regularize(variable: Variable, name: str, regularizer: Callable[[Any], Any]) -> None:
    with (
        colocate_with(variable),
        name_scope(f"{name}/Regularizer/"),
        control_dependencies(None),
    ):
        loss = regularizer(variable)
    if loss is not None:
        get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)


_STORE_KEY = ("__variable_store",)


def variable_store(graph: Graph | None = None) -> VariableStore:
    """The store of ``graph``, by default of the default graph."""
    kept = (graph or get_default_graph()).get_collection_ref(_STORE_KEY)
    if not kept:
        kept.append(VariableStore())
    return kept[0]  # type: ignore[no-any-return]
