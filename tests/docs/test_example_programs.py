"""The programs in `examples/` run on every backend, with few steps."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import polygraph as tf
from polygraph.core.runtime.default_session import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "examples"
PROGRAMS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "digits")

ARGUMENTS = {"many_layers": ["--layers", "3", "--units", "8"]}
"""What makes a program small, besides ``--steps``."""


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    monkeypatch.syspath_prepend(str(FOLDER))
    with tf.Graph().as_default():
        yield
    while SESSIONS.stack:
        SESSIONS.stack[-1].close()
    sys.modules.pop("digits", None)


def run(program: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    argv = [f"{program}.py", "--steps", "2", *ARGUMENTS.get(program, []), *arguments]
    monkeypatch.setattr(sys, "argv", argv)
    runpy.run_path(str(FOLDER / f"{program}.py"), run_name="__main__")


@pytest.mark.parametrize("backend", ["numpy", "torch", "jax"])
@pytest.mark.parametrize("program", PROGRAMS)
def test_runs(
    program: str,
    backend: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if backend != "numpy":
        pytest.importorskip(backend, reason=f"{backend} is not installed")
    run(program, ["--backend", backend], monkeypatch)
    assert "scikit-learn's digits, 8x8 pixels" in capsys.readouterr().out


def test_one_graph_on_all_that_are_installed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("three_backends", [], monkeypatch)
    printed = capsys.readouterr().out
    for backend in ("numpy", "torch", "jax"):
        missing = backend != "numpy" and importlib.util.find_spec(backend) is None
        assert f"{backend}: {'not installed, skipped' if missing else 'loss '}" in printed
