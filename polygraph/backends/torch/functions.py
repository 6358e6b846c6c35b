"""A Program as two functions: what its checks need, and the rest, which writes.

Both take one list: state, feeds (and what the first function hands to the second). The first gives
the flags as one tensor, and what the second goes on with; without checks there is only the second.
It gives fetches, carries and updates, each in memory of its own; or it stores updates itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from polygraph.backends.torch.aliasing import memory_roots, owned, steps_in_place
from polygraph.backends.torch.generate import Module, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.backends.torch.aliasing import Roots
    from polygraph.backends.torch.generate import Style
    from polygraph.core.ground.program import Program, Step, Value

    Function = Callable[[list[torch.Tensor]], tuple[torch.Tensor, ...]]


@dataclass(frozen=True, slots=True)
class Functions:
    """The two functions, and the source they were made from.

    Attributes:
      check: gives flags and live values; None without checks.
      rest: gives fetches, carries, and the updates that it does not store.
      live: the values that ``check`` hands over.
      stored: for each update whether ``rest`` writes it into the old state's memory; the others
        it gives.
      source: the generated text.
    """

    check: Function | None
    rest: Function
    live: tuple[Value, ...]
    stored: tuple[bool, ...]
    source: str


def fresh(x: torch.Tensor) -> torch.Tensor:
    """A contiguous copy."""
    return x.clone(memory_format=torch.contiguous_format)


def contiguous(x: torch.Tensor) -> torch.Tensor:
    """In row-major order; itself where it is."""
    return x.contiguous()


def stack_flags(*flags: torch.Tensor) -> torch.Tensor:
    """The flags of the checks in one tensor."""
    return torch.stack(flags)


class _Writer:
    """Writes both functions of one Program."""

    def __init__(self, program: Program, style: Style, *, store: bool) -> None:
        self.program = program
        self.style = style
        self.store = store
        self.module = Module(program.name, style)
        self.roots: Roots = memory_roots(program.block, style.views)
        self.given = {*program.block.parameters, *program.block.constants}
        self.late = self._late()
        self.needed = _needed(program.block.steps, program.check_values)
        self.results = (*program.fetch_values, *program.carry_values, *program.update_values)
        self.own = owned(self.results, self.roots, self.given)

    def _late(self) -> list[Step]:
        program, ops = self.program, frozenset(self.style.in_place)
        pairs = dict(zip(self._targets(), program.update_values, strict=True))
        found = steps_in_place(program.block, pairs, ops, self.roots, keep_results=False)
        return [step for step in found if not {*step.results} & {*program.check_values}]

    def _targets(self) -> list[Value]:
        return [self.program.state_values[index] for index in self.program.updates]

    def functions(self) -> Functions:
        """Write and load them."""
        live = self._live()
        if self.program.checks:
            self._write_check(live)
        self._write_rest(live)
        loaded, source = self.module.load()
        return Functions(loaded.get("check"), loaded["rest"], live, self.stored_updates(), source)

    def _live(self) -> tuple[Value, ...]:
        made = {result for step in self.needed for result in step.results}
        wanted = dict.fromkeys(
            operand
            for step in self.program.block.steps
            if step not in self.needed
            for operand in step.operands
        )
        wanted.update(dict.fromkeys(self.results))
        return tuple(value for value in wanted if value in made)

    def _start(self, extra: Sequence[Value]) -> Scope:
        scope = Scope()
        names = [scope.name(value) for value in (*self.program.block.parameters, *extra)]
        if names:
            scope.lines.append(f"{', '.join(names)}, = tensors")
        return scope

    def _write_check(self, live: Sequence[Value]) -> None:
        scope, block = self._start(()), self.program.block
        flags = self.program.check_values
        calls = [self.module.call(step) for step in block.steps if step in self.needed]
        self.module.write(scope, calls, block.constants, {*flags, *live})
        stack = self.module.bind("stack_flags", stack_flags)
        names = ", ".join(map(scope.name, flags))
        handed = [self._handed(scope.name(value), value) for value in live]
        self.module.add("check", "tensors", scope, [f"{stack}({names})", *handed])

    def _handed(self, name: str, value: Value) -> str:
        """A live value; inductor must not find state in it that it then writes to."""
        if not self.style.traced:
            return name
        made = owned((value,), self.roots, self.given)[0]
        return self._wrapped(name, contiguous if made else fresh)

    def _wrapped(self, name: str, function: Callable[..., Any]) -> str:
        return f"{self.module.bind(function.__name__, function)}({name})"

    def _write_rest(self, live: Sequence[Value]) -> None:
        scope, block = self._start(live), self.program.block
        early = [
            self.module.call(step)
            for step in block.steps
            if step not in self.late and step not in self.needed
        ]
        self.module.write(scope, early, block.constants, self._kept())
        texts = self._settle(scope)
        last = [self.module.call(step, in_place=True) for step in self.late]
        self.module.write(scope, last, {}, self._kept())
        written = self._written()
        for place, value in enumerate(self.results):
            if texts[place] is None:
                mine = place >= len(self.results) - len(self.program.updates) and (
                    written.get(value) is self._target(place)
                )
                name = scope.name(value)
                texts[place] = name if mine else self._wrapped(name, fresh)
        kept = [text for text in texts if text is not None]
        if self.store:
            kept = self._store(scope, kept)
        self.module.add("rest", "tensors", scope, kept)

    def _kept(self) -> set[Value]:
        return {*self.results, *(value for step in self.late for value in step.operands)}

    def _written(self) -> dict[Value, Value]:
        """The results of the late steps, each with the state that it is written into."""
        return {
            result: target
            for step in self.late
            for result, target in zip(step.results, step.operands, strict=False)
        }

    def _target(self, place: int) -> Value | None:
        """The state that the result at ``place`` is an update of."""
        first = len(self.results) - len(self.program.updates)
        return self._targets()[place - first] if place >= first else None

    def _settle(self, scope: Scope) -> list[str | None]:
        """Lines that put results into their own memory, before old state is overwritten."""
        written = self._written()
        texts: list[str | None] = []
        for place, (value, own) in enumerate(zip(self.results, self.own, strict=True)):
            if value in written:
                texts.append(None)
                continue
            name = scope.name(value)
            if value is not self._target(place):
                function = contiguous if own else fresh
                scope.lines.append(f"r{place} = {self._wrapped(name, function)}")
                name = f"r{place}"
            texts.append(name)
        return texts

    def _store(self, scope: Scope, texts: Sequence[str]) -> list[str]:
        """Lines that write new state into the memory of the old; the results that are left."""
        left = []
        for place, text in enumerate(texts):
            target = self._target(place)
            if target is None or not self._stored(place):
                left.append(text)
            elif text != scope.name(target):
                scope.lines.append(f"{scope.name(target)}.copy_({text})")
        return left

    def _stored(self, place: int) -> bool:
        """Whether the update at ``place`` is written into the old state's memory."""
        target, value = self._target(place), self.results[place]
        if target is None or not self.store or target.type != value.type:
            return False
        # Inductor drops copies that look needless: where state takes another state's old value
        # they are not.
        return not self.style.traced or self.own[place] or value is target

    def stored_updates(self) -> tuple[bool, ...]:
        """See `Functions.stored`."""
        first = len(self.results) - len(self.program.updates)
        return tuple(self._stored(place) for place in range(first, len(self.results)))


def new_state(
    state: Sequence[torch.Tensor],
    updates: Sequence[tuple[int, bool]],
    results: Sequence[torch.Tensor],
) -> list[torch.Tensor]:
    """What holds the updated state after a function that stores.

    Args:
      state: the state before the run, by now overwritten.
      updates: for each update the index of the state, and whether it was stored there.
      results: the other updates.
    """
    left = iter(results)
    return [state[index] if stored else next(left) for index, stored in updates]


def _needed(steps: Sequence[Step], values: Sequence[Value]) -> set[Step]:
    wanted = set(values)
    needed: set[Step] = set()
    for step in reversed(steps):
        if not wanted.isdisjoint(step.results):
            wanted.update(step.operands)
            needed.add(step)
    return needed


def make_functions(program: Program, style: Style, *, store: bool = False) -> Functions:
    """The functions of ``program``.

    Args:
      program: every step has a lowering in ``style``.
      style: what they may do.
      store: write new state into the memory of the old, where its type is the same.
    """
    return _Writer(program, style, store=store).functions()
