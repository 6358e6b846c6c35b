"""`tf.compat`: strings in either form, and `tf.compat.v1`, which is polygraph itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    v1: ModuleType

__all__ = ["as_bytes", "as_str", "as_str_any", "as_text", "forward_compatible", "path_to_str"]


def as_bytes(bytes_or_text: Any, encoding: str = "utf-8") -> bytes:
    """A string as bytes.

    Raises:
      TypeError: it is neither bytes nor text.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes | bytearray):
        return bytes(bytes_or_text)
    msg = f"expected bytes or text, but got {bytes_or_text!r}"
    raise TypeError(msg)


def as_text(bytes_or_text: Any, encoding: str = "utf-8") -> str:
    """A string as text.

    Raises:
      TypeError: it is neither bytes nor text.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    msg = f"expected bytes or text, but got {bytes_or_text!r}"
    raise TypeError(msg)


as_str = as_text


def as_str_any(value: Any, encoding: str = "utf-8") -> str:
    """Anything as text: bytes decoded, the rest by `str`."""
    return value.decode(encoding) if isinstance(value, bytes) else str(value)


def path_to_str(path: Any) -> Any:
    """The string of a path object; anything else as it is."""
    return as_str_any(os.fspath(path)) if hasattr(path, "__fspath__") else path


def forward_compatible(year: int, month: int, day: int) -> bool:
    """True: what was planned in TF1's time has long come."""
    del year, month, day
    return True
