"""The rules of state: what a read sees, what a fetch gives, what a failed run leaves.

Where TensorFlow 2.21 (compat.v1, reference variables) always gives one answer it is ours too,
but for explicit reads, which pin their own moment (`docs/explanation/state.md`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polygraph as tf


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph


def run(fetches: Any, backend: str = "numpy") -> Any:
    with tf.Session(backend=backend) as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(fetches)


def test_an_operation_runs_once_however_often_it_is_fetched() -> None:
    v = tf.Variable(1.0)
    up = tf.assign_add(v, 1.0)
    assert run([up, up]) == [2.0, 2.0]


def test_fetching_two_unordered_writes_gives_what_the_run_leaves() -> None:
    v = tf.Variable(1.0)
    assert run([tf.assign_add(v, 1.0), tf.assign_add(v, 10.0)]) == [12.0, 12.0]


def test_as_data_the_output_of_a_write_is_the_value_just_written() -> None:
    v = tf.Variable(1.0)
    one, two = tf.assign_add(v, 1.0), tf.assign_add(v, 10.0)
    assert run([one + 0.0, two + 0.0]) == [2.0, 12.0]


def test_reads_after_an_assign_see_it() -> None:
    v = tf.Variable(1.0)
    with tf.control_dependencies([tf.assign(v, 5.0)]):
        assert run([tf.identity(v), v + 1.0]) == [5.0, 6.0]


def test_a_read_that_is_not_ordered_sees_the_value_from_before() -> None:
    v = tf.Variable(1.0)
    y = v + 1.0
    assert run([y, tf.assign(v, 5.0)]) == [2.0, 5.0]


def test_an_explicit_read_pins_its_moment() -> None:
    v = tf.Variable(1.0)
    old = v.read_value()
    with tf.control_dependencies([tf.assign(v, 5.0)]):
        after = tf.identity(old)
    assert run([after, old]) == [1.0, 1.0]


def test_the_implicit_read_belongs_to_the_consumer() -> None:
    v = tf.Variable(1.0)
    old = v.value()
    with tf.control_dependencies([tf.assign(v, 5.0)]):
        assert run(tf.identity(old)) == 5.0


@pytest.mark.parametrize("order", [0, 1])
def test_a_fetched_variable_is_what_the_run_leaves(order: int) -> None:
    v = tf.Variable(1.0)
    fetches = [tf.assign(v, 5.0), v]
    assert run(fetches if order else fetches[::-1]) == [5.0, 5.0]


def test_ordered_assigns_leave_the_last() -> None:
    v = tf.Variable(1.0)
    first = tf.assign(v, 5.0)
    with tf.control_dependencies([first]):
        second = tf.assign(v, 7.0)
    assert run([first, second]) == [7.0, 7.0]


def test_two_variables_are_swapped_by_two_reads() -> None:
    a, b = tf.Variable(1.0), tf.Variable(2.0)
    assert run([tf.assign(a, b), tf.assign(b, a)]) == [2.0, 1.0]


def test_assigning_one_variable_to_another_does_not_tie_them() -> None:
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
    copy, up = tf.assign(b, a), tf.assign_add(a, [10.0, 10.0])
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        sess.run(copy)
        sess.run(up)
        np.testing.assert_array_equal(sess.run(b), [1.0, 2.0])


def test_a_dropped_control_edge_would_show() -> None:
    v = tf.Variable(1.0)
    with (
        tf.control_dependencies([tf.assign_add(v, 1.0)]),
        tf.control_dependencies([tf.assign(v, 10.0)]),
    ):
        y = tf.identity(v) * 2.0
    assert run(y) == 20.0


def test_a_long_chain_of_ordered_writes() -> None:
    v = tf.Variable(0.0)
    last: Any = tf.no_op()
    for step in range(50):
        with tf.control_dependencies([last]):
            last = tf.assign(v, v * 1.0 + float(step))
    assert run(last) == sum(range(50))


def test_feeding_a_variable_changes_no_state() -> None:
    v = tf.Variable(1.0)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(v + 1.0, {v: 10.0}) == 11.0
        assert sess.run(v) == 1.0


def test_a_run_over_an_uninitialised_variable_raises_and_names_it() -> None:
    v = tf.Variable(1.0, name="v")
    w = tf.Variable(2.0, name="w")
    both = tf.group(tf.assign(v, 3.0), tf.assign_add(w, 1.0))
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(tf.errors.FailedPreconditionError, match="uninitialized value w"):
            sess.run(both)
        assert sess.run(v) == 1.0


def test_a_failed_check_changes_no_variable_and_tells_the_values() -> None:
    v = tf.Variable([1, 2, 3])
    by = tf.placeholder(tf.int32, [])
    up = tf.assign(v, tf.floordiv(v, by))
    other = tf.Variable(5.0)
    both = tf.group(up, tf.assign_add(other, 1.0))
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"[Dd]ivision by zero"):
            sess.run(both, {by: 0})
        assert sess.run([v, other])[0].tolist() == [1, 2, 3]
        assert sess.run(other) == 5.0
        sess.run(both, {by: 2})
        assert sess.run(v).tolist() == [0, 1, 1]


def test_sessions_do_not_share_state() -> None:
    v = tf.Variable(0.0)
    up = tf.assign_add(v, 1.0)
    with tf.Session() as one, tf.Session() as other:
        one.run(v.initializer)
        other.run(v.initializer)
        one.run(up)
        assert (one.run(v), other.run(v)) == (1.0, 0.0)


def test_fetched_arrays_are_the_callers_own() -> None:
    v = tf.Variable([1.0, 2.0])
    with tf.Session() as sess:
        sess.run(v.initializer)
        fetched = sess.run(v)
        fetched[0] = 100.0
        np.testing.assert_array_equal(sess.run(v), [1.0, 2.0])
        before = sess.run(v)
        sess.run(tf.assign_add(v, [1.0, 1.0]))
        np.testing.assert_array_equal(before, [1.0, 2.0])


def test_a_fed_array_may_be_changed_after_the_run() -> None:
    v = tf.Variable([0.0, 0.0])
    x = tf.placeholder(tf.float32, [2])
    store = tf.assign(v, x)
    fed = np.array([1.0, 2.0], np.float32)
    with tf.Session() as sess:
        out = sess.run([store, tf.identity(x)], {x: fed})
        fed[0] = 50.0
        np.testing.assert_array_equal(sess.run(v), [1.0, 2.0])
        np.testing.assert_array_equal(out[1], [1.0, 2.0])


def test_a_variable_may_change_its_shape() -> None:
    v = tf.Variable([1.0, 2.0], validate_shape=False)
    y = tf.reduce_sum(v)
    grow = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    with tf.Session() as sess:
        sess.run(v.initializer)
        assert sess.run(y) == 3.0
        sess.run(grow)
        assert sess.run(y) == 6.0
        sess.run(v.initializer)
        assert sess.run(y) == 3.0


def test_initialized_value_and_probes() -> None:
    v = tf.Variable(3.0, name="v")
    w = tf.Variable(v.initialized_value() * 2.0)
    with tf.Session() as sess:
        assert not sess.run(tf.is_variable_initialized(v))
        sess.run(tf.global_variables_initializer())
        assert sess.run(w) == 6.0
        assert sess.run(tf.is_variable_initialized(v))
