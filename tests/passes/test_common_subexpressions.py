"""Steps that compute the same thing are merged, those that only look alike are not."""

from __future__ import annotations

from typing import Any

import numpy as np

from polygraph.core.ground.printer import print_program
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import elementwise as ew, reduction as red
from polygraph.ops.primitives.control import cond, trace_block
from polygraph.passes.common_subexpressions import merge_common_subexpressions

PAIR = TensorType(np.dtype(np.float32), (2,))


def test_equal_steps_are_merged_and_so_are_those_that_become_equal(trace: Any, after: Any) -> None:
    program = trace(
        lambda x: ew.add(ew.negative(ew.exp(x)), ew.negative(ew.exp(x))),
        x=PAIR,
    )
    assert print_program(program) == (
        "program traced(x: f32[2])\n"
        "  %0 = exp x : f32[2]\n"
        "  %1 = negative %0 : f32[2]\n"
        "  %2 = exp x : f32[2]\n"
        "  %3 = negative %2 : f32[2]\n"
        "  %4 = add %1, %3 : f32[2]\n"
        "  return %4\n"
    )
    assert after(merge_common_subexpressions, program) == (
        "program traced(x: f32[2])\n"
        "  %0 = exp x : f32[2]\n"
        "  %1 = negative %0 : f32[2]\n"
        "  %2 = add %1, %1 : f32[2]\n"
        "  return %2\n"
    )


def test_attributes_operands_and_their_order_tell_steps_apart(trace: Any, after: Any) -> None:
    program = trace(
        lambda x, y: (
            red.reduce_sum(x, axes=(0,), keepdims=True),
            red.reduce_sum(x, axes=(0,), keepdims=False),
            ew.subtract(x, y),
            ew.subtract(y, x),
        ),
        x=PAIR,
        y=PAIR,
    )
    assert after(merge_common_subexpressions, program) == print_program(program)


def test_constants_that_compare_equal_but_differ_are_kept_apart(trace: Any, after: Any) -> None:
    program = trace(
        lambda x: (ew.divide(x, np.float32(0.0)), ew.divide(x, np.float32(-0.0))),
        x=PAIR,
    )
    assert after(merge_common_subexpressions, program) == print_program(program)


def test_inner_blocks_are_merged_within_themselves_only(trace: Any, after: Any) -> None:
    branches = {
        "then_block": trace_block(lambda x: ew.add(ew.exp(x), ew.exp(x)), [PAIR]),
        "else_block": trace_block(ew.exp, [PAIR]),
    }
    scalar = TensorType(np.dtype(bool), ())
    program = trace(
        lambda ok, x: (ew.exp(x), cond(ok, x, **branches)),
        ok=scalar,
        x=PAIR,
    )
    assert after(merge_common_subexpressions, program) == (
        "program traced(ok: bool[], x: f32[2])\n"
        "  %0 = exp x : f32[2]\n"
        "  %1 = cond ok, x : f32[2]\n"
        "    then_block(%2: f32[2])\n"
        "      %3 = exp %2 : f32[2]\n"
        "      %4 = add %3, %3 : f32[2]\n"
        "      yield %4\n"
        "    else_block(%5: f32[2])\n"
        "      %6 = exp %5 : f32[2]\n"
        "      yield %6\n"
        "  return %0, %1\n"
    )
