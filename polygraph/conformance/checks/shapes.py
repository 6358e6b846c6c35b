"""Shapes: those that feeds and values decide, new ones, unknown ranks, and fed intermediates."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.checking import Checks, near, quiet, same, session, started

if TYPE_CHECKING:
    from polygraph.conformance.target import Target

check = Checks(3, "shapes")
cases = check.cases

_MASKS = (
    [True, False, True, True, False],
    [False] * 5,
    [True] * 5,
    [False, True, False, False, True],
    [True, True, False, True, False],
)


# Shapes that values decide


@check
def where_finds_as_many_as_there_are(target: Target) -> None:
    """Catches an index list padded to the size of the mask, or of an earlier run."""
    mask = tf.placeholder(tf.bool, [5])
    found = tf.where(mask)
    count = tf.shape(found)[0]
    with session(target) as sess:
        for fed in _MASKS:
            got = sess.run([found, count], {mask: fed})
            wanted = np.argwhere(fed).astype(np.int64)
            same(got, [wanted, np.int32(len(wanted))], f"where({fed})")


@check
def where_of_more_axes(target: Target) -> None:
    """Catches indices in another order than row by row."""
    x = tf.placeholder(tf.float32, [None, 3, 2])
    found = tf.where(x > 0.0)
    with session(target) as sess:
        for seed, rows in ((0, 2), (1, 4), (2, 0)):
            fed = np.random.default_rng(seed).normal(size=(rows, 3, 2)).astype(np.float32)
            same(sess.run(found, {x: fed}), np.argwhere(fed > 0), f"where of {rows} x 3 x 2")


@check
def boolean_mask_and_what_follows(target: Target) -> None:
    """Catches steps after a stage that were compiled for another size, and empty results."""
    x, mask = tf.placeholder(tf.float32, [5, 2]), tf.placeholder(tf.bool, [5])
    kept = tf.boolean_mask(x, mask)
    total = tf.reduce_sum(kept, axis=0)
    product = tf.matmul(kept, kept, transpose_b=True)
    (slope,) = tf.gradients(tf.reduce_sum(tf.square(kept)), [x])
    fed = np.arange(10, dtype=np.float32).reshape(5, 2)
    with session(target) as sess:
        for flags in _MASKS:
            some = fed[np.array(flags)]
            wanted = [some, some.sum(0), some @ some.T, np.where(np.array(flags)[:, None], 2, 0)]
            wanted[3] = (wanted[3] * fed).astype(np.float32)
            got = sess.run([kept, total, product, slope], {x: fed, mask: flags})
            same(got, wanted, f"boolean_mask by {flags}")


@check
def unique_and_its_counts(target: Target) -> None:
    """Catches values sorted where the order of appearance is wanted, and stale sizes."""
    x = tf.placeholder(tf.int32, [None])
    values, index = tf.unique(x)
    _, _, counts = tf.unique_with_counts(x)
    back = tf.gather(values, index)
    with session(target) as sess:
        for fed in ([4, 4, 1, 3, 1, 4], [7, 7, 7, 7, 7, 7], [9], [], [3, 2, 1, 1, 2, 3]):
            array = np.array(fed, np.int32)
            seen = list(dict.fromkeys(fed))
            wanted = [
                np.array(seen, np.int32),
                np.array([seen.index(item) for item in fed], np.int32),
                np.array([fed.count(item) for item in seen], np.int32),
                array,
            ]
            got = sess.run([values, index, counts, back], {x: array})
            same(got, wanted, f"unique of {fed}")


@check
def parts_of_a_partition(target: Target) -> None:
    """Catches rows given to the wrong part, and parts of an earlier run's sizes."""
    x, parts = tf.placeholder(tf.float32, [6, 2]), tf.placeholder(tf.int32, [6])
    split = tf.dynamic_partition(x, parts, 3)
    fed = np.arange(12, dtype=np.float32).reshape(6, 2)
    with session(target) as sess:
        for which in ([0, 1, 2, 0, 1, 2], [1] * 6, [2, 2, 0, 0, 0, 2]):
            got = sess.run(split, {x: fed, parts: which})
            same(got, [fed[np.array(which) == part] for part in range(3)], f"parts {which}")


