"""Random numbers: the streams of TensorFlow, the same on every backend, and who draws when."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import require
from polygraph.conformance.checking import Checks, epsilon, near, refused, same, session, started
from polygraph.conformance.recorded import load
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.conformance.recorded import RecordedCase
    from polygraph.conformance.target import Target

check = Checks(3, "random")
cases = check.cases

_NORMAL_ULPS = 4
"""Of each value, for what goes through log, sine and cosine: TensorFlow's own are that far off."""

_QUICK = 6
"""Recorded cases of an op and dtype that the fast subset takes."""


# Recorded values


def _draw(case: RecordedCase, feed: dict[Any, Any]) -> Any:
    """The op of ``case``; what need not be a constant is added to ``feed``, lest it be folded."""
    definition = OP_DEFS[case.op]
    taken = {*definition.lower_attrs, *definition.dtypes, "seed", "seed2"}
    attrs = {name: value for name, value in case.attrs.items() if name in taken}
    operands: list[Any] = []
    for arg, value in zip(definition.inputs, case.inputs, strict=True):
        if arg.name in definition.static:
            operands.append(tf.constant(value))
        else:
            operands.append(tf.placeholder(value.dtype, value.shape))
            feed[operands[-1]] = value
    return definition(*operands, **attrs)


def _require_draws(case: RecordedCase, got: Any, wanted: Any) -> None:
    if "Normal" not in case.op:
        same(got, wanted, case.id)
        return
    # Away from the largest value too: each number is held to its own size.
    eps = epsilon(wanted.dtype.name)
    scale = np.maximum(np.abs(wanted.astype(np.float64)), 1e-3)
    require(got.dtype == wanted.dtype, f"{case.id}: {got.dtype} where {wanted.dtype} was wanted")
    require(got.shape == wanted.shape, f"{case.id}: {got.shape} where {wanted.shape} was wanted")
    error = np.abs(got.astype(np.float64) - wanted.astype(np.float64)) / scale
    bound = _NORMAL_ULPS * eps
    worst = np.max(error, initial=0.0)
    require(worst <= bound, f"{case.id}: off by {worst:.3g}, more than {bound:.3g}")


def recorded_draws(target: Target, chosen: Sequence[RecordedCase]) -> None:
    """Catches a wrong key, counter or rounding: every number is what TensorFlow drew.

    Three runs of one session hold its second and third draws too: a stale counter shows.
    """
    feed: dict[Any, Any] = {}
    draws = [_draw(case, feed) for case in chosen]
    with session(target) as sess:
        for turn in range(max(case.runs for case in chosen)):
            for case, got in zip(chosen, sess.run(draws, feed), strict=True):
                if case.outputs is not None and turn < len(case.outputs):
                    _require_draws(case, np.asarray(got), case.outputs[turn])


def _add_recorded() -> None:
    groups: dict[tuple[str, str], list[RecordedCase]] = defaultdict(list)
    for case in load("random"):
        if case.op in OP_DEFS and case.outputs:
            groups[case.op, case.outputs[0].dtype.name].append(case)
    for (op, dtype), found in groups.items():
        # The last cases are the odd ones: scalars, empty and large shapes, wide seeds.
        quick, rest = found[-_QUICK:], found[:-_QUICK]
        for label, chosen, ci in (("odd", quick, True), ("plain", rest, False)):
            if chosen:
                run = functools.partial(recorded_draws, chosen=chosen)
                loosened = f"{_NORMAL_ULPS} ulp of each value" if "Normal" in op else ""
                name = f"{op}-{dtype}-{label}"
                check.add(name, run, dtype=dtype, ci=ci, loosened=loosened)


_add_recorded()


