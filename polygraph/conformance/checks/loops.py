"""Loops: their turns, their state and checks, and what they collect."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.checking import Checks, near, refused, same, session, started

if TYPE_CHECKING:
    from polygraph.conformance.target import Target

check = Checks(3, "flow")
cases = check.cases


@check
def a_loop_repeats_while_its_condition_holds(target: Target) -> None:
    """Catches trip counts off by one, and a count baked in when the plan was made."""
    n = tf.placeholder(tf.int32, [])
    i, total = tf.while_loop(lambda i, _: i < n, lambda i, t: (i + 1, t + i), [0, 0])
    with session(target) as sess:
        for count in (5, 0, 1, 100, -3):
            turns = max(count, 0)
            wanted = [np.int32(turns), np.int32(turns * (turns - 1) // 2)]
            same(sess.run([i, total], {n: count}), wanted, f"a loop of {count}")


@check
def loop_variables_are_replaced_together(target: Target) -> None:
    """Catches a loop variable written before another has read its old value."""
    n = tf.placeholder(tf.int32, [])
    _, a, b = tf.while_loop(
        lambda i, *_: i < n, lambda i, a, b: (i + 1, b, a + b), [0, np.int64(0), np.int64(1)]
    )
    with session(target) as sess:
        got = sess.run([a, b], {n: 80})
        wanted = [np.int64(23416728348467685), np.int64(37889062373143906)]
        same(got, wanted, "the 80th Fibonacci number")


@check
def a_loop_condition_may_depend_on_the_data(target: Target) -> None:
    """Catches loops unrolled or bounded by a guess."""
    x = tf.placeholder(tf.float32, [3])
    count, y = tf.while_loop(
        lambda _, y: tf.reduce_max(y) > 1.0, lambda i, y: (i + 1, y * 0.5), [0, x]
    )
    with session(target) as sess:
        for scale in (3.0, 1000.0, 0.5):
            wanted = np.array([1.0, 0.5, -2.0], np.float32) * np.float32(scale)
            turns = 0
            fed = wanted.copy()
            while wanted.max() > 1.0:
                wanted, turns = wanted * np.float32(0.5), turns + 1
            same(sess.run([count, y], {x: fed}), [np.int32(turns), wanted], f"halving {scale}")


@check
def loops_nest(target: Target) -> None:
    """Catches inner loops that keep state from one outer turn to the next."""
    n = tf.placeholder(tf.int32, [])

    def outer(i: Any, total: Any) -> Any:
        _, inner = tf.while_loop(lambda j, _: j < i, lambda j, t: (j + 1, t + i * j), [0, 0])
        return i + 1, total + inner

    _, total = tf.while_loop(lambda i, _: i < n, outer, [0, 0])
    with session(target) as sess:
        for count in (0, 1, 6):
            wanted = sum(i * j for i in range(count) for j in range(i))
            same(sess.run(total, {n: count}), wanted, f"nested loops to {count}")


@check
def a_cond_in_a_loop_and_a_loop_in_a_cond(target: Target) -> None:
    """Catches branches chosen once for all turns."""
    n, flag = tf.placeholder(tf.int32, []), tf.placeholder(tf.bool, [])

    def body(i: Any, t: Any) -> Any:
        return i + 1, tf.cond(tf.equal(i % 3, 0), lambda: t + i, lambda: t * 2)

    def loop() -> Any:
        return tf.while_loop(lambda i, _: i < n, body, [0, 1])[1]

    y = tf.cond(flag, loop, lambda: n * 100)
    with session(target) as sess:
        for count in (7, 0):
            wanted = 1
            for i in range(count):
                wanted = wanted + i if i % 3 == 0 else wanted * 2
            same(sess.run(y, {n: count, flag: True}), wanted, f"a cond in a loop of {count}")
            same(sess.run(y, {n: count, flag: False}), count * 100, "the branch without a loop")


@check
def writes_in_a_loop_happen_every_turn(target: Target) -> None:
    """Catches a write done once for all turns, and reads that see another turn's value."""
    v, n = tf.Variable(1.0), tf.placeholder(tf.int32, [])

    def body(i: Any, total: Any) -> Any:
        up = tf.assign_add(v, 1.0)
        with tf.control_dependencies([up]):
            return i + 1, total + v

    _, total = tf.while_loop(lambda i, _: i < n, body, [0, 0.0])
    with started(target) as sess:
        same(sess.run([total, v], {n: 3}), [9.0, 4.0], "assign_add, then a dependent read, summed")
        same(sess.run([total, v], {n: 0}), [0.0, 4.0], "no turn")
        same(sess.run([total, v], {n: 2}), [11.0, 6.0], "two more turns")


