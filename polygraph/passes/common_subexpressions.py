"""Steps that compute the same thing are merged.

Every op is a pure function of operands and attributes, random ones of their counter too, so
equal operands and attributes give equal results. Steps with inner blocks are left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.program import Block, Program, Step, Value

if TYPE_CHECKING:
    from polygraph.core.ground.backend import Backend


def merge_common_subexpressions(program: Program, _: Backend) -> Program:
    """Keep the first of equal steps, in every block."""
    return program.with_block(_merge(program.block))


def _merge(block: Block) -> Block:
    replaced: dict[Value, Value] = {}
    first: dict[object, Step] = {}
    kept: list[Step] = []
    for step in block.steps:
        operands = tuple(replaced.get(operand, operand) for operand in step.operands)
        attrs = {name: _merge(a) if isinstance(a, Block) else a for name, a in step.attrs.items()}
        if any(True for _ in step.blocks()):
            kept.append(Step(step.op, operands, attrs, step.results, step.source))
            continue
        key = (step.op, operands, tuple(attrs.items()))
        same = first.get(key)
        if same is None:
            first[key] = step
            kept.append(Step(step.op, operands, attrs, step.results, step.source))
        else:
            replaced.update(zip(step.results, same.results, strict=True))
    results = tuple(replaced.get(result, result) for result in block.results)
    return block.replace(steps=tuple(kept), results=results)
