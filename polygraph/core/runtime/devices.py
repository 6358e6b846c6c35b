"""Devices, as TF1 lists them."""

from __future__ import annotations


class DeviceAttributes:
    """One device of `list_devices`.

    Attributes:
      name: TF1's full name.
      device_type: ``"CPU"``, ``"GPU"`` ...
    """

    def __init__(self, device: str) -> None:
        kind, _, index = device.partition(":")
        self.device_type = "GPU" if kind == "cuda" else kind.upper()
        self.name = f"/job:localhost/replica:0/task:0/device:{self.device_type}:{index or 0}"
        self.memory_limit_bytes = 0

    def __repr__(self) -> str:
        """TF1's form."""
        return f"_DeviceAttributes({self.name}, {self.device_type}, {self.memory_limit_bytes})"