@check
def segments_as_many_as_the_ids_say(target: Target) -> None:
    """Catches a number of segments kept from an earlier run."""
    x, ids = tf.placeholder(tf.float32, [4]), tf.placeholder(tf.int32, [4])
    totals = tf.segment_sum(x, ids)
    fed = np.array([1.0, 2.0, 4.0, 8.0], np.float32)
    with session(target) as sess:
        for which, wanted in (
            ([0, 0, 1, 1], [3.0, 12.0]),
            ([0, 1, 2, 3], [1.0, 2.0, 4.0, 8.0]),
            ([0, 0, 3, 3], [3.0, 0.0, 0.0, 12.0]),
        ):
            same(sess.run(totals, {x: fed, ids: which}), wanted, f"segment_sum by {which}")


@check
def several_stages_in_a_row(target: Target) -> None:
    """Catches values lost, or computed again, between the stages of a plan."""
    x = tf.placeholder(tf.int32, [None])
    values, _ = tf.unique(x)
    host = tf.py_func(lambda array: array[::-1].copy(), [values * 2], tf.int32)
    host.set_shape([None])
    kept = tf.boolean_mask(host, host > 4)
    total = tf.reduce_sum(kept) + tf.size(values)
    with session(target) as sess:
        for fed in ([1, 5, 5, 3, 1], [9, 8, 9], [1, 1], []):
            array = np.array(fed, np.int32)
            distinct = np.array(list(dict.fromkeys(fed)), np.int32)
            doubled = distinct[::-1] * 2
            wanted = doubled[doubled > 4]
            got = sess.run([kept, total], {x: array})
            same(got, [wanted, np.int32(wanted.sum() + len(distinct))], f"stages over {fed}")


@check
def a_write_beside_value_dependent_shapes(target: Target) -> None:
    """Catches state written by an early stage and read, wrongly, by a late one."""
    v, x = tf.Variable([10.0, 20.0, 30.0, 40.0]), tf.placeholder(tf.float32, [4])
    rows = tf.cast(tf.where(x > 0.0)[:, 0], tf.int32)
    up = tf.scatter_add(v, rows, tf.gather(x, rows))
    old = tf.reduce_sum(tf.gather(v, rows))
    with started(target) as sess:
        got = sess.run([old, up], {x: [1.0, -1.0, 2.0, 0.0]})
        same(got, [40.0, [11.0, 20.0, 32.0, 40.0]], "a scatter at rows found")
        got = sess.run([old, up], {x: [0.0, 0.0, 0.0, 0.0]})
        same(got, [0.0, [11.0, 20.0, 32.0, 40.0]], "a scatter at no rows")


# Shapes that feeds decide


@check
def operands_that_are_shapes(target: Target) -> None:
    """Catches plans keyed without the values of fed shapes, axes, sizes and counts."""
    x = tf.placeholder(tf.float32, [2, 3, 4])
    size, axis = tf.placeholder(tf.int32, []), tf.placeholder(tf.int32, [])
    shape, perm = tf.placeholder(tf.int32, [None]), tf.placeholder(tf.int32, [3])
    fetches = {
        "reshape": tf.reshape(x, shape),
        "transpose": tf.transpose(x, perm),
        "sum": tf.reduce_sum(x, axis),
        "expand": tf.expand_dims(x, axis),
        "range": tf.range(size),
        "fill": tf.fill([size, 2], 7.0),
        "tile": tf.tile(x[0, 0, :2], [size]),
        "one hot": tf.one_hot([1, 0, 2], size),
        "pad": tf.pad(x[0, :, 0], [[size, axis]]),
        "slice": tf.slice(x, [0, axis, 0], [-1, 1, size]),
        "strided": x[:, ::-1, :size],
        "concat": tf.concat([x, x], axis),
        "broadcast": tf.broadcast_to(x[:1, :1, :1], [size, 1, 2]),
        "stack": tf.stack([size, size * 2]),
    }
    fed = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    rounds = [(3, 1, [4, 6], [2, 0, 1]), (1, 2, [24], [0, 1, 2]), (3, 0, [2, -1, 2], [1, 2, 0])]
    with session(target) as sess:
        for n, at, new, order in [*rounds, rounds[0]]:
            cell = fed[0, 0, :2]
            wanted = {
                "reshape": fed.reshape(new),
                "transpose": fed.transpose(order),
                "sum": fed.sum(at),
                "expand": np.expand_dims(fed, at),
                "range": np.arange(n, dtype=np.int32),
                "fill": np.full((n, 2), 7, np.float32),
                "tile": np.tile(cell, n),
                "one hot": (np.array([[1], [0], [2]]) == np.arange(n)).astype(np.float32),
                "pad": np.pad(fed[0, :, 0], (n, at)),
                "slice": fed[:, at : at + 1, :n],
                "strided": fed[:, ::-1, :n],
                "concat": np.concatenate([fed, fed], at),
                "broadcast": np.zeros((n, 1, 2), np.float32),
                "stack": np.array([n, 2 * n], np.int32),
            }
            feed = {x: fed, size: n, axis: at, shape: new, perm: order}
            same(sess.run(fetches, feed), wanted, f"operands {n}, {at}, {new}, {order}")


