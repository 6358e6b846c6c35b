"""Puts what the code says into the pages of the reference.

A page holds ``<!-- generated: NAME ARGUMENT -->`` where the text that a function of `WRITERS`
gives is to stand. The text is Markdown; nothing is written to disk.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import api
import commands
import hooks
import options
import registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from sphinx.application import Sphinx

WRITERS: dict[str, Callable[[str], str]] = {
    "namespace": api.namespace,
    "other-namespaces": api.other_namespaces,
    "op-types": registry.op_types,
    "primitives": registry.primitives,
    "composites": registry.composites,
    "commands": commands.commands,
    "session-options": options.session_options,
    "backend-options": options.backend_options,
    "log-topics": options.log_topics,
    "hook": hooks.hook,
    "error": hooks.error,
    "error-codes": hooks.error_codes,
}

_PLACE = re.compile(r"<!-- generated: ([\w-]+) ?([\w.]*) -->")


def fill(text: str) -> str:
    """A page's text with everything that is generated in its place."""
    return _PLACE.sub(lambda place: WRITERS[place[1]](place[2]), text)


_GLUED = re.compile(r"(?<!`)(`[^`\n]+`)(?=\w)")


def _plain(
    _app: Sphinx, _what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Docstrings are plain text: in reStructuredText a plural of a quoted name is an error."""
    lines[:] = [_GLUED.sub(r"\1\\ ", line) for line in lines]


def _read(_app: Sphinx, _page: str, source: list[str]) -> None:
    source[0] = fill(source[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("source-read", _read)
    app.connect("autodoc-process-docstring", _plain)
    return {"parallel_read_safe": True}
