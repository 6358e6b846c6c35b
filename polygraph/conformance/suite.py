"""Running the suite outside of pytest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.case import run_case
from polygraph.conformance.registry import all_cases
from polygraph.conformance.report import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.conformance.case import Result
    from polygraph.conformance.target import Target


def run_suite(
    target: Target,
    *,
    subset: str = "full",
    level: int | None = None,
    progress: Callable[[Result, int, int], None] | None = None,
) -> Report:
    """Run the cases on ``target`` and report what came of them.

    Args:
      target: the backend.
      subset: ``full`` or ``ci``.
      level: the highest level; all when None.
      progress: called after each case with its result, how many are done, and how many there are.
    """
    cases = all_cases(target, subset=subset, level=level)
    results = []
    for done, case in enumerate(cases, 1):
        result = run_case(case, target)
        results.append(result)
        if progress is not None:
            progress(result, done, len(cases))
    return Report.of(target, results, subset)
