"""Plugins that are no backends: ops, lowerings for others' backends, passes, observers.

Entry points of the group ``polygraph.plugins`` are loaded when the first session is made, or by
`use`. A plugin that fails, at its import or later, is set aside with a warning and shown by
`plugin_statuses`; sessions go on without it.
"""

from __future__ import annotations

import os
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pluggy

from polygraph.core.ground.errors import BrokenPluginError, ContractError
from polygraph.core.ground.hooks import PROJECT, HookSpecs, plugin_manager
from polygraph.core.ground.op import REGISTRY
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.runtime.entry_points import (
    SLOW_IMPORT,
    Offer,
    joined,
    load,
    nearest,
    offers,
    require_contract,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

GROUP = "polygraph.plugins"

VARIABLE = "POLYGRAPH_PLUGINS"
"""``none``, or names with commas between them: the plugins that the first session loads."""

_NONE = "none"


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """What is known of one plugin.

    Attributes:
      name: as its entry point says.
      distribution: where it comes from.
      version: of that distribution.
      status: ``"loaded"``, ``"off"`` (not asked for) or ``"broken"``.
      reason: why it is not loaded, or what else is to be said of it.
      fix: what to do about it.
      hooks: the hooks that it implements.
    """

    name: str
    distribution: str
    version: str
    status: str
    reason: str
    fix: str
    hooks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fault:
    reason: str
    fix: str


class _State:
    """What has been loaded in this process."""

    lock = threading.RLock()
    asked = False
    faults: dict[str, _Fault] = {}  # noqa: RUF012 - the process has one


def load_plugins() -> None:
    """Load what the environment variable asks for, once; sessions call this.

    Plugins that are broken are set aside with a warning.
    """
    with _State.lock:
        if _State.asked:
            return
        _State.asked = True
        broken = [offer.label for offer in _wanted() if not _try(offer)]
    for label in broken:
        _warn(label)
    known = {name for offer in offers(GROUP) for name in (offer.name, offer.label)}
    for name in sorted(_named() - known - {_NONE}):
        warnings.warn(f"{VARIABLE}: {_not_one(name, [])}", RuntimeWarning, stacklevel=4)


def _named() -> set[str]:
    """What the environment variable names."""
    text = os.environ.get(VARIABLE, "")
    return {name.strip() for name in text.split(",") if name.strip()}


def _wanted() -> Iterator[Offer]:
    """The plugins that the environment variable asks for, all where it is not set."""
    names = _named()
    for offer in offers(GROUP):
        if not names or not names.isdisjoint({offer.name, offer.label}):
            yield offer


def _try(offer: Offer) -> bool:
    if plugin_manager().has_plugin(offer.label):
        return True
    try:
        _require_unique(offer)
        _load(offer)
    except (BrokenPluginError, ContractError) as error:
        _State.faults[offer.label] = _Fault(error.reason, error.fix)
        return False
    return True


def _require_unique(offer: Offer) -> None:
    others = [other for other in _rivals(offer) if offer.label not in _named()]
    if others:
        names = joined(other.distribution for other in (offer, *others))
        raise BrokenPluginError(
            f"{names} bring plugins of one name, {offer.name!r}",
            fix=f"uninstall one, or set {VARIABLE} to {offer.label}",
        )


def _rivals(offer: Offer) -> list[Offer]:
    return [other for other in offers(GROUP) if other.name == offer.name and other != offer]


def _load(offer: Offer) -> None:
    """Import, check and register one plugin; nothing of a broken one stays."""
    ops, definitions = set(REGISTRY), set(OP_DEFS)
    try:
        register_plugin(load(offer, "plugin").value, offer.label)
    except BaseException:
        for table, before in ((REGISTRY, ops), (OP_DEFS, definitions)):
            for name in set(table) - before:
                del table[name]
        raise


def use(name: str) -> None:
    """Load a plugin now, whatever the environment variable says.

    Args:
      name: of its entry point, ``name[@distribution]``.

    Raises:
      ValueError: there is no such plugin, or several distributions bring one.
      BrokenPluginError: it cannot be loaded; the cause is chained.
      ContractError: it was written for another contract.
    """
    wanted, _, distribution = name.partition("@")
    found = [
        offer
        for offer in offers(GROUP)
        if offer.name == wanted and offer.comes_from(distribution or None)
    ]
    if len(found) != 1:
        raise ValueError(_not_one(name, found))
    with _State.lock:
        if not plugin_manager().has_plugin(found[0].label):
            _State.faults.pop(found[0].label, None)
            _load(found[0])


def _not_one(name: str, found: list[Offer]) -> str:
    if found:
        choices = " or ".join(offer.label for offer in found)
        brought = joined(offer.distribution for offer in found)
        return f"plugin {name!r} is brought by {brought}: write {choices}"
    names = [offer.name for offer in offers(GROUP)]
    near = nearest(name, names)
    hint = f"; is it {near!r}?" if near else ""
    return f"there is no plugin {name!r}; installed: {', '.join(names) or 'none'}{hint}"


# Registering


def register_plugin(plugin: Any, name: str | None = None) -> None:
    """Make an object with hooks a plugin of this process; sessions made later heed it.

    Args:
      plugin: a module or object; a class is instantiated.
      name: what it is called, by default the module's or the class's name.

    Raises:
      BrokenPluginError: a hook is misspelt, lacks its mark, or has wrong arguments.
      ContractError: its ``polygraph_contract`` is not one that this polygraph speaks.
    """
    label = name or str(getattr(plugin, "__name__", type(plugin).__name__))
    where = f"plugin {label!r}"
    if isinstance(plugin, type):
        plugin = _instance(plugin, where)
    require_contract(getattr(plugin, "polygraph_contract", (1,)), where, label.partition("@")[2])
    _require_hooks(plugin, where)
    plugin_manager().register(plugin, label)


def unregister_plugin(plugin: Any) -> None:
    """Undo `register_plugin`, for sessions made later."""
    plugin_manager().unregister(plugin)


def _instance(plugin: type, where: str) -> Any:
    try:
        return plugin()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise BrokenPluginError(f"{where}: {type(error).__name__} when it was made: {error}") from (
            error
        )


def _require_hooks(plugin: Any, where: str) -> None:
    """Refuse hooks that would never be called."""
    trial = pluggy.PluginManager(PROJECT)
    trial.add_hookspecs(HookSpecs)
    try:
        trial.register(plugin, where)
    except pluggy.PluginValidationError as error:
        wrong = " ".join(str(error).split())
        raise BrokenPluginError(
            wrong, fix="a hook takes arguments of its specification's names, or fewer of them"
        ) from error
    callers = trial.get_hookcallers(plugin) or []
    marked = {caller.name for caller in callers}
    for caller in callers:
        if not caller.has_spec():
            raise BrokenPluginError(f"{where}: {_unknown(caller.name)}", fix="rename the function")
        if any(impl.hookwrapper or impl.wrapper for impl in caller.get_hookimpls()):
            raise BrokenPluginError(
                f"{where}: {caller.name} is a wrapper; polygraph's hooks have none",
                fix="remove wrapper=True",
            )
    for name in _hook_names():
        if callable(getattr(plugin, name, None)) and name not in marked:
            raise BrokenPluginError(
                f"{where}: {name} has no mark, so it would never be called",
                fix="put @polygraph.plugin.hookimpl above it",
            )


def _hook_names() -> list[str]:
    return [name for name in vars(HookSpecs) if name.startswith(f"{PROJECT}_")]


def _unknown(name: str) -> str:
    near = nearest(name, _hook_names())
    hint = f"; is it {near}?" if near else f"; there are {', '.join(_hook_names())}"
    return f"there is no hook {name}{hint}"


# Faults


def blame(label: str, what: str, error: object, fix: str = "") -> None:
    """Note that a plugin failed after it was loaded, and warn of it."""
    text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    distribution = label.partition("@")[2] or label
    fix = fix or f"report it to the authors of {distribution}, or turn it off by {VARIABLE}"
    _State.faults[label] = _Fault(f"{what}: {text}", fix)
    _warn(label)


def _warn(label: str) -> None:
    fault = _State.faults[label]
    warnings.warn(
        f"polygraph's plugin {label} is set aside: {fault.reason}\n  to fix: {fault.fix}",
        RuntimeWarning,
        stacklevel=2,
    )


def plugin_statuses() -> list[PluginStatus]:
    """The state of every installed plugin; loads those that a session would."""
    with _State.lock:
        if not _State.asked:
            _State.asked = True
            for offer in _wanted():
                _try(offer)
        return [_status(offer) for offer in offers(GROUP)]


def load_only(label: str) -> PluginStatus:
    """The state of one plugin, loaded if a session would; sessions load no other any more."""
    with _State.lock:
        _State.asked = True
        for offer in _wanted():
            if offer.label == label:
                _try(offer)
        return plugin_status(label)


def plugin_status(label: str) -> PluginStatus:
    """The state of one plugin as it is now.

    Raises:
      ValueError: there is none.
    """
    for offer in offers(GROUP):
        if offer.label == label:
            return _status(offer)
    raise ValueError(_not_one(label, []))


def _status(offer: Offer) -> PluginStatus:
    fault = _State.faults.get(offer.label)
    manager = plugin_manager()
    plugin = manager.get_plugin(offer.label)
    hooks = tuple(caller.name for caller in (plugin and manager.get_hookcallers(plugin)) or ())
    if fault is not None:
        status, reason, fix = "broken", fault.reason, fault.fix
    elif manager.has_plugin(offer.label):
        seconds = load(offer, "plugin").seconds
        slow = seconds >= SLOW_IMPORT
        reason = f"its import took {seconds:.1f} s" if slow else ""
        fix = "import what is slow when a hook is called" if slow else ""
        status = "loaded"
    else:
        reason, fix = f"{VARIABLE} leaves it out", f"polygraph.use({offer.label!r})"
        status = "off"
    return PluginStatus(offer.name, offer.distribution, offer.version, status, reason, fix, hooks)


def forget_plugins(labels: Iterable[str] | None = None) -> None:
    """Unload plugins, all that entry points brought by default; the next session loads afresh."""
    with _State.lock:
        manager = plugin_manager()
        for label in labels or [offer.label for offer in offers(GROUP)]:
            if manager.has_plugin(label):
                manager.unregister(name=label)
        _State.faults.clear()
        _State.asked = False
