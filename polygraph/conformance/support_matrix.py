"""Support matrices from reports: which op works at which dtype on which backend."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from polygraph.conformance.case import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.conformance.report import Report

MARKS = {Outcome.PASS: "yes", Outcome.XFAIL: "no", Outcome.FAIL: "FAIL", Outcome.XPASS: "FAIL"}


def markdown_matrix(reports: Sequence[Report]) -> str:
    """A markdown page: a summary of the reports, then for each family a row for each op.

    A cell names the dtypes at which every case passed, and in brackets those at which cases fail
    as the backend says.
    """
    names = [report.data["backend"]["name"] for report in reports]
    lines = ["# Support matrix", "", *_summary(reports), ""]
    cells: defaultdict[str, defaultdict[str, dict[str, str]]]
    cells = defaultdict(lambda: defaultdict(dict))
    for name, report in zip(names, reports, strict=True):
        for (family, op), text in op_cells(report).items():
            cells[family][op][name] = text
    for family in sorted(cells):
        lines += [f"## {family}", "", _line(["op", *names]), _line(["---"] * (len(names) + 1))]
        for op, row in sorted(cells[family].items()):
            lines.append(_line([f"`{op}`", *[row.get(name, "") for name in names]]))
        lines.append("")
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _summary(reports: Sequence[Report]) -> list[str]:
    lines = [
        _line(["backend", "engines", "device", "cases", "pass", "expected failures", "fail"]),
        _line(["---"] * 7),
    ]
    for report in reports:
        backend = report.data["backend"]
        engines = ", ".join(f"{name} {version}" for name, version in backend["engines"].items())
        outcomes = [Outcome(case["outcome"]) for case in report.data["cases"]]
        passed, expected = outcomes.count(Outcome.PASS), outcomes.count(Outcome.XFAIL)
        counts = [len(outcomes), passed, expected, len(outcomes) - passed - expected]
        lines.append(_line([backend["name"], engines, backend["device"], *map(str, counts)]))
    return lines


def op_cells(report: Report) -> dict[tuple[str, str], str]:
    """The text of each op's cell."""
    worst: defaultdict[tuple[str, str], dict[str, Outcome]] = defaultdict(dict)
    order = [Outcome.PASS, Outcome.XFAIL, Outcome.XPASS, Outcome.FAIL]
    for case in report.data["cases"]:
        of_op = worst[case["family"], case["op"]]
        outcome = Outcome(case["outcome"])
        known = of_op.get(case["dtype"], Outcome.PASS)
        of_op[case["dtype"]] = max(known, outcome, key=order.index)
    return {key: _cell(of_op) for key, of_op in worst.items()}


def _cell(of_op: dict[str, Outcome]) -> str:
    if set(of_op) == {""}:
        return MARKS[of_op[""]]
    parts: list[Any] = [name for name, outcome in of_op.items() if outcome is Outcome.PASS]
    declined = [name for name, outcome in of_op.items() if outcome is Outcome.XFAIL]
    failed = [name for name, outcome in of_op.items() if not outcome.good]
    parts += [f"({' '.join(declined)})"] if declined else []
    parts += [f"**FAIL {' '.join(failed)}**"] if failed else []
    return " ".join(parts)
