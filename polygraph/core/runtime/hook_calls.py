"""What a session takes from plugins: each hook is called on its own, and may fail on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.hooks import plugin_manager
from polygraph.core.ground.op import Op
from polygraph.core.runtime.plugins import blame
from polygraph.ops.primitives.control import cond, while_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pluggy

    from polygraph.core.ground.backend import Lowering


class Observer:
    """One plugin's hook for one event; called with the event's facts by name.

    After an exception it is silent, so that a run does not pay for it again.
    """

    __slots__ = ("_function", "_label", "_names", "_silent")

    def __init__(self, impl: pluggy.HookImpl) -> None:
        self._function = impl.function
        self._label = impl.plugin_name
        self._names = impl.argnames
        self._silent = False

    def __call__(self, **facts: Any) -> None:
        """Tell the plugin."""
        if self._silent:
            return
        try:
            self._function(*[facts[name] for name in self._names])
        except Exception as error:  # noqa: BLE001 - a stranger's; runs go on without it
            self._silent = True
            blame(self._label, f"{self._function.__name__} raised", error)


Observers = tuple[Observer, ...]


class PluginPass(NamedTuple):
    """A pass, and the plugin that it is of."""

    label: str
    function: Callable[..., Any]


class SessionHooks(NamedTuple):
    """What plugins want to know of a session, and to do to its Programs."""

    planned: Observers
    compiled: Observers
    host_loop: Observers
    run_started: Observers
    run_ended: Observers
    passes: tuple[PluginPass, ...]


def session_hooks() -> SessionHooks:
    """The hooks of the plugins that there are now."""
    return SessionHooks(
        planned=_observers("polygraph_session_planned"),
        compiled=_observers("polygraph_session_compiled"),
        host_loop=_observers("polygraph_session_host_loop"),
        run_started=_observers("polygraph_session_run_started"),
        run_ended=_observers("polygraph_session_run_ended"),
        passes=tuple(_passes()),
    )


def _impls(name: str) -> list[pluggy.HookImpl]:
    """The implementations of a hook, in the order that pluggy calls them."""
    hook: pluggy.HookCaller = getattr(plugin_manager().hook, name)
    return hook.get_hookimpls()[::-1]


def _observers(name: str) -> Observers:
    return tuple(map(Observer, _impls(name)))


def answers(hook: str, owner: str = "", **facts: Any) -> Iterator[tuple[str, Any]]:
    """What each plugin answers to a hook, with its label; those that fail are set aside.

    Args:
      hook: the hook's name.
      owner: the plugin whose errors are to be raised.
      **facts: the hook's arguments.
    """
    for impl in _impls(hook):
        try:
            answer = impl.function(*[facts[argument] for argument in impl.argnames])
        except Exception as error:
            if impl.plugin_name == owner:
                raise
            blame(impl.plugin_name, f"{hook} raised", error)
            continue
        yield impl.plugin_name, answer


def _passes() -> Iterator[PluginPass]:
    for label, answer in answers("polygraph_passes"):
        try:
            given = list(answer or ())
        except TypeError as error:
            blame(label, "polygraph_passes gave no sequence", error)
            continue
        for function in given:
            if callable(function):
                yield PluginPass(label, function)
            else:
                blame(label, "polygraph_passes", f"{function!r} is no function")


def brought_lowerings(backend: str) -> dict[Op, Lowering]:
    """The lowerings that plugins bring for a backend; of two for one op the first stands."""
    brought: dict[Op, Lowering] = {}
    owners: dict[Op, str] = {}
    for label, answer in answers("polygraph_lowerings", backend=backend):
        fault = _fault_of_lowerings(answer, owners)
        if fault:
            blame(label, f"polygraph_lowerings for {backend!r}", fault)
            continue
        brought.update(answer or {})
        owners.update(dict.fromkeys(answer or (), label))
    return brought


def _fault_of_lowerings(answer: Any, owners: Mapping[Op, str]) -> str | None:
    if answer is not None and not hasattr(answer, "items"):
        return f"{answer!r} is no mapping from ops to functions"
    for op, lowering in (answer or {}).items():
        if not isinstance(op, Op):
            return f"{op!r} is no op; polygraph.plugin.REGISTRY has them by name"
        if not callable(lowering):
            return f"the lowering of {op.name} is {lowering!r}, which is no function"
        if op in (cond, while_loop):
            return f"{op.name} cannot be replaced: backends compile control flow themselves"
        if op in owners:
            return f"{owners[op]} brings a lowering of {op.name} too: turn one of them off"
    return None
