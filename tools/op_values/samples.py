"""Sample arrays: one small set of values for each dtype, the edges of the dtype among them."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

Array = np.ndarray[Any, Any]

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTS = SIGNED + UNSIGNED
FLOATS = ("float16", "bfloat16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
REALS = INTS + FLOATS
NUMERIC = REALS + COMPLEX
ALL = ("bool", *NUMERIC)

SHAPES = {"matrix": (3, 4), "scalar": (), "size_one": (1, 1), "empty": (0, 3)}


def words(text: str) -> list[str]:
    """The words of a text, so that a list of names reads as one."""
    return text.split()


def dtype_of(name: str) -> np.dtype[Any]:
    """The NumPy dtype of a TensorFlow dtype name."""
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def arr(values: Any, name: str) -> Array:
    """``values`` as an array of the dtype called ``name``; integers wrap around."""
    dtype = dtype_of(name)
    if name in INTS:
        return (
            np.array(values, object).astype(dtype)
            if np.size(values)
            else np.zeros(np.shape(values), dtype)
        )
    with np.errstate(all="ignore"):
        return np.array(values).astype(dtype)


def ordinary(name: str, shape: tuple[int, ...], seed: int = 0) -> Array:
    """Moderate values of both signs where the dtype has them; never zero except for bool."""
    rng = np.random.RandomState(seed + 17)
    if name == "bool":
        return np.asarray(rng.randint(0, 2, shape), bool)
    if name in INTS:
        magnitude = rng.randint(1, 10, shape)
        sign = 1 if name in UNSIGNED else rng.choice([-1, 1], shape)
        return np.asarray(magnitude * sign, dtype_of(name))
    values = rng.uniform(0.1, 4.0, shape) * rng.choice([-1, 1], shape)
    if name in COMPLEX:
        return np.asarray(values + 1j * rng.uniform(-2, 2, shape), dtype_of(name))
    return np.asarray(values, dtype_of(name))


def distinct(name: str, shape: tuple[int, ...]) -> Array:
    """0, 1, 2, ... in ``shape`` (bool: odd and even), to see where elements go."""
    count = int(np.prod(shape))
    values = np.arange(count) % (2 if name == "bool" else 100)
    return np.asarray(values.reshape(shape), dtype_of(name))


def _float_edges(name: str) -> list[float]:
    info = ml_dtypes.finfo(dtype_of(name))
    big, tiny, eps = float(info.max), float(info.tiny), float(info.eps)
    return [
        0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 2.0, -2.0, 3.0, -3.25, 0.1, -0.7,
        1e-3, 10.0, -10.0, 89.0, -89.0, 1000.0, -1000.0, big, -big, tiny, -tiny, eps, 1.0 + eps,
        1.0 - eps, np.inf, -np.inf, np.nan,
    ]  # fmt: skip


def _int_edges(name: str) -> list[int]:
    info = np.iinfo(dtype_of(name))
    low, high = int(info.min), int(info.max)
    small = [0, 1, 2, 3, 5, 7, 100, high, high - 1, high // 2, high // 2 + 1]
    return small if low == 0 else [*small, -1, -2, -3, -7, -100, low, low + 1, low // 2]


def _complex_edges() -> list[complex]:
    parts = [0.0, 1.0, -2.5, 0.5]
    return [*(complex(re, im) for re in parts for im in parts), -3 + 1e-3j, 20 - 20j, 100 + 3j]


def complex_specials(name: str) -> Array:
    """Signed zeros on branch cuts, infinities and NaN, where complex arithmetic has no one law."""
    parts = [0.0, -0.0, -2.5, np.inf, np.nan]
    return arr([complex(re, im) for re in parts for im in (0.0, -0.0, 1.0, -np.inf)], name)


def edges(name: str) -> Array:
    """The values at which kernels differ: zeros, halves, limits, infinities, NaN, INT_MIN."""
    if name == "bool":
        return np.array([False, True])
    if name in INTS:
        return arr(_int_edges(name), name)
    if name in COMPLEX:
        return arr(_complex_edges(), name)
    return arr(_float_edges(name), name)


def few(name: str) -> Array:
    """At most 14 of the edges, for ops that meet every pair of them."""
    if name == "bool":
        return edges(name)
    if name in INTS:
        info = np.iinfo(dtype_of(name))
        return arr(
            [1, 2, 3, 7, info.max, info.max - 1]
            + ([] if info.min == 0 else [-1, -2, -3, -7, info.min, info.min + 1]),
            name,
        )
    if name in COMPLEX:
        return arr([1, -1, 1j, 2 - 3j, -0.5 + 0.25j, 3.5 + 4j], name)
    big = float(ml_dtypes.finfo(dtype_of(name)).max)
    return arr(
        [0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 2.5, 3.0, -7.5, big, -big, np.inf, -np.inf, np.nan], name
    )


def subnormals(name: str) -> Array:
    """Subnormal numbers of a real float dtype, and a normal one beside them."""
    info = ml_dtypes.finfo(dtype_of(name))
    least, tiny = float(info.smallest_subnormal), float(info.tiny)
    return arr([least, -least, 3 * least, tiny / 2, -tiny / 2, tiny - least, tiny, 1.0], name)
