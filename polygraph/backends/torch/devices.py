"""Torch's devices by the names that users write."""

from __future__ import annotations

import torch

_DEFAULT = "cpu"
_CUDA = ("cuda", "gpu")


def find_device(name: str) -> torch.device:
    """The device called ``name``: ``cpu`` (also the empty name), ``cuda`` or ``cuda:1``.

    ``gpu`` is another word for ``cuda``, as in TF1; without a number it is the first one.

    Raises:
      ValueError: there is no such device here.
    """
    kind, _, index = (name or _DEFAULT).partition(":")
    kind = "cuda" if kind in _CUDA else kind
    found = f"{kind}:{index or 0}"
    if kind == "cpu" and index in {"", "0"}:
        return torch.device("cpu")
    if found in list_devices():
        return torch.device(found)
    hint = "" if torch.cuda.is_available() else "; this build or machine of torch has no CUDA"
    msg = f"torch has no device {name!r} here; it has {', '.join(list_devices())}{hint}"
    raise ValueError(msg)


def list_devices() -> tuple[str, ...]:
    """Names of the devices of this process, the host's processor first."""
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return (_DEFAULT, *(f"cuda:{index}" for index in range(count)))
