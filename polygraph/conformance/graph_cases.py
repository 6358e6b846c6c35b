"""Running single graph operations on a target: many in one session, alone where that fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import ConformanceFailure, require
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polygraph.conformance.target import Target
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import Arg

Known = np.ndarray[Any, Any]

AT_ONCE = 100
"""Operations in one graph, at most."""

SAME_ERROR = {"InternalError": "InvalidArgumentError"}
"""Errors that TensorFlow calls internal for some of the op types that divide by zero."""


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One operation on concrete inputs, and the answer that is wanted.

    Attributes:
      id: for messages.
      op: TF1's op type; ``Gradient<Op>`` for the gradient of the sum of its first output.
      inputs: in order, list inputs flattened; for a variable its value before the run.
      attrs: every attribute.
      outputs: the wanted outputs; None where an error is wanted.
      after: for each variable among the inputs, by position, its wanted value after the run.
      error: name of the error's class.
      judge: raises ConformanceFailure unless what was found (first) is what was wanted.
    """

    id: str
    op: str
    inputs: tuple[Known, ...]
    attrs: Mapping[str, Any]
    outputs: tuple[Known, ...] | None
    after: Mapping[int, Known]
    error: str | None
    judge: Callable[[Known, Known, str], None]

    @property
    def definition(self) -> OpDef:
        """The definition of its op type."""
        return OP_DEFS[self.op.removeprefix("Gradient")]


@dataclass(slots=True, eq=False)
class _Built:
    """A question in a graph."""

    fetches: list[Any]
    variables: dict[int, Any]


def _arguments(question: Question, feed: dict[Any, Any]) -> tuple[list[Any], dict[int, Any]]:
    """The operation's inputs as tensors; those that need not be constants are fed."""
    definition = question.definition
    arguments: list[Any] = []
    variables: dict[int, Any] = {}
    position = 0
    for arg, values in by_argument(definition, question.inputs, question.attrs):
        made = []
        for value in values:
            if arg.ref:
                variables[position] = tf.Variable(value, trainable=False)
                made.append(variables[position])
            elif arg.name in definition.static:
                made.append(tf.constant(value))
            else:
                # Of unknown shape, as when the answers were recorded: more waits for the run.
                made.append(tf.placeholder(value.dtype))
                feed[made[-1]] = value
            position += 1
        arguments.append(made if is_list(arg) else made[0])
    return arguments, variables


def is_list(arg: Arg) -> bool:
    """Whether an argument takes a list of tensors."""
    return arg.each or arg.number is not None


def by_argument(
    definition: OpDef, inputs: Sequence[Known], attrs: Mapping[str, Any]
) -> Iterator[tuple[Arg, Sequence[Known]]]:
    """Each argument with its values, of an operation's inputs with lists flattened."""
    rest = list(inputs)
    for index, arg in enumerate(definition.inputs):
        # An operation that was refused has no count: all but what the other inputs take.
        left = len(rest) - (len(definition.inputs) - index - 1)
        count = int(attrs.get(arg.number or "", left)) if is_list(arg) else 1
        yield arg, rest[:count]
        del rest[:count]


