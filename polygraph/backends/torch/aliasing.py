"""Which values share memory, and which steps may therefore write to it.

Torch's reshapes, slices and the like give views. A result that a caller keeps must not be a view
of state, of a feed or of another result, and state may be overwritten only when nobody reads the
old value any more.
"""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Block, Step, Value

    Roots = Mapping[Value, frozenset[Value]]
    """For each value those whose memory it may lie in; itself where its memory is its own."""

_NOTHING: frozenset[Value] = frozenset()


def memory_roots(block: Block, views: frozenset[Op]) -> Roots:
    """The roots of every value of ``block``, its inner blocks left out."""
    roots = {value: frozenset({value}) for value in (*block.parameters, *block.constants)}
    for step in block.steps:
        operands = _NOTHING.union(*(roots[operand] for operand in step.operands))
        for result in step.results:
            roots[result] = (operands | {result}) if step.op in views else frozenset({result})
    return roots


def owned(results: Sequence[Value], roots: Roots, given: Collection[Value]) -> list[bool]:
    """For each result whether its memory is its own: no other result's, and not ``given``."""
    shared = Counter(root for result in results for root in roots[result])
    return [
        roots[result] == {result} and shared[result] == 1 and result not in given
        for result in results
    ]


def steps_in_place(
    block: Block,
    pairs: Mapping[Value, Value],
    ops: frozenset[Op],
    roots: Roots,
    *,
    keep_results: bool,
) -> list[Step]:
    """The steps that may write into their first operands, run after all others.

    Args:
      block: what they are steps of.
      pairs: parameters that may be overwritten, each with the result that takes its place.
      ops: those that can be written in place.
      roots: see `memory_roots`.
      keep_results: other results may still lie in the old memory; else the caller copies them
        before these steps run.
    """
    uses = Counter(operand for step in block.steps for operand in step.operands)
    chosen: list[Step] = []
    written: set[Value] = set()
    read: set[Value] = set()
    for step in block.steps:
        targets = step.operands[: len(step.results)]
        reads = {root for operand in step.operands[len(targets) :] for root in roots[operand]}
        fits = (
            step.op in ops
            and len(targets) == len(set(targets)) == len(step.results)
            and all(map(partial(_pairs_up, pairs, uses), targets, step.results))
            and not (written | set(targets)) & reads
            and not read & set(targets)
            and not (keep_results and _seen_elsewhere(block, step, set(targets), roots))
        )
        if fits:
            chosen.append(step)
            written.update(targets)
            read.update(reads)
    return chosen


def _pairs_up(
    pairs: Mapping[Value, Value], uses: Counter[Value], target: Value, result: Value
) -> bool:
    return pairs.get(target) is result and target.type == result.type and not uses[result]


def _seen_elsewhere(block: Block, step: Step, targets: set[Value], roots: Roots) -> bool:
    memory = targets | set(step.results)
    others = [result for result in block.results if result not in step.results]
    twice = len(others) + len(step.results) != len(block.results)
    return twice or any(roots[other] & memory for other in others)
