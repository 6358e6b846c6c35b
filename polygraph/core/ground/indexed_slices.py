"""`IndexedSlices`: some rows of a tensor, the others being zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape

if TYPE_CHECKING:
    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


class IndexedSlicesValue(NamedTuple):
    """The value of an `IndexedSlices`: NumPy arrays (or what can be made into them)."""

    values: Any
    indices: Any
    dense_shape: Any


class IndexedSlices:
    """Rows ``values[i]`` that stand at ``indices[i]`` of a tensor; equal indices add up.

    Attributes:
      values: ``[k, ...]``.
      indices: int32 or int64 ``[k]``.
      dense_shape: shape of the whole tensor as an int vector, None where it is not known.
    """

    __slots__ = ("dense_shape", "indices", "values")

    def __init__(self, values: Tensor, indices: Tensor, dense_shape: Tensor | None = None) -> None:
        self.values = values
        self.indices = indices
        self.dense_shape = dense_shape

    @property
    def dtype(self) -> DType:
        """Element type of the values."""
        return self.values.dtype

    @property
    def name(self) -> str:
        """Name of the values."""
        return self.values.name

    @property
    def device(self) -> str:
        """Device that was asked for the values."""
        return self.values.device

    @property
    def op(self) -> Operation:
        """The operation that produces the values."""
        return self.values.op

    @property
    def graph(self) -> Graph:
        """The graph that holds them."""
        return self.values.graph

    @property
    def shape(self) -> TensorShape:
        """Static shape of the whole tensor."""
        if self.dense_shape is None or self.dense_shape.partial_value is None:
            return unknown_shape()
        return TensorShape(
            [None if dim is None or dim < 0 else dim for dim in self.dense_shape.partial_value]
        )

    def get_shape(self) -> TensorShape:
        """Static shape of the whole tensor."""
        return self.shape

    def consumers(self) -> list[Operation]:
        """The operations that take the values as an input."""
        return self.values.consumers()

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)

    def __repr__(self) -> str:
        """TF1's form."""
        dense = "" if self.dense_shape is None else f", dense_shape={self.dense_shape}"
        return f"IndexedSlices(indices={self.indices}, values={self.values}{dense})"
