"""Finding backends: listing speaks in names, and only making a session imports an engine.

An entry point in the group ``polygraph.backends`` names a `BackendSpec` in a module that imports
no engine. A broken plugin is an error only for who asks for it; two distributions that bring the
same name are an error that names both.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.backend import (
    CONTRACT_VERSION,
    OLDEST_CONTRACT,
    Backend,
    BackendSpec,
)
from polygraph.core.ground.errors import BackendNotFoundError, BrokenPluginError, ContractError
from polygraph.core.ground.hooks import hookimpl, plugin_manager

if TYPE_CHECKING:
    from collections.abc import Mapping

GROUP = "polygraph.backends"
DISTRIBUTION = "polygraph-framework"
ENVIRONMENT_VARIABLE = "POLYGRAPH_BACKEND"
FALLBACK = "numpy"


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """What is known of one backend without importing its engine.

    Attributes:
      name: what users write.
      distribution: where it comes from.
      version: of that distribution.
      status: ``"ready"``, ``"missing"`` (an engine is not installed) or ``"broken"``.
      reason: why it is not ready.
      fix: what to do about it.
      spec: its spec, None when that could not be loaded.
    """

    name: str
    distribution: str
    version: str
    status: str
    reason: str
    fix: str
    spec: BackendSpec | None


@dataclass(frozen=True, slots=True)
class BackendName:
    """``name[@distribution][:device]`` taken apart."""

    name: str
    distribution: str | None
    device: str | None

    @classmethod
    def parse(cls, text: str) -> BackendName:
        """The parts of ``text``, such as ``torch@polygraph-framework:cuda:0``."""
        head, _, device = text.partition(":")
        name, _, distribution = head.partition("@")
        return cls(name, distribution or None, device or None)


class _Defaults:
    """Process-wide settings of this module."""

    backend: str | None = None
    lock = threading.Lock()


_objects: dict[str, Backend] = {}


def set_default_backend(name: str | None) -> None:
    """Set the backend of sessions that name none; None goes back to NumPy."""
    if name is not None:
        _find(BackendName.parse(name))
    _Defaults.backend = name


def register_backend(backend: Backend) -> None:
    """Make a backend object available by its name in this process, for notebooks.

    Raises:
      ValueError: a backend of that name is registered already.
    """
    if backend.name in _objects or backend.name in {entry.name for entry in _entry_points()}:
        msg = f"a backend named {backend.name!r} is there already"
        raise ValueError(msg)
    _objects[backend.name] = backend


def unregister_backend(name: str) -> None:
    """Undo `register_backend`."""
    _objects.pop(name, None)


@cache
def _entry_points() -> tuple[importlib.metadata.EntryPoint, ...]:
    found = importlib.metadata.entry_points(group=GROUP)
    return tuple(sorted(found, key=lambda entry: (entry.name, _distribution_of(entry))))


def forget_entry_points() -> None:
    """Look for plugins afresh the next time, after something was installed."""
    _entry_points.cache_clear()


def _distribution_of(entry: importlib.metadata.EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else "an unknown distribution"


def list_backends() -> list[str]:
    """Names of the backends that are installed, whole or not; imports nothing."""
    return sorted({entry.name for entry in _entry_points()} | set(_objects))


def backend_statuses() -> list[BackendStatus]:
    """The state of every installed backend; imports specs but no engine."""
    statuses = [_status(entry) for entry in _entry_points()]
    statuses += [
        BackendStatus(name, "registered in this process", "", "ready", "", "", None)
        for name in _objects
    ]
    return statuses


def _status(entry: importlib.metadata.EntryPoint) -> BackendStatus:
    distribution = _distribution_of(entry)
    version = entry.dist.version if entry.dist is not None else ""
    clash = [other for other in _entry_points() if other.name == entry.name and other != entry]
    try:
        spec = _load_spec(entry)
    except (BrokenPluginError, ContractError) as error:
        fix = f"repair or uninstall {distribution}"
        return BackendStatus(entry.name, distribution, version, "broken", str(error), fix, None)
    missing = _missing(spec)
    if missing:
        reason = f"{' and '.join(missing)} not installed"
        fix = install_hint(spec, distribution)
        return BackendStatus(entry.name, distribution, version, "missing", reason, fix, spec)
    if clash:
        others = " and ".join(_distribution_of(other) for other in clash)
        reason = f"{others} brings a backend of the same name"
        fix = f"write {entry.name}@{distribution}"
        return BackendStatus(entry.name, distribution, version, "broken", reason, fix, spec)
    return BackendStatus(entry.name, distribution, version, "ready", "", "", spec)


def _missing(spec: BackendSpec) -> list[str]:
    return [name for name in spec.requires if importlib.util.find_spec(name) is None]


def install_hint(spec: BackendSpec, distribution: str) -> str:
    """The line that installs what a backend lacks, from its own distribution's metadata."""
    if spec.extra is None:
        return f"pip install {' '.join(spec.requires)}"
    return f"pip install '{distribution}[{spec.extra}]'"


