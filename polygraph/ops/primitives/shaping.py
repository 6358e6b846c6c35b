"""Primitives that move elements without computing on them: shapes, slices, padding, joining."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import ALL, INDEX, NUMERIC, REAL
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op import composite, primitive
from polygraph.core.ground.signature import TensorType
from polygraph.ops.primitives.reduction import reduce_sum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.signature import Shape
    from polygraph.core.ground.trace import Array

Known = np.ndarray[Any, Any]

Ends = tuple[int | None, ...]
"""Where slices end; None runs through the first element with a negative stride."""


def _size(shape: Sequence[int]) -> int:
    size = 1
    for dim in shape:
        size *= dim
    return size


def _require_rank(what: str, given: int, rank: int) -> None:
    if given != rank:
        msg = f"{what} has {given} entries for a tensor of rank {rank}"
        raise ShapeError(msg)


@primitive(
    "T[*n] -> T[*shape]",
    T=ALL,
    samples=(
        ((2, 3), {"shape": (3, 2)}),
        ((4,), {"shape": (2, 1, 2)}),
        ((), {"shape": (1, 1)}),
        ((1, 1), {"shape": ()}),
        ((0, 3), {"shape": (5, 0)}),
    ),
)
def reshape(x: Known, *, shape: Shape) -> Known:
    """The same elements in row-major order with another shape of the same size."""
    return np.reshape(x, shape)


@reshape.infer
def _(x: TensorType, *, shape: Shape) -> TensorType:
    if _size(shape) != x.size or min(shape, default=0) < 0:
        msg = f"{x} has {x.size} elements, which do not fit shape {list(shape)}"
        raise ShapeError(msg)
    return TensorType(x.dtype, shape)


@primitive(
    "T[*n] -> T[*permuted]",
    T=ALL,
    samples=(
        ((2, 3), {"perm": (1, 0)}),
        ((2, 3, 4), {"perm": (2, 0, 1)}),
        ((2, 3, 4), {"perm": (0, 1, 2)}),
        ((), {"perm": ()}),
        ((0, 3), {"perm": (1, 0)}),
    ),
)
def transpose(x: Known, *, perm: Shape) -> Known:
    """Axis i of the result is axis ``perm[i]`` of ``x``."""
    return np.transpose(x, perm)


@transpose.infer
def _(x: TensorType, *, perm: Shape) -> TensorType:
    if sorted(perm) != list(range(len(x.shape))):
        msg = f"{list(perm)} is no permutation of the axes of {x}"
        raise ShapeError(msg)
    return TensorType(x.dtype, tuple(x.shape[axis] for axis in perm))


@primitive(
    "T[*n] -> T[*shape]",
    T=ALL,
    samples=(
        ((3,), {"shape": (2, 3)}),
        ((2, 1, 3), {"shape": (2, 4, 3)}),
        ((), {"shape": (2, 2)}),
        ((1, 3), {"shape": (0, 3)}),
        ((2, 3), {"shape": (2, 3)}),
    ),
)
def broadcast_to(x: Known, *, shape: Shape) -> Known:
    """Repeat axes of size 1 and add leading axes, by NumPy's rule, until the shape is reached."""
    return np.broadcast_to(x, shape).copy()


@broadcast_to.infer
def _(x: TensorType, *, shape: Shape) -> TensorType:
    lead = len(shape) - len(x.shape)
    fits = lead >= 0 and all(
        dim in (1, wanted) for dim, wanted in zip(x.shape, shape[max(lead, 0) :], strict=False)
    )
    if not fits:
        msg = f"{x} does not broadcast to shape {list(shape)}"
        raise ShapeError(msg)
    return TensorType(x.dtype, shape)


@primitive(
    "T[*n]... -> T[*joined]",
    T=ALL,
    samples=(
        ((2, 3), (4, 3), {"axis": 0}),
        ((2, 3), (2, 1), (2, 2), {"axis": 1}),
        ((0, 3), (2, 3), {"axis": 0}),
        ((2,), {"axis": 0}),
    ),
)
def concatenate(*xs: Known, axis: int) -> Known:
    """Join along an existing axis (0 or more); the other dimensions must be equal."""
    return np.concatenate(xs, axis)


