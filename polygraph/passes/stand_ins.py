"""Ops whose lowering a plugin replaces, kept apart from what a backend knows of them.

A compiler that looks an op up in several tables (is it a view? may it write in place? has it a
short form?) must find a replaced op in none of them: what holds of the backend's own lowering
need not hold of a stranger's. So the steps get a stand-in, of another identity and name.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Block, Program, Step


def stand_ins(lowerings: Mapping[Op, Lowering]) -> dict[Op, Op]:
    """For each op of ``lowerings`` one of the same types whose function is the lowering.

    Args:
      lowerings: what a backend's factory is given.
    """
    made: dict[Op, Op] = {}
    for op, lowering in lowerings.items():
        made[op] = copy.copy(op)
        made[op].name = f"{op.name}_by_plugin"
        made[op].function = lowering
    return made


def with_stand_ins(program: Program, replaced: Mapping[Op, Op]) -> Program:
    """``program`` with the stand-ins in place of their ops; for a backend's compiler only.

    A backend that takes lowerings from one table does not need it.
    """
    return program.with_block(_in_block(program.block, replaced)) if replaced else program


def _in_block(block: Block, replaced: Mapping[Op, Op]) -> Block:
    return block.replace(steps=tuple(_in_step(step, replaced) for step in block.steps))


def _in_step(step: Step, replaced: Mapping[Op, Op]) -> Step:
    inner = {name: _in_block(block, replaced) for name, block in step.blocks()}
    op = replaced.get(step.op, step.op)
    return replace(step, op=op, attrs={**step.attrs, **inner})
