"""`variable_scope`: where `get_variable` puts names, and what it takes for granted there."""

from __future__ import annotations

import copy
import threading
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.scopes import graph_of, name_scope
from polygraph.core.runtime.reuse import AUTO_REUSE, Reuse, ReuseMode
from polygraph.core.runtime.variable_defaults import VariableScope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["AUTO_REUSE", "get_variable_scope", "variable_op_scope", "variable_scope"]


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
