"""The variables of the default graph, and operations that initialise them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import get_collection
from polygraph.ops.grouping import group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.variables import Variable

__all__ = [
    "all_variables",
    "global_variables",
    "global_variables_initializer",
    "initialize_all_variables",
    "initialize_local_variables",
    "initialize_variables",
    "local_variables",
    "local_variables_initializer",
    "model_variables",
    "moving_average_variables",
    "trainable_variables",
    "variables_initializer",
]


def global_variables(scope: str | None = None) -> list[Variable]:
    """The variables that a program shares, in the order of their creation.

    Args:
      scope: a pattern; only variables whose name it matches from the start.
    """
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


def all_variables() -> list[Variable]:
    """TF1's old name of `global_variables`."""
    return global_variables()


def local_variables(scope: str | None = None) -> list[Variable]:
    """Variables that are no part of the model, such as counters of a metric."""
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def model_variables(scope: str | None = None) -> list[Variable]:
    """Variables that were added to the model's collection."""
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Variable]:
    """The variables that optimizers train by default."""
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def moving_average_variables(scope: str | None = None) -> list[Variable]:
    """Variables that moving averages are kept of."""
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Variable] | None, name: str = "init") -> Operation:
    """An operation that runs the initializers of ``var_list``."""
    return group(*[variable.initializer for variable in var_list or ()], name=name)


def global_variables_initializer() -> Operation:
    """An operation that initialises the global variables that there are by now."""
    return variables_initializer(global_variables())


def local_variables_initializer() -> Operation:
    """An operation that initialises the local variables that there are by now."""
    return variables_initializer(local_variables())


def initialize_variables(var_list: Sequence[Variable], name: str = "init") -> Operation:
    """TF1's old name of `variables_initializer`."""
    return variables_initializer(var_list, name)


def initialize_all_variables() -> Operation:
    """TF1's old name of `global_variables_initializer`."""
    return global_variables_initializer()


def initialize_local_variables() -> Operation:
    """TF1's old name of `local_variables_initializer`."""
    return local_variables_initializer()
