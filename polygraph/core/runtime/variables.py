"""`Variable`: what keeps its value from one run of a session to the next."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, NoReturn

from polygraph.core.ground.conversion import (
    convert_to_tensor,
    register_tensor_conversion_function,
)
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.errors import OperatorNotAllowedInGraphError, UnimplementedError
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.naming import name_from_scope_name
from polygraph.core.ground.operators import Operators
from polygraph.core.ground.scopes import (
    add_to_collections,
    colocate_with,
    control_dependencies,
    device,
    name_scope,
)
from polygraph.core.ground.tensor_shape import TensorShape, as_shape, unknown_shape
from polygraph.core.runtime.initial_values import initialized_or, safe_initial_value
from polygraph.ops import state, state_scatter
from polygraph.ops.gathering import gather, gather_nd
from polygraph.ops.identity_ops import Identity, identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

__all__ = ["Variable", "VariableAggregation", "VariableSynchronization"]


class VariableSynchronization(enum.Enum):
    """When copies of a distributed variable are brought together; kept for TF1's sake."""

    AUTO = 0
    NONE = 1
    ON_WRITE = 2
    ON_READ = 3


class VariableAggregation(enum.Enum):
    """How copies of a distributed variable are brought together; kept for TF1's sake."""

    NONE = 0
    SUM = 1
    MEAN = 2
    ONLY_FIRST_REPLICA = 3


def _collections_of(collections: Any, *, trainable: bool) -> list[Any]:
    if collections is None:
        collections = [GraphKeys.GLOBAL_VARIABLES]
    if not isinstance(collections, list | tuple | set):
        msg = (
            "collections argument to Variable constructor must be a list, tuple, or set, but is "
            f"{collections!r} of type {type(collections).__name__}"
        )
        raise ValueError(msg)  # noqa: TRY004 - TF1's class
    if trainable and GraphKeys.TRAINABLE_VARIABLES not in collections:
        return [*collections, GraphKeys.TRAINABLE_VARIABLES]
    return list(collections)


