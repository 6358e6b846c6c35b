"""Which buffers a straight-line function writes to: planned from when values die.

A result of a ufunc goes to a pooled buffer that no living value uses. Ops that may give views
keep what they may look at alive. What leaves the function (fetches, carried values, new state)
is never pooled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polygraph.backends.numpy.expressions import plain
from polygraph.backends.numpy.table import FRESH, UFUNCS

if TYPE_CHECKING:
    from collections.abc import Collection

    from polygraph.core.ground.program import Block, Step, Value
    from polygraph.core.ground.signature import TensorType


@dataclass(slots=True, eq=False)
class Buffers:
    """The outcome of planning.

    Attributes:
      types: of each pooled buffer.
      of: the buffer that a value is written to.
      dies_after: per step, the values whose last use it is.
    """

    types: list[TensorType] = field(default_factory=list)
    of: dict[Value, int] = field(default_factory=dict)
    dies_after: list[list[Value]] = field(default_factory=list)


def is_ufunc(step: Step) -> bool:
    """Whether the step is one ufunc call on dtypes that need no widening."""
    return step.op in UFUNCS and all(plain(value.dtype) for value in step.operands)


def plan_buffers(block: Block) -> Buffers:
    """Buffers for the results of ufunc steps of ``block``."""
    bases = _bases(block)
    last_use = _last_use(block, bases)
    buffers = Buffers(dies_after=[[] for _ in block.steps])
    for value, index in last_use.items():
        if index < len(block.steps):
            buffers.dies_after[index].append(value)
    leaving = {base for result in block.results for base in bases.get(result, {result})}
    _assign(block, buffers, leaving)
    return buffers


def _bases(block: Block) -> dict[Value, frozenset[Value]]:
    """For each value, the values whose memory it may look at, itself included."""
    bases: dict[Value, frozenset[Value]] = {}
    for step in block.steps:
        seen: frozenset[Value] = frozenset()
        if step.op not in FRESH:
            for operand in step.operands:
                seen |= bases.get(operand, frozenset({operand}))
        for result in step.results:
            bases[result] = seen | {result}
    return bases


def _last_use(block: Block, bases: dict[Value, frozenset[Value]]) -> dict[Value, int]:
    last: dict[Value, int] = {}
    for index, step in enumerate(block.steps):
        for value in (*step.operands, *step.results):
            for base in bases.get(value, ()):
                last[base] = index
    for result in block.results:
        for base in bases.get(result, ()):
            last[base] = len(block.steps)
    return last


def _assign(block: Block, buffers: Buffers, leaving: Collection[Value]) -> None:
    free: dict[TensorType, list[int]] = {}
    for index, step in enumerate(block.steps):
        dying = [value for value in buffers.dies_after[index] if value in buffers.of]
        if is_ufunc(step) and step.results[0] not in leaving:
            _give(step, buffers, free, dying)
        for value in dying:
            free.setdefault(value.type, []).append(buffers.of[value])


def _give(
    step: Step, buffers: Buffers, free: dict[TensorType, list[int]], dying: list[Value]
) -> None:
    """A buffer for the step's result: that of an operand that dies here, a free one, a new one."""
    result = step.results[0]
    for operand in step.operands:
        # Elementwise in place: safe, as every element is read before it is written.
        if operand in dying and operand.type == result.type:
            buffers.of[result] = buffers.of[operand]
            dying.remove(operand)
            return
    available = free.get(result.type)
    if available:
        buffers.of[result] = available.pop()
        return
    buffers.of[result] = len(buffers.types)
    buffers.types.append(result.type)
