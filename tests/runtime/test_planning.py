"""Plans: golden prints, what is compiled when, and depth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.ground.hooks import hookimpl, plugin_manager
from polygraph.core.ground.printer import print_program
from polygraph.core.ground.trace import Builder


class _Compiled:
    def __init__(self) -> None:
        self.programs: list[Any] = []
        self.planned: list[tuple[Any, str]] = []

    @hookimpl
    def polygraph_session_planned(self, program: Any) -> None:
        self.planned.append((program, print_program(program)))

    @hookimpl
    def polygraph_session_compiled(self, program: Any, executable: Any, seconds: float) -> None:
        del executable, seconds
        self.programs.append(program)

    def text(self) -> str:
        return print_program(self.programs[-1], sources=False)


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def compiled() -> Any:
    recorder = _Compiled()
    plugin_manager().register(recorder)
    yield recorder
    plugin_manager().unregister(recorder)


def test_shapes_are_constants_of_the_program(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.reshape(x, [tf.shape(x)[0] * 3]) * 2.0
    with tf.Session() as sess:
        sess.run(y, {x: np.ones((2, 3))})
    assert compiled.text() == (
        "program step(x:0: f32[2, 3])\n"
        "  %0 = reshape x:0 {shape=(6,)} : f32[6]\n"
        "  %1 = multiply %0, f32(2.) : f32[6]\n"
        "  return %1\n"
    )


def test_state_goes_in_and_comes_out(compiled: _Compiled) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    up = tf.assign_add(v, [1.0, 1.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(up)
    assert compiled.text() == (
        "program step()\n"
        "  var v : f32[2]\n"
        "  %0 = add v, f32([1., 1.]) : f32[2]\n"
        "  v := %0\n"
        "  return %0\n"
    )


def test_stages_are_numbered(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [3], name="x")
    y = tf.reduce_sum(tf.boolean_mask(x, x > 1.0))
    with tf.Session() as sess:
        assert sess.run(y, {x: [1.0, 2.0, 3.0]}) == 5.0
    assert [program.name for program in compiled.programs] == ["step.1", "step.2"]


def test_equal_subexpressions_are_computed_once(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.exp(x) + tf.exp(x)
    with tf.Session() as sess:
        sess.run(y, {x: [0.0, 1.0]})
    assert [step.op.name for step in compiled.programs[-1].block.steps] == ["exp", "add"]


def test_passes_leave_the_planned_program_as_it_was(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.exp(x) + tf.exp(x) * 1.0
    z = tf.cond(
        tf.reduce_sum(x) > 0.0,
        lambda: tf.nn.relu(y) + tf.exp(x) + tf.exp(x),
        lambda: tf.while_loop(lambda v: v[0] < 9.0, lambda v: v + tf.exp(v) + tf.exp(v), [y]),
    )
    with tf.Session() as sess:
        sess.run(z, {x: [0.0, 1.0]})
    [(program, before)] = compiled.planned
    assert print_program(program) == before
    assert compiled.text() != print_program(program, sources=False)


def test_equal_constants_are_one_and_others_are_not() -> None:
    builder = Builder()
    ones = [np.ones(3, np.float32) for _ in range(2)]
    assert builder.value(ones[0]) is builder.value(ones[0]) is builder.value(ones[1])
    # Each of these may come to lie where the one before it lay.
    different = {builder.value(np.float32(number)) for number in range(100)}
    assert len(different) == 100
    assert builder.value(np.float32(0.0)) is not builder.value(np.float32(-0.0))
    assert builder.value(np.int32(0)) is not builder.value(np.float32(0.0))


def test_minus_zero_and_nan_survive_the_passes() -> None:
    x = tf.placeholder(tf.float32, [2])
    with tf.Session() as sess:
        got = sess.run([x * 1.0, x - 0.0, x + 0.0, x / 1.0], {x: [-0.0, np.nan]})
    assert [bool(np.signbit(item[0])) for item in got] == [True, True, False, True]
    assert all(np.isnan(item[1]) for item in got)


def test_a_signature_is_compiled_once(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.square(x)
    with tf.Session() as sess:
        for size in (3, 3, 4, 3, 4):
            sess.run(y, {x: np.ones(size)})
    assert len(compiled.programs) == 2


def test_growing_the_graph_compiles_nothing_again(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [2])
    y = tf.square(x)
    with tf.Session() as sess:
        for _ in range(3):
            sess.run(y, {x: [1.0, 2.0]})
            tf.constant(1.0)
    assert len(compiled.programs) == 1


def test_editing_an_operation_plans_again() -> None:
    x = tf.placeholder(tf.float32, [])
    v = tf.Variable(0.0)
    up = tf.assign_add(v, 1.0)
    y = tf.square(x)
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(y, {x: 1.0})
        y.op._add_control_input(up.op)
        sess.run(y, {x: 1.0})
        assert sess.run(v) == 1.0


def test_initialising_one_variable_keeps_the_plans_of_others(compiled: _Compiled) -> None:
    v = tf.Variable(1.0)
    y = v + 1.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(y)
        count = len(compiled.programs)
        w = tf.Variable(2.0)
        sess.run(w.initializer)
        before = len(compiled.programs)
        sess.run(y)
        assert len(compiled.programs) == before
        assert before >= count


def test_value_dependent_shapes_make_stages_keyed_by_size(compiled: _Compiled) -> None:
    mask = tf.placeholder(tf.bool, [None])
    x = tf.placeholder(tf.float32, [None])
    y = tf.reduce_sum(tf.boolean_mask(x, mask))
    with tf.Session() as sess:
        fed = np.arange(4, dtype=np.float32)
        assert sess.run(y, {x: fed, mask: [True, False, True, False]}) == 2.0
        count = len(compiled.programs)
        assert sess.run(y, {x: fed, mask: [False, True, False, True]}) == 4.0
        assert len(compiled.programs) == count
        assert sess.run(y, {x: fed, mask: [False] * 4}) == 0.0
        assert len(compiled.programs) > count


def test_random_numbers_are_drawn_once_across_stages() -> None:
    r = tf.random_uniform([8], seed=3)
    kept = tf.boolean_mask(r, r > 0.5)
    with tf.Session() as sess:
        for _ in range(3):
            whole, some = sess.run([r, kept])
            np.testing.assert_array_equal(whole[whole > 0.5], some)


def test_writes_straddle_a_host_step_and_commit_at_the_end() -> None:
    v = tf.Variable([1.0])
    first = tf.assign_add(v, [1.0])
    seen = tf.py_func(lambda value: value * 10, [first], tf.float32)
    seen.set_shape([1])
    second = tf.assign_add(v, seen)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(second).tolist() == [22.0]
        assert sess.run(v).tolist() == [22.0]


def test_a_failing_host_step_changes_no_variable() -> None:
    v = tf.Variable([1.0])
    first = tf.assign_add(v, [1.0])

    def fail(value: Any) -> Any:
        raise ValueError(value)

    seen = tf.py_func(fail, [first], tf.float32)
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises((ValueError, tf.errors.OpError)):
            sess.run([first, seen])
        assert sess.run(v).tolist() == [1.0]


def test_a_deep_chain_needs_no_recursion() -> None:
    x = tf.placeholder(tf.float32, [])
    y = x
    for _ in range(20_000):
        y = y + 1.0
    with tf.Session() as sess:
        assert sess.run(y, {x: 0.0}) == 20_000.0


@pytest.mark.slow
def test_a_chain_of_a_hundred_thousand_operations() -> None:
    x = tf.placeholder(tf.float32, [])
    y = x
    for _ in range(100_000):
        y = y + 1.0
    with tf.Session() as sess:
        assert sess.run(y, {x: 0.0}) == 100_000.0


def test_fingerprints_ignore_names_and_lines(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [2], name="one")
    y = tf.placeholder(tf.float32, [2], name="other")
    with tf.Session() as sess:
        sess.run(tf.exp(x), {x: [0.0, 1.0]})
        sess.run(tf.exp(y), {y: [0.0, 1.0]})
    assert len(compiled.programs) == 1


def test_runs_by_name_are_planned_once(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [2], name="x")
    tf.square(x, name="y")
    with tf.Session() as sess:
        for _ in range(3):
            assert sess.run(["y:0", "y"], {"x:0": [1.0, 2.0]})[0].tolist() == [1.0, 4.0]
        with pytest.raises(ValueError, match="nowhere"):
            sess.run("nowhere:0")
    assert len(compiled.programs) == 1
