"""`variable_scope`: where `get_variable` puts names, and what it takes for granted there."""

from __future__ import annotations

import copy
import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import as_dtype, float32
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import get_collection, graph_of, name_scope
from polygraph.core.runtime.variable_store import (
    AUTO_REUSE,
    Request,
    Reuse,
    ReuseMode,
    variable_store,
)
from polygraph.core.runtime.variables import VariableAggregation, VariableSynchronization
from polygraph.ops.array_conversion import make_array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.runtime.variables import Variable

__all__ = [
    "AUTO_REUSE",
    "VariableScope",
    "get_local_variable",
    "get_variable",
    "get_variable_scope",
    "no_regularizer",
    "variable_op_scope",
    "variable_scope",
]


def no_regularizer(_: Any) -> None:
    """A regularizer that adds no loss, to override one that a scope would hand down."""


class VariableScope:
    """What `get_variable` uses inside one scope: the prefix of names, and defaults.

    Attributes:
      name: prefix of the names of variables.
      original_name_scope: the name scope that was entered with it first.
      reuse: False, True, or `AUTO_REUSE`.
      initializer: for variables that do not bring one.
      regularizer: for variables that do not bring one.
      caching_device: for variables that do not bring one.
      partitioner: for variables that do not bring one.
      custom_getter: called in place of the store's getter.
      dtype: for variables that do not bring one.
      use_resource: kept; all variables follow the rules of reference variables.
      constraint: for variables that do not bring one.
    """

    def __init__(
        self,
        reuse: Reuse,
        name: str = "",
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        name_scope: str = "",
        dtype: Any = float32,
        use_resource: bool | None = None,
        constraint: Any = None,
    ) -> None:
        self.name = name
        self.reuse = reuse
        self.initializer = initializer
        self.regularizer = regularizer
        self.caching_device = caching_device
        self.partitioner = partitioner
        self.custom_getter = custom_getter
        self.original_name_scope = name_scope
        self.dtype: DType = as_dtype(dtype)
        self.use_resource = use_resource
        self.constraint = constraint

    def reuse_variables(self) -> None:
        """Find variables rather than make them, from here to the end of the scope."""
        self.reuse = True

    def set_initializer(self, initializer: Any) -> None:
        """Set the default initializer."""
        self.initializer = initializer

    def set_regularizer(self, regularizer: Any) -> None:
        """Set the default regularizer."""
        self.regularizer = regularizer

    def set_caching_device(self, caching_device: Any) -> None:
        """Set the default caching device."""
        self.caching_device = caching_device

    def set_partitioner(self, partitioner: Any) -> None:
        """Set the default partitioner."""
        self.partitioner = partitioner

    def set_custom_getter(self, custom_getter: Any) -> None:
        """Set the custom getter."""
        self.custom_getter = custom_getter

    def set_dtype(self, dtype: Any) -> None:
        """Set the default dtype."""
        self.dtype = as_dtype(dtype)

    def set_use_resource(self, use_resource: bool) -> None:
        """Keep the wish for resource variables."""
        self.use_resource = use_resource

    def get_collection(self, name: Any) -> list[Any]:
        """The items of a collection whose names begin with the scope's."""
        return get_collection(name, f"{self.name}/" if self.name else "")

    def global_variables(self) -> list[Variable]:
        """Global variables of the scope."""
        return self.get_collection(GraphKeys.GLOBAL_VARIABLES)

    def local_variables(self) -> list[Variable]:
        """Local variables of the scope."""
        return self.get_collection(GraphKeys.LOCAL_VARIABLES)

    def trainable_variables(self) -> list[Variable]:
        """Trainable variables of the scope."""
        return self.get_collection(GraphKeys.TRAINABLE_VARIABLES)

    def get_variable(self, request: Request, custom_getter: Any = None) -> Any:
        """The variable asked for, with the scope's name before its own and the scope's defaults.

        Raises:
          ValueError: see `polygraph.get_variable`.
        """
        request = copy.copy(request)
        request.name = f"{self.name}/{request.name}" if self.name else request.name
        for field in ("initializer", "regularizer", "caching_device", "partitioner", "constraint"):
            if getattr(request, field) is None:
                setattr(request, field, getattr(self, field))
        if request.reuse is None:
            request.reuse = self.reuse
        if request.use_resource is None:
            request.use_resource = self.use_resource
        request.dtype = self._dtype_of(request)
        # The name of a variable hangs on the variable scope alone, not on the name scope.
        with name_scope(None):
            return variable_store().get(request, custom_getter or self.custom_getter)

    def _dtype_of(self, request: Request) -> DType:
        if request.initializer is None or callable(request.initializer):
            return self.dtype if request.dtype is None else as_dtype(request.dtype)
        value = request.initializer
        given = getattr(value, "dtype", None)
        found = as_dtype(make_array(value, None).dtype if given is None else given).base_dtype
        if request.dtype is not None and as_dtype(request.dtype) is not found:
            msg = (
                f"Initializer type '{found.name}' and explicit dtype "
                f"'{as_dtype(request.dtype).name}' of variable {request.name} don't match."
            )
            raise ValueError(msg)
        return found


