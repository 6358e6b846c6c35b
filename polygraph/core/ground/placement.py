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


def _parts(device: str) -> dict[str, str]:
    found = {}
    for part in filter(None, device.split("/")):
        key = part.partition(":")[0]
        found["device" if key.lower() in {"cpu", "gpu", "device"} else key] = f"/{part}"
    return found


def merge_devices(outer: str, inner: str) -> str:
    """The device string ``inner`` completed by the parts that only ``outer`` names."""
    if not inner or not outer:
        return inner or outer
    merged = _parts(outer) | _parts(inner)
    order = ("job", "replica", "task", "device")
    return "".join(merged[key] for key in order if key in merged)


def device_of(operation: Operation, devices: Sequence[Any], colocation: Sequence[Operation]) -> str:
    """The device that ``operation`` asks for.

    Args:
      operation: a finished operation.
      devices: the `device` scopes around it, outermost first: names, functions, None.
      colocation: the operations that it shall stand with; their device wins.
    """
    asked = ""
    for device in devices:
        if device is None:
            asked = ""
        elif callable(device):
            operation.device = asked
            asked = merge_devices(asked, device(operation) or "")
        else:
            asked = merge_devices(asked, str(device))
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