@check
def seeds_of_the_graph_and_of_ops(target: Target) -> None:
    """Catches seeds combined in another way than TensorFlow's."""
    tf.set_random_seed(5)
    draws = [
        tf.random_uniform([4], seed=6),
        tf.random_uniform([4]),
        tf.random_normal([3]),
        tf.random_uniform([8], maxval=100, dtype=tf.int32, seed=42),
        tf.random_shuffle(tf.constant(list(range(8))), seed=3),
    ]
    again = [tf.random_uniform([4], seed=6), tf.random_normal([3])]
    with session(target) as one, session(target) as other:
        first, second = one.run(draws), other.run(draws)
        same(second, first, "the same graph in another session")
        # Recorded on TensorFlow 2.21, compat.v1.
        same(first[3], np.array([80, 34, 1, 23, 51, 92, 8, 46], np.int32), "uniform integers")
        same(first[4], np.array([2, 4, 1, 0, 6, 5, 7, 3], np.int32), "a shuffle")
        more = one.run(again)
    same(more[0], first[0], "another op of the same seeds")
    require(not np.array_equal(more[1], first[2]), "two ops without a seed drew the same numbers")


@check
def a_range_of_uniform_numbers(target: Target) -> None:
    """Catches a product and the sum that it goes into rounded as one: the bits are TensorFlow's."""
    tf.set_random_seed(1234)
    draws = [
        tf.random_uniform([16], -2.3, 3.1, seed=6),
        tf.random_uniform([12], -0.4, 0.7, tf.float64, seed=6),
    ]
    with session(target) as sess:
        single, double = sess.run(draws)
    # Recorded on TensorFlow 2.21, compat.v1.
    wanted = [
        *(2.2969558, -0.06545377, 2.4436057, 1.4065685, 2.1637933, 2.0888784, -2.1308572),
        *(0.7288456, 2.7590659, 0.8514645, 2.9971135, -1.238451, 0.6400037, 3.056585),
        *(-0.21785808, 2.354842),
    ]
    same(single, np.array(wanted, np.float32), "float32")
    wanted = [
        *(0.4913369999363747, -0.3696786823588577, 0.27433076388022093, -0.12436005265081845),
        *(0.14440521363534975, 0.5323338112165061, -0.008882335217378412, -0.30687914183696985),
        *(0.10714639118688918, 0.5707697866378405, 0.2868002314145309, -0.0682488598806611),
    ]
    same(double, np.array(wanted), "float64")


# Counters


@check
def a_seeded_op_goes_on_in_a_session_and_starts_afresh_in_another(target: Target) -> None:
    """Catches a stale random counter, and one that is shared between sessions."""
    draw = tf.random_uniform([5], seed=1)
    runs = []
    for _ in range(2):
        with session(target) as sess:
            runs.append([sess.run(draw) for _ in range(3)])
    same(runs[1], runs[0], "three draws in a second session")
    distinct = {array.tobytes() for array in runs[0]}
    require(len(distinct) == len(runs[0]), "draws of one session repeat")


@check
def counters_go_on_whatever_is_fetched_beside(target: Target) -> None:
    """Catches a counter that belongs to a plan, not to the session."""
    draw = tf.random_uniform([3], seed=5)
    other = tf.random_uniform([2], seed=6)
    with session(target) as sess:
        plain = [sess.run(draw) for _ in range(3)]
    with session(target) as sess:
        mixed = [sess.run(draw), sess.run([draw, other])[0], sess.run([other, draw * 1.0])[1]]
        late = sess.run(other)
    same(mixed, plain, "three draws, by three signatures")
    with session(target) as sess:
        same(late, [sess.run(other) for _ in range(3)][2], "an op that did not run every time")


@check
def nothing_repeats_without_a_seed(target: Target) -> None:
    """Catches a fixed seed where none was given."""
    draws = [tf.random_uniform([8]), tf.random_uniform([8])]
    with session(target) as one, session(target) as other:
        seen = {array.tobytes() for array in [*one.run(draws), *other.run(draws)]}
    require(len(seen) == 2 * len(draws), "draws without a seed repeat")


@check
def shapes_fed_anew_go_on_with_the_stream(target: Target) -> None:
    """Catches counters lost when a new shape is compiled."""
    size = tf.placeholder(tf.int32, [])
    draw = tf.random_uniform([size, 2], seed=5)
    fixed = tf.random_uniform([3, 2], seed=5)
    with session(target) as sess:
        wanted = [sess.run(fixed) for _ in range(3)]
    with session(target) as sess:
        got = [sess.run(draw, {size: 3})]
        sess.run(draw, {size: 4})
        got.append(sess.run(draw, {size: 3}))
    same(got[0], wanted[0], "the first draw")
    require(not np.array_equal(got[1], got[0]), "a draw repeats after another shape was drawn")