@concatenate.infer
def _(*xs: TensorType, axis: int) -> TensorType:
    first = xs[0].shape
    if not 0 <= axis < len(first):
        msg = f"axis {axis} is not in [0, {len(first)})"
        raise ShapeError(msg)
    for x in xs[1:]:
        same = len(x.shape) == len(first) and all(
            dim == mine or index == axis
            for index, (dim, mine) in enumerate(zip(x.shape, first, strict=True))
        )
        if not same:
            msg = f"{x} does not continue {xs[0]} along axis {axis}"
            raise ShapeError(msg)
    joined = sum(x.shape[axis] for x in xs)
    return TensorType(xs[0].dtype, (*first[:axis], joined, *first[axis + 1 :]))


@primitive(
    "T[*n], T[] -> T[*padded]",
    T=ALL,
    samples=(
        ((2, 3), (), {"low": (1, 0), "high": (0, 2)}),
        ((2,), (), {"low": (0,), "high": (0,)}),
        ((0, 2), (), {"low": (1, 1), "high": (1, 0)}),
        ((), (), {"low": (), "high": ()}),
    ),
)
def pad(x: Known, value: Known, *, low: Shape, high: Shape) -> Known:
    """Put ``low[i]`` times ``value`` before axis i and ``high[i]`` times behind it."""
    shape = tuple(lo + dim + hi for lo, dim, hi in zip(low, x.shape, high, strict=True))
    result = np.empty(shape, x.dtype)
    result[...] = value
    result[tuple(slice(lo, lo + dim) for lo, dim in zip(low, x.shape, strict=True))] = x
    return result


def _padded(x: TensorType, low: Shape, high: Shape) -> TensorType:
    _require_rank("low", len(low), len(x.shape))
    _require_rank("high", len(high), len(x.shape))
    if min((*low, *high), default=0) < 0:
        msg = f"paddings must not be negative: low={list(low)}, high={list(high)}"
        raise ShapeError(msg)
    dims = zip(low, x.shape, high, strict=True)
    return TensorType(x.dtype, tuple(lo + dim + hi for lo, dim, hi in dims))


@pad.infer
def _(x: TensorType, _value: TensorType, *, low: Shape, high: Shape) -> TensorType:
    return _padded(x, low, high)


@primitive(
    "T[*n] -> T[*padded]",
    T=ALL,
    samples=(
        ((3, 4), {"low": (1, 2), "high": (2, 0), "mode": "reflect"}),
        ((3, 4), {"low": (3, 0), "high": (1, 4), "mode": "symmetric"}),
        ((1,), {"low": (0,), "high": (0,), "mode": "reflect"}),
        ((1,), {"low": (1,), "high": (1,), "mode": "symmetric"}),
    ),
)
def mirror_pad(x: Known, *, low: Shape, high: Shape, mode: str) -> Known:
    """Pad with a mirror image: without the border ("reflect") or with it ("symmetric")."""
    widths = list(zip(low, high, strict=True))
    how: Any = mode
    return np.pad(x, widths, mode=how) if widths else x


@mirror_pad.infer
def _(x: TensorType, *, low: Shape, high: Shape, mode: str) -> TensorType:
    result = _padded(x, low, high)
    border = {"reflect": 1, "symmetric": 0}[mode]
    for dim, width in zip(x.shape, map(max, low, high), strict=True):
        if width > max(dim - border, 0):
            msg = f"a {mode} padding of {width} is wider than {dim} - {border} elements"
            raise ShapeError(msg)
    return result


def slice_sizes(shape: Shape, begin: Shape, end: Ends, strides: Shape) -> Shape:
    """The shape of ``x[begin[0]:end[0]:strides[0], ...]`` for an ``x`` of the given shape."""
    return tuple(
        len(range(*slice(*part).indices(dim)))
        for dim, *part in zip(shape, begin, end, strides, strict=True)
    )


def _slices(begin: Shape, end: Ends, strides: Shape) -> tuple[slice, ...]:
    return tuple(map(slice, begin, end, strides))


@primitive(
    "T[*n] -> T[*slice]",
    T=ALL,
    samples=(
        ((5, 4), {"begin": (1, 0), "end": (4, 4), "strides": (1, 2)}),
        ((5,), {"begin": (4,), "end": (None,), "strides": (-2,)}),
        ((5,), {"begin": (3,), "end": (0,), "strides": (-1,)}),
        ((5,), {"begin": (2,), "end": (2,), "strides": (1,)}),
        ((), {"begin": (), "end": (), "strides": ()}),
    ),
)
def strided_slice(x: Known, *, begin: Shape, end: Ends, strides: Shape) -> Known:
    """``x[begin[0]:end[0]:strides[0], ...]`` as in Python, every axis given.

    Begins and ends are not negative; an end of None runs through element 0, and occurs with a
    negative stride only.
    """
    return x[_slices(begin, end, strides)]