@check
def a_read_before_the_write_of_its_turn(target: Target) -> None:
    """Catches in-place writes done before the reads of the same turn."""
    v = tf.Variable(1.0)

    def body(i: Any, total: Any) -> Any:
        read = v.read_value()
        with tf.control_dependencies([read]):
            up = tf.assign_add(v, 1.0)
        with tf.control_dependencies([up]):
            return i + 1, total + read

    _, total = tf.while_loop(lambda i, _: i < 3, body, [0, 0.0])
    with started(target) as sess:
        same(sess.run([total, v]), [6.0, 4.0], "reads of 1, 2 and 3, each before its write")


@check
def a_check_that_fails_in_a_turn_undoes_all_turns(target: Target) -> None:
    """Catches state committed turn by turn, and checks that only see the last turn."""
    v, n = tf.Variable(0), tf.placeholder(tf.int32, [])

    def body(i: Any, total: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, 1)]):
            return i + 1, total + tf.floordiv(100, 3 - i)

    _, total = tf.while_loop(lambda i, _: i < n, body, [0, 0])
    with started(target) as sess:
        for count in (4, 6):
            with refused(tf.errors.InvalidArgumentError, "ivision by zero"):
                sess.run(total, {n: count})
            same(sess.run(v), 0, "the variable after a loop that failed in its fourth turn")
        same(sess.run([total, v], {n: 3}), [183, 3], "a loop that stops before it would fail")


@check
def maximum_iterations_end_a_loop(target: Target) -> None:
    """Catches a limit that is ignored."""
    limit = tf.placeholder(tf.int32, [])
    y = tf.while_loop(lambda _: True, lambda x: x + 2.0, [1.0], maximum_iterations=limit)
    with session(target) as sess:
        for turns in (0, 4):
            same(sess.run(y, {limit: turns}), 1.0 + 2 * turns, f"at most {turns} turns")


@check
def a_loop_carries_every_dtype(target: Target) -> None:
    """Catches loop variables carried in another dtype than their own."""
    values = {
        "bool": np.array([True, False]),
        "int32": np.array([2**31 - 1], np.int32),
        "int64": np.array([2**62 + 1], np.int64),
        "float32": np.array([1e-45, -0.0], np.float32),
        "float64": np.array([1 + 2**-52, -0.0]),
    }
    start = [tf.placeholder(value.dtype, value.shape) for value in values.values()]
    feed = dict(zip(start, values.values(), strict=True))
    # Each value is passed on by a step, so that it has to travel.
    ends = tf.while_loop(
        lambda i, *_: i < 3, lambda i, *rest: (i + 1, *(x[::-1] for x in rest)), [0, *start]
    )
    wanted = [value[::-1] for value in values.values()]
    with session(target) as sess:
        same(sess.run(list(ends)[1:], feed), wanted, "loop variables reversed three times")


@check
def a_loop_whose_shapes_grow(target: Target) -> None:
    """Catches host loops that reuse the first turn's shapes."""
    n = tf.placeholder(tf.int32, [])
    start = tf.constant([1.0])
    _, y = tf.while_loop(
        lambda i, _: i < n,
        lambda i, y: (i + 1, tf.concat([y, y * 2.0], 0)),
        [0, start],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])],
    )
    with session(target) as sess:
        for count in (3, 0, 2):
            wanted = np.ones(1, np.float32)
            for _ in range(count):
                wanted = np.concatenate([wanted, wanted * 2])
            same(sess.run(y, {n: count}), wanted, f"doubled {count} times")


