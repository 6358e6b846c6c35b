"""One stage: a specialised cut, sliced to what this stage must yield, as a compiled Program.

A plan is usually one stage. Where something hangs on a value, or a host step stands in the way,
a stage is the smallest slice that yields the demanded values and the host steps' operands; the
bulk stays in the last stage, whole. What a stage computes on the way and later ones use is
carried on the device, so that nothing stateful (a random draw) runs twice.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polygraph.core.ground.program import Block, Check, Parameter, Program, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.trace import Builder
from polygraph.core.runtime.logs import logger
from polygraph.core.runtime.planner.owners import lower_owner
from polygraph.core.runtime.planner.rename import StateKey, Version
from polygraph.core.runtime.planner.slices import Slice
from polygraph.core.runtime.planner.specialise import HostValue, Specialised, Specialiser

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.backend import Executable
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array
    from polygraph.core.runtime.planner.rename import Ref, Renamed
    from polygraph.core.runtime.planner.specialise import Abstract, HostStep, Observation

    StateType = Callable[[StateKey], TensorType]

log = logger("plan")


@dataclass(frozen=True, slots=True, eq=False)
class Goals:
    """What a run wants: refs to fetch, and the state that it leaves."""

    fetches: tuple[Ref, ...]
    updates: Mapping[StateKey, Version]


class Compiled(NamedTuple):
    """A Program, before passes, and its executable."""

    program: Program
    executable: Executable


@dataclass(slots=True, eq=False)
class Stage:
    """A compiled stage and what to do with its results.

    Attributes:
      compiled: None when there is nothing to compute.
      state: keys of the state parameters, in order.
      feeds: refs of the feed parameters, in order.
      fetched: refs that the executable yields as NumPy arrays, in order.
      carried: refs that it yields as engine arrays, in order.
      updated: keys of the state that it updates, in order.
      updated_types: the types of their new values, None where none can have changed.
      known: refs whose value was known when it was planned.
      aliases: refs that are the same value as another ref.
      demanded: refs whose value keys the next stage.
      host: host steps to run before the next stage.
      observations: observers to call before committing.
      last: whether the goals are reached.
      simple: the only stage of its plan; its fetches are the executable's, in order, and all of
        its state has been initialised.
    """

    compiled: Compiled | None
    state: list[StateKey]
    feeds: list[Ref]
    fetched: list[Ref]
    carried: list[Ref]
    updated: list[StateKey]
    updated_types: list[TensorType] | None
    known: dict[Ref, np.ndarray[Any, Any]]
    aliases: dict[Ref, Ref]
    demanded: list[Ref]
    host: list[HostStep]
    observations: list[Observation]
    last: bool
    simple: bool


@dataclass(frozen=True, slots=True, eq=False)
class Planner:
    """What planning needs to know of a session.

    Attributes:
      compile: passes, legalises and compiles a Program.
      state_type: type of a piece of state; raises where it is uninitialised.
      initialized: whether a variable has a value.
      host_loop: told of a loop that cannot be compiled, and why.
      name: of the plan, for people.
      number: of the stage.
      capacity: how many checkpoints there are of each loop, and turns between two of them.
    """

    compile: Callable[[Program], Executable]
    state_type: StateType
    initialized: Callable[[StateKey], bool]
    host_loop: Callable[[Operation, str], None]
    name: str = ""
    number: int = 1
    capacity: int = 0


def plan_stage(
    planner: Planner,
    renamed: Renamed,
    goals: Goals,
    arrived: Mapping[Ref, TensorType | HostValue],
    known: Mapping[Ref, np.ndarray[Any, Any]],
) -> Stage:
    """The next stage, given the types of what has arrived and the values of what is known."""
    return _StagePlanner(planner, renamed, goals, arrived, known).plan()


class _StagePlanner:
    def __init__(
        self,
        planner: Planner,
        renamed: Renamed,
        goals: Goals,
        arrived: Mapping[Ref, TensorType | HostValue],
        known: Mapping[Ref, np.ndarray[Any, Any]],
    ) -> None:
        self.start = time.perf_counter()
        self.planner = planner
        self.renamed = renamed
        self.goals = goals
        self.feed_of: dict[Value, Ref] = {}
        self.state_of: dict[Value, StateKey] = {}
        self.blind = False
        env: dict[Ref, Abstract] = {}
        for ref, type_ in arrived.items():
            if ref in known:
                env[ref] = known[ref]
            elif isinstance(type_, TensorType):
                value = Value(type_)
                env[ref] = value
                self.feed_of[value] = ref
            else:
                env[ref] = type_
        for ref, array in known.items():
            env.setdefault(ref, array)
        self.specialiser = Specialiser(
            Builder(),
            env,
            self._state_value,
            planner.initialized,
            lower_owner,
            planner.capacity,
        )

    def _state_value(self, key: StateKey) -> Value:
        value = Value(self.planner.state_type(key))
        self.state_of[value] = key
        return value

    def plan(self) -> Stage:
        result = self.specialiser.run(self.renamed)
        last = not result.deferred
        # A goal that no operation produces: a variable that nothing touches, a fed tensor.
        for ref in (*self.goals.fetches, *self.goals.updates.values()):
            self.specialiser.lookup(ref)
        return self._last(result) if last else self._middle(result)

    # What a stage yields

    def _last(self, result: Specialised) -> Stage:
        observed = [ref for item in result.observations for ref in item.refs]
        updates = {
            key: version
            for key, version in self.goals.updates.items()
            if result.env[version] is not result.env.get(Version(key, None))
        }
        return self._assemble(
            result,
            fetches=[*self.goals.fetches, *observed],
            carries=[],
            updates=updates,
            checks=list(zip(result.builder.checks, result.builder.check_flags, strict=True)),
            demanded=[],
            host=[],
            observations=result.observations,
            last=True,
        )

    def _middle(self, result: Specialised) -> Stage:
        demanded = list(result.demanded)
        host = list(result.host.values())
        wanted = [*demanded]
        for step in host:
            wanted.extend(ref for ref in step.operands if ref is not None)
        if not wanted and not host:
            stuck = result.deferred[0]
            msg = f"nothing yields what {stuck.name!r} ({stuck.frame}) waits for"
            raise RuntimeError(msg)
        part = Slice(self.renamed, self.goals, result)
        carries = part.carried(wanted)
        return self._assemble(
            result,
            fetches=wanted,
            carries=carries,
            updates={},
            checks=part.checks([*wanted, *carries]),
            demanded=demanded,
            host=host,
            observations=[],
            last=False,
        )

    # From refs to a Program

    def _assemble(
        self,
        result: Specialised,
        *,
        fetches: Sequence[Ref],
        carries: Sequence[Ref],
        updates: Mapping[StateKey, Version],
        checks: Sequence[tuple[Check, Array]],
        demanded: list[Ref],
        host: list[HostStep],
        observations: list[Observation],
        last: bool,
    ) -> Stage:
        env = result.env
        known: dict[Ref, np.ndarray[Any, Any]] = {}
        aliases: dict[Ref, Ref] = {}
        fetched: list[Ref] = []
        seen: dict[Value, Ref] = {}
        for ref in dict.fromkeys(fetches):
            found = env[ref]
            if isinstance(found, np.ndarray):
                known[ref] = found
            elif isinstance(found, Value) and found in seen:
                aliases[ref] = seen[found]
            elif isinstance(found, Value) and found in self.feed_of and not last:
                aliases[ref] = self.feed_of[found]
            elif isinstance(found, Value):
                seen[found] = ref
                fetched.append(ref)
        carried = [ref for ref in dict.fromkeys(carries) if ref not in aliases]
        builder = result.builder
        results = [env[ref] for ref in (*fetched, *carried)]
        results += [env[version] for version in updates.values()]
        flags = [flag for _, flag in checks]
        parameters = [*self.state_of, *self.feed_of]
        # A failed run computes the details of its check, from steps that the compiler drops.
        details = [value for check, _ in checks for value in check.details]
        block = builder.block(parameters, [*results, *flags], details)  # type: ignore[list-item]
        program, state, feeds = self._program(
            self._name(last),
            block,
            len(fetched),
            len(carried),
            list(updates),
            [check for check, _ in checks],
        )
        self._log(program, demanded, host)
        compiled = Compiled(program, self.planner.compile(program)) if block.results else None
        return Stage(
            compiled,
            state,
            feeds,
            fetched,
            carried,
            list(updates),
            self._updated_types(program),
            known,
            aliases,
            demanded,
            host,
            observations,
            last,
            self._is_simple(last, compiled, fetches, fetched, observations),
        )

    def _log(self, program: Program, demanded: Sequence[Ref], host: Sequence[HostStep]) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        feeds = zip(program.feeds, program.feed_values, strict=True)
        log.info(
            "%d steps of %d operations in %.1f ms; feeds: %s; updates %d variables; %s",
            len(program.block.steps),
            len(self.renamed.cut.ops),
            1000 * (time.perf_counter() - self.start),
            ", ".join(f"{feed.name} {value.type}" for feed, value in feeds) or "none",
            len(program.updates),
            _what_next(demanded, host),
        )

    def _updated_types(self, program: Program) -> list[TensorType] | None:
        new = [value.type for value in program.update_values]
        old = [program.state_values[index].type for index in program.updates]
        return new if self.blind or new != old else None

    def _is_simple(
        self,
        last: bool,
        compiled: Compiled | None,
        wanted: Sequence[Ref],
        fetched: Sequence[Ref],
        observations: Sequence[Observation],
    ) -> bool:
        return (
            last
            and compiled is not None
            and not observations
            and not self.blind
            and list(wanted) == list(fetched)
        )

    def _name(self, last: bool) -> str:
        """The plan's, with the number of the stage where there are several."""
        only = last and self.planner.number == 1
        return self.planner.name if only else f"{self.planner.name}.{self.planner.number}"

    def _program(
        self,
        name: str,
        block: Block,
        fetches: int,
        carries: int,
        updates: Sequence[StateKey],
        checks: Sequence[Check],
    ) -> tuple[Program, list[StateKey], list[Ref]]:
        used = set(block.results)
        for step in block.steps:
            used.update(step.operands)
        state = [v for v, key in self.state_of.items() if v in used or key in updates]
        read = {self.state_of[value] for value in state}
        blind = [key for key in updates if key not in read]
        state += [self._blind_state(key, block, updates, fetches + carries) for key in blind]
        feeds = [value for value in self.feed_of if value in used]
        keys = [self.state_of[value] for value in state]
        position = {key: index for index, key in enumerate(keys)}
        program = Program(
            name,
            block.replace(parameters=(*state, *feeds)),
            tuple(Parameter(key.name, key.op.frame) for key in keys),
            tuple(_feed_parameter(self.feed_of[value]) for value in feeds),
            fetches,
            carries,
            tuple(position[key] for key in updates),
            tuple(checks),
        )
        return program, keys, [self.feed_of[value] for value in feeds]

    def _blind_state(
        self, key: StateKey, block: Block, updates: Sequence[StateKey], start: int
    ) -> Value:
        """A parameter for state that is overwritten and never read: of the new value's type."""
        value = Value(block.results[start + list(updates).index(key)].type)
        self.state_of[value] = key
        self.blind = True
        return value


def _what_next(demanded: Sequence[Ref], host: Sequence[HostStep]) -> str:
    waits = [f"the value of {ref_name(ref)}" for ref in demanded]
    waits += [f"{step.op.name!r} ({step.op.frame}): {step.reason}" for step in host]
    return f"the next stage waits for {'; '.join(waits)}" if waits else "last stage"


def _feed_parameter(ref: Ref) -> Parameter:
    if isinstance(ref, Tensor):
        return Parameter(ref.name, ref.op.frame)
    if isinstance(ref, Version):
        return Parameter(f"{ref.key.name} (written)", ref.key.op.frame)
    return Parameter(f"{ref.op.name} (asked)", ref.op.frame)


def ref_name(ref: Ref) -> str:
    """What people call it: its name, and the line that built it."""
    if isinstance(ref, Tensor):
        return f"{ref.name!r} ({ref.op.frame})"
    if isinstance(ref, Version):
        return f"variable {ref.key.name!r}"
    return f"a size in {ref.op.name!r} ({ref.op.frame})"