@check
def new_shapes_are_compiled_anew(target: Target) -> None:
    """Catches executables reused for other shapes, whose extents only broadcast by chance."""
    x, y = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [None, None])
    fetches = [x + y, tf.reduce_mean(x), tf.shape(x * y), tf.gradients(x * y, [x, y])]
    shapes = [((3, 4), (3, 4)), ((3, 1), (3, 4)), ((1, 4), (3, 1)), ((1, 1), (1, 1)), ((3, 4),) * 2]
    with session(target) as sess:
        for one, other in shapes:
            a = np.arange(1, 1 + one[0] * one[1], dtype=np.float32).reshape(one)
            b = np.arange(2, 2 + other[0] * other[1], dtype=np.float32).reshape(other)
            grown = np.broadcast_shapes(one, other)
            wanted = [
                a + b,
                a.mean(),
                np.array(grown, np.int32),
                [_undo(np.broadcast_to(b, grown), one), _undo(np.broadcast_to(a, grown), other)],
            ]
            near(sess.run(fetches, {x: a, y: b}), wanted, f"{one} with {other}", relative=1e-6)


def _undo(array: Any, shape: tuple[int, ...]) -> Any:
    """``array`` summed to ``shape``: the gradient of broadcasting."""
    axes = tuple(axis for axis, extent in enumerate(shape) if extent != array.shape[axis])
    return array.sum(axes, keepdims=True, dtype=np.float32)


@check
def a_static_dimension_comes_from_the_feed(target: Target) -> None:
    """Catches gradients and means that use the batch size of an earlier run."""
    x, w = tf.placeholder(tf.float32, [None, 3]), tf.Variable(np.ones((3, 2), np.float32))
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)))
    (slope,) = tf.gradients(loss, [w])
    with started(target) as sess:
        for rows in (4, 1, 7, 4):
            fed = np.arange(3 * rows, dtype=np.float32).reshape(rows, 3) / 10
            y = fed @ np.ones((3, 2), np.float32)
            wanted = [np.mean(np.square(y)), fed.T @ y / np.float32(rows)]
            near(sess.run([loss, slope], {x: fed}), wanted, f"a batch of {rows}")


@check
def unknown_ranks(target: Target) -> None:
    """Catches plans that take the rank of the first run for all."""
    x = tf.placeholder(tf.float32)
    fetches = [x * 2.0, tf.rank(x), tf.size(x), tf.shape(x), tf.reduce_sum(x), tf.reshape(x, [-1])]
    with session(target) as sess:
        for shape in ((), (3,), (2, 3), (1, 2, 2), (0, 4), ()):
            fed = np.arange(int(np.prod(shape)), dtype=np.float32).reshape(shape)
            wanted = [
                fed * 2,
                np.int32(len(shape)),
                np.int32(fed.size),
                np.array(shape, np.int32),
                fed.sum(),
                fed.reshape(-1),
            ]
            same(sess.run(fetches, {x: fed}), wanted, f"a feed of shape {shape}")


