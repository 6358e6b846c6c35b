"""``polygraph backends``: backends and plugins, what is missing, and what is broken."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from polygraph.core.runtime.module_versions import module_version
from polygraph.core.runtime.probing import probe_backends, probe_plugin

if TYPE_CHECKING:
    from polygraph.core.runtime.discovery import BackendStatus
    from polygraph.core.runtime.plugins import PluginStatus


def describe_backend(name: str) -> str:
    """A few lines for each backend of a name; imports the engine, and tries it.

    Raises:
      BackendNotFoundError: there is none.
    """
    return "".join(_backend(status) for status in probe_backends(name))


def describe_plugin(label: str) -> str:
    """A few lines for a plugin; loads it, and tries the default backend with it."""
    return _plugin(probe_plugin(label))


def _backend(status: BackendStatus) -> str:
    lines: list[str] = []
    if status.status == "ready":
        requires = () if status.spec is None else status.spec.requires
        engines = ", ".join(
            f"{name} {module_version(name) or '(version unknown)'}" for name in requires
        )
        lines += [f"engine: {engines}"] if engines else []
        lines += [f"devices: {', '.join(status.devices)}; tier: {status.tier}"]
    return _entry(status, lines)


def _plugin(status: PluginStatus) -> str:
    return _entry(status, [f"hooks: {', '.join(status.hooks)}"] if status.hooks else [])


def describe_broken(name: str, distribution: str, version: str, reason: str) -> str:
    """The lines for what cannot speak for itself."""
    fix = f"report it to the authors of {distribution}, or uninstall it"
    head = _head(name, "broken", distribution, version)
    return f"{head}    {reason}\n    to fix: {fix}\n"


def _head(name: str, status: str, distribution: str, version: str) -> str:
    return f"{name:<12} {status:<8} {distribution} {version}".rstrip() + "\n"


def _entry(status: BackendStatus | PluginStatus, lines: list[str]) -> str:
    head = _head(status.name, status.status, status.distribution, status.version)
    if status.reason:
        lines = [*lines, status.reason, f"to fix: {status.fix}"]
    return head + "".join(textwrap.indent(line, "    ") + "\n" for line in lines)
