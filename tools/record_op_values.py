"""Record what TensorFlow's CPU kernels answer, for `polygraph.conformance.recorded`.

    python tools/record_op_values.py                  every family, and the semantics contract
    python tools/record_op_values.py cast linalg      these only

Needs `tensorflow-cpu` (2.21 recorded the committed files), and nothing of polygraph.
Each case is one op in a `tf.compat.v1` graph, its inputs fed through placeholders of unknown shape
(of static shape where graph construction insists on it) so that the kernel runs and checks them;
Grappler, constant folding and oneDNN are off and there is one thread. A case for which TensorFlow
has no CPU kernel is left out.
"""

from __future__ import annotations

import base64
import collections
import hashlib
import importlib
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.update(
    TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0", CUDA_VISIBLE_DEVICES=""
)  # must be set before TensorFlow is imported

import numpy as np
import tensorflow.compat.v1 as tf
from op_values import contract
from tensorflow.python.framework import op_def_library, op_def_registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from op_values.case import Spec

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "polygraph" / "conformance"
FAMILIES = tuple(
    "elementwise comparison cast reductions shaping indexing linalg nn training random".split(" ")  # noqa: SIM905
)
    "elementwise",
    "comparison",
    "cast",
    "reductions",
    "shaping",
    "indexing",
    "linalg",
    "nn",
    "training",
    "random",
)
SOURCE = {
    "tensorflow": str(tf.__version__),
    "numpy": np.__version__,
    "settings": "compat.v1 Session, x86-64 CPU, one thread, graph optimisers and oneDNN off",
}
SHARED = 60  # characters from which an array used twice is written once
NO_KERNEL = ("No OpKernel was registered", "could not be found in the list of registered")


def session(graph: tf.Graph) -> tf.Session:
    """A session which rewrites nothing."""
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    config.graph_options.optimizer_options.opt_level = tf.OptimizerOptions.L0
    return tf.Session(graph=graph, config=config)


class Node:
    """One spec built into the current graph."""

    def __init__(self, spec: Spec, *, static: bool) -> None:
        self.spec = spec
        self.static = static
        self.feeds: dict[tf.Tensor, Any] = {}
        self.values: list[Any] = []
        self.variables: dict[int, tf.Tensor] = {}
        self.assigns: list[tf.Operation] = []
        self.op_def = op_def_registry.get(spec.op)
        args = {
            arg.name: self._argument(arg, value)
            for arg, value in zip(self.op_def.input_arg, spec.inputs, strict=True)
        }
        op_def_library.apply_op(spec.op, **args, **_attrs(self.op_def, spec.attrs))
        self.op = tf.get_default_graph().get_operations()[-1]

    def _argument(self, arg: Any, value: Any) -> Any:
        if arg.number_attr or arg.type_list_attr:
            return [self._tensor(arg, item) for item in value]
        return self._tensor(arg, value)

    def _tensor(self, arg: Any, value: Any) -> tf.Tensor:
        position = len(self.values)
        self.values.append(value)
        shape = value.shape if self.static else None
        fed = tf.placeholder(tf.as_dtype(value.dtype), shape)
        self.feeds[fed] = value
        if not arg.is_ref:
            return fed
        variable = tf.raw_ops.VariableV2(shape=tf.TensorShape(None), dtype=fed.dtype)
        self.variables[position] = variable
        self.assigns.append(tf.assign(variable, fed, validate_shape=False).op)
        return variable

    def run(self, sess: tf.Session) -> dict[str, Any]:
        """Outputs, the values of variables afterwards, or the error."""
        fetches = list(self.op.outputs) or [self.op]
        sess.run(self.assigns, self.feeds)
        feeds = {} if self.variables and len(self.variables) == len(self.values) else self.feeds
        try:
            outputs = [v for _ in range(self.spec.runs) for v in sess.run(fetches, feeds)]
        except tf.errors.OpError as error:
            return {"error": type(error).__name__, "message": _first_line(error.message)}
        after = {at: sess.run(variable) for at, variable in self.variables.items()}
        return {"outputs": [np.asarray(v) for v in outputs if v is not None], "after": after}

    def attrs(self) -> dict[str, Any]:
        """Every attribute of the node, as JSON."""
        named = self.op.node_def.attr
        return {name: _from_tf(named[name]) for name in sorted(named) if name[0] != "_"}


