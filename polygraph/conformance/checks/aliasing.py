"""Aliasing: whose memory state, feeds and fetched arrays are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import require
from polygraph.conformance.checking import Checks, same, session, started

if TYPE_CHECKING:
    from polygraph.conformance.target import Target

check = Checks(3, "state")
cases = check.cases


@check
def a_fetched_array_never_changes(target: Target) -> None:
    """Catches a fetch that aliases state, and an output buffer that the next run reuses."""
    v, x = tf.Variable(np.zeros(64, np.float32)), tf.placeholder(tf.float32, [64])
    writes = [
        tf.assign_add(v, x),
        tf.assign(v, x),
        tf.scatter_add(v, [0], [1.0]),
        tf.scatter_update(v, [1], [7.0]),
    ]
    with started(target) as sess:
        kept: list[tuple[Any, Any]] = []
        for turn in range(3):
            for write in writes:
                fed = np.full(64, turn + 1, np.float32)
                fetched = sess.run([write, tf.identity(x), v], {x: fed})
                kept += [(array, array.copy()) for array in fetched]
                fed[:] = -1
        for array, copy in kept:
            same(array, copy, "an array fetched earlier")


@check
def views_of_a_variable_never_change(target: Target) -> None:
    """Catches fetched reshapes, transposes and slices that look into the state."""
    v = tf.Variable(np.arange(12, dtype=np.float32).reshape(3, 4))
    views = [v[1:], v[0], tf.reshape(v, [4, 3]), tf.transpose(v), tf.identity(v), tf.squeeze(v)]
    up = tf.assign_add(v, np.ones((3, 4), np.float32))
    with started(target) as sess:
        fetched = sess.run(views)
        copies = [array.copy() for array in fetched]
        sess.run(up)
        together = sess.run([*views, up.op])[:-1]
        second = [array.copy() for array in together]
        sess.run(up)
        same(fetched, copies, "views fetched before an update")
        same(together, second, "views fetched together with an update")


@check
def fetched_arrays_are_the_callers_to_write(target: Target) -> None:
    """Catches read-only results, and results through which the caller reaches the state."""
    v, w = tf.Variable([1.0, 2.0]), tf.Variable([5.0, 6.0])
    constant = tf.constant([3.0, 4.0])
    write = tf.assign_add(w, [0.0, 0.0])
    fetches = [v, tf.identity(v), constant, constant * 2.0, write, tf.identity(write)]
    wanted = [[1.0, 2.0], [1.0, 2.0], [3.0, 4.0], [6.0, 8.0], [5.0, 6.0], [5.0, 6.0]]
    with started(target) as sess:
        for _ in range(2):
            arrays = sess.run(fetches)
            same(arrays, wanted, "what the caller had written into before")
            for array in arrays:
                require(array.flags.writeable, "a fetched array is read-only")
                array[:] = 100.0


@check
def two_fetches_of_one_value_are_two_arrays(target: Target) -> None:
    """Catches one array given for two fetches: writing the one would change the other."""
    v = tf.Variable([1.0, 2.0])
    y = v * 3.0
    pairs = [(v, tf.identity(v)), (y, tf.identity(y)), (y, tf.reshape(y, [2])), (v, v.value())]
    with started(target) as sess:
        for pair in pairs:
            first, second = sess.run(pair)
            copy = second.copy()
            first[:] = -1.0
            same(second, copy, f"the fetch of {pair[1].name} beside {pair[0].name}")


@check
def a_fed_array_may_change_after_the_call(target: Target) -> None:
    """Catches state, or a fetched feed, that aliases the array which was fed."""
    for size in (2, 4096):
        v, x = tf.Variable(np.zeros(size, np.float32)), tf.placeholder(tf.float32, [size])
        store = tf.assign(v, x)
        # Engines that take memory over do so where it is aligned: both alignments are tried.
        for offset in (0, 1):
            whole = np.zeros(size + 17, np.float32)
            start = (-whole.ctypes.data // 4) % 16 + offset
            fed = whole[start : start + size]
            fed[:] = 7
            with started(target) as sess:
                fetched = sess.run([store, x, tf.identity(x), tf.reshape(x, [size, 1])], {x: fed})
                fed[:] = 50
                seven = np.full(size, 7, np.float32)
                same(sess.run(v), seven, "a variable assigned from a feed changed since")
                same(fetched[:3], [seven] * 3, "a fetched feed, the feed changed since")
                same(fetched[3][:, 0], seven, "a reshaped feed, the feed changed since")


@check
def a_feed_is_never_written_to(target: Target) -> None:
    """Catches in-place updates that run over the array which was fed."""
    v, x = tf.Variable(np.zeros(32, np.float32)), tf.placeholder(tf.float32, [32])
    with tf.control_dependencies([tf.assign(v, x)]):
        up = tf.assign_add(v, np.ones(32, np.float32))
    y = tf.exp(tf.negative(x) * 2.0)
    fed = np.arange(32, dtype=np.float32)
    with started(target) as sess:
        for _ in range(2):
            sess.run([up, y], {x: fed})
            sess.run(tf.assign_add(v, v))
            same(fed, np.arange(32, dtype=np.float32), "the array that was fed")


@check
def writing_into_a_fetched_feed_leaves_the_feed(target: Target) -> None:
    """Catches a fetched feed that is the caller's own array."""
    x = tf.placeholder(tf.float32, [3])
    size = tf.reduce_sum(tf.where(x > 1.0))
    fed = np.array([1.0, 2.0, 3.0], np.float32)
    with session(target) as sess:
        for fetches in (x, [x, tf.identity(x)], [x, size]):
            arrays = sess.run(fetches, {x: fed})
            (arrays if isinstance(arrays, np.ndarray) else arrays[0])[:] = 100.0
            same(fed, [1.0, 2.0, 3.0], "the array that was fed")


