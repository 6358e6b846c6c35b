"""Time the same training steps through polygraph's sessions and written by hand.

    python benchmarks/run.py --threads 1,2 --workloads mlp-tiny,mlp --json result.json

Each candidate has a process of its own. One at a time is active: the driver hands rounds to them in
turn, so that whatever else the machine does falls on all alike, and takes the median over rounds of
the median over a round's steps. A step takes its batch from NumPy arrays on the host and gives its
loss back to the host. Before anything is timed, the candidates' losses over the first steps, from
the same initial values, have to agree.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).resolve().parent
CHECKED_STEPS = 20
# Relative: float32, with sums in another order. Torch's own Adam adds epsilon after the correction
# of bias and not before, which shows where gradients are tiny.
TOLERANCE = 5e-5
TOLERANCES = {"handwritten-torch": 1e-3}
HANDWRITTEN = "handwritten-"
CLOCK_HELP = "processor: of the worker alone, for busy machines; default: %(default)s"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
PACKAGES = ("numpy", "torch", "jax", "jaxlib", "polygraph-framework")

# Module and variant of each candidate.
CANDIDATES = {
    "handwritten-numpy": ("handwritten_numpy", ""),
    "handwritten-torch": ("handwritten_torch", "eager"),
    "handwritten-torch-compile": ("handwritten_torch", "compile"),
    "handwritten-jax": ("handwritten_jax", ""),
    "polygraph-numpy": ("graph_steps", "numpy"),
    "polygraph-torch": ("graph_steps", "torch"),
    "polygraph-torch-inductor": ("graph_steps", "torch+jit"),
    "polygraph-jax": ("graph_steps", "jax"),
}
COMPILED_BY_CXX = {"handwritten-torch-compile", "polygraph-torch-inductor"}


class CandidateError(Exception):
    """A candidate cannot run here, or stopped."""


@dataclass(frozen=True)
class Result:
    """One candidate's figures.

    Attributes:
        candidate: Its name.
        setup: Seconds from the start of its process to its first loss.
        rounds: Seconds a step, the median of each round.
        tier: Which of its engine's tiers ran in the last round.
    """

    candidate: str
    setup: float
    rounds: list[float]
    tier: str

    @property
    def median(self) -> float:
        """Seconds a step."""
        return statistics.median(self.rounds)


class Worker:
    """A candidate's process, in its own words: see `worker.py`."""

    def __init__(self, candidate: str, workload: Workload, threads: int) -> None:
        self.candidate = candidate
        script = str(HERE / "worker.py")
        processors = ",".join(map(str, usable_processors()[:threads]))
        command = [*CANDIDATES[candidate], workload.name, processors]
        threading = dict.fromkeys(THREAD_VARIABLES, str(threads))
        self._process = subprocess.Popen(  # noqa: S603 - this Python and a script beside this one
            [sys.executable, script, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "JAX_PLATFORMS": "cpu", **threading},
            text=True,
        )
        self.setup = float(self._answer()["ready"])

    def ask(self, do: str, **arguments: float | str) -> dict[str, Any]:
        """Give an order and return its answer.

        Raises:
            CandidateError: The candidate failed.
        """
        pipe = cast("IO[str]", self._process.stdin)
        pipe.write(json.dumps({"do": do, **arguments}) + "\n")
        pipe.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        line = cast("IO[str]", self._process.stdout).readline()
        answer = json.loads(line) if line else {"error": f"exit status {self._process.wait()}"}
        if "error" in answer:
            self.close()
            raise CandidateError(answer["error"])
        return dict(answer)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def usable_processors() -> list[int]:
    """Return the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def start_workers(names: list[str], workload: Workload, threads: int) -> list[Worker]:
    """Start a worker for each candidate that can run here, and say why the others cannot."""
    workers = []
    for name in names:
        try:
            if name in COMPILED_BY_CXX and shutil.which("c++") is None:
                raise CandidateError("there is no C++ compiler")  # noqa: TRY301 - one way out
            workers.append(Worker(name, workload, threads))
        except CandidateError as error:
            print(f"{name}: skipped: {error}", flush=True)
    return workers


def disagreement(workers: list[Worker]) -> str | None:
    """Compare the workers' first losses; return what is wrong, or None."""
    losses = {w.candidate: w.ask("losses", steps=CHECKED_STEPS)["losses"] for w in workers}
    first, expected = next(iter(losses.items()))
    for name, values in losses.items():
        tolerance = max(TOLERANCES.get(each, TOLERANCE) for each in (name, first))
        for step, (value, wanted) in enumerate(zip(values, expected, strict=True)):
            if not math.isclose(value, wanted, rel_tol=tolerance):
                return f"at step {step} the loss is {value!r} by {name}, {wanted!r} by {first}"
    return None


