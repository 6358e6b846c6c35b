"""Asks TensorFlow: builds one op on concrete inputs, runs it, and reads its attributes back."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.python.framework import op_def_library, op_def_registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from op_values.case import Spec

# What TensorFlow says where its kernels have a limit that is not part of an op's meaning.
NO_KERNEL = (
    "No OpKernel was registered",
    "could not be found in the list of registered",
    "Current CPU implementations do not yet support",
    "Current implementation only supports",
)


def session(graph: tf.Graph) -> tf.Session:
    """A session which rewrites nothing, and runs its kernels in this very thread.

    TensorFlow's worker threads flush subnormal numbers to zero; the caller's thread keeps them.
    """
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=-1)
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
        self.fetches = list(self.op.outputs) or [self.op]

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
        feeds = {} if self.variables and len(self.variables) == len(self.values) else self.feeds
        try:
            sess.run(self.assigns, self.feeds)
            outputs = [v for _ in range(self.spec.runs) for v in sess.run(self.fetches, feeds)]
        except tf.errors.OpError as error:
            return {"error": type(error).__name__, "message": _first_line(error.message)}
        after = {at: sess.run(variable) for at, variable in self.variables.items()}
        return {
            "outputs": [np.asarray(v) for v in outputs if v is not None][: self.spec.defined],
            "after": after,
        }

    def attrs(self) -> dict[str, Any]:
        """Every attribute of the node, as JSON."""
        named = self.op.node_def.attr
        return {name: _from_tf(named[name]) for name in sorted(named) if name[0] != "_"}


class Optimizer:
    """An optimizer of `tf.train` on one variable, with a dense or a sparse gradient."""

    def __init__(self, spec: Spec, *, static: bool) -> None:
        self.spec = spec
        self.static = static
        initial, *gradient = spec.inputs
        self.variable = tf.Variable(initial, use_resource=False)
        grad = tf.constant(gradient[0])
        if len(gradient) > 1:
            rows = tf.constant(gradient[1])
            grad = tf.IndexedSlices(grad, rows, tf.constant(initial.shape))
        optimizer = getattr(tf.train, spec.op)(**spec.attrs)
        self.op = optimizer.apply_gradients([(grad, self.variable)])
        self.start = tf.global_variables_initializer()

    def run(self, sess: tf.Session) -> dict[str, Any]:
        """The variable after each step."""
        sess.run(self.start)
        values = []
        for _ in range(self.spec.runs):
            sess.run(self.op)
            values.append(sess.run(self.variable))
        return {"outputs": values, "after": {}}

    def attrs(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self.spec.attrs


class Gradient(Node):
    """`tf.gradients` of the sum of one op's first output, for its floating inputs.

    A reduction's axes are all of them.
    """

    def __init__(self, spec: Spec, *, static: bool) -> None:
        forward = dataclasses.replace(spec, op=spec.op.removeprefix("Gradient"))
        reduces = forward.op in ("Max", "Min")
        axes = (np.zeros(1, np.int32),) if reduces else ()
        super().__init__(dataclasses.replace(forward, inputs=(*spec.inputs, *axes)), static=static)
        self.spec = spec
        wanted = list(self.op.inputs)[: len(spec.inputs)]
        self.fetches = tf.gradients(self.op.outputs[0], wanted)


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


def record(specs: Iterable[Spec]) -> Iterator[tuple[Spec, Node | Optimizer | None, dict[str, Any]]]:
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


def _maker(op: str) -> type[Node | Optimizer]:
    if op.endswith("Optimizer"):
        return Optimizer
    return Gradient if op.startswith("Gradient") else Node


def _build(spec: Spec, *, static: bool) -> Node | Optimizer | str | None:
    """The node, or what graph construction said, or None where the op refuses the dtype.

    Each node has a graph of its own: the placer refuses a whole graph for one op without a kernel.
    """
    try:
        with tf.Graph().as_default():
            return _maker(spec.op)(spec, static=static)
    except TypeError as error:
        if "allowed values" not in str(error):
            raise
        return None
    except ValueError as error:
        return _first_line(str(error))
