"""Composites that the backend does not claim become their bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.op import Composite
from polygraph.passes.rewrite import rewrite_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program, Step
    from polygraph.core.ground.trace import Array


def lowers(backend: Backend, op: Op, dtypes: Sequence[str]) -> bool:
    """Whether ``backend`` lowers ``op`` at the operand dtypes given by name."""
    if op not in backend.lowerings or op in backend.unsupported:
        return False
    return not any((op, dtype) in backend.unsupported for dtype in dtypes)


def expand_composites(program: Program, backend: Backend) -> Program:
    """Replace unclaimed composites by their bodies, until none is left."""

    def rule(step: Step, operands: Sequence[Array]) -> Sequence[Array] | None:
        if not isinstance(step.op, Composite) or lowers(
            backend, step.op, [operand.dtype.name for operand in step.operands]
        ):
            return None
        raw = step.op.function(*operands, **step.attrs)
        return raw if isinstance(raw, tuple) else (raw,)

    while True:
        expanded = rewrite_program(program, rule)
        if not _has_unclaimed(expanded, backend):
            return expanded
        program = expanded


def _has_unclaimed(program: Program, backend: Backend) -> bool:
    pending = [program.block]
    while pending:
        for step in pending.pop().steps:
            names = [operand.dtype.name for operand in step.operands]
            if isinstance(step.op, Composite) and not lowers(backend, step.op, names):
                return True
            pending.extend(inner for _, inner in step.blocks())
    return False
