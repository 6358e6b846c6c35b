"""Ops that the backend computes in a wider dtype get casts around them.

Only pairs that a backend lists in `Backend.widened` are touched; it lists those where computing
in the wider dtype and casting back is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.dtypes import as_dtype
from polygraph.ops.primitives.elementwise import cast
from polygraph.passes.rewrite import rewrite_program

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.program import Program, Step
    from polygraph.core.ground.trace import Array


def widen_dtypes(program: Program, backend: Backend) -> Program:
    """Cast operands of listed ops to the wider dtype, and results back."""
    if not backend.widened:
        return program

    def rule(step: Step, operands: Sequence[Array]) -> Sequence[Array] | None:
        for operand in step.operands:
            wider = backend.widened.get((step.op, as_dtype(operand.dtype).name))
            if wider is not None:
                return _in_dtype(step, operands, operand.dtype, as_dtype(wider).np_dtype)
        return None

    return rewrite_program(program, rule)


def _in_dtype(
    step: Step,
    operands: Sequence[Array],
    narrow: np.dtype[np.generic],
    wide: np.dtype[np.generic],
) -> Sequence[Array]:
    narrower = {id(item): item for item in operands if item.dtype == narrow}
    cast_once = {key: cast(item, dtype=wide) for key, item in narrower.items()}
    raw = step.op(*[cast_once.get(id(item), item) for item in operands], **step.attrs)
    results = raw if isinstance(raw, tuple) else (raw,)
    return [
        cast(item, dtype=old.dtype) if item.dtype != old.dtype else item
        for item, old in zip(results, step.results, strict=True)
    ]
