"""Which buffers a straight-line function writes to: planned from when values die.

A result of a ufunc, or of a large product of matrices, goes to a pooled buffer that no living
value uses. Ops that may give views keep what they may look at alive. What leaves the function
(fetches, carried values, new state) is never pooled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polygraph.backends.numpy.expressions import is_matrix_product, is_ufunc
from polygraph.backends.numpy.runs import Run, find_runs, part_type
from polygraph.backends.numpy.table import FRESH
from polygraph.core.ground.signature import broadcast_shapes
from polygraph.ops.primitives import shaping

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from polygraph.core.ground.program import Block, Step, Value
    from polygraph.core.ground.signature import TensorType

    Free = dict[TensorType, list[int]]
    """Buffers that no living value uses."""


LARGE_PRODUCT = 8192
"""Elements from which on `numpy.matmul` into a buffer is faster than `numpy.dot`, which takes less
time to call but fills its result with zeros first."""


@dataclass(slots=True, eq=False)
class Buffers:
    """The outcome of planning.

    Attributes:
      types: of each pooled buffer.
      of: the buffer that a value is written to; for what only a run uses, a buffer of a part.
      runs: see `find_runs`.
      dies_after: per step, the values whose last use it is.
    """

    types: list[TensorType] = field(default_factory=list)
    of: dict[Value, int] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    dies_after: list[list[Value]] = field(default_factory=list)


def is_large_product(step: Step) -> bool:
    """Whether the step is a product of matrices that is worth a buffer."""
    return is_matrix_product(step) and step.results[0].size >= LARGE_PRODUCT


def implied_broadcasts(block: Block) -> set[Value]:
    """Results of `broadcast_to` that need not be made.

    Only ufuncs use them, and broadcast what they are made of to the same shape.
    """
    small = {s.results[0]: s.operands[0] for s in block.steps if s.op is shaping.broadcast_to}
    needed = {*block.results}
    for step in block.steps:
        if small.keys().isdisjoint(step.operands):
            continue
        shapes = [small.get(operand, operand).shape for operand in step.operands]
        if not (is_ufunc(step) and broadcast_shapes(shapes) == step.results[0].shape):
            needed.update(step.operands)
    return small.keys() - needed


def plan_buffers(block: Block) -> Buffers:
    """Buffers for the results of ufunc steps and large products of ``block``."""
    bases = _bases(block)
    last_use = _last_use(block, bases)
    buffers = Buffers(runs=find_runs(block), dies_after=[[] for _ in block.steps])
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
    free: Free = {}
    index = 0
    while index < len(block.steps):
        run = buffers.runs.get(index)
        if run is not None:
            _assign_run(run, index, buffers, free, leaving)
            index += len(run.steps)
            continue
        step, dying = block.steps[index], _dying(buffers, index)
        if (is_ufunc(step) or is_large_product(step)) and step.results[0] not in leaving:
            in_place = dying if is_ufunc(step) else []
            _give(step, step.results[0].type, buffers, free, in_place)
        _release(dying, buffers, free)
        index += 1


def _assign_run(
    run: Run, start: int, buffers: Buffers, free: Free, leaving: Collection[Value]
) -> None:
    """Buffers for a run: of parts for what only it uses, the others until it is over.

    A whole array that dies in the run is read again in the next part, so none is written to.
    """
    over: list[Value] = []
    for index, step in enumerate(run.steps, start):
        dying = _dying(buffers, index)
        parts = [value for value in dying if value in run.inner]
        over += [value for value in dying if value not in run.inner]
        result = step.results[0]
        if result in run.inner:
            _give(step, part_type(result), buffers, free, parts)
        elif result not in leaving:
            _give(step, result.type, buffers, free, [])
        _release(parts, buffers, free)
    _release(over, buffers, free)


def _dying(buffers: Buffers, index: int) -> list[Value]:
    return [value for value in buffers.dies_after[index] if value in buffers.of]


def _release(values: Iterable[Value], buffers: Buffers, free: Free) -> None:
    for value in values:
        buffer = buffers.of[value]
        free.setdefault(buffers.types[buffer], []).append(buffer)


def _give(step: Step, type_: TensorType, buffers: Buffers, free: Free, dying: list[Value]) -> None:
    """A buffer for the step's result: that of an operand that dies here, a free one, a new one."""
    result = step.results[0]
    for operand in step.operands:
        # Elementwise in place: safe, as every element is read before it is written.
        if operand in dying and buffers.types[buffers.of[operand]] == type_:
            buffers.of[result] = buffers.of[operand]
            dying.remove(operand)
            return
    available = free.get(type_)
    if available:
        buffers.of[result] = available.pop()
        return
    buffers.of[result] = len(buffers.types)
    buffers.types.append(type_)
