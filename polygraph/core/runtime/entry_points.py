"""Entry points of other distributions: listed by name, loaded one at a time, each on its own.

Whatever a stranger's module does when it is imported (raise anything, leave, take for ever) is an
error of that entry point alone; Ctrl-C is the user's and passes through.
"""

from __future__ import annotations

import re
import sys
import threading
import time
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from polygraph.core.ground.backend import CONTRACT_VERSION, OLDEST_CONTRACT
from polygraph.core.ground.deferred import Deferred
from polygraph.core.ground.errors import BrokenPluginError, ContractError

if TYPE_CHECKING:
    import difflib
    from collections.abc import Callable, Iterable
    from importlib import metadata
else:
    difflib = Deferred("difflib")  # for the errors of names that are misspelt
    metadata = Deferred("importlib.metadata")  # a seventh of the time that importing us takes

_T = TypeVar("_T")

DISTRIBUTION = "polygraph-framework"

IMPORT_LIMIT = 30.0
"""Seconds after which an import that has not ended is given up."""

SLOW_IMPORT = 1.0
"""Seconds from which on an import is reported as slow."""


class Offer(NamedTuple):
    """One entry point.

    Attributes:
      name: what it calls itself.
      distribution: where it comes from.
      version: of that distribution, empty where unknown.
      value: ``module:attribute``.
      entry: Python's record of it.
    """

    name: str
    distribution: str
    version: str
    value: str
    entry: metadata.EntryPoint

    @property
    def label(self) -> str:
        """The name that no other has: ``name@distribution``."""
        return f"{self.name}@{self.distribution}"

    def comes_from(self, distribution: str | None) -> bool:
        """Whether it is of a distribution, spelt in any way; of None they all are."""
        return distribution is None or same_distribution(self.distribution, distribution)


class Loaded(NamedTuple):
    """What an entry point named, and the seconds that the import took."""

    value: Any
    seconds: float


_lock = threading.RLock()
_loaded: dict[tuple[str, str], Loaded | BrokenPluginError] = {}


@cache
def offers(group: str) -> tuple[Offer, ...]:
    """The entry points of a group, by name and distribution; imports nothing."""
    found = [_offer(entry) for entry in metadata.entry_points(group=group)]
    return tuple(sorted(found, key=lambda offer: (offer.name, offer.distribution)))


def forget_entry_points() -> None:
    """Look for plugins afresh the next time, after something was installed."""
    with _lock:
        offers.cache_clear()
        _loaded.clear()


def _offer(entry: metadata.EntryPoint) -> Offer:
    # The metadata of a half-installed distribution lacks its name, or all of it.
    about: Any = {} if entry.dist is None else entry.dist.metadata
    name, version = about.get("Name"), about.get("Version")
    return Offer(entry.name, name or "an unknown distribution", version or "", entry.value, entry)


def same_distribution(one: str, other: str) -> bool:
    """Whether two names are spellings of one distribution's."""
    return _canonical(one) == _canonical(other)


def _canonical(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def joined(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return " and ".join(names)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Which of ``names`` a misspelt one may stand for."""
    found = difflib.get_close_matches(name, list(names), n=1)
    return found[0] if found else None


def load(offer: Offer, kind: str) -> Loaded:
    """What an entry point names, imported at most once.

    Args:
      offer: the entry point.
      kind: what it is, for errors: ``"backend"`` or ``"plugin"``.

    Raises:
      BrokenPluginError: the import failed, ended the process or has not ended; the cause is
        chained.
    """
    key = (kind, offer.label)
    with _lock:
        if key not in _loaded:
            _loaded[key] = _load(offer, kind)
        found = _loaded[key]
    if isinstance(found, BrokenPluginError):
        raise found
    return found


def _load(offer: Offer, kind: str) -> Loaded | BrokenPluginError:
    where = f"{kind} {offer.name!r} of {offer.distribution} ({offer.value})"
    start = time.perf_counter()
    try:
        value = _imported(offer.entry)
    except TimeoutError:
        return BrokenPluginError(
            f"{where}: its import has not ended after {IMPORT_LIMIT:g} s",
            fix=f"report it to the authors of {offer.distribution}, or uninstall it",
        )
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - raised for whoever asks for it
        broken = BrokenPluginError(
            f"{where} failed when it was imported: {type(error).__name__}: {error}",
            fix=_remedy(error, offer),
        )
        broken.__cause__ = error
        return broken
    return Loaded(value, time.perf_counter() - start)


def _remedy(error: BaseException, offer: Offer) -> str:
    top = offer.value.partition(":")[0].partition(".")[0]
    if isinstance(error, ModuleNotFoundError) and error.name and error.name != top:
        return f"install what has the module {error.name}"
    return f"reinstall or uninstall {offer.distribution}, or report it to its authors"


def _imported(entry: metadata.EntryPoint) -> Any:
    package = entry.value.partition(":")[0].partition(".")[0]
    if package in sys.modules:
        # It is loaded, or just being loaded by this thread, which another would wait for.
        return entry.load()
    return call_within(IMPORT_LIMIT, entry.load)


def call_within(seconds: float, function: Callable[[], _T]) -> _T:
    """The result of ``function``, which runs in a thread of its own.

    Raises:
      TimeoutError: it has not ended; the thread is left alone, and ends with the process.
      BaseException: what it raised.
    """
    results: list[_T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            errors.append(error)

    thread = threading.Thread(target=work, name="polygraph-plugin", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]


def require_contract(stated: object, where: str, distribution: str) -> None:
    """Accept what was written for this major version of the contract, or the one before.

    Args:
      stated: the major versions that a plugin says it was written for.
      where: the plugin, as errors name it.
      distribution: where it comes from.

    Raises:
      BrokenPluginError: ``stated`` is no tuple of numbers.
      ContractError: it was written for others; says which side is old.
    """
    if not isinstance(stated, tuple) or not all(isinstance(item, int) for item in stated):
        raise BrokenPluginError(
            f"{where} states the contract {stated!r}, which is no tuple of whole numbers",
            fix=f"state contract=({CONTRACT_VERSION},) in {distribution}",
        )
    if any(OLDEST_CONTRACT <= version <= CONTRACT_VERSION for version in stated):
        return
    plugin_is_old = max(stated, default=0) < OLDEST_CONTRACT
    old = distribution if plugin_is_old else DISTRIBUTION
    raise ContractError(
        f"{where} was written for contract {', '.join(map(str, stated)) or 'none'}; this "
        f"{DISTRIBUTION} speaks {OLDEST_CONTRACT} to {CONTRACT_VERSION}: {old} is too old",
        fix=f"pip install --upgrade {old}",
    )
