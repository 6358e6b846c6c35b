"""The plugin surface: pluggy hook specifications, and the manager that holds the plugins.

Backends in the box use the same hooks as a stranger's.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from polygraph.core.ground.backend import Backend, Executable, Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.program import Program

PROJECT = "polygraph"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs:
    """Every hook that a plugin may implement."""

    @hookspec(firstresult=True)
    def polygraph_make_backend(
        self,
        name: str,
        device: str,
        config: Mapping[str, Any],
        lowerings: Mapping[Op, Lowering],
    ) -> Backend | None:
        """Make a live backend for one session; called once a session.

        Args:
          name: ``name@distribution`` of the backend that is wanted.
          device: the device asked for, ``""`` for the default.
          config: the session's options for the backend.
          lowerings: what plugins bring for the backend, to go before its own.
        """

    @hookspec
    def polygraph_lowerings(  # type: ignore[empty-body]
        self, backend: str
    ) -> Mapping[Op, Lowering]:
        """More lowerings for a backend that the plugin does not own; asked once a session.

        A lowering takes the backend's own arrays, and attributes as keywords. It goes before the
        backend's; that of a composite claims it. Control flow cannot be replaced.

        Args:
          backend: the backend's name; give nothing for one that the plugin does not know.
        """

    @hookspec
    def polygraph_passes(self) -> Iterable[Any]:  # type: ignore[empty-body]
        """More passes, ``(program, backend) -> program``, to run before legalisation.

        polygraph's own passes run before them and again after them, so a pass sees no composite
        that the backend does not claim, and may bring some in.
        """

    @hookspec
    def polygraph_session_planned(self, program: Program) -> None:
        """A Program has been planned, before passes."""

    @hookspec
    def polygraph_session_compiled(
        self, program: Program, executable: Executable, seconds: float
    ) -> None:
        """A Program has been compiled, in ``seconds``; `program` is what the backend got."""

    @hookspec
    def polygraph_session_host_loop(self, operation: Operation, reason: str) -> None:
        """A loop cannot be compiled, for the ``reason`` given: polygraph drives it, from Python.

        Its condition and its body are plans of their own; their Programs bear the loop's name.
        """

    @hookspec
    def polygraph_session_run_started(self, fetches: Any) -> None:
        """A run begins."""

    @hookspec
    def polygraph_session_run_ended(self, fetches: Any, error: BaseException | None) -> None:
        """A run has ended, with the error that it raises, if any."""


@cache
def plugin_manager() -> pluggy.PluginManager:
    """The one plugin manager of the process."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(HookSpecs)
    return manager
