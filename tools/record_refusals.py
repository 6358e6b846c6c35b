"""Records when TensorFlow refuses the calls in ``tests/ops/refusal_cases.py``, and how.

    python tools/record_refusals.py        # in an environment with tensorflow-cpu

For each call: "built" or "run", and the class of the error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import tensorflow.compat.v1 as tf

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.ops.refusal_cases import CASES, refusal  # noqa: E402 - needs the path


def main() -> None:
    """Write the answers to ``tests/ops/refusals_recorded.json``."""
    tf.disable_v2_behavior()
    found: dict[str, Any] = {name: refusal(tf, case)[:2] for name, case in CASES.items()}
    path = ROOT / "tests" / "ops" / "refusals_recorded.json"
    lines = (f"{json.dumps(name)}: {json.dumps(answer)}" for name, answer in found.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
