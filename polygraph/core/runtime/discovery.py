"""Finding backends: listing speaks in names, and only making a session imports an engine.

An entry point in the group ``polygraph.backends`` names a `BackendSpec` in a module that imports
no engine. A broken plugin is an error only for who asks for it. Two distributions that bring the
same name are an error that names both; the names of the backends in the box stay theirs.
"""

from __future__ import annotations

import importlib.util
import os
import threading
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.backend import Backend, BackendSpec
from polygraph.core.ground.errors import BackendNotFoundError, BrokenPluginError, ContractError
from polygraph.core.ground.hooks import plugin_manager
from polygraph.core.runtime.backend_checks import require_backend, require_spec
from polygraph.core.runtime.entry_points import (
    DISTRIBUTION,
    SLOW_IMPORT,
    Offer,
    joined,
    load,
    nearest,
    offers,
    require_contract,
    same_distribution,
)
from polygraph.core.runtime.hook_calls import answers, brought_lowerings
from polygraph.core.runtime.install_hints import install_hint
from polygraph.core.runtime.making import SpecPlugin
from polygraph.core.runtime.plugins import load_plugins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op

GROUP = "polygraph.backends"
ENVIRONMENT_VARIABLE = "POLYGRAPH_BACKEND"
FALLBACK = "numpy"

IN_PROCESS = "registered in this process"
"""What stands for the distribution of a backend that was registered as an object."""


@dataclass(frozen=True, slots=True)
class BackendStatus:
    """What is known of one backend without importing its engine.

    Attributes:
      name: what users write.
      distribution: where it comes from.
      version: of that distribution.
      status: ``"ready"``, ``"missing"`` (an engine is not installed) or ``"broken"``.
      reason: why it is not ready; of a ready one, what else is to be said.
      fix: what to do about it.
      spec: its spec, None when that could not be loaded.
      devices: those that it could run on; empty unless probed.
      tier: what it would run; empty unless probed.
    """

    name: str
    distribution: str
    version: str
    status: str
    reason: str
    fix: str
    spec: BackendSpec | None
    devices: tuple[str, ...] = ()
    tier: str = ""

    @property
    def full_name(self) -> str:
        """What names this backend and no other: ``name[@distribution]``."""
        return self.name if self.distribution == IN_PROCESS else f"{self.name}@{self.distribution}"


