"""Sessions used from many threads, from forked children, and interrupted."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.runtime.interrupts import DeferredInterrupt


@pytest.fixture(autouse=True)
def graph() -> Any:
    with tf.Graph().as_default() as graph:
        yield graph


def test_no_write_of_many_threads_is_lost() -> None:
    v = tf.Variable(np.zeros(64, np.float32))
    up = tf.assign_add(v, np.ones(64, np.float32)).op
    with tf.Session() as sess:
        sess.run(v.initializer)

        def work() -> None:
            for _ in range(200):
                sess.run(up)

        with ThreadPoolExecutor(8) as pool:
            for future in [pool.submit(work) for _ in range(8)]:
                future.result()
        np.testing.assert_array_equal(sess.run(v), np.full(64, 1600.0))


def test_a_reader_never_sees_half_of_a_write() -> None:
    a, b = tf.Variable(np.zeros(256)), tf.Variable(np.zeros(256))
    up = tf.group(tf.assign_add(a, np.ones(256)), tf.assign_add(b, np.ones(256)))
    both = [tf.identity(a), tf.identity(b)]
    torn: list[Any] = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        stop = threading.Event()

        def read() -> None:
            while not stop.is_set():
                one, other = sess.run(both)
                if not (one == other).all() or len(set(one)) != 1:
                    torn.append((one, other))

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(300):
            sess.run(up)
        stop.set()
        for reader in readers:
            reader.join()
    assert not torn


def test_a_run_that_an_edit_made_write_excludes_others() -> None:
    v = tf.Variable(0.0)

    def slowly(value: float) -> np.float32:
        time.sleep(0.01)
        return np.float32(value + 1)

    up = tf.assign(v, tf.py_func(slowly, [v], tf.float32))
    one = tf.identity(tf.constant(1.0))
    with tf.Session() as sess:
        sess.run(v.initializer)
        sess.run(one)
        sess.run(v)
        one.op._add_control_input(up.op)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: sess.run(one), range(12)))
        assert sess.run(v) == 12


def test_runs_of_different_feeds_do_not_mix() -> None:
    x = tf.placeholder(tf.float32, [None])
    y = tf.exp(-tf.square(x)) * 2.0 + x
    with tf.Session() as sess:

        def work(seed: int) -> bool:
            random = np.random.default_rng(seed)
            for _ in range(100):
                fed = random.normal(size=50).astype(np.float32)
                expected = np.exp(-np.square(fed)) * np.float32(2) + fed
                if not np.allclose(sess.run(y, {x: fed}), expected, rtol=1e-5, atol=1e-6):
                    return False
            return True

        with ThreadPoolExecutor(6) as pool:
            assert all(pool.map(work, range(6)))


def test_the_default_session_and_graph_belong_to_a_thread() -> None:
    seen: list[Any] = []
    with tf.Session():
        thread = threading.Thread(target=lambda: seen.append(tf.get_default_session()))
        thread.start()
        thread.join()
    assert seen == [None]


def test_closing_makes_runs_of_other_threads_fail_clearly() -> None:
    y = tf.constant(1.0) + 1.0
    sess = tf.Session()
    sess.run(y)
    sess.close()
    with pytest.raises(RuntimeError, match="closed Session"):
        sess.run(y)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
def test_a_forked_child_that_uses_a_session_gets_a_clear_error() -> None:
    y = tf.constant(2.0) * 3.0
    with tf.Session() as sess:
        assert sess.run(y) == 6.0
        child = os.fork()
        if child == 0:
            try:
                sess.run(y)
            except RuntimeError as error:
                os._exit(7 if "parent process" in str(error) else 8)
            os._exit(9)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 7
        assert sess.run(y) == 6.0


def test_a_run_out_of_time_leaves_variables_as_they_were() -> None:
    v = tf.Variable(0.0)

    def slow(value: Any) -> Any:
        time.sleep(0.05)
        return value

    # Each function makes a stage of its own; the time-out takes effect between two of them.
    value = tf.identity(v)
    for _ in range(20):
        value = tf.py_func(slow, [value + 1.0], tf.float32)
        value.set_shape([])
    store = tf.assign(v, value)
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(tf.errors.DeadlineExceededError):
            sess.run(store, options=tf.RunOptions(timeout_in_ms=120))
        assert sess.run(v) == 0.0


def test_an_interrupted_run_leaves_variables_as_they_were() -> None:
    v = tf.Variable(0.0)

    def interrupt(_: Any) -> Any:
        raise KeyboardInterrupt

    ordered = tf.assign_add(v, 1.0)
    value = tf.py_func(interrupt, [ordered], tf.float32)
    with tf.Session() as sess:
        sess.run(v.initializer)
        with pytest.raises(KeyboardInterrupt):
            sess.run([ordered, value])
        assert sess.run(v) == 0.0


def test_a_python_function_may_use_the_session_that_runs_it() -> None:
    v = tf.Variable(3.0)
    twice = tf.identity(v) * 2.0
    with tf.Session() as sess:
        sess.run(v.initializer)
        inner = tf.py_func(lambda: sess.run(twice), [], tf.float32)
        assert sess.run([inner + 1.0, tf.assign_add(v, 1.0)]) == [7.0, 4.0]


def test_an_interrupt_waits_until_state_written_in_place_is_whole() -> None:
    done: list[str] = []

    def write() -> None:
        with DeferredInterrupt():
            signal.raise_signal(signal.SIGINT)
            done.append("the block went on")

    with pytest.raises(KeyboardInterrupt):
        write()
    assert done == ["the block went on"]
