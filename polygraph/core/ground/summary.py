"""How values are shown in messages."""

from __future__ import annotations

from string import Formatter
from typing import Any

import numpy as np

_SHOWN = 3
_LONG = 16


def _element_text(element: Any) -> str:
    if isinstance(element, bytes):
        return element.decode(errors="replace")
    if isinstance(element, bool | np.bool_):
        return str(int(element))
    if isinstance(element, float | np.floating):
        return f"{float(element):.6g}"
    return str(element)


def summary_of(array: np.ndarray[Any, Any], count: int | None = None) -> str:
    """The first elements of an array as TF1's messages show them: ``[1 2 3...]``.

    Args:
      array: of any dtype and shape.
      count: how many to show; None for 3, negative for all.
    """
    elements = array.reshape(-1)
    limit = _SHOWN if count is None else elements.size if count < 0 else count
    shown = " ".join(_element_text(element) for element in elements[:limit])
    return f"[{shown}...]" if elements.size > limit else f"[{shown}]"


class Shown:
    """An array to be put into a message: ``{}`` shows it, ``{:3}`` its first 3 elements."""

    __slots__ = ("_array",)

    def __init__(self, array: Any) -> None:
        self._array = np.asarray(array)

    def __format__(self, spec: str) -> str:
        array = self._array
        if spec:
            return summary_of(array, int(spec))
        if array.ndim == 0:
            return str(array.item())
        return np.array2string(array, threshold=_LONG, separator=" ")


def filled(message: str, details: Any) -> str:
    """``message`` with its places filled by arrays."""
    return message.format(*map(Shown, details))


def without_details(message: str, text: str) -> str:
    """``message`` with ``text`` in all its places."""
    pieces = Formatter().parse(message)
    return "".join(literal + ("" if field is None else text) for literal, field, _, _ in pieces)
