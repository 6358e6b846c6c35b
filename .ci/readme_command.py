"""Print one of the README's two commands, so that CI runs what the README says.

    python .ci/readme_command.py quickstart
    python .ci/readme_command.py tests --part setup
    python .ci/readme_command.py tests --part last

A command stands between `<!-- command:NAME -->` and `<!-- /command:NAME -->`, alone in a fenced
block and on one line. Its steps are joined by `&&`: `last` is the last step, `setup` is the rest.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
STEP = " && "


def read_command(text: str, name: str) -> str:
    """Return the command called `name` in a README's text.

    Raises:
        ValueError: The markers are not there exactly once, or hold more than one line.
    """
    marked = rf"<!-- command:{name} -->\s*```\w*\n(.*?)\n\s*```\s*<!-- /command:{name} -->"
    found = re.findall(marked, text, flags=re.DOTALL)
    if len(found) != 1 or "\n" in found[0].strip():
        raise ValueError(f"README.md must hold one single-line command {name!r}, found {found}")
    return str(found[0]).strip()


def take_part(command: str, part: str) -> str:
    """Return all of a command, its `last` step, or the steps before it (`setup`)."""
    *setup, last = command.split(STEP)
    return {"all": command, "setup": STEP.join(setup), "last": last}[part]


def main() -> None:
    """Read the command line and print the command that it asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=["quickstart", "tests"])
    parser.add_argument("--part", choices=["all", "setup", "last"], default="all")
    args = parser.parse_args()
    command = read_command(README.read_text(encoding="utf-8"), args.name)
    sys.stdout.write(take_part(command, args.part) + "\n")


if __name__ == "__main__":
    main()
