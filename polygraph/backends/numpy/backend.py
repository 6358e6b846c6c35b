"""Making the NumPy backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.backends.numpy.compile import StraightLine
from polygraph.backends.numpy.spec import CAPABILITIES
from polygraph.backends.numpy.table import lowerings
from polygraph.core.ground.backend import Backend

if TYPE_CHECKING:
    from collections.abc import Mapping


def _copy(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.array(array, order="C")


def make(device: str, config: Mapping[str, Any]) -> Backend:
    """The NumPy backend.

    Args:
      device: ``"cpu"``.
      config: no options.

    Raises:
      ValueError: another device.
    """
    del config
    if device not in {"cpu", "cpu:0"}:
        msg = f"the NumPy backend runs on 'cpu', not on {device!r}"
        raise ValueError(msg)
    return Backend(
        name="numpy",
        device="cpu",
        capabilities=CAPABILITIES,
        lowerings=lowerings(),
        compile=StraightLine,
        put=_copy,
        get=_copy,
        list_devices=lambda: ["cpu:0"],
        tier=StraightLine.tier,
    )
