"""Faults planted in a copy of the NumPy backend, and the checks of whole graphs that find them."""

from __future__ import annotations

import dataclasses
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polygraph.conformance.case import Outcome, run_case
from polygraph.conformance.target import Target
from polygraph.core.ground.backend import RunResult
from polygraph.core.runtime.discovery import make_backend

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.backend import Backend

    Run = Callable[[Any, Any], Any]
    Plant = Callable[[Any, Run], Run]


def _fetches(change: Callable[[Any], Any]) -> Plant:
    """A fault in what is fetched."""

    def plant(_: Any, run: Run) -> Run:
        def faulty(state: Any, feeds: Any) -> Any:
            fetches, carries, updates, failed = run(state, feeds)
            return RunResult(([change(array) for array in fetches], carries, updates, failed))

        return faulty

    return plant


def _lost_write(_: Any, run: Run) -> Run:
    def faulty(state: Any, feeds: Any) -> Any:
        fetches, carries, updates, failed = run(state, feeds)
        return RunResult((fetches, carries, [array * 0 for array in updates[:1]] + updates[1:],
                          failed))  # fmt: skip

    return faulty


def _state_given_out(program: Any, run: Run) -> Run:
    """Updates in place, and hands out the state's own memory."""
    slots = {value: at for at, value in enumerate(program.update_values)}
    read = {value: at for at, value in enumerate(program.state_values)}

    def faulty(state: Any, feeds: Any) -> Any:
        fetches, carries, updates, failed = run(state, feeds)
        for slot, at in enumerate(program.updates):
            if state[at].shape == updates[slot].shape and state[at].dtype == updates[slot].dtype:
                state[at][...] = updates[slot]
                updates[slot] = state[at]
        for at, value in enumerate(program.fetch_values):
            if value in slots:
                fetches[at] = updates[slots[value]]
            elif value in read:
                fetches[at] = state[read[value]]
        return RunResult((fetches, carries, updates, failed))

    return faulty


def _feed_kept_as_state(program: Any, run: Run) -> Run:
    same = [
        (program.feed_values.index(value), at)
        for at, value in enumerate(program.update_values)
        if value in program.feed_values
    ]

    def faulty(state: Any, feeds: Any) -> Any:
        result = run(state, feeds)
        for feed, at in same:
            result[2][at] = feeds[feed]
        return result

    return faulty


def _reused_output(_: Any, run: Run) -> Run:
    buffers: dict[int, Any] = {}

    def faulty(state: Any, feeds: Any) -> Any:
        fetches, carries, updates, failed = run(state, feeds)
        for at, array in enumerate(fetches):
            buffers.setdefault(at, np.empty_like(array))[...] = array
        kept = [buffers[at] for at in range(len(fetches))]
        return RunResult((kept, carries, updates, failed))

    return faulty


def _shared_scratch(_: Any, run: Run) -> Run:
    scratch: dict[int, Any] = {}

    def faulty(state: Any, feeds: Any) -> Any:
        fetches, carries, updates, failed = run(state, feeds)
        for at, array in enumerate(fetches):
            scratch.setdefault(at, np.empty_like(array))[...] = array
        if threading.active_count() > 2:
            time.sleep(0.001)
        mixed = [scratch[at].copy() for at in range(len(fetches))]
        return RunResult((mixed, carries, updates, failed))

    return faulty


def _stale_second_run(_: Any, run: Run) -> Run:
    first: list[Any] = []

    def faulty(state: Any, feeds: Any) -> Any:
        if not first:
            first.append(run(state, feeds))
        fetches, carries, updates, failed = first[0]
        return RunResult(([f.copy() for f in fetches], carries, list(updates), failed))

    return faulty


def _swallowed_error(_: Any, run: Run) -> Run:
    def faulty(state: Any, feeds: Any) -> Any:
        return RunResult((*run(state, feeds)[:3], -1))

    return faulty


def _committed_failure(_: Any, run: Run) -> Run:
    def faulty(state: Any, feeds: Any) -> Any:
        fetches, carries, updates, failed = run(state, feeds)
        if failed >= 0:
            updates = [array + array.dtype.type(1) for array in updates]
        return RunResult((fetches, carries, updates, failed))

    return faulty


def _feed_written(_: Any, run: Run) -> Run:
    def faulty(state: Any, feeds: Any) -> Any:
        result = run(state, feeds)
        for array in feeds:
            if array.flags.writeable:
                array[...] = 0
        return result

    return faulty


def _stale_counter(program: Any, run: Run) -> Run:
    counters = [
        at
        for at, value in enumerate(program.update_values)
        if value.dtype == np.int64 and value.shape == (3,)
    ]

    def faulty(state: Any, feeds: Any) -> Any:
        result = run(state, feeds)
        for at in counters:
            result[2][at] = state[program.updates[at]].copy()
        return result

    return faulty


def _leak(_: Any, run: Run) -> Run:
    kept: list[Any] = []

    def faulty(state: Any, feeds: Any) -> Any:
        kept.append([array.copy() for array in state])
        return run(state, feeds)

    return faulty


def _positive_zeros(array: Any) -> Any:
    return array + array.dtype.type(0) if array.dtype.kind == "f" else array


def _flushed(array: Any) -> Any:
    if array.dtype.kind != "f":
        return array
    return np.where(np.abs(array) < np.finfo(array.dtype).tiny, array * 0, array)


