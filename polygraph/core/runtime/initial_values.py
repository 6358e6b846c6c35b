"""Initial values that do not hang on variables which may have none yet.

A variable's initial value may be computed from other variables, and one operation usually
initialises all of them, in no order. So the initializer gets a copy of the computation, in which
every variable is replaced by its value or, where it has none, by its own initial value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.graph_import import rebuild
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.control_flow import cond
from polygraph.ops.state import IsVariableInitialized

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

_KEPT = frozenset({Kind.VARIABLE_PROBE, Kind.COND, Kind.WHILE, Kind.PLACEHOLDER})
"""Kinds of operations that are taken as they are: those guard themselves or cannot be copied."""


def initialized_or(ref: Tensor, read: Callable[[], Tensor], initial: Tensor) -> Tensor:
    """The value of a variable that has one, else its initial value.

    Args:
      ref: the variable.
      read: builds the operation that reads it.
      initial: its initial value.
    """
    return cond(IsVariableInitialized(ref), read, lambda: initial)  # type: ignore[no-any-return]


def _ancestors(tensor: Tensor) -> list[Operation]:
    """The operations that ``tensor`` is computed by, each after those that it takes from."""
    ordered: list[Operation] = []
    seen: set[Operation] = set()
    pending = [(tensor.op, False)]
    while pending:
        op, ready = pending.pop()
        if ready:
            ordered.append(op)
        elif op not in seen:
            seen.add(op)
            pending.append((op, True))
            if op.definition.kind not in _KEPT:
                pending.extend((source.op, False) for source in op.inputs)
    return ordered


def _variables(op: Operation) -> dict[Operation, Any]:
    graph = op.graph
    known = graph.get_collection(GraphKeys.GLOBAL_VARIABLES)
    known += graph.get_collection(GraphKeys.LOCAL_VARIABLES)
    return {variable.op: variable for variable in known}


def safe_initial_value(value: Tensor, name: str) -> Tensor:
    """``value``, computed from initialized values of the variables that it hangs on.

    Args:
      value: the initial value of a variable.
      name: of that variable; it is appended to the names of operations that are copied.
    """
    ancestors = _ancestors(value)
    if not any(op.definition.kind is Kind.VARIABLE for op in ancestors):
        return value
    variables = _variables(value.op)
    replaced: dict[Tensor, Tensor] = {}
    for op in ancestors:
        if op in variables:
            replaced[op.outputs[0]] = variables[op].initialized_value()
            continue
        inputs = [replaced.get(tensor, tensor) for tensor in op.inputs]
        if op.definition.kind in _KEPT or inputs == list(op.inputs):
            continue
        copied = _copy(op, inputs, f"{op.name}_{name}")
        replaced.update(zip(op.outputs, copied.outputs, strict=True))
    return replaced.get(value, value)


def _copy(op: Operation, inputs: list[Tensor], name: str) -> Operation:
    attrs = {key: attr for key, attr in op.attrs.items() if key != "_variable_read"}
    with name_scope(None):
        return rebuild(op.graph, op.definition, inputs, op.spans, attrs, name)
