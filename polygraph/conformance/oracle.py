"""The true result of an op: its reference in a dtype wider than the one that is judged.

Floats of up to 32 bits are judged by float64, float64 by the platform's long double, and by
mpmath where the reference is an approximation. Composites run step by step in the wide dtype;
how much their roundings add up to is found by running them again with every step moved by half a
unit in the last place, up or down at random. References at the dtype itself define what remains:
what is exact, infinite or NaN.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

from polygraph.conformance.special import MPMATH, by_mpmath
from polygraph.conformance.tolerance import BOUNDS, SUM, eps_of, ulp
from polygraph.core.ground.op import Composite
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import evaluating

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Block, Step, Value

Known = np.ndarray[Any, Any]

CONDITIONS: Mapping[str, Callable[..., Known]] = {
    "power": lambda x, y: np.abs(y * np.log(x)),
    "sinh": np.abs,
    "cosh": np.abs,
    "erfc": lambda x: 2 * x * x,
}
"""How much a function magnifies rounding of its argument, relative to its result."""

ROUNDS = 6
"""Runs with moved roundings."""

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)

SUMS_OF = frozenset(name for name, bound in BOUNDS.items() if bound is SUM)
"""Ops whose ``sum|terms|`` is the op itself on the operands' absolute values."""

DATA_OPERANDS = {"segment_sum": (0,), "max_pool_grad": (2,)}
"""The operands that are summed, where it is not all."""


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What one result ought to be.

    Attributes:
      own: by the reference at the dtype itself.
      wide: in the wider dtype; `own` where there is none.
      terms: ``sum|terms|``, in the wider dtype, broadcastable.
      narrow: there is no wider reference: `own` is what it is judged by.
    """

    own: Known
    wide: Known
    terms: Known
    narrow: bool = False


def widened(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype that judges ``dtype``; itself where it is exact."""
    if dtype.kind == "c":
        return np.dtype(np.clongdouble if dtype.itemsize == np.complex128().nbytes
                        else np.complex128)  # fmt: skip
    if dtype.kind == "f" or dtype == _BFLOAT16:
        return np.dtype(np.longdouble if dtype == np.float64 else np.float64)
    return dtype


def _widen(array: Known) -> Known:
    return array.astype(widened(array.dtype))


def truths(
    op: Op,
    operands: Sequence[Known],
    attrs: Mapping[str, Any],
    types: Sequence[TensorType],
    *,
    exact: bool,
) -> list[Truth]:
    """What each result of an application ought to be; just `own` where that is ``exact``."""
    own = op.compute(operands, attrs, types)
    if exact or all(_is_exact(type_.dtype) for type_ in types):
        return [Truth(x, x, np.zeros(())) for x in own]
    with np.errstate(all="ignore"):
        try:
            wide, terms = _judge(op, operands, attrs, types)
        except (TypeError, ValueError, NotImplementedError, np.linalg.LinAlgError):
            wide = [_widen(x) for x in own]
            terms = [np.max(np.abs(x[np.isfinite(x)]), initial=0.0) for x in wide]
            return [Truth(*each, narrow=True) for each in zip(own, wide, terms, strict=True)]
    return [Truth(*each) for each in zip(own, wide, terms, strict=True)]


def _is_exact(dtype: np.dtype[Any]) -> bool:
    return widened(dtype) == dtype


def _judge(op: Op, operands: Sequence[Known], attrs: Mapping[str, Any],
           types: Sequence[TensorType]) -> tuple[list[Known], list[Known]]:  # fmt: skip
    widest = [_widen(x) for x in operands]
    if not isinstance(op, Composite):
        wide = _primitive(op, operands, widest, attrs, types)
        return wide, [_terms(op, operands, attrs, types, x) for x in wide]
    block = op.expand([TensorType(x.dtype, x.shape) for x in operands], attrs)
    wide = _run(block, widest, None)
    spread = [np.zeros(x.shape) for x in wide]
    for turn in range(ROUNDS):
        rng = np.random.default_rng([turn, zlib.crc32(op.name.encode())])
        for at, moved in enumerate(_run(block, widest, rng)):
            away = np.abs(moved - wide[at])
            spread[at] = np.maximum(spread[at], np.where(np.isfinite(away), away, 0))
    units = [1.0 if _is_exact(type_.dtype) else eps_of(type_.dtype) for type_ in types]
    return wide, [x / unit for x, unit in zip(spread, units, strict=True)]


