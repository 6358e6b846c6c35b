"""`Session`: runs parts of a graph on the backend that was chosen when it was made."""

from __future__ import annotations

import os
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any, Self

from polygraph.core.ground.errors import CancelledError, DeadlineExceededError
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.printer import print_program
from polygraph.core.runtime.compiler import Compiler
from polygraph.core.runtime.config import ConfigProto, RunOptions
from polygraph.core.runtime.default_session import SESSIONS, AsDefault
from polygraph.core.runtime.devices import DeviceAttributes
from polygraph.core.runtime.discovery import default_backend_name, make_backend
from polygraph.core.runtime.feeds import feed_items
from polygraph.core.runtime.fetches import Fetches
from polygraph.core.runtime.hook_calls import session_hooks
from polygraph.core.runtime.logs import configure_logs, logger, plan_cache
from polygraph.core.runtime.partial_run import PartialRun
from polygraph.core.runtime.planner.plan import RunContext
from polygraph.core.runtime.planner.stage import Planner
from polygraph.core.runtime.run_plan import Entry, make_entry, run_key
from polygraph.core.runtime.session_state import SessionState, StateLock
from polygraph.ops.loop_checkpoints import LoopOverflowError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.planner.rename import StateKey

log = logger("plan")

PLAN_LIMIT = 512
"""Run signatures that one session keeps plans for."""


_alive: weakref.WeakSet[BaseSession] = weakref.WeakSet()


def _mark_forked() -> None:
    for session in _alive:
        session.abandon(
            "this session belongs to the parent process: a forked child must make its own"
        )


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark_forked)


