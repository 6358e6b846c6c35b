"""Windows over images: how they lie, and what they see. Images have their channels last."""

from __future__ import annotations

import functools
from itertools import product as pairs
from typing import TYPE_CHECKING, Any, NamedTuple

from polygraph_onnxruntime.shaping import cut, pad_around, spread_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph_onnxruntime.writer import Ref

    Shape = tuple[int, ...]

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]

TO_NHWC, TO_NCHW = (0, 2, 3, 1), (0, 3, 1, 2)


class Geometry(NamedTuple):
    """How windows lie over images."""

    kernel: Pair
    strides: Pair
    padding: Padding
    dilations: Pair = (1, 1)

    def reach(self, axis: int) -> int:
        """Cells from the first to the last of a window."""
        return (self.kernel[axis] - 1) * self.dilations[axis] + 1

    def out(self, shape: Shape) -> Pair:
        """Rows and columns of windows over images of an NHWC shape."""
        rows, columns = (
            max(
                0,
                (shape[1 + axis] + sum(self.padding[axis]) - self.reach(axis))
                // self.strides[axis] + 1,
            )
            for axis in (0, 1)
        )  # fmt: skip
        return rows, columns


def to_nhwc(x: Ref, data_format: str) -> Ref:
    """``x`` with its channels last."""
    return x.transpose(TO_NHWC) if data_format == "NCHW" else x


def from_nhwc(x: Ref, data_format: str) -> Ref:
    """The inverse of `to_nhwc`."""
    return x.transpose(TO_NCHW) if data_format == "NCHW" else x


def nhwc_shape(shape: Shape, data_format: str) -> Shape:
    """``shape`` as it is with channels last."""
    return (shape[0], shape[2], shape[3], shape[1]) if data_format == "NCHW" else tuple(shape)


def padded(x: Ref, padding: Padding, value: Any = 0) -> Ref:
    """``value`` around rows and columns."""
    (top, bottom), (left, right) = padding
    return pad_around(x, (0, top, left, 0), (0, bottom, right, 0), x.constant(value))


def taps(x: Ref, geometry: Geometry) -> Iterator[Ref]:
    """For each cell of a window, row by row, what the windows over the padded ``x`` have there."""
    out = geometry._replace(padding=((0, 0), (0, 0))).out(x.shape)
    sizes = (x.shape[0], *out, x.shape[3])
    for row, column in pairs(*map(range, geometry.kernel)):
        begin = (0, row * geometry.dilations[0], column * geometry.dilations[1], 0)
        yield cut(x, begin, sizes, (1, *geometry.strides, 1))


def patches(x: Ref, geometry: Geometry) -> Ref:
    """``[n * rows * columns, cells * channels]``: the windows as rows of a matrix."""
    whole = x.writer.concat(list(taps(padded(x, geometry.padding), geometry)), 3)
    return whole.reshape((whole.size // whole.shape[3], whole.shape[3]))


def put(part: Ref, at: Shape, shape: Shape, geometry: Geometry) -> Ref:
    """Images of ``shape``, padding included, with ``part`` at one cell of each window, and zeros.

    The inverse of what `taps` gives for the cell.
    """
    spread = spread_out(part, (1, *geometry.strides, 1))
    low = (0, at[0] * geometry.dilations[0], at[1] * geometry.dilations[1], 0)
    high = [dim - size - lo for dim, size, lo in zip(shape, spread.shape, low, strict=True)]
    return pad_around(spread, low, high, part.constant(0))


def put_all(parts: Iterator[Ref], shape: Shape, geometry: Geometry) -> Ref:
    """Images of the NHWC ``shape`` that sum up the parts of each cell of a window, row by row."""
    (top, bottom), (left, right) = geometry.padding
    whole = (shape[0], shape[1] + top + bottom, shape[2] + left + right, shape[3])
    cells = pairs(*map(range, geometry.kernel))
    placed = (put(part, at, whole, geometry) for at, part in zip(cells, parts, strict=True))
    return cut(functools.reduce(lambda a, b: a + b, placed), (0, top, left, 0), shape)
