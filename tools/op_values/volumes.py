"""Convolutions of volumes, NDHWC, with their gradients."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from op_values.case import Spec
from op_values.samples import FLOATS, ordinary
from op_values.shaping import i32

if TYPE_CHECKING:
    from collections.abc import Iterator

# label: depth, height and width of the volume and of the filter, strides, padding
CONVOLUTIONS: dict[str, tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], str]] = {
    "valid": ((3, 4, 5), (2, 3, 2), (1, 1, 1), "VALID"),
    "same": ((3, 4, 3), (3, 2, 2), (1, 1, 1), "SAME"),
    "same_strided": ((4, 5, 3), (2, 3, 3), (2, 2, 1), "SAME"),
    "valid_strided": ((5, 4, 4), (2, 2, 3), (2, 1, 1), "VALID"),
    "one_by_one": ((2, 3, 2), (1, 1, 1), (1, 1, 1), "VALID"),
    "whole_volume": ((2, 3, 3), (2, 3, 3), (1, 1, 1), "VALID"),
}


def _sizes(volume: tuple[int, ...], size: tuple[int, ...], strides: tuple[int, ...], padding: str
           ) -> tuple[int, ...]:  # fmt: skip
    if padding == "SAME":
        return tuple(-(-n // s) for n, s in zip(volume, strides, strict=True))
    return tuple((n - k) // s + 1 for n, k, s in zip(volume, size, strides, strict=True))


def _convolve(label: str, dtype: str) -> Iterator[Spec]:
    volume, size, strides, padding = CONVOLUTIONS[label]
    x, f = ordinary(dtype, (2, *volume, 2)), ordinary(dtype, (*size, 2, 3), 1)
    dy = ordinary(dtype, (2, *_sizes(volume, size, strides, padding), 3), 2)
    attrs: dict[str, Any] = {"strides": [1, *strides, 1], "padding": padding}
    case = f"{dtype}/{label}"
    yield Spec("Conv3D", (x, f), case, attrs)
    yield Spec("Conv3DBackpropInputV2", (i32(x.shape), f, dy), case, attrs)
    yield Spec("Conv3DBackpropFilterV2", (x, i32(f.shape), dy), case, attrs)


def specs() -> Iterator[Spec]:
    """Every case of volumes."""
    for label, dtype in itertools.product(CONVOLUTIONS, FLOATS):
        if label in ("valid", "same_strided") or dtype == "float32":
            yield from _convolve(label, dtype)
    x, f = ordinary("float32", (1, 3, 3, 3, 2)), ordinary("float32", (2, 2, 2, 2, 3), 1)
    attrs: dict[str, Any] = {"strides": [1, 1, 1, 1, 1], "padding": "VALID"}
    for label, a, b in (
        ("empty_batch", x[:0], f), ("channels", x, f[:, :, :, :1]), ("rank_4", x[0], f),
        ("window_too_large", x[:, :1], np.concatenate([f, f])),
    ):  # fmt: skip
        yield Spec("Conv3D", (a, b), f"float32/{label}", attrs)
    odd = x.copy()
    odd[0, 1, 1, 1, 0] = np.nan
    yield Spec("Conv3D", (odd, f), "float32/special", attrs)
