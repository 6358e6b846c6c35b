"""`Graph`: the append-only structure that a TF1 program assembles."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from polygraph.core.ground import source
from polygraph.core.ground.naming import Names
from polygraph.core.ground.operation import Operation
from polygraph.core.ground.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.region import Region

_TENSOR_NAME = re.compile(r"^(.+):(\d+)$")


class _Dependencies:
    """One `control_dependencies` block: what it adds, and which operations were built inside."""

    __slots__ = ("clears", "inside", "ops", "region")

    def __init__(self, ops: Sequence[Operation], *, clears: bool, region: Region | None) -> None:
        self.ops = tuple(ops)
        self.clears = clears
        self.region = region
        self.inside: set[Operation] = set()


class Graph:
    """Operations in the order of their creation, with names, collections and scopes.

    Attributes:
      edits: counts changes of operations that exist; appending is none.
      region: the cond branch or loop part that new operations go to.
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
        self._dependencies: list[_Dependencies] = []
        self._devices: list[Callable[[Operation], str | None] | str | None] = []
        self._colocation: list[Operation] = []
        self._gradient_overrides: list[dict[str, str]] = []
        self._finalized = False
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
          ValueError: an input belongs to another graph, or the name is no name.
        """
        self._check_not_finalized()
        for tensor in inputs:
            self.require_member(tensor.op)
        operation = Operation(
            self,
            definition,
            self._names.for_operation(name or definition.type),
            inputs,
            spans,
            attrs,
            self._control_inputs_for(inputs),
            "",
            self.region,
            source.capture(),
        )
        operation.colocation = [op.name for op in self._colocation]
        for overrides in self._gradient_overrides:
            if definition.type in overrides:
                attrs["_gradient_op_type"] = overrides[definition.type].encode()
        return operation

    def append(self, operation: Operation) -> None:
        """Add a finished operation to the graph's list."""
        with self.lock:
            operation.id = len(self._operations)
            self._operations.append(operation)
            self._by_name[operation.name] = operation
        for tensor in operation.inputs:
            tensor._consumers.append(operation)  # noqa: SLF001 - both ends of one edge
        operation.device = self._device_of(operation)
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

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:  # noqa: FBT002 - TF1's
        """A name that no operation or scope has yet, in the current name scope."""
        return self._names.unique(name, mark_as_used=mark_as_used)

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Enter a name scope; yields its name with a trailing slash."""
        with self._names.entered(name) as scope:
            yield scope

    def get_name_scope(self) -> str:
        """The current name scope, without a trailing slash."""
        return self._names.scope

    def as_graph_element(
        self,
        obj: Any,
        allow_tensor: bool = True,  # noqa: FBT002 - TF1's
        allow_operation: bool = True,  # noqa: FBT002 - TF1's
    ) -> Tensor | Operation:
        """The tensor or operation that ``obj`` is or names.

        Raises:
          TypeError: ``obj`` is of a type that cannot be one.
          ValueError: it is from another graph, or its name is malformed.
          KeyError: there is none of that name.
        """
        convert = getattr(obj, "_as_graph_element", None)
        if convert is not None:
            obj = convert()
        if isinstance(obj, Tensor) and allow_tensor:
            self._require_element(obj, obj.graph)
            return obj
        if isinstance(obj, Operation) and allow_operation:
            self._require_element(obj, obj.graph)
            return obj
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            return self._element_by_name(obj, allow_tensor, allow_operation)
        kinds = " or ".join(
            kind for kind, allowed in (("Tensor", allow_tensor), ("Operation", allow_operation)) if allowed
        )
        msg = f"Can not convert a {type(obj).__name__} into a {kinds}."
        raise TypeError(msg)

    def _require_element(self, element: Tensor | Operation, graph: Graph) -> None:
        if graph is not self:
            kind = "Tensor" if isinstance(element, Tensor) else "Operation"
            msg = f"{kind} {element} is not an element of this graph."
            raise ValueError(msg)

    def _element_by_name(
        self, name: str, allow_tensor: bool, allow_operation: bool  # noqa: FBT001
    ) -> Tensor | Operation:
        if ":" in name and allow_tensor:
            return self._tensor_by_name(name)
        if ":" in name:
            msg = f"Name {name!r} appears to refer to a Tensor, not an Operation."
            raise ValueError(msg)
        operation = self._by_name.get(name)
        if not allow_operation:
            if operation is not None:
                msg = (
                    f"The name {name!r} refers to an Operation, not a Tensor. Tensor names must "
                    f"be of the form \"<op_name>:<output_index>\"; it has {len(operation.outputs)} outputs."
                )
                raise ValueError(msg)
            msg = (
                f"The name {name!r} looks like an (invalid) Operation name, not a Tensor. Tensor "
                'names must be of the form "<op_name>:<output_index>".'
            )
            raise ValueError(msg)
        if operation is None:
            msg = f"The name {name!r} refers to an Operation not in the graph."
            raise KeyError(msg)
        return operation

    def _tensor_by_name(self, name: str) -> Tensor:
        found = _TENSOR_NAME.match(name)
        if found is None:
            msg = (
                f"The name {name!r} looks a like a Tensor name, but is not a valid one. Tensor "
                'names must be of the form "<op_name>:<output_index>".'
            )
            raise ValueError(msg)
        operation = self._by_name.get(found[1])
        if operation is None:
            msg = (
                f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                f"{found[1]!r}, does not exist in the graph."
            )
            raise KeyError(msg)
        if int(found[2]) >= len(operation.outputs):
            msg = (
                f"The name {name!r} refers to a Tensor which does not exist. The operation, "
                f"{found[1]!r}, exists but only has {len(operation.outputs)} outputs."
            )
            raise KeyError(msg)
        return operation.outputs[int(found[2])]

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

    @contextmanager
    def control_dependencies(self, control_inputs: Sequence[Any] | None) -> Iterator[None]:
        """Operations built inside run after ``control_inputs``; None clears what is around.

        Raises:
          TypeError: an element is neither an operation nor a tensor.
          ValueError: an element belongs to another graph.
        """
        ops: list[Operation] = []
        for item in control_inputs or ():
            if hasattr(item, "values") and hasattr(item, "indices"):
                item = item.values  # noqa: PLW2901 - IndexedSlices depend on their values
            element = self.as_graph_element(item)
            op = element.op if isinstance(element, Tensor) else element
            if op not in ops:
                ops.append(op)
        outer, region = self._dependencies, self.region
        block = _Dependencies(ops, clears=control_inputs is None, region=region)
        if control_inputs is None:
            self._dependencies = [block]
            self.region = None
        else:
            self._dependencies = [*outer, block]
        try:
            yield
        finally:
            self._dependencies = outer
            self.region = region

    def _control_inputs_for(self, inputs: Sequence[Tensor]) -> list[Operation]:
        result: list[Operation] = []
        producers = [tensor.op for tensor in inputs]
        for block in self._dependencies:
            # An input built inside the block comes after its dependencies already.
            if block.inside.isdisjoint(producers):
                result.extend(op for op in block.ops if op not in result and op not in producers)
        return result

    @contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Ask for a device for the operations built inside: a name, a function, or None."""
        self._devices.append(device_name_or_function)
        try:
            yield
        finally:
            self._devices.pop()

    def _device_of(self, operation: Operation) -> str:
        asked = ""
        for device in self._devices:
            if device is None:
                asked = ""
            elif callable(device):
                operation.device = asked
                asked = merge_devices(asked, device(operation) or "")
            else:
                asked = merge_devices(asked, str(device))
        return asked

    @contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:  # noqa: FBT002
        """Operations built inside ask to stand where ``op`` does; None asks for nothing."""
        outer = self._colocation
        if op is None:
            self._colocation = []
        else:
            element = self.as_graph_element(op)
            first = element.op if isinstance(element, Tensor) else element
            self._colocation = [first] if ignore_existing else [*outer, first]
        try:
            yield
        finally:
            self._colocation = outer

    @contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Operations built inside use other gradients, registered by name."""
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

    # The default graph

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Make it the default graph of this thread for the duration of the block."""
        _defaults.push(self)
        try:
            yield self
        finally:
            _defaults.pop(self)


