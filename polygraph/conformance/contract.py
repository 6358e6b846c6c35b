"""The semantics contract: questions on which engines differ, with TensorFlow's answers.

    for row in rows():
        print(row.question, row.raises or row.answer)

The rows are data, in ``contract.json`` beside this file, small enough to be read as they stand:
arrays are written as dtype, shape and values, with ``"nan"``, ``"inf"`` and ``"-inf"`` as text.
``tools/record_op_values.py contract`` writes them.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

from polygraph.conformance.recorded import attributes

Array = np.ndarray[Any, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class ContractRow:
    """One question with its one legal answer.

    Attributes:
        id: unique among the rows.
        question: what is asked, in a sentence.
        op: TF1's op type; ``Gradient<Op>`` asks for the gradient of the sum of that op's first
            output with respect to every input (over all axes, for a reduction).
        inputs: the op's inputs in order, list arguments flattened.
        attrs: every attribute of the node, as in `polygraph.conformance.recorded`.
        answer: the outputs in order, None where TensorFlow raised.
        after: for each reference input, by its position, its value after the run.
        raises: the class of ``tf.errors`` which must be raised, or None.
        pinned: TensorFlow leaves the answer to the processor; this one is declared legal.
        source: who answered.
    """

    id: str
    question: str
    op: str
    inputs: tuple[Array, ...]
    attrs: dict[str, Any]
    answer: tuple[Array, ...] | None
    after: dict[int, Array]
    raises: str | None
    pinned: bool
    source: str


def _array(entry: dict[str, Any]) -> Array:
    name = entry["dtype"]
    dtype = np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)
    values = [_number(value) for value in entry["values"]]
    # Through objects, so that 64-bit integers do not pass through float64.
    array = np.array(values, object).astype(dtype) if dtype.kind in "iu" else np.array(values)
    array = array.astype(dtype).reshape(entry["shape"])
    array.flags.writeable = False
    return array


def _number(value: Any) -> Any:
    if isinstance(value, list):
        return complex(*(_number(part) for part in value))
    return float(value) if isinstance(value, str) else value


def _row(entry: dict[str, Any]) -> ContractRow:
    answer = entry.get("answer")
    return ContractRow(
        id=entry["id"],
        question=entry["question"],
        op=entry["op"],
        inputs=tuple(_array(value) for value in entry["inputs"]),
        attrs=attributes(entry["attrs"]),
        answer=None if answer is None else tuple(_array(value) for value in answer),
        after={int(at): _array(value) for at, value in entry.get("after", {}).items()},
        raises=entry.get("raises"),
        pinned=entry["pinned"],
        source=entry["source"],
    )


@functools.cache
def rows() -> tuple[ContractRow, ...]:
    """Every row of the contract, in the order of the file."""
    path = Path(__file__).with_suffix(".json")
    return tuple(_row(entry) for entry in json.loads(path.read_text(encoding="utf-8"))["rows"])
