"""Faults: runs that fail half-way, and whether those after them are right."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import ConformanceFailure, require
from polygraph.conformance.checking import Checks, refused, same, session, started
from polygraph.core.runtime.discovery import register_backend, unregister_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polygraph.conformance.target import Target

check = Checks(4, "faults")
cases = check.cases


class _Broken(Exception):  # noqa: N818 - it stands for an engine's own
    """What a faulty engine raises."""


def _host(function: Callable[[Any], Any], operand: Any) -> Any:
    """``operand`` after ``function`` has run on the host."""
    result = tf.py_func(function, [operand], operand.dtype.base_dtype)
    result.set_shape(operand.get_shape())
    return result


# Failures of the program


@check
def a_check_that_fails_late_undoes_what_came_before(target: Target) -> None:
    """Catches a failed run whose early writes stay, in variables of several dtypes."""
    x = tf.placeholder(tf.float32, [])
    values: list[Any] = [
        np.arange(5, dtype=np.float32),
        np.arange(3, dtype=np.int32),
        np.float32(2),
    ]
    variables = [tf.Variable(value) for value in values]
    step = [tf.assign(v, v * 2) for v in variables]
    with tf.control_dependencies(step):
        last = tf.check_numerics(tf.log(x) + tf.reduce_sum(variables[0]), "late")
        step.append(tf.assign_add(variables[2], last))
    everything = tf.group(*step)
    with started(target) as sess:
        for _ in range(3):
            with refused(tf.errors.InvalidArgumentError, "late"):
                sess.run(everything, {x: 0.0})
            same(sess.run(variables), values, "variables after a failed run")
        sess.run(everything, {x: 1.0})
        wanted = [values[0] * 2, values[1] * 2, np.float32(24)]
        same(sess.run(variables), wanted, "variables after a good run")


@check
def runs_after_a_failure_are_right(target: Target) -> None:
    """Catches buffers and flags that a failed run leaves behind for the next one."""
    x = tf.placeholder(tf.int32, [4])
    y = tf.floordiv(60, x)
    z = y * 2 + x
    good = [np.array([1, 2, 3, 4], np.int32), np.array([6, 5, 4, 3], np.int32)]
    kept = []
    with session(target) as sess:
        for turn in range(6):
            fed = good[turn % 2]
            got = sess.run([y, z], {x: fed})
            wanted = [60 // fed, 60 // fed * 2 + fed]
            same(got, wanted, f"run {turn} among failing ones")
            kept.append((got, wanted))
            with refused(tf.errors.InvalidArgumentError, "ivision by zero"):
                sess.run([y, z], {x: np.array([1, 0, 5, 9], np.int32)})
        for got, wanted in kept:
            same(got, wanted, "an array fetched before runs that failed")


@check
def two_signatures_in_turn(target: Target) -> None:
    """Catches a stale second run: results of another signature, feed or state given again."""
    v, x = tf.Variable([1.0, 1.0]), tf.placeholder(tf.float32, [2])
    y, z = x * v, x + v
    up = tf.assign_add(v, x)
    state = np.ones(2, np.float32)
    with started(target) as sess:
        for turn in range(6):
            fed = np.array([turn, -turn], np.float32)
            same(sess.run(y, {x: fed}), fed * state, f"x * v, turn {turn}")
            same(sess.run([z, y], {x: fed}), [fed + state, fed * state], f"both, turn {turn}")
            state = state + fed
            same(sess.run(up, {x: fed}), state, f"the update, turn {turn}")


@check
def a_python_function_that_raises_undoes_the_run(target: Target) -> None:
    """Catches writes committed before a later stage failed."""
    v = tf.Variable([1.0])
    calls: list[int] = []

    def sometimes(value: Any) -> Any:
        calls.append(1)
        if len(calls) % 2:
            message = "every other time"
            raise ValueError(message)
        return value * 10

    first = tf.assign_add(v, [1.0])
    second = tf.assign_add(v, _host(sometimes, first))
    with started(target) as sess:
        for wanted in (22.0, 253.0):
            before = sess.run(v)
            with refused(tf.errors.InvalidArgumentError, "every other time"):
                sess.run(second)
            same(sess.run(v), before, "the variable after its run failed")
            same(sess.run(second), [wanted], "the run after that")


@check
def a_python_function_keeps_its_arrays(target: Target) -> None:
    """Catches results of host functions that alias the function's own array, or its operand."""
    kept = np.array([1.0, 2.0, 3.0], np.float32)
    x = tf.placeholder(tf.float32, [3])
    given = _host(lambda _: kept, x)
    changed: list[Any] = []

    def spoil(value: Any) -> Any:
        changed.append(value.copy())
        if value.flags.writeable:
            value[:] = -1
        return np.zeros(3, np.float32)

    doubled = x * 2.0
    spoiled = _host(spoil, doubled)
    fed = np.array([4.0, 5.0, 6.0], np.float32)
    with session(target) as sess:
        fetched = sess.run(given, {x: fed})
        fetched[:] = 9
        same(kept, [1.0, 2.0, 3.0], "the function's own array, after its result was written to")
        got = sess.run([doubled, spoiled, x], {x: fed})
        same(got[0], fed * 2, "a value that a host function was given and wrote to")
        same(got[2], [4.0, 5.0, 6.0], "the feed")
        same(changed[0], fed * 2, "what the host function was given")


