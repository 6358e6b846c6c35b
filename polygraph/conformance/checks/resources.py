"""Resources: memory that runs and sessions leave behind, depth, compiles, and Python calls."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

import contextlib
import gc
import os
import sys
import threading
import tracemalloc
import warnings
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import ConformanceFailure, require
from polygraph.conformance.checking import Checks, same, session, started
from polygraph.core.ground.hooks import hookimpl, plugin_manager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.conformance.target import Target

check = Checks(4, "resources")
cases = check.cases

_MIB = 2**20


# Memory


def _resident() -> int:
    """Bytes of this process in memory, by Linux; 0 where that is not known."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


@contextlib.contextmanager
def _traced() -> Iterator[Callable[[], int]]:
    """A function that says how many bytes Python and NumPy hold now."""
    already = tracemalloc.is_tracing()
    if not already:
        tracemalloc.start()

    def held() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    try:
        yield held
    finally:
        if not already:
            tracemalloc.stop()


def _require_flat(work: Callable[[int], None], times: int, per_time: int, what: str) -> None:
    """Require that ``work`` leaves no more than ``per_time`` bytes each time.

    The engine's own memory shows in what the process holds; allocators keep some, so the bound on
    that is wider, and looked at over the second half only.
    """
    work(times // 4)
    with _traced() as held:
        work(times // 4)
        before, resident = held(), _resident()
        work(times // 2)
        grown, more = held() - before, _resident() - resident
    count = times // 2
    require(
        grown <= count * per_time,
        f"{what}: {grown} bytes more of Python's after {count}, more than {per_time} each",
    )
    # tracemalloc keeps notes of its own: a few tens of bytes for each block alive.
    allowed = 4 * _MIB + count * max(per_time, 1024)
    require(more <= allowed, f"{what}: {more} bytes more of the process, over {allowed}")


@check.where(ci=False)
def runs_leave_nothing_behind(target: Target) -> None:
    """Catches leaks: fetched arrays, feeds or old state kept after a run."""
    v, x = tf.Variable(np.zeros(4096, np.float32)), tf.placeholder(tf.float32, [4096])
    step = [tf.assign_add(v, x), tf.reduce_sum(v * x)]
    fed = np.ones(4096, np.float32)
    with started(target) as sess:

        def work(count: int) -> None:
            for _ in range(count):
                sess.run(step, {x: fed})

        # An array of a run has 16,384 bytes: one in a hundred kept would show.
        _require_flat(work, 2000, 150, "runs")


@check.where(ci=False)
def failed_runs_leave_nothing_behind(target: Target) -> None:
    """Catches what failed runs keep: tracebacks, buffers that are not given back."""
    v, by = tf.Variable(np.zeros(4096, np.int32)), tf.placeholder(tf.int32, [])
    step = tf.assign(v, tf.floordiv(v, by))
    with started(target) as sess:

        def work(count: int) -> None:
            for _ in range(count):
                with contextlib.suppress(tf.errors.InvalidArgumentError):
                    sess.run(step, {by: 0})

        _require_flat(work, 400, 300, "failed runs")


@check.where(ci=False)
def sessions_leave_nothing_behind(target: Target) -> None:
    """Catches state and executables that outlive their session."""
    v, x = tf.Variable(np.zeros(65_536, np.float32)), tf.placeholder(tf.float32, [8])
    y = tf.reduce_sum(tf.assign_add(v, v + 1.0)) + tf.reduce_sum(x)

    def work(count: int) -> None:
        for _ in range(count):
            with started(target) as sess:
                sess.run(y, {x: np.ones(8, np.float32)})

    initialise = tf.global_variables_initializer()

    def fresh(count: int) -> None:
        # `started` adds an operation to the graph each time, which the graph keeps.
        for _ in range(count):
            with session(target) as sess:
                sess.run(initialise)
                sess.run(y, {x: np.ones(8, np.float32)})

    work(1)
    # The variable has 262,144 bytes.
    _require_flat(fresh, 100, 20_000, "sessions")


@check
def a_closed_session_can_be_collected(target: Target) -> None:
    """Catches a session kept alive, with all its state, by a registry or a cycle of its engine."""
    v = tf.Variable(np.zeros(16, np.float32))
    initialise = tf.global_variables_initializer()
    sessions = []
    for _ in range(2):
        sess = session(target)
        sess.run(initialise)
        sess.run(v + 1.0)
        sess.close()
        sessions.append(weakref.ref(sess))
        del sess
    gc.collect()
    alive = [reference for reference in sessions if reference() is not None]
    require(not alive, f"{len(alive)} of 2 closed sessions are still in memory")


# Depth and width


@check.where(ci=False)
def a_chain_of_twenty_thousand_operations(target: Target) -> None:
    """Catches recursion over the graph: stack overflow at depth."""
    x = tf.placeholder(tf.float32, [])
    y = x
    for _ in range(20_000):
        y = y + 1.0
    with session(target) as sess:
        same(sess.run(y, {x: 0.0}), 20_000.0, "0 plus 1, 20,000 times")


@check
def a_chain_of_two_thousand_operations_and_its_gradient(target: Target) -> None:
    """Catches recursion in the gradients' driver, in passes, or in a compiler."""
    x = tf.placeholder(tf.float32, [])
    y = x
    for step in range(1_000):
        y = y * 1.0009765625 if step % 2 else y / 1.0009765625
    (dx,) = tf.gradients(y, [x])
    with session(target) as sess:
        value, slope = sess.run([y, dx], {x: 3.0})
    require(abs(value - 3) < 1e-3, f"3 times and by 1.0009765625, 500 times each, is {value}")
    require(abs(slope - 1) < 1e-3, f"the slope of that is {slope}")


@check
def a_thousand_fetches(target: Target) -> None:
    """Catches limits on the number of results, operands or parameters."""
    xs = [tf.placeholder(tf.float32, []) for _ in range(200)]
    ys = [x * 2.0 for x in xs for _ in range(5)]
    total = tf.add_n(ys)
    with session(target) as sess:
        feed = {x: np.float32(index) for index, x in enumerate(xs)}
        got = sess.run([*ys, total], feed)
        same(got[:-1], [np.float32(2 * (i // 5)) for i in range(1000)], "1,000 results")
        same(got[-1], np.float32(5 * 199 * 200), "their sum")


# Compiles and calls


class _Compiles:
    """Counts what is compiled while it is registered."""

    def __init__(self) -> None:
        self.count = 0

    @hookimpl
    def polygraph_session_compiled(self, program: Any, executable: Any, seconds: float) -> None:
        """One more."""
        del program, executable, seconds
        self.count += 1


@contextlib.contextmanager
def _compiles() -> Iterator[_Compiles]:
    counter = _Compiles()
    plugin_manager().register(counter)
    try:
        yield counter
    finally:
        plugin_manager().unregister(counter)


@check
def a_signature_is_compiled_once(target: Target) -> None:
    """Catches a cache that misses: a compile for each run, or for each time a shape returns."""
    x, v = tf.placeholder(tf.float32, [None]), tf.Variable(0.0)
    y, up = tf.reduce_sum(tf.square(x)) + v, tf.assign_add(v, 1.0)
    with _compiles() as compiles, started(target) as sess:
        sess.run(up)
        base = compiles.count
        for size in (3, 4, 3, 3, 4, 3):
            sess.run(y, {x: np.ones(size, np.float32)})
            sess.run(up)
        require(compiles.count == base + 2, f"{compiles.count - base} compiles for two shapes")


@check
def values_of_the_same_size_compile_nothing(target: Target) -> None:
    """Catches plans keyed by values where only their number matters."""
    x, mask = tf.placeholder(tf.float32, [6]), tf.placeholder(tf.bool, [6])
    y = tf.reduce_sum(tf.boolean_mask(x, mask))
    fed = np.arange(6, dtype=np.float32)
    with _compiles() as compiles, session(target) as sess:
        same(sess.run(y, {x: fed, mask: fed > 3}), 9.0, "two of six")
        base = compiles.count
        for first in range(4):
            flags = (fed == first) | (fed == 5)
            same(sess.run(y, {x: fed, mask: flags}), first + 5.0, "another two of six")
        require(compiles.count == base, f"{compiles.count - base} compiles for the same size")


@check
def an_embedding_is_compiled_once(target: Target) -> None:
    """Catches sparse updates planned for the rows of a batch, or for how many differ."""
    random = np.random.default_rng(11)
    table = tf.Variable(random.normal(size=(40, 3)).astype(np.float32))
    ids = tf.placeholder(tf.int32, [None])
    loss = tf.reduce_mean(tf.square(tf.nn.embedding_lookup(table, ids) - 1.0))
    train = tf.train.AdamOptimizer(0.05).minimize(loss)
    everything = np.arange(40, dtype=np.int32)
    with _compiles() as compiles, started(target) as sess:
        before = sess.run(loss, {ids: everything})
        sess.run(train, {ids: everything[:16]})
        base = compiles.count
        for _ in range(999):
            sess.run(train, {ids: random.integers(0, 40, 16).astype(np.int32)})
        require(compiles.count == base, f"{compiles.count - base} compiles for batches of one size")
        after = sess.run(loss, {ids: everything})
    require(after < before / 100, f"a loss of {before} went to {after} over 1,000 batches")


@check
def growing_the_graph_compiles_nothing(target: Target) -> None:
    """Catches plans thrown away when operations are added, or other variables initialised."""
    x, v = tf.placeholder(tf.float32, [2]), tf.Variable(1.0)
    y = tf.square(x) + v
    with _compiles() as compiles, started(target) as sess:
        sess.run(y, {x: [1.0, 2.0]})
        base = compiles.count
        for value in (1.0, 2.0):
            tf.constant(value)
            sess.run(y, {x: [1.0, 2.0]})
        w = tf.Variable(2.0)
        sess.run(w.initializer)
        initialised = compiles.count
        sess.run(y, {x: [1.0, 2.0]})
        require(initialised - base <= 1, "more than the initialiser was compiled")
        require(compiles.count == initialised, "initialising a variable recompiled another run")


def _events_of(sess: Any, fetch: Any, feed: Any) -> int:
    """Python-level calls and lines of one cached run, in all threads.

    Lines are counted too: a ufunc called from Python is no call to a profiler.
    """
    for _ in range(3):
        sess.run(fetch, feed)
    events = 0

    def count(_frame: Any, event: str, _argument: Any) -> Any:
        nonlocal events
        events += event in {"call", "c_call", "line"}
        return count

    def least(start: Callable[[Any], None], threads: Callable[[Any], None], stop: Any) -> int:
        """The least of three runs: others' threads and finalisers may come between."""
        nonlocal events
        repeats = []
        for _ in range(3):
            events = 0
            threads(count)
            start(count)
            try:
                sess.run(fetch, feed)
            finally:
                start(stop)
                threads(stop)
            repeats.append(events)
        return min(repeats)

    profiled = least(sys.setprofile, threading.setprofile, sys.getprofile())
    return profiled + least(sys.settrace, threading.settrace, sys.gettrace())


@check
def a_compiled_run_makes_no_call_for_each_operation(target: Target) -> None:
    """Catches a backend that says it compiles and then walks the operations in Python."""
    if not target.backend.capabilities.compiled:
        return
    x = tf.placeholder(tf.float32, [8])
    counts = []
    with session(target) as sess:
        for depth in (10, 80):
            y = x
            for _ in range(depth):
                y = tf.tanh(y) + x
            counts.append(_events_of(sess, y, {x: np.ones(8, np.float32)}))
    require(
        counts[0] == counts[1],
        f"{counts[0]} Python calls and lines for 20 operations, {counts[1]} for 160",
    )


# Processes


@check
def a_forked_child_gets_a_clear_error(target: Target) -> None:
    """Catches children that hang or crash on an engine whose threads stayed with the parent."""
    if not hasattr(os, "fork"):
        return
    y = tf.constant(2.0) * tf.placeholder_with_default(3.0, [])
    with session(target) as sess, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        same(sess.run(y), 6.0, "the parent's run")
        child = os.fork()
        if child == 0:
            os._exit(_as_child(sess, y))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != _CLEAR:
            msg = f"a forked child that used the session ended with {code}: {_MEANINGS.get(code)}"
            raise ConformanceFailure(msg)
        same(sess.run(y), 6.0, "the parent's next run")


_CLEAR = 7
_MEANINGS = {8: "another error", 9: "no error"}


def _as_child(sess: Any, fetch: Any) -> int:
    """What a child that uses its parent's session comes to, as an exit code."""
    try:
        sess.run(fetch)
    except RuntimeError as error:
        return _CLEAR if "parent process" in str(error) else 8
    except BaseException:  # noqa: BLE001 - a child must not run on into the suite
        return 8
    return 9
