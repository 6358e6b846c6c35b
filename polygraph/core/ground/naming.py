"""Names of a graph: name scopes, and names made unique as TF1 makes them."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*$")
_SCOPE_NAME = re.compile(r"^[A-Za-z0-9_.\\/>-]*$")


def check_op_name(name: str) -> None:
    """Raise ValueError where ``name`` cannot name an operation."""
    if not _OP_NAME.match(name):
        msg = (
            f"'{name}' is not a valid node name: letters, digits and . first, "
            "then letters, digits and _ . \\ / > -"
        )
        raise ValueError(msg)


def name_from_scope_name(name: str) -> str:
    """``name`` without the slash that marks it as absolute."""
    return name[:-1] if name.endswith("/") else name


class Names:
    """The names in use in one graph, and the current name scope.

    Uniqueness ignores case. Scopes and operations draw from the same names.
    """

    __slots__ = ("_in_use", "scope")

    def __init__(self) -> None:
        self._in_use: dict[str, int] = {}
        self.scope = ""

    def unique(self, name: str, *, mark_as_used: bool = True) -> str:
        """``name`` in the current scope, with ``_1``, ``_2`` ... where it is taken."""
        if self.scope:
            name = f"{self.scope}/{name}"
        key = base = name.lower()
        count = self._in_use.get(key, 0)
        if mark_as_used:
            self._in_use[key] = count + 1
        if count == 0:
            return name
        while key in self._in_use:
            key = f"{base}_{count}"
            count += 1
        if mark_as_used:
            self._in_use[key] = 1
        return f"{name}_{count - 1}"

    def for_operation(self, name: str) -> str:
        """The name of a new operation: absolute with a trailing slash, else made unique."""
        name = name_from_scope_name(name) if name.endswith("/") else self.unique(name)
        check_op_name(name)
        return name

    @contextmanager
    def entered(self, name: str | None) -> Iterator[str]:
        """Enter a name scope and yield its name with a trailing slash (``""`` at the root).

        ``None`` and ``""`` go back to the root; a trailing slash re-enters that very scope.

        Raises:
          ValueError: the name cannot name a scope.
        """
        outer = self.scope
        if name:
            valid = _SCOPE_NAME if outer else _OP_NAME
            if not valid.match(name):
                msg = f"'{name}' is not a valid scope name"
                raise ValueError(msg)
        if not name:
            inner = ""
        else:
            inner = name_from_scope_name(name) if name.endswith("/") else self.unique(name)
        self.scope = inner
        try:
            yield f"{inner}/" if inner else ""
        finally:
            self.scope = outer
