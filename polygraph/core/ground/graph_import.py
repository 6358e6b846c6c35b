"""`import_graph_def`: operations built again from plain data."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.apply import output_dtypes
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.graph_def import GraphDef, NodeDef
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.shape_inference import infer_outputs, propagate_constants, set_constant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

_OUTPUT = re.compile(r"^(.*):(\d+)$")


def _split_name(name: str) -> tuple[str, int]:
    found = _OUTPUT.match(name)
    return (found[1], int(found[2])) if found else (name, 0)


def _ordered(nodes: Sequence[NodeDef]) -> list[NodeDef]:
    """The nodes, each after those that it takes from."""
    by_name = {node.name: node for node in nodes}
    done: set[str] = set()
    ordered: list[NodeDef] = []
    for node in nodes:
        pending = [(node, False)]
        while pending:
            current, ready = pending.pop()
            if current.name in done:
                continue
            if ready:
                done.add(current.name)
                ordered.append(current)
                continue
            pending.append((current, True))
            names = (_split_name(name.removeprefix("^"))[0] for name in current.input)
            pending.extend((by_name[name], False) for name in names if name in by_name)
    return ordered


def _spans(definition: OpDef, attrs: Mapping[str, Any]) -> list[slice | int]:
    spans: list[slice | int] = []
    start = 0
    for arg in definition.inputs:
        if arg.number is None and not arg.each:
            spans.append(start)
            start += 1
            continue
        count = len(attrs[arg.dtype]) if arg.each else int(attrs[str(arg.number)])
        spans.append(slice(start, start + count))
        start += count
    return spans


def rebuild(
    graph: Graph,
    definition: OpDef,
    inputs: Sequence[Tensor],
    spans: Sequence[slice | int],
    attrs: dict[str, Any],
    name: str,
    before: Sequence[Operation] = (),
) -> Operation:
    """Add an operation whose attributes and inputs are complete, and which comes after ``before``.

    Raises:
      ValueError: the static shapes do not fit.
    """
    operation = graph.add(definition, inputs, spans, attrs, name)
    if before:
        operation._add_control_inputs(before)  # noqa: SLF001 - it is being built
    operation.add_outputs(infer_outputs(operation, output_dtypes(definition, attrs)))
    graph.append(operation)
    if definition.type == "Const":
        set_constant(operation.outputs[0], attrs["value"])
    propagate_constants(operation)
    return operation


class _Import:
    """One call of `import_graph_def`: what was built so far, by the names in the data."""

    def __init__(self, input_map: Mapping[str, Any]) -> None:
        self.graph = get_default_graph()
        self.operations: dict[str, Operation] = {}
        self.mapped = {_split_name(name): value for name, value in input_map.items()}

    def tensor(self, name: str, node: NodeDef) -> Tensor:
        key = _split_name(name)
        if key in self.mapped:
            return convert_to_tensor(self.mapped[key])
        operation = self.operations.get(key[0])
        if operation is None or key[1] >= len(operation.outputs):
            msg = f"node {node.name!r} takes {name!r}, which the graph_def does not have before it"
            raise ValueError(msg)
        return operation.outputs[key[1]]

    def build(self, node: NodeDef) -> None:
        definition = OP_DEFS.get(node.op)
        if definition is None:
            msg = f"node {node.name!r} is of op type {node.op!r}, which is not known"
            raise ValueError(msg)
        if definition.kind.owns_regions:
            msg = (
                f"node {node.name!r}: a {node.op} cannot be imported, its parts are not in the data"
            )
            raise ValueError(msg)
        attrs = {
            name: attr.value
            for name, attr in node.attr.items()
            if name not in {"_class", "_output_shapes"}
        }
        inputs = [self.tensor(name, node) for name in node.input if not name.startswith("^")]
        spans = _spans(definition, attrs)
        _check_dtypes(definition, attrs, inputs, spans, node)
        before = [self.operations[name[1:]] for name in node.input if name.startswith("^")]
        operation = rebuild(self.graph, definition, inputs, spans, attrs, node.name, before)
        operation.device = node.device or operation.device
        self.operations[node.name] = operation

    def element(self, name: str) -> Tensor | Operation:
        base, index = _split_name(name)
        operation = self.operations.get(base)
        if operation is None or (":" in name and index >= len(operation.outputs)):
            msg = f"Requested return element {name!r} not found in graph_def"
            raise ValueError(msg)
        return operation.outputs[index] if ":" in name else operation


def _check_dtypes(
    definition: OpDef,
    attrs: Mapping[str, Any],
    inputs: Sequence[Tensor],
    spans: Sequence[slice | int],
    node: NodeDef,
) -> None:
    for arg, span in zip(definition.inputs, spans, strict=True):
        if arg.each or not isinstance(span, int):
            continue
        wanted = as_dtype(attrs[arg.dtype] if arg.dtype in definition.dtypes else arg.dtype)
        given = inputs[span]
        if given.dtype.base_dtype is not wanted.base_dtype:
            msg = (
                f"Input {span} of node {node.name} was passed {given.dtype.name} from "
                f"{given.name}, incompatible with expected {wanted.name}."
            )
            raise ValueError(msg)


def import_graph_def(
    graph_def: GraphDef,
    input_map: Mapping[str, Any] | None = None,
    return_elements: Sequence[str] | None = None,
    name: str | None = None,
    op_dict: None = None,
    producer_op_list: None = None,
) -> list[Tensor | Operation] | None:
    """Build the operations of ``graph_def`` in the default graph.

    Args:
      graph_def: what `Graph.as_graph_def` gave.
      input_map: tensors to take in place of those of the ``graph_def``, by their names there.
      return_elements: names in the ``graph_def`` of operations (``a``) and tensors (``a:0``).
      name: scope of the new operations, by default ``import``; ``""`` for none.
      op_dict: must be None.
      producer_op_list: ignored.

    Returns:
      The elements asked for, None where none were.

    Raises:
      TypeError: ``graph_def`` is none.
      ValueError: a name does not exist, an op type is not known or cannot be imported, or a
        mapped tensor is of the wrong dtype.
    """
    del op_dict, producer_op_list
    if not isinstance(graph_def, GraphDef):
        msg = f"graph_def must be a GraphDef, but is of type {type(graph_def).__name__}"
        raise TypeError(msg)
    building = _Import(input_map or {})
    there = {node.name for node in graph_def.node}
    absent = [f"{base}:{index}" for base, index in building.mapped if base not in there]
    if absent:
        msg = f"Attempted to map inputs that were not found in graph_def: [{', '.join(absent)}]"
        raise ValueError(msg)
    with name_scope(name, "import", list((input_map or {}).values())):
        for node in _ordered(graph_def.node):
            building.build(node)
    if return_elements is None:
        return None
    return [building.element(element) for element in return_elements]
