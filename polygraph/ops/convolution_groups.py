"""Convolution in groups: filters that take a part of the channels, and each group its own ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.ops.op_families import in_brackets
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives.shaping import concatenate, strided_slice
from polygraph.ops.window_attrs import channel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.trace import Array

OUT = 3
"""The axis of a filter ``[rows, columns, in, out]`` that the groups share out."""


def group_count(images: tuple[int, ...], filters: tuple[int, ...], data_format: str) -> int:
    """How often the channels that a filter takes go into those of the images.

    Raises:
      InvalidArgumentError: not evenly, or the filter has not as many results for each group.
    """
    depth = images[channel(data_format)]
    groups = depth // filters[2] if filters[2] else 1
    if depth != groups * filters[2] or filters[OUT] % max(groups, 1):
        refuse(
            f"images of shape {in_brackets(images)} ({data_format}) have not the channels that a "
            f"filter of shape {in_brackets(filters)} takes: neither {filters[2]}, nor as many for "
            "each of some groups that its results can be shared out among"
        )
    return groups


def _part(array: Array, axis: int, index: int, groups: int) -> Any:
    size = array.shape[axis] // groups
    begin, end = [0] * array.ndim, list(array.shape)
    begin[axis], end[axis] = index * size, (index + 1) * size
    ones = (1,) * array.ndim
    return strided_slice(array, begin=tuple(begin), end=tuple(end), strides=ones)


def in_groups(
    compute: Callable[..., Any], groups: int, operands: Sequence[tuple[Array, int]], axis: int
) -> Any:
    """``compute`` of each group's part of the operands, joined along ``axis``.

    Args:
      compute: a convolution, or one of its gradients.
      groups: their number.
      operands: arrays, each with the axis that the groups share out.
      axis: of the result.
    """
    if groups == 1:
        return compute(*(array for array, _ in operands))
    results = [
        compute(*(_part(array, at, index, groups) for array, at in operands))
        for index in range(groups)
    ]
    return concatenate(*results, axis=axis)
