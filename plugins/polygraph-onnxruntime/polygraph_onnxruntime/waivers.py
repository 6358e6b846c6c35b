"""Conformance cases that ONNX Runtime fails, with what its kernels do instead."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_ZEROS = (
    "ONNX Runtime's Max and Min kernels give either of two zeros of different signs, by which "
    "operand is broadcast; IEEE 754 leaves it open"
)

WAIVERS: Mapping[str, str] = MappingProxyType(
    {
        "primitive/maximum-*float*-zeros": _ZEROS,
        "primitive/minimum-*float*-zeros": _ZEROS,
    }
)