@strided_slice.infer
def _(x: TensorType, *, begin: Shape, end: Ends, strides: Shape) -> TensorType:
    for entries in (begin, end, strides):
        _require_rank("a slice", len(entries), len(x.shape))
    return TensorType(x.dtype, slice_sizes(x.shape, begin, end, strides))


@primitive(
    "T[*slice] -> T[*shape]",
    T=NUMERIC,
    samples=(
        ((3, 2), {"shape": (5, 4), "begin": (1, 0), "end": (4, 4), "strides": (1, 2)}),
        ((3,), {"shape": (5,), "begin": (4,), "end": (None,), "strides": (-2,)}),
        ((0,), {"shape": (5,), "begin": (2,), "end": (2,), "strides": (1,)}),
        ((), {"shape": (), "begin": (), "end": (), "strides": ()}),
    ),
)
def strided_slice_grad(
    dy: Known, *, shape: Shape, begin: Shape, end: Ends, strides: Shape
) -> Known:
    """Zeros of ``shape`` with ``dy`` where `strided_slice` reads."""
    result = np.zeros(shape, dy.dtype)
    result[_slices(begin, end, strides)] = dy
    return result


@strided_slice_grad.infer
def _(dy: TensorType, *, shape: Shape, begin: Shape, end: Ends, strides: Shape) -> TensorType:
    wanted = slice_sizes(shape, begin, end, strides)
    if dy.shape != wanted:
        msg = f"the slice has shape {list(wanted)} but dy is {dy}"
        raise ShapeError(msg)
    return TensorType(dy.dtype, shape)


def _window(x: Known, starts: Known, sizes: Sequence[int]) -> tuple[slice, ...]:
    limits = np.subtract(x.shape, sizes)
    clipped = np.minimum(np.maximum(np.asarray(starts), 0), limits)
    return tuple(
        slice(int(start), int(start) + size) for start, size in zip(clipped, sizes, strict=True)
    )


@primitive(
    "T[*n], I[r] -> T[*sizes]",
    T=ALL,
    I=INDEX,
    samples=(
        ((5, 4), np.array([1, 2], np.int32), {"sizes": (3, 2)}),
        ((5,), np.array([4], np.int32), {"sizes": (3,)}),
        ((5,), np.array([-2], np.int64), {"sizes": (3,)}),
        ((), np.zeros(0, np.int32), {"sizes": ()}),
    ),
)
def dynamic_slice(x: Known, starts: Known, *, sizes: Shape) -> Known:
    """The block of shape ``sizes`` at ``starts``, which are moved until the block lies in ``x``."""
    return x[_window(x, starts, sizes)]


def _require_window(x: TensorType, sizes: Shape, starts: TensorType) -> None:
    _require_rank("sizes", len(sizes), len(x.shape))
    _require_rank("starts", starts.shape[0], len(x.shape))
    if any(not 0 <= size <= dim for size, dim in zip(sizes, x.shape, strict=True)):
        msg = f"a block of shape {list(sizes)} does not fit in {x}"
        raise ShapeError(msg)


@dynamic_slice.infer
def _(x: TensorType, starts: TensorType, *, sizes: Shape) -> TensorType:
    _require_window(x, sizes, starts)
    return TensorType(x.dtype, sizes)


@primitive(
    "T[*n], T[*m], I[r] -> T[*n]",
    T=ALL,
    I=INDEX,
    samples=(
        ((5, 4), (2, 2), np.array([1, 2], np.int32)),
        ((5,), (3,), np.array([4], np.int64)),
        ((5,), (0,), np.array([1], np.int32)),
        ((), (), np.zeros(0, np.int32)),
    ),
)
def dynamic_update_slice(x: Known, update: Known, starts: Known) -> Known:
    """``x`` with the block at ``starts`` replaced; starts are moved as in `dynamic_slice`."""
    result = np.array(x)
    result[_window(x, starts, update.shape)] = update
    return result


@dynamic_update_slice.infer
def _(x: TensorType, update: TensorType, starts: TensorType) -> TensorType:
    _require_window(x, update.shape, starts)
    return x


