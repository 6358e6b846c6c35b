"""One candidate in one process: does what the driver says, a line of JSON each way.

The driver starts `worker.py MODULE VARIANT WORKLOAD CPUS`. The worker keeps to those processors,
imports the module, whose `make_step(workload, variant)` gives the step, and answers
`{"ready": seconds}`. Then, from the initial values each time:

    {"do": "losses", "steps": n}    -> {"losses": [n floats]}
    {"do": "time", "seconds": s, "clock": name of one of `CLOCKS`}
                                    -> {"median": seconds a step, "steps": how many, "tier": which}

The end of input ends the worker. What goes wrong is answered as `{"error": text}`.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np

    from workloads import Step

WARM_UP = 3  # steps before the clock starts: caches are cold after another worker's turn

CLOCKS = {"wall": time.perf_counter, "processor": time.process_time}

Batches = list[tuple["np.ndarray", "np.ndarray"]]


def take_losses(step: Step, batches: Batches, steps: int) -> dict[str, Any]:
    """Return the losses of the first steps."""
    step.reset()
    turns = itertools.islice(itertools.cycle(batches), steps)
    return {"losses": [step(images, labels) for images, labels in turns]}


def take_time(step: Step, batches: Batches, seconds: float, clock: str) -> dict[str, Any]:
    """Run steps for some seconds by that clock; return the median of their times, in seconds."""
    step.reset()
    turns = itertools.cycle(batches)
    for images, labels in itertools.islice(turns, WARM_UP):
        step(images, labels)
    times = list(time_steps(step, turns, seconds, CLOCKS[clock]))
    return {"median": statistics.median(times), "steps": len(times), "tier": step.tier}


def time_steps(
    step: Step,
    turns: Iterator[tuple[np.ndarray, np.ndarray]],
    seconds: float,
    clock: Callable[[], float],
) -> Iterator[float]:
    """Yield each step's time until so many seconds are over, and one at least."""
    before = clock()
    end = before + seconds
    for images, labels in turns:
        step(images, labels)
        after = clock()
        yield after - before
        if after >= end:
            return
        before = clock()


def serve(module: str, variant: str, workload: str) -> Iterator[dict[str, Any]]:
    """Yield an answer when ready, and one for each line of input."""
    start = time.perf_counter()
    candidate = importlib.import_module(module)
    work = importlib.import_module("workloads").WORKLOADS[workload]
    step = candidate.make_step(work, variant)
    batches = work.batches(candidate.LABELS)
    take_losses(step, batches, 1)
    yield {"ready": time.perf_counter() - start}
    actions = {"losses": take_losses, "time": take_time}
    for line in sys.stdin:
        order = json.loads(line)
        yield actions[order.pop("do")](step, batches, **order)


def main() -> None:
    """Serve the driver on standard input and output."""
    module, variant, workload, cpus = sys.argv[1:]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
    # Only answers go to the driver; whatever else a library prints goes to standard error.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    try:
        for answer in serve(module, variant, workload):
            answers.write(json.dumps(answer) + "\n")
    except Exception as error:  # noqa: BLE001 - any failure is the driver's to report
        answers.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")


if __name__ == "__main__":
    main()
