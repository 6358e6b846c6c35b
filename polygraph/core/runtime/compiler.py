"""From a Program to an executable: passes, verification, the backend, and the cache."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import ContractError, OpError
from polygraph.core.ground.fingerprint import fingerprint
from polygraph.core.ground.program import Program
from polygraph.core.ground.verifier import VerificationError, verify
from polygraph.core.runtime.engine_errors import engine_error
from polygraph.core.runtime.hook_calls import session_hooks
from polygraph.core.runtime.logs import logger
from polygraph.core.runtime.plugins import blame
from polygraph.core.runtime.verified import VerifiedExecutable
from polygraph.passes import PIPELINE

if TYPE_CHECKING:
    from polygraph.core.ground.backend import Backend, Executable
    from polygraph.core.runtime.hook_calls import PluginPass, SessionHooks
    from polygraph.passes import Pass

log, cache_log = logger("compile"), logger("cache")

VERIFY_RESULTS = bool(os.environ.get("POLYGRAPH_VERIFY"))
"""Check after every run that the backend's results are what the contract says."""

VERIFY_EACH = os.environ.get("POLYGRAPH_VERIFY") == "each"
"""Verify after every pass, to find the one at fault: on in our own tests."""

CACHE_LIMIT = 512
"""Executables that one session keeps; the least recently used goes first."""


class Compiler:
    """Compiles Programs for one session's backend, each different one once."""

    def __init__(
        self,
        backend: Backend,
        hooks: SessionHooks | None = None,
        *,
        verify_results: bool = VERIFY_RESULTS,
    ) -> None:
        """Compile for ``backend``.

        Args:
          backend: a live one.
          hooks: of the session; those of the plugins that there are, by default.
          verify_results: check what executables give, on every run.
        """
        self._backend = backend
        self._lock = threading.Lock()
        self._cache: OrderedDict[str, Executable] = OrderedDict()
        self._hooks = hooks or session_hooks()
        self._passes = list(self._hooks.passes)
        self._verify_results = verify_results

    def optimise(self, program: Program) -> Program:
        """``program`` after all passes, verified at the end, or between any two of them.

        Raises:
          UnsupportedOpError: a step has no lowering.
        """
        *rewrites, legalise = PIPELINE
        for rewrite in rewrites:
            program = self._rewritten(program, rewrite)
        if self._passes:
            for extra in list(self._passes):
                program = self._passed(program, extra)
            # A plugin's pass may have brought in what polygraph's own passes do away with.
            for rewrite in rewrites:
                program = self._rewritten(program, rewrite)
        program = self._rewritten(program, legalise)
        verify(program)
        return program

    def _rewritten(self, program: Program, rewrite: Pass) -> Program:
        if VERIFY_EACH:
            verify(program)
        return rewrite(program, self._backend)

    def _passed(self, program: Program, extra: PluginPass) -> Program:
        """``program`` after a plugin's pass, or as it was: then the pass is not used again."""
        try:
            result = extra.function(program, self._backend)
            _require_same_layout(program, result)
            verify(result)
        except Exception as error:  # noqa: BLE001 - a stranger's; the Program is whole without it
            self._passes.remove(extra)
            name = getattr(extra.function, "__name__", extra.function)
            blame(extra.label, f"its pass {name} failed", error)
            return program
        return result  # type: ignore[no-any-return]

    def __call__(self, program: Program) -> Executable:
        """The executable of ``program``; from the cache where an equal one was compiled."""
        for observer in self._hooks.planned:
            observer(program=program)
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
        executable = self._compile(optimised)
        seconds = time.perf_counter() - start
        log.info(
            "%s: %d steps, tier %s, passes %.1f ms, compiler %.1f ms",
            key[:12], len(optimised.block.steps), executable.tier, 1000 * passes, 1000 * seconds,
        )  # fmt: skip
        for observer in self._hooks.compiled:
            observer(program=optimised, executable=executable, seconds=seconds)
        with self._lock:
            self._cache[key] = executable
            if len(self._cache) > CACHE_LIMIT:
                self._cache.popitem(last=False)
        return executable

    def _compile(self, program: Program) -> Executable:
        """What the backend makes of it.

        Raises:
          ContractError: it is no executable.
          InternalError: the backend failed; the cause is chained.
        """
        try:
            executable = self._backend.compile(program)
        except OpError:
            raise
        except Exception as error:
            raise engine_error(self._backend.name, f"compiling {program.name!r}", error) from error
        if not callable(executable) or not isinstance(getattr(executable, "tier", None), str):
            raise ContractError(
                f"the backend {self._backend.name!r} compiled {program.name!r} to {executable!r}, "
                "which is no Executable",
                fix="give an object that is called with state and feeds, and has a `tier`",
            )
        if self._verify_results:
            return VerifiedExecutable(executable, program, self._backend)
        return executable

    def stats(self) -> dict[str, Any]:
        """How many executables are kept."""
        return {"executables": len(self._cache)}


def _require_same_layout(old: Program, new: object) -> None:
    """A pass may change what is computed, not what goes in and comes out."""
    if not isinstance(new, Program):
        raise VerificationError(f"it gave {new!r}, which is no Program")
    if _layout(old) != _layout(new):
        raise VerificationError("it changed what the Program takes or gives")


def _layout(program: Program) -> tuple[object, ...]:
    block = program.block
    types = [value.type for value in (*block.parameters, *block.results)]
    counts = (program.fetches, program.carries, program.updates, len(program.checks))
    return (types, len(block.parameters), *counts)
