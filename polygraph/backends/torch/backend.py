"""The torch backend on one device."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.backends.torch import devices
from polygraph.backends.torch.arrays import get, put
from polygraph.backends.torch.compile import Target, compile_program
from polygraph.backends.torch.lowerings_shaping import iota
from polygraph.backends.torch.spec import CAPABILITIES, COMPILE, OPTIONS
from polygraph.backends.torch.table import ENGINE_RANDOM, LOWERINGS, UNSUPPORTED
from polygraph.core.ground.backend import NO_LOWERINGS, Backend
from polygraph.ops.primitives import shaping
from polygraph.passes.stand_ins import stand_ins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.backends.torch.inductor import Inductor
    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op


def make(
    device: str, config: Mapping[str, Any], lowerings: Mapping[Op, Lowering] = NO_LOWERINGS
) -> Backend:
    """The backend on ``device`` (`find_device` has the names).

    Args:
      device: such as ``"cpu"`` or ``"cuda:0"``.
      config: see `polygraph.backends.torch.spec.OPTIONS`.
      lowerings: what plugins bring; they take and give `torch.Tensor`, which may be views.

    Raises:
      ValueError: there is no such device, or ``config`` has an unknown key or value.
    """
    unknown = sorted(set(config) - set(OPTIONS))
    if unknown:
        known = "".join(f"\n  {name}: {meaning}" for name, meaning in OPTIONS.items())
        msg = f"the torch backend has no option {', '.join(unknown)}; it has{known}"
        raise ValueError(msg)
    how = config.get("compile", "none")
    if how not in COMPILE:
        msg = f"compile={how!r} is none of {', '.join(map(repr, COMPILE))}"
        raise ValueError(msg)
    engine_device = devices.find_device(device)
    target = Target(
        device=engine_device,
        lowerings={
            **LOWERINGS,
            shaping.iota: partial(iota, device=engine_device),
            **(ENGINE_RANDOM if config.get("engine_random") else {}),
        },
        inductor=_inductor() if how in {"inductor", "optimised"} else None,
        replaced=stand_ins(lowerings),
    )
    return Backend(
        name="torch",
        device=str(engine_device),
        capabilities=replace(CAPABILITIES, compiled=target.tier != "straight-line"),
        lowerings={**target.lowerings, **lowerings},
        compile=partial(compile_program, target=target),
        put=partial(put, device=engine_device),
        get=get,
        list_devices=devices.list_devices,
        tier=target.tier,
        unsupported=UNSUPPORTED,
    )


def _inductor() -> Inductor:
    """Inductor, imported now: nobody else should wait the seconds that this takes."""
    with warnings.catch_warnings():
        # Modules of torch's own use what torch has deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        module = importlib.import_module("polygraph.backends.torch.inductor")
    return module.INDUCTOR  # type: ignore[no-any-return]
