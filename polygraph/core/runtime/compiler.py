"""From a Program to an executable: passes, verification, the backend, and the cache."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.fingerprint import fingerprint
from polygraph.core.ground.hooks import plugin_manager
from polygraph.core.ground.verifier import verify
from polygraph.core.runtime.logs import logger
from polygraph.passes import PIPELINE

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.backend import Backend, Executable
    from polygraph.core.ground.program import Program

log, cache_log = logger("compile"), logger("cache")

VERIFY_EACH = os.environ.get("POLYGRAPH_VERIFY") == "each"
"""Verify after every pass, to find the one at fault: on in our own tests."""

CACHE_LIMIT = 512
"""Executables that one session keeps; the least recently used goes first."""


class Compiler:
    """Compiles Programs for one session's backend, each different one once."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, Executable] = OrderedDict()
        hook = plugin_manager().hook
        self._passes: list[Callable[..., Program]] = [
            extra for extras in hook.polygraph_passes() for extra in extras
        ]
        self._planned = hook.polygraph_session_planned
        self._compiled = hook.polygraph_session_compiled

    def optimise(self, program: Program) -> Program:
        """``program`` after all passes, verified at the end, or between any two of them.

        Raises:
          UnsupportedOpError: a step has no lowering.
        """
        *rewrites, legalise = PIPELINE
        for rewrite in (*rewrites, *self._passes, legalise):
            if VERIFY_EACH:
                verify(program)
            program = rewrite(program, self._backend)
        verify(program)
        return program

    def __call__(self, program: Program) -> Executable:
        """The executable of ``program``; from the cache where an equal one was compiled."""
        self._planned(program=program)
        start = time.perf_counter()
        optimised = self.optimise(program)
        key = fingerprint(optimised)
        passes = time.perf_counter() - start
        with self._lock:
            found = self._cache.get(key)
            if found is not None:
                self._cache.move_to_end(key)
                cache_log.debug("executable hit: %s", key[:12])
                return found
        cache_log.debug("executable miss: %s", key[:12])
        start = time.perf_counter()
        executable = self._backend.compile(optimised)
        seconds = time.perf_counter() - start
        log.info(
            "%s: %d steps, tier %s, passes %.1f ms, compiler %.1f ms",
            key[:12], len(optimised.block.steps), executable.tier, 1000 * passes, 1000 * seconds,
        )  # fmt: skip
        self._compiled(program=optimised, executable=executable, seconds=seconds)
        with self._lock:
            self._cache[key] = executable
            if len(self._cache) > CACHE_LIMIT:
                self._cache.popitem(last=False)
        return executable

    def stats(self) -> dict[str, Any]:
        """How many executables are kept."""
        return {"executables": len(self._cache)}
