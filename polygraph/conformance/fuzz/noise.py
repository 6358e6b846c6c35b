"""How much of a difference is rounding: the graph again, with every rounding moved at random.

Two right backends round differently, and a graph can blow that up without bound. So before a
difference counts, the graph is interpreted some times with every result that rounds moved up or
down by as much as its op may be off, and tiny numbers flushed now and then. Where that changes
more than the two backends differ by, nothing is known.
"""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from polygraph.conformance.tolerance import BOUNDS
from polygraph.conformance.walker import (
    applier,
    go_round,
    reference_lowerings,
    take_branch,
    walking_backend,
)
from polygraph.core.runtime.discovery import register_backend, unregister_backend
from polygraph.ops.primitives.control import cond, while_loop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polygraph.conformance.walker import Apply
    from polygraph.core.ground.program import Step

    Array = np.ndarray[Any, Any]

ROUNDS = 8
"""Runs with moved roundings."""

_ARITHMETIC = frozenset({"add", "subtract", "multiply", "divide", "sqrt", "cast"})
_FLUSHED = 0.5
_ANY_ZERO = frozenset(
    {
        *("reduce_sum", "matmul", "segment_sum", "conv2d", "cumsum"),
        *("maximum", "minimum", "reduce_max", "reduce_min", "segment_max", "segment_min"),
    }
)
"""Ops whose zeros may have either sign: a sum may start from 0.0 or from its first term, and
which of 0.0 and -0.0 is larger TensorFlow itself answers by the length of the array."""

_numbers = itertools.count()


def is_inexact(dtype: np.dtype[Any]) -> bool:
    """Whether it rounds."""
    return dtype.kind in "fc" or dtype == np.dtype(ml_dtypes.bfloat16)


@contextmanager
def reference(turn: int) -> Iterator[str]:
    """The name of a backend that interprets, with roundings moved unless ``turn`` is 0."""
    exact = applier(reference_lowerings())
    apply = _moving(exact, np.random.default_rng(turn)) if turn else exact
    name = f"polygraph-fuzz-{next(_numbers)}"
    register_backend(walking_backend(name, apply))
    try:
        yield name
    finally:
        unregister_backend(name)


def _moving(exact: Apply, rng: np.random.Generator) -> Apply:
    def apply(step: Step, operands: Sequence[Array]) -> Sequence[Array]:
        if step.op is cond:
            return take_branch(step, operands, apply)
        if step.op is while_loop:
            return go_round(step, operands, apply)
        name, bound = step.op.name, BOUNDS.get(step.op.name)
        if bound is not None and bound.terms:
            operands = [_moved(x, 1.0, 0.0, rng) for x in operands]
        results = exact(step, operands)
        if name in _ANY_ZERO:
            results = [_signed(x, rng) for x in results]
        if bound is None and name not in _ARITHMETIC:
            return results
        ulps, least = (1.0, 0.0) if bound is None else (max(bound.ulps, 1.0), bound.least)
        moved = [_moved(x, ulps, least, rng) for x in results]
        if rng.random() < _FLUSHED:
            moved = _left_open(name, operands, moved, rng)
        return moved

    return apply


def _left_open(
    name: str, operands: Sequence[Array], results: list[Array], rng: np.random.Generator
) -> list[Array]:
    """The results with what the ops' meaning leaves open made something else."""
    if "conv2d" in name:
        # Whether the zeros of the padding are multiplied at all.
        without = rng.choice([0.0, np.inf, -np.inf])
        return [np.where(np.isnan(x), x.dtype.type(without), x) for x in results]
    if name.startswith("max_pool_grad") and np.isnan(operands[0]).any():
        # Which cell of a window with a NaN gets the gradient.
        return [np.full_like(x, np.nan) for x in results]
    return results


def _signed(array: Array, rng: np.random.Generator) -> Array:
    """``array`` with zeros of any sign."""
    if array.dtype.kind == "c" or not is_inexact(array.dtype):
        return array
    signs = rng.integers(0, 2, array.shape) == 1
    return np.where((array == 0) & signs, -array, array)


def _moved(array: Array, ulps: float, least: float, rng: np.random.Generator) -> Array:
    """``array`` with every element up to so many units in the last place up or down."""
    if not is_inexact(array.dtype) or not array.size:
        return array
    if array.dtype.kind == "c":
        parts = [_moved(part.copy(), ulps, least, rng) for part in (array.real, array.imag)]
        return np.asarray(parts[0] + 1j * parts[1]).astype(array.dtype)
    info = ml_dtypes.finfo(array.dtype)  # type: ignore[no-untyped-call]
    wide = array.astype(np.longdouble if array.dtype == np.float64 else np.float64)
    sizes = np.maximum(np.abs(wide), least)
    moved = wide + sizes * (rng.uniform(-ulps, ulps, array.shape) * float(info.eps))
    if rng.random() < _FLUSHED:
        moved = np.where(np.abs(wide) < float(info.tiny), 0 * wide, moved)
    # What is infinite, or zero, stays so.
    moved = np.where(np.isfinite(wide) & (wide != 0), moved, wide)
    return np.asarray(moved).astype(array.dtype)
