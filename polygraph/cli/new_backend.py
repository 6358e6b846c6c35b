"""``polygraph new-backend NAME``: a package with a backend that works, to be made one's own."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import importlib.util
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from polygraph.cli.refusals import refuse
from polygraph.core.runtime.discovery import list_backends

if TYPE_CHECKING:
    import argparse

FILES = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "{{package}}/__init__.py": "init.py.txt",
    "{{package}}/spec.py": "spec.py.txt",
    "{{package}}/table.py": "table.py.txt",
    "{{package}}/backend.py": "backend.py.txt",
    "tests/test_{{package}}.py": "test_backend.py.txt",
}
"""The files of the package, each with its template."""

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")


def add_new_backend_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", help="what users will write in Session(backend=...)")
    parser.add_argument("--directory", default=".", help="where its folder is made (default: here)")
    parser.set_defaults(command=run_new_backend)


def run_new_backend(options: argparse.Namespace) -> int:
    """Write the package and say what comes next; the exit status."""
    try:
        folder = write_package(options.name, Path(options.directory))
    except (ValueError, OSError) as error:
        return refuse(error)
    sys.stdout.write(
        f"wrote {folder}\n"
        f"  pip install -e '{folder}[test]'\n"
        f"  polygraph backends {options.name}\n"
        f"  polygraph conformance {options.name}\n"
    )
    return 0


def write_package(name: str, directory: Path) -> Path:
    """Write the package of a backend; its folder.

    Args:
      name: of the backend: small letters, digits, and single ``-`` or ``_`` between them.
      directory: where the folder ``polygraph-<name>`` is made.

    Raises:
      FileExistsError: the folder is there already.
      ValueError: ``name`` cannot be one, or a backend or a package has it already.
    """
    if not _NAME.fullmatch(name):
        msg = f"{name!r} is no name for a backend: small letters, digits, single - or _ between"
        raise ValueError(msg)
    if name in list_backends():
        msg = f"a backend named {name!r} is installed already: choose another name"
        raise ValueError(msg)
    package = f"polygraph_{name.replace('-', '_')}"
    distribution = f"polygraph-{name}"
    if importlib.util.find_spec(package) is not None or _is_distribution(distribution):
        msg = f"a package {distribution} or {package} is installed already: choose another name"
        raise ValueError(msg)
    words = {"{{name}}": name, "{{package}}": package}
    folder = directory / distribution
    folder.mkdir(parents=True)
    templates = importlib.resources.files("polygraph.cli") / "templates"
    for path, template in FILES.items():
        target = folder / _filled(path, words)
        target.parent.mkdir(exist_ok=True)
        text = (templates / template).read_text(encoding="utf-8")
        target.write_text(_filled(text, words), encoding="utf-8")
    return folder


def _is_distribution(name: str) -> bool:
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
