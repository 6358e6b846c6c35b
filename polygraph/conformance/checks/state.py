"""State: what a read sees, what a fetch gives, and what a failed run leaves.

The rules are those of `docs/explanation/state.md`; TensorFlow's reference variables give the same
answers wherever they always give one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.checking import Checks, refused, same, session, started

if TYPE_CHECKING:
    from polygraph.conformance.target import Target

check = Checks(3, "state")
cases = check.cases


def _run(target: Target, fetches: Any) -> Any:
    with started(target) as sess:
        return sess.run(fetches)


# What runs, and in which order


@check
def an_operation_fetched_twice_runs_once(target: Target) -> None:
    """Catches a plan that runs an operation once for each fetch of it."""
    up = tf.assign_add(tf.Variable(1.0), 1.0)
    same(_run(target, [up, up]), [2.0, 2.0], "an assign_add fetched twice")


@check
def fetched_writes_give_the_end_of_the_run(target: Target) -> None:
    """Catches a lost write, and fetches taken before the last write."""
    v = tf.Variable(1.0)
    both = [tf.assign_add(v, 1.0), tf.assign_add(v, 10.0)]
    same(_run(target, both), [12.0, 12.0], "two unordered assign_adds, fetched")


@check
def a_write_used_as_data_is_the_value_just_written(target: Target) -> None:
    """Catches in-place writes that change what an earlier write's output holds."""
    v = tf.Variable(1.0)
    one, two = tf.assign_add(v, 1.0), tf.assign_add(v, 10.0)
    same(_run(target, [one * 1.0, two * 1.0]), [2.0, 12.0], "outputs of two writes, as data")


@check
def a_write_to_a_slice_leaves_the_rest(target: Target) -> None:
    """Catches a write beside the slice, at places known before a run and in it."""
    v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    i = tf.placeholder(tf.int32, [])
    row, strided = v[i].assign([7.0, 8.0, 9.0]), v[::-1, ::2].assign([[1.0, 2.0], [3.0, 4.0]])
    with started(target) as sess:
        same(sess.run(row, {i: -1}), [[1.0, 2.0, 3.0], [7.0, 8.0, 9.0]], "the last row written")
        same(sess.run(strided), [[3.0, 2.0, 4.0], [1.0, 8.0, 2.0]], "every other column written")
        with refused(tf.errors.InvalidArgumentError, "out of bounds"):
            sess.run(row, {i: 2})
        same(
            sess.run(v[:, 1].assign(0.0)), [[3.0, 0.0, 4.0], [1.0, 0.0, 2.0]], "one number written"
        )


@check
def a_value_left_behind_is_found_by_its_handle(target: Target) -> None:
    """Catches a value that cannot be left on the host, or taken from there."""
    kept = tf.get_session_handle(tf.constant([1.0, 2.0]) * 2.0)
    with session(target) as sess:
        handle = sess.run(kept)
        holder, value = tf.get_session_tensor(handle.handle, tf.float32)
        doomed, deleted = tf.delete_session_tensor(handle.handle)
        same(sess.run(value + 1.0, {holder: handle.handle}), [3.0, 5.0], "a value by its handle")
        sess.run(deleted, {doomed: handle.handle})
        with refused(tf.errors.InvalidArgumentError, "not in the session store"):
            sess.run(value, {holder: handle.handle})


@check
def a_read_after_an_assign_sees_it(target: Target) -> None:
    """Catches a dropped control edge."""
    v = tf.Variable(1.0)
    with tf.control_dependencies([tf.assign(v, 5.0)]):
        fetches = [tf.identity(v), v + 1.0]
    same(_run(target, fetches), [5.0, 6.0], "reads under control_dependencies([assign])")


@check
def a_read_that_is_not_ordered_sees_the_old_value(target: Target) -> None:
    """Catches in-place writes done before the last read of the old value."""
    v = tf.Variable(1.0)
    y = v + 1.0
    same(_run(target, [y, tf.assign(v, 5.0)]), [2.0, 5.0], "v + 1 beside assign(v, 5)")


