"""Cast between every pair of dtypes, and Bitcast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from op_values.case import Spec
from op_values.samples import (
    ALL,
    COMPLEX,
    FLOATS,
    INTS,
    REALS,
    UNSIGNED,
    arr,
    complex_specials,
    dtype_of,
    edges,
    ordinary,
    subnormals,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[Any, Any]


def _range(dst: str) -> tuple[float, float]:
    if dst in INTS:
        info = np.iinfo(dst)
        return float(info.min), float(info.max)
    if dst in ("bool", *COMPLEX):
        return -np.inf, np.inf
    limit = float(ml_dtypes.finfo(dtype_of(dst)).max)
    return -limit, limit


def _source(src: str) -> Array:
    if src not in FLOATS:
        return edges(src)
    more = [
        3.7,
        -3.7,
        127.0,
        128.0,
        255.0,
        256.0,
        -128.0,
        -129.0,
        40000.0,
        65535.0,
        70000.0,
        2.0**31 - 128,
        2.0**31,
        -(2.0**31),
        2.0**32,
        2.0**63,
        -(2.0**63),
        2.0**64,
        3e9,
    ]
    return np.concatenate([edges(src), arr(more, src)])


def _pair(src: str, dst: str) -> Iterator[Spec]:
    attrs = {"DstT": dst}
    values = _source(src)
    low, high = _range(dst)
    if src in FLOATS and dst in INTS:
        as64 = values.astype(np.float64)
        with np.errstate(invalid="ignore"):
            # 2**63 - 1 is not a float64: strictly below the next power of two is in range.
            fits = (np.trunc(as64) >= low) & (
                np.trunc(as64) < high + 1 if high < 2**53 else as64 < high
            )
        yield Spec("Cast", (values[fits],), f"{src}_to_{dst}/in_range", attrs)
        rest = values[~fits & np.isfinite(as64)]
        label = f"{src}_to_{dst}"
        yield Spec("Cast", (rest,), f"{label}/out_of_range", attrs, pinned=True)
        odd = arr([np.nan, np.inf, -np.inf], src)
        yield Spec("Cast", (odd,), f"{label}/nan_and_inf", attrs, pinned=True)
        yield Spec("Cast", (np.resize(odd, 19),), f"{label}/nan_and_inf_long", attrs, pinned=True)
        return
    yield Spec("Cast", (values,), f"{src}_to_{dst}/edges", attrs)
    if src in COMPLEX:
        pinned = dst in INTS
        odd = complex_specials(src)
        yield Spec("Cast", (odd,), f"{src}_to_{dst}/special", attrs, pinned=pinned)
    if src in FLOATS and dst in (*FLOATS, "bool"):
        label = f"{src}_to_{dst}/subnormal"
        yield Spec("Cast", (subnormals(src),), label, attrs)


def _bitcasts() -> Iterator[Spec]:
    names = [*REALS, *COMPLEX]
    for src in names:
        for dst in names:
            a, b = dtype_of(src).itemsize, dtype_of(dst).itemsize
            if a == b:
                yield Spec("Bitcast", (edges(src),), f"{src}_to_{dst}", {"type": dst})
            elif a < b:
                x = ordinary(src, (2, b // a))
                yield Spec("Bitcast", (x,), f"{src}_to_{dst}/wider", {"type": dst})
            else:
                yield Spec(
                    "Bitcast", (ordinary(src, (2,)),), f"{src}_to_{dst}/narrower", {"type": dst}
                )
    yield Spec("Bitcast", (ordinary("int8", (2, 3)),), "int8_to_int32/odd", {"type": "int32"})


def _forms() -> Iterator[Spec]:
    for src in ("float32", "int32", "bool"):
        for label, shape in {"empty": (0, 2), "scalar": ()}.items():
            for dst in ("float64", "int64", "uint8", "bool"):
                name = f"{src}_to_{dst}/{label}"
                yield Spec("Cast", (ordinary(src, shape),), name, {"DstT": dst})
    narrower = {"float64": ("float32", "float16", "bfloat16"), "float32": ("float16", "bfloat16")}
    for src, targets in narrower.items():
        for dst in targets:
            x = np.concatenate([edges(src), ordinary(src, (20,))])
            attrs = {"DstT": dst, "Truncate": True}
            yield Spec("Cast", (x,), f"{src}_to_{dst}/truncate", attrs)


def _negatives() -> Iterator[Spec]:
    for src in FLOATS:
        for dst in UNSIGNED:
            neg = arr([-0.0, -0.5, -0.99, -1.0, -1.5, -100.0], src)
            yield Spec("Cast", (neg,), f"{src}_to_{dst}/negative", {"DstT": dst}, pinned=True)


def specs() -> Iterator[Spec]:
    """Every case of Cast and Bitcast."""
    for src in ALL:
        for dst in ALL:
            yield from _pair(src, dst)
    yield from _forms()
    yield from _negatives()
    yield from _bitcasts()
