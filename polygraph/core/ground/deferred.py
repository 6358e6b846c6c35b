"""Modules that are imported when they are first used.

For a module of the standard library that costs much and that importing polygraph does not need.
It is named at the top of a file like any import, under `TYPE_CHECKING` for the type checker.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Deferred:
    """Stands for a module until an attribute of it is asked for.

    Args:
      name: the module's, absolute.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        """The module's attribute."""
        return getattr(import_module(self._name), attribute)