@check
def an_explicit_read_pins_its_moment(target: Target) -> None:
    """Catches reads that alias the variable's memory."""
    v = tf.Variable([1.0, 2.0])
    old = v.read_value()
    with tf.control_dependencies([tf.assign(v, [5.0, 6.0])]):
        after = tf.identity(old)
    fetched = _run(target, [after, old])
    same(fetched, [[1.0, 2.0], [1.0, 2.0]], "read_value() from before an assign")


@check
def an_implicit_read_belongs_to_its_consumer(target: Target) -> None:
    """Catches a cached read that ignores the consumer's control dependencies."""
    v = tf.Variable(1.0)
    old = v.value()
    with tf.control_dependencies([tf.assign(v, 5.0)]):
        after = tf.identity(old)
    same(_run(target, after), 5.0, "a consumer under control_dependencies([assign])")


@check
def a_fetched_variable_is_what_the_run_leaves(target: Target) -> None:
    """Catches a fetch of a variable taken before the run's writes, in either fetch order."""
    v = tf.Variable(1.0)
    fetches = [tf.assign(v, 5.0), v]
    with started(target) as sess:
        same(sess.run(fetches), [5.0, 5.0], "[assign, v]")
    with started(target) as sess:
        same(sess.run(fetches[::-1]), [5.0, 5.0], "[v, assign]")


@check
def ordered_assigns_leave_the_last(target: Target) -> None:
    """Catches writes done in an order other than the graph's."""
    v = tf.Variable(1.0)
    with tf.control_dependencies([tf.assign(v, 5.0)]):
        first = tf.identity(v)
        second = tf.assign(v, 7.0)
    with tf.control_dependencies([second]):
        last = tf.identity(v)
    same(_run(target, [first, last, v]), [5.0, 7.0, 7.0], "two ordered assigns")


@check
def two_variables_are_swapped(target: Target) -> None:
    """Catches in-place assigns done one after the other without keeping the old value."""
    a, b = tf.Variable([1.0, 1.0]), tf.Variable([2.0, 2.0])
    swap = tf.group(tf.assign(a, b), tf.assign(b, a))
    with started(target) as sess:
        for wanted in ([[2.0] * 2, [1.0] * 2], [[1.0] * 2, [2.0] * 2]):
            sess.run(swap)
            same(sess.run([a, b]), wanted, "two variables assigned to each other")


@check
def a_training_step_gives_the_old_loss_and_the_new_step(target: Target) -> None:
    """Catches a loss computed from updated variables, and a global step fetched too early."""
    v = tf.Variable(3.0)
    step = tf.train.get_or_create_global_step()
    loss = tf.square(v)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(loss, global_step=step)
    with started(target) as sess:
        for old, new, count in ((9.0, 1.5, 1), (2.25, 0.75, 2)):
            got = sess.run([train, loss, step, v])
            same(got[1:], [old, np.int64(count), new], "[train_op, loss, global_step, v]")


@check
def an_average_after_a_training_step_sees_the_new_value(target: Target) -> None:
    """Catches a read under control_dependencies([train_op]) that sees the old variable."""
    v, average = tf.Variable(1.0), tf.Variable(1.0, trainable=False)
    train = tf.train.GradientDescentOptimizer(1.0).minimize(-v)
    with tf.control_dependencies([train]):
        keep = tf.assign(average, average * 0.5 + v * 0.5)
    same(_run(target, [keep, v]), [1.5, 2.0], "an average of v, after v went from 1 to 2")


@check
def a_chain_of_ordered_writes(target: Target) -> None:
    """Catches a lost state write in a long chain of reads and writes."""
    v = tf.Variable(0.0)
    last: Any = tf.no_op()
    for step in range(50):
        with tf.control_dependencies([last]):
            last = tf.assign(v, v * 0.5 + float(step))
    expected = np.float32(0)
    for step in range(50):
        expected = expected * np.float32(0.5) + np.float32(step)
    with started(target) as sess:
        same(sess.run(last), expected, "50 ordered writes of v * 0.5 + step")
        same(sess.run(v), expected, "the variable in the next run")


