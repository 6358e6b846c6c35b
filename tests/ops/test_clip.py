"""Clipping by norms; values recorded on TensorFlow 2.21's compat.v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from polygraph.core.ground.graph import Graph
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.runtime.gradients import gradients
from polygraph.core.runtime.session import Session
from polygraph.ops import clip, operators  # noqa: F401 - what a tensor's operators call
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Iterator

_X = [3.0, 4.0]
_Y = [[1.0, 2.0], [2.0, 4.0]]


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    with Graph().as_default() as graph:
        yield graph


def _run(tensors: Any) -> Any:
    with Session() as session:
        return session.run(tensors)


@pytest.mark.parametrize(
    ("tensor", "norm", "axes", "wanted"),
    [
        (_X, 1.0, None, [0.6, 0.8]),
        (_X, 10.0, None, _X),
        (_Y, 1.0, [1], [[0.4472136, 0.8944272], [0.4472136, 0.8944272]]),
        ([0.0, 0.0], 1.0, None, [0.0, 0.0]),
    ],
)
def test_a_norm_is_cut(tensor: Any, norm: float, axes: Any, wanted: Any) -> None:
    clipped = clip.clip_by_norm(constant(tensor), norm, axes)
    assert clipped.name == "clip_by_norm:0"
    np.testing.assert_allclose(_run(clipped), wanted, rtol=1e-6)


def test_the_gradient_of_a_zero_is_finite() -> None:
    zero = constant([0.0, 0.0])
    np.testing.assert_array_equal(
        _run(gradients(clip.clip_by_norm(zero, 2.0), zero)[0]), [1.0, 1.0]
    )


def test_tensors_are_cut_together() -> None:
    x, y = constant(_X), constant(_Y)
    clipped, norm = clip.clip_by_global_norm([x, y, None], 2.0)
    assert clipped[2] is None
    assert norm.name == "global_norm/global_norm:0"
    assert clipped[1].name == "clip_by_global_norm/clip_by_global_norm/_1:0"
    first, second, whole = _run([clipped[0], clipped[1], norm])
    scale = 2.0 / np.sqrt(50.0)
    np.testing.assert_allclose(whole, np.sqrt(50.0), rtol=1e-6)
    np.testing.assert_allclose(first, np.multiply(_X, scale), rtol=1e-6)
    np.testing.assert_allclose(second, np.multiply(_Y, scale), rtol=1e-6)
    short, _ = clip.clip_by_global_norm([x], 100.0, use_norm=constant(5.0))
    np.testing.assert_allclose(_run(short[0]), _X, rtol=1e-6)


def test_an_infinite_norm_makes_everything_nan() -> None:
    clipped, norm = clip.clip_by_global_norm([constant([1.0, np.inf]), constant([2.0])], 1.0)
    first, second, whole = _run([*clipped, norm])
    assert np.isnan(first).all()
    assert np.isnan(second).all()
    assert whole == np.inf


def test_slices_stay_slices() -> None:
    rows = IndexedSlices(constant(_Y), constant([0, 3]))
    one = clip.clip_by_norm(rows, 1.0)
    (all_,), norm = clip.clip_by_global_norm([rows], 1.0)
    assert one.indices is rows.indices
    assert all_.indices is rows.indices
    values = _run([one.values, all_.values, norm])
    np.testing.assert_allclose(values[0], np.divide(_Y, 5.0), rtol=1e-6)
    np.testing.assert_allclose(values[1], np.divide(_Y, 5.0), rtol=1e-6)
    np.testing.assert_allclose(values[2], 5.0, rtol=1e-6)


def test_an_average_norm_is_cut() -> None:
    np.testing.assert_allclose(
        _run(clip.clip_by_average_norm(constant(_X), 0.5)), [0.6, 0.8], rtol=1e-6
    )


def test_no_list_is_a_type_error_and_an_empty_one_has_no_length() -> None:
    with pytest.raises(TypeError, match="`t_list` should be a sequence of tensors"):
        clip.clip_by_global_norm(constant([1.0]), 1.0)
    assert _run(clip.global_norm([])) == 0.0
    assert _run(clip.global_norm([None])) == 0.0