def taken_attrs(definition: OpDef, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a node's attributes that the definition takes; others say what is known anyway."""
    taken = {*definition.lower_attrs, *definition.dtypes, *definition.attr_defaults}
    found = {name: value for name, value in attrs.items() if name in taken}
    if "shape" in found:
        found["shape"] = tf.TensorShape(found["shape"])
    return found


def _build(question: Question, feed: dict[Any, Any]) -> _Built:
    arguments, variables = _arguments(question, feed)
    made = question.definition(*arguments, **taken_attrs(question.definition, question.attrs))
    outputs = list(made) if isinstance(made, list | tuple) else [made]
    if question.op.startswith("Gradient"):
        outputs = tf.gradients(tf.reduce_sum(outputs[0]), arguments)
    return _Built(outputs, variables)


@dataclass(slots=True, eq=False)
class GraphGroup:
    """Questions that share a graph, asked when the first of them is wanted."""

    questions: list[Question] = field(default_factory=list)
    _verdicts: dict[Question, Exception | None] = field(default_factory=dict)

    def check(self, target: Target, question: Question) -> None:
        """Raise what is wrong with the answer to one question."""
        if question.error is not None:
            _require_error(target, question)
            return
        if question not in self._verdicts:
            answered = [q for q in self.questions if q.error is None]
            for start in range(0, len(answered), AT_ONCE):
                self._ask(target, answered[start : start + AT_ONCE])
        verdict = self._verdicts[question]
        if verdict is not None:
            raise verdict

    def _ask(self, target: Target, questions: Sequence[Question]) -> None:
        try:
            found = _answers(target, questions)
        except Exception as error:  # noqa: BLE001 - a stranger's backend may do anything
            if len(questions) == 1:
                self._verdicts[questions[0]] = error
                return
            half = len(questions) // 2
            self._ask(target, questions[:half])
            self._ask(target, questions[half:])
            return
        for question, (outputs, after) in zip(questions, found, strict=True):
            self._verdicts[question] = _verdict(question, outputs, after)


def _answers(
    target: Target, questions: Sequence[Question]
) -> list[tuple[list[Known], dict[int, Known]]]:
    feed: dict[Any, Any] = {}
    with tf.Graph().as_default() as graph:
        built = [_build(question, feed) for question in questions]
        with target.make_session(graph) as session:
            session.run(tf.global_variables_initializer())
            outputs = session.run([_wanted(q, b) for q, b in zip(questions, built, strict=True)],
                                  feed)  # fmt: skip
            after = session.run([list(b.variables.values()) for b in built])
    return [
        (list(out), dict(zip(b.variables, values, strict=True)))
        for out, b, values in zip(outputs, built, after, strict=True)
    ]


def _wanted(question: Question, built: _Built) -> list[Any]:
    """The outputs that are compared; what TensorFlow leaves unset at the end is not."""
    if not question.definition.outputs:
        return [built.fetches[0]]
    return built.fetches[: len(question.outputs or ())]


def _verdict(
    question: Question, outputs: Sequence[Any], after: Mapping[int, Known]
) -> Exception | None:
    what = describe(question)
    try:
        for index, want in enumerate(question.outputs or ()):
            question.judge(np.asarray(outputs[index]), want, f"{what}\noutput {index}")
        for position, want in question.after.items():
            text = f"{what}\nvariable {position} after the run"
            question.judge(np.asarray(after[position]), want, text)
    except ConformanceFailure as failure:
        return failure
    return None


def describe(question: Question) -> str:
    """The operation, its inputs and attributes."""
    lines = [f"{question.id}: {question.op}"]
    for x in question.inputs:
        text = np.array2string(x, threshold=40, edgeitems=4)
        lines.append(f"  {x.dtype}{list(x.shape)} {text}")
    lines.append(f"  {dict(question.attrs)}")
    return "\n".join(lines)


def _require_error(target: Target, question: Question) -> None:
    """Require the class of error, and that it leaves variables as they were."""
    raised = question.error or ""
    wanted = {raised, SAME_ERROR.get(raised, raised)}
    feed: dict[Any, Any] = {}
    with tf.Graph().as_default() as graph:
        try:
            built = _build(question, feed)
        except (ValueError, TypeError):
            # Refused while the graph is built: earlier than TensorFlow may have, by what is known.
            return
        with target.make_session(graph) as session:
            session.run(tf.global_variables_initializer())
            try:
                session.run(built.fetches, feed)
            except tf.errors.OpError as error:
                name = type(error).__name__
                require(name in wanted, f"{describe(question)}\nraises {name}: {error}")
            else:
                msg = f"{describe(question)}\nraises nothing, not {question.error}"
                raise ConformanceFailure(msg)
            _require_unchanged(session, question, built)


def _require_unchanged(session: tf.Session, question: Question, built: _Built) -> None:
    for position, variable in built.variables.items():
        value, before = session.run(variable), question.inputs[position]
        same = np.array_equal(value, before, equal_nan=before.dtype.kind in "fc")
        require(same, f"{describe(question)}\nfails, but variable {position} became {value!r}")
