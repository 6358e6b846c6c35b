"""numpy and torch disagree on tf.boolean_mask, tf.assign.

numpy: TypeError: unhashable type: 'numpy.ndarray'
torch: TypeError: unhashable type: 'numpy.ndarray'
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

import polygraph as tf

nan, inf = float("nan"), float("inf")
BACKENDS = (("numpy", {}), ("torch", {}))


def run(backend: str, options: dict[str, Any]) -> Any:
    """The fetched arrays of every run, or the class of the error."""
    config = tf.ConfigProto(backend=backend, backend_options=options)
    with tf.Graph().as_default():
        n0 = tf.placeholder(tf.float32, [3])
        n1 = tf.placeholder(tf.bool, [3])
        n2 = tf.boolean_mask(n0, n1)
        n3 = tf.Variable(np.array(-6, np.int32))
        n4 = tf.constant(np.array(-3, np.int32))
        n5 = tf.assign(n3, n4)
        n6 = tf.boolean_mask(n2, n2 > 1.5)
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            feeds = {
                n0: np.array([1.0, 2.0, 3.0], np.float32),
                n1: np.array([True, False, True], np.bool_),
            }
            try:
                return [sess.run([n2, n5, n6], feeds) for _ in range(1)]
            except tf.errors.OpError as error:
                return type(error)


def check(a: tuple[str, dict[str, Any]], b: tuple[str, dict[str, Any]]) -> None:
    """Assert that two backends, each with its options, agree."""
    first, second = run(*a), run(*b)
    if isinstance(first, type) or isinstance(second, type):
        assert first is second, (first, second)
        return
    for some, others in zip(first, second, strict=True):
        for x, y in zip(some, others, strict=True):
            assert (x.dtype, x.shape) == (y.dtype, y.shape), (x.dtype, x.shape, y.dtype, y.shape)
            np.testing.assert_allclose(
                x.astype(np.complex128), y.astype(np.complex128), rtol=1e-05, atol=1e-06
            )


if __name__ == "__main__":
    check(*([(name, {}) for name in sys.argv[1:]] or BACKENDS))
