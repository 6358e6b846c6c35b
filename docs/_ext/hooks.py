"""Hooks and error classes: signature and meaning, from the code."""

from __future__ import annotations

import inspect

from polygraph import errors
from polygraph.core.ground.hooks import PROJECT, HookSpecs


def hook_names() -> list[str]:
    """Every hook that there is."""
    return [name for name in vars(HookSpecs) if name.startswith(f"{PROJECT}_")]


def error_names() -> list[str]:
    """Every error class that there is."""
    return sorted(name for name in errors.__all__ if inspect.isclass(getattr(errors, name)))


def hook(name: str) -> str:
    """One hook: how it is called, and what its specification says."""
    function = getattr(HookSpecs, name)
    parameters = list(inspect.signature(function).parameters)[1:]
    first = getattr(function, f"{PROJECT}_spec")["firstresult"]
    asked = "the first answer that is not None is taken" if first else "all plugins are called"
    doc = inspect.getdoc(function) or ""
    return f"`{name}({', '.join(parameters)})`: {asked}.\n\n```text\n{doc}\n```"


def error(name: str) -> str:
    """One error class: its base, its code, and its first line."""
    cls = getattr(errors, name)
    base = cls.__mro__[1]
    base = cls.__mro__[2] if base.__name__.startswith("_") else base
    code = f", code {cls.code}" if hasattr(cls, "code") else ""
    doc = (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ")
    return f"`tf.errors.{name}`, a `{base.__name__}`{code}: {doc}"


def error_codes(_: str) -> str:
    """The constants that `OpError.error_code` may be."""
    codes = {name: getattr(errors, name) for name in errors.__all__ if name.isupper()}
    rows = [f"| `tf.errors.{name}` | {codes[name]} |" for name in sorted(codes, key=codes.get)]
    return "\n".join(["| constant | code |", "| --- | --- |", *rows]) + "\n"
