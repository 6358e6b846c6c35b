"""The variables of a graph by name, which `get_variable` makes or finds."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import as_dtype, float32, string
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import colocate_with, control_dependencies, name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape, as_shape
from polygraph.core.runtime.partition import PartitionInfo, counts_of_parts, parts_of
from polygraph.core.runtime.partitioned_variable import PartitionedVariable
from polygraph.core.runtime.reuse import Reuse, shared, shared_parts
from polygraph.core.runtime.variables import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)
from polygraph.ops.initializers import glorot_uniform_initializer, zeros_initializer
from polygraph.ops.slicing import slice

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.graph import Graph


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
    name: str,
    initializer: Callable[..., Any],
    shape: TensorShape,
    dtype: DType,
    part: PartitionInfo | None,
) -> tuple[Callable[[], Any], DType | None]:
    """A function that makes the initial value, and the dtype that it must have."""
    if isinstance(initializer, type):
        initializer = initializer()
    if shape.is_fully_defined():
        arguments: dict[str, Any] = {"dtype": dtype}
        if "partition_info" in inspect.signature(initializer).parameters:
            arguments["partition_info"] = part
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
    partitioned: dict[str, PartitionedVariable] = field(default_factory=dict)

    def get(self, request: Request, custom_getter: Callable[..., Any] | None = None) -> Any:
        """The variable asked for, made or found; see `get_variable` for errors."""
        if custom_getter is None:
            return self._get(**vars(request))
        return custom_getter(getter=self._get, **vars(request))

    def _get(self, name: str, *arguments: Any, **keywords: Any) -> Variable | PartitionedVariable:
        request = Request(name, *arguments, **keywords)
        is_scalar = isinstance(request.shape, list | tuple) and not request.shape
        if request.partitioner is not None and not is_scalar:
            if not callable(request.partitioner):
                msg = f"Partitioner must be callable, but received: {request.partitioner}"
                raise ValueError(msg)
            return self._get_partitioned(request)
        if request.reuse is True and request.partitioner is None and name in self.partitioned:
            return self._get_partitioned(request)
        if _part_name(name, 0) in self.variables:
            msg = (
                "No partitioner was provided, but a partitioned version of the variable was "
                f"found: {_part_name(name, 0)}. Perhaps a variable of the same name was already "
                "created with partitioning?"
            )
            raise ValueError(msg)
        return self._get_whole(request)

    def _get_whole(self, request: Request, part: PartitionInfo | None = None) -> Variable:
        name = request.name
        from_value = request.initializer is not None and not callable(request.initializer)
        if request.shape is not None and from_value:
            msg = "If initializer is a constant, do not specify shape."
            raise ValueError(msg)
        dtype, shape = as_dtype(request.dtype), as_shape(request.shape)
        found = self.variables.get(name)
        if found is not None:
            return shared(found, name, shape, dtype, request.reuse)
        if request.reuse is True:
            msg = (
                f"Variable {name} does not exist, or was not created with tf.get_variable(). "
                "Did you mean to set reuse=tf.AUTO_REUSE in VarScope?"
            )
            raise ValueError(msg)
        return self._make(request, shape, dtype, part)

    def _get_partitioned(self, request: Request) -> PartitionedVariable:
        name = request.name
        if name in self.variables:
            msg = (
                "A partitioner was provided, but an unpartitioned version of the variable was "
                f"found: {name}. Perhaps a variable of the same name was already created without "
                "partitioning?"
            )
            raise ValueError(msg)
        dtype, shape = as_dtype(request.dtype), as_shape(request.shape)
        if isinstance(request.initializer, Tensor):
            shape = shape.merge_with(request.initializer.get_shape())
        counts: Sequence[int] | None = None
        if request.partitioner is not None:
            counts = counts_of_parts(request.partitioner, shape, dtype)
        found = self.partitioned.get(name)
        if found is not None:
            return shared_parts(found, shape, dtype, counts, request.reuse)
        if request.reuse is True or counts is None:
            msg = (
                f"PartitionedVariable {name} does not exist, or was not created with "
                "tf.get_variable(). Did you mean to set reuse=False or reuse=tf.AUTO_REUSE in "
                "VarScope?"
            )
            raise ValueError(msg)
        made = self._make_parts(request, shape, dtype, counts)
        self.partitioned[name] = made
        return made

    def _make_parts(
        self, request: Request, shape: TensorShape, dtype: DType, counts: Sequence[int]
    ) -> PartitionedVariable:
        whole: list[Any] = shape.as_list()
        parts = []
        with name_scope(None):
            for number, (offset, dims) in enumerate(parts_of(whole, counts)):
                part = replace(request, name=_part_name(request.name, number), shape=dims)
                if request.initializer is not None and not callable(request.initializer):
                    part.initializer = _sliced(request, part.name, offset, dims)
                    part.shape, part.dtype = None, part.initializer.dtype
                parts.append(self._get_whole(part, PartitionInfo(whole, offset)))
        dtype = parts[0].dtype.base_dtype
        return PartitionedVariable(request.name, shape, dtype, parts, counts)

    def _make(
        self, request: Request, shape: TensorShape, dtype: DType, part: PartitionInfo | None
    ) -> Variable:
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
            initializer, wanted = _initial_value(name, initializer, shape, dtype, part)
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


def _part_name(name: str, number: int) -> str:
    return f"{name}/part_{number}"


def _sliced(request: Request, name: str, offset: list[int], dims: list[int]) -> Tensor:
    """The part of an initial value that is given as a whole."""
    value = request.initializer
    with name_scope(f"{name}/PartitionedInitializer"):
        if not isinstance(value, Tensor):
            value = convert_to_tensor(value, as_dtype(request.dtype))
        return slice(value, offset, dims)


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
