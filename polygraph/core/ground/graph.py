"""`Graph`: the append-only structure that a TF1 program assembles."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from polygraph.core.ground import graph_elements, source
from polygraph.core.ground.graph_def import GraphDef, VersionDef, node_of
from polygraph.core.ground.naming import Names
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.operation import Operation
from polygraph.core.ground.placement import (
    Dependencies,
    colocation_of,
    device_of,
    merge_devices,
)
from polygraph.core.ground.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.region import Region


class Graph:
    """Operations in the order of their creation, with names, collections and scopes.

    Attributes:
      edits: counts changes of operations that exist; appending is none.
      region: the cond branch or loop part that new operations go to.
      current_container: the `container` that new variables are said to be in.
      seed: the graph's random seed (`tf.set_random_seed`), None when unset.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.edits = 0
        self.region: Region | None = None
        self.seed: int | None = None
        self.seeds_drawn = 0
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._names = Names()
        self._collections: dict[Any, list[Any]] = {}
        self._dependencies: list[Dependencies] = []
        self._devices: list[Any] = []
        self._colocation: list[Operation] = []
        self._gradient_overrides: list[dict[str, str]] = []
        self._finalized = False
        self.current_container = ""
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[object] = set()

    # Operations

    def add(
        self,
        definition: OpDef,
        inputs: Sequence[Tensor],
        spans: Sequence[slice | int],
        attrs: dict[str, Any],
        name: str,
    ) -> Operation:
        """Build an operation without outputs and name it; `append` finishes it.

        Raises:
          RuntimeError: the graph is finalized.
          ValueError: an input belongs to another graph, or the name is none or is taken.
        """
        self._check_not_finalized()
        for tensor in inputs:
            self.require_member(tensor.op)
        unique = self._names.for_operation(name or definition.type)
        if unique in self._by_name:
            # Only a name with a trailing slash comes through as it is.
            msg = f"Duplicate node name in graph: {unique!r}"
            raise ValueError(msg)
        self._require_within_reach(inputs, unique)
        operation = Operation(
            self,
            definition,
            unique,
            inputs,
            spans,
            attrs,
            self._control_inputs_for(inputs) if self._dependencies else (),
            "",
            self.region,
            source.capture(),
        )
        operation.colocation = colocation_of(operation, self._colocation)
        for overrides in self._gradient_overrides:
            if definition.type in overrides:
                attrs["_gradient_op_type"] = overrides[definition.type].encode()
        return operation

    def _require_within_reach(self, inputs: Sequence[Tensor], name: str) -> None:
        """Refuse what lies in a loop that the new operation lies outside of."""
        here = self.region
        for tensor in inputs:
            region = tensor.op.region
            if region is None or region is here or region.owner is None:
                continue
            if region.owner.definition.kind is Kind.WHILE and (
                here is None or region not in here.chain()
            ):
                inside = tensor.op.name
                msg = (
                    f"Cannot use '{inside}' as input to '{name}' because '{inside}' is in a while "
                    "loop. It has a value in each turn: let the body give it for a loop variable."
                )
                raise ValueError(msg)

    def append(self, operation: Operation) -> None:
        """Add a finished operation to the graph's list."""
        with self.lock:
            operation.id = len(self._operations)
            self._operations.append(operation)
            self._by_name[operation.name] = operation
        for tensor in operation.inputs:
            tensor._consumers.append(operation)  # noqa: SLF001 - both ends of one edge
        operation.device = device_of(operation, self._devices, self._colocation)
        for dependencies in self._dependencies:
            dependencies.inside.add(operation)

    def get_operations(self) -> list[Operation]:
        """All operations in the order of their creation."""
        return list(self._operations)

    @property
    def operations(self) -> list[Operation]:
        """The graph's own list of operations; not to be changed."""
        return self._operations

    @property
    def version(self) -> int:
        """Grows when operations are added."""
        return len(self._operations)

    @property
    def building_function(self) -> bool:
        """Whether it is a function's body: never, for there are no such graphs here."""
        return False

    @property
    def graph_def_versions(self) -> VersionDef:
        """The version of TF1's format that `as_graph_def` follows."""
        return VersionDef()

    def require_member(self, op: Operation) -> None:
        """Raise ValueError where ``op`` belongs to another graph."""
        if op.graph is not self:
            msg = (
                f"{op.name!r} ({op.frame}) is from another graph: operations and tensors can only "
                "be used together within one tf.Graph"
            )
            raise ValueError(msg)

    def finalize(self) -> None:
        """Make the graph read-only."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    @property
    def finalized(self) -> bool:
        """Whether the graph is read-only."""
        return self._finalized

    def _check_not_finalized(self) -> None:
        if self._finalized:
            msg = "Graph is finalized and cannot be modified."
            raise RuntimeError(msg)

    # Names

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """A name that no operation or scope has yet, in the current name scope."""
        return self._names.unique(name, mark_as_used=mark_as_used)

    def name_scope(self, name: str | None) -> AbstractContextManager[str]:
        """A name scope to enter; entering gives its name with a trailing slash."""
        return self._names.entered(name)

    def get_name_scope(self) -> str:
        """The current name scope, without a trailing slash."""
        return self._names.scope

    def as_graph_element(
        self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True
    ) -> Tensor | Operation:
        """The tensor or operation that ``obj`` is or names.

        Raises:
          TypeError: ``obj`` is of a type that cannot be one.
          ValueError: it is from another graph, or its name is malformed.
          KeyError: there is none of that name.
        """
        return graph_elements.find(
            self, obj, allow_tensor=allow_tensor, allow_operation=allow_operation
        )

    def operation_named(self, name: str) -> Operation | None:
        """The operation of that name, None where there is none."""
        return self._by_name.get(name)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation of that name; errors as `as_graph_element`."""
        if not isinstance(name, str):
            msg = f"Operation names are strings (or similar), not {type(name).__name__}."
            raise TypeError(msg)
        return cast("Operation", self.as_graph_element(name, allow_tensor=False))

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor of that name (``op:0``); errors as `as_graph_element`."""
        if not isinstance(name, str):
            msg = f"Tensor names are strings (or similar), not {type(name).__name__}."
            raise TypeError(msg)
        return cast("Tensor", self.as_graph_element(name, allow_operation=False))

    # Collections

    def add_to_collection(self, name: Any, value: Any) -> None:
        """Append ``value`` to a collection."""
        self._check_not_finalized()
        self._collections.setdefault(name, []).append(value)

    def add_to_collections(self, names: Any, value: Any) -> None:
        """Append ``value`` to each of several collections, once each."""
        for name in {names: None} if isinstance(names, str) else dict.fromkeys(names):
            self.add_to_collection(name, value)

    def get_collection_ref(self, name: Any) -> list[Any]:
        """The collection's own list, made when absent."""
        return self._collections.setdefault(name, [])

    def get_collection(self, name: Any, scope: str | None = None) -> list[Any]:
        """A copy of a collection; with ``scope``, the items whose name it matches as a pattern."""
        items = self._collections.get(name, [])
        if scope is None:
            return list(items)
        pattern = re.compile(scope)
        return [item for item in items if hasattr(item, "name") and pattern.match(item.name)]

    def get_all_collection_keys(self) -> list[Any]:
        """Names of the collections."""
        return [name for name in self._collections if isinstance(name, str)]

    @property
    def collections(self) -> list[Any]:
        """Names of the collections."""
        return list(self._collections)

    def clear_collection(self, name: Any) -> None:
        """Empty a collection."""
        self._check_not_finalized()
        self._collections.pop(name, None)

    # Scopes that say something of the operations built inside

    def control_dependencies(
        self, control_inputs: Sequence[Any] | None
    ) -> AbstractContextManager[None]:
        """Operations built inside run after ``control_inputs``; None clears what is around.

        Raises:
          TypeError: an element is neither an operation nor a tensor.
          ValueError: an element belongs to another graph.
        """
        # Looked up at once, not on entering: what is wrong is the call.
        ops = graph_elements.operations(self, () if control_inputs is None else control_inputs)
        return self._depending(Dependencies(ops), afresh=control_inputs is None)

    @contextmanager
    def _depending(self, block: Dependencies, *, afresh: bool) -> Iterator[None]:
        outer, region = self._dependencies, self.region
        if afresh:
            self._dependencies = [block]
            self.region = None
        else:
            self._dependencies = [*outer, block]
        try:
            yield
        finally:
            self._dependencies = outer
            self.region = region

    @contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Note a container for the variables built inside; a session keeps its own either way."""
        outer = self.current_container
        self.current_container = container_name
        try:
            yield container_name
        finally:
            self.current_container = outer

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Ask for a device for the operations built inside: a name, a function, or None.

        Raises:
          ValueError: the name is no device's.
        """
        if device_name_or_function is not None and not callable(device_name_or_function):
            merge_devices("", str(device_name_or_function))
        outer = self._devices
        self._devices = [*outer, device_name_or_function]
        try:
            yield
        finally:
            self._devices = outer

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Operations built inside ask to stand where ``op`` does; None asks for nothing.

        Raises:
          ValueError: ``op`` is None, and what is around shall not be ignored.
        """
        if op is None and not ignore_existing:
            msg = "Trying to reset colocation (op is None) but ignore_existing is not True"
            raise ValueError(msg)
        outer, devices = self._colocation, self._devices
        if op is None:
            self._colocation = []
        else:
            element = self.as_graph_element(op)
            first = element.op if isinstance(element, Tensor) else element
            self._colocation = [first] if ignore_existing else [*outer, first]
        self._devices = []
        try:
            yield
        finally:
            self._colocation, self._devices = outer, devices

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Operations built inside use other gradients, registered by name.

        Raises:
          TypeError: it is no dictionary of op types and names.
        """
        if not isinstance(op_type_map, dict) or not all(
            isinstance(name, str) for pair in op_type_map.items() for name in pair
        ):
            msg = (
                "op_type_map must be a dictionary mapping strings to strings, but is "
                f"{op_type_map!r}"
            )
            raise TypeError(msg)
        self._gradient_overrides.append(dict(op_type_map))
        try:
            yield
        finally:
            self._gradient_overrides.pop()

    @contextmanager
    def in_region(self, region: Region | None) -> Iterator[None]:
        """Operations built inside belong to ``region``; control dependencies start afresh."""
        outer, dependencies = self.region, self._dependencies
        self.region, self._dependencies = region, []
        try:
            yield
        finally:
            self.region, self._dependencies = outer, dependencies

    def _control_inputs_for(self, inputs: Sequence[Tensor]) -> list[Operation]:
        result: list[Operation] = []
        producers = [tensor.op for tensor in inputs]
        for block in self._dependencies:
            # An input built inside the block comes after its dependencies already.
            if block.inside.isdisjoint(producers):
                result.extend(op for op in block.ops if op not in result and op not in producers)
        return result

    # What may be fed and fetched

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Refuse ``tensor`` as a feed."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Any) -> bool:
        """Whether ``tensor`` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Any) -> None:
        """Refuse ``op`` as a fetch."""
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """Whether it may be fetched."""
        op = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
        return op not in self._unfetchable and tensor_or_op not in self._unfetchable

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> GraphDef:
        """The operations as plain data.

        Args:
          from_version: leave out the operations that `version` counted then.
          add_shapes: add the static shapes of the outputs, as attribute ``_output_shapes``.
        """
        operations = self._operations[from_version or 0 :]
        return GraphDef([node_of(operation, add_shapes=add_shapes) for operation in operations])

    # The default graph

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Make it the default graph of this thread for the duration of the block."""
        _defaults.push(self)
        try:
            yield self
        finally:
            _defaults.pop(self)


class _Defaults(threading.local):
    """The default graphs of one thread.

    Attributes:
      own: the default where no graph is entered; as in TF1, no thread sees another's.
      stack: the graphs entered.
    """

    def __init__(self) -> None:
        self.own = Graph()
        self.stack: list[Graph] = []

    def push(self, graph: Graph) -> None:
        self.stack.append(graph)

    def pop(self, graph: Graph) -> None:
        if self.stack[-1] is not graph:
            msg = "Nesting violated: graphs must be left in the reverse order of entering"
            raise AssertionError(msg)
        self.stack.pop()


_defaults = _Defaults()


def get_default_graph() -> Graph:
    """The innermost graph entered in this thread, else the thread's own."""
    return _defaults.stack[-1] if _defaults.stack else _defaults.own


def reset_default_graph() -> None:
    """Start the thread's own default graph afresh.

    Raises:
      AssertionError: a graph is entered at the moment.
    """
    if _defaults.stack:
        msg = (
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared "
            "graph, exit the nesting and create a new graph."
        )
        raise AssertionError(msg)
    _defaults.own = Graph()
