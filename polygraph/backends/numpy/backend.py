"""Making the NumPy backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.backends.numpy.compile import StraightLine
from polygraph.backends.numpy.spec import CAPABILITIES, OPTIONS
from polygraph.backends.numpy.table import references
from polygraph.core.ground.backend import NO_LOWERINGS, Backend
from polygraph.passes.stand_ins import stand_ins, with_stand_ins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program


def _copy(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.array(array, order="C")


def make(
    device: str, config: Mapping[str, Any], lowerings: Mapping[Op, Lowering] = NO_LOWERINGS
) -> Backend:
    """The NumPy backend.

    Args:
      device: ``"cpu"``.
      config: see `polygraph.backends.numpy.spec.OPTIONS`.
      lowerings: what plugins bring; they take and give NumPy arrays, which may be views.

    Raises:
      ValueError: another device, or ``config`` has an unknown key.
    """
    unknown = sorted(set(config) - set(OPTIONS))
    if unknown:
        known = "".join(f"\n  {name}: {meaning}" for name, meaning in OPTIONS.items())
        msg = f"the NumPy backend has no option {', '.join(unknown)}; it has{known}"
        raise ValueError(msg)
    if device not in {"cpu", "cpu:0"}:
        msg = f"the NumPy backend runs on 'cpu', not on {device!r}"
        raise ValueError(msg)
    replaced = stand_ins(lowerings)

    def compile_program(program: Program) -> StraightLine:
        return StraightLine(with_stand_ins(program, replaced))

    return Backend(
        name="numpy",
        device="cpu",
        capabilities=CAPABILITIES,
        lowerings={**references(), **lowerings},
        compile=compile_program,
        put=_copy,
        get=_copy,
        list_devices=lambda: ["cpu:0"],
        tier=StraightLine.tier,
    )
