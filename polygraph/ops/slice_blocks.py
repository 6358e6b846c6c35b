"""What a slice takes out, at places known only when it runs too.

A begin that is not known at plan time costs no stage where the size is known. The size of a range
between two values that are not known (``x[i:j]``) is asked for, never the values themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.program import Value
from polygraph.core.ground.trace import check, in_inner_block, known, known_ints
from polygraph.ops.dynamic_ints import constant_distance, elements
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import elementwise as ew, shaping as prims
from polygraph.ops.strided_spec import (
    Bounds,
    Masks,
    Part,
    bounds,
    check_stride,
    parts_by_axis,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.trace import Array


class Block(NamedTuple):
    """A slice in two steps: a window at starts that may be values, then a static slice of it.

    ``starts`` is None where the window is the whole input.
    """

    starts: list[int | Value] | None
    window: tuple[int, ...]
    begin: tuple[int, ...]
    end: tuple[int | None, ...]
    strides: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The shape of what is taken out."""
        return prims.slice_sizes(self.window, self.begin, self.end, self.strides)


def stacked(starts: Sequence[int | Value], dtype: Any) -> Any:
    """Starts as one vector."""
    scalars = [start if isinstance(start, Value) else np.array(start, dtype) for start in starts]
    return prims.stack(*scalars, axis=0)


def read_block(x: Array, block: Block, dtype: Any) -> Any:
    """What ``block`` takes out of ``x``; its starts become a vector of ``dtype``."""
    if block.starts is not None:
        x = prims.dynamic_slice(x, stacked(block.starts, dtype), sizes=block.window)
    return prims.strided_slice(x, begin=block.begin, end=block.end, strides=block.strides)


def write_block(dy: Array, block: Block, shape: tuple[int, ...], dtype: Any) -> Any:
    """Zeros of ``shape`` with ``dy`` where `read_block` reads."""
    if dy.dtype.kind == "b":
        # The primitive is of numbers; a backend need not hold uint8.
        bits = write_block(ew.cast(dy, dtype=np.dtype(np.int32)), block, shape, dtype)
        return ew.cast(bits, dtype=dy.dtype)
    filled = prims.strided_slice_grad(
        dy, shape=block.window, begin=block.begin, end=block.end, strides=block.strides
    )
    if block.starts is None:
        return filled
    zeros = prims.broadcast_to(np.zeros((), dy.dtype), shape=shape)
    return prims.dynamic_update_slice(zeros, filled, stacked(block.starts, dtype))


def overwrite_block(x: Array, value: Array, block: Block, dtype: Any) -> Any:
    """``x`` with ``value`` where `read_block` reads."""
    starts = None if block.starts is None else stacked(block.starts, dtype)
    window = x if starts is None else prims.dynamic_slice(x, starts, sizes=block.window)
    fixed = block._replace(starts=None)
    everywhere = prims.broadcast_to(np.ones((), np.bool_), shape=value.shape)
    here = write_block(everywhere, fixed, block.window, dtype)
    mixed = ew.select(here, write_block(value, fixed, block.window, dtype), window)
    return mixed if starts is None else prims.dynamic_update_slice(x, mixed, starts)


def _forward(position: Any, dim: int) -> Any:
    """A position that may be negative, counted from the front."""
    if not isinstance(position, Value):
        return position + dim if position < 0 else position
    from_end = ew.add(position, ew.scalar(dim, position))
    return ew.select(ew.less(position, ew.scalar(0, position)), from_end, position)


def _clamped(position: Any, dim: int) -> Any:
    forward = _forward(position, dim)
    if not isinstance(forward, Value):
        return min(max(forward, 0), dim)
    return ew.minimum(ew.maximum(forward, ew.scalar(0, forward)), ew.scalar(dim, forward))


def _one_index(begin: Value, dim: int, axis: int) -> tuple[Any, int]:
    start = _forward(begin, dim)
    inside = ew.logical_and(
        ew.greater_equal(start, ew.scalar(0, start)), ew.less(start, ew.scalar(dim, start))
    )
    message = f"slice index {{}} of dimension {axis} out of bounds."
    check(inside, errors.InvalidArgumentError, message, details=(start,))
    if dim == 0:
        refuse(f"slice index of dimension {axis} out of bounds: the dimension is empty.")
    return start, 1


