"""Steps that no result needs are dropped, in inner blocks too."""

from __future__ import annotations

from typing import Any

import numpy as np

from polygraph.core.ground.printer import print_program
from polygraph.core.ground.program import Block, Step, Value
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import elementwise as ew
from polygraph.ops.primitives.control import cond
from polygraph.passes.dead_code import remove_dead_code

PAIR = TensorType(np.dtype(np.float32), (2,))


def _with_a_useless_step() -> Block:
    """``x -> exp(x)``, which also computes ``negative(2)`` for nobody."""
    x, useful, useless, two = Value(PAIR), Value(PAIR), Value(PAIR), Value(PAIR)
    steps = (
        Step(ew.negative, (two,), {}, (useless,)),
        Step(ew.exp, (x,), {}, (useful,)),
    )
    return Block((x,), {two: np.full(2, 2, np.float32)}, steps, (useful,))


def test_steps_and_constants_that_nothing_needs_go(trace: Any, after: Any) -> None:
    program = trace(lambda x: x, x=PAIR).with_block(_with_a_useless_step())
    assert print_program(program) == (
        "program traced(x: f32[2])\n"
        "  %0 = negative f32([2., 2.]) : f32[2]\n"
        "  %1 = exp x : f32[2]\n"
        "  return %1\n"
    )
    assert after(remove_dead_code, program) == (
        "program traced(x: f32[2])\n"
        "  %0 = exp x : f32[2]\n"
        "  return %0\n"
    )  # fmt: skip
    assert not remove_dead_code(program, None).block.constants  # type: ignore[arg-type]


def test_inner_blocks_are_cleared_and_the_given_program_stays_whole(trace: Any, after: Any) -> None:
    branches = {"then_block": _with_a_useless_step(), "else_block": _with_a_useless_step()}
    scalar = TensorType(np.dtype(bool), ())
    program = trace(lambda ok, x: cond(ok, x, **branches), ok=scalar, x=PAIR)
    assert after(remove_dead_code, program) == (
        "program traced(ok: bool[], x: f32[2])\n"
        "  %0 = cond ok, x : f32[2]\n"
        "    then_block(%1: f32[2])\n"
        "      %2 = exp %1 : f32[2]\n"
        "      yield %2\n"
        "    else_block(%3: f32[2])\n"
        "      %4 = exp %3 : f32[2]\n"
        "      yield %4\n"
        "  return %0\n"
    )
