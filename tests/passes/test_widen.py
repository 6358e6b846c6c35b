"""Ops that a backend computes in a wider dtype get casts around them."""

from __future__ import annotations

from typing import Any

import numpy as np

from polygraph.core.ground.printer import print_program
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import elementwise as ew
from polygraph.passes.widen import widen_dtypes

HALVES = TensorType(np.dtype(np.float16), (2,))


def test_operands_are_cast_up_and_results_back(trace: Any, backend: Any, after: Any) -> None:
    program = trace(lambda x: ew.power(ew.exp(x), x), x=HALVES)
    assert after(widen_dtypes, program, backend(widened={(ew.power, "float16"): "float32"})) == (
        "program traced(x: f16[2])\n"
        "  %0 = exp x : f16[2]\n"
        "  %1 = cast %0 {dtype=f32} : f32[2]\n"
        "  %2 = cast x {dtype=f32} : f32[2]\n"
        "  %3 = power %1, %2 : f32[2]\n"
        "  %4 = cast %3 {dtype=f16} : f16[2]\n"
        "  return %4\n"
    )


def test_results_of_another_dtype_are_left_as_they_are(
    trace: Any, backend: Any, after: Any
) -> None:
    program = trace(lambda x: ew.less(x, x), x=HALVES)
    assert after(widen_dtypes, program, backend(widened={(ew.less, "float16"): "float32"})) == (
        "program traced(x: f16[2])\n"
        "  %0 = cast x {dtype=f32} : f32[2]\n"
        "  %1 = less %0, %0 : bool[2]\n"
        "  return %1\n"
    )


def test_other_dtypes_of_a_listed_op_stay(trace: Any, backend: Any, after: Any) -> None:
    program = trace(ew.exp, x=HALVES)
    target = backend(widened={(ew.exp, "bfloat16"): "float32"})
    assert after(widen_dtypes, program, target) == print_program(program)
