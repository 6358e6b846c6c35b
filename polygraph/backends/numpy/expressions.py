"""Ops that the straight-line function writes out, sparing the call of their reference.

Each gives, bit for bit, what the reference gives on the dtypes that `plain` admits; the others
go through the reference.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from polygraph.backends.numpy.table import UFUNCS
from polygraph.ops.primitives import elementwise as ew, linalg, reduction as red, shaping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Step

    Expression = Callable[[Step, Sequence[str]], str | None]
    """The source of a step's result, given the names of its operands; None to decline."""

_KINDS = "biufc"


def plain(dtype: np.dtype[np.generic]) -> bool:
    """Whether references compute in ``dtype`` itself: all of NumPy's own but float16."""
    return dtype.isbuiltin == 1 and dtype.kind in _KINDS and dtype.char != "e"


def is_ufunc(step: Step) -> bool:
    """Whether the step is one ufunc call on dtypes that need no widening."""
    return step.op in UFUNCS and all(plain(value.dtype) for value in step.operands)


def _reshape(step: Step, names: Sequence[str]) -> str:
    return f"{names[0]}.reshape({step.attrs['shape']!r})"


def _transpose(step: Step, names: Sequence[str]) -> str:
    return f"{names[0]}.transpose({tuple(step.attrs['perm'])!r})"


def _cast(step: Step, names: Sequence[str]) -> str | None:
    complex_to_real = step.operands[0].dtype.kind == "c" != step.results[0].dtype.kind
    return None if complex_to_real else f"{names[0]}.astype(numpy.{step.results[0].dtype.name})"


def _select(_: Step, names: Sequence[str]) -> str:
    return f"numpy.where({', '.join(names)})"


def is_matrix_product(step: Step) -> bool:
    """Whether the step is a product of two matrices that BLAS computes."""
    return (
        step.op is linalg.matmul
        and step.operands[0].dtype.kind in "fc"
        and all(plain(value.dtype) and value.ndim == 2 for value in step.operands)  # noqa: PLR2004
    )


def factors(step: Step, names: Sequence[str]) -> str:
    """The operands of a product of matrices, transposed where it says so."""
    turned = (step.attrs.get("transpose_a", False), step.attrs.get("transpose_b", False))
    return ", ".join(f"{n}.T" if turn else n for n, turn in zip(names, turned, strict=True))


def _matmul(step: Step, names: Sequence[str]) -> str | None:
    return f"numpy.dot({factors(step, names)})" if is_matrix_product(step) else None


def _reduction(ufunc: str) -> Expression:
    def expression(step: Step, names: Sequence[str]) -> str | None:
        if step.operands[0].size == 0 or not step.attrs["axes"]:
            return None
        axes = tuple(axis % step.operands[0].ndim for axis in step.attrs["axes"])
        # Sums of small integers would be of wider ones.
        dtype = f"numpy.{step.operands[0].dtype.name}" if ufunc == "add" else None
        return f"{ufunc}_reduce({names[0]}, {axes!r}, {dtype}, None, {step.attrs['keepdims']!r})"

    return expression


NAMES: Mapping[str, object] = MappingProxyType(
    {"asarray": np.asarray, "numpy": np}
    | {
        f"{ufunc.__name__}_reduce": ufunc.reduce
        for ufunc in (np.add, np.maximum, np.minimum, np.logical_and, np.logical_or)
    }
)
"""What the expressions name, besides their operands."""

EXPRESSIONS: Mapping[Op, Expression] = MappingProxyType(
    {
        shaping.reshape: _reshape,
        shaping.transpose: _transpose,
        ew.cast: _cast,
        ew.select: _select,
        linalg.matmul: _matmul,
        red.reduce_sum: _reduction("add"),
        red.reduce_max: _reduction("maximum"),
        red.reduce_min: _reduction("minimum"),
        red.reduce_all: _reduction("logical_and"),
        red.reduce_any: _reduction("logical_or"),
    }
)


def expression(step: Step, names: Sequence[str]) -> str | None:
    """The source of the result of ``step``, None where its reference must be called."""
    write = EXPRESSIONS.get(step.op)
    values = (*step.operands, *step.results)
    if write is None or not all(plain(value.dtype) for value in values):
        return None
    found = write(step, names)
    if found is None or step.results[0].ndim:
        return found
    return f"asarray({found})"