class BaseSession:
    """What `Session` and `InteractiveSession` share."""

    def __init__(
        self,
        target: str = "",
        graph: Graph | None = None,
        config: ConfigProto | None = None,
        *,
        backend: str | None = None,
    ) -> None:
        """Make a session.

        Args:
          target: TF1's; only ``""``, this process, is supported.
          graph: the graph to run; the default graph when None.
          config: TF1's options.
          backend: ``name[@distribution][:device]``; else the config's, the environment variable
            POLYGRAPH_BACKEND, `set_default_backend`, or NumPy.

        Raises:
          BackendNotFoundError: there is no such backend here; says what is.
          TypeError: an argument has the wrong type.
          ValueError: ``target`` names another process.
        """
        if not isinstance(target, str | bytes):
            msg = f"Argument `target` must be a string, but got {type(target).__name__!r}"
            raise TypeError(msg)
        if target:
            msg = f"target {target!r}: a session runs in its own process; leave target empty"
            raise ValueError(msg)
        if config is not None and not isinstance(config, ConfigProto):
            msg = f"config must be a tf.ConfigProto, but got {type(config).__name__}"
            raise TypeError(msg)
        if graph is not None and not isinstance(graph, Graph):
            msg = f"Argument `graph` must be a tf.Graph, but got {type(graph).__name__!r}"
            raise TypeError(msg)
        configure_logs()
        self._config = config or ConfigProto()
        self._graph = graph if graph is not None else get_default_graph()
        name = backend or self._config.backend or default_backend_name()
        self._backend = make_backend(name, self._config.options_for_backend())
        self._state = SessionState(self._backend)
        self._lock = StateLock()
        self._planning = threading.RLock()
        self._hooks = session_hooks()
        self._observed = bool(self._hooks.run_started or self._hooks.run_ended)
        self._compiler = Compiler(self._backend, self._hooks)
        self._entries: dict[Any, Entry] = plan_cache()
        self._closed: str | None = None
        self._entered: list[Any] = []
        self._timeout_in_ms: int = self._config.operation_timeout_in_ms
        self._context = RunContext(
            planner=Planner(
                self._compiler, self._state.type_of, self._state.initialized, self._tell_host_loop
            ),
            backend=self._backend.name,
            put=self._backend.put,
            get=self._backend.get,
            state=self._state.arrays,
            read=self._state.read,
            commit=self._state.commit,
            restore=self._state.restore,
            interrupted=self._check_deadline,
            in_place=self._backend.capabilities.in_place_state,
        )
        _alive.add(self)
        if self._config.log_device_placement:
            log.info("every operation runs on %s, %s", self._backend.name, self._backend.device)

    @property
    def graph(self) -> Graph:
        """The graph that it runs."""
        return self._graph

    @property
    def graph_def(self) -> Any:
        """The graph as data."""
        return self._graph.as_graph_def()

    @property
    def sess_str(self) -> bytes:
        """TF1's target, empty."""
        return b""

    @property
    def backend(self) -> Backend:
        """The live backend: its name, device and tier."""
        return self._backend

    def list_devices(self) -> list[DeviceAttributes]:
        """The devices that the backend could run on.

        Raises:
          CancelledError: the session is closed.
        """
        if self._closed is not None:
            raise CancelledError(None, None, f"Session has been closed. ({self._closed})")
        return [DeviceAttributes(name) for name in self._backend.list_devices()]

    # Running

    def run(
        self,
        fetches: Any,
        feed_dict: Mapping[Any, Any] | None = None,
        options: Any = None,
        run_metadata: Any = None,
    ) -> Any:
        """Run what ``fetches`` need and give their values.

        Args:
          fetches: a tensor, variable, operation or name, or a structure of them.
          feed_dict: values to stand for tensors, by tensor or name.
          options: `RunOptions`; ``timeout_in_ms`` ends the run at the next stage.
          run_metadata: `RunMetadata` to fill when ``options`` ask for a trace.

        Returns:
          The structure of ``fetches`` with NumPy values; None for operations.

        Raises:
          TypeError: a fetch, a feed or ``options`` has the wrong type.
          ValueError: a fetch or feed is not of this graph, or a shape does not fit.
          RuntimeError: the session is closed, or the graph empty.
          tf.errors.OpError: the run failed; no variable has changed.
        """
        arrays: Sequence[Any]
        key, arrays = run_key(self._graph, fetches, feed_dict)
        entry = self._entries.get(key) if key is not None else None
        if entry is None:
            entry, arrays = self._entry(key, fetches, feed_dict)
        elif self._closed is not None:
            self._require_open()
        if options is not None or self._timeout_in_ms:
            return self._run_with_options(entry, arrays, options, run_metadata)
        if self._observed:
            return self._run_observed(entry, arrays)
        return self._execute(entry, arrays)

    def _execute(self, entry: Entry, arrays: Sequence[Any]) -> Any:
        if entry.edits != self._graph.edits:
            self._refresh(entry)  # it may touch other variables now, for which to wait
        if entry.reads or entry.writes:
            token = self._lock.acquire(entry.reads, entry.writes)
            try:
                values = self._values(entry, arrays)
            finally:
                self._lock.release(token)
        else:
            values = self._values(entry, arrays)
        return entry.fetches.build(values)

    def _values(self, entry: Entry, arrays: Sequence[Any]) -> list[Any]:
        if entry.epoch != self._state.epoch:
            self._refresh(entry)
        pulse = entry.pulse
        if pulse is not None:
            try:
                return pulse(self._context, arrays)
            except LoopOverflowError:
                entry.pulse = None  # the plan makes room, and another pulse
        values = entry.plan.run(self._context, dict(zip(entry.fed, arrays, strict=True)))
        entry.find_pulse()
        return values

    def _refresh(self, entry: Entry) -> None:
        """Plan again what no longer holds: operations were edited, or a variable's type changed."""
        planner = self._context.planner
        if not entry.revalidate(self._graph.edits, self._state.epoch, planner):
            with self._planning:
                entry.replan(self._graph, self._state, self._lock)

    def _run_observed(self, entry: Entry, arrays: Sequence[Any]) -> Any:
        for started in self._hooks.run_started:
            started(fetches=entry.fetches)
        error: BaseException | None = None
        try:
            return self._execute(entry, arrays)
        except BaseException as raised:
            error = raised
            raise
        finally:
            for ended in self._hooks.run_ended:
                ended(fetches=entry.fetches, error=error)

    def _tell_host_loop(self, operation: Operation, reason: str) -> None:
        for observer in self._hooks.host_loop:
            observer(operation=operation, reason=reason)

    def _run_with_options(
        self, entry: Entry, arrays: Sequence[Any], options: Any, run_metadata: Any
    ) -> Any:
        if not isinstance(options, RunOptions | None):
            msg = f"options must be a tf.RunOptions, but got {type(options).__name__}"
            raise TypeError(msg)
        timeout = (options.timeout_in_ms if options else 0) or self._timeout_in_ms
        outer = SESSIONS.deadline
        if timeout:
            SESSIONS.deadline = time.monotonic() + timeout / 1000
        try:
            run = self._run_observed if self._observed else self._execute
            result = run(entry, arrays)
        finally:
            SESSIONS.deadline = outer
        if run_metadata is not None and options is not None and options.trace_level:
            run_metadata.partition_graphs = [print_program(p) for p in entry.plan.programs()]
        return result

    def _check_deadline(self) -> None:
        deadline = SESSIONS.deadline
        if deadline is not None and time.monotonic() > deadline:
            msg = "Timed out waiting for operation to finish; variables are as they were"
            raise DeadlineExceededError(None, None, msg)
        if self._closed is not None:
            raise CancelledError(None, None, f"Run call was cancelled: {self._closed}")

    def _entry(
        self, key: Any, fetches: Any, feed_dict: Mapping[Any, Any] | None
    ) -> tuple[Entry, Sequence[Any]]:
        """The plan for a run's signature, made; and the fed arrays in its order."""
        self._require_open()
        if self._graph.version == 0:
            msg = "The Session graph is empty. Add operations to the graph before calling run()."
            raise RuntimeError(msg)
        structure = Fetches(self._graph, fetches)
        feeds = feed_items(self._graph, feed_dict or {})
        with self._planning:
            entry = make_entry(self._graph, self._state, self._lock, structure, feeds)
            if key is not None:
                if len(self._entries) >= PLAN_LIMIT:
                    self._entries.pop(next(iter(self._entries)))
                self._entries[key] = entry
        return entry, [feeds[tensor] for tensor in entry.fed]

    def make_callable(
        self,
        fetches: Any,
        feed_list: Sequence[Any] | None = None,
        accept_options: bool = False,
    ) -> Callable[..., Any]:
        """A function of the values of ``feed_list`` that runs ``fetches``.

        Args:
          fetches: as in `run`.
          feed_list: what the function's positional arguments are fed to, in order.
          accept_options: the function also takes ``options`` and ``run_metadata``.

        Raises:
          TypeError: ``feed_list`` is no list, or a fetch or feed has the wrong type.
          ValueError: a fetch or feed is not of this graph.
        """
        self._require_open()
        if feed_list is not None and not isinstance(feed_list, list | tuple):
            msg = f"Argument `feed_list` must be a list or tuple, but is {feed_list!r}"
            raise TypeError(msg)
        Fetches(self._graph, fetches)
        tensors = [
            self._graph.as_graph_element(item, allow_operation=False) for item in feed_list or ()
        ]

        def call(*values: Any, options: Any = None, run_metadata: Any = None) -> Any:
            if len(values) != len(tensors):
                msg = f"takes {len(tensors)} values but got {len(values)}"
                raise TypeError(msg)
            feed_dict = dict(zip(tensors, values, strict=True))
            if accept_options:
                return self.run(fetches, feed_dict, options, run_metadata)
            return self.run(fetches, feed_dict)

        return call

    # Partial runs

    def partial_run_setup(self, fetches: Any, feeds: Sequence[Any] | None = None) -> PartialRun:
        """Say what a run in parts will fetch and feed.

        A part computes anew what an earlier part computed, from all feeds given so far.
        """
        self._require_open()
        Fetches(self._graph, fetches)
        tensors = [
            self._graph.as_graph_element(item, allow_operation=False) for item in feeds or ()
        ]
        return PartialRun(tensors)

    def partial_run(
        self, handle: PartialRun, fetches: Any, feed_dict: Mapping[Any, Any] | None = None
    ) -> Any:
        """Run one part with the feeds given so far.

        Raises:
          InvalidArgumentError: a feed was not announced, or was given before.
        """
        handle.take(feed_items(self._graph, feed_dict or {}))
        return self.run(fetches, handle.given)

    # Life

    def _require_open(self) -> None:
        if self._closed is not None:
            raise RuntimeError(self._closed)

    def abandon(self, reason: str) -> None:
        """Make every further use raise RuntimeError with ``reason``."""
        self._closed = reason

    def close(self) -> None:
        """Release variables and plans; further use raises RuntimeError."""
        if self._closed is None:
            self._closed = "Attempted to use a closed Session."
            self._entries.clear()
            self._state.arrays.clear()
            self._state.types.clear()
            self._backend.close()

    def reset_state(self) -> None:
        """Forget every variable, as after making the session."""
        self._state.arrays.clear()
        self._state.types.clear()
        self._state.epoch += 1

    def as_default(self) -> AsDefault:
        """A context in which it is the default session; leaving does not close it."""
        return AsDefault(self)

    def variable_value(self, key: StateKey) -> Any:
        """The NumPy value of a piece of state."""
        return self._backend.get(self._state.arrays[key])


