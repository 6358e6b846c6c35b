"""The suite runs the same under the pytest settings of a project that tests its own way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

SETTINGS = """
[pytest]
python_files = check_*.py
python_classes = Check
python_functions = check_*
testpaths = nowhere
filterwarnings = error
xfail_strict = false
addopts = --strict-markers --strict-config --import-mode=importlib
"""


def test_other_names_for_tests(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
        "--pyargs", "polygraph.conformance", "--polygraph-backend", "numpy",
        "--polygraph-level", "0",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout
