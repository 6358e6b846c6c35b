"""The backends that tests run on: those that are not installed are skipped by name."""

from __future__ import annotations

import pytest

from polygraph.core.runtime.discovery import backend_statuses

NAMES = ("numpy", "torch", "jax", "interpreter")


def _parameter(name: str) -> object:
    ready = {status.name for status in backend_statuses() if status.status == "ready"}
    missing = pytest.mark.skipif(name not in ready, reason=f"backend {name!r} is not installed")
    return pytest.param(name, marks=missing)


EVERY = [_parameter(name) for name in NAMES]