def _first_line(message: str) -> str:
    """What the kernel said, without the stack of the node and its name."""
    said = re.sub(r"(?s)^Graph execution error:.*?\nNode: '[^\n]*'\n", "", message)
    line = said.split("\n", 1)[0]
    line = re.sub(r"\s*\[\[\{\{.*", "", line)
    return re.sub(r"\{\{(function_)?node [^}]*\}\}\s*", "", line)[:160]


def _attrs(op_def: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The attributes given and the defaults of the rest, as TensorFlow's builder takes them."""
    inferred = {
        name
        for arg in op_def.input_arg
        for name in (arg.type_attr, arg.number_attr, arg.type_list_attr)
    }
    result = {}
    for attr in op_def.attr:
        if attr.name in given:
            result[attr.name] = _to_tf(attr.type, given[attr.name])
        elif attr.name not in inferred and attr.HasField("default_value"):
            result[attr.name] = _to_tf(attr.type, _from_tf(attr.default_value))
    return result


def _to_tf(kind: str, value: Any) -> Any:
    """An attribute in TensorFlow's terms; ``value`` in ours or as `_from_tf` gives it."""
    if kind == "type":
        return tf.as_dtype(value["type"] if isinstance(value, dict) else value)
    if kind == "shape":
        return tf.TensorShape(value["shape"] if isinstance(value, dict) else value)
    if kind == "list(type)":
        return [_to_tf("type", item) for item in value]
    return value


def _from_tf(attr: Any) -> Any:
    kind = attr.WhichOneof("value")
    if kind == "s":
        return attr.s.decode()
    if kind == "type":
        return {"type": tf.as_dtype(attr.type).name}
    if kind == "shape":
        shape = attr.shape
        return {"shape": None if shape.unknown_rank else [d.size for d in shape.dim]}
    if kind == "list":
        return _list_from_tf(attr.list)
    return getattr(attr, kind)


def _list_from_tf(value: Any) -> list[Any]:
    if value.s:
        return [item.decode() for item in value.s]
    if value.type:
        return [{"type": tf.as_dtype(item).name} for item in value.type]
    return [*value.i, *value.f, *value.b]


def record(specs: Iterable[Spec]) -> Iterator[tuple[Spec, Node | None, dict[str, Any]]]:
    """Each spec with its node and TensorFlow's answer; dtypes without a kernel are left out."""
    for spec in specs:
        node = _build(spec, static=False)
        if isinstance(node, str):
            # Some shape functions insist on static shapes.
            node = _build(spec, static=True)
        if isinstance(node, str):
            yield spec, None, {"error": "ValueError", "message": node}
        elif node is not None:
            with session(node.op.graph) as sess:
                answer = node.run(sess)
            if not _lacks_kernel(answer):
                yield spec, node, answer


def _lacks_kernel(answer: dict[str, Any]) -> bool:
    if answer.get("error") == "UnimplementedError":
        return True
    return any(text in answer.get("message", "") for text in NO_KERNEL)


def _build(spec: Spec, *, static: bool) -> Node | str | None:
    """The node, or what graph construction said, or None where the op refuses the dtype.

    Each node has a graph of its own: the placer refuses a whole graph for one op without a kernel.
    """
    try:
        with tf.Graph().as_default():
            return Node(spec, static=static)
    except TypeError as error:
        if "allowed values" not in str(error):
            raise
        return None
    except ValueError as error:
        return _first_line(str(error))


def _encode(array: Any) -> list[Any]:
    little = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    data = base64.b64encode(little.tobytes()).decode()
    return [array.dtype.name, list(array.shape), data]


def _dump(entry: Any) -> str:
    return json.dumps(entry, separators=(",", ":"))


def _flat(spec: Spec) -> list[Any]:
    return [a for value in spec.inputs for a in (value if isinstance(value, list) else [value])]


def _entry(spec: Spec, node: Node | None, answer: dict[str, Any]) -> dict[str, Any]:
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
