"""Finding a graph's tensors and operations: themselves, by name, or by what stands for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.operation import Operation
from polygraph.core.ground.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polygraph.core.ground.graph import Graph

_TENSOR_NAME = re.compile(r"^([^:]*):(\d+)$")


def find(
    graph: Graph, obj: Any, *, allow_tensor: bool, allow_operation: bool
) -> Tensor | Operation:
    """See `Graph.as_graph_element`."""
    if not (allow_tensor or allow_operation):
        msg = "allow_tensor and allow_operation can't both be False."
        raise ValueError(msg)
    convert = getattr(obj, "_as_graph_element", None)
    if convert is not None:
        obj = convert()
    allowed = (Tensor,) * allow_tensor + (Operation,) * allow_operation
    if isinstance(obj, allowed):
        if obj.graph is not graph:
            kind = "Tensor" if isinstance(obj, Tensor) else "Operation"
            msg = f"{kind} {obj} is not an element of this graph."
            raise ValueError(msg)
        return obj
    if isinstance(obj, bytes):
        obj = obj.decode()
    if isinstance(obj, str):
        if ":" in obj and allow_tensor:
            return _tensor_named(graph, obj)
        return _operation_named(graph, obj, allow_operation=allow_operation)
    kinds = " or ".join(kind.__name__ for kind in allowed)
    msg = f"Can not convert a {type(obj).__name__} into a {kinds}."
    raise TypeError(msg)


def _operation_named(graph: Graph, name: str, *, allow_operation: bool) -> Operation:
    if ":" in name:
        msg = f"Name {name!r} appears to refer to a Tensor, not an Operation."
        raise ValueError(msg)
    operation = graph.operation_named(name)
    if allow_operation and operation is not None:
        return operation
    if allow_operation:
        msg = f"The name {name!r} refers to an Operation not in the graph."
        raise KeyError(msg)
    what = (
        f"looks like the name of an operation, and there is none of it in the graph: {name!r}"
        if operation is None
        else f"refers to an Operation, not a Tensor; it has {len(operation.outputs)} outputs"
    )
    msg = f'The name {name!r} {what}. Tensor names are of the form "<op_name>:<output_index>".'
    raise ValueError(msg)


def _tensor_named(graph: Graph, name: str) -> Tensor:
    found = _TENSOR_NAME.match(name)
    if found is None:
        msg = (
            f"The name {name!r} looks like a Tensor name, but is no valid one: those are "
            'of the form "<op_name>:<output_index>".'
        )
        raise ValueError(msg)
    operation = graph.operation_named(found[1])
    if operation is None:
        msg = (
            f"The name {name!r} refers to a Tensor which does not exist: there is no operation "
            f"{found[1]!r} in the graph."
        )
        raise KeyError(msg)
    if int(found[2]) >= len(operation.outputs):
        msg = (
            f"The name {name!r} refers to a Tensor which does not exist: the operation "
            f"{found[1]!r} has only {len(operation.outputs)} outputs."
        )
        raise KeyError(msg)
    return operation.outputs[int(found[2])]


def operations(graph: Graph, items: Iterable[Any]) -> list[Operation]:
    """The operations behind tensors, variables, slices, names and operations, each once.

    Raises:
      TypeError: an item is none of these.
      ValueError: an item belongs to another graph.
    """
    found: dict[Operation, None] = {}
    for item in items:
        if hasattr(item, "values") and hasattr(item, "indices"):
            item = item.values  # noqa: PLW2901 - slices depend on their values
        element = graph.as_graph_element(item)
        found[element.op if isinstance(element, Tensor) else element] = None
    return list(found)
