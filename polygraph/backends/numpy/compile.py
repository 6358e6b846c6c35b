"""A Program becomes one Python function of NumPy calls."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.backends.numpy.emit import emit
from polygraph.backends.numpy.table import FRESH
from polygraph.core.ground.backend import RunResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.program import Program, Value

    Array = np.ndarray[Any, Any]

POOL_LIMIT = 8
"""Sets of buffers kept for runs that go side by side."""


class StraightLine:
    """The executable: a generated function, and a pool of the buffers that it writes to."""

    tier = "instant"

    def __init__(self, program: Program) -> None:
        source, objects, buffers = emit(program.block, "step")
        scope: dict[str, Any] = dict(objects)
        exec(compile(source, f"<{program.name}>", "exec"), scope)  # noqa: S102 - our own source
        self.source = source
        self._function: Callable[[Sequence[Array], Sequence[Array]], list[Array]] = scope["step"]
        self._types = buffers.types
        self._pool: deque[list[Array]] = deque(maxlen=POOL_LIMIT)
        self._fetched = program.fetches
        self._carried = program.fetches + program.carries
        self._updated = self._carried + len(program.updates)
        self._updates = program.updates
        self._copied = _to_copy(program)

    def __call__(self, state: Sequence[Array], feeds: Sequence[Array]) -> RunResult:
        """Run once; errors as in `Executable`."""
        try:
            buffers = self._pool.pop()
        except IndexError:
            buffers = [np.empty(type_.shape, type_.dtype) for type_ in self._types]
        with np.errstate(all="ignore"):
            results = self._function([*state, *feeds], buffers)
        for index in self._copied:
            results[index] = results[index].copy()
        self._pool.append(buffers)
        failed = -1
        for index, flag in enumerate(results[self._updated :]):
            if not flag:
                failed = index
                break
        updates = results[self._carried : self._updated]
        if failed >= 0:
            updates = [state[index] for index in self._updates]
        return RunResult(
            (results[: self._fetched], results[self._fetched : self._carried], updates, failed)
        )


def _to_copy(program: Program) -> list[int]:
    """Results that share memory with something else: a view, a parameter, another result."""
    fresh = {value for step in program.block.steps if step.op in FRESH for value in step.results}
    seen: set[Value] = set()
    copied: list[int] = []
    flags = len(program.checks)
    for index, value in enumerate(program.block.results[: len(program.block.results) - flags]):
        if value not in fresh or value in seen or _is_viewed(program, value):
            copied.append(index)
        seen.add(value)
    return copied


def _is_viewed(program: Program, value: Value) -> bool:
    """Whether a step that may give views looks at ``value`` and leaves."""
    return any(value in step.operands and step.op not in FRESH for step in program.block.steps)
