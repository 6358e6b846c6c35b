"""`tf.logging`: the program's messages to people, through Python's own logging."""

from __future__ import annotations

import logging
import sys
from typing import Any

__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "debug",
    "error",
    "fatal",
    "flush",
    "get_verbosity",
    "info",
    "log",
    "log_every_n",
    "log_first_n",
    "log_if",
    "set_verbosity",
    "vlog",
    "warn",
    "warning",
]

DEBUG = logging.DEBUG
INFO = logging.INFO
WARN = logging.WARNING
ERROR = logging.ERROR
FATAL = logging.FATAL

_LOGGER = logging.getLogger("polygraph")
_FORMAT = "%(levelname)s:%(name)s:%(message)s"
_seen: dict[tuple[str, int], int] = {}


def _logger() -> logging.Logger:
    if not _LOGGER.handlers and not logging.getLogger().handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter(_FORMAT))
        _LOGGER.addHandler(handler)
    return _LOGGER


def log(level: int, msg: str, *args: Any) -> None:
    """Say something at a level; ``args`` fill the ``%`` marks of ``msg``."""
    _logger().log(level, msg, *args)


def debug(msg: str, *args: Any) -> None:
    """Say something for developers."""
    log(DEBUG, msg, *args)


def info(msg: str, *args: Any) -> None:
    """Say how things go."""
    log(INFO, msg, *args)


def warning(msg: str, *args: Any) -> None:
    """Say that something may be wrong."""
    log(WARN, msg, *args)


warn = warning


def error(msg: str, *args: Any) -> None:
    """Say that something is wrong."""
    log(ERROR, msg, *args)


def fatal(msg: str, *args: Any) -> None:
    """Say that all is lost; the program goes on none the less, as in TF1."""
    log(FATAL, msg, *args)


vlog = log


def get_verbosity() -> int:
    """The level below which nothing is shown; at first `WARN`."""
    return _LOGGER.getEffectiveLevel()


def set_verbosity(v: int) -> None:
    """Show nothing below level ``v``."""
    _LOGGER.setLevel(v)


def _times_called_from_here() -> int:
    frame = sys._getframe(2)  # noqa: SLF001 - the caller's line is what counts
    place = (frame.f_code.co_filename, frame.f_lineno)
    _seen[place] = _seen.get(place, -1) + 1
    return _seen[place]


def log_every_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Say something at the first of every ``n`` calls from this line."""
    if _times_called_from_here() % n == 0:
        log(level, msg, *args)


def log_first_n(level: int, msg: str, n: int, *args: Any) -> None:
    """Say something at the first ``n`` calls from this line."""
    if _times_called_from_here() < n:
        log(level, msg, *args)


def log_if(level: int, msg: str, condition: Any, *args: Any) -> None:
    """Say something where ``condition`` holds."""
    if condition:
        log(level, msg, *args)


def flush() -> None:
    """Write out what was said."""
    for handler in _LOGGER.handlers:
        handler.flush()
