"""Convolutions and pooling, NHWC, with their gradients."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from op_values.case import Spec
from op_values.samples import FLOATS, INTS, arr, distinct, ordinary
from op_values.shaping import i32

if TYPE_CHECKING:
    from collections.abc import Iterator

Pair = tuple[int, int]


@dataclasses.dataclass(frozen=True)
class Window:
    """How a window of ``size`` moves over an image."""

    size: Pair
    strides: Pair = (1, 1)
    padding: str = "VALID"
    dilations: Pair = (1, 1)
    explicit: tuple[Pair, Pair] = ((0, 0), (0, 0))

    def out(self, image: Pair) -> Pair:
        """Height and width of what comes out for an image of this height and width."""
        return self._out(image, 0), self._out(image, 1)

    def _out(self, image: Pair, at: int) -> int:
        if self.padding == "SAME":
            return -(-image[at] // self.strides[at])
        reach = (self.size[at] - 1) * self.dilations[at] + 1
        return (image[at] + sum(self.explicit[at]) - reach) // self.strides[at] + 1

    def attrs(self) -> dict[str, Any]:
        """The attributes of a convolution."""
        pads = [0, 0, *self.explicit[0], *self.explicit[1], 0, 0]
        return {
            "strides": [1, *self.strides, 1],
            "padding": self.padding,
            "dilations": [1, *self.dilations, 1],
            "explicit_paddings": pads if self.padding == "EXPLICIT" else [],
        }

    def pool_attrs(self) -> dict[str, Any]:
        """The attributes of a pooling op."""
        return {
            "ksize": [1, *self.size, 1],
            "strides": [1, *self.strides, 1],
            "padding": self.padding,
        }


# label: image, window, channels in, channels out
CONVOLUTIONS: dict[str, tuple[Pair, Window, int, int]] = {
    "valid": ((4, 5), Window((3, 2)), 2, 3),
    "same": ((4, 5), Window((3, 2), padding="SAME"), 2, 3),
    "same_even": ((4, 4), Window((2, 4), padding="SAME"), 1, 2),
    "same_strided": ((5, 6), Window((3, 3), (2, 2), "SAME"), 1, 2),
    "valid_strided": ((6, 7), Window((2, 3), (2, 3)), 1, 2),
    "explicit": ((3, 4), Window((2, 3), (2, 1), "EXPLICIT", explicit=((1, 0), (2, 1))), 2, 1),
    "one_by_one": ((3, 2), Window((1, 1)), 3, 2),
    "one_by_one_strided": ((4, 4), Window((1, 1), (2, 2), "SAME"), 2, 2),
    "whole_image": ((3, 3), Window((3, 3)), 2, 2),
    "dilated": ((6, 6), Window((2, 3), dilations=(2, 2)), 1, 2),
    "dilated_same": ((5, 4), Window((2, 2), padding="SAME", dilations=(2, 1)), 1, 2),
}
POOLS = {
    "valid": Window((2, 2), (2, 2)),
    "same": Window((2, 3), (2, 1), "SAME"),
    "overlapping": Window((3, 2), (1, 1)),
    "same_overlapping": Window((3, 3), (2, 2), "SAME"),
    "gaps": Window((1, 1), (2, 2)),
}


def _convolve(label: str, dtype: str, *, depthwise: bool) -> Iterator[Spec]:
    image, window, cin, cout = CONVOLUTIONS[label]
    x = ordinary(dtype, (2, *image, cin))
    f = ordinary(dtype, (*window.size, cin, cout), 1)
    name = "DepthwiseConv2dNative" if depthwise else "Conv2D"
    dy = ordinary(dtype, (2, *window.out(image), cin * cout if depthwise else cout), 2)
    attrs, case = window.attrs(), f"{dtype}/{label}"
    yield Spec(name, (x, f), case, attrs)
    yield Spec(f"{name}BackpropInput", (i32(x.shape), f, dy), case, attrs)
    yield Spec(f"{name}BackpropFilter", (x, i32(f.shape), dy), case, attrs)


def _pool(label: str, dtype: str) -> Iterator[Spec]:
    window = POOLS[label]
    x = ordinary(dtype, (1, 4, 5, 2))
    attrs, case = window.pool_attrs(), f"{dtype}/{label}"
    dy = ordinary(dtype, (1, *window.out((4, 5)), 2), 1)
    yield Spec("MaxPool", (x,), case, attrs)
    yield Spec("AvgPool", (x,), case, attrs)
    yield Spec("AvgPoolGrad", (i32(x.shape), dy), case, attrs)
    yield Spec("MaxPoolGrad", (x, _max_pool(x, window), dy), case, attrs)
    ddx = ordinary(dtype, x.shape, 2)
    yield Spec("MaxPoolGradGrad", (x, _max_pool(x, window), ddx), case, attrs)
    if dtype == "float32":
        yield Spec("MaxPoolWithArgmax", (x,), case, attrs)


def _max_pool(x: np.ndarray[Any, Any], window: Window) -> np.ndarray[Any, Any]:
    """The forward op, of which the gradient op wants the output."""
    height, width = window.out(x.shape[1:3])
    out = np.zeros((x.shape[0], height, width, x.shape[3]), x.dtype)
    shift = [0, 0]
    if window.padding == "SAME":
        need = [
            (n - 1) * s + k - i
            for n, s, k, i in zip(
                (height, width), window.strides, window.size, x.shape[1:3], strict=True
            )
        ]
        shift = [max(n, 0) // 2 for n in need]
    for row, column in itertools.product(range(height), range(width)):
        top = row * window.strides[0] - shift[0]
        left = column * window.strides[1] - shift[1]
        part = x[:, max(top, 0) : top + window.size[0], max(left, 0) : left + window.size[1]]
        out[:, row, column] = part.max(axis=(1, 2))
    return out


def _pool_ties() -> Iterator[Spec]:
    same = arr(np.ones((1, 3, 3, 1)), "float32")
    rows = arr([[1, 2, 2, 0], [2, 0, 1, 2], [-1, -1, 3, 3], [-1, -1, 3, 3]], "float32")
    odd = arr([[np.nan, 1, 2, 3], [0, 1, np.nan, 2], [-np.inf, -np.inf, -0.0, 0.0],
               [-np.inf, -np.inf, 0.0, -0.0]], "float32")  # fmt: skip
    for label, value in {"equal": same, "rows": rows[None, :, :, None],
                         "special": odd[None, :, :, None]}.items():  # fmt: skip
        for name in ("valid", "overlapping", "same_overlapping"):
            window, case = POOLS[name], f"ties_{label}/{name}"
            attrs = window.pool_attrs()
            pinned = label == "special"
            out = _max_pool(value, window)
            dy = np.cumsum(np.ones(out.size, np.float32)).reshape(out.shape).astype(np.float32)
            yield Spec("MaxPool", (value,), case, attrs, pinned=pinned)
            yield Spec("MaxPoolWithArgmax", (value,), case, attrs, pinned=pinned)
            yield Spec("MaxPoolGrad", (value, out, dy), case, attrs, pinned=pinned)


def _refused() -> Iterator[Spec]:
    x, f = ordinary("float32", (1, 4, 4, 2)), ordinary("float32", (3, 3, 2, 2), 1)
    valid = Window((3, 3)).attrs()
    for label, a, b, attrs in (
        ("channels", x, f[:, :, :1], valid), ("window_too_large", x[:, :2], f, valid),
        ("rank_3", x[0], f, valid), ("filter_rank_3", x, f[0], valid),
        ("empty_batch", x[:0], f, valid), ("stride_batch", x, f, valid | {"strides": [2, 1, 1, 1]}),
    ):  # fmt: skip
        yield Spec("Conv2D", (a, b), f"float32/{label}", attrs)
    grouped = ordinary("float32", (2, 2, 1, 4), 1)
    yield Spec("Conv2D", (x, grouped), "float32/grouped", Window((2, 2)).attrs())
    pool = POOLS["valid"].pool_attrs()
    for op in ("MaxPool", "AvgPool"):
        yield Spec(op, (x[:0],), "float32/empty_batch", pool)
        yield Spec(op, (x[0],), "float32/rank_3", pool)
        yield Spec(op, (x[:, :1],), "float32/window_too_large", pool)
    special = x.copy()
    special[0, 1, 1, 0], special[0, 2, 2, 1] = np.nan, np.inf
    yield Spec("Conv2D", (special, f), "float32/special", valid)


def _convolutions() -> Iterator[Spec]:
    for label, depthwise in itertools.product(CONVOLUTIONS, (False, True)):
        # The kernel of depthwise convolution does not look at dilations.
        if depthwise and label.startswith("dilated"):
            continue
        for dtype in ("float32", "float64"):
            yield from _convolve(label, dtype, depthwise=depthwise)
        for dtype in ("float16", "bfloat16", "int32"):
            if label in ("valid", "same_strided"):
                yield from _convolve(label, dtype, depthwise=depthwise)


def specs() -> Iterator[Spec]:
    """Every case of convolution and pooling."""
    yield from _convolutions()
    for label, dtype in itertools.product(POOLS, FLOATS):
        yield from _pool(label, dtype)
    for dtype in INTS:
        x, window = distinct(dtype, (1, 4, 4, 1)), POOLS["valid"]
        yield Spec("MaxPool", (x,), f"{dtype}/valid", window.pool_attrs())
        given = x, _max_pool(x, window)
        dy, ddx = ordinary(dtype, (1, 2, 2, 1)), ordinary(dtype, x.shape, 1)
        yield Spec("MaxPoolGrad", (*given, dy), f"{dtype}/valid", window.pool_attrs())
        yield Spec("MaxPoolGradGrad", (*given, ddx), f"{dtype}/valid", window.pool_attrs())
    yield from _pool_ties()
    yield from _refused()
