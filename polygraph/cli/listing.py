"""``polygraph backends``: what is installed, on which devices, and what is missing."""

from __future__ import annotations

import importlib.metadata

from polygraph.core.ground.errors import BrokenPluginError
from polygraph.core.runtime.discovery import BackendStatus, backend_statuses, make_backend


def describe_backends() -> str:
    """A few lines for each backend."""
    return "".join(_describe(status) for status in backend_statuses())


def _describe(status: BackendStatus) -> str:
    head = f"{status.name:<12} {status.status:<8} {status.distribution} {status.version}".rstrip()
    if status.status != "ready":
        return f"{head}\n    {status.reason}\n    to fix: {status.fix}\n"
    lines = [head]
    if status.spec is not None:
        engines = ", ".join(f"{name} {_version(name)}" for name in status.spec.requires)
        if engines:
            lines.append(f"    engine: {engines}")
    lines.append(f"    {_devices(status)}")
    return "\n".join(lines) + "\n"


def _version(module: str) -> str:
    try:
        return importlib.metadata.version(module)
    except importlib.metadata.PackageNotFoundError:
        return "(version unknown)"


def _devices(status: BackendStatus) -> str:
    """The devices; this is the one place of the list that imports the engine."""
    try:
        backend = make_backend(f"{status.name}@{status.distribution}", {})
    except (BrokenPluginError, ValueError, RuntimeError) as error:
        return f"cannot be made: {error}"
    devices = ", ".join(backend.list_devices())
    backend.close()
    return f"devices: {devices}; tier: {backend.tier}"
