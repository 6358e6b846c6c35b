"""The semantics contract: questions on which engines differ, each with one legal answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from polygraph.conformance.case import Case
from polygraph.conformance.checks.recorded import missing_dtype
from polygraph.conformance.contract import rows
from polygraph.conformance.graph_cases import GraphGroup, Question
from polygraph.conformance.recorded_bounds import judge_as
from polygraph.core.ground.dtypes import as_dtype

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.conformance.contract import ContractRow
    from polygraph.conformance.target import Target


def cases(target: Target) -> Iterator[Case]:
    """A case for each row."""
    shared = GraphGroup()
    for row in rows():
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


def _question(row: ContractRow) -> Question:
    return Question(
        id=f"{row.id}: {row.question}",
        op=row.op,
        inputs=row.inputs,
        attrs=row.attrs,
        outputs=row.answer,
        after=row.after,
        error=row.raises,
        judge=partial(judge_as, row.op),
    )


def _check(group: GraphGroup, question: Question, target: Target) -> None:
    group.check(target, question)
