"""Public names by namespace, each documented once and listed wherever else it stands."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache
from types import ModuleType
from typing import Any

import polygraph

PAGES = (
    "polygraph",
    "polygraph.nn",
    "polygraph.train",
    "polygraph.losses",
    "polygraph.initializers",
    "polygraph.plugin",
)
"""Namespaces with a page of their own, in the order in which they claim a name."""

NO_NAMESPACES = {"backends", "cli", "conformance", "core", "errors", "ops", "passes"}


def public_names(module: ModuleType) -> dict[str, Any]:
    """What a namespace offers, by name."""
    names = getattr(module, "__all__", None) or [n for n in vars(module) if not n.startswith("_")]
    found = {name: getattr(module, name) for name in sorted(names)}
    return {
        name: value
        for name, value in found.items()
        if not isinstance(value, ModuleType) and not _is_future(value)
    }


def _is_future(value: Any) -> bool:
    return type(value).__module__ == "__future__"


def spelled(module: str) -> str:
    """The namespace as programs write it, ``tf.nn`` for ``polygraph.nn``."""
    return module if module == "polygraph.plugin" else module.replace("polygraph", "tf", 1)


@cache
def _owners() -> dict[int, tuple[str, str]]:
    """For each documented object, where: the namespace, and the name there."""
    owners: dict[int, tuple[str, str]] = {}
    for namespace in (*PAGES, *_others()):
        module = importlib.import_module(namespace)
        own = public_names(module)
        # An alias never takes the place of the name that a thing calls itself.
        for name in sorted(own, key=lambda name: getattr(own[name], "__name__", name) != name):
            if _is_documented(own[name]):
                owners.setdefault(id(own[name]), (namespace, name))
    return owners


def _is_documented(value: Any) -> bool:
    return inspect.isclass(value) or inspect.isroutine(value)


@cache
def _others() -> tuple[str, ...]:
    found = [
        f"polygraph.{module.name}"
        for module in pkgutil.iter_modules(polygraph.__path__)
        if module.name not in NO_NAMESPACES
    ]
    return tuple(name for name in found if name not in PAGES)


def namespace(name: str) -> str:
    """The names of one namespace: documentation of those that it owns, a list of the rest."""
    module = importlib.import_module(name)
    own, shared, values = [], [], []
    for public, value in public_names(module).items():
        if not _is_documented(value):
            values.append((public, value))
        elif _owners()[id(value)] == (name, public):
            own.append((public, value))
        else:
            shared.append((public, _owners()[id(value)]))
    text = _groups(name, own)
    if shared:
        lines = [f"- `{spelled(name)}.{n}` is `{spelled(o)}.{other}`" for n, (o, other) in shared]
        text += "\n\n**The same by another name**\n\n" + "\n".join(lines)
    if values:
        lines = [f"- `{spelled(name)}.{n}`: {_value(value)}" for n, value in values]
        text += "\n\n**Values**\n\n" + "\n".join(lines)
    return text + "\n"


def _value(value: Any) -> str:
    text = " ".join(repr(value).split())
    return f"`{text}`" if len(text) < 60 and " at 0x" not in text else type(value).__name__  # noqa: PLR2004


def _groups(name: str, own: list[tuple[str, Any]]) -> str:
    """Documentation, in sections by the file that defines each name."""
    groups: dict[str, list[tuple[str, Any]]] = {}
    for public, value in own:
        groups.setdefault(value.__module__, []).append((public, value))
    single = len(groups) == 1
    parts = []
    for module in sorted(groups, key=lambda module: module.rpartition(".")[2]):
        if not single:
            parts.append(f"## {_title(module)}\n")
        directives = "\n".join(_directive(name, public, value) for public, value in groups[module])
        parts.append(f"```{{eval-rst}}\n{directives}```\n")
    return "\n".join(parts)


def _title(module: str) -> str:
    return module.rpartition(".")[2].replace("_", " ").capitalize()


def _directive(name: str, public: str, value: Any) -> str:
    lines = [f".. currentmodule:: {name}", ""]
    if inspect.isclass(value):
        lines.append(f".. autoclass:: {public}")
        if not issubclass(value, BaseException):
            lines.append("   :members:")
        if hasattr(value, "_fields"):
            # The docstring of a named tuple describes its fields.
            lines.append(f"   :exclude-members: {', '.join(value._fields)}")
    else:
        lines.append(f".. autofunction:: {public}")
    return "\n".join(lines) + "\n"


def other_namespaces(_: str) -> str:
    """The namespaces that have no page of their own, in one list."""
    parts = []
    for name in _others():
        module = importlib.import_module(name)
        if public_names(module):
            summary = (inspect.getdoc(module) or "").splitlines()[0]
            parts.append(f"## `{spelled(name)}`\n\n{summary}\n\n{_flat(name, module)}")
    return "\n\n".join(parts) + "\n"


def _flat(name: str, module: ModuleType) -> str:
    """One line a name: where it is documented, or its own first line."""
    lines = []
    for public, value in public_names(module).items():
        text = _value(value)
        if _is_documented(value):
            owner, other = _owners()[id(value)]
            first = (inspect.getdoc(value) or "").splitlines()[:1]
            text = f"`{spelled(owner)}.{other}`" if owner != name else " ".join(first)
        lines.append(f"- `{public}`: {text}")
    return "\n".join(lines)
