"""Matrices taken apart; the values themselves are recorded, see the conformance suite."""

from __future__ import annotations

import numpy as np
import pytest

import polygraph as tf
from polygraph.ops.decompositions import qr


@pytest.mark.parametrize("shape", [(4, 3), (3, 3), (2, 3, 5), (2, 5, 2), (3, 0)])
@pytest.mark.parametrize("full", [False, True])
def test_qr_puts_the_matrix_together_again(shape: tuple[int, ...], full: bool) -> None:
    x = np.random.default_rng(0).standard_normal(shape)
    q, r = qr(tf.constant(x), full_matrices=full)
    rows, columns = shape[-2:]
    rank = rows if full else min(rows, columns)
    assert q.shape.as_list() == [*shape[:-2], rows, rank]
    assert r.shape.as_list() == [*shape[:-2], rank, columns]
    with tf.Session() as sess:
        left, right = sess.run([q, r])
    assert (left.shape, right.shape) == (tuple(q.shape.as_list()), tuple(r.shape.as_list()))
    np.testing.assert_allclose(left @ right, x, atol=1e-12)
    eye = np.broadcast_to(np.eye(rank), (*shape[:-2], rank, rank))
    np.testing.assert_allclose(left.swapaxes(-1, -2) @ left, eye, atol=1e-12)
    np.testing.assert_allclose(right, np.triu(right))
