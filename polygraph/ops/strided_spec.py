"""What begin, end, strides and the five masks of a strided slice mean.

The vectors have one entry for each part of an index such as ``x[1:3, ..., None, -1]``; bit i of a
mask is about part i. Here they become one `Part` for each axis of the input.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph.core.ground.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

NEW_AXIS = -1
"""In the output's axes: an axis of size 1 that the input does not have."""


class Unknown:
    """An entry whose value is not known yet."""


UNKNOWN = Unknown()


class Masks(NamedTuple):
    """The five masks of a strided slice."""

    begin: int = 0
    end: int = 0
    ellipsis: int = 0
    new_axis: int = 0
    shrink: int = 0


class Part(NamedTuple):
    """The slice along one axis; a begin or end of None is as far as it goes."""

    begin: Any
    end: Any
    stride: Any
    shrink: bool = False


class Bounds(NamedTuple):
    """A slice in Python's meaning along an axis of known size, and how many elements it has."""

    begin: int
    end: int | None
    stride: int
    size: int


_WHOLE = Part(None, None, 1)


def _with_ellipsis(count: int, masks: Masks) -> tuple[int, int]:
    """The number of entries and the ellipsis mask, with an ellipsis at the end if there is none.

    Raises:
      ShapeError: there are two.
    """
    inside = masks.ellipsis & ((1 << count) - 1)
    if inside.bit_count() > 1:
        msg = "Multiple ellipses in slice spec not allowed"
        raise ShapeError(msg)
    if inside:
        return count, inside
    return count + 1, 1 << count


def parts_by_axis(
    begin: Sequence[Any], end: Sequence[Any], strides: Sequence[Any], masks: Masks, rank: int
) -> tuple[list[Part], list[int]]:
    """One part for each axis of the input, and the output's axes.

    Returns:
      The parts; and for each axis of the output the axis of the input it comes from, or
      `NEW_AXIS`. Axes that shrink are in no output axis.

    Raises:
      ShapeError: more entries than axes, or two ellipses.
    """
    count, ellipsis = _with_ellipsis(len(strides), masks)
    parts: list[Part] = []
    axes: list[int] = []
    for index in range(count):
        bit = 1 << index
        if ellipsis & bit:
            after = (masks.new_axis >> (index + 1)) & ((1 << (count - index - 1)) - 1)
            until = min(rank - (count - index) + 1 + after.bit_count(), rank)
            axes.extend(range(len(parts), until))
            parts.extend([_WHOLE] * (until - len(parts)))
        elif masks.new_axis & bit:
            axes.append(NEW_AXIS)
        else:
            if len(parts) == rank:
                msg = f"Index out of range using input dim {rank}; input has only {rank} dims"
                raise ShapeError(msg)
            if not masks.shrink & bit:
                axes.append(len(parts))
            parts.append(_part(begin[index], end[index], strides[index], masks, bit))
    return parts, axes


def _part(begin: Any, end: Any, stride: Any, masks: Masks, bit: int) -> Part:
    if masks.shrink & bit:
        return Part(begin, None, stride, shrink=True)
    return Part(None if masks.begin & bit else begin, None if masks.end & bit else end, stride)


def _clamped(position: int | None, default: int, dim: int, low: int, high: int) -> int:
    if position is None:
        return default
    return min(max(position + dim if position < 0 else position, low), high)


def check_stride(part: Part, axis: int) -> None:
    """Refuse a stride of 0, and going backwards to a single index.

    Raises:
      ShapeError: it is one of them.
    """
    if part.stride == 0:
        msg = f"strides[{axis}] must be non-zero"
        raise ShapeError(msg)
    if part.shrink and isinstance(part.stride, int) and part.stride < 0:
        msg = "only stride 1 allowed on non-range indexing."
        raise ShapeError(msg)


def bounds(part: Part, dim: int, axis: int) -> Bounds:
    """What a part without unknown entries takes of an axis of size ``dim``.

    Raises:
      ShapeError: a single index is out of bounds, or the stride is 0.
    """
    check_stride(part, axis)
    if part.shrink:
        index = part.begin + dim if part.begin < 0 else part.begin
        if not 0 <= index < dim:
            msg = f"slice index {index} of dimension {axis} out of bounds."
            raise ShapeError(msg)
        return Bounds(index, index + 1, 1, 1)
    low, high = (0, dim) if part.stride > 0 else (-1, dim - 1)
    first, last = (low, high) if part.stride > 0 else (high, low)
    begin = _clamped(part.begin, first, dim, low, high)
    end = _clamped(part.end, last, dim, low, high)
    size = len(range(begin, end, part.stride))
    if size == 0:
        return Bounds(0, 0, 1, 0)
    return Bounds(begin, None if end < 0 else end, part.stride, size)


def static_size(part: Part, dim: int | None, axis: int) -> int | None:
    """How many elements a part takes, None where its entries or ``dim`` do not say."""
    check_stride(part, axis)
    if dim is None or UNKNOWN in part:
        return None
    return bounds(part, dim, axis).size
