"""Steps and constants that no result needs are dropped."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polygraph.core.ground.trace import prune

if TYPE_CHECKING:
    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.program import Block, Program, Step


def remove_dead_code(program: Program, _: Backend) -> Program:
    """Drop what no result needs, in every block."""
    return program.with_block(_prune(program.block))


def _prune(block: Block) -> Block:
    pruned = prune(block)
    return pruned.replace(steps=tuple(map(_prune_inner, pruned.steps)))


def _prune_inner(step: Step) -> Step:
    inner = {name: _prune(block) for name, block in step.blocks()}
    return replace(step, attrs={**step.attrs, **inner}) if inner else step
