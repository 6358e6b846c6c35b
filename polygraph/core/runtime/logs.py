"""``POLYGRAPH_LOG``: what sessions plan, compile and find again, and how long it took.

The variable holds topics with commas between them. Each is a logger of Python's `logging`, which
a program may also set up by itself; the variable gives it a handler that writes to stderr.
"""

from __future__ import annotations

import logging
import os
import sys
import warnings
from typing import Any

VARIABLE = "POLYGRAPH_LOG"

TOPICS: dict[str, str] = {
    "plan": "each stage planned: its steps, its feeds, what the next stage waits for, the time",
    "compile": "each executable made: its steps, its tier, the time of passes and compiler",
    "cache": "each look for a plan or an executable: a hit or a miss",
}
"""The topics, and what each logs."""

_FORMAT = "polygraph %(topic)s: %(message)s"


class _ToStderr(logging.Handler):
    """Writes a line for each record to what is stderr at that moment."""

    def __init__(self, topic: str) -> None:
        super().__init__()
        self._topic = topic

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        record.topic = self._topic
        sys.stderr.write(logging.Formatter(_FORMAT).format(record) + "\n")


def logger(topic: str) -> logging.Logger:
    """The logger of a topic of `TOPICS`."""
    return logging.getLogger(f"polygraph.{topic}")


def configure_logs() -> None:
    """Let the topics that the environment variable names write to stderr; called by sessions."""
    asked = [topic.strip() for topic in os.environ.get(VARIABLE, "").split(",")]
    for topic in filter(None, asked):
        if topic in TOPICS:
            _show(topic)
        else:
            warnings.warn(
                f"{VARIABLE} names {topic!r}, which is no topic; there are {', '.join(TOPICS)}",
                RuntimeWarning,
                stacklevel=4,
            )


def _show(topic: str) -> None:
    found = logger(topic)
    if any(isinstance(handler, _ToStderr) for handler in found.handlers):
        return
    found.addHandler(_ToStderr(topic))
    found.setLevel(logging.DEBUG)
    found.propagate = False


class _LoggedCache(dict[Any, Any]):
    """A dict that logs each `get`: a cache that is watched costs more, one that is not nothing."""

    def get(self, key: Any, default: Any = None) -> Any:
        """As a dict's."""
        found = super().get(key, default)
        logger("cache").debug("plan %s: %s", "miss" if found is None else "hit", _text(key))
        return found


def _text(key: Any) -> str:
    """A run's key for people: tensors and operations by name, the structure around them left."""
    if isinstance(key, tuple) and not all(isinstance(item, int) for item in key):
        return f"({', '.join(map(_text, key))})"
    if isinstance(key, type):
        return key.__name__
    return str(getattr(key, "name", key))


def plan_cache() -> dict[Any, Any]:
    """An empty dict for a session's plans; one that logs where somebody listens."""
    return _LoggedCache() if logger("cache").isEnabledFor(logging.DEBUG) else {}