@check
def a_python_function_in_a_loop(target: Target) -> None:
    """Catches host steps called once for all turns, or with another turn's values."""
    seen: list[int] = []

    def host(i: Any, x: Any) -> Any:
        seen.append(int(i))
        return np.float32(x + i)

    def body(i: Any, x: Any) -> Any:
        y = tf.py_func(host, [i, x], tf.float32)
        y.set_shape([])
        return i + 1, y * 2.0

    _, y = tf.while_loop(lambda i, _: i < 3, body, [0, 1.0])
    with session(target) as sess:
        for _ in range(2):
            seen.clear()
            same(sess.run(y), 16.0, "a py_func in a loop")
            same(np.array(seen), np.array([0, 1, 2]), "the turns in which it was called")


@check
def a_tensor_array_collects_turns(target: Target) -> None:
    """Catches writes to the wrong row, and rows of the last turn everywhere."""
    n = 5
    x = tf.placeholder(tf.float32, [n, 2])
    source = tf.TensorArray(tf.float32, n).unstack(x)

    def body(i: Any, total: Any, out: Any) -> Any:
        total = total + source.read(i)
        return i + 1, total, out.write(n - 1 - i, total)

    start = [0, tf.zeros([2]), tf.TensorArray(tf.float32, n)]
    _, total, out = tf.while_loop(lambda i, *_: i < n, body, start)
    fed = np.arange(10, dtype=np.float32).reshape(n, 2)
    with session(target) as sess:
        got = sess.run([total, out.stack(), out.read(0), out.size()], {x: fed})
        sums = np.cumsum(fed, 0)
        same(got, [sums[-1], sums[::-1], sums[-1], np.int32(n)], "running sums in a TensorArray")


@check
def a_tensor_array_gathers_and_scatters(target: Target) -> None:
    """Catches rows that are written to, or taken from, other places than asked for."""
    x = tf.placeholder(tf.float32, [3, 2])
    weights = np.array([[1, 2], [3, 4], [5, 6]], np.float32)
    rows = tf.TensorArray(tf.float32, 3).scatter([2, 0, 1], x)
    y = rows.gather([1, 2, 0])
    (dx,) = tf.gradients(tf.reduce_sum(y * weights), [x])
    fed = np.arange(6, dtype=np.float32).reshape(3, 2)
    with session(target) as sess:
        got = sess.run([y, dx], {x: fed})
    same(got[0], fed[[2, 0, 1]], "rows 1, 2 and 0 of those written to places 2, 0 and 1")
    same(got[1], weights[[1, 2, 0]], "the gradient to what was scattered")


@check
def map_fn_applies_to_every_row(target: Target) -> None:
    """Catches rows taken twice or not at all; and no row."""
    x = tf.placeholder(tf.float32, [None, 2])
    y = tf.map_fn(lambda row: tf.reduce_sum(row) * row, x)
    (dx,) = tf.gradients(y, [x])
    with session(target) as sess:
        for rows in (3, 1, 0):
            fed = np.arange(2 * rows, dtype=np.float32).reshape(rows, 2) - 1
            sums = fed.sum(1, keepdims=True)
            got = sess.run([y, dx], {x: fed})
            near(got, [fed * sums, 2 * sums + 0 * fed], f"map_fn over {rows} rows")


@check
def scan_and_folds_go_in_order(target: Target) -> None:
    """Catches folds in another order than that of the rows."""
    x = tf.placeholder(tf.float32, [None])
    running = tf.scan(lambda a, row: a * 2.0 + row, x, initializer=tf.constant(1.0))
    left = tf.foldl(lambda a, row: a * 2.0 + row, x, initializer=tf.constant(1.0))
    right = tf.foldr(lambda a, row: a * 2.0 + row, x, initializer=tf.constant(1.0))
    fed = np.array([3.0, -1.0, 5.0], np.float32)
    with session(target) as sess:
        got = sess.run([running, left, right], {x: fed})
        same(got, [[5.0, 9.0, 23.0], 23.0, 29.0], "scan, foldl and foldr")
