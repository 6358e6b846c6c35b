"""`TensorArray`: tensors of one shape by index, written one at a time.

An array is one dense tensor, its *flow*. The flow is made by the first write, which says what
shape the elements have; a loop may carry an array whose first write is in its body. Elements that
nobody wrote are zeros.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import DType, as_dtype, int32
from polygraph.core.ground.nest import register_composite
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape, as_shape, unknown_shape
from polygraph.ops.arithmetic import AddV2
from polygraph.ops.identity_ops import identity
from polygraph.ops.joining import concat
from polygraph.ops.reduction import reduce_max
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant, no_op
from polygraph.ops.tensor_array_ops import (
    TensorArrayGatherV3,
    TensorArrayGrow,
    TensorArrayReadV3,
    TensorArrayScatterV3,
    TensorArrayV3,
    TensorArrayWriteV3,
)

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

__all__ = ["TensorArray"]


class ArrayRecord:
    """What all versions of one array share.

    Attributes:
      dtype: of the elements.
      size: int32 scalar: number of elements that the array is made with.
      dynamic: whether a write beyond the end makes the array longer.
      infer_shape: whether all elements must have one static shape.
      element_shape: what is known of the elements' shape.
      sample: an element that was written, None where none was yet.
    """

    __slots__ = ("dtype", "dynamic", "element_shape", "infer_shape", "sample", "size")

    def __init__(
        self,
        dtype: DType,
        size: Tensor,
        *,
        dynamic: bool,
        infer_shape: bool,
        element_shape: TensorShape,
    ) -> None:
        self.dtype = dtype
        self.size = size
        self.dynamic = dynamic
        self.infer_shape = infer_shape
        self.element_shape = element_shape
        self.sample: Tensor | None = None

    def take(self, element: Tensor) -> None:
        """Learn from an element that is written.

        Raises:
          ValueError: its static shape does not fit those before.
        """
        if self.sample is None:
            self.sample = element
        given = element.get_shape()
        if not self.element_shape.is_compatible_with(given):
            msg = f"Inconsistent shapes: saw {given} but expected {self.element_shape}"
            raise ValueError(msg)
        if self.infer_shape:
            self.element_shape = self.element_shape.merge_with(given)

    def flow_shape(self) -> TensorShape:
        """The static shape of the flow."""
        known = None if self.dynamic else self.size.constant
        count = None if known is None else int(known)
        return TensorShape([count]).concatenate(self.element_shape)

    def element_dims(self, sample: Tensor | None) -> Tensor | None:
        """The shape of the elements as a tensor, None where nothing says it."""
        if self.element_shape.is_fully_defined():
            return constant(self.element_shape.as_list(), int32, shape=[self.element_shape.ndims])
        return None if sample is None else shape(sample)


class TensorArray:
    """Tensors of one dtype and shape, by index; a write gives a new array, to be used instead.

    Args:
      dtype: element type.
      size: number of elements, an int or an int32 scalar.
      dynamic_size: let a write beyond the end make it longer.
      clear_after_read: accepted; elements can be read again.
      tensor_array_name: accepted for TF1's sake.
      handle: must be None: there are no handles.
      flow: the flow of an array that exists.
      infer_shape: require one static shape of all elements.
      element_shape: the elements' static shape, as far as it is known.
      colocate_with_first_write_call: accepted for TF1's sake.
      name: scope of the operations.

    Raises:
      ValueError: there is no size, or a handle is given.
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,  # noqa: ARG002 - see above
        tensor_array_name: str | None = None,  # noqa: ARG002
        handle: Any = None,
        flow: Tensor | None = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,  # noqa: ARG002
        name: str | None = None,
    ) -> None:
        if handle is not None:
            msg = "handle: a TensorArray is made by its size here, not by a handle"
            raise ValueError(msg)
        if size is None and flow is None:
            msg = "Size must be provided if handle is not provided"
            raise ValueError(msg)
        self._name = name or "TensorArray"
        known = unknown_shape() if element_shape is None else as_shape(element_shape)
        with name_scope(name, "TensorArray"):
            count = shape(flow)[0] if size is None else convert_to_tensor(size, int32, "size")
        self._record = ArrayRecord(
            as_dtype(dtype).base_dtype,
            count,
            dynamic=bool(dynamic_size),
            infer_shape=infer_shape,
            element_shape=known,
        )
        self._flow = flow

    @classmethod
    def of(cls, record: ArrayRecord, flow: Tensor | None) -> TensorArray:
        """The version of an array that ``flow`` holds."""
        array = cls(record.dtype, record.size, flow=flow)
        array._record = record
        return array

    @property
    def record(self) -> ArrayRecord:
        """What all versions of the array share."""
        return self._record

    @property
    def dtype(self) -> DType:
        """Element type."""
        return self._record.dtype

    @property
    def handle(self) -> None:
        """There is none."""
        return

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the elements' shape."""
        return self._record.element_shape

    @property
    def dynamic_size(self) -> bool:
        """Whether a write beyond the end makes it longer."""
        return self._record.dynamic

    @property
    def flow(self) -> Tensor:
        """The tensor that holds it: ``[size, ...]``.

        Raises:
          ValueError: nothing says yet what shape the elements have.
        """
        return self.new_flow(self._record.sample) if self._flow is None else self._flow

    @property
    def made(self) -> bool:
        """Whether its flow exists."""
        return self._flow is not None

    def new_flow(self, sample: Tensor | None) -> Tensor:
        """A flow of zeros, of elements of the shape of ``sample``.

        Raises:
          ValueError: the elements' shape is not known and there is no sample.
        """
        record = self._record
        dims = record.element_dims(sample)
        if dims is None:
            msg = f"nothing was written to {self._name!r} yet: give it an element_shape to read it"
            raise ValueError(msg)
        flow: Tensor = TensorArrayV3(
            reshape(record.size, [1]), dims, dtype=record.dtype, name=self._name
        )
        flow.set_shape(TensorShape([None]).concatenate(record.element_shape))
        return flow

    def _next(self, flow: Tensor) -> TensorArray:
        flow.set_shape(self._record.flow_shape())
        return TensorArray.of(self._record, flow)

    def _element(self, value: Any) -> Tensor:
        tensor = convert_to_tensor(value, self.dtype, "value")
        self._record.take(tensor)
        return tensor

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at ``index``.

        Raises:
          InvalidArgumentError: when it runs and there is no such element.
        """
        element: Tensor = TensorArrayReadV3(self.flow, index, name=name or "TensorArrayReadV3")
        element.set_shape(self._record.element_shape)
        return element

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with ``value`` at ``index``.

        Raises:
          ValueError: the value's static shape does not fit.
          InvalidArgumentError: when it runs, the index is out of range and the size is fixed.
        """
        with name_scope(name, "TensorArrayWrite"):
            element = self._element(value)
            flow = self.new_flow(element) if self._flow is None else self._flow
            place = convert_to_tensor(index, int32, "index")
            if self._record.dynamic:
                flow = TensorArrayGrow(flow, reshape(AddV2(place, 1), [1]))
            written = TensorArrayWriteV3(flow, place, element)
        return self._next(written)

    def stack(self, name: str | None = None) -> Tensor:
        """All elements, stacked."""
        with name_scope(name, "TensorArrayStack"):
            return identity(self.flow, name="TensorArrayGatherV3")  # type: ignore[no-any-return]

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at ``indices``, stacked."""
        return TensorArrayGatherV3(self.flow, indices, name=name or "TensorArrayGatherV3")  # type: ignore[no-any-return]

    def concat(self, name: str | None = None) -> Tensor:
        """All elements, joined along their first axis."""
        with name_scope(name, "TensorArrayConcatV3") as scope:
            flow = self.flow
            dims = concat([[-1], shape(flow)[2:]], 0)
            return reshape(flow, dims, name=scope)

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """The array with the slices of ``value`` along its first axis as its elements.

        Raises:
          ValueError: the size is known, fixed, and differs from the number of slices.
        """
        with name_scope(name, "TensorArrayUnstack"):
            tensor = convert_to_tensor(value, self.dtype, "value")
            dims = tensor.get_shape()
            if dims.ndims is not None:
                self._take_row(dims[1:])
            size = self._record.size
            filled = TensorArrayGrow(tensor, reshape(size, [1]), exact=not self._record.dynamic)
        return self._next(filled)

    def _take_row(self, row: TensorShape) -> None:
        record = self._record
        if not record.element_shape.is_compatible_with(row):
            msg = f"Inconsistent shapes: saw {row} but expected {record.element_shape}"
            raise ValueError(msg)
        if record.infer_shape:
            record.element_shape = record.element_shape.merge_with(row)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array with the slices of ``value`` at ``indices``."""
        with name_scope(name, "TensorArrayScatter"):
            tensor = convert_to_tensor(value, self.dtype, "value")
            if tensor.get_shape().ndims is not None:
                self._take_row(tensor.get_shape()[1:])
            places = convert_to_tensor(indices, int32, "indices")
            flow = self._flow
            if flow is None:
                dims = shape(tensor)[1:]
                flow = TensorArrayV3(reshape(self._record.size, [1]), dims, dtype=self.dtype)
            if self._record.dynamic:
                flow = TensorArrayGrow(flow, reshape(AddV2(reduce_max(places), 1), [1]))
            written = TensorArrayScatterV3(flow, places, tensor)
        return self._next(written)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """The array with pieces of ``value``, all of one length, as its elements.

        Args:
          value: a tensor.
          lengths: int vector: how many rows each piece has.
          name: scope of the operations.
        """
        with name_scope(name, "TensorArraySplit"):
            tensor = convert_to_tensor(value, self.dtype, "value")
            places = convert_to_tensor(lengths, int32, "lengths")
            dims = concat([shape(places), places[:1], shape(tensor)[1:]], 0)
            return self.unstack(reshape(tensor, dims))

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements, an int32 scalar."""
        if self._record.dynamic and self._flow is not None:
            return shape(self._flow)[0]  # type: ignore[no-any-return]
        return identity(self._record.size, name=name)  # type: ignore[no-any-return]

    def identity(self) -> TensorArray:
        """The same array, as of after the control dependencies that hold here."""
        if self._flow is None:
            # The first write makes the flow, and comes after whatever holds where it is built.
            return TensorArray.of(self._record, None)
        return self._next(identity(self._flow))

    def grad(self, source: str, flow: Tensor | None = None, name: str | None = None) -> TensorArray:
        """Refused: gradients go through the flow by themselves.

        Raises:
          NotImplementedError: always.
        """
        msg = f"a TensorArray has no gradient array ({source}, {flow}, {name}): use tf.gradients"
        raise NotImplementedError(msg)

    def close(self, name: str | None = None) -> Operation:
        """An operation that does nothing: the memory belongs to the run."""
        operation: Operation = no_op(name=name)
        return operation


def _parts(array: TensorArray) -> list[Tensor | None]:
    # None where the flow is still to be made: loops and conds make it when they know the shape.
    return [array.flow if array.made else None]


def _built(like: TensorArray, parts: Any) -> TensorArray:
    return TensorArray.of(like.record, parts[0])


register_composite(TensorArray, _parts, _built)
