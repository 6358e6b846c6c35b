"""The distributions in `plugins/` are strangers: of polygraph they import the plugin surface."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polygraph import plugin

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parents[2] / "plugins"
SURFACE = "polygraph.plugin"
PROJECTS = sorted(path.parent for path in FOLDER.glob("*/pyproject.toml"))
BACKENDS = [
    project
    for project in PROJECTS
    if "polygraph.backends" in (project / "pyproject.toml").read_text(encoding="utf-8")
]


def imported(path: Path) -> Iterator[tuple[str, str | None]]:
    """Of every import: the module, and the name that is taken out of it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def of_polygraph(project: Path, *, tests: bool) -> set[tuple[str, str | None]]:
    """What the modules of a project, or its tests, import of polygraph."""
    paths = (path for path in project.rglob("*.py") if ("tests" in path.parts) == tests)
    return {
        (module, name)
        for path in paths
        for module, name in imported(path)
        if module.split(".")[0] == "polygraph"
    }


@pytest.mark.parametrize("project", PROJECTS, ids=lambda path: path.name)
def test_a_plugin_imports_what_is_public(project: Path) -> None:
    found = of_polygraph(project, tests=False)
    assert found
    assert {name for module, name in found if module == SURFACE} <= set(plugin.__all__)
    found |= of_polygraph(project, tests=True)
    assert {module for module, _ in found} <= {"polygraph", SURFACE}


@pytest.mark.parametrize("project", BACKENDS, ids=lambda path: path.name)
def test_a_backend_imports_the_plugin_surface_only(project: Path) -> None:
    assert {module for module, _ in of_polygraph(project, tests=False)} == {SURFACE}
