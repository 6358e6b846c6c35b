"""Record what TensorFlow's CPU kernels answer, for `polygraph.conformance.recorded`.

    python tools/record_op_values.py                  every family, and the semantics contract
    python tools/record_op_values.py cast linalg      these only

Needs `tensorflow-cpu` (2.21 recorded the committed files), and nothing of polygraph.
Each case is one op in a `tf.compat.v1` graph, its inputs fed through placeholders of unknown shape
(of static shape where graph construction insists on it) so that the kernel runs and checks them;
Grappler, constant folding and oneDNN are off. Kernels run in the caller's thread, which keeps
subnormals where TensorFlow's own worker threads would flush them to zero. A case for which
TensorFlow has no CPU kernel is left out.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import importlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.update(
    TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES=""
)  # must be set before TensorFlow is imported

import numpy as np
import tensorflow.compat.v1 as tf
from op_values import contract
from op_values.ask import Node, Optimizer, record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from op_values.case import Spec

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "polygraph" / "conformance"
FAMILIES = (
    *("elementwise", "special", "comparison", "cast", "reductions", "shaping", "volumes"),
    *("indexing", "linalg", "nn", "training", "optimizers", "random"),
)
SOURCE = {
    "tensorflow": str(tf.__version__),
    "numpy": np.__version__,
    "settings": "compat.v1 Session, x86-64 CPU, graph optimisers and oneDNN off, one thread, "
    "which keeps subnormals (TensorFlow's worker threads flush them)",
}
SHARED = 60  # characters from which an array used twice is written once


def _encode(array: Any) -> list[Any]:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data = base64.b64encode(little.tobytes()).decode()
    return [array.dtype.name, list(array.shape), data]


def _dump(entry: Any) -> str:
    return json.dumps(entry, separators=(",", ":"))


def _flat(spec: Spec) -> list[Any]:
    return [a for value in spec.inputs for a in (value if isinstance(value, list) else [value])]


def _entry(spec: Spec, node: Node | Optimizer | None, answer: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {"op": spec.op, "label": spec.label}
    entry["attrs"] = node.attrs() if node else spec.attrs
    entry["inputs"] = [_encode(a) for a in _flat(spec)]
    if spec.runs > 1:
        entry["runs"] = spec.runs
    if spec.pinned:
        entry["pinned"] = True
    if "error" in answer:
        return entry | answer
    entry["outputs"] = [_encode(a) for a in answer["outputs"]]
    if answer["after"]:
        entry["after"] = {str(at): _encode(a) for at, a in answer["after"].items()}
    return entry


def _arrays(entry: dict[str, Any]) -> Iterator[tuple[dict[Any, Any] | list[Any], Any]]:
    """Every place in an entry that holds an array: container and key."""
    for name in ("inputs", "outputs"):
        values = entry.get(name, [])
        yield from ((values, at) for at in range(len(values)))
    after = entry.get("after", {})
    yield from ((after, at) for at in after)


def _lines(entries: list[dict[str, Any]]) -> Iterator[str]:
    """The file: header, then cases, each after the shared arrays that it is the first to use."""
    yield _dump({"source": SOURCE})
    texts = [_dump(box[at]) for entry in entries for box, at in _arrays(entry)]
    uses = collections.Counter(texts)
    written: set[str] = set()
    for entry in entries:
        for box, at in _arrays(entry):
            text = _dump(box[at])
            if uses[text] == 1 or len(text) < SHARED:
                continue
            name = hashlib.sha256(text.encode()).hexdigest()[:10]
            if name not in written:
                yield f'{{"array":"{name}","is":{text}}}'
                written.add(name)
            box[at] = name
        yield _dump(entry)


def record_family(family: str) -> None:
    """Write one family's file and print how many cases it holds."""
    specs = list(importlib.import_module(f"op_values.{family}").specs())
    entries = [_entry(*recorded) for recorded in record(specs)]
    names = collections.Counter((e["op"], e["label"]) for e in entries)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        sys.exit(f"{family}: two cases of one name: {twice[:10]}")
    text = "\n".join(_lines(entries)) + "\n"
    (TARGET / "recorded" / f"{family}.jsonl").write_text(text, encoding="utf-8")
    errors = sum("error" in entry for entry in entries)
    ops = sorted({e["op"] for e in entries})
    print(
        f"{family}: {len(entries)} cases of {len(ops)} op types ({errors} raise), "
        f"{len(specs) - len(entries)} left out, {len(text) / 1e3:.0f} kB"
    )
    missing = sorted({s.op for s in specs} - set(ops))
    if missing:
        print(f"  no kernel for any dtype: {', '.join(missing)}")


def main(names: list[str]) -> None:
    """Record the families called ``names``, all of them and the contract if none is."""
    tf.disable_v2_behavior()
    np.seterr(all="ignore")
    for family in names or FAMILIES:
        if family != "contract":
            record_family(family)
    if not names or "contract" in names:
        rows = contract.rows(record, SOURCE)
        (TARGET / "contract.json").write_text(rows, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
