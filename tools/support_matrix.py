"""Write ``docs/reference/support-matrix.md``: what passes on which backend, from reports.

    polygraph conformance numpy --json numpy.json
    python tools/support_matrix.py numpy.json ...

Each report becomes a summary in ``docs/reference/support/``, in place of that backend's last one;
the page is written from all the summaries there, and so without a report too.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from polygraph.conformance.support_matrix import markdown_matrix, summary

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"
SUMMARIES = REFERENCE / "support"
PAGE = REFERENCE / "support-matrix.md"
FIRST = ("numpy", "torch", "jax")

HEAD = """\
# Support matrix

What the conformance suite found, backend by backend: every op at every dtype, every op type
against TensorFlow's answers, gradients, and what graphs do between ops. Every case of a must-pass
list has to pass; any other failure is expected, strictly, and the backend gives the reason.

The page is written by `tools/support_matrix.py` from reports: run
`polygraph conformance NAME --json report.json` for each backend, then the tool with the reports. A
cell says at which of the dtypes in the second column all cases pass: `all`, or all but those in
brackets, at which cases fail as the backend says.

A backend's row stands for the day of its report: the suite may have grown since. The subset `ci`
is a fast choice of the cases, `full` is all of them. The time is what
the cases took on a machine that did other things too; the CPU time is the whole process's.

"""


def summaries() -> list[dict[str, Any]]:
    """Those that are kept, the backends in the box first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in SUMMARIES.glob("*.json")]
    order = {name: place for place, name in enumerate(FIRST)}
    names = {one["backend"]["name"]: one for one in found}
    return [names[name] for name in sorted(names, key=lambda n: (order.get(n, len(FIRST)), n))]


def page() -> str:
    """The whole page, from the summaries that are kept."""
    return HEAD + markdown_matrix(summaries())


def keep(path: str) -> None:
    """Put the summary of a report among those that are kept."""
    found = summary(json.loads(Path(path).read_text(encoding="utf-8")))
    SUMMARIES.mkdir(exist_ok=True)
    text = json.dumps(found, indent=0, separators=(",", ":"))
    name = found["backend"]["name"].partition("@")[0].replace(":", "-")
    (SUMMARIES / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    for report in sys.argv[1:]:
        keep(report)
    PAGE.write_text(page(), encoding="utf-8")
