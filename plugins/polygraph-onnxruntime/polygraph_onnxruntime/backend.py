"""The ONNX Runtime backend."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.plugin import Backend
from polygraph_onnxruntime.compile import LEVELS, compile_program
from polygraph_onnxruntime.spec import CAPABILITIES, OPTIONS, SPEC
from polygraph_onnxruntime.table import LOWERINGS, UNSUPPORTED
from polygraph_onnxruntime.writer import onnx_type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.plugin import Lowering, Op


_NO_LOWERINGS: Mapping[Op, Lowering] = MappingProxyType({})


def _copy(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.array(array, order="C")


def put(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A copy of ``array``; sessions read NumPy's arrays in place.

    Raises:
      TypeError: ONNX Runtime has no tensors of its dtype.
    """
    onnx_type(array.dtype)
    return _copy(array)


def make(
    device: str, config: Mapping[str, Any], lowerings: Mapping[Op, Lowering] = _NO_LOWERINGS
) -> Backend:
    """The backend on the CPU.

    Args:
      device: ``""`` or ``"cpu"``, with or without ``":0"``.
      config: see `polygraph_onnxruntime.spec.OPTIONS`.
      lowerings: what plugins bring; they take and give `polygraph_onnxruntime.writer.Ref`.

    Raises:
      ValueError: another device, an unknown key, or an unknown level of optimisation.
    """
    if device not in {"", "cpu", "cpu:0"}:
        msg = f"the onnxruntime backend runs on 'cpu' only, not on {device!r}"
        raise ValueError(msg)
    unknown = sorted(set(config) - set(OPTIONS))
    if unknown:
        known = "".join(f"\n  {name}: {meaning}" for name, meaning in OPTIONS.items())
        msg = f"the onnxruntime backend has no option {', '.join(unknown)}; it has{known}"
        raise ValueError(msg)
    level = config.get("optimization", "basic")
    if level not in LEVELS:
        msg = f"optimization is {level!r}; it may be {', '.join(LEVELS)}"
        raise ValueError(msg)
    table = {**LOWERINGS, **lowerings}
    return Backend(
        name=SPEC.name,
        device=device or "cpu",
        capabilities=CAPABILITIES,
        lowerings=table,
        compile=partial(compile_program, config=dict(config), lowerings=table),
        put=put,
        get=_copy,
        list_devices=lambda: ["cpu"],
        tier="onnxruntime",
        unsupported=UNSUPPORTED,
    )
