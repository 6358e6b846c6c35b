"""Specialise: one forward pass that turns a renamed cut into steps over concrete types.

Each operation is lowered with what is known of its operands: a NumPy array (its value is known
at plan time), a `Value` of the Program, or a `HostValue` (lives on the host: strings). What hangs
on a value that is not known yet is *deferred*, and the value *demanded*: the planner runs the
smallest stage that yields it and specialises again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.errors import InvalidArgumentError, OpError, ShapeError
from polygraph.core.ground.op_spec import Kind, ShapeContext
from polygraph.core.ground.program import Source, Value
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import Builder, NeedsValueError, building
from polygraph.core.runtime.planner.rename import (
    Answer,
    Done,
    Renamed,
    StateKey,
    Version,
    hidden_key,
    variable_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.signature import Shape
    from polygraph.core.runtime.planner.rename import Ref


class HostValue:
    """A value that lives on the host, as an object array: a string tensor."""

    __slots__ = ("shape",)

    def __init__(self, shape: Shape) -> None:
        self.shape = shape


Abstract = Value | np.ndarray[Any, Any] | HostValue


class CannotCompileError(Exception):
    """A region holds something that only a stage of its own can run.

    Attributes:
      reason: for `polygraph show` and for messages.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_RUNTIME_NAMES = {"float16": "half", "float32": "float", "float64": "double"}
"""Dtypes that TF1's run-time errors call by other names."""


def unfed(op: Operation) -> InvalidArgumentError:
    """The error of a placeholder that a run needs and nobody fed."""
    dtype, shape = op.outputs[0].dtype, op.outputs[0].get_shape()
    dims = ",".join("?" if dim.value is None else str(dim.value) for dim in shape.dims or ())
    known = f" and shape [{dims}]" if dims else ""
    name = _RUNTIME_NAMES.get(dtype.name, dtype.name)
    msg = (
        f"You must feed a value for placeholder tensor '{op.name}' with dtype {name}{known}"
        f"\n\t [[node {op.name} ({op.type}), defined at {op.frame}]]"
    )
    return InvalidArgumentError(None, op, msg)


@dataclass(slots=True, eq=False)
class Observation:
    """An operation that looks at values of a run, such as `Print`."""

    op: Operation
    refs: list[Ref]
    observe: Callable[..., None]


@dataclass(slots=True, eq=False)
class Specialised:
    """The outcome of one pass.

    Attributes:
      env: what stands for each value that has one.
      demanded: refs whose value is needed before the rest can be specialised.
      host: operations (and loops) whose turn has come to run on the host, with the renamed cut
        that they lie in.
      deferred: operations that wait for those.
      observations: what observers look at, in graph order.
    """

    builder: Builder
    env: dict[Ref, Abstract]
    demanded: dict[Ref, Operation] = field(default_factory=dict)
    host: dict[Operation, HostStep] = field(default_factory=dict)
    deferred: list[Operation] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class HostStep:
    """An operation to run on the host: its operands' refs, and why it runs there."""

    op: Operation
    operands: list[Ref | None]
    renamed: Renamed
    reason: str


def names_of(ref: Ref) -> Iterator[Ref]:
    """``ref``, and the outputs of the operations that its operation runs in the place of."""
    yield ref
    while isinstance(ref, Tensor) and "_replaces" in ref.op.attrs:
        outputs = ref.op.attrs["_replaces"].outputs
        if ref.value_index >= len(outputs):
            return
        ref = outputs[ref.value_index]
        yield ref


def _require_shapes(op: Operation, operands: Sequence[Abstract | None]) -> None:
    """Hold an operation's own rule against the shapes of this run: a variable takes no others.

    Raises:
      ShapeError: they do not fit.
    """
    rule = op.definition.shape_rule
    if rule is None:
        return
    shapes = [None if operand is None else TensorShape(operand.shape) for operand in operands]
    context = ShapeContext(op.inputs, op.attrs, shapes)
    try:
        rule(context)
    except ValueError as error:
        listed = ", ".join(str(context.shape(index)) for index in range(len(op.inputs)))
        msg = f"{error} for '{op.name}' (op: '{op.type}') with input shapes: {listed}"
        raise ShapeError(msg) from error


