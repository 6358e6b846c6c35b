"""What `import polygraph` adds to `import numpy`: milliseconds of processor time.

Fresh processes of both, in turn. One of each goes first and is not counted: it compiles modules.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

ROUNDS = 25
SCRIPT = "import time; start = time.process_time(); import {}; print(time.process_time() - start)"


def milliseconds(module: str) -> float:
    """The processor time that importing ``module`` takes in a process of its own."""
    environment = {
        key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"
    }
    done = subprocess.run(  # noqa: S603 - this Python and a script of ours
        [sys.executable, "-c", SCRIPT.format(module)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return float(done.stdout) * 1e3


def main() -> None:
    """Print the medians over rounds, and that of the differences."""
    pairs = [(milliseconds("numpy"), milliseconds("polygraph")) for _ in range(ROUNDS + 1)][1:]
    numpy, ours = map(statistics.median, zip(*pairs, strict=True))
    added = statistics.median(second - first for first, second in pairs)
    print(f"python {sys.version.split()[0]}")
    print(f"import numpy {numpy:.0f} ms, import polygraph {ours:.0f} ms; it adds {added:.0f} ms")


if __name__ == "__main__":
    main()
