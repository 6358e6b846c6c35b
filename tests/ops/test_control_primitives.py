from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.interpret import interpret
from polygraph.core.ground.program import Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import Builder, building
from polygraph.ops.primitives.control import cond, trace_block, while_loop
from polygraph.ops.primitives.elementwise import add, less, multiply

F32 = TensorType(np.dtype(np.float32), (2,))
I32 = TensorType(np.dtype(np.int32), ())

DOUBLE = trace_block(lambda x: add(x, x), [F32])
SQUARE = trace_block(lambda x: multiply(x, x), [F32])
FEWER = trace_block(lambda i, _x, limit: less(i, limit), [I32, F32, I32])


def array(*items: float) -> np.ndarray[Any, Any]:
    return np.array(items, np.float32)


@pytest.mark.parametrize(("pred", "expected"), [(1, [6, 8]), (0, [9, 16])])
def test_cond_runs_one_branch(pred: int, expected: list[float]) -> None:
    result = cond(np.array(pred, bool), array(3, 4), then_block=DOUBLE, else_block=SQUARE)
    np.testing.assert_array_equal(result, array(*expected))


@pytest.mark.parametrize(("start", "turns"), [(0, 3), (2, 1), (3, 0), (9, 0)])
def test_while_loop_turns_while_the_condition_holds(start: int, turns: int) -> None:
    body = trace_block(lambda i, x, _limit: (add(i, np.int32(1)), add(x, x)), [I32, F32, I32])
    count, x = while_loop(
        np.int32(start), array(1, 3), np.int32(3), cond_block=FEWER, body_block=body, loop_vars=2
    )
    assert (count.dtype, count.shape, int(count)) == (np.int32, (), start + turns)
    np.testing.assert_array_equal(x, array(1, 3) * 2**turns)


def test_a_loop_in_a_branch_in_a_block() -> None:
    def body(i: Value, x: Value, _limit: Value) -> tuple[Value, Value]:
        small = less(i, np.int32(2))
        return add(i, np.int32(1)), cond(small, x, then_block=DOUBLE, else_block=SQUARE)

    loop = trace_block(body, [I32, F32, I32])
    outer = trace_block(
        lambda i, x, limit: while_loop(i, x, limit, cond_block=FEWER, body_block=loop, loop_vars=2),
        [I32, F32, I32],
    )
    assert [step.op for step in outer.steps] == [while_loop]
    _, x = interpret(outer, (np.array(0, np.int32), array(1, 3), np.array(3, np.int32)))
    np.testing.assert_array_equal(x, array(16, 144))


def test_a_constant_result_and_an_unused_parameter() -> None:
    block = trace_block(lambda _x: np.float32(7), [F32])
    (result,) = interpret(block, (array(1, 2),))
    assert (result.dtype, result.shape, float(result)) == (np.float32, (), 7.0)


def test_interpret_refuses_arguments_of_other_types() -> None:
    with pytest.raises(TypeError, match="a block over"):
        interpret(DOUBLE, (np.zeros(2),))


def test_both_branches_give_the_same_types() -> None:
    other = trace_block(lambda x: less(x, x), [F32])
    with pytest.raises(ShapeError, match=r"else_block's results are \(bool\[2\]\) but then_block"):
        cond(np.array(1, bool), array(1, 2), then_block=DOUBLE, else_block=other)


def test_branches_take_the_captures() -> None:
    with pytest.raises(ShapeError, match=r"then_block's parameters are \(f32\[2\]\) but the oper"):
        cond(np.array(1, bool), array(1, 2, 3), then_block=DOUBLE, else_block=SQUARE)


def test_a_loop_variable_keeps_its_type() -> None:
    body = trace_block(lambda i, x, _limit: (x, i), [I32, F32, I32])
    with pytest.raises(ShapeError, match="body_block's results are"):
        while_loop(
            np.int32(0), array(1, 2), np.int32(3), cond_block=FEWER, body_block=body, loop_vars=2
        )


def test_the_condition_is_one_bool() -> None:
    mask = trace_block(less, [F32, F32])
    body = trace_block(lambda x, y: (x, y), [F32, F32])
    with pytest.raises(ShapeError, match=r"cond_block's results are \(bool\[2\]\)"):
        while_loop(array(1, 2), array(1, 2), cond_block=mask, body_block=body, loop_vars=2)


def test_control_flow_is_never_folded() -> None:
    with building(Builder()) as builder:
        result = cond(np.array(1, bool), array(3, 4), then_block=DOUBLE, else_block=SQUARE)
    assert isinstance(result, Value)
    assert [step.op for step in builder.steps] == [cond]
