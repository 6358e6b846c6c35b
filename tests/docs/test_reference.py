"""The reference leaves nothing out."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from polygraph import errors
from polygraph.core.ground.hooks import HookSpecs
from polygraph.core.ground.op_spec import Kind
from polygraph.core.runtime.config import HONOURED, IGNORED, ConfigProto

DOCS = Path(__file__).parents[2] / "docs"
ERRORS = [name for name in errors.__all__ if isinstance(getattr(errors, name), type)]
HOOKS = [name for name in vars(HookSpecs) if name.startswith("polygraph_")]


def _reference(page: str) -> str:
    return (DOCS / "reference" / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_class_has_its_section(name: str) -> None:
    page = _reference("errors.md")
    assert f"## {name}\n\n<!-- generated: error {name} -->\n\n" in page


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_its_section(name: str) -> None:
    assert f"## {name}\n\n<!-- generated: hook {name} -->\n\n" in _reference("hooks.md")


@pytest.mark.parametrize("name", HOOKS)
def test_every_argument_of_a_hook_is_explained(name: str) -> None:
    hook = getattr(HookSpecs, name)
    code = hook.__code__
    for argument in code.co_varnames[1 : code.co_argcount]:
        assert argument in (hook.__doc__ or "") + _reference("hooks.md")


def test_every_session_option_is_honoured_or_ignored() -> None:
    fields = {*ConfigProto._defaults, *ConfigProto._messages}
    told = {name.partition(".")[0] for name in (*HONOURED, *IGNORED)}
    assert fields - told == set()


def test_every_environment_variable_is_explained() -> None:
    source = "\n".join(path.read_text() for path in (DOCS.parent / "polygraph").rglob("*.py"))
    variables = set(re.findall(r'"(POLYGRAPH_[A-Z_]+)"', source))
    assert "POLYGRAPH_BACKEND" in variables
    page = _reference("command-line.md")
    assert {name for name in variables if f"| `{name}` |" not in page} == set()


def test_every_kind_of_operation_has_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    assert set(importlib.import_module("registry").KINDS) == set(Kind)


@pytest.mark.slow
def test_sphinx_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("sphinx", reason="Sphinx is not installed")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "-b", "html", str(DOCS), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert not done.returncode, done.stderr
    tf_page = (tmp_path / "reference" / "tf.html").read_text(encoding="utf-8")
    assert 'id="polygraph.matmul"' in tf_page
    assert "MatMul" in (tmp_path / "reference" / "op-types.html").read_text(encoding="utf-8")
