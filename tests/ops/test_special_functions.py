"""The special functions that NumPy lacks, against mpmath and their known edges."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import mpmath
import numpy as np
import pytest

from polygraph.ops.primitives import elementwise as ew, special_functions

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS = [-100.25, -3.25, -0.5, 1e-10, 0.001, 0.3, 1.46, 1.4616, 2.0, 5.5, 9.99, 10.0, 1e3, 1e8]
INSIDE = [-0.999999999, -0.9, -0.5, -1e-10, 0.0, 1e-20, 0.3, 0.49999, 0.5, 0.75, 0.999999]


def _log_gamma(x: float) -> Any:
    return mpmath.log(abs(mpmath.gamma(x)))


@pytest.mark.parametrize(
    ("function", "truth", "points"),
    [
        (special_functions.erf, mpmath.erf, POINTS),
        (special_functions.erfc, mpmath.erfc, POINTS),
        (special_functions.lgamma, _log_gamma, POINTS),
        (special_functions.digamma, mpmath.digamma, POINTS),
        (special_functions.erfinv, mpmath.erfinv, INSIDE),
    ],
    ids=["erf", "erfc", "lgamma", "digamma", "erfinv"],
)
def test_values_to_nearly_the_last_bit(function: Any, truth: Any, points: list[float]) -> None:
    wanted = [float(truth(mpmath.mpf(point))) for point in points]
    # Near a root only the distance from 0 can be right; there the sizes of the terms are near 1.
    # The angle of a large negative argument costs digamma some digits.
    with np.errstate(divide="ignore"):
        result = function(np.asarray(points))
    np.testing.assert_allclose(result, wanted, rtol=2e-13, atol=2e-15)


@pytest.fixture
def _many_digits() -> Iterator[None]:
    """mpmath's zeta is exact to an absolute error, which many digits make a relative one."""
    with mpmath.workdps(90):
        yield


@pytest.mark.usefixtures("_many_digits")
def test_zeta_and_polygamma() -> None:
    orders, places = [1.01, 1.5, 2.0, 3.0, 20.0], [0.01, 0.5, 1.0, 4.0, 11.5, 1e3, 1e6]
    pairs = np.asarray(list(itertools.product(orders, places)))
    wanted = [float(mpmath.zeta(s, q)) for s, q in pairs]
    np.testing.assert_allclose(special_functions.zeta(*pairs.T), wanted, rtol=1e-13)
    below = np.asarray([-0.5, -3.25, -20.75])
    wanted = [float(mpmath.zeta(2, q)) for q in below]
    np.testing.assert_allclose(special_functions.zeta(np.full(3, 2.0), below), wanted, rtol=1e-12)
    whole = np.asarray([[0.0], [1.0], [2.0], [3.0], [6.0]])
    wanted = [[float(mpmath.polygamma(int(n[0]), x)) for x in (0.3, 2.5, 40.0)] for n in whole]
    result = ew.polygamma(whole, np.asarray([0.3, 2.5, 40.0]))
    np.testing.assert_allclose(result, wanted, rtol=1e-12)


def test_edges_are_those_of_tensorflow() -> None:
    inf, nan = np.inf, np.nan
    poles = np.asarray([0.0, -0.0, -1.0, -10.0, -inf, inf, nan])
    np.testing.assert_array_equal(ew.lgamma(poles), [inf, inf, inf, inf, inf, inf, nan])
    np.testing.assert_array_equal(ew.digamma(poles), [nan, nan, nan, nan, nan, inf, nan])
    np.testing.assert_array_equal(
        ew.erfinv(np.asarray([-1.0, 1.0, 1.5, nan])), [-inf, inf, nan, nan]
    )
    orders = np.asarray([1.0, 0.5, 2.0, 3.0, 1.5, 2.0, nan])
    places = np.asarray([2.0, 2.0, -3.0, -3.0, -0.5, inf, 1.0])
    np.testing.assert_array_equal(ew.zeta(orders, places), [inf, nan, inf, nan, nan, 0.0, nan])
    orders = np.asarray([[1.0], [2.0], [3.0], [2.5], [inf]])
    places = np.asarray([0.0, -1.5, 0.5, 1.0, 3.0, inf, nan])
    found = ew.zeta(orders, places)
    np.testing.assert_array_equal(found[0], np.full(7, inf))
    np.testing.assert_array_equal(found[1:4, 0], [inf, nan, nan])
    np.testing.assert_array_equal(found[1:4, 5:], [[0.0, nan]] * 3)
    np.testing.assert_array_equal(found[4], [inf, inf, inf, 1.0, 0.0, 0.0, nan])
    np.testing.assert_array_equal(ew.polygamma(np.asarray([0.5, -1.0]), np.ones(2)), [nan, nan])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_narrow_dtypes_are_the_rounded_wide_result(dtype: Any) -> None:
    x = np.linspace(-0.95, 0.95, 21).astype(dtype)
    for name in ("erf", "erfc", "erfinv"):
        wide = getattr(special_functions, name)(x.astype(np.float64))
        result = getattr(ew, name)(x)
        assert result.dtype == dtype
        np.testing.assert_array_equal(result, wide.astype(dtype))


def test_empty_arrays() -> None:
    nothing = np.zeros((0, 3))
    for function in (ew.erf, ew.lgamma, ew.digamma, ew.erfinv):
        assert function(nothing).shape == (0, 3)
    assert ew.zeta(nothing, nothing).shape == (0, 3)


@pytest.mark.parametrize("count", [1, 2, 20])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_power_of_one_half_is_no_root(count: int, dtype: type[np.floating[Any]]) -> None:
    # Recorded on TensorFlow 2.21 compat.v1: the root of minus infinity would be NaN, that of a
    # negative zero negative.
    x, half = np.full(count, -np.inf, dtype), np.asarray(0.5, dtype)
    with np.errstate(invalid="ignore"):
        assert ew.power(x, half).tolist() == [np.inf] * count
    assert not np.signbit(ew.power(-np.zeros(count, dtype), half)).any()
