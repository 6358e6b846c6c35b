"""The folder for what polygraph keeps between processes: compiled code, never anything unique."""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "POLYGRAPH_CACHE_DIR"
"""Environment variable that names another folder; the empty string says to keep nothing."""


def user_cache_dir(name: str) -> Path | None:
    """The folder for one kind of kept things, made if need be.

    Args:
      name: what the things are, such as a backend's name.

    Returns:
      None where the user wants nothing kept, or where the folder cannot be written to.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen == "":
        return None
    folder = (Path(chosen) if chosen else _platform_cache_dir() / "polygraph") / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def _platform_cache_dir() -> Path:
    """Where programs of one user keep such things on this platform."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.home() raises without a home
    if sys.platform == "darwin":
        return home / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
