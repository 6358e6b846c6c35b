"""The semantics contract: questions on which engines differ, each with one legal answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.case import Case
from polygraph.conformance.checks.recorded import missing_dtype
from polygraph.conformance.contract import rows
from polygraph.conformance.graph_cases import GraphGroup, Question
from polygraph.conformance.recorded_bounds import judge_as
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from polygraph.conformance.contract import ContractRow
    from polygraph.conformance.target import Target


def cases(target: Target) -> Iterator[Case]:
    """A case for each row."""
    shared = GraphGroup()
    for row in rows():
        if row.id in OF_UNIQUE:
            continue
        expected = missing_dtype(row.inputs, row.attrs, row.answer or (), target)
        group = GraphGroup() if expected or row.raises else shared
        question = _question(row)
        group.questions.append(question)
        yield Case(
            id=f"contract/{row.id}",
            level=1,
            family="contract",
            op=row.op,
            run=partial(_check, group, question),
            dtype=as_dtype(row.inputs[0].dtype).name if row.inputs else "",
            expected=expected,
        )


NAN = float("nan")
OURS: Mapping[str, tuple[Sequence[np.ndarray[Any, Any]], str]] = {
    "top_k_nan": (
        (np.array([NAN, 3, 2, 1], np.float32), np.array([1, 2, 3, 0], np.int32)),
        "NaN counts as the largest, as it does for sort; TensorFlow's place depends on the order",
    ),
    "max_pool_nan": (
        (np.full((2, 1, 1, 1), NAN, np.float32),),
        "NaN is passed on, as max does; TensorFlow's answer depends on the processor's vectors",
    ),
}
"""Answers that polygraph declares where TensorFlow leaves them to the processor, and why."""

OF_UNIQUE = frozenset({"momentum_duplicates"})
"""Rows on repeated indices of the sparse training ops: TensorFlow's optimizers sum repeated rows
before they call them, so that the ops never see any; polygraph's ops sum them by themselves."""


def _question(row: ContractRow) -> Question:
    inputs = row.inputs
    if len(inputs) < len(OP_DEFS[row.op.removeprefix("Gradient")].inputs):
        # The gradient of a reduction over all axes.
        inputs = (*inputs, np.arange(inputs[0].ndim, dtype=np.int32))
    return Question(
        id=f"{row.id}: {row.question}",
        op=row.op,
        inputs=inputs,
        attrs=row.attrs,
        outputs=tuple(OURS[row.id][0]) if row.id in OURS else row.answer,
        after=row.after,
        error=row.raises,
        judge=partial(judge_as, row.op),
    )


def _check(group: GraphGroup, question: Question, target: Target) -> None:
    group.check(target, question)