@check
def an_interrupted_run_changes_nothing(target: Target) -> None:
    """Catches state left half written by Ctrl-C."""
    v = tf.Variable(1.0)

    def interrupt(value: Any) -> Any:
        raise KeyboardInterrupt(value)

    up = tf.assign_add(v, 1.0)
    stopped = tf.assign_add(v, _host(interrupt, up))
    with started(target) as sess:
        for _ in range(2):
            try:
                sess.run([up, stopped])
            except KeyboardInterrupt:
                pass
            else:
                msg = "KeyboardInterrupt did not reach the caller"
                raise ConformanceFailure(msg)
            same(sess.run(v), 1.0, "the variable after an interrupted run")
        same(sess.run(up), 2.0, "the next run")


@check
def a_run_out_of_time_changes_nothing(target: Target) -> None:
    """Catches time-outs that are ignored, and state left half written by one."""
    v = tf.Variable(0.0)
    value = tf.assign_add(v, 1.0) * 1.0

    def slow(number: Any) -> Any:
        time.sleep(0.02)
        return number

    for _ in range(10):
        value = _host(slow, value + 1.0)
    store = tf.assign_add(v, value)
    with started(target) as sess:
        with refused(tf.errors.DeadlineExceededError):
            sess.run(store, options=tf.RunOptions(timeout_in_ms=60))
        same(sess.run(v), 0.0, "the variable after a run out of time")
        same(sess.run(store), 12.0, "the same run, given its time")


@check
def an_endless_loop_ends_with_its_time(target: Target) -> None:
    """Catches loops of the host that cannot be stopped."""
    v = tf.Variable(0.0)
    body = lambda x: _host(lambda value: value, x) + 1.0  # noqa: E731
    forever = tf.while_loop(lambda x: x >= 0.0, body, [tf.assign_add(v, 1.0) * 1.0])
    store = tf.assign(v, forever)
    with started(target) as sess:
        with refused(tf.errors.DeadlineExceededError):
            sess.run(store, options=tf.RunOptions(timeout_in_ms=150))
        same(sess.run(v), 0.0, "the variable after an endless loop")


# Failures of the engine


class _Faulty:
    """An executable that raises once it has been told to, before or after its work."""

    def __init__(self, inner: Any, switch: dict[str, bool]) -> None:
        self._inner = inner
        self._switch = switch
        self.tier = inner.tier

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> Any:
        """Run, or fail."""
        if self._switch["broken"]:
            message = "the engine broke"
            raise _Broken(message)
        return self._inner(state, feeds)


def _faulty_sessions(target: Target, switch: dict[str, bool]) -> Iterator[Any]:
    """A started session on the backend under test, with executables that can be made to fail."""

    def compile_(program: Any) -> Any:
        if switch["uncompilable"]:
            message = "the compiler broke"
            raise _Broken(message)
        return _Faulty(target.backend.compile(program), switch)

    backend = dataclasses.replace(
        target.backend, name="conformance-faulty", compile=compile_, close=lambda: None
    )
    register_backend(backend)
    try:
        with tf.Session(backend=backend.name) as sess:
            yield sess
    finally:
        unregister_backend(backend.name)


@check
def an_engine_that_raises(target: Target) -> None:
    """Catches errors of the engine that are swallowed, and state lost with them."""
    switch = {"broken": False, "uncompilable": False}
    v, x = tf.Variable(1.0), tf.placeholder(tf.float32, [None])
    up = tf.assign_add(v, tf.reduce_sum(x))
    for sess in _faulty_sessions(target, switch):
        sess.run(v.initializer)
        sess.run(up, {x: [1.0]})
        switch["broken"] = True
        _require_broken(sess, up, {x: [1.0]}, "the engine broke")
        switch["broken"] = False
        same(sess.run(up, {x: [1.0]}), 3.0, "the run after the engine broke")
        switch["uncompilable"] = True
        _require_broken(sess, up, {x: [1.0, 2.0]}, "the compiler broke")
        same(sess.run(up, {x: [1.0]}), 4.0, "a compiled run, while others do not compile")
        switch["uncompilable"] = False
        same(sess.run(up, {x: [1.0, 2.0]}), 7.0, "the run that did not compile before")


def _require_broken(sess: Any, fetch: Any, feed: Any, text: str) -> None:
    try:
        sess.run(fetch, feed)
    except (_Broken, tf.errors.OpError) as error:
        require(text in f"{error} {error.__cause__}", f"the engine's own message is lost: {error}")
    else:
        msg = f"nothing was raised where {text}"
        raise ConformanceFailure(msg)
