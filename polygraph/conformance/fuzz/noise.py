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

from polygraph.conformance.tolerance import BOUNDS, EXACT, SUM
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
_OFTEN = 0.5
"""How often what engines differ in is done the other way: tiny numbers flushed, and the like."""
_ANY_ZERO = frozenset(name for name, bound in BOUNDS.items() if bound.any_zero or bound == SUM)
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
    apply = _moving(exact, turn) if turn else exact
    name = f"polygraph-fuzz-{next(_numbers)}"
    register_backend(walking_backend(name, apply))
    try:
        yield name
    finally:
        unregister_backend(name)


def _moving(exact: Apply, turn: int) -> Apply:
    rng = np.random.default_rng(turn)

    def apply(step: Step, operands: Sequence[Array]) -> Sequence[Array]:
        if step.op is cond:
            return take_branch(step, operands, apply)
        if step.op is while_loop:
            return go_round(step, operands, apply)
        name, bound = step.op.name, BOUNDS.get(step.op.name)
        if rng.random() < _OFTEN:
            operands = [_flushed(x) for x in operands]
        # Which cell is greatest is no matter of rounding.
        fixed = 2 if name.startswith("max_pool_grad") else 0
        if bound is not None and bound.terms:
            operands = [*operands[:fixed], *(_moved(x, 1.0, 0.0, rng) for x in operands[fixed:])]
        results = exact(step, operands)
        if name in _ANY_ZERO:
            results = [_signed(x, rng) for x in results]
        if bound is None and name not in _ARITHMETIC:
            return results
        bound = bound or EXACT
        moved = [_moved(x, max(bound.ulps, 1.0), bound.least, rng) for x in results]
        return _left_open(name, operands, moved, turn)

    return apply


def _left_open(
    name: str, operands: Sequence[Array], results: list[Array], turn: int
) -> list[Array]:
    """The results with what the ops' meaning leaves open made something else in some turns."""
    other = (None, 0.0, None, np.nan)[turn % 4]
    if other is None:
        return results
    if "conv2d" in name and not all(np.isfinite(x).all() for x in operands):
        # Whether the zeros of the padding and between strides are multiplied at all.
        return [np.full_like(x, other) for x in results]
    if name.startswith("max_pool_grad") and np.isnan(operands[0]).any():
        # Which cell of a window with a NaN gets the gradient.
        return [np.full_like(x, other) for x in results]
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
    # What is infinite, or zero, stays so.
    moved = np.where(np.isfinite(wide) & (wide != 0), moved, wide)
    return np.asarray(moved).astype(array.dtype)


def _flushed(array: Array) -> Array:
    """``array`` with zeros for subnormal numbers."""
    if array.dtype.kind == "c" or not is_inexact(array.dtype):
        return array
    tiny = ml_dtypes.finfo(array.dtype).tiny  # type: ignore[no-untyped-call]
    return np.where(np.abs(array) < tiny, 0 * array, array)
