"""Every example of the documentation and the README does what the page says.

In Markdown's fenced blocks:

- ``python`` is executed; the blocks of a page share one namespace.
- ``output`` right after it is what it printed; ``...`` stands for anything.
- ``{code-block} python`` with a ``:caption:`` is a file of that name.
- ``console`` holds commands after ``$`` and what they print; ``...`` stands for anything.

``<!-- needs: torch -->`` before a block names an engine without which it cannot run.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import polygraph as tf
from polygraph.core.ground.op import REGISTRY
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.runtime.default_session import SESSIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK = re.compile(
    r"(?:<!-- needs: (?P<needs>[\w ,]+) -->\n)?"
    r"^```(?P<kind>\{code-block\} python|[a-z]+)\n"
    r"(?P<options>(?::\w[\w-]*:[^\n]*\n)*)\n?"
    r"(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
      kind: ``python``, ``output``, ``console``, or ``file``.
      text: what is in it.
      line: where it starts, from 1.
      name: of a file.
      needs: engines that must be installed.
    """

    kind: str
    text: str
    line: int
    name: str = ""
    needs: tuple[str, ...] = ()


def blocks_of(page: Path) -> Iterator[Block]:
    """The blocks of a page that are executed or compared, in order."""
    content = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(content):
        kind, name = found["kind"], ""
        if kind == "{code-block} python":
            kind, name = "file", found["options"].partition(":caption:")[2].strip()
        if kind in {"python", "output", "console", "file"}:
            line = content.count("\n", 0, found.start("text")) + 1
            needs = tuple(re.findall(r"\w+", found["needs"] or ""))
            yield Block(kind, found["text"], line, name, needs)


def same_output(expected: str, printed: str) -> bool:
    """Whether a page shows what was printed: ``...`` is any text, runs of blanks are one."""
    pieces = (re.escape(" ".join(piece.split())) for piece in expected.split("..."))
    return re.fullmatch(r"\s*.*?\s*".join(pieces), " ".join(printed.split())) is not None


ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
EXECUTABLE = [page for page in PAGES if any(True for _ in blocks_of(page))]


@pytest.fixture
def _place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[None]:
    """A folder of the page's own, modules beside the page, and a graph of its own."""
    page: Path = request.getfixturevalue("page")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(page.parent))
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delenv("POLYGRAPH_BACKEND", raising=False)
    site = tmp_path / "site"
    monkeypatch.setenv("PYTHONPATH", f"{site}{os.pathsep}{ROOT}")
    # A page's `pip install` leaves this environment as it is, and needs no network.
    monkeypatch.setenv("PIP_TARGET", str(site))
    monkeypatch.setenv("PIP_NO_DEPS", "1")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    tf.set_default_backend(None)
    before = dict(REGISTRY), dict(OP_DEFS)
    with tf.Graph().as_default():
        yield
    # The ops that a page brings are its own.
    for table, old in zip((REGISTRY, OP_DEFS), before, strict=True):
        table.clear()
        table.update(old)  # type: ignore[arg-type]
    while SESSIONS.stack:
        SESSIONS.stack[-1].close()
    tf.set_default_backend(None)


@pytest.mark.usefixtures("_place")
@pytest.mark.parametrize("page", EXECUTABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_page(page: Path, subtests: pytest.Subtests) -> None:
    runner = _Runner(page)
    for block in blocks_of(page):
        with subtests.test(line=block.line):
            runner.run(block)


class _Runner:
    """Executes the blocks of one page, one after the other."""

    def __init__(self, page: Path) -> None:
        self.page = page
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""

    def run(self, block: Block) -> None:
        """Execute or compare one block; skip it where an engine is missing."""
        for engine in block.needs:
            if importlib.util.find_spec(engine) is None:
                self.printed = "..."
                pytest.skip(f"{engine} is not installed")
        getattr(self, f"_{block.kind}")(block)

    def _python(self, block: Block) -> None:
        # Line numbers in errors and in frames are those of the page.
        padded = "\n" * (block.line - 1) + block.text
        code = compile(padded, str(self.page), "exec", dont_inherit=True)
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            exec(code, self.namespace)  # noqa: S102 - the examples are ours
        self.printed = out.getvalue()

    def _output(self, block: Block) -> None:
        if self.printed != "...":
            assert same_output(block.text, self.printed), self.printed

    def _file(self, block: Block) -> None:
        Path(block.name).write_text(block.text, encoding="utf-8")

    def _console(self, block: Block) -> None:
        for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
            command, _, expected = part.partition("\n")
            done = subprocess.run(  # noqa: S602 - a page's own command
                command, shell=True, capture_output=True, text=True, check=False
            )
            printed = done.stdout + done.stderr
            assert same_output(expected, printed), printed


def test_what_stands_for_anything() -> None:
    assert same_output("a ... c", "a b\nb c\n")
    assert same_output("[[1. 2.]\n [3. 4.]]", "[[1. 2.]\n  [3. 4.]]\n")
    assert not same_output("a ... c", "a b d")
    assert not same_output("a", "a b")
    assert same_output("", "")
