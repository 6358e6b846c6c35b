"""`make_template`: a function whose variables are made once and shared by all its calls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.core.ground import source
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import get_collection
from polygraph.core.runtime.variable_scope import variable_scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.runtime.variable_defaults import VariableScope
    from polygraph.core.runtime.variables import Variable

__all__ = ["make_template"]


class Template:
    """A function in a variable scope of its own, which reuses its variables after the first call.

    Attributes:
      func: the function.
      name: the name that was asked for.
    """

    def __init__(
        self,
        name: str,
        func: Callable[..., Any],
        create_scope_now: bool = False,
        unique_name: str | None = None,
        custom_getter: Any = None,
    ) -> None:
        if name is None:
            msg = "name cannot be None."
            raise ValueError(msg)
        self.func = func
        self.name = name
        self._unique_name = unique_name
        self._custom_getter = custom_getter
        self._scope: VariableScope | None = None
        self._called = False
        self._frame = source.capture()
        if create_scope_now:
            # The operations' scope is opened by the first call.
            with self._new_scope(auxiliary_name_scope=False) as scope:
                self._scope = scope

    def _new_scope(self, *, auxiliary_name_scope: bool = True) -> variable_scope:
        return variable_scope(
            self._unique_name,
            default_name=self.name,
            custom_getter=self._custom_getter,
            auxiliary_name_scope=auxiliary_name_scope,
        )

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """What the function gives, built in the template's variable scope.

        Raises:
          ValueError: a later call asks for a variable that the first did not make, or makes a
            trainable one by other means.
        """
        if self._scope is None:
            entered = self._new_scope()
        else:
            entered = variable_scope(self._scope, reuse=self._called)
        with entered as scope:
            self._scope = self._scope or scope
            again, self._called = self._called, True
            try:
                return self._checked(arguments, keywords, again=again)
            except Exception as error:
                error.add_note(f"in template {self.name!r}, made at {self._frame}")
                raise

    def _checked(self, arguments: tuple[Any, ...], keywords: dict[str, Any], *, again: bool) -> Any:
        trainable = get_collection(GraphKeys.TRAINABLE_VARIABLES)
        result = self.func(*arguments, **keywords)
        made = get_collection(GraphKeys.TRAINABLE_VARIABLES)[len(trainable) :]
        if again and made:
            listed = ", ".join(variable.name for variable in made)
            msg = (
                "Trainable variable created when calling a template after the first time: "
                f"{listed}. Use tf.get_variable, which finds it again, not tf.Variable."
            )
            raise ValueError(msg)
        return result

    @property
    def variable_scope(self) -> VariableScope | None:
        """Its variable scope, None before the first call that makes it."""
        return self._scope

    var_scope = variable_scope

    @property
    def variable_scope_name(self) -> str | None:
        """Name of its variable scope with a trailing slash, None before that is made."""
        return None if self._scope is None else f"{self._scope.name}/"

    def _variables(self, key: str) -> list[Variable]:
        return [] if self._scope is None else get_collection(key, self.variable_scope_name)

    @property
    def global_variables(self) -> list[Variable]:
        """Its global variables."""
        return self._variables(GraphKeys.GLOBAL_VARIABLES)

    @property
    def local_variables(self) -> list[Variable]:
        """Its local variables."""
        return self._variables(GraphKeys.LOCAL_VARIABLES)

    @property
    def trainable_variables(self) -> list[Variable]:
        """Its trainable variables."""
        return self._variables(GraphKeys.TRAINABLE_VARIABLES)

    @property
    def variables(self) -> list[Variable]:
        """Its global and local variables."""
        return self.global_variables + self.local_variables

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Those of its variables that are not trainable."""
        trained = set(self.trainable_variables)
        return [variable for variable in self.variables if variable not in trained]

    weights = variables
    trainable_weights = trainable_variables
    non_trainable_weights = non_trainable_variables


def make_template(
    name_: str,
    func_: Callable[..., Any],
    create_scope_now_: bool = False,
    unique_name_: str | None = None,
    custom_getter_: Any = None,
    **kwargs: Any,
) -> Template:
    """``func_`` wrapped so that every call after the first finds the variables of the first.

    Args:
      name_: name of its variable scope, made unique.
      func_: function that makes variables by `get_variable`.
      create_scope_now_: open the scope now, not at the first call.
      unique_name_: exact name of the scope, in place of ``name_``.
      custom_getter_: custom getter of the scope.
      **kwargs: arguments for ``func_`` in every call.
    """
    function = partial(func_, **kwargs) if kwargs else func_
    return Template(name_, function, create_scope_now_, unique_name_, custom_getter_)
