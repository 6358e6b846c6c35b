"""Special functions of float64 by mpmath, for what the references themselves approximate."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Known = np.ndarray[Any, Any]

DIGITS = 30
"""Decimal digits of mpmath's numbers: ten more than a long double has."""

ELEMENTS = 500
"""Different operands that mpmath is asked about in one call."""

ZETA_LIMIT = 60.0
"""Arguments of zeta that are left to mpmath; beyond it takes minutes for an element."""

MPMATH = frozenset(
    {"erf", "erfc", "lgamma", "digamma", "erfinv", "zeta"}
    if importlib.util.find_spec("mpmath") is not None
    else ()
)
"""Ops judged by mpmath; none where it is not installed (`polygraph-framework[conformance]`)."""


def by_mpmath(name: str, operands: Sequence[Known]) -> Known:
    """The function ``name``, one of `MPMATH`, as long doubles.

    NaN where mpmath has no answer, and for all but some `ELEMENTS` different operands, of which
    each takes up to a millisecond: the reference at the dtype itself answers there.
    """
    mpmath: Any = importlib.import_module("mpmath")
    arrays = np.broadcast_arrays(*operands)
    distinct, inverse = np.unique(
        np.stack([x.reshape(-1) for x in arrays]), axis=1, return_inverse=True
    )
    results = np.full(distinct.shape[1], np.nan, np.longdouble)
    step = -(-distinct.shape[1] // ELEMENTS) or 1
    with mpmath.workdps(DIGITS):
        results[::step] = [_value(mpmath, name, column) for column in distinct.T[::step]]
    return np.asarray(results[inverse.reshape(-1)].reshape(arrays[0].shape))


def _value(mpmath: Any, name: str, column: Known) -> np.longdouble:
    if not np.all(np.isfinite(column)) or (name == "zeta" and not _is_tame(*column)):
        return np.longdouble(np.nan)
    function: Callable[..., Any] = _lgamma if name == "lgamma" else getattr(mpmath, name)
    arguments = [mpmath.mpf(float(x)) for x in column]
    try:
        found = function(mpmath, *arguments) if name == "lgamma" else function(*arguments)
    except (ValueError, OverflowError, ZeroDivisionError, mpmath.libmp.NoConvergence):
        return np.longdouble(np.nan)
    with np.errstate(over="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.longdouble(mpmath.nstr(found.real, DIGITS))


def _is_tame(s: float, q: float) -> bool:
    """Whether mpmath finds Hurwitz's zeta function in no time."""
    return bool(1 < s <= ZETA_LIMIT and 0 < q <= ZETA_LIMIT)


def _lgamma(mpmath: Any, x: Any) -> Any:
    """The logarithm of the absolute value of gamma; below zero by Euler's reflection."""
    if x > 0:
        return mpmath.loggamma(x)
    return mpmath.log(mpmath.pi / abs(mpmath.sinpi(x))) - mpmath.loggamma(1 - x)
