"""Threads: one session used by many, sessions side by side, and a session closed in use."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import ConformanceFailure, require
from polygraph.conformance.checking import Checks, refused, same, session, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.conformance.target import Target

check = Checks(4, "threads")
cases = check.cases

THREADS = 8
RUNS = 200


@contextmanager
def _switching() -> Iterator[None]:
    """Let Python change threads a hundred times as often as usual, so that races show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _together(*works: Callable[[], Any]) -> list[Any]:
    """What each of ``works`` gives, all started at once in threads of their own."""
    barrier = threading.Barrier(len(works))

    def start(work: Callable[[], Any]) -> Any:
        barrier.wait()
        return work()

    with _switching(), ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(start, work) for work in works]]


@check
def no_write_is_lost(target: Target) -> None:
    """Catches a thread race: an update computed from a value that another run has replaced."""
    v, count = tf.Variable(np.zeros(64, np.float32)), tf.Variable(0)
    up = tf.group(tf.assign_add(v, np.ones(64, np.float32)), tf.assign_add(count, 1))
    with started(target) as sess:
        sess.run(up)

        def work() -> None:
            for _ in range(RUNS):
                sess.run(up)

        _together(*[work] * THREADS)
        total = THREADS * RUNS + 1
        wanted = [np.full(64, total, np.float32), np.int32(total)]
        same(sess.run([v, count]), wanted, f"{THREADS} threads of {RUNS} runs")


