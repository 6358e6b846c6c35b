"""A plugin as it was written for contract 1. It is never edited: it has to work as it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.plugin import hookimpl

if TYPE_CHECKING:
    from polygraph.plugin import Executable, Program

SEEN: list[str] = []


@hookimpl
def polygraph_session_planned(program: Program) -> None:
    """Note it."""
    assert program.block.results
    SEEN.append("planned")


@hookimpl
def polygraph_session_compiled(program: Program, executable: Executable, seconds: float) -> None:
    """Note it."""
    assert program.block.results
    assert executable.tier
    assert seconds > 0
    SEEN.append("compiled")


@hookimpl
def polygraph_session_run_started(fetches: Any) -> None:
    """Note it."""
    assert fetches.tensors or fetches.operations
    SEEN.append("started")


@hookimpl
def polygraph_session_run_ended(fetches: Any, error: BaseException | None) -> None:
    """Note it."""
    assert fetches.tensors or fetches.operations
    assert error is None
    SEEN.append("ended")
