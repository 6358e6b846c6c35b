"""The backends that "Write a backend" writes pass the whole suite, and are as short as it says."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polygraph.conformance.suite import run_suite
from polygraph.conformance.target import Target
from tests.docs.test_examples import blocks_of

if TYPE_CHECKING:
    from types import ModuleType

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-a-backend.md"
FILES = {block.name: block.text for block in blocks_of(PAGE) if block.kind == "file"}
LINES = 150


def test_there_are_two() -> None:
    assert list(FILES) == ["table_backend.py", "source_backend.py"]


@pytest.mark.parametrize("name", FILES)
def test_is_short(name: str) -> None:
    assert len(FILES[name].splitlines()) < LINES


def _module(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    (folder / name).write_text(FILES[name], encoding="utf-8")
    monkeypatch.syspath_prepend(str(folder))
    return importlib.import_module(name.removesuffix(".py"))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_passes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = _module(name, tmp_path, monkeypatch)
    with Target.of(module.make("cpu", {}, {})) as target:
        report = run_suite(target, subset="ci")
    assert report.failures() == []
    assert report.passed
