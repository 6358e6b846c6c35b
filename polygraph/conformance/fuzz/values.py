"""Values of leaves: small numbers mostly, so that results can be compared, and now and then not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.conformance.fuzz.choices import Choices

    Array = np.ndarray[Any, Any]

FLOATS = ("float32", "float64", "float16", "bfloat16")
INTEGERS = ("int32", "int64", "int8", "uint8", "int16", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")

_EXTREME = 0.08
_EASY = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, 0.25, -1.5])
_SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e4, -1e4, 1e-3])


def np_dtype(name: str) -> np.dtype[Any]:
    """NumPy's dtype of TF1's name."""
    return np.dtype(ml_dtypes.bfloat16) if name == "bfloat16" else np.dtype(name)


def random_array(choose: Choices, dtype: str, shape: Sequence[int]) -> Array:
    """An array of random values."""
    rng = np.random.default_rng(choose.integer(0, 2**32 - 1))
    extreme = choose.chance(_EXTREME)
    return _values(rng, np_dtype(dtype), tuple(shape), extreme=extreme)


def _values(
    rng: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...], *, extreme: bool
) -> Array:
    if dtype.kind == "b":
        return rng.random(shape) < np.float64(0.5)
    if dtype.kind in "iu":
        return _integers(rng, dtype, shape, extreme=extreme)
    if dtype.kind == "c":
        parts = [_reals(rng, shape, extreme=False) for _ in range(2)]
        return np.asarray(parts[0] + 1j * parts[1]).astype(dtype)
    return _reals(rng, shape, extreme=extreme).astype(dtype)


def _integers(
    rng: np.random.Generator, dtype: np.dtype[Any], shape: tuple[int, ...], *, extreme: bool
) -> Array:
    info = np.iinfo(dtype)
    small = rng.integers(max(info.min, -9), 10, shape).astype(dtype)
    if not extreme:
        return np.asarray(small)
    ends = np.array([info.min, info.max, info.max - 1, info.max // 2 + 1], dtype)
    return np.where(rng.random(shape) < np.float64(0.5), ends[rng.integers(0, 4, shape)], small)


def _reals(rng: np.random.Generator, shape: tuple[int, ...], *, extreme: bool) -> Array:
    easy = _EASY[rng.integers(0, _EASY.size, shape)]
    spread = np.round(rng.normal(0.0, 2.0, shape), 3)
    values = np.where(rng.random(shape) < np.float64(0.5), easy, spread)
    if extreme:
        special = _SPECIAL[rng.integers(0, _SPECIAL.size, shape)]
        values = np.where(rng.random(shape) < np.float64(0.3), special, values)
    return np.asarray(values)