@primitive(
    "T[*n] -> T[*n]",
    T=ALL,
    samples=(
        ((3, 4), {"axes": (0,)}),
        ((3, 4), {"axes": (0, 1)}),
        ((0,), {"axes": (0,)}),
        ((), {"axes": ()}),
    ),
)
def reverse(x: Known, *, axes: Shape) -> Known:
    """Elements along the given axes (0 or more) in reverse order."""
    return np.flip(x, axes)


@primitive(
    "-> T[size]",
    T=REAL,
    samples=(
        ({"dtype": np.dtype(np.int32), "size": 5},),
        ({"dtype": np.dtype(np.float32), "size": 3},),
        ({"dtype": np.dtype(np.int64), "size": 0},),
    ),
)
def iota(*, dtype: np.dtype[Any], size: int) -> Known:
    """``0, 1, ... size - 1``."""
    return np.arange(size).astype(dtype)


@iota.infer
def _(*, dtype: np.dtype[Any], size: int) -> TensorType:
    return TensorType(dtype, (size,))


@composite(
    "T[*n] -> T[*tiled]",
    T=ALL,
    samples=(
        ((2, 3), {"multiples": (2, 1)}),
        ((2, 3), {"multiples": (1, 3)}),
        ((2,), {"multiples": (0,)}),
        ((), {"multiples": ()}),
    ),
)
def tile(x: Array, *, multiples: Shape) -> Any:
    """Axis i repeated ``multiples[i]`` times, as a whole."""
    split = [part for dim in x.shape for part in (1, dim)]
    spread = [part for pair in zip(multiples, x.shape, strict=True) for part in pair]
    tiled = tuple(count * dim for count, dim in zip(multiples, x.shape, strict=True))
    wide = broadcast_to(reshape(x, shape=tuple(split)), shape=tuple(spread))
    return reshape(wide, shape=tiled)


@tile.infer
def _(x: TensorType, *, multiples: Shape) -> TensorType:
    _require_rank("multiples", len(multiples), len(x.shape))
    return TensorType(x.dtype, tuple(map(lambda one, two: one * two, multiples, x.shape)))


@composite(
    "T[*n]... -> T[*stacked]",
    T=ALL,
    samples=(
        ((2, 3), (2, 3), {"axis": 0}),
        ((2, 3), (2, 3), (2, 3), {"axis": 2}),
        ((), (), {"axis": 0}),
        ((0,), {"axis": 1}),
    ),
)
def stack(*xs: Array, axis: int) -> Any:
    """Join along a new axis, which is axis ``axis`` (0 or more) of the result."""
    shape = (*xs[0].shape[:axis], 1, *xs[0].shape[axis:])
    return concatenate(*(reshape(x, shape=shape) for x in xs), axis=axis)


@stack.infer
def _(*xs: TensorType, axis: int) -> TensorType:
    shape = xs[0].shape
    for x in xs[1:]:
        if x.shape != shape:
            msg = f"shapes of all inputs must match: {xs[0]} and {x}"
            raise ShapeError(msg)
    return TensorType(xs[0].dtype, (*shape[:axis], len(xs), *shape[axis:]))


@composite(
    "T[*n] -> T[*shape]",
    T=NUMERIC,
    samples=(
        ((2, 3), {"shape": (3,)}),
        ((2, 3), {"shape": (2, 1)}),
        ((4, 2, 3), {"shape": (1, 3)}),
        ((2, 3), {"shape": ()}),
        ((0, 3), {"shape": (1, 3)}),
        ((2, 3), {"shape": (2, 3)}),
    ),
)
def sum_to(x: Array, *, shape: Shape) -> Any:
    """The sum over the axes that broadcasting ``shape`` to the shape of ``x`` would repeat."""
    lead = len(x.shape) - len(shape)
    repeated = tuple(
        lead + axis for axis, dim in enumerate(shape) if dim == 1 and x.shape[lead + axis] != 1
    )
    axes = (*range(lead), *repeated)
    if not axes:
        return x
    return reshape(reduce_sum(x, axes=axes, keepdims=False), shape=shape)


@sum_to.infer
def _(x: TensorType, *, shape: Shape) -> TensorType:
    broadcast_to.types([TensorType(x.dtype, shape)], {"shape": x.shape})
    return TensorType(x.dtype, shape)
