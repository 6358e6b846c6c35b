"""Session options, backends' options and log topics, from the tables that the code goes by."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import polygraph.backends
from polygraph.core.runtime.config import HONOURED, IGNORED
from polygraph.core.runtime.logs import TOPICS

if TYPE_CHECKING:
    from collections.abc import Mapping


def session_options(_: str) -> str:
    """Two tables: what is honoured, and what is ignored and why."""
    honoured = _table("field", "what it does", HONOURED)
    ignored = _table("field", "why nothing comes of it", IGNORED)
    return f"## Honoured\n\n{honoured}\n\n## Ignored\n\n{ignored}\n"


def backend_options(_: str) -> str:
    """A table for each backend in the box that has options."""
    parts = []
    for module in pkgutil.iter_modules(polygraph.backends.__path__):
        spec = importlib.import_module(f"polygraph.backends.{module.name}.spec")
        if hasattr(spec, "OPTIONS"):
            parts.append(f"### {module.name}\n\n{_table('key', 'meaning', spec.OPTIONS)}")
    return "\n\n".join(parts) + "\n"


def log_topics(_: str) -> str:
    """The topics of ``POLYGRAPH_LOG``."""
    return _table("topic", "what it logs", TOPICS) + "\n"


def _table(left: str, right: str, rows: Mapping[str, str]) -> str:
    lines = [f"| {left} | {right} |", "| --- | --- |"]
    lines += [f"| `{name}` | {text} |" for name, text in rows.items()]
    return "\n".join(lines)
