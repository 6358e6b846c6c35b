"""Running a TensorFlow 1 program on polygraph, unmodified.

``import tensorflow`` means polygraph in the script and in the modules under its folder, and
nowhere else: each of those modules gets builtins of its own, whose ``__import__`` resolves the
name. Installed packages keep Python's, so a library that uses a real TensorFlow still does.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import sysconfig
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import polygraph

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

NAME = "tensorflow"


def run_script(path: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Run the script as ``__main__``; its globals.

    Args:
      path: of the script.
      arguments: become ``sys.argv[1:]``.
    """
    script = Path(path).resolve()
    code = compile(script.read_bytes(), str(script), "exec")
    main = ModuleType("__main__")
    main.__file__ = str(script)
    main.__dict__["__builtins__"] = _builtins()
    finder = _FolderFinder(script.parent)
    before = sys.modules["__main__"], list(sys.argv), list(sys.path)
    sys.modules["__main__"] = main
    sys.argv = [path, *arguments]
    sys.path.insert(0, str(script.parent))
    sys.meta_path.insert(0, finder)
    try:
        exec(code, main.__dict__)  # noqa: S102 - running the user's script is the command
    finally:
        sys.meta_path.remove(finder)
        sys.modules["__main__"], sys.argv, sys.path = before
    return main.__dict__


def scripts_own(traceback: TracebackType | None, path: str) -> TracebackType | None:
    """The part of a traceback that begins in the script; None where nothing of it had run."""
    script = str(Path(path).resolve())
    while traceback is not None and traceback.tb_frame.f_code.co_filename != script:
        traceback = traceback.tb_next
    return traceback


def _builtins() -> dict[str, Any]:
    return {**vars(builtins), "__import__": _import}


def _import(
    name: str,
    globals: Mapping[str, Any] | None = None,  # noqa: A002 - Python's name
    locals: Mapping[str, Any] | None = None,  # noqa: A002 - Python's name
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> Any:
    """``__import__`` for which ``tensorflow`` is polygraph.

    Raises:
      ModuleNotFoundError: polygraph has no such part; names it.
    """
    top, _, rest = name.partition(".")
    if level or top != NAME:
        return builtins.__import__(name, globals, locals, fromlist or (), level)
    found = _resolve(rest)
    return found if fromlist else polygraph


def _resolve(path: str) -> Any:
    """The part of polygraph that stands for ``tensorflow.<path>``."""
    found: Any = polygraph
    walked = NAME
    for part in filter(None, path.split(".")):
        walked = f"{walked}.{part}"
        if not hasattr(found, part):
            found = _submodule(found, part, walked)
        else:
            found = getattr(found, part)
    return found


def _submodule(parent: Any, part: str, walked: str) -> Any:
    is_package = isinstance(parent, ModuleType) and hasattr(parent, "__path__")
    if not is_package or importlib.util.find_spec(f"{parent.__name__}.{part}") is None:
        msg = f"polygraph has nothing that stands for {walked}"
        raise ModuleNotFoundError(msg, name=walked)
    return importlib.import_module(f"{parent.__name__}.{part}")


class _FolderFinder(importlib.abc.MetaPathFinder):
    """Finds modules under one folder, and loads them with the builtins above."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        installed = (Path(path).resolve() for path in sysconfig.get_paths().values())
        self._installed = {path for path in installed if path.is_relative_to(folder)}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a module of the script's own, None for all others."""
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.origin is None or not isinstance(spec.loader, _SourceLoader):
            return None
        origin = Path(spec.origin).resolve()
        if not origin.is_relative_to(self._folder) or self._is_installed(origin):
            return None
        spec.loader = _Loader(fullname, spec.origin)
        return spec

    def _is_installed(self, origin: Path) -> bool:
        """Whether a file under the folder is of Python's own, or of a package that pip installed.

        The script may lie beside its virtual environment, or in a user's home folder.
        """
        parts = origin.relative_to(self._folder).parts
        return not _SITES.isdisjoint(parts) or any(map(origin.is_relative_to, self._installed))


_SourceLoader = importlib.machinery.SourceFileLoader

_SITES = frozenset({"site-packages", "dist-packages"})
"""The folders of installed packages, of whatever environment."""


class _Loader(importlib.machinery.SourceFileLoader):
    """Loads a module with builtins for which ``tensorflow`` is polygraph."""

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module."""
        module.__dict__["__builtins__"] = _builtins()
        super().exec_module(module)
