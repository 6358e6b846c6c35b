"""Runs of elementwise steps over large arrays: computed part by part, so that parts stay in cache.

A step over a large array reads and writes memory that the next one has to fetch again. A run is
consecutive ufunc steps over one shape; the straight-line function takes a part of all its arrays
through the whole run before it goes on to the next part. What only the run itself uses is never
whole in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polygraph.backends.numpy.expressions import is_ufunc
from polygraph.core.ground.signature import TensorType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polygraph.core.ground.program import Block, Step, Value
    from polygraph.core.ground.signature import Shape

PART = 1 << 15
"""Elements of a part: few enough for the cache, so many that calls do not count."""

LARGE = 2 * PART
"""Elements from which on arrays are taken in parts."""

SHORTEST = 3
"""Steps from which on a run is worth the views of its parts."""


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Consecutive steps of a block.

    Attributes:
      steps: themselves.
      size: elements of each array.
      inner: results that only the run uses.
    """

    steps: Sequence[Step]
    size: int
    inner: frozenset[Value]

    def arrays(self) -> list[Value]:
        """What comes from outside, but for single numbers."""
        made = {step.results[0] for step in self.steps}
        operands = dict.fromkeys(value for step in self.steps for value in step.operands)
        return [value for value in operands if value.shape and value not in made]

    def outer(self) -> list[Value]:
        """Results that others use."""
        results = (step.results[0] for step in self.steps)
        return [value for value in results if value not in self.inner]


def part_type(value: Value) -> TensorType:
    """The type of a buffer for parts of ``value``."""
    return TensorType(value.dtype, (PART,))


def find_runs(block: Block) -> dict[int, Run]:
    """The runs of ``block``, by the index of their first step."""
    last_use: dict[Value, int] = dict.fromkeys(block.results, len(block.steps))
    for index, step in enumerate(block.steps):
        for operand in step.operands:
            last_use[operand] = max(last_use.get(operand, 0), index)
    runs: dict[int, Run] = {}
    for start, stop in _ranges(block.steps):
        steps = block.steps[start:stop]
        results = [step.results[0] for step in steps]
        inner = frozenset(value for value in results if last_use.get(value, start) < stop)
        runs[start] = Run(steps, results[0].size, inner)
    return runs


def _ranges(steps: Sequence[Step]) -> Iterator[tuple[int, int]]:
    start, shape = 0, None
    for index, step in enumerate(steps):
        found = _large_shape(step)
        if found is not None and found == shape:
            continue
        if shape is not None and index - start >= SHORTEST:
            yield start, index
        start, shape = index, found
    if shape is not None and len(steps) - start >= SHORTEST:
        yield start, len(steps)


def _large_shape(step: Step) -> Shape | None:
    """The shape of a step that may be in a run: all of its arrays have it."""
    if not is_ufunc(step) or step.results[0].size < LARGE:
        return None
    shape = step.results[0].shape
    return shape if all(value.shape in ((), shape) for value in step.operands) else None