def merge_devices(outer: str, inner: str) -> str:
    """The device string ``inner`` completed by the parts that only ``outer`` names."""
    if not inner or not outer:
        return inner or outer

    def parts(device: str) -> dict[str, str]:
        found = {}
        for part in filter(None, device.split("/")):
            key, _, value = part.partition(":")
            found["device" if key.lower() in {"cpu", "gpu", "device"} else key] = f"/{part}"
        return found

    merged = parts(outer) | parts(inner)
    order = ("job", "replica", "task", "device")
    return "".join(merged[key] for key in order if key in merged)


class _Defaults(threading.local):
    """The stack of default graphs of one thread."""

    def __init__(self) -> None:
        self.stack: list[Graph] = []

    def push(self, graph: Graph) -> None:
        self.stack.append(graph)

    def pop(self, graph: Graph) -> None:
        if self.stack[-1] is not graph:
            msg = "Nesting violated: graphs must be left in the reverse order of entering"
            raise AssertionError(msg)
        self.stack.pop()


class _Global:
    """The graph that is the default where no other is, shared by all threads."""

    graph = Graph()


_defaults = _Defaults()


def get_default_graph() -> Graph:
    """The innermost graph entered in this thread, else the global one."""
    return _defaults.stack[-1] if _defaults.stack else _Global.graph


def reset_default_graph() -> None:
    """Start the global default graph afresh.

    Raises:
      AssertionError: a graph is entered at the moment.
    """
    if _defaults.stack:
        msg = (
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared "
            "graph, exit the nesting and create a new graph."
        )
        raise AssertionError(msg)
    _Global.graph = Graph()
