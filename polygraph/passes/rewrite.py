"""Rebuilding blocks step by step, inner blocks first: what the passes share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.trace import Builder, building

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Block, Program, Step, Value
    from polygraph.core.ground.signature import TensorType
    from polygraph.core.ground.trace import Array

    Expands = Callable[[Op, Sequence[TensorType]], bool]
    Rule = Callable[[Step, Sequence[Array]], Sequence[Array] | None]
    """Given a step and its operands in the new block, its results there; None to keep it."""


def rewrite_program(program: Program, rule: Rule, expands: Expands | None = None) -> Program:
    """``program`` with ``rule`` applied to every step of every block."""
    return program.with_block(rewrite_block(program.block, rule, expands))


def rewrite_block(block: Block, rule: Rule, expands: Expands | None = None) -> Block:
    """``block`` with ``rule`` applied to every step, in order.

    The rule runs with a builder open: what it computes by calling ops is added to the new block,
    as their bodies for ops of which ``expands`` says so.
    """
    builder = Builder()
    builder.expands = expands
    # What stands for a value in the new block, where it is not the value itself.
    new: dict[Value, Array] = dict(block.constants)
    with building(builder):
        for step in block.steps:
            operands = [new.get(operand, operand) for operand in step.operands]
            builder.source = step.source
            results = rule(step, operands)
            if results is None:
                inner = {name: rewrite_block(part, rule, expands) for name, part in step.blocks()}
                builder.keep(step, operands, inner)
            else:
                new.update(zip(step.results, results, strict=True))
    return builder.block(block.parameters, [new.get(result, result) for result in block.results])
