"""How a shape is cut in parts along one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.tensor_shape import TensorShape


@dataclass(frozen=True)
class PartitionInfo:
    """Where a part lies in the whole; initializers get it as ``partition_info``.

    Attributes:
      full_shape: shape of the whole.
      var_offset: where the part begins, by axis.
    """

    full_shape: list[int]
    var_offset: list[int]

    def single_offset(self, shape: Sequence[int]) -> int:
        """Where a part of ``shape`` begins on the axis that is cut; 0 where none is.

        Raises:
          ValueError: see `single_slice_dim`.
        """
        axis = self.single_slice_dim(shape)
        return 0 if axis is None else self.var_offset[axis]

    def single_slice_dim(self, shape: Sequence[int]) -> int | None:
        """The axis along which a part of ``shape`` is cut from the whole; None where none is.

        Raises:
          TypeError: ``shape`` is no sequence.
          ValueError: ``shape`` has another rank, reaches past the whole, or is cut along more axes.
        """
        if not isinstance(shape, list | tuple):
            msg = f"`shape` must be a list or tuple, not {type(shape).__name__}"
            raise TypeError(msg)
        if len(shape) != len(self.full_shape):
            msg = f"shape {shape} has not the rank of the whole, {self.full_shape}"
            raise ValueError(msg)
        cut = [axis for axis, size in enumerate(shape) if size != self.full_shape[axis]]
        for axis, size in enumerate(shape):
            if self.var_offset[axis] + size > self.full_shape[axis]:
                msg = (
                    f"a part of shape {shape} at {self.var_offset} reaches past the whole, "
                    f"{self.full_shape}"
                )
                raise ValueError(msg)
        if len(cut) > 1:
            msg = f"a part of shape {shape} is cut from {self.full_shape} along the axes {cut}"
            raise ValueError(msg)
        return cut[0] if cut else None


def counts_of_parts(
    partitioner: Callable[..., Any], shape: TensorShape, dtype: DType
) -> Sequence[int]:
    """What a partitioner answers, checked: the number of parts along each axis.

    Raises:
      ValueError: the shape is not known or has no axis, or the answer does not fit it.
    """
    if not shape.is_fully_defined():
        msg = f"Shape of a new partitioned variable must be fully defined, but instead was {shape}."
        raise ValueError(msg)
    if not len(shape):
        msg = f"A partitioned Variable must have rank at least 1, shape: {shape}"
        raise ValueError(msg)
    counts = partitioner(shape=shape, dtype=dtype)
    if not isinstance(counts, Sequence):
        msg = f"Partitioner must return a sequence, but saw: {counts}"
        raise ValueError(msg)  # noqa: TRY004 - TF1's class
    if len(counts) != len(shape):
        msg = (
            "Partitioner returned a partition list that does not match the Variable's rank: "
            f"{counts} vs. {shape}"
        )
        raise ValueError(msg)
    if any(count < 1 for count in counts):
        msg = f"Partitioner returned zero partitions for some axes: {counts}"
        raise ValueError(msg)
    if sum(count > 1 for count in counts) > 1:
        msg = (
            f"Can only slice a variable along one dimension: shape: {shape}, partitioning: {counts}"
        )
        raise ValueError(msg)
    return counts


def axis_of(counts: Sequence[int]) -> int:
    """The axis that is cut, the first where none is."""
    return next((axis for axis, count in enumerate(counts) if count > 1), 0)


def parts_of(shape: list[int], counts: Sequence[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Offset and shape of each part; where they differ the first parts have one element more."""
    axis = axis_of(counts)
    least, longer = divmod(shape[axis], counts[axis])
    offset = 0
    for part in range(counts[axis]):
        size = least + (part < longer)
        begin, dims = [0] * len(shape), list(shape)
        begin[axis], dims[axis] = offset, size
        yield begin, dims
        offset += size