class Session(BaseSession):
    """Runs parts of a graph on one backend.

    As a context manager it is the default session, makes its graph the default graph, and is
    closed at the end.
    """

    def __enter__(self) -> Self:
        self._require_open()
        graph = self._graph.as_default()
        graph.__enter__()
        self._entered.append(graph)
        SESSIONS.stack.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        SESSIONS.stack.remove(self)
        self._entered.pop().__exit__(kind, error, trace)
        self.close()

    @staticmethod
    def reset(target: str, containers: Any = None, config: Any = None) -> None:
        """TF1's reset of a server's containers; there is no server, so nothing to do."""


class InteractiveSession(BaseSession):
    """A session that is the default one from the moment it is made, until it is closed."""

    def __init__(
        self,
        target: str = "",
        graph: Graph | None = None,
        config: ConfigProto | None = None,
        *,
        backend: str | None = None,
    ) -> None:
        super().__init__(target, graph, config, backend=backend)
        self._default_graph = None if graph is None else graph.as_default()
        if self._default_graph is not None:
            self._default_graph.__enter__()
        SESSIONS.stack.append(self)

    def close(self) -> None:
        """Stop being the default session and release what it holds."""
        if self in SESSIONS.stack:
            SESSIONS.stack.remove(self)
            if self._default_graph is not None:
                self._default_graph.__exit__(None, None, None)
        super().close()