@check
def a_failed_run_draws_nothing(target: Target) -> None:
    """Catches counters moved on by a run that failed: its state has to be as it was."""
    by = tf.placeholder(tf.int32, [])
    draw = tf.random_uniform([4], seed=9)
    with tf.control_dependencies([tf.floordiv(1, by)]):
        checked = draw * 1.0
    with session(target) as sess:
        wanted = [sess.run(draw), sess.run(draw)]
    with session(target) as sess:
        got = [sess.run(checked, {by: 1})]
        with refused(tf.errors.InvalidArgumentError, "ivision by zero"):
            sess.run(checked, {by: 0})
        got.append(sess.run(checked, {by: 1}))
    same(got, wanted, "draws before and after a failed run")


# Who draws


@check
def one_draw_for_all_its_consumers(target: Target) -> None:
    """Catches a random op that is computed again for each consumer."""
    draw = tf.random_normal([64], seed=5)
    pieces = [draw, draw + draw, tf.reshape(draw, [8, 8]), tf.reduce_max(draw)]
    with session(target) as sess:
        for _ in range(2):
            whole, double, grid, highest = sess.run(pieces)
            same(double, whole * 2, "the draw, doubled")
            same(grid, whole.reshape(8, 8), "the draw, reshaped")
            same(highest, whole.max(), "the largest of the draw")


@check
def equal_ops_draw_apart(target: Target) -> None:
    """Catches random ops merged as common subexpressions."""
    tf.set_random_seed(3)
    one, other = tf.random_uniform([6]), tf.random_uniform([6])
    twins = [tf.random_uniform([6], seed=4), tf.random_uniform([6], seed=4)]
    with session(target) as sess:
        first, second = sess.run([one, other])
        require(not np.array_equal(first, second), "two random ops drew the same numbers")
        first, second = sess.run(twins)
        same(first, second, "two ops of the same seeds")
        sess.run(twins[0])
        first, second = sess.run(twins)
        require(not np.array_equal(first, second), "two ops of the same seeds share a counter")


@check
def random_numbers_are_drawn_once_across_stages(target: Target) -> None:
    """Catches a draw computed again in the next stage of a plan."""
    draw = tf.random_uniform([16], seed=3)
    kept = tf.boolean_mask(draw, draw > 0.5)
    total = tf.reduce_sum(kept)
    with session(target) as sess:
        for _ in range(3):
            whole, some, added = sess.run([draw, kept, total])
            same(some, whole[whole > 0.5], "the numbers above one half")
            near(added, some.sum(), "their sum")
    with session(target) as sess:
        plain = [sess.run(draw) for _ in range(2)]
    with session(target) as sess:
        same([sess.run([draw, kept])[0] for _ in range(2)], plain, "draws of a plan of stages")


@check
def a_draw_in_a_branch_counts_only_if_taken(target: Target) -> None:
    """Catches counters moved on by the branch that is not taken."""
    flag = tf.placeholder(tf.bool, [])
    y = tf.cond(flag, lambda: tf.random_uniform([3], seed=7), lambda: tf.zeros([3]))
    plain = tf.random_uniform([3], seed=7)
    with session(target) as sess:
        wanted = [sess.run(plain) for _ in range(2)]
    with session(target) as sess:
        first = sess.run(y, {flag: True})
        same(sess.run(y, {flag: False}), [0.0, 0.0, 0.0], "the other branch")
        same([first, sess.run(y, {flag: True})], wanted, "draws of the branch taken")


