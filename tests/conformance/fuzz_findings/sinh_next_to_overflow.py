"""numpy and torch disagree on tf.sinh.

1 of 33 elements of float32[33] differ, at [20] -2.2448063889081578e+38 against -inf
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
        n10 = tf.placeholder(tf.float32, [33])
        n11 = tf.sinh(n10)
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            feeds = {
                n10: np.array(
                    [
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        -89.0,
                        89.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                        0.0,
                    ],
                    np.float32,
                )
            }
            try:
                return [sess.run([n11], feeds) for _ in range(1)]
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
