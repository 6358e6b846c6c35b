"""Steps that compute the same thing are merged.

Every op is a pure function of operands and attributes, random ones of their counter too, so
equal operands and attributes give equal results. Steps with inner blocks are left alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.program import Block, Program, Step, Value


def merge_common_subexpressions(program: Program, _: Backend) -> Program:
    """Keep the first of equal steps, in every block."""
    return program.with_block(_merge(program.block))


def _merge(block: Block) -> Block:
    replaced: dict[Value, Value] = {}
    first: dict[object, Step] = {}
    kept: list[Step] = []
    for step in block.steps:
        merged = _merged(step, replaced)
        if merged.blocks():
            kept.append(merged)
            continue
        same = first.setdefault((merged.op, merged.operands, *merged.attrs.items()), merged)
        if same is merged:
            kept.append(merged)
        else:
            replaced.update(zip(step.results, same.results, strict=True))
    results = tuple(replaced.get(result, result) for result in block.results)
    return block.replace(steps=tuple(kept), results=results)


def _merged(step: Step, replaced: Mapping[Value, Value]) -> Step:
    """``step`` over what replaces its operands, its inner blocks merged."""
    operands = tuple([replaced.get(operand, operand) for operand in step.operands])
    inner = {name: _merge(part) for name, part in step.blocks()}
    if not inner and operands == step.operands:
        return step
    return replace(step, operands=operands, attrs={**step.attrs, **inner})
