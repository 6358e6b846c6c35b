"""Control flow: branches, loops, their nesting and state, and what loops collect."""
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

_BOTH = (True, False)


# Branches


@check
def cond_takes_the_branch_of_its_predicate(target: Target) -> None:
    """Catches swapped branches, and a branch baked in when the plan was made."""
    flag, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [2])
    y, z = tf.cond(flag, lambda: (x + 1.0, x * 2.0), lambda: (x - 1.0, x * 3.0))
    fed = np.array([1.0, 2.0], np.float32)
    with session(target) as sess:
        for taken in (True, False, True):
            wanted = [fed + 1, fed * 2] if taken else [fed - 1, fed * 3]
            got = sess.run([y, z], {flag: taken, x: fed})
            same(got, wanted, f"cond of a fed {taken}")


@check
def cond_of_a_computed_predicate(target: Target) -> None:
    """Catches a predicate evaluated before what it depends on."""
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(tf.square(x) > 4.0, lambda: x * 10.0, lambda: -x)
    with session(target) as sess:
        for value, wanted in ((3.0, 30.0), (1.0, -1.0), (2.0, -2.0), (-3.0, -30.0)):
            same(sess.run(y, {x: value}), wanted, f"cond of {value}**2 > 4")


@check
def a_write_in_a_branch_happens_only_if_taken(target: Target) -> None:
    """Catches side effects of the branch that is not taken: both branches run and selected."""
    v, flag = tf.Variable([1.0]), tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: tf.assign_add(v, [10.0]) * 1.0, lambda: tf.assign(v, [-5.0]) * 2.0)
    with started(target) as sess:
        for taken, gave, left in ((True, 11.0, 11.0), (False, -10.0, -5.0), (True, 5.0, 5.0)):
            got = sess.run([y, v], {flag: taken})
            same(got, [[gave], [left]], f"the branch's result and v, with a predicate {taken}")
            same(sess.run(v), [left], "v in the next run")


@check
def a_write_in_one_branch_only(target: Target) -> None:
    """Catches a lost or a spurious write where only one branch writes."""
    v, w, flag = tf.Variable(1.0), tf.Variable(2.0), tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: tf.assign(v, w + 1.0), lambda: w * 1.0)
    with tf.control_dependencies([y]):
        after = v + 0.5
    with started(target) as sess:
        same(sess.run([y, after, v], {flag: False}), [2.0, 1.5, 1.0], "the branch that writes not")
        same(sess.run([y, after, v], {flag: True}), [3.0, 3.5, 3.0], "the branch that writes")


@check
def reads_in_a_branch_follow_the_rules_of_state(target: Target) -> None:
    """Catches branches that see a variable at another moment than their owner does."""
    v, flag = tf.Variable(1.0), tf.placeholder(tf.bool, [])
    before = tf.cond(flag, lambda: v * 2.0, lambda: v * 3.0)
    up = tf.assign_add(v, 10.0)
    with tf.control_dependencies([up]):
        after = tf.cond(flag, lambda: v * 2.0, lambda: v * 3.0)
    with started(target) as sess:
        same(sess.run([before, after], {flag: True}), [2.0, 22.0], "reads before and after")
        same(sess.run([before, after], {flag: False}), [33.0, 63.0], "reads in the other branch")


@check
def the_check_of_a_branch_counts_only_if_taken(target: Target) -> None:
    """Catches checks of the untaken branch that fail the run, and swallowed ones of the taken."""
    flag, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.int32, [])
    v = tf.Variable(7)
    y = tf.cond(flag, lambda: tf.floordiv(100, x), lambda: x)
    store = tf.assign(v, y)
    with started(target) as sess:
        same(sess.run(store, {flag: False, x: 0}), 0, "a division by zero that is not taken")
        with refused(tf.errors.InvalidArgumentError, "ivision by zero"):
            sess.run(store, {flag: True, x: 0})
        same(sess.run(v), 0, "the variable after the failed run")
        same(sess.run(store, {flag: True, x: 8}), 12, "a division that is taken")


