"""JAX's devices by the names that users write."""

from __future__ import annotations

import jax

_DEFAULT = "cpu"
_NO_INDEX = 0


def find_device(name: str) -> jax.Device:
    """The device called ``name``: a platform of JAX's (``cpu``, ``gpu``, ``cuda:1``, ``tpu:0``).

    Without a number it is the platform's first device; the empty name is the host's processor.

    Raises:
      ValueError: there is no such device here.
    """
    platform, _, index = (name or _DEFAULT).partition(":")
    try:
        return jax.local_devices(backend=platform)[int(index or _NO_INDEX)]
    except (RuntimeError, IndexError, ValueError) as error:
        msg = (
            f"jax has no device {name!r} here; it has {', '.join(list_devices())}. An accelerator "
            "needs the build of jaxlib for it: see JAX's installation guide"
        )
        raise ValueError(msg) from error


def list_devices() -> tuple[str, ...]:
    """Names of the devices of this process, the host's processor first."""
    host = jax.local_devices(backend=_DEFAULT)
    others = [device for device in jax.local_devices() if device.platform != _DEFAULT]
    return tuple(
        f"{device.platform}:{index}" if index or device.platform != _DEFAULT else _DEFAULT
        for devices in (host, others)
        for index, device in enumerate(devices)
    )
