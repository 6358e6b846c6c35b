"""Identities: those that hold for every value are used, those that nearly do are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polygraph.core.ground.printer import print_program
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import elementwise as ew, shaping
from polygraph.passes.algebra import RULES, simplify

MATRIX = TensorType(np.dtype(np.float32), (2, 3))
ONE, ZERO, MINUS_ZERO = (np.float32(number) for number in (1, 0, -0.0))


def test_what_changes_nothing_goes(trace: Any, after: Any) -> None:
    program = trace(
        lambda x: (
            ew.multiply(x, ONE),
            ew.multiply(ONE, x),
            ew.divide(x, ONE),
            ew.subtract(x, ZERO),
            ew.cast(x, dtype=np.dtype(np.float32)),
            shaping.reshape(x, shape=(2, 3)),
            shaping.broadcast_to(x, shape=(2, 3)),
            shaping.transpose(x, perm=(0, 1)),
        ),
        x=MATRIX,
    )
    assert print_program(program) == (
        "program traced(x: f32[2, 3])\n"
        "  %0 = multiply x, f32(1.) : f32[2, 3]\n"
        "  %1 = multiply f32(1.), x : f32[2, 3]\n"
        "  %2 = divide x, f32(1.) : f32[2, 3]\n"
        "  %3 = subtract x, f32(0.) : f32[2, 3]\n"
        "  %4 = cast x {dtype=f32} : f32[2, 3]\n"
        "  %5 = reshape x {shape=(2, 3)} : f32[2, 3]\n"
        "  %6 = broadcast_to x {shape=(2, 3)} : f32[2, 3]\n"
        "  %7 = transpose x {perm=(0, 1)} : f32[2, 3]\n"
        "  return %0, %1, %2, %3, %4, %5, %6, %7\n"
    )
    assert after(simplify, program) == (
        "program traced(x: f32[2, 3])\n"
        "  return x, x, x, x, x, x, x, x\n"
    )  # fmt: skip
    assert {step.op for step in program.block.steps} == set(RULES)


@pytest.mark.parametrize(
    ("function", "kept"),
    [
        (lambda x: ew.add(x, ZERO), "%0 = add x, f32(0.) : f32[2, 3]"),  # -0.0 + 0.0 is 0.0
        (lambda x: ew.subtract(x, MINUS_ZERO), "%0 = subtract x, f32(-0.) : f32[2, 3]"),
        (lambda x: ew.subtract(ZERO, x), "%0 = subtract f32(0.), x : f32[2, 3]"),
        (lambda x: ew.multiply(x, ZERO), "%0 = multiply x, f32(0.) : f32[2, 3]"),  # NaN, inf
        (lambda x: ew.subtract(x, x), "%0 = subtract x, x : f32[2, 3]"),  # inf - inf is NaN
        (lambda x: ew.divide(x, x), "%0 = divide x, x : f32[2, 3]"),  # 0 / 0 is NaN
        (lambda x: ew.divide(ONE, x), "%0 = divide f32(1.), x : f32[2, 3]"),
        (
            lambda x: ew.multiply(x, np.ones((1, 2, 3), np.float32)),  # adds an axis
            "%0 = multiply x, f32([[[1., 1., 1.], [1., 1., 1.]]]) : f32[1, 2, 3]",
        ),
        (
            lambda x: shaping.transpose(x, perm=(1, 0)),
            "%0 = transpose x {perm=(1, 0)} : f32[3, 2]",
        ),
        (
            lambda x: ew.cast(x, dtype=np.dtype(np.int32)),
            "%0 = cast x {dtype=i32} : i32[2, 3]",
        ),
    ],
)
def test_what_may_change_a_value_or_a_type_stays(
    trace: Any, after: Any, function: Any, kept: str
) -> None:
    program = trace(function, x=MATRIX)
    text = f"program traced(x: f32[2, 3])\n  {kept}\n  return %0\n"
    assert print_program(program) == text
    assert after(simplify, program) == text
