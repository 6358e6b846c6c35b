"""numpy and torch disagree on tf.truncatemod.

1 of 196 elements of float64[14, 14] differ, at [10, 4] -0.21146943680948738 against nan
By the interpreter, torch is wrong.
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
        n4 = tf.placeholder(tf.float64, [8])
        n5 = tf.placeholder(tf.float64, [8])
        n6 = tf.truncatemod(n4, n5)
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            feeds = {
                n4: np.array(
                    [
                        -1.7976931348623157e308,
                        -1.7976931348623157e308,
                        -1.7976931348623157e308,
                        -1.7976931348623157e308,
                        -1.7976931348623157e308,
                        -1.7976931348623157e308,
                        -1.7976931348623157e308,
                        -1.7976931348623157e308,
                    ],
                    np.float64,
                ),
                n5: np.array(
                    [-0.663, -0.663, -0.663, -0.663, -0.663, -0.663, -0.663, -0.663], np.float64
                ),
            }
            try:
                return [sess.run([n6], feeds) for _ in range(1)]
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
                x.astype(np.complex128), y.astype(np.complex128), rtol=1e-12, atol=1e-13
            )


if __name__ == "__main__":
    check(*([(name, {}) for name in sys.argv[1:]] or BACKENDS))