class Variable(Operators):
    """A tensor whose value a session keeps; made by a graph, it has no value until initialised.

    Used where a tensor is wanted it stands for its value at the moment of use.

    Args:
      initial_value: what its initializer gives it: a tensor, what converts to one, or a function
        without arguments that gives it and is called in a scope without control dependencies.
      trainable: whether optimizers train it by default (None means True).
      collections: collections to add it to, by default the global variables.
      validate_shape: False lets the shape be unknown and change.
      caching_device: device for the operation that reads it.
      name: of its operation, by default ``Variable``.
      variable_def: must be None: there are no protocol buffers here.
      dtype: element type, by default that of the initial value.
      expected_shape: ignored, as in TF1.
      import_scope: ignored without ``variable_def``.
      constraint: function that an optimizer applies after each of its updates.
      use_resource: accepted; all variables follow the rules of reference variables.
      synchronization: kept; ``ON_READ`` makes it not trainable.
      aggregation: kept.
      shape: declared shape, by default that of the initial value.

    Raises:
      ValueError: there is no initial value, its shape is not known, or an argument is malformed.
      TypeError: the initial value is not of the dtype.
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        collections: Iterable[Any] | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: None = None,
        dtype: Any = None,
        expected_shape: Any = None,  # noqa: ARG002 - TF1 ignores it too
        import_scope: str | None = None,  # noqa: ARG002 - only for variable_def
        constraint: Callable[[Tensor], Any] | None = None,
        use_resource: bool | None = None,  # noqa: ARG002 - see above
        synchronization: VariableSynchronization = VariableSynchronization.AUTO,
        aggregation: VariableAggregation = VariableAggregation.NONE,
        shape: Any = None,
    ) -> None:
        if variable_def is not None:
            raise UnimplementedError(None, None, "variable_def: there are no protocol buffers here")
        if initial_value is None:
            msg = "initial_value must be specified."
            raise ValueError(msg)
        if constraint is not None and not callable(constraint):
            msg = f"The `constraint` argument must be a callable, but is {constraint!r}."
            raise ValueError(msg)
        if trainable is None:
            trainable = synchronization is not VariableSynchronization.ON_READ
        names = _collections_of(collections, trainable=trainable)
        self._trainable = trainable
        self._constraint = constraint
        self._synchronization = synchronization
        self._aggregation = aggregation
        self._caching_device = caching_device
        self._validate_shape = validate_shape
        self._declared = None if shape is None else as_shape(shape)
        wanted = None if dtype is None else as_dtype(dtype)
        values = [] if callable(initial_value) else [initial_value]
        # A variable belongs to no cond branch or loop, and waits for nothing.
        with control_dependencies(None), name_scope(name, "Variable", values) as scope:
            self._build(initial_value, wanted, scope)
        add_to_collections(names, self)

    def _build(self, initial_value: Any, dtype: DType | None, scope: str) -> None:
        if callable(initial_value):
            with name_scope("Initializer"), device(None):
                value = convert_to_tensor(initial_value(), dtype, "initial_value")
        else:
            value = convert_to_tensor(initial_value, dtype, "initial_value")
        shape = value.get_shape() if self._validate_shape else unknown_shape()
        if self._declared is not None:
            shape = self._declared
        elif self._validate_shape and not shape.is_fully_defined():
            msg = f"initial_value must have a shape specified: {value}"
            raise ValueError(msg)
        self._initial_value = value
        self._variable: Tensor = state.VariableV2(
            shape=shape,
            dtype=value.dtype.base_dtype,
            container=get_default_graph().current_container,
            name=scope,
        )
        guarded = safe_initial_value(value, name_from_scope_name(scope))
        self._initializer: Operation = state.assign(
            self._variable, guarded, validate_shape=self._validate_shape
        ).op
        where = (
            colocate_with(self._variable.op)
            if self._caching_device is None
            else device(self._caching_device)
        )
        with where:
            self._snapshot: Tensor = self._read()

    def _read(self) -> Tensor:
        # The planner takes this operation for the variable itself, whatever reads it.
        return Identity(self._variable, name="read", _variable_read=True)  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        """TF1's form."""
        return f"<tf.Variable '{self.name}' shape={self.shape} dtype={self.dtype.name}>"

    def __iter__(self) -> NoReturn:
        """Refused, as for a tensor."""
        msg = f"variable {self.name!r} is not iterable: use tf.map_fn, tf.unstack or tf.split"
        raise OperatorNotAllowedInGraphError(msg)

    # What it is

    @property
    def name(self) -> str:
        """Name of the tensor that is the variable: ``op_name:0``."""
        return self._variable.name

    @property
    def op(self) -> Operation:
        """The operation that stands for it."""
        return self._variable.op

    @property
    def graph(self) -> Graph:
        """The graph that holds it."""
        return self._variable.graph

    @property
    def dtype(self) -> DType:
        """Element type, marked as a reference (``float32_ref``)."""
        return self._variable.dtype

    @property
    def device(self) -> str:
        """Device that was asked for."""
        return self._variable.device

    @property
    def shape(self) -> TensorShape:
        """Static shape."""
        return self._variable.get_shape()

    def get_shape(self) -> TensorShape:
        """Static shape."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Merge what the caller knows into the static shape.

        Raises:
          ValueError: the shapes contradict each other.
        """
        self._variable.set_shape(shape)
        self._snapshot.set_shape(shape)

    @property
    def trainable(self) -> bool:
        """Whether optimizers train it by default."""
        return self._trainable

    @property
    def constraint(self) -> Callable[[Tensor], Any] | None:
        """What an optimizer applies after each of its updates."""
        return self._constraint

    @property
    def synchronization(self) -> VariableSynchronization:
        """As given."""
        return self._synchronization

    @property
    def aggregation(self) -> VariableAggregation:
        """As given."""
        return self._aggregation

    @property
    def initializer(self) -> Operation:
        """The operation that gives it its initial value."""
        return self._initializer

    @property
    def initial_value(self) -> Tensor:
        """The tensor that the initializer assigns."""
        return self._initial_value

    def _as_graph_element(self) -> Tensor:
        return self._variable

    def _ref(self) -> Tensor:
        return self._variable

    # What it is worth

    def value(self) -> Tensor:
        """The tensor that stands for its value at the moment that it is used."""
        return self._snapshot

    def read_value(self) -> Tensor:
        """A new tensor with the value that it has when this very operation runs."""
        return identity(self._variable, name="read")  # type: ignore[no-any-return]

    def initialized_value(self) -> Tensor:
        """Its value, or its initial value where it has none yet."""
        with control_dependencies(None):
            return initialized_or(self._variable, self.read_value, self._initializer.inputs[1])

    def eval(self, session: Any = None) -> Any:
        """Its value in ``session``, or in the default session.

        Raises:
          ValueError: there is no session.
          FailedPreconditionError: it has no value.
        """
        return self._variable.eval(session=session)

    def load(self, value: Any, session: Any = None) -> None:
        """Give it a value in ``session`` at once, adding nothing to the graph.

        Raises:
          ValueError: there is no session, or the value has not the variable's shape.
        """
        self._initializer.run({self._initializer.inputs[1]: value}, session)

    def sparse_read(self, indices: Any, name: str | None = None) -> Tensor:
        """Its rows at ``indices``; see `polygraph.gather`."""
        return gather(self, indices, name=name)

    def gather_nd(self, indices: Any, name: str | None = None) -> Tensor:
        """Its elements or slices at index vectors; see `polygraph.gather_nd`."""
        return gather_nd(self, indices, name=name)

    # Writes

    def assign(
        self,
        value: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Tensor of the variable after it got ``value``; see `polygraph.assign`."""
        written = state.assign(self._variable, value, use_locking=use_locking, name=name)
        return written if read_value else written.op

    def assign_add(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Tensor of the variable after ``delta`` was added; see `polygraph.assign_add`."""
        written = state.assign_add(self._variable, delta, use_locking, name)
        return written if read_value else written.op

    def assign_sub(
        self,
        delta: Any,
        use_locking: bool = False,
        name: str | None = None,
        read_value: bool = True,
    ) -> Any:
        """Tensor of the variable after ``delta`` was subtracted; see `polygraph.assign_sub`."""
        written = state.assign_sub(self._variable, delta, use_locking, name)
        return written if read_value else written.op

    def count_up_to(self, limit: int) -> Any:
        """Its value before one was added to it; see `polygraph.count_up_to`."""
        return state.count_up_to(self._variable, limit)

    def _scatter(
        self, function: Callable[..., Any], delta: Any, use_locking: bool, name: str | None
    ) -> Any:
        if not isinstance(delta, IndexedSlices):
            msg = f"sparse_delta must be tf.IndexedSlices, but is {delta!r}"
            raise TypeError(msg)
        return function(self._variable, delta.indices, delta.values, use_locking, name)

    def scatter_update(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """The variable with the rows of `IndexedSlices` put in place."""
        return self._scatter(state_scatter.scatter_update, sparse_delta, use_locking, name)

    def scatter_add(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """The variable with `IndexedSlices` added."""
        return self._scatter(state_scatter.scatter_add, sparse_delta, use_locking, name)

    def scatter_sub(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """The variable with `IndexedSlices` subtracted."""
        return self._scatter(state_scatter.scatter_sub, sparse_delta, use_locking, name)

    def scatter_mul(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """The variable with rows multiplied by those of `IndexedSlices`."""
        return self._scatter(state_scatter.scatter_mul, sparse_delta, use_locking, name)

    def scatter_div(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """The variable with rows divided by those of `IndexedSlices`."""
        return self._scatter(state_scatter.scatter_div, sparse_delta, use_locking, name)

    def scatter_min(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """The variable with rows no greater than those of `IndexedSlices`."""
        return self._scatter(state_scatter.scatter_min, sparse_delta, use_locking, name)

    def scatter_max(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Any:
        """The variable with rows no less than those of `IndexedSlices`."""
        return self._scatter(state_scatter.scatter_max, sparse_delta, use_locking, name)

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """The variable with elements or slices replaced; see `polygraph.scatter_nd_update`."""
        return state_scatter.scatter_nd_update(
            self._variable, indices, updates, use_locking=True, name=name
        )

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """The variable with elements or slices added to; see `polygraph.scatter_nd_add`."""
        return state_scatter.scatter_nd_add(
            self._variable, indices, updates, use_locking=False, name=name
        )

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Any:
        """The variable with elements or slices subtracted; see `polygraph.scatter_nd_sub`."""
        return state_scatter.scatter_nd_sub(
            self._variable, indices, updates, use_locking=False, name=name
        )


def _to_tensor(
    variable: Variable, dtype: DType | None = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    del name
    if dtype is not None and dtype.base_dtype is not variable.dtype.base_dtype:
        msg = (
            f"Tensor conversion requested dtype {dtype.name} for variable {variable.name!r} of "
            f"dtype {variable.dtype.base_dtype.name}"
        )
        raise ValueError(msg)
    return variable._ref() if as_ref else variable.value()  # noqa: SLF001 - its own class


register_tensor_conversion_function(Variable, _to_tensor)