@check
def fetching_more_changes_no_read(target: Target) -> None:
    """Catches reads that depend on what else is fetched."""
    v = tf.Variable([1.0])
    y, up = v * 10.0, tf.assign_add(v, [1.0])
    for fetches in ([y, up], [up, y], [y, up, v, v.initialized_value()]):
        got = _run(target, fetches)
        same(got[0 if fetches[0] is y else 1], [10.0], "v * 10 beside assign_add(v, 1)")


@check
def many_variables_in_one_run(target: Target) -> None:
    """Catches state parameters mixed up, lost, or written over by a neighbour."""
    count = 120
    variables = [tf.Variable(np.full(1 + i % 3, i, np.float32)) for i in range(count)]
    # Each takes what the one three places on held: all reads are of old values.
    moves = [tf.assign(v, variables[(i + 3) % count]) for i, v in enumerate(variables)]
    rotate = tf.group(*moves)
    with started(target) as sess:
        for turn in (3, 6):
            sess.run(rotate)
            wanted = [np.full(1 + i % 3, (i + turn) % count, np.float32) for i in range(count)]
            same(sess.run(variables), wanted, f"{count} variables rotated by {turn}")


@check
def several_dtypes_in_one_run(target: Target) -> None:
    """Catches state kept in another dtype than the variable's."""
    values = {
        "bool": np.array([True, False]),
        "int32": np.array([2**31 - 1, -(2**31)], np.int32),
        "int64": np.array([2**62 + 1, -(2**62) - 1], np.int64),
        "float32": np.array([1e-45, -0.0], np.float32),
        "float64": np.array([1 + 2**-52, -0.0]),
    }
    here = {name: value for name, value in values.items() if target.declares(name)}
    variables = [tf.Variable(value) for value in here.values()]
    other = [tf.Variable(np.zeros_like(value)) for value in here.values()]
    with started(target) as sess:
        sess.run([tf.assign(to, v).op for to, v in zip(other, variables, strict=True)])
        same(sess.run(variables), list(here.values()), "variables as initialised")
        same(sess.run(other), list(here.values()), "variables assigned from variables")


# From run to run


@check
def every_run_starts_from_the_last(target: Target) -> None:
    """Catches a stale second run: results or state of an earlier run given again."""
    v = tf.Variable([0.0, 0.0])
    up, twice = tf.assign_add(v, [1.0, 2.0]), v * 2.0
    with started(target) as sess:
        for count in (1.0, 2.0, 3.0, 4.0):
            sess.run(up)
            same(sess.run(twice), [2 * count, 4 * count], f"v * 2 after {count:.0f} updates")


@check
def feeding_a_variable_changes_no_state(target: Target) -> None:
    """Catches a fed variable written through to the state."""
    v = tf.Variable(1.0)
    y = v + 1.0
    with started(target) as sess:
        same(sess.run(y, {v: np.float32(10)}), 11.0, "v + 1 with v fed")
        same(sess.run([y, v]), [2.0, 1.0], "the next run")


@check
def the_initializer_starts_again(target: Target) -> None:
    """Catches an initial value that a later in-place update has changed."""
    v = tf.Variable(np.arange(4, dtype=np.float32))
    up = tf.assign_add(v, np.ones(4, np.float32))
    with started(target) as sess:
        sess.run(up)
        sess.run(up)
        sess.run(v.initializer)
        same(sess.run(v), np.arange(4, dtype=np.float32), "a variable initialised again")


@check
def a_variable_may_change_its_shape(target: Target) -> None:
    """Catches executables reused for state of another shape."""
    v = tf.Variable([1.0, 2.0], validate_shape=False)
    total = tf.reduce_sum(v)
    grow = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    with started(target) as sess:
        same(sess.run(total), 3.0, "the sum of two")
        sess.run(grow)
        same(sess.run(total), 6.0, "the sum of three")
        sess.run(v.initializer)
        same(sess.run(total), 3.0, "the sum of two again")


