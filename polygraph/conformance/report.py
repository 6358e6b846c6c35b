"""The report of a run: data, JSON, and a table for a terminal."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import json
import os
import platform
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from polygraph.conformance.case import Outcome
from polygraph.conformance.levels import KIT_VERSION, LEVELS, must_pass
from polygraph.conformance.samples import SEED
from polygraph.core.runtime.entry_points import DISTRIBUTION
from polygraph.core.runtime.module_versions import module_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.conformance.case import Result
    from polygraph.conformance.target import Target

SCHEMA = 1
"""Version of the JSON's form; grows when a reader of the old form would go wrong."""


@dataclass(frozen=True, slots=True)
class Report:
    """A run of the suite as data.

    ``seconds`` is what the cases took, ``cpu_seconds`` the processor time of the whole process, all
    its threads, until the report was made.
    """

    data: dict[str, Any]

    @classmethod
    def of(cls, target: Target, results: Sequence[Result], subset: str) -> Self:
        """What came of running ``subset`` on ``target``."""
        return cls(
            {
                "schema": SCHEMA,
                "kit": KIT_VERSION,
                "polygraph": importlib.metadata.version(DISTRIBUTION),
                "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
                "subset": subset,
                "seed": SEED,
                "python": platform.python_version(),
                "machine": _machine(),
                "backend": _backend(target),
                "levels": [_level(results, number) for number in range(len(LEVELS))],
                "loosened": _loosened(results),
                "waivers": _waivers(target),
                "seconds": round(sum(result.seconds for result in results), 3),
                "cpu_seconds": round(time.process_time(), 3),
                "cases": [_case(result) for result in results],
            }
        )

    @property
    def passed(self) -> bool:
        """Whether every case passed or failed as expected, and there were cases."""
        outcomes = {Outcome(case["outcome"]) for case in self.data["cases"]}
        return bool(outcomes) and all(outcome.good for outcome in outcomes)

    def failures(self) -> list[dict[str, Any]]:
        """The cases that failed, or passed though they were expected to fail."""
        return [case for case in self.data["cases"] if not Outcome(case["outcome"]).good]

    def counts(self) -> dict[tuple[int, str], Counter[str]]:
        """How many cases of each level and family came to which outcome."""
        table: dict[tuple[int, str], Counter[str]] = {}
        for case in self.data["cases"]:
            key = case["level"], case["family"]
            table.setdefault(key, Counter())[case["outcome"]] += 1
        return dict(sorted(table.items()))

    def declared(self) -> Counter[str]:
        """Outcomes of the cases in the dtypes that the backend declares, or in none at all."""
        held = {"", *self.data["backend"]["dtypes"]}
        return Counter(case["outcome"] for case in self.data["cases"] if case["dtype"] in held)

    def write_json(self, path: str | Path) -> None:
        """Write it to a file."""
        text = json.dumps(self.data, indent=1, allow_nan=False)
        Path(path).write_text(f"{text}\n", encoding="utf-8")

    def table(self) -> str:
        """Counts by level and family, for a terminal."""
        columns = [outcome.value for outcome in Outcome]
        lines = [f"{'level family':<24}" + "".join(f"{name:>9}" for name in (*columns, "total"))]
        total: Counter[str] = Counter()
        for (level, family), counts in self.counts().items():
            lines.append(_row(f"L{level}    {family}", columns, counts))
            total += counts
        lines.append(_row("all", columns, total))
        return "\n".join(lines) + "\n"


def _machine() -> str:
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"


def _row(head: str, columns: Sequence[str], counts: Counter[str]) -> str:
    cells = [counts[name] for name in columns]
    return f"{head:<24}" + "".join(f"{cell or '-':>9}" for cell in (*cells, sum(cells)))


def _backend(target: Target) -> dict[str, Any]:
    backend = target.backend
    engines = target.spec.requires if target.spec is not None else ()
    return {
        "name": target.name,
        "version": target.version,
        "engines": {name: module_version(name) for name in engines},
        "device": backend.device,
        "tier": backend.tier,
        "dtypes": sorted(backend.capabilities.dtypes),
    }


def _level(results: Sequence[Result], number: int) -> dict[str, Any]:
    demanded = [r for r in results if r.case.level == number and must_pass(r.case)]
    level = LEVELS[number]
    return {
        "level": number,
        "title": level.title,
        "must_pass_list": level.version,
        "must_pass": len(demanded),
        "must_pass_passed": sum(r.outcome is Outcome.PASS for r in demanded),
    }


def _loosened(results: Sequence[Result]) -> dict[str, str]:
    """The tolerances that are wider than usual, by op and dtype kind, with the reason."""
    found = {f"{r.case.op} {r.case.dtype}": r.case.loosened for r in results if r.case.loosened}
    return dict(sorted(found.items()))


def _waivers(target: Target) -> list[dict[str, Any]]:
    return [
        {"pattern": pattern, "reason": reason, "cases": target.used_waivers[pattern]}
        for pattern, reason in target.backend.waivers.items()
    ]


def _case(result: Result) -> dict[str, Any]:
    case = result.case
    entry: dict[str, Any] = {
        "id": case.id,
        "level": case.level,
        "family": case.family,
        "op": case.op,
        "dtype": case.dtype,
        "outcome": result.outcome.value,
        "seconds": round(result.seconds, 4),
    }
    optional = {"reason": result.reason, "detail": result.detail}
    return entry | {name: text for name, text in optional.items() if text}