@check
def conds_nest(target: Target) -> None:
    """Catches captures lost between levels, and inner predicates evaluated too early."""
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(
        x > 0.0,
        lambda: tf.cond(x > 10.0, lambda: x * 2.0, lambda: tf.cond(x > 5.0, lambda: x, lambda: -x)),
        lambda: tf.cond(x < -10.0, lambda: tf.square(x), lambda: x - 1.0),
    )
    wanted = {20.0: 40.0, 7.0: 7.0, 2.0: -2.0, -20.0: 400.0, -2.0: -3.0}
    with session(target) as sess:
        for value, result in wanted.items():
            same(sess.run(y, {x: value}), result, f"nested conds of {value}")


@check
def case_takes_the_first_that_holds(target: Target) -> None:
    """Catches case chains taken in another order, and a default that is never reached."""
    x = tf.placeholder(tf.int32, [])
    y = tf.case(
        [(x < 10, lambda: x * 1), (x < 20, lambda: x * 10), (x < 30, lambda: x * 100)],
        default=lambda: tf.constant(-1),
    )
    with session(target) as sess:
        for value, wanted in ((5, 5), (15, 150), (25, 2500), (35, -1)):
            same(sess.run(y, {x: value}), wanted, f"case of {value}")


@check
def branches_of_different_shapes(target: Target) -> None:
    """Catches executables of one branch's shape used for the other."""
    flag, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [4])
    y = tf.cond(flag, lambda: x[:2] + 1.0, lambda: tf.reshape(x, [2, 2])[0])
    z = tf.reduce_sum(tf.cond(flag, lambda: x[:3], lambda: x[:1]))
    fed = np.arange(4, dtype=np.float32)
    with session(target) as sess:
        for taken in (True, False, True):
            wanted = [fed[:2] + 1, 3.0] if taken else [fed[:2], 0.0]
            same(sess.run([y, z], {flag: taken, x: fed}), wanted, f"branches, {taken}")


@check
def the_gradient_flows_through_the_branch_taken(target: Target) -> None:
    """Catches gradients of the wrong branch, or summed over both; second order included."""
    flag, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [2])
    w = tf.constant([3.0, 5.0])
    y = tf.cond(flag, lambda: x * x * w, lambda: x * w)
    dx, dw = tf.gradients(y, [x, w])
    (second,) = tf.gradients(dx, [x])
    fed = np.array([1.0, 2.0], np.float32)
    with session(target) as sess:
        got = sess.run([dx, dw, second], {flag: True, x: fed})
        near(got, [[6.0, 20.0], [1.0, 4.0], [6.0, 10.0]], "gradients of x * x * w")
        got = sess.run([dx, dw, second], {flag: False, x: fed})
        near(got[:2], [[3.0, 5.0], [1.0, 2.0]], "gradients of x * w")
        same(got[2], [0.0, 0.0], "the second gradient of x * w")


@check
def the_untaken_branch_may_divide_by_zero(target: Target) -> None:
    """Catches NaN that a select lets through the gradient of the branch not taken."""
    x = tf.placeholder(tf.float32, [])
    y = tf.cond(x > 0.0, lambda: tf.log(x), lambda: x * 2.0)
    (dx,) = tf.gradients(y, [x])
    with session(target) as sess:
        same(sess.run([y, dx], {x: -1.0}), [-2.0, 2.0], "cond around a log of -1")
        near(sess.run([y, dx], {x: 4.0}), [np.log(np.float32(4)), 0.25], "cond around a log of 4")


# Loops


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
def a_python_function_in_a_branch(target: Target) -> None:
    """Catches host steps of the branch that is not taken."""
    flag, x = tf.placeholder(tf.bool, []), tf.placeholder(tf.float32, [2])
    calls: list[str] = []

    def make(name: str, factor: float) -> Any:
        def host(value: Any) -> Any:
            calls.append(name)
            return value * np.float32(factor)

        def branch() -> Any:
            y = tf.py_func(host, [x + 1.0], tf.float32)
            y.set_shape([2])
            return y * 10.0

        return branch

    y = tf.cond(flag, make("then", 2.0), make("else", -1.0)) + 1.0
    fed = np.array([0.0, 1.0], np.float32)
    with session(target) as sess:
        same(sess.run(y, {flag: True, x: fed}), [21.0, 41.0], "the branch taken")
        same(sess.run(y, {flag: False, x: fed}), [-9.0, -19.0], "the other branch taken")
        same(np.array(calls), np.array(["then", "else"]), "which functions were called")


# What loops collect


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
