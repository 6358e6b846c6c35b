"""A variable keeps its shape where only the run knows what is written into it.

TensorFlow 2.21 (compat.v1, reference variables) answers each of these with the same class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def _optimized(optimizer: Any) -> Callable[[Any, Any], Any]:
    return lambda v, fed: optimizer.apply_gradients([(fed, v)])


# How the variable [2.0, 1.0] is written, and what is fed.
WRITES: dict[str, tuple[Callable[[Any, Any], Any], list[Any]]] = {
    "assign": (tf.assign, [[1, 2, 3], [1], 1]),
    "assign_add": (tf.assign_add, [[1, 2, 3], [1], 1]),
    "assign_sub": (tf.assign_sub, [[1, 2, 3], [1], 1]),
    "in a branch": (
        lambda v, fed: tf.cond(tf.size(fed) > 0, lambda: tf.assign(v, fed), lambda: v + 0.0),
        [[1, 2, 3], [1]],
    ),
    "gradient descent": (_optimized(tf.train.GradientDescentOptimizer(0.1)), [[1, 2, 3], [1], 1]),
    "momentum": (_optimized(tf.train.MomentumOptimizer(0.1, 0.9)), [[1, 2, 3], [1], 1]),
    "adam": (_optimized(tf.train.AdamOptimizer(0.1)), [[1, 2, 3], [1], 1]),
    "scatter_update": (lambda v, fed: tf.scatter_update(v, [0, 1], fed), [[1, 2, 3], [1]]),
    "scatter_add": (lambda v, fed: tf.scatter_add(v, [0, 1], fed), [[[1], [2]], [1]]),
}


@pytest.mark.parametrize(
    ("write", "value"),
    [(write, value) for write, (_, values) in WRITES.items() for value in values],
)
def test_refused(write: str, value: Any) -> None:
    v = tf.Variable([2.0, 1.0], name="v")
    fed = tf.placeholder(tf.float32)
    operation = WRITES[write][0](v, fed)
    with tf.Session(backend="numpy") as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError, match="not compatible") as caught:
            sess.run(operation, {fed: value})
        assert "test_write_shapes.py" in str(caught.value)
        assert sess.run(v).tolist() == [2.0, 1.0]


def test_what_fits_is_written() -> None:
    v = tf.Variable([2.0, 1.0])
    fed = tf.placeholder(tf.float32)
    with tf.Session(backend="numpy") as sess:
        sess.run(v.initializer)
        assert sess.run(tf.assign(v, fed), {fed: [5, 6]}).tolist() == [5, 6]
        assert sess.run(tf.scatter_add(v, [0, 1], fed), {fed: 1}).tolist() == [6, 7]


def test_the_shape_may_change_where_it_is_not_validated() -> None:
    v = tf.Variable([2.0, 1.0])
    fed = tf.placeholder(tf.float32)
    with tf.Session(backend="numpy") as sess:
        sess.run(v.initializer)
        grown = tf.assign(v, fed, validate_shape=False)
        assert sess.run(grown, {fed: [1, 2, 3]}).tolist() == [1, 2, 3]
        assert sess.run(tf.assign_add(v, fed), {fed: [1, 1, 1]}).tolist() == [2, 3, 4]
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(tf.assign_add(v, fed), {fed: [1, 1]})
