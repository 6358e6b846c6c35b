"""Branches: which one runs, what it reads and writes, and its gradient."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import require
from polygraph.conformance.checking import Checks, near, refused, same, session, started

if TYPE_CHECKING:
    from polygraph.conformance.target import Target

check = Checks(3, "flow")
cases = check.cases


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


@check
def a_python_function_without_state(target: Target) -> None:
    """Catches a host step between two operations of the backend that is left out."""
    x = tf.placeholder(tf.float32, [2])
    y = tf.py_func(lambda value: value + np.float32(3), [x * 2.0], tf.float32, stateful=False)
    y.set_shape([2])
    with session(target) as sess:
        same(sess.run(y * x, {x: [1.0, 2.0]}), [5.0, 14.0], "(2x + 3) x")


@check
def a_printed_value_goes_on_unchanged(target: Target) -> None:
    """Catches an effect that is dropped, and one that changes what it looks at."""
    x = tf.placeholder(tf.float32, [2])
    y = tf.Print(x * 2.0, [x], "seen: ") + 1.0
    shown = io.StringIO()
    with session(target) as sess, contextlib.redirect_stderr(shown):
        same(sess.run(y, {x: [1.0, 2.0]}), [3.0, 5.0], "2x + 1")
    require("seen: [1 2]" in shown.getvalue(), f"what was printed is {shown.getvalue()!r}")


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