def _load_spec(entry: importlib.metadata.EntryPoint) -> BackendSpec:
    """The spec that an entry point names.

    Raises:
      BrokenPluginError: it cannot be imported, or is no spec.
      ContractError: it was written for another major version of the contract.
    """
    where = f"backend {entry.name!r} of {_distribution_of(entry)} ({entry.value})"
    try:
        spec = entry.load()
    except (Exception, SystemExit) as error:
        msg = f"{where} failed when it was imported: {type(error).__name__}: {error}"
        raise BrokenPluginError(msg) from error
    if not isinstance(spec, BackendSpec):
        msg = f"{where} names {spec!r}, which is no BackendSpec"
        raise BrokenPluginError(msg)
    accepted = range(OLDEST_CONTRACT, CONTRACT_VERSION + 1)
    if not any(version in accepted for version in spec.contract):
        written = ", ".join(map(str, spec.contract))
        side = "the plugin" if max(spec.contract) < OLDEST_CONTRACT else DISTRIBUTION
        msg = (
            f"{where} was written for contract {written}; this {DISTRIBUTION} speaks "
            f"{OLDEST_CONTRACT} to {CONTRACT_VERSION}: {side} is too old"
        )
        raise ContractError(msg)
    return spec


def _find(asked: BackendName) -> importlib.metadata.EntryPoint | None:
    """The entry point of a backend; None for one that was registered as an object.

    Raises:
      BackendNotFoundError: there is none of that name, or there are several.
    """
    if asked.name in _objects:
        return None
    found = [
        entry
        for entry in _entry_points()
        if entry.name == asked.name and asked.distribution in {None, _distribution_of(entry)}
    ]
    if not found:
        raise BackendNotFoundError(_not_found(asked))
    if len(found) > 1:
        names = " and ".join(_distribution_of(entry) for entry in found)
        choices = " or ".join(f"{asked.name}@{_distribution_of(entry)}" for entry in found)
        msg = f"backend {asked.name!r} is brought by {names}: write {choices}"
        raise BackendNotFoundError(msg)
    return found[0]


def _not_found(asked: BackendName) -> str:
    where = f" from {asked.distribution}" if asked.distribution else ""
    lines = [f"there is no backend {asked.name!r}{where}. Installed:"]
    for status in backend_statuses():
        note = (
            "" if status.status == "ready" else f" ({status.status}: {status.reason}; {status.fix})"
        )
        lines.append(f"  {status.name}{note}")
    return "\n".join(lines)


def default_backend_name() -> str:
    """The backend of a session that names none: environment, then `set_default_backend`."""
    return os.environ.get(ENVIRONMENT_VARIABLE) or _Defaults.backend or FALLBACK


def make_backend(text: str, config: Mapping[str, Any]) -> Backend:
    """A live backend for one session.

    Args:
      text: ``name[@distribution][:device]``.
      config: options for the backend.

    Raises:
      BackendNotFoundError: it is not there, or its engine is not installed.
      BrokenPluginError: it failed when it was imported or made; the cause is chained.
      ContractError: it was written for another contract.
    """
    asked = BackendName.parse(text)
    entry = _find(asked)
    if entry is None:
        return _objects[asked.name]
    with _Defaults.lock:
        _register(entry)
    backend = plugin_manager().hook.polygraph_make_backend(
        name=_label(entry), device=asked.device or "", config=config
    )
    if not isinstance(backend, Backend):
        msg = f"backend {text!r} of {_distribution_of(entry)} made {backend!r}, which is no Backend"
        raise BrokenPluginError(msg)
    return backend


def _register(entry: importlib.metadata.EntryPoint) -> None:
    spec = _load_spec(entry)
    missing = _missing(spec)
    if missing:
        msg = (
            f"backend {entry.name!r} needs {' and '.join(missing)}, which is not installed: "
            f"{install_hint(spec, _distribution_of(entry))}\n{_installed()}"
        )
        raise BackendNotFoundError(msg)
    if not plugin_manager().has_plugin(_label(entry)):
        plugin_manager().register(_SpecPlugin(spec, _label(entry)), _label(entry))


def _label(entry: importlib.metadata.EntryPoint) -> str:
    return f"{entry.name}@{_distribution_of(entry)}"


def _installed() -> str:
    ready = [status.name for status in backend_statuses() if status.status == "ready"]
    return f"installed and ready: {', '.join(ready)}"


class _SpecPlugin:
    """A backend's spec as a pluggy plugin."""

    def __init__(self, spec: BackendSpec, label: str) -> None:
        self._spec = spec
        self._label = label

    @hookimpl
    def polygraph_make_backend(
        self, name: str, device: str, config: Mapping[str, Any]
    ) -> Backend | None:
        """Make the backend if it is the one asked for."""
        if name != self._label:
            return None
        module, _, attribute = self._spec.factory.partition(":")
        try:
            make = getattr(importlib.import_module(module), attribute)
        except Exception as error:
            msg = f"backend {name!r} failed when {module} was imported: {type(error).__name__}: {error}"
            raise BrokenPluginError(msg) from error
        return make(device or self._spec.capabilities.devices[0], config)  # type: ignore[no-any-return]
