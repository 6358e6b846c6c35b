"""What the scopes around an operation say of it: what it follows, and where it asks to stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation


class Dependencies:
    """One `control_dependencies` block: what it adds, and which operations were built inside."""

    __slots__ = ("inside", "ops")

    def __init__(self, ops: Sequence[Operation]) -> None:
        self.ops = tuple(ops)
        self.inside: set[Operation] = set()


# Kinds that may be named without "device:" before them.
_SHORT = ("CPU", "GPU", "TPU")
_ORDER = ("job", "replica", "task", "device")


def device_parts(device: str) -> dict[str, str]:
    """The parts of a device string in TF1's canonical spelling; ``cpu:0`` is ``device:CPU:0``."""
    found = {}
    for part in filter(None, device.split("/")):
        key, _, value = part.partition(":")
        if key in _ORDER[:-1]:
            if key != "job" and not (value == "*" or value.isdecimal()):
                msg = f"{part!r} in {device!r} has no number: say /job:name/task:0/device:GPU:0"
                raise ValueError(msg)
            found[key] = f"/{key}:{value}"
            continue
        if "device" in found:
            msg = f"Multiple device types are not allowed in a device: {device!r}"
            raise ValueError(msg)
        found["device"] = _device_part(part, device)
    return found


def _device_part(part: str, device: str) -> str:
    """``cpu:0`` or ``device:CPU:0`` in canonical spelling."""
    kind, _, index = part.removeprefix("device:").partition(":")
    spelled = part.startswith("device:") or kind.upper() in _SHORT
    if not spelled or not (index in {"", "*"} or index.isdecimal()):
        msg = f"{part!r} in {device!r} is no part of a device: say /job:name/task:0/device:GPU:0"
        raise ValueError(msg)
    return f"/device:{kind.upper()}:{index or '*'}"


def merge_devices(outer: str, inner: str) -> str:
    """The device string ``inner`` completed by the parts that only ``outer`` names.

    Raises:
      ValueError: one of them is malformed.
    """
    merged = device_parts(outer) | device_parts(inner)
    return "".join(merged[key] for key in _ORDER if key in merged)


def device_of(operation: Operation, devices: Sequence[Any], colocation: Sequence[Operation]) -> str:
    """The device that ``operation`` asks for.

    Args:
      operation: a finished operation.
      devices: the `device` scopes around it, outermost first: names, functions, None.
      colocation: the operations that it shall stand with; their device wins.
    """
    asked = ""
    for device in reversed(devices):
        if device is None:
            break
        if callable(device):
            # A function sees what the scopes inside of it say, and has the last word.
            operation.device = asked
            asked = device(operation) or ""
        else:
            asked = merge_devices(str(device), asked)
    for other in colocation:
        asked = other.device or asked
    for arg, span in zip(operation.definition.inputs, operation.spans, strict=True):
        if arg.ref and isinstance(span, int):
            asked = operation.inputs[span].device or asked
    return asked


def _groups(operation: Operation) -> list[str]:
    return operation.colocation or [operation.name]


def colocation_of(operation: Operation, around: Sequence[Operation]) -> list[str]:
    """Names of the operations that ``operation`` stands with: by scope, and where it writes."""
    groups = [name for other in around for name in _groups(other)]
    for arg, span in zip(operation.definition.inputs, operation.spans, strict=True):
        if arg.ref and isinstance(span, int):
            groups.extend(_groups(operation.inputs[span].op))
    return sorted(set(groups))
