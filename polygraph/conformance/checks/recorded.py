"""Single graph operations in sessions, against what TensorFlow answered, bit for bit or nearly."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any

from polygraph.conformance.case import Case
from polygraph.conformance.graph_cases import GraphGroup, Question
from polygraph.conformance.recorded import load
from polygraph.conformance.recorded_bounds import judge_as, unlike
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from polygraph.conformance.recorded import RecordedCase
    from polygraph.conformance.target import Target

FAMILIES = (
    "elementwise", "special", "comparison", "cast", "reductions", "indexing", "linalg", "nn",
    "volumes", "shaping", "training",
)  # fmt: skip
"""Recorded families whose cases are single operations; the others need several runs."""

OF_SHAPES = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike", "Range"})
"""Op types of a shape, or of inputs known when the graph is planned: their dtype never reaches the
backend."""

CI_CASES = 2
"""Cases of an op type at a dtype in the fast subset, beside one error of each op type."""


def cases(target: Target) -> Iterator[Case]:
    """A case for each recorded one that has one right answer."""
    groups: defaultdict[Any, GraphGroup] = defaultdict(GraphGroup)
    taken: Counter[Any] = Counter()
    for family in FAMILIES:
        for recorded in load(family):
            if recorded.op in OP_DEFS and unlike(recorded) is None:
                case = _case(family, recorded, target, groups, taken)
                # What is refused at a dtype that the backend does not hold says nothing.
                if recorded.error is None or case.expected is None:
                    yield case


def _case(
    family: str,
    recorded: RecordedCase,
    target: Target,
    groups: defaultdict[Any, GraphGroup],
    taken: Counter[Any],
) -> Case:
    dtype = main_dtype(recorded)
    question = Question(
        id=recorded.id,
        op=recorded.op,
        inputs=recorded.inputs,
        attrs=recorded.attrs,
        outputs=recorded.outputs,
        after=recorded.after,
        error=recorded.error,
        judge=partial(judge_as, recorded.op),
    )
    in_ci = _in_ci(recorded, dtype, taken)
    expected = None
    if recorded.op not in OF_SHAPES:
        expected = missing_dtype(recorded.inputs, recorded.attrs, recorded.outputs or (), target)
    compiled = target.backend.capabilities.compiled
    key = (family if compiled else recorded.op, dtype, in_ci)
    group = GraphGroup() if expected or recorded.error else groups[key]
    group.questions.append(question)
    label = recorded.id.split("/", 2)[2].replace("/", ".")
    return Case(
        id=f"recorded/{recorded.op}-{dtype}-{label}",
        level=1,
        family="recorded",
        op=recorded.op,
        run=partial(_check, group, question),
        dtype=dtype,
        expected=expected,
        ci=in_ci,
    )


def _check(group: GraphGroup, question: Question, target: Target) -> None:
    group.check(target, question)


def main_dtype(recorded: RecordedCase) -> str:
    """The dtype that the case is about: attribute T's (the first), or an input's or output's."""
    dtype = recorded.attrs.get("T", recorded.attrs.get("SrcT"))
    if dtype is None:
        arrays = (*recorded.inputs, *(recorded.outputs or ()))
        dtype = arrays[0].dtype if arrays else recorded.attrs.get("dtype", "float32")
    return as_dtype(dtype[0] if isinstance(dtype, tuple) else dtype).name


def missing_dtype(
    inputs: Iterable[Any], attrs: Any, outputs: Iterable[Any], target: Target
) -> str | None:
    """That the backend does not hold one of the dtypes; None where it holds all."""
    dtypes = [x.dtype for x in (*inputs, *outputs)]
    dtypes += [value for value in attrs.values() if hasattr(value, "itemsize")]
    for dtype in dtypes:
        limit = target.dtype_limit(as_dtype(dtype).name)
        if limit is not None:
            return limit
    return None


def _in_ci(recorded: RecordedCase, dtype: str, taken: Counter[Any]) -> bool:
    key = (recorded.op, "error") if recorded.error else (recorded.op, dtype)
    taken[key] += 1
    return taken[key] <= (1 if recorded.error else CI_CASES)
