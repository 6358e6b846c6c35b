"""Every step must be one that the backend lowers; nothing else ever steps in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.errors import UnsupportedOpError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.program import Program, Step


def unsupported_steps(program: Program, backend: Backend) -> Iterator[tuple[Step, str]]:
    """The steps that ``backend`` does not lower, each with the reason that it gives."""
    pending = [program.block]
    while pending:
        for step in pending.pop().steps:
            pending.extend(inner for _, inner in step.blocks())
            reason = _reason(step, backend)
            if reason is not None:
                yield step, reason


def _reason(step: Step, backend: Backend) -> str | None:
    found = backend.unsupported.get(step.op)
    if found is not None:
        return found
    for value in (*step.operands, *step.results):
        found = backend.unsupported.get((step.op, as_dtype(value.dtype).name))
        if found is not None:
            return found
    return None if step.op in backend.lowerings else "it has no lowering for it"


def require_lowerings(program: Program, backend: Backend) -> Program:
    """``program`` itself.

    Raises:
      UnsupportedOpError: a step has no lowering; names the op, the backend and the user's line.
    """
    for step, reason in unsupported_steps(program, backend):
        frame = None if step.source is None else step.source.frame
        raise UnsupportedOpError(step.op.name, backend.name, reason=reason, frame=frame)
    return program
