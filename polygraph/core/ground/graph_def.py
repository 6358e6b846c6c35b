"""A graph as plain data: `GraphDef` and its nodes, with TF1's field names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.tensor_shape import TensorShape

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


@dataclass(slots=True)
class AttrValue:
    """The value of an attribute; the properties give it as TF1's protocol buffer names it."""

    value: Any

    @property
    def b(self) -> bool:
        """As a bool."""
        return bool(self.value)

    @property
    def i(self) -> int:
        """As an int."""
        return int(self.value)

    @property
    def f(self) -> float:
        """As a float."""
        return float(self.value)

    @property
    def s(self) -> bytes:
        """As bytes."""
        return self.value.encode() if isinstance(self.value, str) else bytes(self.value)

    @property
    def type(self) -> int:
        """A dtype's number."""
        return int(self.value.as_datatype_enum)

    @property
    def shape(self) -> TensorShape:
        """A shape."""
        return TensorShape(self.value)


@dataclass(slots=True)
class NodeDef:
    """An operation as data.

    Attributes:
      name: name of the operation.
      op: its op type.
      input: names of its inputs, ``a`` for output 0 of ``a``, ``a:1`` for output 1, and then
        ``^a`` for what it only comes after.
      device: device that was asked for.
      attr: attributes by name.
    """

    name: str = ""
    op: str = ""
    input: list[str] = field(default_factory=list)
    device: str = ""
    attr: dict[str, AttrValue] = field(default_factory=dict)


@dataclass(slots=True)
class VersionDef:
    """Which version of TF1's format a graph is written in, and who may read it.

    Attributes:
      producer: the version; by default that of TensorFlow 1.15.
      min_consumer: the oldest version that may read it.
      bad_consumers: versions that may not.
    """

    producer: int = 134
    min_consumer: int = 0
    bad_consumers: list[int] = field(default_factory=list)


@dataclass(slots=True)
class GraphDef:
    """A graph as data.

    Attributes:
      node: the operations in the order of their creation.
      versions: of the format.
    """

    node: list[NodeDef] = field(default_factory=list)
    versions: VersionDef = field(default_factory=VersionDef)


def input_name(tensor: Tensor) -> str:
    """How a node's inputs name ``tensor``."""
    return tensor.op.name if tensor.value_index == 0 else tensor.name


def node_of(operation: Operation, *, add_shapes: bool = False) -> NodeDef:
    """``operation`` as data; with ``add_shapes`` its static shapes are an attribute."""
    attrs = dict(operation.attrs)
    if operation.colocation:
        attrs["_class"] = operation.colocation_groups()
    if add_shapes:
        attrs["_output_shapes"] = [tensor.get_shape() for tensor in operation.outputs]
    return NodeDef(
        operation.name,
        operation.type,
        [input_name(tensor) for tensor in operation.inputs]
        + [f"^{other.name}" for other in operation.control_inputs],
        operation.device,
        {name: AttrValue(attrs[name]) for name in sorted(attrs)},
    )
