"""A report as one HTML file that needs nothing beside it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from polygraph.conformance.case import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polygraph.conformance.report import Report

STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
th, td { border: 1px solid #8886; padding: .2rem .6rem; text-align: left; vertical-align: top; }
td.n { text-align: right; font-variant-numeric: tabular-nums; }
.pass { color: #18794e; } .xfail { color: #946800; } .fail, .xpass { color: #ce2c31; }
pre { overflow: auto; max-height: 20rem; background: #8881; padding: .5rem; }
summary { cursor: pointer; }
"""


def html_report(report: Report) -> str:
    """The whole page as text."""
    data = report.data
    backend = data["backend"]
    title = f"polygraph conformance: {backend['name']}"
    verdict = "passed" if report.passed else "failed"
    parts = [
        "<!doctype html>",
        f'<html lang="en"><meta charset="utf-8"><title>{_text(title)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style>",
        f"<h1>{_text(title)}</h1>",
        f'<p class="{"pass" if report.passed else "fail"}"><strong>{verdict}</strong></p>',
        _table(["", ""], _facts(data)),
        "<h2>Levels</h2>",
        _table(["level", "", "list", "must pass", "passed"], map(_level, data["levels"])),
        "<h2>Families</h2>",
        _families(report),
        _failures(report),
        _expected(data["cases"]),
        "<h2>Loosened tolerances</h2>",
        _table(["op", "bound"], data["loosened"].items()),
        "<h2>Cases</h2>",
        *_cases(data["cases"]),
        "</html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _text(value: object) -> str:
    return html.escape(str(value))


def _cell(value: object) -> str:
    kind = ' class="n"' if isinstance(value, int | float) else ""
    return f"<td{kind}>{_text(value)}</td>"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    top = "".join(f"<th>{_text(name)}</th>" for name in head)
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<table><tr>{top}</tr>\n{body}</table>" if body else "<p>none</p>"


def _facts(data: dict[str, Any]) -> list[tuple[str, str]]:
    backend = data["backend"]
    engines = ", ".join(f"{name} {version}" for name, version in backend["engines"].items())
    return [
        ("kit", f"{data['kit']} (polygraph {data['polygraph']}, schema {data['schema']})"),
        ("backend", f"{backend['name']} {backend['version']}"),
        ("engines", engines),
        ("device", f"{backend['device']}, tier {backend['tier']}"),
        ("dtypes", ", ".join(backend["dtypes"])),
        ("run", f"{data['date']}, {data['machine']}, Python {data['python']}"),
        ("subset", f"{data['subset']}, seed {data['seed']}, {data['seconds']} s"),
    ]


def _level(level: dict[str, Any]) -> list[object]:
    return [
        f"L{level['level']}",
        level["title"],
        level["must_pass_list"],
        level["must_pass"],
        level["must_pass_passed"],
    ]


def _families(report: Report) -> str:
    outcomes = [outcome.value for outcome in Outcome]
    rows = [
        [f"L{level}", family, *[counts[name] for name in outcomes], sum(counts.values())]
        for (level, family), counts in report.counts().items()
    ]
    return _table(["level", "family", *outcomes, "total"], rows)


def _failures(report: Report) -> str:
    found = report.failures()
    if not found:
        return ""
    items = [
        f"<details><summary>{_text(case['id'])} ({case['outcome']})</summary>"
        f"<pre>{_text(case.get('detail') or case.get('reason', ''))}</pre></details>"
        for case in found
    ]
    return "\n".join(["<h2>Failures</h2>", *items])


def _expected(cases: Sequence[dict[str, Any]]) -> str:
    reasons: dict[str, list[str]] = {}
    for case in cases:
        if case["outcome"] == Outcome.XFAIL:
            reasons.setdefault(case["reason"], []).append(case["id"])
    rows = [(reason, len(ids), " ".join(ids[:5])) for reason, ids in reasons.items()]
    return "<h2>Expected failures</h2>" + _table(["reason", "cases", "such as"], rows)


def _cases(cases: Sequence[dict[str, Any]]) -> list[str]:
    """Every case, folded away by family and op."""
    by_op: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for case in cases:
        by_op.setdefault((case["family"], case["op"]), []).append(case)
    return [
        f"<details><summary>{_text(family)}: {_text(op)} ({len(some)})</summary><ul>"
        + "".join(
            f'<li class="{case["outcome"]}">{_text(case["id"])}: {case["outcome"]}</li>'
            for case in some
        )
        + "</ul></details>"
        for (family, op), some in sorted(by_op.items())
    ]