def _fixed_length(part: Part, dim: int, axis: int, length: int) -> tuple[Any, int]:
    """A range of known length where no stage can be cut to learn whether it is cut short."""
    begin = part.begin
    fits = ew.logical_and(
        ew.greater_equal(begin, ew.scalar(0, begin)),
        ew.less_equal(begin, ew.scalar(dim - length, begin)),
    )
    message = (
        f"a slice of {length} elements from {{}} on does not lie within dimension {axis} of size "
        f"{dim}; inside a loop a slice has to keep its size"
    )
    check(fits, errors.InvalidArgumentError, message, details=(begin,))
    return begin, length


def _moving_range(part: Part, dim: int, axis: int, given: int | None) -> tuple[Any, int]:
    """Where a range with a begin or end that is not known starts, and its size."""
    start = 0 if part.begin is None else _clamped(part.begin, dim)
    if given is not None:
        return start, given
    length = constant_distance(part.begin, part.end)
    if in_inner_block() and length is not None and 0 <= length <= dim:
        return _fixed_length(part, dim, axis, length)
    end = dim if part.end is None else _clamped(part.end, dim)
    like: Any = start if isinstance(start, Value) else end
    arrays = [
        position if isinstance(position, Value) else ew.scalar(position, like)
        for position in (start, end)
    ]
    size = ew.maximum(ew.subtract(arrays[1], arrays[0]), ew.scalar(0, like))
    return start, int(known(size))


def _moves(part: Part) -> bool:
    return isinstance(part.begin, Value) or isinstance(part.end, Value)


def _settled(part: Part) -> Part:
    """A part with a stride needs its values; a range without one may move."""
    if part.shrink or part.stride == 1 or not _moves(part):
        return part
    begin = int(known(part.begin)) if isinstance(part.begin, Value) else part.begin
    end = int(known(part.end)) if isinstance(part.end, Value) else part.end
    return Part(begin, end, part.stride)


def block_of(parts: Sequence[Part], dims: Sequence[int], given: Sequence[int | None]) -> Block:
    """The slice that the parts describe; ``given`` has sizes known from elsewhere."""
    starts: list[int | Value] = [0] * len(dims)
    window = list(dims)
    inner: list[Bounds] = []
    for axis, (part, dim) in enumerate(zip(map(_settled, parts), dims, strict=True)):
        if not _moves(part):
            inner.append(bounds(part, dim, axis))
            continue
        check_stride(part, axis)
        if part.shrink:
            starts[axis], window[axis] = _one_index(part.begin, dim, axis)
        else:
            starts[axis], window[axis] = _moving_range(part, dim, axis, given[axis])
        inner.append(Bounds(0, window[axis], 1, window[axis]))
    moving = any(isinstance(start, Value) for start in starts) or tuple(window) != tuple(dims)
    return Block(
        starts if moving else None,
        tuple(window),
        tuple(part.begin for part in inner),
        tuple(part.end for part in inner),
        tuple(part.stride for part in inner),
    )


def parts_of(
    begin: Array, end: Array, strides: Array, masks: Masks, rank: int
) -> tuple[list[Part], list[int]]:
    """The part of each axis, and the axis that each axis of the slice comes from.

    Raises:
      InvalidArgumentError: the vectors do not describe a slice of that rank.
    """
    if not begin.shape == end.shape == strides.shape or begin.ndim != 1:
        refuse(
            "Expected begin, end, and strides to be 1D equal size tensors, but got shapes "
            f"{list(begin.shape)}, {list(end.shape)}, and {list(strides.shape)} instead."
        )
    try:
        return parts_by_axis(elements(begin), elements(end), known_ints(strides), masks, rank)
    except ShapeError as error:
        refuse(str(error))


def block_or_refuse(
    parts: Sequence[Part], dims: Sequence[int], given: Sequence[int | None]
) -> Block:
    """`block_of`, whose errors are those of a run.

    Raises:
      InvalidArgumentError: a part does not lie within its axis.
    """
    try:
        return block_of(parts, dims, given)
    except ShapeError as error:
        refuse(str(error))
