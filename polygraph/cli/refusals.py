"""What stops a command before it has begun: the backend that was asked for cannot be had."""

from __future__ import annotations

import sys

from polygraph.core.ground.errors import BrokenPluginError, ContractError

REFUSALS = (BrokenPluginError, ContractError, ValueError)
"""What making a backend raises; `BackendNotFoundError` is a ValueError."""

REFUSED = 2
"""The exit status."""


def refuse(error: Exception | str) -> int:
    """Say why; the exit status."""
    sys.stderr.write(f"polygraph: {error}\n")
    return REFUSED
