"""Fetch structures: what `Session.run` was asked for, flattened, and results put back in shape."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import InaccessibleTensorError
from polygraph.core.ground.indexed_slices import IndexedSlices, IndexedSlicesValue
from polygraph.core.ground.operation import Operation
from polygraph.core.ground.sparse_tensor import SparseTensor, SparseTensorValue
from polygraph.core.ground.tensor import Tensor
from polygraph.ops.session_handles import GetSessionHandle, TensorHandle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.graph import Graph

    Build = Callable[[list[Any]], Any]

_expansions: list[tuple[type, Callable[[Any], tuple[list[Any], Callable[[list[Any]], Any]]]]] = []


def register_fetch_expansion(
    type_: type, expand: Callable[[Any], tuple[list[Any], Callable[[list[Any]], Any]]]
) -> None:
    """Let instances of ``type_`` be fetched.

    Args:
      type_: the type.
      expand: gives what to fetch in its stead, and how to build the result from the values.
    """
    _expansions.append((type_, expand))


def _slices_value(values: list[Any]) -> IndexedSlicesValue:
    return IndexedSlicesValue(values[0], values[1], values[2] if len(values) > 2 else None)  # noqa: PLR2004


register_fetch_expansion(
    IndexedSlices,
    lambda slices: (
        [slices.values, slices.indices]
        + ([] if slices.dense_shape is None else [slices.dense_shape]),
        _slices_value,
    ),
)


register_fetch_expansion(
    SparseTensor,
    lambda sparse: (
        [sparse.indices, sparse.values, sparse.dense_shape],
        lambda values: SparseTensorValue(*values),
    ),
)


class Fetches:
    """A fetch structure, taken apart.

    Attributes:
      tensors: the tensors wanted, each once.
      operations: the operations wanted.
      single: the structure is one tensor.
    """

    __slots__ = ("_build", "_positions", "operations", "single", "tensors")

    def __init__(self, graph: Graph, structure: Any) -> None:
        self.operations: dict[Operation, None] = {}
        self._positions: dict[Tensor, int] = {}
        self._build = self._visit(graph, structure)
        self.tensors: Sequence[Tensor] = list(self._positions)
        self.single = isinstance(structure, Tensor) and not _is_handle(structure)

    def build(self, values: list[Any]) -> Any:
        """The structure with values in place of tensors, None in place of operations."""
        if self.single:
            value = values[0]
            return value[()] if value.ndim == 0 else value
        return self._build([value[()] if value.ndim == 0 else value for value in values])

    def _visit(self, graph: Graph, item: Any) -> Build:
        if item is None:
            msg = "Fetch argument None has invalid type <class 'NoneType'>: nothing to fetch"
            raise TypeError(msg)
        if isinstance(item, list | tuple):
            return self._visit_sequence(graph, item)
        if isinstance(item, Mapping):
            return self._visit_mapping(graph, item)
        for type_, expand in _expansions:
            if isinstance(item, type_):
                parts, finish = expand(item)
                builds = [self._visit(graph, part) for part in parts]
                return lambda values: finish([build(values) for build in builds])
        return self._visit_leaf(graph, item)

    def _visit_sequence(self, graph: Graph, items: Any) -> Build:
        builds = [self._visit(graph, item) for item in items]
        make = type(items)
        if hasattr(items, "_fields"):
            return lambda values: make(*[build(values) for build in builds])
        return lambda values: make([build(values) for build in builds])

    def _visit_mapping(self, graph: Graph, items: Mapping[Any, Any]) -> Build:
        builds = [(key, self._visit(graph, item)) for key, item in items.items()]
        make: Callable[..., Any] = type(items)
        if isinstance(items, defaultdict):
            make = functools.partial(make, items.default_factory)
        return lambda values: make([(key, build(values)) for key, build in builds])

    def _visit_leaf(self, graph: Graph, item: Any) -> Build:
        element = _element(graph, item)
        if isinstance(element, Operation):
            self.operations[element] = None
            return lambda _: None
        position = self._positions.setdefault(element, len(self._positions))
        if _is_handle(element):
            return lambda values: TensorHandle(values[position].decode())
        return lambda values: values[position]


def _is_handle(tensor: Tensor) -> bool:
    return tensor.op.definition is GetSessionHandle


def _element(graph: Graph, item: Any) -> Tensor | Operation:
    try:
        element = graph.as_graph_element(item)
    except TypeError as error:
        msg = (
            f"Fetch argument {item!r} has invalid type {type(item)}, must be a string or Tensor. "
            f"({error})"
        )
        raise TypeError(msg) from error
    except ValueError as error:
        msg = f"Fetch argument {item!r} cannot be interpreted as a Tensor. ({error})"
        raise ValueError(msg) from error
    except KeyError as error:
        msg = f"Fetch argument {item!r} cannot be interpreted as a Tensor. ({error.args[0]})"
        raise ValueError(msg) from error
    op = element.op if isinstance(element, Tensor) else element
    if op.region is not None:
        msg = (
            f"Operation {op.name!r} ({op.frame}) has been marked as not fetchable: it lies inside "
            f"a branch or loop ({op.region.name}); fetch what the tf.cond or tf.while_loop gives"
        )
        raise InaccessibleTensorError(msg)
    if not graph.is_fetchable(element):
        msg = f"Operation {op.name!r} ({op.frame}) has been marked as not fetchable."
        raise InaccessibleTensorError(msg)
    return element
