"""Building blocks by calling primitives on values.

A lowering is a Python function over primitives. Called with NumPy arrays it computes; called
with `Value`s it appends steps to the innermost open `Builder`; a mix folds what is known. So one
definition serves as the meaning, as the planner's constant folding and as the Program's source.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.program import Block, Check, Source, Step, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.summary import filled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polygraph.core.ground.op import Op

Array = Value | np.ndarray[Any, Any]
"""What a lowering sees: a value of the Program, or a value known at plan time."""

FOLD_LIMIT = 4096
"""Results of more elements than this are not folded at plan time."""

_SMALL_CONSTANT = 64


class Builder:
    """Collects the steps, constants and checks of one block.

    Attributes:
      steps: in order of emission.
      constants: the arrays that steps take as operands.
      checks: with one entry of `check_flags` each.
      source: the graph operation that is being lowered.
      expands: says of an op whether to take its body in its place; None for no op.
      answers: values that earlier stages found for `known` calls of that operation, in order.
      asked: how many of them have been used.
    """

    __slots__ = (
        "_by_identity", "_interned", "answers", "asked", "check_flags", "checks", "constants",
        "expands", "source", "steps",
    )  # fmt: skip

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.constants: dict[Value, np.ndarray[Any, Any]] = {}
        self.checks: list[Check] = []
        self.check_flags: list[Array] = []
        self.source: Source | None = None
        self.expands: Callable[[Op, Sequence[TensorType]], bool] | None = None
        self.answers: Sequence[np.ndarray[Any, Any]] = ()
        self.asked = 0
        self._interned: dict[object, Value] = {}
        # Of each array the value, and the array itself: an identity holds while its owner lives.
        self._by_identity: dict[int, tuple[Value, Array]] = {}

    def value(self, array: Array) -> Value:
        """``array`` as a value of this block; known arrays become interned constants."""
        if type(array) is Value:
            return array
        found = self._by_identity.get(id(array))
        if found is None:
            found = self._by_identity[id(array)] = (self._constant(np.asarray(array)), array)
        return found[0]

    def _constant(self, known: np.ndarray[Any, Any]) -> Value:
        key: object = (
            (known.dtype, known.shape, known.tobytes())
            if known.size <= _SMALL_CONSTANT
            else id(known)
        )
        value = self._interned.get(key)
        if value is None:
            value = self._interned[key] = Value(TensorType(known.dtype, known.shape))
            self.constants[value] = known
        return value

    def emit(
        self,
        op: Op,
        operands: Sequence[Array],
        attrs: Mapping[str, Any],
        types: Sequence[TensorType],
    ) -> tuple[Value, ...]:
        """Append a step and give its results."""
        results = tuple(map(Value, types))
        self.steps.append(Step(op, tuple(map(self.value, operands)), attrs, results, self.source))
        return results

    def keep(self, step: Step, operands: Sequence[Array], inner: Mapping[str, Block]) -> None:
        """Append ``step`` over other operands and inner blocks; its results stay its results."""
        values = tuple(map(self.value, operands))
        if inner or values != step.operands:
            step = Step(step.op, values, {**step.attrs, **inner}, step.results, step.source)
        self.steps.append(step)

    def block(
        self, parameters: Sequence[Value], results: Sequence[Array], also: Sequence[Value] = ()
    ) -> Block:
        """The block of everything emitted so far that the results, and values ``also``, need."""
        from_here = tuple(map(self.value, results))
        return prune(Block(tuple(parameters), self.constants, tuple(self.steps), from_here), also)


def prune(block: Block, also: Sequence[Value] = ()) -> Block:
    """``block`` without steps and constants that its results, and values ``also``, do not need."""
    needed: set[Value] = {*block.results, *also}
    kept: list[Step] = []
    for step in reversed(block.steps):
        if not needed.isdisjoint(step.results):
            needed.update(step.operands)
            kept.append(step)
    constants = {value: array for value, array in block.constants.items() if value in needed}
    return block.replace(steps=tuple(reversed(kept)), constants=constants)


class _Stack(threading.local):
    def __init__(self) -> None:
        self.builders: list[Builder | None] = []


_stack = _Stack()


def current_builder() -> Builder | None:
    """The innermost open builder of this thread, None outside of tracing."""
    return _stack.builders[-1] if _stack.builders else None


def in_inner_block() -> bool:
    """Whether what is being built lies inside of another block: no stage can be cut there."""
    return sum(builder is not None for builder in _stack.builders) > 1


@contextmanager
def building(builder: Builder) -> Iterator[Builder]:
    """Make ``builder`` the innermost one for the duration of the block."""
    _stack.builders.append(builder)
    try:
        yield builder
    finally:
        _stack.builders.pop()


@contextmanager
def evaluating() -> Iterator[None]:
    """Compute on arrays for the duration of the block, whatever builder is open around it."""
    _stack.builders.append(None)
    try:
        yield
    finally:
        _stack.builders.pop()


def check(flag: Array, code: type[Exception], message: str, details: Sequence[Array] = ()) -> None:
    """Require that ``flag`` (``bool[]``) holds; else the run fails and changes no state.

    Outside of tracing, or where the flag is known to be false, it raises at once.

    Args:
      flag: scalar condition.
      code: the error class, one of `polygraph.core.ground.errors`.
      message: what went wrong, with one ``{}`` for each detail; ``{:3}`` shows 3 elements.
      details: values shown in the message.
    """
    builder = current_builder()
    if not isinstance(flag, Value):
        if bool(flag):
            return
        if builder is None:
            raise make_error(code, filled(message, details))
    if builder is None:
        msg = "check() on a traced value needs an open builder"
        raise RuntimeError(msg)
    values = tuple(map(builder.value, details))
    builder.checks.append(Check(code, message, builder.source, values))
    builder.check_flags.append(builder.value(flag))


def make_error(code: type[Exception], message: str) -> Exception:
    """An error of class ``code``; TF1's classes also take the node and the operation."""
    try:
        return code(None, None, message)
    except TypeError:
        return code(message)


class NeedsValueError(Exception):
    """A lowering needs the value of an operand that has none yet: the planner makes a stage."""

    def __init__(self, value: Value) -> None:
        super().__init__("needs the value of an operand")
        self.value = value


def known(array: Array) -> np.ndarray[Any, Any]:
    """The value of an operand that a lowering cannot do without.

    Raises:
      NeedsValueError: it is not known at plan time; the planner then runs a stage that yields it.
    """
    if not isinstance(array, Value):
        return np.asarray(array)
    builder = current_builder()
    if builder is None or builder.asked >= len(builder.answers):
        raise NeedsValueError(array)
    builder.asked += 1
    return builder.answers[builder.asked - 1]


def known_ints(array: Array) -> tuple[int, ...]:
    """Like `known`, as a flat tuple of Python ints (axes, shapes, permutations)."""
    return tuple(int(item) for item in known(array).reshape(-1))
