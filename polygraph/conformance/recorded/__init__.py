"""Values recorded on TensorFlow: what each op type answered on concrete inputs, bit for bit.

    for case in load("elementwise"):
        answer = my_engine(case.op, case.inputs, case.attrs)
        check(answer, case.outputs, case.error)

The data lies beside this file, one ``<family>.jsonl`` for each family of ops. The first line says
which TensorFlow answered; every other line is an array that several cases share, or a case.
Arrays are written as ``[dtype, shape, base64 of the little-endian bytes]``, so that NaN payloads,
``-0.0``, subnormals and 64-bit integers survive. ``tools/record_op_values.py`` writes the files.
"""

from __future__ import annotations

import base64
import dataclasses
import functools
import json
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray[Any, Any]
_HERE = Path(__file__).parent


@dataclasses.dataclass(frozen=True, eq=False)
class RecordedCase:
    """One op type on concrete inputs, and TensorFlow's answer.

    Attributes:
        id: ``family/OpType/what it is about``, unique among all families.
        op: TF1's op type; in the family ``optimizers`` a class of ``tf.train``, with the
            variable, the gradient and, if that is sparse, its row indices as inputs, the
            constructor's arguments as attributes, and the variable after each run as outputs.
        inputs: the op's inputs in order, list arguments flattened; read-only arrays. For a
            reference input (a variable) the value before the run.
        attrs: every attribute of the node: bool, int, float, str, ``np.dtype`` for types, tuples
            for lists and shapes (``None`` for an unknown shape or dimension).
        outputs: the op's outputs in order; those of each run in turn where ``runs`` is above 1.
            None where TensorFlow raised. Fewer than the op has where it leaves the last undefined.
        after: for each reference input, by its position, its value after the run.
        error: the class of ``tf.errors`` raised (``"ValueError"`` where graph construction
            refused), or None.
        error_message: the first line of what TensorFlow said, or None.
        runs: how many consecutive runs of one session ``outputs`` holds.
        pinned: TensorFlow leaves the answer to the processor or its kernel errs (an out-of-range
            cast, a shift beyond the width, which zero is larger); what it did on x86-64 is
            recorded.
    """

    id: str
    op: str
    inputs: tuple[Array, ...]
    attrs: dict[str, Any]
    outputs: tuple[Array, ...] | None
    after: dict[int, Array]
    error: str | None
    error_message: str | None
    runs: int
    pinned: bool

    @property
    def seeds(self) -> tuple[int, int] | None:
        """``(seed, seed2)`` of a stateful random op, else None."""
        if "seed" not in self.attrs or "seed2" not in self.attrs:
            return None
        return self.attrs["seed"], self.attrs["seed2"]


def families() -> tuple[str, ...]:
    """Names of the recorded families, sorted."""
    return tuple(sorted(path.stem for path in _HERE.glob("*.jsonl")))


def source(family: str) -> dict[str, str]:
    """What recorded ``family``: versions and settings, by name.

    Raises:
        ValueError: no such family.
    """
    first = _path(family).read_text(encoding="utf-8").split("\n", 1)[0]
    header: dict[str, str] = json.loads(first)["source"]
    return header


@functools.cache
def _cases(family: str) -> tuple[RecordedCase, ...]:
    shared: dict[str, Array] = {}
    cases = []
    for line in _path(family).read_text(encoding="utf-8").splitlines()[1:]:
        entry = json.loads(line)
        if "array" in entry:
            shared[entry["array"]] = _array(entry["is"], shared)
        else:
            cases.append(_case(family, entry, shared))
    return tuple(cases)


def load(family: str) -> list[RecordedCase]:
    """The cases of one family, in the order of the file.

    Arrays are read-only and may be shared between cases: copy before writing.

    Raises:
        ValueError: no such family.
    """
    return list(_cases(family))


def _path(family: str) -> Path:
    path = _HERE / f"{family}.jsonl"
    if family not in families():
        message = f"no recorded family {family!r}; there are {', '.join(families())}"
        raise ValueError(message)
    return path


def _case(family: str, entry: dict[str, Any], shared: dict[str, Array]) -> RecordedCase:
    outputs = entry.get("outputs")
    return RecordedCase(
        id=f"{family}/{entry['op']}/{entry['label']}",
        op=entry["op"],
        inputs=tuple(_array(value, shared) for value in entry["inputs"]),
        attrs=attributes(entry["attrs"]),
        outputs=None if outputs is None else tuple(_array(value, shared) for value in outputs),
        after={int(at): _array(value, shared) for at, value in entry.get("after", {}).items()},
        error=entry.get("error"),
        error_message=entry.get("message"),
        runs=entry.get("runs", 1),
        pinned=entry.get("pinned", False),
    )


def _dtype(name: str) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def _array(value: str | list[Any], shared: dict[str, Array]) -> Array:
    if isinstance(value, str):
        return shared[value]
    name, shape, data = value
    dtype = _dtype(name).newbyteorder("<")
    array = np.frombuffer(base64.b64decode(data), dtype).reshape(shape).astype(_dtype(name))
    array.flags.writeable = False
    return array


def attributes(entry: dict[str, Any]) -> dict[str, Any]:
    """A node's attributes from their JSON; `RecordedCase` says which types they have."""
    return {name: _attr(value) for name, value in entry.items()}


def _attr(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_attr(item) for item in value)
    if isinstance(value, dict):
        if "shape" in value:
            shape = value["shape"]
            return None if shape is None else tuple(None if n < 0 else n for n in shape)
        return _dtype(value["type"])
    return value