@check
def a_draw_in_a_loop_goes_on_every_turn(target: Target) -> None:
    """Catches one draw for all turns, and a counter lost at the loop's end."""
    n = tf.placeholder(tf.int32, [])

    def body(i: Any, out: Any) -> Any:
        return i + 1, out.write(i, tf.random_uniform([2], seed=7))

    array = tf.TensorArray(tf.float32, 4)
    _, out = tf.while_loop(lambda i, _: i < n, body, [0, array])
    drawn = out.stack()
    plain = tf.random_uniform([2], seed=7)
    with session(target) as sess:
        wanted = [sess.run(plain) for _ in range(8)]
    with session(target) as sess:
        got = np.concatenate([sess.run(drawn, {n: 4}) for _ in range(2)])
    same(got, np.stack(wanted), "eight turns against eight runs")


@check
def the_gradient_uses_the_mask_of_its_forward_pass(target: Target) -> None:
    """Catches dropout whose gradient draws a mask of its own."""
    x = tf.placeholder(tf.float32, [200])
    y = tf.nn.dropout(x, 0.5, seed=11)
    (dx,) = tf.gradients(y, [x])
    ones = np.ones(200, np.float32)
    with session(target) as sess:
        masks = []
        for _ in range(2):
            value, slope = sess.run([y, dx], {x: ones})
            same(slope, value, "the gradient of dropout beside dropout itself")
            masks.append(value)
    require(not np.array_equal(masks[0], masks[1]), "dropout repeats its mask")


@check
def initial_values_are_the_same_everywhere(target: Target) -> None:
    """Catches initialisers that draw with the engine's own generator."""
    tf.set_random_seed(1)
    v = tf.Variable(tf.truncated_normal([2, 3], stddev=0.1, seed=2))
    w = tf.get_variable("w", [4], initializer=tf.random_uniform_initializer(-1.0, 1.0, seed=3))
    copies = [tf.truncated_normal([2, 3], stddev=0.1, seed=2), tf.random_uniform([4], seed=3)]
    with started(target) as sess:
        values = sess.run([v, w])
        drawn = sess.run(copies)
        near(values[0], drawn[0], "a variable drawn from a truncated normal", relative=1e-6)
        near(values[1], drawn[1] * 2 - 1, "a variable drawn from a uniform", relative=1e-6)
        sess.run([v.initializer, w.initializer])
        again = sess.run([v, w])
    require(not np.array_equal(again[0], values[0]), "an initialiser run again repeats its draw")


@check
def a_crop_is_a_window_of_the_whole(target: Target) -> None:
    """Catches places drawn beyond where the window fits, and one place drawn for ever."""
    whole = np.arange(20, dtype=np.int32).reshape(4, 5)
    x = tf.placeholder(tf.int32, [4, 5])
    crop = tf.random_crop(x, [2, 3], seed=4)
    corners = set()
    with session(target) as sess:
        for _ in range(12):
            got = sess.run(crop, {x: whole})
            row, column = divmod(int(got[0, 0]), 5)
            corners.add((row, column))
            same(got, whole[row : row + 2, column : column + 3], f"a crop at {row}, {column}")
    require(len(corners) > 3, f"twelve crops start at {sorted(corners)} only")


@check
def long_draws_are_one_stream(target: Target) -> None:
    """Catches blocks of a long draw that repeat, or whose last block is cut wrongly."""
    count = 10_001
    drawn = tf.random_uniform([count], seed=8)
    words = tf.random_uniform([count], maxval=2**31 - 1, dtype=tf.int32, seed=8)
    with session(target) as sess:
        numbers, integers = sess.run([drawn, words])
    for name, got, maxval in (("floats", numbers, None), ("integers", integers, 2**31 - 1)):
        wanted = _reference(count, maxval)
        same(got, wanted, f"{count} uniform {name}")


def _reference(count: int, maxval: int | None) -> Any:
    """The reference's uniform numbers under op seed 8 without a graph seed."""
    generator = np.array([0, 87654321, 8], np.int64)
    shape = np.array([count], np.int32)
    if maxval is None:
        values, _ = OP_DEFS["RandomUniform"].lower(shape, generator, dtype=tf.float32)
        return values
    low, high = np.int32(0), np.int32(maxval)
    values, _ = OP_DEFS["RandomUniformInt"].lower(shape, low, high, generator)
    return values
