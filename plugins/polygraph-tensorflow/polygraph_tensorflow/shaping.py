"""Shapes, slices and padding."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from polygraph_tensorflow.elementwise import numpy_dtype, raw, to_dtype
from polygraph_tensorflow.many_axes import MOST_AXES, MOST_MIRRORED, on_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    Shape = tuple[int, ...]
    Ends = tuple[int | None, ...]

_LITERAL = 1024
"""Elements of an `iota` that become a constant."""


def ints(numbers: Sequence[int]) -> tf.Tensor:
    """A shape, or anything else that nodes take as a vector of integers."""
    return tf.constant(np.array(numbers, np.int64))


def zeros(shape: Sequence[int], dtype: Any) -> tf.Tensor:
    """Zeros of a given type."""
    value = tf.constant(np.zeros((), dtype))
    return raw.Fill(dims=ints(shape), value=value) if len(shape) else value


def reshape(x: tf.Tensor, *, shape: Sequence[int]) -> tf.Tensor:
    """The same elements with another shape."""
    return raw.Reshape(tensor=x, shape=ints(shape))


def transpose(x: tf.Tensor, *, perm: Sequence[int]) -> tf.Tensor:
    """Axes in another order."""
    return raw.Transpose(x=x, perm=ints(perm))


def concatenate(*xs: tf.Tensor, axis: int) -> tf.Tensor:
    """Join along an axis."""
    return raw.ConcatV2(values=xs, axis=axis) if len(xs) > 1 else xs[0]


def pad(x: tf.Tensor, value: tf.Tensor, *, low: Shape, high: Shape) -> tf.Tensor:
    """``value`` around ``x``."""
    if not any((*low, *high)):
        return x
    if len(low) > MOST_AXES:
        for axis, (lo, hi) in enumerate(zip(low, high, strict=True)):
            x = on_axis(x, axis, partial(pad, value=value, low=(0, lo, 0), high=(0, hi, 0)))
        return x
    paddings = np.stack([low, high], -1).astype(np.int64)
    return raw.PadV2(input=x, paddings=paddings, constant_values=value)


def mirror_pad(x: tf.Tensor, *, low: Shape, high: Shape, mode: str) -> tf.Tensor:
    """A mirror image around ``x``."""
    if not any((*low, *high)):
        return x
    if len(low) > MOST_MIRRORED:
        for axis, (lo, hi) in enumerate(zip(low, high, strict=True)):
            x = on_axis(x, axis, partial(mirror_pad, low=(0, lo, 0), high=(0, hi, 0), mode=mode))
        return x
    paddings = np.stack([low, high], -1).astype(np.int64)
    return raw.MirrorPad(input=x, paddings=paddings, mode=mode.upper())


def _mask(ends: Ends) -> int:
    return sum(1 << axis for axis, end in enumerate(ends) if end is None)


def _bounds(begin: Shape, end: Ends, strides: Shape) -> dict[str, Any]:
    return {
        "begin": ints(begin),
        "end": ints([0 if stop is None else stop for stop in end]),
        "strides": ints(strides),
        "end_mask": _mask(end),
    }


def _count(shape: Shape, begin: Shape, end: Ends, strides: Shape) -> int:
    parts = zip(shape, begin, end, strides, strict=True)
    return math.prod(len(range(dim)[slice(*part)]) for dim, *part in parts)


def strided_slice(x: tf.Tensor, *, begin: Shape, end: Ends, strides: Shape) -> tf.Tensor:
    """A slice of every axis."""
    if not begin:
        return x
    if not _count(tuple(x.shape), begin, end, strides):
        parts = zip(x.shape, begin, end, strides, strict=True)
        return zeros([len(range(dim)[slice(*part)]) for dim, *part in parts], numpy_dtype(x))
    if len(begin) > MOST_AXES:
        for axis, part in enumerate(zip(begin, end, strides, strict=True)):
            x = on_axis(x, axis, partial(strided_slice, **_middle(*part)))
        return x
    return raw.StridedSlice(input=x, **_bounds(begin, end, strides))


def strided_slice_grad(
    dy: tf.Tensor, *, shape: Shape, begin: Shape, end: Ends, strides: Shape
) -> tf.Tensor:
    """Zeros of ``shape`` with ``dy`` in the slice."""
    if not shape:
        return dy
    if not _count(shape, begin, end, strides):
        return zeros(shape, numpy_dtype(dy))
    if len(shape) > MOST_AXES:
        for axis, part in enumerate(zip(begin, end, strides, strict=True)):
            dy = on_axis(dy, axis, partial(_unsliced, size=shape[axis], **_middle(*part)))
        return dy
    return raw.StridedSliceGrad(shape=ints(shape), dy=dy, **_bounds(begin, end, strides))


def _middle(begin: int, end: int | None, stride: int) -> dict[str, Any]:
    """A slice of the middle one of three axes."""
    return {"begin": (0, begin, 0), "end": (None, end, None), "strides": (1, stride, 1)}


def _unsliced(dy: tf.Tensor, *, size: int, **attrs: Any) -> tf.Tensor:
    """`strided_slice_grad` along the middle one of three axes."""
    return strided_slice_grad(dy, shape=(dy.shape[0], size, dy.shape[2]), **attrs)


def _window(x: tf.Tensor, starts: tf.Tensor, sizes: Sequence[int]) -> tf.Tensor:
    """``starts`` moved until the block lies in ``x``."""
    limits = np.subtract(x.shape, sizes).astype(numpy_dtype(starts))
    positive = raw.Maximum(x=starts, y=np.zeros((), limits.dtype))
    return raw.Minimum(x=positive, y=limits)


def dynamic_slice(x: tf.Tensor, starts: tf.Tensor, *, sizes: Shape) -> tf.Tensor:
    """A block of ``x``."""
    if not sizes:
        return x
    begin = _window(x, starts, sizes)
    if len(sizes) > MOST_AXES:
        for axis, start in enumerate(raw.Unpack(value=begin, num=len(sizes))):
            x = on_axis(x, axis, partial(_block, start=start, size=sizes[axis]))
        return x
    return raw.Slice(input=x, begin=begin, size=np.array(sizes, numpy_dtype(starts)))


def _block(x: tf.Tensor, *, start: tf.Tensor, size: int) -> tf.Tensor:
    """A block along the middle one of three axes."""
    zero = raw.ZerosLike(x=start)
    begin = raw.Pack(values=[zero, start, zero])
    block = np.array([x.shape[0], size, x.shape[2]], numpy_dtype(start))
    return raw.Slice(input=x, begin=begin, size=block)


def dynamic_update_slice(x: tf.Tensor, update: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """``x`` with a block replaced."""
    sizes = tuple(update.shape)
    if not sizes:
        return update
    if not math.prod(sizes):
        return x
    begin = _window(x, starts, sizes)
    if len(sizes) > MOST_AXES:
        return _placed(x, update, begin)
    kind = numpy_dtype(starts)
    return raw.TensorStridedSliceUpdate(
        input=x,
        begin=begin,
        end=raw.AddV2(x=begin, y=np.array(sizes, kind)),
        strides=np.ones(len(sizes), kind),
        value=update,
    )


def _placed(x: tf.Tensor, update: tf.Tensor, begin: tf.Tensor) -> tf.Tensor:
    """``x`` with a block replaced, by the places of its elements in row-major order."""
    weights = np.array([math.prod(x.shape[axis + 1 :]) for axis in range(len(x.shape))], np.int64)
    offsets = np.tensordot(weights, np.indices(tuple(update.shape)), 1).reshape(-1, 1)
    first = raw.Sum(input=raw.Mul(x=to_dtype(begin, tf.int64), y=weights), axis=0)
    flat = raw.TensorScatterUpdate(
        tensor=reshape(x, shape=(-1,)),
        indices=raw.AddV2(x=tf.constant(offsets), y=first),
        updates=reshape(update, shape=(-1,)),
    )
    return reshape(flat, shape=tuple(x.shape))


def reverse(x: tf.Tensor, *, axes: Shape) -> tf.Tensor:
    """Elements along axes in reverse order."""
    if len(x.shape) > MOST_AXES:
        for axis in axes:
            x = on_axis(x, axis % len(x.shape), partial(reverse, axes=(1,)))
        return x
    return raw.ReverseV2(tensor=x, axis=ints(axes)) if axes else x


def iota(*, dtype: np.dtype[Any], size: int) -> tf.Tensor:
    """``0, 1, ... size - 1``."""
    if size <= _LITERAL:
        return tf.constant(np.arange(size).astype(dtype))
    line = raw.Range(start=np.int64(0), limit=np.int64(size), delta=np.int64(1))
    return line if dtype == np.int64 else to_dtype(line, dtype)
