"""Conformance cases that ONNX Runtime cannot pass, with what its kernels do instead."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

WAIVERS: Mapping[str, str] = MappingProxyType({})
