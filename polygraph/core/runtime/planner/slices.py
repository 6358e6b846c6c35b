"""What a stage that is not the last one yields: what is demanded, and what later stages use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground.program import Block, Check, Value
from polygraph.core.ground.trace import prune

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array
    from polygraph.core.runtime.planner.rename import Ref, Renamed
    from polygraph.core.runtime.planner.specialise import Specialised
    from polygraph.core.runtime.planner.stage import Goals


class Slice:
    """The part of a specialised cut that one stage computes.

    Attributes:
      renamed: the cut.
      goals: what the plan is for.
      result: the cut as far as it could be lowered.
    """

    def __init__(self, renamed: Renamed, goals: Goals, result: Specialised) -> None:
        self.renamed = renamed
        self.goals = goals
        self.result = result

    def carried(self, wanted: Sequence[Ref]) -> list[Ref]:
        """Refs that this stage computes anyway and that something outside of it uses."""
        carried = dict.fromkeys(self._of_stateful(wanted))
        produced = self._produced([*wanted, *carried])
        used: dict[Ref, None] = dict.fromkeys(self.goals.fetches)
        used.update(dict.fromkeys(self.goals.updates.values()))
        for op, operands in self._all_operands():
            if not self._inside(op, produced):
                used.update(dict.fromkeys(ref for ref in operands if ref is not None))
        bound = (ref for ref in used if isinstance(self.result.env.get(ref), Value))
        carried.update(dict.fromkeys(ref for ref in bound if self.result.env[ref] in produced))
        return list(carried)

    def _produced(self, refs: Sequence[Ref]) -> set[Value]:
        """The values that a stage computes in order to yield ``refs``."""
        values = [found for ref in refs if isinstance(found := self.result.env[ref], Value)]
        block = prune(Block((), {}, tuple(self.result.builder.steps), tuple(values)))
        return {value for step in block.steps for value in step.results}

    def checks(self, refs: Sequence[Ref]) -> list[tuple[Check, Array]]:
        """The checks of operations that a stage runs in order to yield ``refs``."""
        builder = self.result.builder
        if not builder.checks:
            return []
        produced = self._produced(refs)
        names = {op.name for op, _ in self._all_operands() if self._touched(op, produced)}
        return [
            (check, flag)
            for check, flag in zip(builder.checks, builder.check_flags, strict=True)
            if flag in produced or (check.source is not None and check.source.name in names)
        ]

    def _of_stateful(self, wanted: Sequence[Ref]) -> list[Ref]:
        """All that the stateful operations in this stage give: none of them may run again."""
        carried: list[Ref] = []
        while True:
            produced = self._produced([*wanted, *carried])
            found = [
                ref
                for op, _ in self._all_operands()
                if op.definition.stateful and self._touched(op, produced)
                for ref in self._given_by(op)
                if isinstance(self.result.env.get(ref), Value)
            ]
            if len(found) == len(carried):
                return found
            carried = found

    def _touched(self, op: Operation, produced: set[Value]) -> bool:
        given = map(self.result.env.get, self._given_by(op))
        return any(isinstance(found, Value) and found in produced for found in given)

    def _given_by(self, op: Operation) -> list[Ref]:
        versions = [
            version for renamed in self._all_renamed() for version in renamed.versions_of(op)
        ]
        return [*op.outputs, *versions]

    def _all_renamed(self) -> Iterable[Renamed]:
        pending = [self.renamed]
        while pending:
            renamed = pending.pop()
            yield renamed
            pending.extend(part for parts in renamed.inner.values() for part in parts)

    def _all_operands(self) -> Iterable[tuple[Operation, Sequence[Ref | None]]]:
        for renamed in self._all_renamed():
            yield from renamed.operands.items()
            for op, parts in renamed.inner.items():
                for part in parts:
                    yield op, part.outputs
            for op, entry in renamed.entry.items():
                for pair in entry.values():
                    yield op, pair

    def _inside(self, op: Operation, produced: set[Value]) -> bool:
        values = [self.result.env.get(tensor) for tensor in op.outputs]
        return bool(values) and all(isinstance(v, Value) and v in produced for v in values)
