"""Whether two backends gave the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from polygraph.conformance.fuzz.noise import is_inexact

if TYPE_CHECKING:
    from collections.abc import Sequence

    Array = np.ndarray[Any, Any]

ULPS = 16.0
"""A difference of so many units in the last place is none."""

SPREAD = 12.0
"""Nor is one of this many times what moved roundings make."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one fetched array may differ by, and where it is not looked at.

    Attributes:
      distance: for each element.
      unstable: elements that moved roundings make into something else altogether.
    """

    distance: Array
    unstable: Array


def allowance(exact: Array, moved: Sequence[Array]) -> Allowance | None:
    """What moved roundings say about an array; None where they change its shape."""
    if any(other.shape != exact.shape for other in moved):
        return None
    unstable = np.zeros(exact.shape, bool)
    distance = np.zeros(exact.shape)
    for other in moved:
        if not is_inexact(exact.dtype):
            unstable |= np.asarray(exact != other)
            continue
        both = _finite(exact) & _finite(other)
        with np.errstate(all="ignore"):
            away = np.abs(_wide(other) - _wide(exact))
        distance = np.maximum(distance, np.where(both, away, 0))
        unstable |= ~both & ~_same(exact, other)
    return Allowance(SPREAD * distance, unstable)


def _wide(array: Array) -> Array:
    if array.dtype.kind == "c":
        return array.astype(np.complex128)
    return array.astype(np.float64)


def _finite(array: Array) -> Array:
    return np.asarray(np.isfinite(array))


def _same(a: Array, b: Array) -> Array:
    if not is_inexact(a.dtype):
        return np.asarray(a == b)
    if a.dtype.kind == "c":
        return _same(a.real, b.real) & _same(a.imag, b.imag)
    return np.asarray((a == b) | (np.isnan(a) & np.isnan(b)))


def _next_to_a_pole(a: Array, b: Array, allowed: Allowance) -> Array:
    """Where only one is finite, and moved roundings leave not a digit of that one."""
    if not is_inexact(a.dtype):
        return np.zeros(a.shape, bool)
    sizes = np.where(_finite(a), np.abs(_wide(a)), np.abs(_wide(b)))
    one = _finite(a) != _finite(b)
    return np.asarray(one & (allowed.distance > 0) & (allowed.distance >= sizes))


def _units(a: Array, b: Array) -> Array:
    """What so many units in the last place are, and the smallest normal number."""
    real = np.dtype(f"f{a.dtype.itemsize // 2}") if a.dtype.kind == "c" else a.dtype
    info = ml_dtypes.finfo(real)  # type: ignore[no-untyped-call]
    sizes = np.maximum(np.abs(_wide(a)), np.abs(_wide(b)))
    sizes = np.where(np.isfinite(sizes), sizes, 0)
    return np.asarray(ULPS * float(info.eps) * sizes + 2 * float(info.tiny))


def difference(a: Any, b: Any, allowed: Allowance | None = None) -> str | None:
    """What is different between two fetched arrays; None where nothing is.

    Args:
      a: of one backend.
      b: of the other.
      allowed: by how much more than a few units they may differ.
    """
    a, b = np.asarray(a), np.asarray(b)
    if (a.dtype, a.shape) != (b.dtype, b.shape):
        return f"{a.dtype.name}{list(a.shape)} against {b.dtype.name}{list(b.shape)}"
    with np.errstate(all="ignore"):
        good = _same(a, b)
        if not np.all(good) and is_inexact(a.dtype):
            limit = _units(a, b) + (0 if allowed is None else allowed.distance)
            near = np.abs(_wide(a) - _wide(b)) <= limit
            good = good | (near & _finite(a) & _finite(b))
    if allowed is not None:
        good = good | allowed.unstable | _next_to_a_pole(a, b, allowed)
    if np.all(good):
        return None
    place = tuple(int(i) for i in np.argwhere(~good)[0])
    return (
        f"{int(np.sum(~good))} of {a.size} elements of {a.dtype.name}{list(a.shape)} differ, "
        f"at {list(place)} {a[place]} against {b[place]}"
    )
