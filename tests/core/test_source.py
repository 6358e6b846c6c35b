"""Where the user's program built something."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from polygraph.core.ground import source
from polygraph.core.ground.source import PACKAGE, Frame, capture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def here() -> int:
    return sys._getframe(1).f_lineno


def inside_package(body: str, **names: object) -> Callable[..., Any]:
    """A function `f` that counts as polygraph's own, as if one of its files held it."""
    scope: dict[str, Any] = {"capture": capture, **names}
    exec(compile(body, os.path.join(PACKAGE, "nn.py"), "exec"), scope)  # noqa: PTH118, S102
    return scope["f"]


def test_a_call_is_its_own_place() -> None:
    frame, line = capture(), here()
    assert frame.filename == __file__
    assert frame.lineno == line
    assert frame.function == "test_a_call_is_its_own_place"
    assert frame.text == "frame, line = capture(), here()"
    assert str(frame) == f"test_source.py:{line}"
    assert frame.describe() == (
        f'File "{__file__}", line {line}, in test_a_call_is_its_own_place\n'
        "    frame, line = capture(), here()"
    )


def test_package_is_where_polygraph_lies() -> None:
    assert source.__file__ == os.path.join(PACKAGE, "core", "ground", "source.py")  # noqa: PTH118


def test_the_packages_own_frames_are_passed_over() -> None:
    inner = inside_package("def f():\n    return capture()")
    outer = inside_package("def f():\n    return g()", g=inner)
    frame, line = outer(), here()
    assert (frame.filename, frame.lineno) == (__file__, line)


def test_a_users_function_called_back_is_the_users() -> None:
    def callback() -> tuple[Frame, int]:
        return capture(), here()

    frame, line = inside_package("def f(g):\n    return g()")(callback)
    assert (frame.lineno, frame.function) == (line, "callback")


def test_a_with_statement_is_the_users_line() -> None:
    scope = contextlib.contextmanager(inside_package("def f():\n    yield capture()"))
    with scope() as frame:
        line = here() - 1
    assert (frame.filename, frame.lineno) == (__file__, line)


def test_a_decorated_call_is_the_users_line() -> None:
    call = functools.singledispatch(inside_package("def f(x):\n    return capture()"))
    frame, line = call(1), here()
    assert (frame.filename, frame.lineno) == (__file__, line)


def test_a_neighbour_whose_name_begins_alike_is_no_part_of_the_package() -> None:
    neighbour = PACKAGE.rstrip(os.sep) + "_plugin.py"
    scope: dict[str, Any] = {"capture": capture}
    exec(compile("def f():\n    return capture()", neighbour, "exec"), scope)  # noqa: S102
    assert scope["f"]().filename == neighbour


def test_a_call_over_many_lines_is_at_the_line_that_python_reports() -> None:
    def lines(*values: object) -> tuple[object, ...]:
        return values

    first, frame, line = lines(
        here(),
        capture(),
        here(),
    )
    assert isinstance(frame, Frame)
    assert isinstance(first, int)
    assert (frame.lineno, line) == (first + 1, first + 2)


def test_source_that_is_not_to_be_had() -> None:
    scope: dict[str, Any] = {"capture": capture}
    exec("frame = capture()", scope)  # noqa: S102
    frame = scope["frame"]
    assert (str(frame), frame.function, frame.text) == ("<string>:1", "<module>", "")
    assert frame.describe() == 'File "<string>", line 1, in <module>'


def test_capturing_reads_no_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> str:
        pytest.fail("source was read")

    monkeypatch.setattr(source.linecache, "getline", refuse)
    monkeypatch.chdir(tmp_path)
    assert capture().lineno == here()


def test_where_everything_is_polygraphs_the_outermost_frame_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class EveryFile(dict[str, bool]):
        def get(self, _key: object, _default: object = None) -> bool:  # type: ignore[override]
            return True

    monkeypatch.setattr(source, "_ours", EveryFile())
    outermost = sys._getframe()
    while outermost.f_back is not None:
        outermost = outermost.f_back
    frame = capture()
    assert frame.filename == outermost.f_code.co_filename
    assert frame.lineno == outermost.f_lineno