@check
def a_value_is_handed_out_once(target: Target) -> None:
    """Catches two runs that were given the same state to start from."""
    v = tf.Variable(0)
    ticket = tf.assign_add(v, 1) * 1
    with started(target) as sess:
        sess.run(ticket)

        def work() -> list[int]:
            return [int(sess.run(ticket)) for _ in range(RUNS // 2)]

        drawn = [number for numbers in _together(*[work] * THREADS) for number in numbers]
        wanted = list(range(2, 2 + len(drawn)))
        require(
            sorted(drawn) == wanted, f"{len(drawn)} tickets, {len(set(drawn))} of them distinct"
        )


@check
def a_reader_never_sees_half_of_a_write(target: Target) -> None:
    """Catches torn reads: one variable from before a run and another from after it."""
    a, b = tf.Variable(np.zeros(256, np.float32)), tf.Variable(np.zeros(256, np.float32))
    one = np.ones(256, np.float32)
    up = tf.group(tf.assign_add(a, one), tf.assign_add(b, one))
    both = [tf.identity(a), tf.identity(b), a - b]
    done = threading.Event()
    with started(target) as sess:
        sess.run(both)
        sess.run(up)

        def write() -> None:
            try:
                for _ in range(RUNS):
                    sess.run(up)
            finally:
                done.set()

        def read() -> int:
            last, seen = np.float32(0), 0
            while not done.is_set() or not seen:
                first, second, difference = sess.run(both)
                value = first[0]
                whole = (first == value).all() and (second == value).all()
                require(whole and not difference.any(), f"a torn read: {first}, {second}")
                require(value >= last, f"a read of {value} after one of {last}")
                last, seen = value, seen + 1
            return seen

        _together(write, read, read, read)
        same(sess.run(a), np.full(256, RUNS + 1, np.float32), "the variable in the end")


@check
def runs_of_different_feeds_do_not_mix(target: Target) -> None:
    """Catches buffers of temporaries or of results that runs share."""
    x = tf.placeholder(tf.float32, [2048])
    y = tf.sqrt(tf.square(x) * 4.0 + x) - tf.reverse(x, [0])
    with session(target) as sess:
        rows = np.random.default_rng(0).uniform(1, 2, (THREADS, 2048)).astype(np.float32)
        alone = [sess.run(y, {x: row}) for row in rows]

        def make(index: int) -> Callable[[], None]:
            def work() -> None:
                kept = [sess.run(y, {x: rows[index]}) for _ in range(RUNS // 4)]
                for array in kept:
                    same(array, alone[index], "a run beside runs of other feeds")

            return work

        _together(*map(make, range(THREADS)))


@check
def new_signatures_in_many_threads(target: Target) -> None:
    """Catches planning and compiling that two threads do at once and spoil for each other."""
    x = tf.placeholder(tf.float32, [None])
    v = tf.Variable(1.0)
    y = tf.reduce_sum(x * 2.0) + v
    with started(target) as sess:

        def make(index: int) -> Callable[[], None]:
            def work() -> None:
                for size in range(1, 5):
                    fed = np.full(size + index % 2, 1, np.float32)
                    same(sess.run(y, {x: fed}), np.float32(2 * fed.size + 1), "a new shape")

            return work

        _together(*map(make, range(4)))


@check
def random_numbers_of_many_threads(target: Target) -> None:
    """Catches counters that two threads read before either moves them on."""
    draw = tf.random_uniform([4], seed=3)
    with session(target) as sess:
        alone = {sess.run(draw).tobytes() for _ in range(4 * 20)}
    with session(target) as sess:

        def work() -> list[bytes]:
            return [sess.run(draw).tobytes() for _ in range(20)]

        drawn = [item for items in _together(*[work] * 4) for item in items]
    require(set(drawn) == alone, "threads drew other numbers than one thread would have")
    require(len(set(drawn)) == len(drawn), "a draw was handed out twice")


@check
def sessions_side_by_side(target: Target) -> None:
    """Catches state, or an executable's buffers, shared between sessions."""
    v = tf.Variable(np.zeros(32, np.float32))
    up = tf.assign_add(v, np.ones(32, np.float32))

    def make(runs: int) -> Callable[[], None]:
        def work() -> None:
            with target.make_session(v.graph) as sess:
                sess.run(v.initializer)
                for count in range(runs):
                    same(sess.run(up), np.full(32, count + 1, np.float32), "one of four sessions")

        return work

    _together(*[make(20 + index) for index in range(4)])


@check
def growing_the_graph_while_it_runs(target: Target) -> None:
    """Catches runs upset by operations that another thread adds."""
    x = tf.placeholder(tf.float32, [4])
    y = x * 2.0
    graph = y.graph
    with session(target) as sess:

        def grow() -> None:
            with graph.as_default():
                for _ in range(50):
                    tf.constant(1.0) + 1.0

        def work() -> None:
            for _ in range(50):
                same(sess.run(y, {x: [1.0] * 4}), [2.0] * 4, "a run while the graph grows")

        _together(grow, work, work)


@check
def a_failing_run_does_not_hold_up_others(target: Target) -> None:
    """Catches locks that a failed run keeps, and failures reported to another run."""
    v, by = tf.Variable(0), tf.placeholder(tf.int32, [])
    up = tf.assign_add(v, tf.floordiv(1, by))
    with started(target) as sess:
        sess.run(up, {by: 1})

        def good() -> None:
            for _ in range(40):
                sess.run(up, {by: 1})

        def bad() -> None:
            for _ in range(40):
                with refused(tf.errors.InvalidArgumentError, "ivision by zero"):
                    sess.run(up, {by: 0})

        _together(good, bad, good, bad)
        same(sess.run(v), 81, "80 good runs among 80 that failed")


@check
def closing_a_session_in_use(target: Target) -> None:
    """Catches crashes, hangs and made-up values when a session is closed under a run."""
    v = tf.Variable(np.ones(512, np.float32))
    up = tf.assign(v, v * 1.0)
    sess = session(target)
    sess.run(v.initializer)
    sess.run(up)
    running = threading.Event()

    def work() -> int:
        count = 0
        while True:
            try:
                value = sess.run(up)
            except (RuntimeError, tf.errors.OpError):
                return count
            same(value, np.ones(512, np.float32), "a run before the session was closed")
            count += 1
            running.set()

    def close() -> None:
        if not running.wait(30):
            msg = "no run came to an end in 30 seconds"
            raise ConformanceFailure(msg)
        sess.close()

    _together(work, work, close)
    with refused(RuntimeError, "closed Session"):
        sess.run(up)