class _ScopeState(threading.local):
    """The current scope of one graph in one thread, and how often each name was opened."""

    def __init__(self) -> None:
        self.current = VariableScope(reuse=False)
        self.opened: dict[str, int] = {}

    def open(self, name: str) -> None:
        self.opened[name] = self.opened.get(name, 0) + 1

    def close_below(self, name: str) -> None:
        for opened in self.opened:
            if not name or opened.startswith(f"{name}/"):
                self.opened[opened] = 0

    def unused(self, prefix: str) -> str:
        """``prefix``, with ``_1``, ``_2`` ... where the current scope has opened it already."""
        base = f"{self.current.name}/{prefix}" if self.current.name else prefix
        if not self.opened.get(base):
            return prefix
        count = 1
        while self.opened.get(f"{base}_{count}"):
            count += 1
        return f"{prefix}_{count}"


_STATE_KEY = ("__varscope",)


def _scope_state() -> _ScopeState:
    kept = get_default_graph().get_collection_ref(_STATE_KEY)
    if not kept:
        kept.append(_ScopeState())
    return kept[0]  # type: ignore[no-any-return]


def get_variable_scope() -> VariableScope:
    """The innermost variable scope of the default graph."""
    return _scope_state().current


def _wrapped(custom_getter: Any, outer: Any) -> Any:
    if custom_getter is None or outer is None:
        return custom_getter or outer

    def wrapped(getter: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
        return custom_getter(partial(outer, getter), *arguments, **keywords)

    return wrapped


class variable_scope:  # noqa: N801 - TF1's name
    """A context manager that names variables, and sets defaults for them.

    Entering gives the `VariableScope`. It opens a name scope of the same name too.

    Args:
      name_or_scope: a name below the current scope, a `VariableScope` to enter again, or None.
      default_name: name where ``name_or_scope`` is None; made unique.
      values: tensors that operations inside will take; their graph becomes the default graph.
      initializer: default initializer inside.
      regularizer: default regularizer inside.
      caching_device: default caching device inside.
      partitioner: default partitioner inside.
      custom_getter: ``custom_getter(getter, name, ...)``, called in place of the getter of the
        scopes around, which it may call.
      reuse: True finds variables, `AUTO_REUSE` finds or makes them; None and False inherit.
      dtype: default dtype inside.
      use_resource: kept.
      constraint: default constraint inside.
      auxiliary_name_scope: False opens no name scope.

    Raises:
      TypeError: there is neither name nor default name, or the name is none.
      ValueError: ``reuse`` is none of its values, or True beside a default name.
    """

    def __init__(
        self,
        name_or_scope: str | VariableScope | None,
        default_name: str | None = None,
        values: Sequence[Any] | None = None,
        initializer: Any = None,
        regularizer: Any = None,
        caching_device: Any = None,
        partitioner: Any = None,
        custom_getter: Any = None,
        reuse: Reuse = None,
        dtype: Any = None,
        use_resource: bool | None = None,
        constraint: Any = None,
        auxiliary_name_scope: bool = True,
    ) -> None:
        if default_name is None and name_or_scope is None:
            msg = "If default_name is None then name_or_scope is required"
            raise TypeError(msg)
        if not isinstance(reuse, bool | ReuseMode | None):
            msg = f"reuse must be True, False, None or tf.AUTO_REUSE, but is {reuse!r}"
            raise ValueError(msg)  # noqa: TRY004 - TF1's class
        if not isinstance(auxiliary_name_scope, bool):
            msg = f"auxiliary_name_scope must be True or False, but is {auxiliary_name_scope!r}"
            raise TypeError(msg)
        self._name_or_scope = name_or_scope
        self._default_name = default_name
        self._graph = graph_of(values or ()) if values else None
        self._reuse = reuse or None
        self._auxiliary_name_scope = auxiliary_name_scope
        self._custom_getter = custom_getter
        self._defaults = {
            "initializer": initializer,
            "regularizer": regularizer,
            "caching_device": caching_device,
            "partitioner": partitioner,
            "dtype": None if dtype is None else as_dtype(dtype),
            "use_resource": use_resource,
            "constraint": constraint,
        }
        self._stack = ExitStack()

    def __enter__(self) -> VariableScope:
        with ExitStack() as stack:
            if self._graph is not None and self._graph is not get_default_graph():
                stack.enter_context(self._graph.as_default())
            scope = self._enter(stack)
            self._stack = stack.pop_all()
        return scope

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _enter(self, stack: ExitStack) -> VariableScope:
        asked = self._name_or_scope
        if asked is None:
            if self._reuse:
                msg = "reuse=True cannot be used without a name_or_scope"
                raise ValueError(msg)
            default = self._default_name or ""
            operations = self._open_name_scope(stack, default)
            return self._open(stack, _scope_state().unused(default), operations)
        if isinstance(asked, VariableScope):
            self._open_name_scope(stack, asked.name.split("/")[-1])
            return self._reopen(stack, asked)
        if not isinstance(asked, str):
            msg = f"VariableScope: name_or_scope must be a string or VariableScope, not {asked!r}."
            raise TypeError(msg)
        return self._open(stack, asked, self._open_name_scope(stack, asked))

    def _open_name_scope(self, stack: ExitStack, name: str) -> str | None:
        if not self._auxiliary_name_scope:
            name = get_default_graph().get_name_scope()
            return stack.enter_context(name_scope(f"{name}/" if name else name))
        return stack.enter_context(name_scope(name)) if name else None

    def _open(self, stack: ExitStack, name: str, operations: str | None) -> VariableScope:
        state = _scope_state()
        outer = state.current
        scope = copy.copy(outer)
        scope.name = f"{outer.name}/{name}" if outer.name else name
        scope.reuse = self._reuse or outer.reuse
        scope.original_name_scope = name if operations is None else operations
        self._apply(scope)
        state.open(scope.name)
        state.current = scope
        stack.callback(self._close, state, outer, scope)
        return scope

    def _close(self, state: _ScopeState, outer: VariableScope, scope: VariableScope) -> None:
        _check_nesting(state, scope)
        state.close_below(scope.name)
        state.current = outer

    def _reopen(self, stack: ExitStack, again: VariableScope) -> VariableScope:
        state = _scope_state()
        outer, opened = state.current, dict(state.opened)
        scope = copy.copy(again)
        scope.reuse = self._reuse or again.reuse
        self._apply(scope)
        state.open(scope.name)
        state.current = scope
        stack.callback(self._leave, state, outer, scope, opened)
        return scope

    def _leave(
        self, state: _ScopeState, outer: VariableScope, scope: VariableScope, opened: dict[str, int]
    ) -> None:
        _check_nesting(state, scope)
        state.opened = opened
        state.current = outer

    def _apply(self, scope: VariableScope) -> None:
        for field, value in self._defaults.items():
            if value is not None:
                setattr(scope, field, value)
        scope.custom_getter = _wrapped(self._custom_getter, scope.custom_getter)


def _check_nesting(state: _ScopeState, scope: VariableScope) -> None:
    if state.current is not scope:
        msg = (
            f"variable scope {scope.name!r} is left while {state.current.name!r} is the innermost "
            "one: scopes must be left in the reverse order of entering"
        )
        raise RuntimeError(msg)


def variable_op_scope(
    values: Sequence[Any],
    name_or_scope: str | VariableScope | None,
    default_name: str | None = None,
    initializer: Any = None,
    regularizer: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    custom_getter: Any = None,
    reuse: Reuse = None,
    dtype: Any = None,
    use_resource: bool | None = None,
    constraint: Any = None,
) -> variable_scope:
    """`variable_scope` with the order of arguments of TensorFlow before 1.0."""
    return variable_scope(
        name_or_scope,
        default_name,
        values,
        initializer,
        regularizer,
        caching_device,
        partitioner,
        custom_getter,
        reuse,
        dtype,
        use_resource,
        constraint,
    )


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
