"""``polygraph conformance NAME``: the suite, a progress bar, a table and reports."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from polygraph.cli.refusals import REFUSALS, refuse
from polygraph.conformance.case import Outcome
from polygraph.conformance.html_report import html_report
from polygraph.conformance.suite import run_suite
from polygraph.conformance.target import Target

if TYPE_CHECKING:
    import argparse

    from polygraph.conformance.case import Result
    from polygraph.conformance.report import Report

BAR = 30
"""Characters of the progress bar."""

SHOWN = 20
"""Failures that are printed whole."""


class ProgressBar:
    """One line that is written over and over, where the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = stream.isatty()
        self._bad = 0
        self._percent = -1

    def __call__(self, result: Result, done: int, total: int) -> None:
        """Show how many cases are done."""
        self._bad += not result.outcome.good
        percent = 100 * done // total
        if not self._shown or percent == self._percent:
            return
        self._percent = percent
        filled = BAR * done // total
        bar = "#" * filled + "." * (BAR - filled)
        bad = f", {self._bad} failed" if self._bad else ""
        self._stream.write(f"\r[{bar}] {done}/{total}{bad}  {result.case.family:<16.16}")
        if done == total:
            self._stream.write("\n")
        self._stream.flush()


def run_conformance(options: argparse.Namespace) -> int:
    """Run the suite on a backend; the exit status: 0 passed, 1 failed, 2 there is no such."""
    try:
        target = Target.open(options.name)
    except REFUSALS as error:
        return refuse(error)
    with target:
        report = run_suite(
            target,
            subset=options.subset,
            level=options.level,
            progress=ProgressBar(sys.stderr),
        )
    sys.stdout.write(describe(report))
    if options.json is not None:
        report.write_json(options.json)
    if options.html is not None:
        Path(options.html).write_text(html_report(report), encoding="utf-8")
    return 0 if report.passed else 1


def describe(report: Report) -> str:
    """The table, the failures, and what is expected or loosened, for a terminal."""
    lines = [report.table(), _shares(report)]
    failures = report.failures()
    lines += [f"{case['outcome']}: {case['id']}\n{_indented(case)}\n" for case in failures[:SHOWN]]
    if len(failures) > SHOWN:
        lines.append(f"... and {len(failures) - SHOWN} more: see --html or --json\n")
    reasons = Counter(case["reason"] for case in report.data["cases"] if case.get("reason"))
    lines += [f"expected failures: {count}: {why}\n" for why, count in reasons.most_common()]
    bounds = Counter(report.data["loosened"].values())
    lines += [f"loosened tolerance: {count} op x dtype: {why}\n" for why, count in bounds.items()]
    for level in report.data["levels"]:
        lines.append(
            f"level {level['level']}, must-pass list {level['must_pass_list']}: "
            f"{level['must_pass_passed']} of {level['must_pass']}\n"
        )
    lines.append(f"{'passed' if report.passed else 'FAILED'} in {report.data['seconds']} s\n")
    return "".join(lines)


def _shares(report: Report) -> str:
    """What part of the whole matrix the backend declares, and what part of that it passes."""
    declared, total = report.declared(), len(report.data["cases"])
    cases, passed = declared.total(), declared[Outcome.PASS]
    return (
        f"declared dtypes: {cases} of {total} cases ({cases / (total or 1):.1%}), "
        f"{passed} of them passed ({passed / (cases or 1):.1%})\n"
    )


def _indented(case: dict[str, str]) -> str:
    text = case.get("detail") or f"it is expected to fail, but passes: {case.get('reason')}"
    return "\n".join(f"    {line}" for line in text.splitlines())