@check
def empty_and_scalar_variables(target: Target) -> None:
    """Catches state of no elements, or of no axes, that is lost or reshaped."""
    empty, scalar = tf.Variable(np.zeros((0, 3), np.float32)), tf.Variable(2.0)
    fetches = [tf.assign_add(empty, empty), tf.assign_add(scalar, 1.0)]
    with started(target) as sess:
        for count in (3.0, 4.0):
            wanted = [np.zeros((0, 3), np.float32), count]
            same(sess.run(fetches), wanted, "an empty and a scalar variable")


@check
def scatters_work_on_their_predecessor(target: Target) -> None:
    """Catches scatters that drop duplicates, or start from the value before the run."""
    v = tf.Variable(np.zeros((4, 2), np.float32))
    add = tf.scatter_add(v, [1, 3, 1], np.ones((3, 2), np.float32))
    with tf.control_dependencies([add]):
        less = tf.scatter_sub(v, [3], np.full((1, 2), 5, np.float32))
    with tf.control_dependencies([less]):
        last = tf.scatter_update(v, [0], np.full((1, 2), 9, np.float32))
    wanted = np.array([[9, 9], [2, 2], [0, 0], [-4, -4]], np.float32)
    same(_run(target, last), wanted, "scatter_add, scatter_sub, scatter_update in order")


@check
def sessions_have_their_own_state(target: Target) -> None:
    """Catches state shared between sessions, through the backend or an executable."""
    v = tf.Variable([0.0])
    up = tf.assign_add(v, [1.0])
    with started(target) as one, started(target) as other:
        one.run(up)
        one.run(up)
        other.run(up)
        same([one.run(v), other.run(v)], [[2.0], [1.0]], "a variable in two sessions")


# Runs that fail


@check
def an_uninitialised_variable_stops_the_run_before_it_starts(target: Target) -> None:
    """Catches runs over garbage, and runs that write before they find out."""
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    both = tf.group(tf.assign(v, 3.0), tf.assign_add(w, 1.0))
    with session(target) as sess:
        sess.run(v.initializer)
        with refused(tf.errors.FailedPreconditionError, "w"):
            sess.run(both)
        same(sess.run(v), 1.0, "the other variable after the refused run")


@check
def a_failed_check_changes_no_variable(target: Target) -> None:
    """Catches writes committed before the checks, those of other variables included."""
    v, other = tf.Variable([1, 2, 3]), tf.Variable(5.0)
    by = tf.placeholder(tf.int32, [])
    quotient = tf.floordiv(v, by)
    step = tf.group(tf.assign_add(other, 1.0), tf.assign(v, quotient), tf.assign_add(v, [1, 1, 1]))
    with started(target) as sess:
        for _ in range(2):
            with refused(tf.errors.InvalidArgumentError, "ivision by zero"):
                sess.run(step, {by: 0})
            same(
                sess.run([v, other]),
                [np.array([1, 2, 3], np.int32), 5.0],
                "variables after a failed run",
            )
        sess.run(step, {by: 2})
        same(
            sess.run([v, other]),
            [np.array([1, 2, 2], np.int32), 6.0],
            "variables after the next run",
        )


@check
def a_failed_first_write_leaves_the_variable_uninitialised(target: Target) -> None:
    """Catches a failed initialiser that leaves a variable half made."""
    ok = tf.placeholder(tf.bool, [])
    with tf.control_dependencies([tf.Assert(ok, ["refused"])]):
        start = tf.constant([1.0, 2.0]) * 1.0
    v = tf.Variable(start)
    with session(target) as sess:
        with refused(tf.errors.InvalidArgumentError, "refused"):
            sess.run(v.initializer, {ok: False})
        with refused(tf.errors.FailedPreconditionError, "uninitialized"):
            sess.run(v)
        sess.run(v.initializer, {ok: True})
        same(sess.run(v), [1.0, 2.0], "the variable initialised after all")
