"""Composites that the backend does not claim become their bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.op import Composite
from polygraph.passes.rewrite import rewrite_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program, Step
    from polygraph.core.ground.signature import TensorType
    from polygraph.core.ground.trace import Array


def expand_composites(program: Program, backend: Backend) -> Program:
    """Replace composites that ``backend`` does not lower by their bodies, to any depth."""
    limited = {key[0] for key in backend.unsupported if isinstance(key, tuple)}

    def unclaimed(op: Op, operands: Sequence[TensorType]) -> bool:
        if not isinstance(op, Composite):
            return False
        if op not in backend.lowerings or op in backend.unsupported:
            return True
        return op in limited and any(
            (op, as_dtype(operand.dtype).name) in backend.unsupported for operand in operands
        )

    def rule(step: Step, operands: Sequence[Array]) -> Sequence[Array] | None:
        if not unclaimed(step.op, [operand.type for operand in step.operands]):
            return None
        raw = step.op.function(*operands, **step.attrs)
        return raw if isinstance(raw, tuple) else (raw,)

    return rewrite_program(program, rule, unclaimed)
