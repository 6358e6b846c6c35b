"""Names of a graph: name scopes, and names made unique as TF1 makes them."""

from __future__ import annotations

import re

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
    return name.removesuffix("/")


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

    def entered(self, name: str | None) -> NameScope:
        """A name scope to enter: entering gives its name with a trailing slash, or ``""``.

        ``None`` and ``""`` go back to the root; a trailing slash re-enters that very scope.

        Raises:
          ValueError: on entering, where the name cannot name a scope.
        """
        return NameScope(self, name)


class NameScope:
    """A name scope of a graph; a context manager, entered once for every operation built."""

    __slots__ = ("_name", "_names", "_outer")

    def __init__(self, names: Names, name: str | None) -> None:
        self._names = names
        self._name = name
        self._outer: list[str] = []

    def __enter__(self) -> str:
        names, name = self._names, self._name
        outer = names.scope
        inner = ""
        if name:
            if not (_SCOPE_NAME if outer else _OP_NAME).match(name):
                where = "" if outer else "root "
                msg = (
                    f"'{name}' is not a valid {where}scope name: letters, digits and . "
                    f"{'or _ ' if outer else ''}first, then letters, digits and _ . \\ / > -"
                )
                raise ValueError(msg)
            inner = name_from_scope_name(name) if name.endswith("/") else names.unique(name)
        self._outer.append(outer)
        names.scope = inner
        return f"{inner}/" if inner else ""

    def __exit__(self, *_: object) -> None:
        self._names.scope = self._outer.pop()
