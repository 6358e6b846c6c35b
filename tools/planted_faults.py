"""Write ``docs/reference/planted-faults.md``: which case of the suite catches which fault."""

from __future__ import annotations

from pathlib import Path

from polygraph.conformance.faults.kill_rate import kill_rate, table

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "planted-faults.md"

_HEAD = """\
# Planted faults

A suite that passes everything proves nothing. So faults that engines have had are planted in
copies of a backend, and for each a case of the conformance suite has to fail that passes on the
same copy without the fault. This page is written by `tools/planted_faults.py`; a test keeps the
rate at 100 %.

The third column names the first case that noticed, of those that were asked first for that fault:
most faults are caught by many more.

"""

if __name__ == "__main__":
    PAGE.write_text(_HEAD + table(kill_rate()), encoding="utf-8")
