"""The semantics contract: questions on which engines differ, put to TensorFlow.

Each row asks one thing of one op on inputs small enough to read. The answers go, readable too,
into `polygraph/conformance/contract.json`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from op_values import contract_questions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from op_values.case import Spec

    Record = Callable[[Iterable[Spec]], Iterator[tuple[Spec, Any, dict[str, Any]]]]

SAYS = "TensorFlow 2.21 compat.v1"


def _number(value: Any) -> Any:
    """A number as JSON has it; text for what JSON lacks, so that every reader gets the same."""
    if isinstance(value, complex):
        return [_number(value.real), _number(value.imag)]
    if isinstance(value, float) and not np.isfinite(value):
        return "nan" if np.isnan(value) else ("inf" if value > 0 else "-inf")
    return value


def _readable(array: Any) -> dict[str, Any]:
    """An array as its dtype, shape and values in row-major order."""
    exact = array.astype(np.float64) if array.dtype.name in ("bfloat16", "float16") else array
    # The shortest decimal of a float32, not that of the float64 it becomes in Python.
    values = [
        _number(float(str(v)) if array.dtype == np.float32 else v.item()) for v in exact.ravel()
    ]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": values}


def _row(asked: str, spec: Spec, node: Any, answer: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = {"id": spec.label, "question": asked, "op": spec.op}
    flat = [a for value in spec.inputs for a in (value if isinstance(value, list) else [value])]
    row["inputs"] = [_readable(array) for array in flat]
    row["attrs"] = node.attrs() if node else spec.attrs
    if "error" in answer:
        row["raises"] = answer["error"]
    else:
        row["answer"] = [_readable(array) for array in answer["outputs"]]
        if answer["after"]:
            row["after"] = {str(at): _readable(array) for at, array in answer["after"].items()}
    row["pinned"] = spec.pinned
    row["source"] = SAYS
    return row


def rows(record: Record, source: dict[str, str]) -> str:
    """The contract as JSON, a row a line.

    Raises:
        ValueError: TensorFlow has no answer to a question, or two rows have one id.
    """
    questions = dict(contract_questions.questions())
    recorded = list(record(questions.values()))
    asked = {spec.label: text for text, spec in questions.items()}
    lost = set(asked) - {spec.label for spec, _, _ in recorded}
    if lost or len(asked) != len(questions):
        raise ValueError(f"no answer to {sorted(lost)}, or an id used twice")
    lines = [_row(asked[spec.label], spec, node, answer) for spec, node, answer in recorded]
    body = ",\n".join(json.dumps(line) for line in lines)
    return f'{{"recorded": {json.dumps(source)},\n"rows": [\n{body}\n]}}\n'
