"""The JAX backend on one device."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.backends.jax import devices
from polygraph.backends.jax.compile import Target, compile_program, get, put
from polygraph.backends.jax.persistent_cache import use_persistent_cache
from polygraph.backends.jax.spec import CAPABILITIES, OPTIONS
from polygraph.backends.jax.table import ENGINE_RANDOM, LOWERINGS, UNSUPPORTED, WIDENED
from polygraph.core.ground.backend import Backend

if TYPE_CHECKING:
    from collections.abc import Mapping


def make(device: str, config: Mapping[str, Any]) -> Backend:
    """The backend on ``device`` (`find_device` has the names).

    Args:
      device: such as ``"cpu"``, ``"gpu"`` or ``"cuda:1"``.
      config: see `polygraph.backends.jax.spec.OPTIONS`.

    Raises:
      ValueError: there is no such device, or ``config`` has an unknown key.
    """
    unknown = sorted(set(config) - set(OPTIONS))
    if unknown:
        known = "".join(f"\n  {name}: {meaning}" for name, meaning in OPTIONS.items())
        msg = f"the jax backend has no option {', '.join(unknown)}; it has{known}"
        raise ValueError(msg)
    use_persistent_cache()
    engine_device = devices.find_device(device)
    target = Target(
        device=engine_device,
        lowerings={**LOWERINGS, **(ENGINE_RANDOM if config.get("engine_random") else {})},
        precision=config.get("matmul_precision", "highest"),
        compiler_options=config.get("compiler_options", {}),
    )
    return Backend(
        name="jax",
        device=device or engine_device.platform,
        capabilities=CAPABILITIES,
        lowerings=target.lowerings,
        compile=partial(compile_program, target=target),
        put=partial(put, device=engine_device),
        get=get,
        list_devices=devices.list_devices,
        tier="xla",
        unsupported=UNSUPPORTED,
        widened=WIDENED,
    )
