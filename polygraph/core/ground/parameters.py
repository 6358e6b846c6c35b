"""Names of a function's parameters, read off its code: a thousand times while importing."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Parameters(NamedTuple):
    """Positional names (``*rest`` last), keyword-only names, and the defaults of those."""

    positional: tuple[str, ...]
    keywords: tuple[str, ...]
    defaults: dict[str, Any]


def parameters_of(function: Callable[..., Any]) -> Parameters:
    """The parameters of ``function``, which may be any callable."""
    code = getattr(function, "__code__", None)
    if code is None:
        return _by_signature(function)
    count = code.co_argcount
    after = count + code.co_kwonlyargcount
    names = code.co_varnames
    rest = names[after : after + 1] if code.co_flags & inspect.CO_VARARGS else ()
    defaults = function.__kwdefaults__ or {}
    return Parameters((*names[:count], *rest), names[count:after], dict(defaults))


def _by_signature(function: Callable[..., Any]) -> Parameters:
    found = inspect.signature(function).parameters.values()
    keywords = [parameter for parameter in found if parameter.kind is parameter.KEYWORD_ONLY]
    return Parameters(
        tuple(p.name for p in found if p.kind is not p.KEYWORD_ONLY),
        tuple(parameter.name for parameter in keywords),
        {p.name: p.default for p in keywords if p.default is not p.empty},
    )