def _primitive(
    op: Op,
    declared: Sequence[Known],
    wide: Sequence[Known],
    attrs: Mapping[str, Any],
    types: Sequence[TensorType],
) -> list[Known]:
    """A primitive's results in the wider dtypes."""
    if op.name == "cast" and not _is_exact(types[0].dtype):
        value = wide[0] if types[0].dtype.kind == "c" else wide[0].real
        return [value.astype(widened(types[0].dtype))]
    if op.name in NARROW:
        results = op.compute(declared, attrs, types)
        return [_widen(x) for x in results]
    if op.name in MPMATH and wide[0].dtype == np.longdouble:
        exact = by_mpmath(op.name, declared)
        own = op.compute(declared, attrs, types)[0]
        return [np.where(np.isnan(exact), own, exact)]
    with evaluating():
        raw = op.function(*wide, **attrs)
    results = raw if isinstance(raw, tuple) else (raw,)
    return [
        np.asarray(x).astype(widened(type_.dtype), copy=False)
        for x, type_ in zip(results, types, strict=True)
    ]


NARROW = frozenset({"bitcast", "philox", "cond", "while_loop", "floor_divide", "truncate_divide"})
"""Ops that mean something else in another dtype: the quotient is rounded before it is floored."""


def _terms(op: Op, operands: Sequence[Known], attrs: Mapping[str, Any],
           types: Sequence[TensorType], wide: Known) -> Known:  # fmt: skip
    if op.name in SUMS_OF:
        at = DATA_OPERANDS.get(op.name, range(len(operands)))
        sizes = [np.abs(x) if index in at else x for index, x in enumerate(map(_widen, operands))]
        sizes = [np.where(np.isfinite(x), x, 0) if x.dtype.kind in "fc" else x for x in sizes]
        result = _primitive(op, operands, sizes, attrs, types)[0]
        return np.abs(result)
    finite = np.abs(np.where(np.isfinite(wide), wide, 0))
    if op.name == "digamma":
        # pi * cot(pi * x) comes with the rounding of pi * x.
        x = _widen(operands[0])
        return np.asarray(np.where(x < 0, np.abs(x) * (np.pi / np.sin(np.pi * x)) ** 2, 0))
    if op.name in CONDITIONS:
        return np.asarray(finite * CONDITIONS[op.name](*map(_widen, operands)))
    if op.name == "qr":
        return np.asarray(np.max(finite, initial=0.0))
    factors = max((x.size for x in operands), default=1) / max(wide.size, 1)
    return np.asarray(finite * max(factors, wide.shape[-1] if wide.ndim else 1))


# Composites, step by step.

_ROUNDED = frozenset(BOUNDS) | {"add", "subtract", "multiply", "divide", "sqrt", "cast"}
"""Primitives that round."""


def _run(block: Block, operands: Sequence[Known], rng: np.random.Generator | None) -> list[Known]:
    """The block's results in wide dtypes; with ``rng``, every step's rounding is moved."""
    arrays: dict[Value, Known] = {value: _widen(x) for value, x in block.constants.items()}
    arrays.update(zip(block.parameters, operands, strict=True))
    for step in block.steps:
        wide = [arrays[operand] for operand in step.operands]
        arrays.update(zip(step.results, _step(step, wide, rng), strict=True))
    return [np.asarray(arrays[result]) for result in block.results]


def _step(step: Step, wide: Sequence[Known], rng: np.random.Generator | None) -> list[Known]:
    if isinstance(step.op, Composite):
        inner = step.op.expand([value.type for value in step.operands], step.attrs)
        return _run(inner, wide, rng)
    types = [value.type for value in step.results]
    declared = [x.astype(v.dtype) for x, v in zip(wide, step.operands, strict=True)]
    found = _primitive(step.op, declared, wide, step.attrs, types)
    if rng is None or step.op.name not in _ROUNDED:
        return found
    return [
        _moved(x, type_.dtype, _sizes(step, declared, types, x), rng)
        for x, type_ in zip(found, types, strict=True)
    ]


def _sizes(
    step: Step, declared: Sequence[Known], types: Sequence[TensorType], wide: Known
) -> Known:
    """What a step's rounding is relative to: its result, or the terms of its sum."""
    if step.op.name in SUMS_OF:
        return _terms(step.op, declared, step.attrs, types, wide)
    return np.asarray(np.abs(wide))


def _moved(wide: Known, dtype: np.dtype[Any], sizes: Known, rng: np.random.Generator) -> Known:
    """``wide`` moved by half a unit in the last place of ``dtype``, up or down."""
    if _is_exact(dtype):
        return wide
    signs = (rng.integers(0, 2, wide.shape) * 2 - 1) * (wide != 0)
    return np.asarray(wide + signs * ulp(sizes, dtype) / 2)