class BackendName(NamedTuple):
    """``name[@distribution][:device]`` taken apart."""

    name: str
    distribution: str | None
    device: str | None

    @classmethod
    def parse(cls, text: str) -> BackendName:
        """The parts of ``text``, such as ``torch@polygraph-framework:cuda:0``.

        Raises:
          TypeError: it is no text.
        """
        if not isinstance(text, str):
            msg = f"a backend is chosen by its name, a string, not by {text!r}"
            raise TypeError(msg)
        head, _, device = text.partition(":")
        name, _, distribution = head.partition("@")
        return cls(name, distribution or None, device or None)

    def fits(self, name: str, distribution: str) -> bool:
        """Whether this names the backend ``name`` of ``distribution``, on whatever device."""
        asked = self.distribution or distribution
        return self.name == name and same_distribution(asked, distribution)


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

    Sessions share the object and do not close it. Lowerings that plugins bring do not reach it:
    it is made already.

    Raises:
      ContractError: it lacks what a `Backend` has.
      ValueError: there is a backend of that name; says whose.
    """
    require_backend(backend, f"the backend {getattr(backend, 'name', backend)!r}")
    rivals = [offer.distribution for offer in _offers_of(backend.name)]
    if backend.name in _objects:
        rivals.append(f"a backend that was {IN_PROCESS}")
    if rivals:
        msg = (
            f"a backend named {backend.name!r} is there already, of {joined(rivals)}: give yours "
            "another name, or call polygraph.plugin.unregister_backend first"
        )
        raise ValueError(msg)
    _objects[backend.name] = replace(backend, close=lambda: None)


def unregister_backend(name: str) -> None:
    """Undo `register_backend`."""
    _objects.pop(name, None)


def _offers_of(name: str) -> list[Offer]:
    return [offer for offer in offers(GROUP) if offer.name == name]


def list_backends() -> list[str]:
    """Names of the backends that are installed, whole or not; imports nothing."""
    return sorted({offer.name for offer in offers(GROUP)} | set(_objects))


def backend_statuses(*names: str) -> list[BackendStatus]:
    """The state of installed backends; imports their specs but no engine.

    `probe_backends` also makes each of them and runs a small Program.

    Args:
      *names: the backends to look at, ``name[@distribution]``; all by default.
    """
    asked = [BackendName.parse(name) for name in names]

    def wanted(name: str, distribution: str) -> bool:
        return not asked or any(one.fits(name, distribution) for one in asked)

    found = [_status(offer) for offer in offers(GROUP) if wanted(offer.name, offer.distribution)]
    objects = [name for name in _objects if wanted(name, IN_PROCESS)]
    return [
        *found,
        *(BackendStatus(name, IN_PROCESS, "", "ready", "", "", None) for name in objects),
    ]


def _status(offer: Offer) -> BackendStatus:
    def status(kind: str, reason: str, fix: str, spec: BackendSpec | None) -> BackendStatus:
        return BackendStatus(offer.name, offer.distribution, offer.version, kind, reason, fix, spec)

    try:
        spec = _load_spec(offer)
        missing = _missing(spec)
    except (BrokenPluginError, ContractError) as error:
        return status("broken", error.reason, error.fix, None)
    if missing:
        reason = f"{joined(missing)} not installed"
        return status("missing", reason, install_hint(spec, offer.distribution), spec)
    others = [other.distribution for other in _offers_of(offer.name) if other != offer]
    if others and offer.distribution != DISTRIBUTION:
        reason = f"{joined(others)} brings a backend of the same name, {offer.name!r}"
        return status("broken", reason, f"write {offer.label}", spec)
    seconds = load(offer, "backend").seconds
    if seconds >= SLOW_IMPORT:
        reason = f"the import of its spec took {seconds:.1f} s"
        fix = f"move SPEC of {offer.distribution} to a module that imports no engine"
        return status("ready", reason, fix, spec)
    return status("ready", "", "", spec)


def _missing(spec: BackendSpec) -> list[str]:
    return [name for name in spec.requires if not _is_installed(name)]


def _is_installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        # A parent package is missing, or raised when it was imported.
        return False


def _load_spec(offer: Offer) -> BackendSpec:
    """The spec that an entry point names.

    Raises:
      BrokenPluginError: it cannot be imported, or is no spec.
      ContractError: it was written for another major version of the contract.
    """
    where = f"backend {offer.name!r} of {offer.distribution} ({offer.value})"
    spec = load(offer, "backend").value
    if isinstance(spec, BackendSpec):
        require_contract(spec.contract, where, offer.distribution)
    return require_spec(spec, offer, where)


def _find(asked: BackendName) -> Offer | None:
    """The entry point of a backend; None for one that was registered as an object.

    Raises:
      BackendNotFoundError: there is none of that name, or there are several.
    """
    if asked.name in _objects and asked.distribution is None:
        return None
    found = [offer for offer in _offers_of(asked.name) if offer.comes_from(asked.distribution)]
    if not found:
        raise not_found(asked)
    own = [offer for offer in found if offer.distribution == DISTRIBUTION]
    if len(found) > 1 and not own:
        names = joined(offer.distribution for offer in found)
        choices = " or ".join(offer.label for offer in found)
        msg = f"backend {asked.name!r} is brought by {names}: write {choices}"
        raise BackendNotFoundError(msg)
    return (own or found)[0]


def not_found(asked: BackendName) -> BackendNotFoundError:
    """The error that there is no such backend: says which there are, and what those lack."""
    where = f" from {asked.distribution}" if asked.distribution else ""
    near = nearest(asked.name, list_backends())
    hint = f"; is it {near!r}?" if near not in {None, asked.name} else "."
    lines = [f"there is no backend {asked.name!r}{where}{hint} Installed:"]
    for status in backend_statuses():
        note = (
            "" if status.status == "ready" else f" ({status.status}: {status.reason}; {status.fix})"
        )
        lines.append(f"  {status.name}{note}")
    return BackendNotFoundError("\n".join(lines))


def default_backend_name() -> str:
    """The backend of a session that names none: environment, then `set_default_backend`."""
    return os.environ.get(ENVIRONMENT_VARIABLE) or _Defaults.backend or FALLBACK


def make_backend(text: str, config: Mapping[str, Any]) -> Backend:
    """A live backend for one session, with the lowerings that plugins bring for it.

    Args:
      text: ``name[@distribution][:device]``.
      config: options for the backend.

    Raises:
      BackendNotFoundError: it is not there, or its engine is not installed.
      BrokenPluginError: it failed when it was imported or made; the cause is chained.
      ContractError: it was written for another contract, or does not keep to it.
      ValueError: the backend has no such device or option.
    """
    load_plugins()
    asked = BackendName.parse(text)
    offer = _find(asked)
    if offer is None:
        return _registered(asked)
    spec = _ready_spec(offer)
    lowerings = brought_lowerings(spec.name)
    facts = {
        "name": offer.label,
        "device": asked.device or "",
        "config": config,
        "lowerings": lowerings,
    }
    backend = _first_answer(offer, facts)
    if backend is None:
        raise BrokenPluginError(f"backend {text!r}: no plugin made it")
    require_backend(backend, f"backend {offer.name!r} of {offer.distribution}", spec)
    return _with_brought(backend, lowerings)


def _registered(asked: BackendName) -> Backend:
    backend = _objects[asked.name]
    if asked.device not in {None, backend.device}:
        msg = (
            f"the backend {asked.name!r} was registered on {backend.device!r}, not {asked.device!r}"
        )
        raise ValueError(msg)
    return backend


def _ready_spec(offer: Offer) -> BackendSpec:
    """The spec; its plugin is registered with pluggy."""
    spec = _load_spec(offer)
    missing = _missing(spec)
    if missing:
        msg = (
            f"backend {offer.name!r} needs {joined(missing)}, which is not installed: "
            f"{install_hint(spec, offer.distribution)}\n{_installed()}"
        )
        raise BackendNotFoundError(msg)
    with _Defaults.lock:
        found = plugin_manager().get_plugin(offer.label)
        if found is None:
            plugin_manager().register(SpecPlugin(spec, offer.label), offer.label)
        elif isinstance(found, SpecPlugin):
            found.spec = spec
    return spec


def _first_answer(offer: Offer, facts: Mapping[str, Any]) -> Any:
    """The first backend that a plugin makes; only its own plugin's errors are the user's."""
    for label, answer in answers("polygraph_make_backend", owner=offer.label, **facts):
        del label
        if answer is not None:
            return answer
    return None


def _with_brought(backend: Backend, lowerings: Mapping[Op, Lowering]) -> Backend:
    """``backend``, which no longer says what it cannot do of what plugins do for it."""
    if not lowerings:
        return backend
    ignored = [op for op, lowering in lowerings.items() if backend.lowerings.get(op) != lowering]
    if ignored:
        names = ", ".join(op.name for op in ignored)
        warnings.warn(
            f"the backend {backend.name!r} does not heed the lowerings that plugins bring for "
            f"{names}: its make(device, config, lowerings) must put them into Backend.lowerings\n"
            "  to fix: write the backend for contract 2, or turn those plugins off",
            RuntimeWarning,
            stacklevel=4,
        )
        return backend
    return replace(
        backend,
        unsupported={
            key: reason
            for key, reason in backend.unsupported.items()
            if (key[0] if isinstance(key, tuple) else key) not in lowerings
        },
        widened={key: wide for key, wide in backend.widened.items() if key[0] not in lowerings},
    )


def _installed() -> str:
    ready = [status.name for status in backend_statuses() if status.status == "ready"]
    return f"installed and ready: {', '.join(ready)}"
