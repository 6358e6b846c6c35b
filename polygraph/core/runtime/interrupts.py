"""Ctrl-C while state is written in place: held back until the state is whole again."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class DeferredInterrupt:
    """Holds SIGINT back for the duration of a block, and lets it take effect at the end.

    Python runs signal handlers between two bytecodes of the main thread. A backend that updates
    state in place has many of those between its first write and its last.
    """

    __slots__ = ("_before", "_noted")

    def __init__(self) -> None:
        self._before: Callable[[int, Any], Any] | int | None = None
        self._noted = False

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)

    def _note(self, *_: object) -> None:
        self._noted = True

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            if self._noted:
                signal.raise_signal(signal.SIGINT)
