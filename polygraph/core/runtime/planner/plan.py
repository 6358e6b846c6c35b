"""Plans: what one `Session.run` signature turns into, and how it runs.

A plan is a trie of stages. Its root is planned on the first run; where a stage demands values,
the next stage is looked up by those values (and by the shapes of what the host gave), so that
values of equal sizes compile nothing. State is committed once, by the last stage.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.backend import RunResult
from polygraph.core.ground.errors import ContractError, FailedPreconditionError, OpError
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.signature import TensorType
from polygraph.core.runtime.engine_errors import engine_error
from polygraph.core.runtime.interrupts import DeferredInterrupt
from polygraph.core.runtime.logs import logger
from polygraph.core.runtime.planner.details import check_error
from polygraph.core.runtime.planner.host import run_host_operation
from polygraph.core.runtime.planner.host_loops import HostLoop
from polygraph.core.runtime.planner.rename import Done
from polygraph.core.runtime.planner.specialise import HostValue
from polygraph.core.runtime.planner.stage import Goals, Planner, Stage, plan_stage, ref_name
from polygraph.ops.loop_checkpoints import LoopOverflowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.program import Program
    from polygraph.core.runtime.planner.rename import Ref, Renamed, StateKey
    from polygraph.core.runtime.planner.specialise import HostStep
    from polygraph.core.runtime.planner.stage import Compiled

    Array = np.ndarray[Any, Any]

CHILDREN_LIMIT = 256
"""Plans kept for different values under one stage; the least recently used goes first."""

_WARN_AT = 16

_FIRST_CAPACITY = 32
"""Checkpoints of a loop, and turns from one to the next: room for 1,024 turns at first."""

log = logger("plan")


class RunContext:
    """What a run needs of its session.

    Attributes:
      planner: how stages are planned and compiled.
      backend: the backend's name.
      put: an engine array from a NumPy array.
      get: a NumPy array from an engine array.
      state: the engine arrays of the session's state.
      read: the engine array of a piece of state, of the given type.
      commit: store new state.
      restore: after a failed run, store what now holds the old state.
      interrupted: raises where the run is to end early.
      in_place: executables write to the state's arrays.
    """

    __slots__ = (
        "backend", "commit", "get", "in_place", "interrupted", "planner", "put", "read", "restore",
        "state",
    )  # fmt: skip

    def __init__(
        self,
        planner: Planner,
        backend: str,
        put: Callable[[Array], Any],
        get: Callable[[Any], Array],
        state: Mapping[StateKey, Any],
        read: Callable[[StateKey, TensorType], Any],
        commit: Callable[[Sequence[StateKey], Sequence[Any], Sequence[TensorType] | None], None],
        restore: Callable[[Sequence[StateKey], Sequence[Any]], None],
        interrupted: Callable[[], None],
        in_place: bool,
    ) -> None:
        self.planner = planner
        self.backend = backend
        self.put = put
        self.get = get
        self.state = state
        self.read = read
        self.commit = commit
        self.restore = restore
        self.interrupted = interrupted
        self.in_place = in_place


@dataclass(slots=True, eq=False)
class Node:
    """A place in the trie: a stage, and the next ones by demanded values."""

    stage: Stage | None = None
    children: OrderedDict[Any, Node] = field(default_factory=OrderedDict)
    warned: bool = False


@dataclass(slots=True, eq=False)
class _Run:
    """The values of one run as they arrive.

    Attributes:
      values: NumPy arrays (feeds, fetched), or engine arrays (carried).
      types: of the values.
      known: values that key stages.
    """

    values: dict[Ref, Any]
    types: dict[Ref, TensorType | HostValue]
    known: dict[Ref, Array]

    def take(self, ref: Ref, array: Array) -> None:
        """Let ``array`` arrive as the value of ``ref``."""
        self.values[ref] = array
        is_host = array.dtype == object
        self.types[ref] = (
            HostValue(array.shape) if is_host else TensorType(array.dtype, array.shape)
        )


class Plan:
    """A renamed cut with goals, staged and compiled as runs demand it."""

    def __init__(self, renamed: Renamed, goals: Goals, name: str = "step") -> None:
        self.renamed = renamed
        self.goals = goals
        self.name = name
        self.root = Node()
        self.capacity = _FIRST_CAPACITY
        self.loops: dict[Operation, HostLoop] = {}
        self._assumed_types: dict[StateKey, TensorType] = {}
        self._assumed_initialized: dict[StateKey, bool] = {}

    def holds(self, planner: Planner) -> bool:
        """Whether the state still is of the types, and initialised, as when it was planned."""
        try:
            return all(
                planner.state_type(key) == type_ for key, type_ in self._assumed_types.items()
            ) and all(
                planner.initialized(key) == found
                for key, found in self._assumed_initialized.items()
            )
        except FailedPreconditionError:
            return False

    def _noting(self, planner: Planner) -> Planner:
        """``planner``, noting what it is told of the state."""

        def state_type(key: StateKey) -> TensorType:
            self._assumed_types[key] = planner.state_type(key)
            return self._assumed_types[key]

        def initialized(key: StateKey) -> bool:
            self._assumed_initialized[key] = planner.initialized(key)
            return self._assumed_initialized[key]

        return replace(planner, state_type=state_type, initialized=initialized)

    def programs(self) -> Iterator[Program]:
        """The Programs of all stages planned so far, before passes."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.stage is not None and node.stage.compiled is not None:
                yield node.stage.compiled.program
            pending.extend(node.children.values())
        for loop in self.loops.values():
            yield from loop.programs()

    def run(
        self,
        context: RunContext,
        feeds: Mapping[Ref, Any],
        known: Mapping[Ref, Array] | None = None,
    ) -> list[Any]:
        """Run all stages and commit; the values of the goals' fetches, as NumPy arrays."""
        run = _Run({}, {}, dict(known or {}))
        for ref, array in feeds.items():
            run.take(ref, array)
        node, number = self.root, 0
        while True:
            context.interrupted()
            number += 1
            stage = node.stage
            if stage is None:
                stage = node.stage = self._plan(context, run, number)
            try:
                self._execute(context, stage, run)
            except LoopOverflowError as overflow:
                if node.stage is stage:  # no other thread has seen to it
                    self._enlarge(overflow.turns)
                    node.stage = None
                    node.children.clear()
                number -= 1
                continue
            if stage.last:
                return self._fetch(context, stage, run)
            node = self._next(context, node, stage, run)

    def _enlarge(self, turns: int) -> None:
        """Make room in loops for ``turns`` turns; for some more where it is not known how many."""
        self.capacity *= 2
        while self.capacity**2 < turns:
            self.capacity *= 2
        log.info(
            "%s took %s turns: planned again, with room for %d",
            "a loop", turns or "too many", self.capacity**2,
        )  # fmt: skip

    def _plan(self, context: RunContext, run: _Run, number: int) -> Stage:
        planner = replace(
            self._noting(context.planner), name=self.name, number=number, capacity=self.capacity
        )
        return plan_stage(planner, self.renamed, self.goals, run.types, run.known)

    def _execute(self, context: RunContext, stage: Stage, run: _Run) -> None:
        if stage.updated and context.in_place:
            with DeferredInterrupt():
                self._compute(context, stage, run)
        else:
            self._compute(context, stage, run)

    def _compute(self, context: RunContext, stage: Stage, run: _Run) -> None:
        updates: Sequence[Any] = ()
        if stage.compiled is not None:
            program = stage.compiled.program
            state = state_arrays(context, stage, program)
            feeds = [run.values[ref] for ref in stage.feeds]
            fetches, carries, updates, failed = _results(context, stage.compiled, state, feeds)
            if failed >= 0:
                raise failure(context, stage, program, updates, feeds, failed)
            for ref, array, value in zip(stage.carried, carries, program.carry_values, strict=True):
                run.values[ref] = array
                run.types[ref] = value.type
            for ref, array in zip(stage.fetched, fetches, strict=True):
                run.take(ref, array)
        for observation in stage.observations:
            seen = [self._value(context, ref, stage, run) for ref in observation.refs]
            observation.observe(observation.op, *seen)
        if stage.updated:
            context.commit(stage.updated, updates, stage.updated_types)

    def _fetch(self, context: RunContext, stage: Stage, run: _Run) -> list[Any]:
        """The goals' fetches, each in memory of its own: not a feed's, nor another fetch's."""
        own = set(stage.fetched)
        arrays: list[Any] = []
        for ref in self.goals.fetches:
            value = self._value(context, ref, stage, run)
            arrays.append(value if ref in own else value.copy())
            own.discard(ref)
        return arrays

    def _value(self, context: RunContext, ref: Ref, stage: Stage, run: _Run) -> Any:
        if ref in stage.known:
            return stage.known[ref].copy()
        ref = stage.aliases.get(ref, ref)
        value = run.values[ref]
        return value if isinstance(value, np.ndarray) else context.get(value)

    def _next(self, context: RunContext, node: Node, stage: Stage, run: _Run) -> Node:
        """Take in what the stage demanded and what the host gives; the node for them."""
        key: list[Any] = []
        for ref in stage.demanded:
            value = self._value(context, ref, stage, run)
            run.known[ref] = value
            key.append((value.shape, value.tobytes()))
        for step in stage.host:
            self._run_host(context, step, stage, run, key)
        found = node.children.get(tuple(key))
        if found is None:
            found = node.children[tuple(key)] = Node()
            self._trim(node, stage)
        else:
            node.children.move_to_end(tuple(key))
        return found

    def _trim(self, node: Node, stage: Stage) -> None:
        if len(node.children) > CHILDREN_LIMIT:
            node.children.popitem(last=False)
        if len(node.children) >= _WARN_AT and not node.warned:
            node.warned = True
            names = ", ".join(ref_name(ref) for ref in stage.demanded) or "host results"
            warnings.warn(
                f"{len(node.children)} plans were made because of the values of {names}: each new "
                "value compiles the rest of the graph again",
                RuntimeWarning,
                stacklevel=2,
            )

    def _run_host(
        self, context: RunContext, step: HostStep, stage: Stage, run: _Run, key: list[Any]
    ) -> None:
        if step.op.definition.kind is Kind.WHILE:
            loop = self.loops.get(step.op)
            if loop is None:
                loop = self.loops[step.op] = HostLoop(step, Plan)
                context.planner.host_loop(step.op, step.reason)
            results = loop.run(context, lambda ref: self._value(context, ref, stage, run))
        else:
            # Copies: what a user's function writes into is its own.
            arrays = [
                None if ref is None else self._value(context, ref, stage, run).copy()
                for ref in step.operands
            ]
            results = dict(zip(step.op.outputs, run_host_operation(step.op, arrays), strict=True))
        for ref, array in results.items():
            run.take(ref, array)
            key.append((array.shape, array.dtype.str))
        if not step.op.outputs:
            run.known[Done(step.op)] = np.asarray(True)  # noqa: FBT003


def _results(
    context: RunContext, compiled: Compiled, state: Sequence[Any], feeds: Sequence[Any]
) -> RunResult:
    program, executable = compiled
    try:
        fetches, carries, updates, failed = executable(state, feeds)
    except (OpError, ContractError):
        raise
    except Exception as error:
        raise engine_error(context.backend, f"running {program.name!r}", error) from error
    return RunResult((fetches, carries, updates, failed))


def state_arrays(context: RunContext, stage: Stage, program: Program) -> list[Any]:
    """The engine arrays of the state parameters of a stage's Program."""
    values = program.state_values
    return [context.read(key, value.type) for key, value in zip(stage.state, values, strict=True)]


def failure(
    context: RunContext,
    stage: Stage,
    program: Program,
    updates: Sequence[Any],
    feeds: Sequence[Any],
    failed: int,
) -> Exception:
    """The error of a check that did not hold; the state is as before the run."""
    context.restore(stage.updated, updates)
    state = state_arrays(context, stage, program)
    return check_error(context.planner, program, failed, state, feeds)
