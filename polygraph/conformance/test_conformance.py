"""The suite for ``pytest --pyargs polygraph.conformance --polygraph-backend NAME``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.case import ConformanceFailure, Outcome, run_case

if TYPE_CHECKING:
    from polygraph.conformance.case import Case, Result
    from polygraph.conformance.target import Target


def test_conformance(
    polygraph_case: Case, polygraph_target: Target, polygraph_results: list[Result]
) -> None:
    """One case. Whether it may fail is in its mark, which is strict."""
    result = run_case(polygraph_case, polygraph_target)
    polygraph_results.append(result)
    if result.outcome in {Outcome.FAIL, Outcome.XFAIL}:
        raise ConformanceFailure(f"{polygraph_case.id}\n{result.detail}")
