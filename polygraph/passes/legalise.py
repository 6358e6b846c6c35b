"""Every step must be one that the backend lowers; nothing else ever steps in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.errors import UnsupportedOpError
from polygraph.ops.primitives.control import cond, while_loop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program, Step

_CONTROL_FLOW = (cond, while_loop)


def unsupported_steps(program: Program, backend: Backend) -> Iterator[tuple[Step, str]]:
    """The steps that ``backend`` does not lower, each with the reason that it gives."""
    found: dict[object, str | None] = {}
    pending = [program.block]
    while pending:
        for step in pending.pop().steps:
            pending.extend(inner for _, inner in step.blocks())
            dtypes = [value.type.dtype for value in (*step.operands, *step.results)]
            key = (step.op, *dtypes)
            if key not in found:
                names = [as_dtype(dtype).name for dtype in dtypes]
                found[key] = limit_of(backend, step.op, names)
            reason = found[key]
            if reason is not None:
                yield step, reason


def dtype_limit(backend: Backend, dtype: str) -> str | None:
    """Why ``backend`` does not hold a dtype, given by name; None where it does."""
    if dtype in backend.capabilities.dtypes:
        return None
    return backend.unsupported.get(dtype, f"it does not hold {dtype}")


def limit_of(backend: Backend, op: Op, dtypes: Sequence[str]) -> str | None:
    """Why ``backend`` does not lower ``op`` at operands and results of ``dtypes``, by name.

    None where it does. A dtype that the backend does not declare is one that it does not hold:
    no Program with one reaches it.
    """
    found = backend.unsupported.get(op)
    for dtype in dtypes:
        found = found or backend.unsupported.get((op, dtype))
        found = found or dtype_limit(backend, dtype)
    if found is not None:
        return found
    if op in _CONTROL_FLOW and not backend.capabilities.control_flow:
        return "it declares no control flow"
    return None if op in backend.lowerings else "its table of lowerings leaves it out"


def require_lowerings(program: Program, backend: Backend) -> Program:
    """``program`` itself.

    Raises:
      UnsupportedOpError: a step has no lowering, or a parameter a dtype that the backend does not
        hold; names the op, the backend and the user's line.
    """
    for value, parameter in zip(
        program.block.parameters, (*program.state, *program.feeds), strict=True
    ):
        limit = dtype_limit(backend, as_dtype(value.dtype).name)
        if limit is not None:
            raise UnsupportedOpError(
                parameter.name, backend.name, reason=limit, frame=parameter.frame
            )
    for step, reason in unsupported_steps(program, backend):
        frame = None if step.source is None else step.source.frame
        raise UnsupportedOpError(step.op.name, backend.name, reason=reason, frame=frame)
    return program
