"""Composites that a backend does not claim become their bodies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polygraph.core.ground.printer import print_program
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives import cross_entropy, elementwise as ew
from polygraph.ops.primitives.control import cond, trace_block
from polygraph.passes.expand import expand_composites

PAIR = TensorType(np.dtype(np.float32), (2,))


@pytest.fixture
def without(backend: Any) -> Any:
    """A backend that lowers everything but the given ops."""

    def make(*ops: Any) -> Any:
        table = backend().lowerings
        return backend(lowerings={op: how for op, how in table.items() if op not in ops})

    return make


def test_a_claimed_composite_stays_and_an_unclaimed_one_becomes_its_body(
    trace: Any, backend: Any, without: Any, after: Any
) -> None:
    program = trace(ew.relu, x=PAIR)
    before = "program traced(x: f32[2])\n  %0 = relu x : f32[2]\n  return %0\n"
    assert print_program(program) == before
    claiming = backend(lowerings={**backend().lowerings, ew.relu: ew.relu.function})
    assert after(expand_composites, program, claiming) == before
    assert after(expand_composites, program, without(ew.relu)) == (
        "program traced(x: f32[2])\n"
        "  %0 = maximum x, f32(0.) : f32[2]\n"
        "  return %0\n"
    )  # fmt: skip


def test_bodies_expand_to_any_depth(trace: Any, without: Any, after: Any) -> None:
    program = trace(ew.sigmoid, x=PAIR)
    assert after(expand_composites, program, without(ew.sigmoid, ew.reciprocal)) == (
        "program traced(x: f32[2])\n"
        "  %0 = negative x : f32[2]\n"
        "  %1 = exp %0 : f32[2]\n"
        "  %2 = add f32(1.), %1 : f32[2]\n"
        "  %3 = divide f32(1.), %2 : f32[2]\n"
        "  return %3\n"
    )


def test_a_claim_that_leaves_out_a_dtype_holds_for_the_others(
    trace: Any, backend: Any, after: Any
) -> None:
    softmax = cross_entropy.softmax
    target = backend(
        lowerings={**backend().lowerings, softmax: softmax.function},
        unsupported={(softmax, "float16"): "for this test"},
    )
    single = trace(lambda x: softmax(x, axis=0), x=PAIR)
    assert after(expand_composites, single, target) == print_program(single)
    half = trace(lambda x: softmax(x, axis=0), x=TensorType(np.dtype(np.float16), (2,)))
    assert after(expand_composites, half, target) == (
        "program traced(x: f16[2])\n"
        "  %0 = cast x {dtype=f32} : f32[2]\n"
        "  %1 = reduce_max %0 {axes=(0,), keepdims=True} : f32[1]\n"
        "  %2 = subtract %0, %1 : f32[2]\n"
        "  %3 = exp %2 : f32[2]\n"
        "  %4 = reduce_sum %3 {axes=(0,), keepdims=True} : f32[1]\n"
        "  %5 = divide %3, %4 : f32[2]\n"
        "  %6 = cast %5 {dtype=f16} : f16[2]\n"
        "  return %6\n"
    )


def test_inner_blocks_are_expanded(trace: Any, without: Any, after: Any) -> None:
    branches = {
        "then_block": trace_block(ew.square, [PAIR]),
        "else_block": trace_block(ew.relu, [PAIR]),
    }
    scalar = TensorType(np.dtype(bool), ())
    program = trace(lambda ok, x: cond(ok, x, **branches), ok=scalar, x=PAIR)
    assert after(expand_composites, program, without(ew.square, ew.relu)) == (
        "program traced(ok: bool[], x: f32[2])\n"
        "  %0 = cond ok, x : f32[2]\n"
        "    then_block(%1: f32[2])\n"
        "      %2 = multiply %1, %1 : f32[2]\n"
        "      yield %2\n"
        "    else_block(%3: f32[2])\n"
        "      %4 = maximum %3, f32(0.) : f32[2]\n"
        "      yield %4\n"
        "  return %0\n"
    )
