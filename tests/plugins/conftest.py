"""Fake distributions: a dist-info folder and modules in a folder on the path."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from polygraph.core.ground.hooks import plugin_manager
from polygraph.core.ground.op import REGISTRY
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.runtime.entry_points import forget_entry_points
from polygraph.core.runtime.plugins import forget_plugins

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class Site:
    """A folder of fake distributions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        distribution: str,
        groups: Mapping[str, Mapping[str, str]],
        sources: Mapping[str, str],
        *,
        metadata: bool = True,
    ) -> None:
        """Install one: its entry points ``{group: {name: value}}``, its modules' sources."""
        info = self.folder / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        if metadata:
            text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
            (info / "METADATA").write_text(text, encoding="utf-8")
        lines = []
        for group, entries in groups.items():
            lines += [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        for module, source in sources.items():
            (self.folder / f"{module}.py").write_text(source, encoding="utf-8")
        self.look_afresh()

    def look_afresh(self) -> None:
        """Let polygraph find what has changed."""
        forget_plugins()
        forget_entry_points()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Installs fake distributions for one test; nothing of them stays."""
    site = Site(tmp_path)
    monkeypatch.delenv("POLYGRAPH_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    modules, plugins = set(sys.modules), {name for name, _ in plugin_manager().list_name_plugin()}
    before = dict(REGISTRY), dict(OP_DEFS)
    site.look_afresh()
    yield site
    site.look_afresh()
    for name in {name for name, _ in plugin_manager().list_name_plugin()} - plugins:
        plugin_manager().unregister(name=name)
    for table, old in zip((REGISTRY, OP_DEFS), before, strict=True):
        table.clear()
        table.update(old)  # type: ignore[arg-type]
    for name in set(sys.modules) - modules:
        if name.startswith(("polygraph_example_", "polygraph_frozen")) or str(tmp_path) in str(
            getattr(sys.modules[name], "__file__", "")
        ):
            del sys.modules[name]
    monkeypatch.undo()
    site.look_afresh()
