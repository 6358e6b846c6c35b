"""`Operation`: a node of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.graph_def import node_of
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.upward import UPWARD

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.graph_def import NodeDef
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.region import Region
    from polygraph.core.ground.source import Frame
    from polygraph.core.ground.tensor_shape import TensorShape


class Operation:
    """A node: an op type applied to tensors, with attributes and control inputs.

    Attributes:
      id: position in the graph's list of operations; order of creation.
      definition: the record of its op type.
      attrs: TF1's attributes by name.
      region: the cond branch or loop part that it lies in, None at the top.
      frame: the user's line that built it.
      spans: for each declared input, the slice of `inputs` that it takes.
    """

    __slots__ = (
        "__weakref__", "_control_inputs", "_inputs", "attrs", "colocation", "definition",
        "device", "frame", "graph", "id", "name", "original_op", "outputs", "region", "spans",
    )  # fmt: skip

    def __init__(
        self,
        graph: Graph,
        definition: OpDef,
        name: str,
        inputs: Sequence[Tensor],
        spans: Sequence[slice | int],
        attrs: dict[str, Any],
        control_inputs: Sequence[Operation],
        device: str,
        region: Region | None,
        frame: Frame,
    ) -> None:
        self.graph = graph
        self.id = -1
        self.definition = definition
        self.name = name
        self._inputs = list(inputs)
        self.spans = tuple(spans)
        self.attrs = attrs
        self._control_inputs = list(control_inputs)
        self.device = device
        self.region = region
        self.frame = frame
        self.outputs: list[Tensor] = []
        self.colocation: list[str] = []
        self.original_op: Operation | None = None

    def add_outputs(self, types: Sequence[tuple[DType, TensorShape]]) -> None:
        """Give the operation its outputs, once, when it is built."""
        self.outputs = [Tensor(self, index, *type_) for index, type_ in enumerate(types)]

    @property
    def type(self) -> str:
        """TF1's op type."""
        return self.definition.type

    @property
    def op_def(self) -> OpDef:
        """The record of its op type."""
        return self.definition

    @property
    def node_def(self) -> NodeDef:
        """The operation as plain data."""
        return node_of(self)

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """The tensors that it takes."""
        return tuple(self._inputs)

    @property
    def control_inputs(self) -> list[Operation]:
        """Operations that come before it though no data flows."""
        return list(self._control_inputs)

    @property
    def arguments(self) -> list[Any]:
        """The inputs by declared argument: a tensor, or a list of tensors for a list input."""
        return [self._inputs[span] for span in self.spans]

    @property
    def traceback(self) -> list[tuple[str, int, str, str]]:
        """The user's line that built it: file, line, function and source, as a list of one."""
        frame = self.frame
        return [(frame.filename, frame.lineno, frame.function, frame.text)]

    def values(self) -> tuple[Tensor, ...]:
        """Its outputs."""
        return tuple(self.outputs)

    def get_attr(self, name: str) -> Any:
        """The value of an attribute; text is bytes, as in TF1.

        Raises:
          ValueError: there is no such attribute.
        """
        if name not in self.attrs:
            msg = f"Operation '{self.name}' has no attr named '{name}'."
            raise ValueError(msg)
        value = self.attrs[name]
        return value.encode() if isinstance(value, str) else value

    def run(self, feed_dict: Mapping[Any, Any] | None = None, session: Any = None) -> None:
        """Run it in ``session``, or in the default session."""
        UPWARD.evaluate(self, feed_dict, session)

    def colocation_groups(self) -> list[bytes]:
        """TF1's colocation groups; itself alone where nothing was asked."""
        return [f"loc:@{name}".encode() for name in self.colocation or [self.name]]

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _add_control_inputs(self, ops: Sequence[Operation]) -> None:
        for op in ops:
            self.graph.require_member(op)
            if op not in self._control_inputs:
                self._control_inputs.append(op)
        self.graph.edits += 1

    def _update_input(self, index: int, tensor: Tensor) -> None:
        self.graph.require_member(tensor.op)
        self._inputs[index]._consumers.remove(self)  # noqa: SLF001 - both ends of one edge
        self._inputs[index] = tensor
        tensor._consumers.append(self)  # noqa: SLF001
        self.graph.edits += 1

    def _set_attr(self, name: str, value: Any) -> None:
        self.attrs[name] = value
        self.graph.edits += 1

    def _set_device(self, device: str) -> None:
        self.device = str(device)

    def __str__(self) -> str:
        """Name, type and inputs."""
        inputs = ", ".join(tensor.name for tensor in self._inputs)
        return f"{self.name} = {self.type}({inputs})"

    def __repr__(self) -> str:
        """TF1's form."""
        return f"<tf.Operation '{self.name}' type={self.type}>"
