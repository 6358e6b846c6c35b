"""Int vectors of which a part is known at plan time, such as the begin of ``x[i, 2:5]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.program import Value
from polygraph.core.ground.trace import current_builder
from polygraph.ops.primitives import elementwise as ew, shaping as prims

if TYPE_CHECKING:
    from polygraph.core.ground.program import Step
    from polygraph.core.ground.trace import Array


def _producer(value: Value) -> Step | None:
    """The step of the open builder that gives ``value``."""
    builder = current_builder()
    if builder is not None:
        for step in reversed(builder.steps):
            if value in step.results:
                return step
    return None


def _known_or_value(value: Value) -> Array:
    builder = current_builder()
    known = None if builder is None else builder.constants.get(value)
    return value if known is None else known


def elements(vector: Array) -> list[int | Value]:
    """The entries of an int vector: ints where they are known, scalar values where not.

    A value that was stacked or concatenated of scalars keeps what is known of them.
    """
    if not isinstance(vector, Value):
        return [int(item) for item in np.asarray(vector).reshape(-1)]
    step = _producer(vector)
    if step is not None and step.op is prims.stack and len(vector.shape) == 1:
        pieces = [_known_or_value(operand) for operand in step.operands]
        return [piece if isinstance(piece, Value) else int(piece) for piece in pieces]
    if step is not None and step.op is prims.concatenate:
        return [item for operand in step.operands for item in elements(_known_or_value(operand))]
    return [_entry(vector, index) for index in range(vector.shape[0])]


def _entry(vector: Value, index: int) -> Any:
    one = prims.strided_slice(vector, begin=(index,), end=(index + 1,), strides=(1,))
    return prims.reshape(one, shape=())


def constant_distance(begin: Any, end: Any) -> int | None:
    """``end - begin`` where ``end`` was computed as ``begin`` plus a known number."""
    step = _producer(end) if isinstance(end, Value) else None
    if step is None or step.op is not ew.add or begin not in step.operands:
        return None
    one, other = step.operands
    added = _known_or_value(other if one is begin else one)
    return None if isinstance(added, Value) else int(added)
