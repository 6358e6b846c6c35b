"""`VariableScope`: what `get_variable` takes for granted inside one scope."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import as_dtype, float32
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.scopes import get_collection, name_scope
from polygraph.core.runtime.variable_store import variable_store
from polygraph.ops.array_conversion import make_array

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.runtime.reuse import Reuse
    from polygraph.core.runtime.variable_store import Request
    from polygraph.core.runtime.variables import Variable

__all__ = ["VariableScope", "no_regularizer"]


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
        if self.name:
            request = replace(request, name=f"{self.name}/{request.name}")
        return self.get_variable_by_full_name(request, custom_getter)

    def get_variable_by_full_name(self, request: Request, custom_getter: Any = None) -> Any:
        """The variable asked for, with the scope's defaults but without its name.

        Raises:
          ValueError: see `polygraph.get_variable`.
        """
        request = copy.copy(request)
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
