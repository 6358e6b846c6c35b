"""Host loops: loops that the planner drives, as their body holds what no executable can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from polygraph.core.runtime.planner.regions import outside
from polygraph.core.runtime.planner.rename import Version
from polygraph.core.runtime.planner.stage import Goals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polygraph.core.ground.program import Program
    from polygraph.core.runtime.planner.rename import Ref, Renamed, StateKey
    from polygraph.core.runtime.planner.specialise import HostStep

    Array = np.ndarray[Any, Any]


class PartPlan(Protocol):
    """A plan of a condition or a body."""

    def run(self, context: Any, feeds: Mapping[Ref, Any]) -> list[Any]:
        """The values of its goals' fetches."""

    def programs(self) -> Iterator[Program]:
        """The Programs of its stages."""


class MakePlan(Protocol):
    """Makes the plan of a condition or a body."""

    def __call__(self, renamed: Renamed, goals: Goals, name: str) -> PartPlan:
        """A plan for what ``goals`` want of ``renamed``, of a name for people."""


class _Part:
    """The condition or the body of a host loop: a plan for each set of shapes that goes round."""

    def __init__(
        self, loop: HostStep, renamed: Renamed, goals: Sequence[Ref], make_plan: MakePlan
    ) -> None:
        self.renamed = renamed
        region = renamed.cut.region
        self.parameters = [] if region is None else list(region.parameters)
        self._outer = loop
        self._goals = Goals(tuple(goals), {})
        self._make_plan = make_plan
        self._label = loop.op.name if region is None else f"{loop.op.name}/{region.name}"
        self.plans: dict[object, PartPlan] = {}

    def name(self, key: StateKey, use: str) -> Version:
        """What a piece of state is called inside, at the start of an iteration."""
        return Version(key, (self.renamed.cut.region, use))

    def fixed(self, value_of: Callable[[Ref], Any]) -> dict[Ref, Array]:
        """The values that it takes from outside of the loop."""
        renamed, op = self._outer.renamed, self._outer.op
        return {
            ref: np.asarray(value_of(outside(renamed, op, ref)))
            for ref in self.renamed.imports
            if ref not in self.parameters
        }

    def run(
        self, context: Any, fixed: Mapping[Ref, Array], variables: Sequence[Array]
    ) -> list[Array]:
        """Its goals for the loop variables of one iteration."""
        shapes = tuple(array.shape for array in variables)
        plan = self.plans.get(shapes)
        if plan is None:
            plan = self.plans[shapes] = self._make_plan(self.renamed, self._goals, self._label)
        feeds: dict[Ref, Array] = dict(fixed)
        feeds.update(zip(self.parameters, variables, strict=True))
        return [np.asarray(item) for item in plan.run(context, feeds)]


class HostLoop:
    """A loop that the planner drives: its condition and its body are plans of their own."""

    def __init__(self, step: HostStep, make_plan: MakePlan) -> None:
        condition, body = step.renamed.inner[step.op]
        self._step = step
        self._keys = list(body.final)
        final = [body.final[key] for key in self._keys]
        self._condition = _Part(step, condition, condition.outputs, make_plan)
        self._body = _Part(step, body, [*body.outputs, *final], make_plan)

    def run(self, context: Any, value_of: Callable[[Ref], Any]) -> dict[Ref, Array]:
        """Iterate until the condition is false; the loop variables and the state written."""
        op = self._step.op
        count = len(op.outputs)
        initial = self._step.renamed.operands[op][:count]
        variables = [np.asarray(value_of(ref)) for ref in initial if ref is not None]
        fixed = {part: part.fixed(value_of) for part in (self._condition, self._body)}
        while bool(self._condition.run(context, fixed[self._condition], variables)[0]):
            results = self._body.run(context, fixed[self._body], variables)
            variables = results[:count]
            for part, values in fixed.items():
                self._advance(values, part, results[count:])
        final: dict[Ref, Array] = dict(zip(op.outputs, variables, strict=True))
        for key in self._keys:
            final[Version(key, op)] = fixed[self._body][self._body.name(key, "write")]
        return final

    def _advance(self, fixed: dict[Ref, Array], part: _Part, written: Sequence[Array]) -> None:
        for key, array in zip(self._keys, written, strict=True):
            for use in ("read", "write"):
                if part.name(key, use) in fixed:
                    fixed[part.name(key, use)] = array

    def programs(self) -> Iterator[Program]:
        """The Programs of its parts."""
        for part in (self._condition, self._body):
            for plan in part.plans.values():
                yield from plan.programs()
