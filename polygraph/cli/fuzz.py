"""``polygraph fuzz A B``: random graphs on two backends, and what they disagree on."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from polygraph.cli.refusals import REFUSALS, refuse
from polygraph.conformance.fuzz.driver import fuzz

if TYPE_CHECKING:
    import argparse

    from polygraph.conformance.fuzz.driver import FuzzReport

_EVERY = 0.5
"""Seconds between two updates of the line."""


class _Line:
    """One line that is written over, where the stream is a terminal."""

    def __init__(self) -> None:
        self._next = 0.0

    def __call__(self, report: FuzzReport) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() and now > self._next:
            self._next = now + _EVERY
            sys.stderr.write(
                f"\r{report.graphs} graphs, {report.rate:.1f} a second, "
                f"{len(report.findings)} disagreements "
            )
            sys.stderr.flush()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Fill in the parser of the command."""
    parser.add_argument(
        "a", help="name[@distribution][:device][,option=value...] of a backend and its options"
    )
    parser.add_argument("b", help="of another")
    parser.add_argument(
        "--graphs", type=int, help="how many graphs; 1000 unless --minutes is given"
    )
    parser.add_argument("--minutes", type=float, help="how long")
    parser.add_argument("--findings", type=int, help="stop when there are so many disagreements")
    parser.add_argument("--seed", type=int, default=0, help="the same graphs for the same seed")
    parser.add_argument("--save", help="a folder for scripts that show the disagreements")
    parser.add_argument(
        "--undrawn", action="store_true", help="list the op types that were in no graph"
    )
    parser.set_defaults(command=run_fuzz)


def run_fuzz(options: argparse.Namespace) -> int:
    """Fuzz; the exit status: 0 they agree, 1 they do not, 2 there is no such backend."""
    try:
        report = fuzz(
            options.a,
            options.b,
            graphs=options.graphs,
            minutes=options.minutes,
            findings=options.findings,
            seed=options.seed,
            save=options.save,
            progress=_Line(),
        )
    except REFUSALS as error:
        return refuse(error)
    sys.stdout.write(report.text())
    if options.undrawn:
        sys.stdout.write(f"in no graph: {', '.join(report.undrawn)}\n")
    return 1 if report.findings else 0
