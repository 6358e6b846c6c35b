"""Shapes, slices and padding. All shapes are known, so nothing is computed of them at run time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph_onnxruntime.kernels import I64, kernel_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph_onnxruntime.writer import Ref

    Shape = tuple[int, ...]
    Ends = tuple[int | None, ...]


def take(x: Ref, indices: Ref, axis: int) -> Ref:
    """Slices of ``x`` along ``axis`` at indices that are in range."""
    shape = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return x.writer.add("Gather", [x, indices], x.dtype, shape, axis=axis)


def cut(x: Ref, begin: Shape, sizes: Shape, strides: Shape | None = None) -> Ref:
    """A block of ``x`` with these sizes, by steps of at least 1."""
    steps = strides or (1,) * x.ndim
    if tuple(sizes) == x.shape:
        return x
    if not math.prod(sizes):
        return x.full(0, tuple(sizes))
    ends = [lo + (size - 1) * step + 1 for lo, size, step in zip(begin, sizes, steps, strict=True)]
    return _slice(x, begin, ends, steps, tuple(sizes))


def _slice(
    x: Ref, begin: Sequence[int], end: Sequence[int], strides: Sequence[int], shape: Shape
) -> Ref:
    lists: list[Sequence[int]] = [begin, end, range(x.ndim), strides]
    operands = [x.writer.constant(np.array(numbers, np.int64)) for numbers in lists]
    return x.writer.add("Slice", [x, *operands], x.dtype, shape)


def transpose(x: Ref, *, perm: Shape) -> Ref:
    """Axes in another order."""
    return x.transpose(tuple(perm))


def concatenate(*xs: Ref, axis: int) -> Ref:
    """Joined along an axis; what is empty is left out."""
    parts = [x for x in xs if x.size] or list(xs[:1])
    if not parts[0].size:
        total = sum(x.shape[axis] for x in xs)
        return xs[0].full(0, (*xs[0].shape[:axis], total, *xs[0].shape[axis + 1 :]))
    return parts[0].writer.concat(parts, axis)


def pad_around(x: Ref, low: Sequence[int], high: Sequence[int], value: Ref) -> Ref:
    """``value`` around ``x``."""
    shape = tuple(lo + dim + hi for lo, dim, hi in zip(low, x.shape, high, strict=True))
    if shape == x.shape:
        return x
    if not x.size:
        return value.expand(shape)
    dtype = kernel_dtype("Pad", x.dtype)
    widths = x.writer.constant(np.array([*low, *high], np.int64))
    return x.writer.add("Pad", [x.cast(dtype), widths, value.cast(dtype)], dtype, shape).cast(
        x.dtype
    )


def pad(x: Ref, value: Ref, *, low: Shape, high: Shape) -> Ref:
    """``value`` around ``x``."""
    return pad_around(x, low, high, value)


def mirror_pad(x: Ref, *, low: Shape, high: Shape, mode: str) -> Ref:
    """A mirror image around ``x``: one gather an axis."""
    how: Any = mode
    for axis, widths in enumerate(zip(low, high, strict=True)):
        if any(widths):
            order = np.pad(np.arange(x.shape[axis]), [widths], mode=how)
            x = take(x, x.writer.constant(order.astype(np.int64)), axis)
    return x


def _ranges(shape: Shape, begin: Shape, end: Ends, strides: Shape) -> list[range]:
    return [range(dim)[slice(*part)] for dim, *part in zip(shape, begin, end, strides, strict=True)]


def strided_slice(x: Ref, *, begin: Shape, end: Ends, strides: Shape) -> Ref:
    """A slice."""
    ranges = _ranges(x.shape, begin, end, strides)
    shape = tuple(map(len, ranges))
    if not math.prod(shape):
        return x.full(0, shape)
    if not x.ndim or (shape == x.shape and all(part.step == 1 for part in ranges)):
        return x
    starts = [part.start for part in ranges]
    # An end before element 0 counts from the back unless it is far before it.
    ends = [
        part[-1] + 1 if part.step > 0 else part[-1] - 1 - (dim + 1) * (part[-1] == 0)
        for part, dim in zip(ranges, x.shape, strict=True)
    ]
    return _slice(x, starts, ends, [part.step for part in ranges], shape)


def strided_slice_grad(dy: Ref, *, shape: Shape, begin: Shape, end: Ends, strides: Shape) -> Ref:
    """Zeros of ``shape`` with ``dy`` in the slice."""
    ranges = _ranges(shape, begin, end, strides)
    if not dy.size:
        return dy.full(0, tuple(shape))
    backwards = tuple(axis for axis, part in enumerate(ranges) if part.step < 0)
    rising = [part if part.step > 0 else part[::-1] for part in ranges]
    spread = spread_out(reverse(dy, axes=backwards), tuple(part.step for part in rising))
    low = [part[0] for part in rising]
    high = [dim - 1 - part[-1] for dim, part in zip(shape, rising, strict=True)]
    return pad_around(spread, low, high, dy.constant(0))


def spread_out(x: Ref, steps: Shape) -> Ref:
    """``x`` with ``step - 1`` zeros between neighbours along each axis."""
    if all(step == 1 for step in steps):
        return x
    split = tuple(part for dim in x.shape for part in (dim, 1))
    high = tuple(part for step in steps for part in (0, step - 1))
    wide = pad_around(x.reshape(split), (0,) * len(split), high, x.constant(0))
    whole = tuple(dim * step for dim, step in zip(x.shape, steps, strict=True))
    sizes = tuple((dim - 1) * step + 1 for dim, step in zip(x.shape, steps, strict=True))
    return cut(wide.reshape(whole), (0,) * x.ndim, sizes)


def _starts(x: Ref, starts: Ref, sizes: Shape) -> Ref:
    """``starts`` moved until a block of these sizes lies in ``x``."""
    limits = x.writer.constant(np.subtract(x.shape, sizes).astype(np.int64))
    return starts.cast(I64).binary("Max", 0).binary("Min", limits)


def dynamic_slice(x: Ref, starts: Ref, *, sizes: Shape) -> Ref:
    """A block of ``x``."""
    shape = tuple(sizes)
    if not x.ndim or shape == x.shape:
        return x
    if not math.prod(shape):
        return x.full(0, shape)
    first = _starts(x, starts, shape)
    end = first + x.writer.constant(np.array(shape, np.int64))
    axes = x.writer.iota(x.ndim)
    return x.writer.add("Slice", [x, first, end, axes], x.dtype, shape)


def dynamic_update_slice(x: Ref, update: Ref, starts: Ref) -> Ref:
    """``x`` with a block replaced, through the positions of its elements in row-major order."""
    if not x.ndim or update.shape == x.shape:
        return update
    if not update.size:
        return x
    weights = np.array([math.prod(x.shape[axis + 1 :]) for axis in range(x.ndim)], np.int64)
    offsets = np.tensordot(weights, np.indices(update.shape), 1).reshape(-1)
    moved = _starts(x, starts, update.shape) * x.writer.constant(weights)
    axes = x.writer.constant(np.array([0], np.int64))
    base = x.writer.add("ReduceSum", [moved, axes], I64, (), keepdims=0)
    places = x.writer.constant(offsets.astype(np.int64)) + base
    flat = [x.reshape((x.size,)), places, update.reshape((update.size,))]
    return x.writer.add("ScatterElements", flat, x.dtype, (x.size,), axis=0).reshape(x.shape)


def reverse(x: Ref, *, axes: Shape) -> Ref:
    """Elements along ``axes`` in reverse order."""
    if not axes or not x.size:
        return x
    steps = tuple(-1 if axis in axes else 1 for axis in range(x.ndim))
    begin = tuple(dim - 1 if step < 0 else 0 for dim, step in zip(x.shape, steps, strict=True))
    end = tuple(None if step < 0 else dim for dim, step in zip(x.shape, steps, strict=True))
    return strided_slice(x, begin=begin, end=end, strides=steps)
