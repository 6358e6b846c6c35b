"""The command line: ``polygraph run | show | backends``."""

from __future__ import annotations

from polygraph.cli.main import main

__all__ = ["main"]
