"""`SparseTensor`: the elements of a tensor that are not zero, and where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import int64
from polygraph.core.ground.nest import register_composite
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation


class SparseTensorValue(NamedTuple):
    """The value of a `SparseTensor`: NumPy arrays (or what can be made into them)."""

    indices: Any
    values: Any
    dense_shape: Any


class SparseTensor:
    """Elements ``values[i]`` that stand at ``indices[i]``; all others are zero.

    Attributes:
      indices: int64 ``[n, rank]``.
      values: ``[n]``.
      dense_shape: int64 ``[rank]``.
    """

    __slots__ = ("dense_shape", "indices", "values")

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        """Convert the three parts.

        Raises:
          ValueError: their static shapes do not fit together.
        """
        with name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self.indices = convert_to_tensor(indices, int64, "indices")
            self.values = convert_to_tensor(values, None, "values")
            self.dense_shape = convert_to_tensor(dense_shape, int64, "dense_shape")
        shape = self.indices.get_shape().with_rank(2)
        shape[0].merge_with(self.values.get_shape().with_rank(1)[0])
        shape[1].merge_with(self.dense_shape.get_shape().with_rank(1)[0])

    @classmethod
    def from_value(cls, value: Any) -> SparseTensor:
        """A sparse tensor from a sparse tensor or its value."""
        return value if isinstance(value, cls) else cls(*value)

    @property
    def op(self) -> Operation:
        """The operation that produces the values."""
        return self.values.op

    @property
    def dtype(self) -> DType:
        """Element type of the values."""
        return self.values.dtype

    @property
    def graph(self) -> Graph:
        """The graph that holds it."""
        return self.values.graph

    @property
    def shape(self) -> TensorShape:
        """Static shape of the dense tensor."""
        return self.get_shape()

    def get_shape(self) -> TensorShape:
        """Static shape of the dense tensor."""
        known = self.dense_shape.partial_value
        if known is not None:
            return TensorShape([None if dim is None or dim < 0 else dim for dim in known])
        rank = self.dense_shape.get_shape().as_tuple()
        if rank is None or rank[0] is None:
            return unknown_shape()
        return TensorShape([None] * rank[0])

    def consumers(self) -> list[Operation]:
        """The operations that take the values as an input."""
        return self.values.consumers()

    def eval(self, feed_dict: Any = None, session: Any = None) -> SparseTensorValue:
        """Its value in ``session``, or in the default session."""
        parts = [
            part.eval(feed_dict, session) for part in (self.indices, self.values, self.dense_shape)
        ]
        return SparseTensorValue(*parts)

    def __repr__(self) -> str:
        """TF1's form."""
        return (
            f"SparseTensor(indices={self.indices}, values={self.values}, "
            f"dense_shape={self.dense_shape})"
        )


register_composite(
    SparseTensor,
    lambda value: (value.indices, value.values, value.dense_shape),
    lambda _, parts: SparseTensor(*parts),
)
