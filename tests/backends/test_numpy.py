"""The NumPy backend: what its straight-line function leaves out, and what it computes in parts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.backends.numpy.emit import emit
from polygraph.backends.numpy.runs import LARGE, PART, find_runs
from polygraph.core.ground.hooks import hookimpl, plugin_manager

SIZE = 2 * LARGE + 3
RANDOM = np.random.default_rng(5)


class _Compiled:
    def __init__(self) -> None:
        self.program: Any = None

    @hookimpl
    def polygraph_session_compiled(self, program: Any, executable: Any, seconds: float) -> None:
        del executable, seconds
        self.program = program

    @property
    def source(self) -> str:
        return emit(self.program.block, "step")[0]

    @property
    def runs(self) -> int:
        return len(find_runs(self.program.block))


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


def drawn(*shape: int) -> Any:
    return RANDOM.normal(size=shape).astype(np.float32)


def test_large_arrays_go_through_a_run_in_parts(compiled: _Compiled) -> None:
    x, y = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    half = tf.sqrt(tf.abs(x * y)) - 0.5
    z = tf.where(tf.logical_and(half > 0.0, x < 1.0), half, tf.exp(half) * x)
    with tf.Session(backend="numpy") as sess:
        for size in (LARGE, PART + 1, SIZE):
            a, b = drawn(size), drawn(size)
            for _ in range(2):
                given, inner = sess.run([z, half], {x: a, y: b})
                expected = np.sqrt(np.abs(a * b)) - np.float32(0.5)
                np.testing.assert_array_equal(inner, expected)
                chosen = np.where((expected > 0) & (a < 1), expected, np.exp(expected) * a)
                np.testing.assert_array_equal(given, chosen)
            assert compiled.runs == (size >= LARGE)
    assert "for start in range" in compiled.source


def test_a_run_reads_what_lies_out_of_order(compiled: _Compiled) -> None:
    x = tf.placeholder(tf.float32, [300, 300])
    twice = tf.reshape(x * 2.0, [-1])
    # Were the run to write to the memory of `twice`, it would read its own results backwards.
    z = tf.exp(twice[::-1] * 0.5 + twice) * twice[::-1]
    w = tf.transpose(x) * x + 1.0 - tf.transpose(x)
    fed = drawn(300, 300)
    flat = fed.reshape(-1)
    with tf.Session(backend="numpy") as sess:
        for _ in range(2):
            given, other = sess.run([z, w], {x: fed})
            back = flat[::-1] * 2
            expected = np.exp(back * np.float32(0.5) + flat * 2) * back
            np.testing.assert_array_equal(given, expected)
            np.testing.assert_array_equal(other, fed.T * fed + 1 - fed.T)
    assert compiled.runs >= 2


def test_runs_of_other_dtypes(compiled: _Compiled) -> None:
    n = tf.placeholder(tf.int32, [SIZE])
    d = tf.placeholder(tf.float64, [SIZE])
    ints = tf.bitwise.bitwise_xor(n * 3, n) - n
    doubles = tf.maximum(d * d - 1.0, d) / 3.0
    counts, values = np.arange(SIZE, dtype=np.int32) * 99_991, RANDOM.normal(size=SIZE)
    with np.errstate(over="ignore"), tf.Session(backend="numpy") as sess:
        first, second = sess.run([ints, doubles], {n: counts, d: values})
        np.testing.assert_array_equal(first, (counts * 3 ^ counts) - counts)
        np.testing.assert_array_equal(second, np.maximum(values * values - 1, values) / 3)
    assert compiled.runs == 1


def test_training_in_parts_keeps_what_was_fetched_before() -> None:
    v = tf.Variable(drawn(SIZE))
    loss = tf.reduce_sum(tf.square(v))
    step = tf.train.AdamOptimizer(0.1).minimize(loss)
    with tf.Session(backend="numpy") as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(v)
        kept = before.copy()
        for _ in range(3):
            sess.run(step)
        np.testing.assert_array_equal(before, kept)
        # The steps of Adam are of the learning rate's size while gradients keep their signs.
        moved = np.abs(before) - np.abs(sess.run(v))
        large = np.abs(before) > 1
        np.testing.assert_allclose(moved[large], 0.3, rtol=0.02)


def test_a_broadcast_that_ufuncs_imply_is_not_made(compiled: _Compiled) -> None:
    column, row = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None])
    wide = tf.broadcast_to(column, [3, 4])
    with tf.Session(backend="numpy") as sess:
        feeds = {column: [[1.0], [2.0], [3.0]], row: np.arange(4.0)}
        given = sess.run(wide * row, feeds)
        assert "broadcast_to" not in compiled.source
        np.testing.assert_array_equal(given, np.outer([1, 2, 3], np.arange(4)))
        # Nothing else makes these as large as they are.
        for needed in (wide * 2.0, wide * column, tf.reduce_sum(wide * row + wide, 1), wide):
            assert sess.run(needed, feeds).shape[0] == 3
        assert sess.run([wide * 2.0, wide * row], feeds)[0].shape == (3, 4)
        assert sess.run(wide * wide, feeds).shape == (3, 4)


@pytest.mark.parametrize("turned", [(False, False), (True, False), (False, True), (True, True)])
def test_large_products_are_written_to_buffers_that_nothing_else_holds(
    turned: tuple[bool, bool],
) -> None:
    a = tf.placeholder(tf.float32, [120, 120])
    first = tf.matmul(a, a, transpose_a=turned[0], transpose_b=turned[1])
    # `doubled` dies in the product, which must not write over what it reads.
    doubled = first * 2.0
    second = tf.matmul(doubled, tf.matmul(doubled, a))
    fed = RANDOM.integers(-3, 4, (120, 120)).astype(np.float32)
    one, other = (fed.T if turn else fed for turn in turned)
    expected = one @ other
    with tf.Session(backend="numpy") as sess:
        for _ in range(2):
            got = sess.run([tf.reduce_sum(first), second + 0.0], {a: fed})
            np.testing.assert_allclose(got[0], expected.sum(), rtol=1e-4)
            double = expected.astype(np.float64) * 2
            np.testing.assert_allclose(got[1], double @ (double @ fed), rtol=1e-3)
