"""Faults of runs: memory that is shared, state that is lost, checks that are not looked at."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.faults.fault import Wrapped, running
from polygraph.core.ground.backend import RunResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.program import Program

    Array = np.ndarray[Any, Any]
    State = Sequence[Array]

_RACE = 0.0002
DEEP = 900
"""Steps that a shallow engine can take."""


@running(first=("state/a-fetched-array*", "state/every-run*"))
def output_buffer_reused(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """The next run writes into the array that the last one returned."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    buffers = run.memory.setdefault("buffers", [np.array(x) for x in fetches])
    for buffer, value in zip(buffers, fetches, strict=True):
        buffer[...] = value
    return RunResult((list(buffers), carries, updates, failed))


@running(first=("faults/runs*", "faults/two*", "state/every-run*", "shapes/*"))
def stale_second_run(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """The second run gives what the first one gave."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    kept = run.memory.setdefault("fetches", [x.copy() for x in fetches])
    return RunResult(([x.copy() for x in kept], carries, updates, failed))


@running(first=("state/writing-into*", "state/a-feed*", "state/a-fed*", "state/*"))
def aliased_feed(run: Wrapped, program: Program, state: State, feeds: State) -> RunResult:
    """A variable keeps the memory of the array that was fed."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    updates = [next((feed for feed in feeds if _equal(feed, value)), value) for value in updates]
    del program
    return RunResult((fetches, carries, updates, failed))


def _equal(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and bool(np.array_equal(a, b))


@running(first=("state/two-fetches*", "state/fetched-arrays*", "state/a-fetched*", "state/*"))
def aliased_fetch(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """Fetches of equal values are one array."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    shared: list[Array] = []
    for value in fetches:
        shared.append(next((other for other in shared if _equal(other, value)), value))
    return RunResult((shared, carries, updates, failed))


@running(first=("state/views*", "state/a-fetched*", "state/fetched-arrays*"))
def fetched_variable_is_the_variable(
    run: Wrapped, _: Program, state: State, feeds: State
) -> RunResult:
    """Who writes into a fetched variable writes into the session."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    held = [*updates, *state]
    fetches = [next((own for own in held if _equal(own, x)), x) for x in fetches]
    return RunResult((fetches, carries, updates, failed))


@running(first=("state/a-feed-is*",))
def feed_mutated(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """The array that was fed is used as scratch memory."""
    found = run.inner(state, feeds)
    for feed in feeds:
        if feed.flags.writeable:
            feed[...] = 0
    return found


@running(first=("state/fetched-arrays*",))
def fetches_read_only(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """What is fetched cannot be written to."""
    found = run.inner(state, feeds)
    for value in found[0]:
        value.flags.writeable = False
    return found


@running(first=("state/every-run*", "state/fetched-writes*"))
def lost_state_write(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """The last of several variables keeps its old value."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    if updates:
        updates[-1] = state[run.program.updates[-1]]
    return RunResult((fetches, carries, updates, failed))


@running(first=("state/two-variables*", "state/many*"))
def updates_in_reverse_order(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """New values go to the wrong variables, where types allow it."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    types = {(x.dtype, x.shape) for x in updates}
    return RunResult((fetches, carries, updates[::-1] if len(types) == 1 else updates, failed))


@running(first=("state/fetched-writes*", "state/a-chain*", "state/*"))
def dropped_control_edge(run: Wrapped, program: Program, state: State, feeds: State) -> RunResult:
    """A read that comes after a write gives what was there before."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    for place, value in enumerate(program.fetch_values):
        if value in program.update_values:
            index = program.updates[program.update_values.index(value)]
            fetches[place] = state[index].copy()
    return RunResult((fetches, carries, updates, failed))


@running(first=("random/a-seeded*", "random/counters*"))
def stale_random_counter(run: Wrapped, program: Program, state: State, feeds: State) -> RunResult:
    """Every run draws the same random numbers."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    return RunResult((fetches, carries, _counters(program, state, updates, 0), failed))


@running(first=("random/long*", "random/*"))
def random_counter_moves_by_one(
    run: Wrapped, program: Program, state: State, feeds: State
) -> RunResult:
    """A stream goes on by a block, however many were drawn: streams overlap."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    return RunResult((fetches, carries, _counters(program, state, updates, 1), failed))


def _counters(program: Program, state: State, updates: State, by: int) -> list[Array]:
    """The updates with the positions of random streams moved by so much."""
    changed = list(updates)
    for place, index in enumerate(program.updates):
        old = state[index]
        if old.dtype == np.int64 and old.shape == (3,):
            changed[place] = old + np.array([by, 0, 0])
    return changed


@running(first=("errors/*", "contract/gather_too_large"))
def check_not_looked_at(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """An index out of range is clamped, and nobody is told."""
    fetches, carries, updates, _failed = run.inner(state, feeds)
    return RunResult((fetches, carries, updates, -1))


@running(first=("errors/the-first*",))
def last_failed_check_told(run: Wrapped, program: Program, state: State, feeds: State) -> RunResult:
    """Of several failures the last is reported."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    if failed >= 0:
        failed = len(program.checks) - 1
    return RunResult((fetches, carries, updates, failed))


@running(first=("state/a-failed-check*", "faults/*"))
def failed_run_commits(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """A check that fails leaves variables changed."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    if failed >= 0:
        updates = [x + x.dtype.type(1) if x.dtype.kind in "if" else ~x for x in updates]
    return RunResult((fetches, carries, updates, failed))


@running(first=("faults/an-engine*", "errors/*"))
def swallowed_error(run: Wrapped, program: Program, state: State, feeds: State) -> RunResult:
    """A run that fails gives zeros."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    if failed >= 0:
        fetches = [np.zeros(value.shape, value.dtype) for value in program.fetch_values]
    return RunResult((fetches, carries, updates, -1))


@running(first=("dtypes/values*bool*", "flow/cond-of*", "primitive/less-float32-*"))
def bool_fetched_as_uint8(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """A bool comes back as an integer."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    fetches = [x.astype(np.uint8) if x.dtype == np.bool_ else x for x in fetches]
    return RunResult((fetches, carries, updates, failed))


@running(first=("state/fetched-writes*", "primitive/add-float32-*"))
def scalar_as_one_element(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """A scalar comes back with an axis."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    return RunResult(([x.reshape(x.shape or (1,)) for x in fetches], carries, updates, failed))


@running(first=("threads/runs-of*", "threads/*"))
def thread_race(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """Runs that go side by side share a slot for their feeds."""
    run.memory["feeds"] = feeds
    time.sleep(_RACE)
    return run.inner(state, run.memory["feeds"])


@running(first=("resources/runs*",))
def memory_leak(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """Every run keeps its results for ever."""
    found = run.inner(state, feeds)
    kept = run.memory.setdefault("kept", [])
    kept += [*(x.copy() for x in found[0]), np.zeros(512, np.float32)]
    return found


@running(first=("resources/a-chain-of-two-thousand*",))
def deep_graph_fails(run: Wrapped, program: Program, state: State, feeds: State) -> RunResult:
    """A Program of many steps is more than the engine's stack holds."""
    if len(program.block.steps) > DEEP:
        msg = "maximum recursion depth exceeded"
        raise RecursionError(msg)
    return run.inner(state, feeds)


@running(first=("threads/a-reader*", "threads/no-write*", "threads/*"))
def state_of_another_thread(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """Results are handed over in a slot that all threads share."""
    found = run.inner(state, feeds)
    run.memory["found"] = (threading.get_ident(), found)
    time.sleep(_RACE)
    result: RunResult = run.memory["found"][1]
    return result


@running(first=("state/several*", "state/*", "dtypes/*", "training/*"))
def state_demoted(run: Wrapped, _: Program, state: State, feeds: State) -> RunResult:
    """A variable of float64 keeps the digits of float32."""
    fetches, carries, updates, failed = run.inner(state, feeds)
    updates = [
        x.astype(np.float32).astype(np.float64) if x.dtype == np.float64 else x for x in updates
    ]
    return RunResult((fetches, carries, updates, failed))
