"""What a planted fault is, and the ways of planting one."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

from polygraph.conformance.walker import applier, reference_lowerings, walking_backend
from polygraph.core.runtime.discovery import make_backend

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np

    from polygraph.conformance.walker import Apply
    from polygraph.core.ground.backend import Backend, Executable, RunResult
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program, Step

    Array = np.ndarray[Any, Any]
    Plant = Callable[[], contextlib.AbstractContextManager[Backend]]
    Run = Callable[[Executable, Program, Sequence[Any], Sequence[Any]], Any]

NAME = "planted"
"""What a copy of a backend is called while it is under test."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
      name: unique.
      what: goes wrong.
      first: patterns of the cases that are asked first.
      plant: a context in which the faulty backend, called `NAME`, works.
      sound: the same copy without the fault.
    """

    name: str
    what: str
    first: tuple[str, ...]
    plant: Plant
    sound: Callable[[], Backend]


FAULTS: list[Fault] = []
"""Every fault, in the order of definition."""


def _add(function: Any, first: tuple[str, ...], plant: Plant, sound: Callable[[], Backend]) -> None:
    name = function.__name__.strip("_").replace("_", "-")
    FAULTS.append(Fault(name, (function.__doc__ or "").rstrip("."), first, plant, sound))


# Copies of the interpreter, with lowerings replaced


def sound_walker() -> Backend:
    """The engine of `polygraph.conformance.walker`, right as it is."""
    return walking_backend(NAME, applier(reference_lowerings()))


def lowering(*ops: Op, first: tuple[str, ...]) -> Callable[[Any], Any]:
    """Decorator: ``f(right, *operands, **attrs)`` is the lowering of some ops.

    ``right`` is the lowering that it replaces. A composite among the ops is claimed.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @contextlib.contextmanager
        def plant() -> Iterator[Backend]:
            table = reference_lowerings()
            for op in ops:
                table[op] = functools.partial(function, op.function)
            yield walking_backend(NAME, applier(table), table)

        _add(function, first, plant, sound_walker)
        return function

    return decorate


def stepping(first: tuple[str, ...]) -> Callable[[Any], Any]:
    """Decorator: ``f(right, step, operands)`` does every step; ``right(step, operands)`` too."""

    def decorate(function: Callable[[Apply, Step, Sequence[Array]], Any]) -> Any:
        @contextlib.contextmanager
        def plant() -> Iterator[Backend]:
            table = reference_lowerings()

            def apply(step: Step, operands: Sequence[Array]) -> Sequence[Array]:
                found: Sequence[Array] = function(right, step, operands)
                return found

            def right(step: Step, operands: Sequence[Array]) -> Sequence[Array]:
                return applier(table, apply)(step, operands)

            yield walking_backend(NAME, apply)

        _add(function, first, plant, sound_walker)
        return function

    return decorate


# Copies of the NumPy backend, with what is around the Program replaced


def sound_numpy() -> Backend:
    """The NumPy backend under the name of a copy."""
    return dataclasses.replace(make_backend("numpy", {}), name=NAME)


class Wrapped:
    """An executable whose runs go through a fault.

    Attributes:
      memory: what the fault keeps between runs.
    """

    def __init__(self, inner: Executable, program: Program, run: Run) -> None:
        self.tier = inner.tier
        self.inner = inner
        self.program = program
        self.memory: dict[str, Any] = {}
        self._run = run

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> RunResult:
        """Run the Program, wrongly."""
        found: RunResult = self._run(self, self.program, state, feeds)
        return found


def running(first: tuple[str, ...]) -> Callable[[Any], Any]:
    """Decorator: ``f(executable, program, state, feeds)`` is a run.

    ``executable.inner(state, feeds)`` is the right one; ``executable.memory`` is its own.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        @contextlib.contextmanager
        def plant() -> Iterator[Backend]:
            sound = sound_numpy()

            def compiled(program: Program) -> Wrapped:
                return Wrapped(sound.compile(program), program, function)

            yield dataclasses.replace(sound, compile=compiled)

        _add(function, first, plant, sound_numpy)
        return function

    return decorate


# Faults above the backend: something of polygraph itself, replaced for the time being


def patching(owner: Any, attribute: str, first: tuple[str, ...]) -> Callable[[Any], Any]:
    """Decorator: ``f(right, *args)`` stands for an attribute of a class, module or record."""

    def decorate(function: Callable[..., Any]) -> Any:
        @contextlib.contextmanager
        def plant() -> Iterator[Backend]:
            right = getattr(owner, attribute)

            def faulty(*args: Any, **kwargs: Any) -> Any:
                return function(right, *args, **kwargs)

            with mock.patch.object(owner, attribute, faulty):
                yield sound_numpy()

        _add(function, first, plant, sound_numpy)
        return function

    return decorate
