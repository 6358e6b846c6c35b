"""An observer for tests."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from polygraph.plugin import hookimpl, register_plugin, unregister_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator


class Seen:
    """What sessions say while it is registered.

    Attributes:
      ops: names of the ops of all that was compiled.
      events: names of the events, in order.
      errors: what ended runs, None where they went well.
    """

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.events: list[str] = []
        self.errors: list[BaseException | None] = []

    @hookimpl
    def polygraph_session_planned(self) -> None:
        self.events.append("planned")

    @hookimpl
    def polygraph_session_compiled(self, program: Any, seconds: float) -> None:
        assert seconds > 0
        self.events.append("compiled")
        self.ops += [step.op.name for step in program.block.steps]

    @hookimpl
    def polygraph_session_run_started(self, fetches: Any) -> None:
        assert fetches.tensors or fetches.operations
        self.events.append("started")

    @hookimpl
    def polygraph_session_run_ended(self, error: BaseException | None) -> None:
        self.events.append("ended")
        self.errors.append(error)


@contextlib.contextmanager
def watching() -> Iterator[Seen]:
    """An observer of the sessions that are made inside."""
    seen = Seen()
    register_plugin(seen)
    try:
        yield seen
    finally:
        unregister_plugin(seen)