@check
def empty_operands(target: Target) -> None:
    """Catches reductions, products and joins that go wrong without elements."""
    x = tf.placeholder(tf.float32, [None, 3])
    fetches = [
        tf.reduce_sum(x, 0),
        tf.reduce_prod(x, 0),
        tf.reduce_max(x, 0),
        tf.reduce_mean(x, 0),
        tf.matmul(x, x, transpose_a=True),
        tf.matmul(x, x, transpose_b=True),
        tf.concat([x, tf.ones([1, 3]), x], 0),
        tf.nn.softmax(x),
        tf.cumsum(x),
        tf.reduce_all(x > 0.0),
        tf.transpose(x),
    ]
    empty = np.zeros((0, 3), np.float32)
    wanted = [
        np.zeros(3, np.float32),
        np.ones(3, np.float32),
        np.full(3, -np.inf, np.float32),
        np.full(3, np.nan, np.float32),
        np.zeros((3, 3), np.float32),
        np.zeros((0, 0), np.float32),
        np.ones((1, 3), np.float32),
        empty,
        empty,
        np.bool_(1),
        empty.T,
    ]
    with session(target) as sess:
        same(sess.run(fetches, {x: empty}), wanted, "results of no rows")


# Feeds in the middle


@check
def anything_may_be_fed(target: Target) -> None:
    """Catches feeds of intermediates, constants and shapes that the plan computes instead."""
    x = tf.placeholder(tf.float32, [2])
    middle = tf.exp(x)
    constant = tf.constant([1.0, 2.0])
    shape = tf.shape(x)
    fetches = [middle * 2.0, middle + constant, constant, tf.fill(shape, 3.0)]
    with session(target) as sess:
        got = sess.run(fetches[:1], {middle: [5.0, 6.0]})
        same(got, [[10.0, 12.0]], "an intermediate, without what it is computed from")
        got = sess.run(fetches, {x: [0.0, 0.0], constant: [7.0, 8.0], shape: [3]})
        same(got, [[2.0, 2.0], [8.0, 9.0], [7.0, 8.0], [3.0] * 3], "a constant and a shape")
        got = sess.run(fetches, {x: [0.0, 0.0]})
        same(got, [[2.0, 2.0], [2.0, 3.0], [1.0, 2.0], [3.0] * 2], "the same without")


@check
def a_fed_output_stops_what_computes_it(target: Target) -> None:
    """Catches side effects and checks of operations that only a fed tensor needs."""
    v = tf.Variable(1.0)
    up = tf.assign_add(v, 1.0)
    checked = tf.check_numerics(tf.log(up - 10.0), "bad logarithm")
    y = checked * 2.0
    with started(target) as sess:
        same(sess.run(y, {checked: 4.0}), 8.0, "what follows a fed tensor")
        same(sess.run(v), 1.0, "a variable written only by what the feed replaces")


@check
def a_default_may_be_replaced(target: Target) -> None:
    """Catches a default folded into the plan, and a feed kept for the next run."""
    x = tf.placeholder_with_default(tf.constant([1.0, 2.0]), [None])
    y = tf.reduce_sum(x) * 10.0
    with session(target) as sess:
        same(sess.run(y), 30.0, "the default")
        same(sess.run(y, {x: [1.0, 2.0, 3.0]}), 60.0, "a feed in its place")
        same(sess.run(y), 30.0, "the default again")


@check.where(ci=False)
def many_sizes_in_turn(target: Target) -> None:
    """Catches caches of plans that give a plan of another size once they are full."""
    mask = tf.placeholder(tf.bool, [None])
    x = tf.placeholder(tf.float32, [None])
    kept = tf.boolean_mask(x, mask) * 2.0
    sizes = [1 + (7 * i) % 40 for i in range(60)]
    with session(target) as sess, quiet():
        for size in sizes:
            fed = np.arange(size, dtype=np.float32)
            flags = fed % 3 == 1
            same(sess.run(kept, {x: fed, mask: flags}), fed[flags] * 2, f"a mask of {size}")
