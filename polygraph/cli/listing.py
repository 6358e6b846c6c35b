"""``polygraph backends``: backends and plugins, what is missing, and what is broken."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from polygraph.core.runtime.module_versions import module_version
from polygraph.core.runtime.plugins import plugin_statuses
from polygraph.core.runtime.probing import probe_backends

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.runtime.discovery import BackendStatus
    from polygraph.core.runtime.plugins import PluginStatus


def describe_backends(names: Sequence[str] = ()) -> str:
    """A few lines for each backend, and for each plugin; imports the engines, and tries them.

    Args:
      names: the backends to describe; all, and the plugins, by default.
    """
    backends = [_backend(status) for status in probe_backends(*names)]
    plugins = [] if names else [_plugin(status) for status in plugin_statuses()]
    return "".join(backends) + ("\nplugins:\n" + "".join(plugins) if plugins else "")


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


def _entry(status: BackendStatus | PluginStatus, lines: list[str]) -> str:
    head = f"{status.name:<12} {status.status:<8} {status.distribution} {status.version}".rstrip()
    if status.reason:
        lines = [*lines, status.reason, f"to fix: {status.fix}"]
    return f"{head}\n" + "".join(textwrap.indent(line, "    ") + "\n" for line in lines)