class Specialiser:
    """Lowers renamed cuts into one builder."""

    def __init__(
        self,
        builder: Builder,
        arrived: dict[Ref, Abstract],
        state: Callable[[StateKey], Abstract],
        initialized: Callable[[StateKey], bool],
        lower_owner: Callable[[Specialiser, Operation, Sequence[Ref | None], Renamed], None],
        capacity: int,
    ) -> None:
        env = {name: abstract for ref, abstract in arrived.items() for name in names_of(ref)}
        self.result = Specialised(builder, env)
        self._state = state
        self.initialized = initialized
        self.lower_owner = lower_owner
        self.capacity = capacity
        self._answers: dict[Operation, list[np.ndarray[Any, Any]]] = {}
        for ref, abstract in arrived.items():
            if isinstance(ref, Answer) and isinstance(abstract, np.ndarray):
                self._answers.setdefault(ref.op, []).append(abstract)

    def run(self, renamed: Renamed) -> Specialised:
        """Lower every operation of ``renamed`` that can be."""
        with building(self.result.builder):
            self.lower_all(renamed)
        return self.result

    def lookup(self, ref: Ref) -> Abstract | None:
        """What stands for ``ref``, None when it is deferred."""
        found = self.result.env.get(ref)
        if found is None and isinstance(ref, Version) and ref.writer is None:
            found = self._state(ref.key)
            self.bind(ref, found)
        return found

    def bind(self, ref: Ref, abstract: Any) -> None:
        """Let ``abstract`` stand for ``ref``."""
        if not isinstance(abstract, Value | HostValue):
            abstract = np.asarray(abstract)
        env = self.result.env
        env[ref] = abstract
        if isinstance(ref, Tensor) and "_replaces" in ref.op.attrs:
            env.update(dict.fromkeys(names_of(ref), abstract))

    def lower_all(self, renamed: Renamed) -> None:
        """Lower the operations of ``renamed`` into the open builder."""
        for op in renamed.cut.ops:
            operands = renamed.operands.get(op)
            if operands is None or self._arrived(op):
                continue
            self.result.builder.source = Source(op.type, op.name, op.frame)
            self._lower(op, operands, renamed)

    def _arrived(self, op: Operation) -> bool:
        """Whether an earlier stage or the host has computed ``op`` already."""
        env = self.result.env
        if op.outputs:
            return all(tensor in env for tensor in op.outputs)
        return Done(op) in env

    def _lower(self, op: Operation, refs: Sequence[Ref | None], renamed: Renamed) -> None:
        kind = op.definition.kind
        if kind.owns_regions:
            self.lower_owner(self, op, refs, renamed)
            return
        if kind is Kind.PLACEHOLDER:
            raise unfed(op)
        operands: list[Abstract | None] = []
        for ref in refs:
            found = None if ref is None else self.lookup(ref)
            if found is None and ref is not None:
                self.defer(op)
                return
            operands.append(found)
        if kind in {Kind.VARIABLE_PROBE, Kind.CAPACITY}:
            self._answer(op)
        elif kind is Kind.HOST or any(isinstance(operand, HostValue) for operand in operands):
            self.to_host(op, refs, renamed, f"{op.type} runs in Python")
        elif self._has_statics(op, refs, operands):
            self._call(op, refs, operands, renamed)

    def _answer(self, op: Operation) -> None:
        """Give what the planner itself knows."""
        if op.definition.kind is Kind.CAPACITY:
            self.bind(op.outputs[0], np.asarray(self.capacity, np.int32))
        else:
            self.bind(op.outputs[0], np.asarray(self.initialized(variable_of(op))))

    def defer(self, op: Operation) -> None:
        """Leave ``op`` to a later stage."""
        self.result.deferred.append(op)

    def demand(self, ref: Ref, op: Operation) -> None:
        """Ask for the value of ``ref`` and leave ``op`` to a later stage."""
        self.result.demanded[ref] = op
        self.defer(op)

    def to_host(
        self, op: Operation, refs: Sequence[Ref | None], renamed: Renamed, reason: str
    ) -> None:
        """Let the host run ``op`` between this stage and the next."""
        self.result.host[op] = HostStep(op, list(refs), renamed, reason)
        self.defer(op)

    def _has_statics(
        self, op: Operation, refs: Sequence[Ref | None], operands: Sequence[Abstract | None]
    ) -> bool:
        if not op.definition.static:
            return True
        complete = True
        for arg, span in zip(op.definition.inputs, op.spans, strict=True):
            if arg.name not in op.definition.static:
                continue
            indices = [span] if isinstance(span, int) else range(*span.indices(len(refs)))
            for index in indices:
                ref = refs[index]
                if isinstance(operands[index], Value) and ref is not None:
                    self.result.demanded[ref] = op
                    complete = False
        if not complete:
            self.defer(op)
        return complete

    def _call(
        self,
        op: Operation,
        refs: Sequence[Ref | None],
        operands: Sequence[Abstract | None],
        renamed: Renamed,
    ) -> None:
        definition = op.definition
        arguments: list[Any] = [
            list(operands[span]) if isinstance(span, slice) else operands[span] for span in op.spans
        ]
        arguments.extend(operands[len(op.inputs) :])
        builder = self.result.builder
        builder.answers, builder.asked = self._answers.get(op, ()), 0
        checks = len(builder.checks)
        try:
            if definition.kind is Kind.WRITE:
                _require_shapes(op, operands)
            raw = definition.lower(*arguments, **definition.lowering_attrs(op.attrs))
        except NeedsValueError as need:
            del builder.checks[checks:]
            del builder.check_flags[checks:]
            self.demand(self._ref_of(need.value, op, refs, operands), op)
            return
        except OpError as error:
            error.blame(op)
            raise
        except ShapeError as error:
            # The graph could not know these shapes; TF1 finds out when the operation runs.
            refusal = InvalidArgumentError(None, None, str(error))
            refusal.blame(op)
            raise refusal from error
        if raw is None:
            results: Sequence[Any] = ()
        else:
            results = raw if isinstance(raw, tuple | list) else (raw,)
        self._bind_results(op, results, renamed)
        if definition.observe is not None:
            seen = [ref for ref in refs if ref is not None]
            self.result.observations.append(Observation(op, seen, definition.observe))

    def _ref_of(
        self,
        value: Value,
        op: Operation,
        refs: Sequence[Ref | None],
        operands: Sequence[Abstract | None],
    ) -> Ref:
        """A ref for the value that the lowering of ``op`` asked for."""
        for ref, operand in zip(refs, operands, strict=True):
            if operand is value and ref is not None:
                return ref
        answer = Answer(op, self.result.builder.asked)
        self.bind(answer, value)
        return answer

    def _bind_results(self, op: Operation, results: Sequence[Any], renamed: Renamed) -> None:
        definition = op.definition
        if definition.kind is Kind.WRITE:
            written = len(definition.writes)
            for version, result in zip(renamed.versions_of(op), results[:written], strict=True):
                self.bind(version, result)
            others = iter(results[written:])
            for tensor, arg in zip(op.outputs, definition.outputs, strict=True):
                self.bind(tensor, results[0] if arg.ref else next(others))
        else:
            count = len(op.outputs)
            for tensor, result in zip(op.outputs, results[:count], strict=True):
                self.bind(tensor, result)
            for slot, result in enumerate(results[count:]):
                self.bind(Version(hidden_key(op, slot), op), result)
        if not op.outputs:
            self.bind(Done(op), np.asarray(True))  # noqa: FBT003
