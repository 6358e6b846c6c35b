"""numpy and torch disagree on tf.nn.max_pool, tf.assign_sub, tf.control_dependencies, tf.con

1 of 1 elements of float32[1, 1, 1, 1] differ, at [0, 0, 0, 0] 0.0 against 1.0
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
        n2 = tf.Variable(np.array([[[[1.0]]]], np.float32))
        n3 = tf.nn.max_pool(n2, [1, 2, 3, 1], [1, 2, 2, 1], "SAME")
        n9 = tf.assign_sub(n2, n2)
        with tf.control_dependencies([n9]):
            n12 = tf.convert_to_tensor(tf.gradients(n3, n2)[0])
        with tf.Session(config=config) as sess:
            sess.run(tf.global_variables_initializer())
            feeds = {}
            try:
                return [sess.run([n12], feeds) for _ in range(1)]
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
