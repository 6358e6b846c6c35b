"""Operations that tell which variables have no value yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import string
from polygraph.core.ground.scopes import colocate_with, device, name_scope
from polygraph.core.runtime.variable_collections import global_variables, local_variables
from polygraph.ops.logical import logical_not
from polygraph.ops.masking import boolean_mask
from polygraph.ops.packing import stack
from polygraph.ops.shape_queries import Rank
from polygraph.ops.source_ops import constant
from polygraph.ops.state import is_variable_initialized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.tensor import Tensor

__all__ = ["assert_variables_initialized", "report_uninitialized_variables"]


def report_uninitialized_variables(
    var_list: Sequence[Any] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """Names of the variables that have no value: a string vector.

    Args:
      var_list: variables to look at, by default the global and local ones.
      name: of the scope of the operations.
    """
    if var_list is None:
        var_list = global_variables() + local_variables()
    with name_scope(name), device("/cpu:0"):
        if not var_list:
            return constant([], dtype=string)
        has_none = logical_not(stack([is_variable_initialized(each) for each in var_list]))
        names = constant([each.op.name for each in var_list])
        return boolean_mask(names, has_none)


def assert_variables_initialized(var_list: Sequence[Any] | None = None) -> Tensor | None:
    """A tensor that cannot be computed while one of the variables has no value.

    Args:
      var_list: variables to look at, by default the global and local ones.

    Returns:
      The tensor, None where there are no variables.
    """
    if var_list is None:
        var_list = global_variables() + local_variables()
    if not var_list:
        return None
    ranks = []
    for variable in var_list:
        with colocate_with(variable):
            ranks.append(Rank(variable, name="Rank"))
    return ranks[0] if len(ranks) == 1 else stack(ranks)
