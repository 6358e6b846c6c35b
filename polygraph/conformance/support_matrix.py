"""Support matrices: which op passes at which dtype on which backend, from reports of the suite.

A report has a line for each case; its `summary` has what the page shows of it, a hundredth of
that, and is what one keeps.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from polygraph.conformance.case import Outcome
from polygraph.core.ground.dtypes import as_dtype, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Summary = Mapping[str, Any]

SHOWN = ("kit", "polygraph", "date", "subset", "python", "machine", "backend", "levels",
         "seconds", "cpu_seconds")  # fmt: skip
"""Fields of a report that its summary has as they are; an older one may lack the last."""

BY_OP = ("composite", "gradient", "op-type", "primitive", "recorded")
"""Families whose cases are of an op at a dtype."""

_WORST = (Outcome.PASS, Outcome.XFAIL, Outcome.XPASS, Outcome.FAIL)


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows of a report, as JSON.

    Args:
      report: the data of a `Report`, as its JSON has it.

    Returns:
      Some of the report's fields; ``families``: outcomes counted, by level and family;
      ``reasons``: those of expected failures, counted; ``loosened``: the wider tolerances,
      counted by op and dtype; ``ops``: by family and op, the dtypes by the worst outcome.
    """
    cases = report["cases"]
    families: defaultdict[str, Counter[str]] = defaultdict(Counter)
    worst: defaultdict[str, dict[str, dict[str, Outcome]]] = defaultdict(dict)
    for case in cases:
        outcome = Outcome(case["outcome"])
        families[f"L{case['level']} {case['family']}"][outcome.value] += 1
        if case["family"] in BY_OP:
            of_op = worst[case["family"]].setdefault(case["op"], {})
            known = of_op.get(case["dtype"], Outcome.PASS)
            of_op[case["dtype"]] = max(known, outcome, key=_WORST.index)
    return {
        **{name: report.get(name) for name in SHOWN},
        "families": {name: dict(counts) for name, counts in sorted(families.items())},
        "reasons": dict(Counter(case["reason"] for case in cases if case.get("reason"))),
        "loosened": dict(Counter(report["loosened"].values())),
        "ops": {
            family: {op: _by_outcome(dtypes) for op, dtypes in sorted(ops.items())}
            for family, ops in sorted(worst.items())
        },
    }


def _by_outcome(dtypes: Mapping[str, Outcome]) -> dict[str, str]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, outcome in dtypes.items():
        found[outcome.value].append(short_name(as_dtype(name).np_dtype) if name else "-")
    return {outcome: " ".join(names) for outcome, names in found.items()}


def markdown_matrix(summaries: Sequence[Summary]) -> str:
    """The page's tables: runs, counts, reasons, tolerances, and for each family a row an op."""
    parts = [
        "## Runs\n",
        _runs(summaries),
        "## Cases by level and family\n\nPassed; expected failures in brackets.\n",
        _families(summaries),
        "## Must-pass lists\n",
        _levels(summaries),
        "## Expected failures\n",
        _reasons(summaries),
        "## Loosened tolerances\n",
        _loosened(summaries),
    ]
    for family in BY_OP:
        if any(family in one["ops"] for one in summaries):
            parts += [f"## Ops: {family}\n", _ops(summaries, family)]
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(_escaped, line))} |\n" for line in lines)


def _escaped(cell: Any) -> str:
    return str(cell).replace("|", r"\|")


def _names(summaries: Sequence[Summary]) -> list[str]:
    return [one["backend"]["name"] for one in summaries]


def _runs(summaries: Sequence[Summary]) -> str:
    rows = []
    for one in summaries:
        backend = one["backend"]
        engines = ", ".join(f"{name} {version}" for name, version in backend["engines"].items())
        rows.append(
            [
                backend["name"],
                engines or "-",
                f"{backend['device']}, {backend['tier']}",
                f"{one['python']}, {one['machine']}",
                one["date"].partition("T")[0],
                one["subset"],
                f"{one['seconds']:.0f} s",
                f"{one['cpu_seconds']:.0f} s" if one["cpu_seconds"] else "-",
            ]
        )
    head = ("backend", "engines", "device, tier", "Python, machine", "date", "subset", "time",
            "CPU time")  # fmt: skip
    return _table(head, rows)


def _families(summaries: Sequence[Summary]) -> str:
    families = sorted({name for one in summaries for name in one["families"]})
    rows = [[name, *(_count(one["families"].get(name, {})) for one in summaries)]
            for name in families]  # fmt: skip
    totals: list[Counter[str]] = [
        sum(map(Counter, one["families"].values()), Counter()) for one in summaries
    ]
    rows.append(["all", *map(_count, totals)])
    return _table(["family", *_names(summaries)], rows)


def _count(counts: Mapping[str, int]) -> str:
    passed, expected = counts.get("pass", 0), counts.get("xfail", 0)
    failed = sum(counts.values()) - passed - expected
    text = f"{passed} ({expected})" if expected else f"{passed}"
    return f"{text}, **{failed} fail**" if failed else text


def _levels(summaries: Sequence[Summary]) -> str:
    rows = [
        [
            f"{level['level']} {level['title']}",
            level["must_pass_list"],
            *(
                f"{own['must_pass_passed']} of {own['must_pass']}"
                for own in (one["levels"][level["level"]] for one in summaries)
            ),
        ]
        for level in summaries[0]["levels"]
    ]
    return _table(["level", "list", *_names(summaries)], rows)


def _reasons(summaries: Sequence[Summary]) -> str:
    rows = [
        [one["backend"]["name"], count, reason]
        for one in summaries
        for reason, count in sorted(one["reasons"].items(), key=lambda pair: -pair[1])
    ]
    return _table(["backend", "cases", "why"], rows) if rows else "None.\n"


def _loosened(summaries: Sequence[Summary]) -> str:
    most: Counter[str] = Counter()
    for one in summaries:
        most |= Counter(one["loosened"])
    return _table(["op x dtype", "tolerance, and why"], [(n, why) for why, n in most.most_common()])


def _ops(summaries: Sequence[Summary], family: str) -> str:
    tables = [one["ops"].get(family, {}) for one in summaries]
    rows = []
    for op in sorted({name for table in tables for name in table}):
        dtypes = dict.fromkeys(
            dtype
            for table in tables
            for names in table.get(op, {}).values()
            for dtype in names.split()
        )
        cells = [_cell(table.get(op, {})) for table in tables]
        rows.append([f"`{op}`", " ".join(dtypes), *cells])
    return _table(["op", "dtypes", *_names(summaries)], rows)


def _cell(outcomes: Mapping[str, str]) -> str:
    """``all``, or what is not: expected failures in brackets."""
    if not outcomes:
        return ""
    declined = outcomes.get(Outcome.XFAIL, "")
    failed = " ".join(outcomes[bad] for bad in (Outcome.XPASS, Outcome.FAIL) if bad in outcomes)
    text = f"all but ({declined})" if declined else "all"
    return f"{text}, **FAIL {failed}**" if failed else text
