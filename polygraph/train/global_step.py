"""The global step: the variable that counts the steps of training in a graph."""

from __future__ import annotations

from typing import Any

from polygraph.core.ground.dtypes import int64
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.operation import Operation
from polygraph.core.runtime.get_variable import get_variable
from polygraph.ops.initializers import zeros_initializer


def assert_global_step(global_step_tensor: Any) -> None:
    """Require that a tensor or variable can count steps: a scalar of integers.

    Raises:
      TypeError: it cannot.
    """
    dtype = global_step_tensor.dtype.base_dtype
    if not dtype.is_integer:
        msg = f'Existing "global_step" does not have integer type: {dtype}'
        raise TypeError(msg)
    shape = global_step_tensor.get_shape()
    if shape.ndims != 0 and shape.is_fully_defined():
        msg = f'Existing "global_step" is not scalar: {shape}'
        raise TypeError(msg)


def _found(graph: Graph) -> Any:
    collected = graph.get_collection(GraphKeys.GLOBAL_STEP)
    if len(collected) == 1:
        return collected[0]
    if collected:
        return None
    names = {op.name for op in graph.operations}
    if "global_step" not in names:
        return None
    element = graph.as_graph_element("global_step")
    return element.outputs[0] if isinstance(element, Operation) else element


def get_global_step(graph: Graph | None = None) -> Any:
    """The variable that counts steps, None where there is none or several.

    It is the one in the collection `GraphKeys.GLOBAL_STEP`, else the tensor ``global_step:0``.

    Raises:
      TypeError: what is found cannot count steps.
    """
    step = _found(graph or get_default_graph())
    if step is not None:
        assert_global_step(step)
    return step


def create_global_step(graph: Graph | None = None) -> Any:
    """A new variable ``global_step``, an int64 that starts at 0 and is not trained.

    Raises:
      ValueError: there is one already.
    """
    graph = graph or get_default_graph()
    if get_global_step(graph) is not None:
        msg = '"global_step" already exists.'
        raise ValueError(msg)
    with graph.as_default(), graph.name_scope(None):
        return get_variable(
            GraphKeys.GLOBAL_STEP,
            shape=[],
            dtype=int64,
            initializer=zeros_initializer(),
            trainable=False,
            collections=[GraphKeys.GLOBAL_VARIABLES, GraphKeys.GLOBAL_STEP],
        )


def get_or_create_global_step(graph: Graph | None = None) -> Any:
    """The variable that counts steps, made where there is none."""
    graph = graph or get_default_graph()
    step = get_global_step(graph)
    return create_global_step(graph) if step is None else step


def global_step(sess: Any, global_step_tensor: Any) -> int:
    """The value of a global step in a session."""
    return int(sess.run(global_step_tensor))
