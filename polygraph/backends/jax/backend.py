"""The JAX backend on one device."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.backends.jax import devices
from polygraph.backends.jax.compile import Target, compile_program, get, put
from polygraph.backends.jax.persistent_cache import use_persistent_cache
from polygraph.backends.jax.spec import CAPABILITIES, OPTIONS
from polygraph.backends.jax.table import ENGINE_RANDOM, LOWERINGS, UNSUPPORTED, WIDENED
from polygraph.backends.jax.waivers import WAIVERS
from polygraph.core.ground.backend import NO_LOWERINGS, Backend

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op


def make(
    device: str, config: Mapping[str, Any], lowerings: Mapping[Op, Lowering] = NO_LOWERINGS
) -> Backend:
    """The backend on ``device`` (`find_device` has the names).

    Args:
      device: such as ``"cpu"``, ``"gpu"`` or ``"cuda:1"``.
      config: see `polygraph.backends.jax.spec.OPTIONS`.
      lowerings: what plugins bring; they take and give `jax.Array`.

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
        lowerings={
            **LOWERINGS,
            **(ENGINE_RANDOM if config.get("engine_random") else {}),
            **lowerings,
        },
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
        waivers=WAIVERS,
    )