@check
def assigning_a_variable_to_another_does_not_tie_them(target: Target) -> None:
    """Catches two variables that share memory after an assign."""
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([0.0, 0.0])
    copy, up, down = tf.assign(b, a), tf.assign_add(a, [10.0, 10.0]), tf.assign_sub(b, [1.0, 1.0])
    with started(target) as sess:
        sess.run(copy)
        sess.run(up)
        same(sess.run([a, b]), [[11.0, 12.0], [1.0, 2.0]], "the two after one was updated")
        sess.run(down)
        same(sess.run([a, b]), [[11.0, 12.0], [0.0, 1.0]], "the two after the other was updated")


@check
def two_variables_assigned_one_value_stay_apart(target: Target) -> None:
    """Catches two variables given one buffer, as by one constant or one computed value."""
    a, b = tf.Variable([0.0, 0.0]), tf.Variable([0.0, 0.0])
    x = tf.placeholder(tf.float32, [2])
    constant = tf.constant([5.0, 6.0])
    for value in (constant, x * 2.0, x):
        both = tf.group(tf.assign(a, value), tf.assign(b, value))
        up = tf.assign_add(a, [1.0, 1.0])
        with started(target) as sess:
            sess.run(both, {x: np.array([2.5, 3.0], np.float32)})
            before = sess.run(b)
            sess.run(up)
            same(sess.run(b), before, "a variable, after the other with its value was updated")
            same(sess.run(constant), [5.0, 6.0], "a constant that was assigned")


@check
def feeds_of_any_memory_layout(target: Target) -> None:
    """Catches feeds read by pointer without regard to strides, byte order or flags."""
    x = tf.placeholder(tf.float32, [3, 4])
    y = x * 1.0
    grid = np.arange(12, dtype=np.float32).reshape(3, 4)
    read_only = grid.copy()
    read_only.flags.writeable = False
    wide = np.zeros((3, 8), np.float32)
    wide[:, ::2] = grid
    offset = np.zeros(49, np.uint8)
    unaligned = offset[1:].view(np.float32).reshape(3, 4)
    unaligned[:] = grid
    layouts = {
        "transposed": np.asfortranarray(grid),
        "reversed": grid[::-1, ::-1].copy()[::-1, ::-1],
        "strided": wide[:, ::2],
        "read-only": read_only,
        "byte-swapped": grid.astype(">f4"),
        "broadcast": np.broadcast_to(grid[0], (3, 4)),
        "float64": grid.astype(np.float64),
        "unaligned": unaligned,
        "nested list": grid.tolist(),
    }
    with session(target) as sess:
        for name, fed in layouts.items():
            wanted = np.asarray(fed, np.float32)
            same(sess.run(y, {x: fed}), wanted, f"a {name} feed")
