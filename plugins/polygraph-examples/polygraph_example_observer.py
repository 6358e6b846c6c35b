"""An observer: how often each set of fetches was run, and how long that took.

`WATCH` is what the entry point names; ``print(WATCH.report())`` says what it saw.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any

from polygraph.plugin import hookimpl


@dataclass
class Total:
    """What is known of one set of fetches: runs, those that raised, and seconds in all."""

    runs: int = 0
    errors: int = 0
    seconds: float = 0.0


class Watch:
    """Adds up runs by what they fetch; runs of several threads are kept apart."""

    polygraph_contract = (2,)

    def __init__(self) -> None:
        self.totals: dict[str, Total] = {}
        self._lock = threading.Lock()
        self._running = threading.local()

    @hookimpl
    def polygraph_session_run_started(self) -> None:
        """Note the time. Runs may nest: a host function can run another session."""
        self._stack().append(time.perf_counter())

    @hookimpl
    def polygraph_session_run_ended(self, fetches: Any, error: BaseException | None) -> None:
        """Add the run to its total."""
        seconds = time.perf_counter() - self._stack().pop()
        names = [item.name for item in (*fetches.tensors, *fetches.operations)]
        with self._lock:
            total = self.totals.setdefault(", ".join(names), Total())
            total.runs += 1
            total.errors += error is not None
            total.seconds += seconds

    def _stack(self) -> list[float]:
        if not hasattr(self._running, "stack"):
            self._running.stack = []
        stack: list[float] = self._running.stack
        return stack

    def report(self) -> str:
        """One line for each set of fetches, the longest in all first."""
        with self._lock:
            found = sorted(self.totals.items(), key=lambda item: -item[1].seconds)
        return "".join(
            f"{total.seconds:8.3f} s in {total.runs} runs, {total.errors} errors: {names}\n"
            for names, total in found
        )


WATCH = Watch()
"""The one that the entry point names."""
