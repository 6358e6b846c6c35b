"""Arguments that TF1 renamed and still takes by their old name."""

from __future__ import annotations

from typing import Any


def one_of(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that TF1 knows under two names.

    Raises:
      ValueError: both are given.
    """
    if value is not None and old_value is not None:
        msg = f"Cannot specify both '{old_name}' and '{name}'."
        raise ValueError(msg)
    return old_value if value is None else value