def _by_way_of(narrow: type, wide: type) -> Callable[[Any], Any]:
    def change(array: Any) -> Any:
        with np.errstate(all="ignore"):
            return array.astype(narrow).astype(wide) if array.dtype == wide else array

    return change


def _wrong_tail(array: Any) -> Any:
    if array.size > 4096:
        array.reshape(-1)[-1] = 0
    return array


def _read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


FAULTS: list[tuple[str, Plant, str]] = [
    ("lost write", _lost_write, "state/a-chain-of-ordered-writes"),
    ("state given out", _state_given_out, "state/fetched-arrays-are-the-callers-to-write"),
    ("state given out", _state_given_out, "state/a-fetched-array-never-changes"),
    ("feed kept as state", _feed_kept_as_state, "state/a-fed-array-may-change-after-the-call"),
    ("feed written", _feed_written, "state/a-feed-is-never-written-to"),
    ("read-only results", _fetches(_read_only), "state/fetched-arrays-are-the-callers-to-write"),
    ("reused output buffer", _reused_output, "faults/runs-after-a-failure-are-right"),
    ("shared scratch", _shared_scratch, "threads/runs-of-different-feeds-do-not-mix"),
    ("stale second run", _stale_second_run, "state/every-run-starts-from-the-last"),
    ("stale second run", _stale_second_run, "faults/two-signatures-in-turn"),
    ("swallowed error", _swallowed_error, "errors/an-integer-division-by-zero"),
    ("committed failure", _committed_failure, "state/a-failed-check-changes-no-variable"),
    (
        "committed failure",
        _committed_failure,
        "faults/a-check-that-fails-late-undoes-what-came-before",
    ),
    ("stale counter", _stale_counter, "random/RandomUniform-float32-odd"),
    ("stale counter", _stale_counter, "random/a-draw-in-a-loop-goes-on-every-turn"),
    ("leak", _leak, "resources/runs-leave-nothing-behind"),
    ("lost -0.0", _fetches(_positive_zeros), "dtypes/signs-of-zero-and-nan-are-kept-float32-all"),
    ("flushed subnormals", _fetches(_flushed), "dtypes/subnormals-are-kept-float64-all"),
    (
        "float64 as float32",
        _fetches(_by_way_of(np.float32, np.float64)),
        "dtypes/floats-are-computed-in-their-own-precision-float64-all",
    ),
    (
        "float16 inside",
        _fetches(_by_way_of(np.float16, np.float32)),
        "dtypes/floats-are-computed-in-their-own-precision-float32-all",
    ),
    (
        "int64 as float64",
        _fetches(_by_way_of(np.float64, np.int64)),
        "dtypes/integers-wrap-around-int64-all",
    ),
    (
        "wrong above 4,096 elements",
        _fetches(_wrong_tail),
        "dtypes/large-arrays-are-right-to-the-last-element-float32-all",
    ),
    ("wrong above 4,096 elements", _fetches(_wrong_tail), "random/long-draws-are-one-stream"),
]


class _Faulty:
    def __init__(self, run: Run) -> None:
        self.tier = "faulty"
        self._run = run

    def __call__(self, state: Any, feeds: Any) -> Any:
        return self._run(state, feeds)


def _with(plant: Plant) -> Backend:
    backend = make_backend("numpy", {})

    def compile_(program: Any) -> Any:
        executable = backend.compile(program)
        return _Faulty(plant(program, executable))

    return dataclasses.replace(backend, name="planted", compile=compile_)


def _outcome(backend: Backend, case_id: str) -> Outcome:
    family = case_id.partition("/")[0]
    modules = {"state": ("state", "aliasing"), "random": ("random_streams",)}
    with Target.of(backend) as target:
        for module in modules.get(family, (family,)):
            for case in import_module(f"polygraph.conformance.checks.{module}").cases(target):
                if case.id == case_id:
                    return run_case(case, target).outcome
    msg = f"no case {case_id}"
    raise AssertionError(msg)


@pytest.mark.parametrize(
    ("plant", "case_id"), [fault[1:] for fault in FAULTS], ids=[f"{f[0]}-{f[2]}" for f in FAULTS]
)
def test_the_fault_is_found(plant: Plant, case_id: str) -> None:
    assert _outcome(_with(plant), case_id) is Outcome.FAIL


@pytest.mark.parametrize("case_id", sorted({fault[2] for fault in FAULTS}))
def test_the_copy_without_a_fault_passes(case_id: str) -> None:
    assert _outcome(_with(lambda _, run: run), case_id) is Outcome.PASS


def test_a_backend_that_says_it_compiles_and_does_not() -> None:
    backend = make_backend("numpy", {})
    capable = dataclasses.replace(backend.capabilities, compiled=True)
    liar = dataclasses.replace(backend, name="planted", capabilities=capable)
    case = "resources/a-compiled-run-makes-no-call-for-each-operation"
    assert _outcome(liar, case) is Outcome.FAIL
    assert _outcome(dataclasses.replace(backend, name="planted"), case) is Outcome.PASS


def test_an_executable_that_outlives_its_session_is_found() -> None:
    backend = make_backend("numpy", {})
    kept: list[Any] = []

    def compile_(program: Any) -> Any:
        executable = backend.compile(program)

        def run(state: Any, feeds: Any) -> Any:
            kept.extend(array.copy() for array in state)
            return executable(state, feeds)

        return _Faulty(run)

    leaking = dataclasses.replace(backend, name="planted", compile=compile_)
    assert _outcome(leaking, "resources/sessions-leave-nothing-behind") is Outcome.FAIL
