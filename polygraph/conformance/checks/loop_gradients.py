"""Gradients through loops of any length, nested, and over what they collect."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.checking import Checks, near, same, session, started

if TYPE_CHECKING:
    from polygraph.conformance.target import Target

check = Checks(3, "flow")
cases = check.cases


@check
def the_gradient_of_a_loop_of_known_length(target: Target) -> None:
    """Catches gradients that replay the turns in the wrong order, or use the last state."""
    x, w = tf.placeholder(tf.float64, [2]), tf.placeholder(tf.float64, [2])
    _, y = tf.while_loop(
        lambda i, _: i < 4, lambda i, y: (i + 1, y * w + x), [0, x], maximum_iterations=4
    )
    grads = tf.gradients(y, [x, w])
    a, b = np.array([0.5, -1.5]), np.array([1.1, 0.7])
    state, dx, dw = a, np.ones(2), np.zeros(2)
    for _ in range(4):
        dw = dw * b + state
        dx = dx * b + 1
        state = state * b + a
    with session(target) as sess:
        got = sess.run([y, *grads], {x: a, w: b})
        near(got, [state, dx, dw], "y = y * w + x, four times", relative=1e-12)


@check
def the_gradient_of_a_loop_of_unknown_length(target: Target) -> None:
    """Catches gradients with a bound on the number of turns that is silently passed."""
    x, n = tf.placeholder(tf.float64, []), tf.placeholder(tf.int32, [])
    _, y = tf.while_loop(lambda i, _: i < n, lambda i, y: (i + 1, tf.sin(y) + x), [0, x])
    (dx,) = tf.gradients(y, [x])
    with session(target) as sess:
        for count in (0, 1, 7, 40):
            value, slope = 0.3, 1.0
            for _ in range(count):
                value, slope = np.sin(value) + 0.3, np.cos(value) * slope + 1.0
            got = sess.run([y, dx], {x: 0.3, n: count})
            wanted = [np.float64(value), np.float64(slope)]
            near(got, wanted, f"y = sin(y) + x, {count} times", relative=1e-10)


@check
def the_gradient_of_a_loop_that_the_data_ends(target: Target) -> None:
    """Catches a wrong trip count in the backward pass."""
    x = tf.placeholder(tf.float64, [])
    y = tf.while_loop(lambda y: y < 100.0, lambda y: y * y, [x])
    (dx,) = tf.gradients(y, [x])
    with session(target) as sess:
        for value in (1.5, 3.0, 200.0):
            power = 1
            while value**power < 100.0:
                power *= 2
            wanted = [np.float64(value**power), np.float64(power * value ** (power - 1))]
            near(sess.run([y, dx], {x: value}), wanted, f"{value} squared to 100", relative=1e-12)


@check
def the_gradient_of_a_loop_of_unknown_length_that_writes(target: Target) -> None:
    """Catches a way back that writes again, or that takes what a later turn wrote."""
    v = tf.Variable(1.0)
    x, count = tf.placeholder(tf.float32, []), tf.placeholder(tf.int32, [])

    def body(i: Any, y: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            return i + 1, y * tf.identity(v)

    _, y = tf.while_loop(lambda i, _: i < count, body, [0, x])
    (dx,) = tf.gradients(y, [x])
    with started(target) as sess:
        same(sess.run([y, dx], {x: 0.5, count: 3}), [12.0, 24.0], "x * 2 * 3 * 4")
        same(sess.run([y, dx], {x: 0.5, count: 2}), [15.0, 30.0], "x * 5 * 6 in the next run")
        same(sess.run(v), 6.0, "the variable after five turns")


@check
def the_gradient_of_more_turns_than_there_was_room_for(target: Target) -> None:
    """Catches checkpoints mixed up when they thin out, and wrong gradients without room."""
    x, n = tf.placeholder(tf.float64, []), tf.placeholder(tf.float64, [])
    start = tf.constant(0.0, tf.float64)
    _, y = tf.while_loop(lambda k, _: k < n, lambda k, y: (k + 1.0, y * x), [start, x])
    (dx,) = tf.gradients(y, [x])
    with session(target) as sess:
        for turns in (33, 300, 1025):
            wanted = [np.float64(1.001 ** (turns + 1)), np.float64((turns + 1) * 1.001**turns)]
            got = sess.run([y, dx], {x: 1.001, n: turns})
            near(got, wanted, f"the power of {turns + 1}", relative=1e-10)


@check
def the_gradient_of_nested_loops_that_the_data_end(target: Target) -> None:
    """Catches checkpoints that outlive their outer turn, and numbers that are drawn anew."""
    x, n = tf.placeholder(tf.float64, []), tf.placeholder(tf.float64, [])
    zero = tf.constant(0.0, tf.float64)

    def outer(k: Any, y: Any) -> Any:
        def inner(j: Any, z: Any) -> Any:
            return j + 1.0, z * x * (0.5 + tf.random_uniform([], dtype=tf.float64, seed=5))

        return k + 1.0, tf.while_loop(lambda j, _: j < k, inner, [zero, y])[1] + x

    tf.set_random_seed(7)
    _, y = tf.while_loop(lambda k, _: k < n, outer, [zero, x])
    (dx,) = tf.gradients(y, [x])

    def first_run(fetch: Any, value: float) -> Any:
        with session(target) as sess:
            return sess.run(fetch, {x: value, n: 4.0})

    wanted = (first_run(y, 1.1 + 1e-6) - first_run(y, 1.1 - 1e-6)) / 2e-6
    near(first_run(dx, 1.1), np.float64(wanted), "the slope of a sum of products", relative=1e-6)


@check
def the_gradient_of_nested_loops(target: Target) -> None:
    """Catches inner state saved for the last outer turn only."""
    x = tf.placeholder(tf.float64, [])

    def outer(i: Any, y: Any) -> Any:
        _, inner = tf.while_loop(lambda j, _: j < i + 1, lambda j, z: (j + 1, z * x), [0, y])
        return i + 1, inner + x

    _, y = tf.while_loop(lambda i, _: i < 3, outer, [0, x])
    (dx,) = tf.gradients(y, [x])
    value, slope = np.float64(1.2), np.float64(1.0)
    for i in range(3):
        for _ in range(i + 1):
            value, slope = value * 1.2, slope * 1.2 + value
        value, slope = value + 1.2, slope + 1.0
    with session(target) as sess:
        got = sess.run([y, dx], {x: 1.2})
        near(got, [value, slope], "a loop in a loop", relative=1e-12)


@check
def the_gradient_of_a_cond_in_a_loop(target: Target) -> None:
    """Catches a predicate of the backward pass that is not the one of its turn."""
    x = tf.placeholder(tf.float64, [])

    def body(i: Any, y: Any) -> Any:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y * x, lambda: y + 3.0 * x)

    _, y = tf.while_loop(lambda i, _: i < 5, body, [0, x])
    (dx,) = tf.gradients(y, [x])
    value, slope = np.float64(1.3), np.float64(1.0)
    for i in range(5):
        value, slope = (
            (value * 1.3, slope * 1.3 + value) if i % 2 == 0 else (value + 3.9, slope + 3.0)
        )
    with session(target) as sess:
        got = sess.run([y, dx], {x: 1.3})
        near(got, [value, slope], "a cond in a loop", relative=1e-12)


@check
def the_gradient_through_a_tensor_array(target: Target) -> None:
    """Catches gradients given to the wrong row."""
    x = tf.placeholder(tf.float32, [4])
    source = tf.TensorArray(tf.float32, 4).unstack(x)
    _, out = tf.while_loop(
        lambda i, _: i < 4,
        lambda i, out: (i + 1, out.write(i, tf.square(source.read(3 - i)))),
        [0, tf.TensorArray(tf.float32, 4)],
    )
    weights = tf.constant([1.0, 10.0, 100.0, 1000.0])
    (dx,) = tf.gradients(out.stack() * weights, [x])
    fed = np.array([1.0, 2.0, 3.0, 4.0], np.float32)
    with session(target) as sess:
        near(sess.run(dx, {x: fed}), [2000.0, 400.0, 60.0, 8.0], "squares of reversed rows")


@check
def the_gradient_of_a_recurrence(target: Target) -> None:
    """Catches recurrences differentiated wrongly through a scan."""
    x, w = tf.placeholder(tf.float64, [5]), tf.placeholder(tf.float64, [])
    states = tf.scan(lambda h, row: tf.tanh(h * w + row), x, initializer=tf.zeros([], tf.float64))
    dx, dw = tf.gradients(tf.reduce_sum(states), [x, w])
    fed, weight = np.linspace(-1, 1, 5), 0.8
    h, states_ = 0.0, []
    for row in fed:
        h = np.tanh(h * weight + row)
        states_.append(h)
    wanted_dx, wanted_dw, carried = np.zeros(5), 0.0, 0.0
    for i in reversed(range(5)):
        slope = (1.0 + carried) * (1 - states_[i] ** 2)
        wanted_dx[i] = slope
        wanted_dw += slope * (states_[i - 1] if i else 0.0)
        carried = slope * weight
    with session(target) as sess:
        got = sess.run([states, dx, dw], {x: fed, w: weight})
        wanted = [np.array(states_), wanted_dx, np.float64(wanted_dw)]
        near(got, wanted, "a recurrence of tanh", relative=1e-12)