def time_workers(workers: list[Worker], args: argparse.Namespace) -> list[Result]:
    """Hand out rounds in turn, each beginning with another worker; return the figures."""
    answers: dict[str, list[dict[str, Any]]] = {worker.candidate: [] for worker in workers}
    for turn in range(args.rounds):
        start = turn % len(workers)
        for worker in workers[start:] + workers[:start]:
            answer = worker.ask("time", seconds=args.seconds, clock=args.clock)
            answers[worker.candidate].append(answer)
    return [
        Result(worker.candidate, worker.setup, [one["median"] for one in given], given[-1]["tier"])
        for worker, given in zip(workers, answers.values(), strict=True)
    ]


def run_workload(
    names: list[str], workload: Workload, threads: int, args: argparse.Namespace
) -> list[Result]:
    """Start, check and time the candidates of one table.

    Raises:
        CandidateError: A worker failed, or the losses do not agree.
    """
    workers = start_workers(names, workload, threads)
    try:
        if not workers:
            raise CandidateError("no candidate can run here")
        if wrong := disagreement(workers):
            raise CandidateError(f"{workload.name}: {wrong}")
        return time_workers(workers, args)
    finally:
        for worker in workers:
            worker.close()


def print_table(results: list[Result], workload: Workload, threads: int) -> None:
    """Print medians, and their ratios to each step written by hand."""
    medians = {result.candidate: result.median for result in results}
    hands = [name for name in medians if name.startswith(HANDWRITTEN)]
    heads = "".join(f"{'/ ' + name.removeprefix(HANDWRITTEN):>16}" for name in hands)
    print(f"\n{workload.title}, {threads} thread{'s' * (threads > 1)}")
    print(f"{'':26}{'µs a step':>12}{heads}{'set-up, s':>12}  tier")
    for result in results:
        micro = result.median * 1e6
        ratios = "".join(f"{result.median / medians[name]:16.2f}" for name in hands)
        print(f"{result.candidate:26}{micro:12.1f}{ratios}{result.setup:12.2f}  {result.tier}")
    sys.stdout.flush()


def machine() -> dict[str, Any]:
    """Return what the figures hang on: processor, Python, versions."""
    model = next(
        (line.split(":")[1].strip() for line in cpuinfo() if line.startswith("model name")),
        platform.processor(),
    )
    installed = {dist.name: dist.version for dist in importlib.metadata.distributions()}
    versions = {name: installed[name] for name in PACKAGES if name in installed}
    return {"processor": model, "python": platform.python_version(), **versions}


def cpuinfo() -> list[str]:
    """Return the lines of Linux's description of the processor; none elsewhere."""
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def names_in(known: dict[str, Any]) -> Callable[[str], list[str]]:
    """Return a parser of comma-separated names that must be among the known ones."""

    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"{unknown} not among {', '.join(known)}")
        return names

    return parse


def thread_counts(text: str) -> list[int]:
    """Parse comma-separated numbers of threads."""
    counts = [int(part) for part in text.split(",")]
    most = len(usable_processors())
    if not all(1 <= count <= most for count in counts):
        raise argparse.ArgumentTypeError(f"from 1 to {most}, the processors here")
    return counts


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    description, _, _ = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=description)
    add = parser.add_argument
    add("--threads", type=thread_counts, default=[1], help="for example 1,2; default: 1")
    workloads, candidates = list(WORKLOADS), list(CANDIDATES)
    add("--workloads", type=names_in(WORKLOADS), default=workloads, help=", ".join(workloads))
    add("--candidates", type=names_in(CANDIDATES), default=candidates, help=", ".join(candidates))
    add("--rounds", type=int, default=9, help="default: %(default)s")
    add("--seconds", type=float, default=0.5, help="length of a round; default: %(default)s")
    add("--clock", choices=["wall", "processor"], default="wall", help=CLOCK_HELP)
    add("--json", type=Path, help="file for all figures")
    return parser.parse_args()


def main() -> int:
    """Run the tables that the command line asks for; return 1 if one failed."""
    args = parse_arguments()
    here = machine()
    print(", ".join(f"{key} {value}" for key, value in here.items()), flush=True)
    tables, failed = [], False
    for threads in args.threads:
        for workload in map(WORKLOADS.__getitem__, args.workloads):
            try:
                results = run_workload(args.candidates, workload, threads, args)
            except CandidateError as error:
                print(f"FAILED: {error}", flush=True)
                failed = True
                continue
            print_table(results, workload, threads)
            figures = [asdict(result) | {"median": result.median} for result in results]
            tables.append({"workload": workload.name, "threads": threads, "results": figures})
    if args.json:
        args.json.write_text(json.dumps({"machine": here, "tables": tables}, indent=1) + "\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
