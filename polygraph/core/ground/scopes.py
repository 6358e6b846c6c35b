"""The scopes and collections of the default graph, as functions."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager


def graph_of(values: Iterable[Any]) -> Graph:
    """The graph that ``values`` belong to, the default graph where none belongs to any.

    Raises:
      ValueError: they belong to several.
    """
    graph: Graph | None = None
    for value in values:
        found = getattr(value, "graph", None)
        if not isinstance(found, Graph):
            continue
        if graph is not None and found is not graph:
            msg = f"{value!r} is from another graph than the values before it"
            raise ValueError(msg)
        graph = found
    return graph or get_default_graph()


class name_scope:  # noqa: N801 - TF1's name
    """A context manager in which operations get names below a scope's.

    Entering gives the scope's name with a trailing slash, which names an operation that shall be
    called exactly like the scope.

    Args:
      name: the scope; None for ``default_name``; ``""`` for the root.
      default_name: the scope where ``name`` is None.
      values: tensors that the operations inside will take; their graph becomes the default graph.

    Raises:
      ValueError: on entering: there is no name, or the values are from several graphs.
    """

    def __init__(
        self, name: str | None, default_name: str | None = None, values: Sequence[Any] | None = None
    ) -> None:
        self._name = default_name if name is None else name
        self._values = values
        self._stack = ExitStack()

    @property
    def name(self) -> str | None:
        """The name that was asked for."""
        return self._name

    def __enter__(self) -> str:
        if self._name is None and self._values is not None:
            msg = "tf.name_scope needs a name or a default_name, but both are None"
            raise ValueError(msg)
        graph = graph_of(self._values or ())
        with ExitStack() as stack:
            if graph is not get_default_graph():
                stack.enter_context(graph.as_default())
            scope = stack.enter_context(graph.name_scope(self._name))
            self._stack = stack.pop_all()
        return scope

    def __exit__(self, *_: object) -> None:
        self._stack.close()


class op_scope(name_scope):  # noqa: N801 - TF1's name
    """`name_scope` with the order of arguments of TensorFlow before 1.0."""

    def __init__(
        self, values: Sequence[Any], name: str | None, default_name: str | None = None
    ) -> None:
        super().__init__(name, default_name, values)


def control_dependencies(control_inputs: Any) -> AbstractContextManager[None]:
    """See `Graph.control_dependencies`."""
    return get_default_graph().control_dependencies(control_inputs)


def init_scope() -> AbstractContextManager[None]:
    """A scope outside of the branches, loops and control dependencies around; names stay."""
    return get_default_graph().control_dependencies(None)


def device(device_name_or_function: Any) -> AbstractContextManager[None]:
    """See `Graph.device`."""
    return get_default_graph().device(device_name_or_function)


def container(container_name: str) -> AbstractContextManager[str]:
    """See `Graph.container`."""
    return get_default_graph().container(container_name)


def colocate_with(op: Any, ignore_existing: bool = False) -> AbstractContextManager[None]:
    """See `Graph.colocate_with`; ``op`` may be a variable or `IndexedSlices` too."""
    if op is not None and not isinstance(op, Operation):
        op = op.op
    return get_default_graph().colocate_with(op, ignore_existing)


def add_to_collection(name: Any, value: Any) -> None:
    """See `Graph.add_to_collection`."""
    get_default_graph().add_to_collection(name, value)


def add_to_collections(names: Any, value: Any) -> None:
    """See `Graph.add_to_collections`."""
    get_default_graph().add_to_collections(names, value)


def get_collection(key: Any, scope: str | None = None) -> list[Any]:
    """See `Graph.get_collection`."""
    return get_default_graph().get_collection(key, scope)


def get_collection_ref(key: Any) -> list[Any]:
    """See `Graph.get_collection_ref`."""
    return get_default_graph().get_collection_ref(key)
