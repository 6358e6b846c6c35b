"""Initializers: their values, names, arguments and refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def run(tensor: Any) -> Any:
    with tf.Session(backend="numpy") as sess:
        return sess.run(tensor)


def test_constants() -> None:
    constant = tf.constant_initializer
    np.testing.assert_array_equal(run(constant([1, 2, 3, 4])([2, 2])), [[1, 2], [3, 4]])
    np.testing.assert_array_equal(run(constant([1, 2])([3])), [1, 2, 2])
    assert constant(3, dtype=tf.int32)([2]).dtype is tf.int32
    assert constant(3)([2], dtype=tf.float64).dtype is tf.float64
    assert run(tf.ones_initializer()([2], tf.int32)).tolist() == [1, 1]
    assert run(tf.zeros_initializer(tf.bool)([2])).tolist() == [False, False]


# Errors recorded on TensorFlow 2.21 compat.v1.
def test_constants_that_do_not_fit() -> None:
    constant = tf.constant_initializer
    with pytest.raises(TypeError, match="Expected Tensor's shape"):
        constant([1, 2], verify_shape=True)([3])
    with pytest.raises(TypeError, match="Expected Tensor's shape"):
        constant(3)([2], verify_shape=True)
    with pytest.raises(ValueError, match="3 elements"):
        constant([1, 2, 3])([2])
    with pytest.raises(TypeError, match="Invalid type for initial value"):
        constant(tf.constant(1))


def test_uniform_scales() -> None:
    shape = [300, 50]
    for initializer, bound in [
        (tf.uniform_unit_scaling_initializer(1.5, seed=2), 1.5 * np.sqrt(3 / 300)),
        (tf.glorot_uniform_initializer(seed=2), np.sqrt(6 / 350)),
        (tf.initializers.he_uniform(seed=2), np.sqrt(6 / 300)),
        (tf.initializers.lecun_uniform(seed=2), np.sqrt(3 / 300)),
        (tf.variance_scaling_initializer(2.0, "fan_out", "uniform", seed=2), np.sqrt(6 / 50)),
    ]:
        largest = np.abs(run(initializer(shape))).max()
        assert 0.98 * bound < largest <= bound


def test_normal_scales() -> None:
    shape = [3, 3, 40, 90]  # 360 inputs and 810 outputs
    for initializer, stddev in [
        (tf.glorot_normal_initializer(seed=2), np.sqrt(2 / (360 + 810))),
        (tf.initializers.he_normal(seed=2), np.sqrt(2 / 360)),
        (tf.initializers.lecun_normal(seed=2), np.sqrt(1 / 360)),
        (
            tf.variance_scaling_initializer(1.0, "fan_out", "untruncated_normal", seed=2),
            np.sqrt(1 / 810),
        ),
        (tf.random_normal_initializer(0.0, 0.5, seed=2), 0.5),
    ]:
        assert np.std(run(initializer(shape))) == pytest.approx(stddev, rel=0.02)


def test_fans_of_vectors_and_scalars() -> None:
    bound = np.sqrt(3.0 / 5)
    drawn = np.abs(run(tf.variance_scaling_initializer(distribution="uniform", seed=1)([5])))
    assert drawn.max() <= bound
    assert tf.glorot_uniform_initializer()([]).shape.as_list() == []


def test_orthogonal() -> None:
    high = run(tf.orthogonal_initializer(seed=1)([6, 4]))
    wide = run(tf.orthogonal_initializer(gain=2.0, seed=1)([3, 5]))
    kernel = run(tf.orthogonal_initializer(seed=1)([2, 2, 3, 4])).reshape(12, 4)
    np.testing.assert_allclose(high.T @ high, np.eye(4), atol=1e-6)
    np.testing.assert_allclose(wide @ wide.T, 4 * np.eye(3), atol=1e-5)
    np.testing.assert_allclose(kernel.T @ kernel, np.eye(4), atol=1e-6)
    with pytest.raises(ValueError, match="at least two dimensions"):
        tf.orthogonal_initializer()([3])


def test_identity() -> None:
    np.testing.assert_array_equal(run(tf.initializers.identity(2.0)([2, 3])), 2 * np.eye(2, 3))
    with pytest.raises(ValueError, match="two dimensions"):
        tf.initializers.identity()([3])


# Recorded on TensorFlow 2.21 compat.v1.
@pytest.mark.parametrize(
    ("initializer", "config"),
    [
        (tf.zeros_initializer(), {"dtype": "float32"}),
        (tf.constant_initializer(3.0), {"value": 3.0, "dtype": "float32"}),
        (
            tf.random_uniform_initializer(),
            {"minval": 0.0, "maxval": None, "seed": None, "dtype": "float32"},
        ),
        (
            tf.truncated_normal_initializer(stddev=0.1),
            {"mean": 0.0, "stddev": 0.1, "seed": None, "dtype": "float32"},
        ),
        (
            tf.variance_scaling_initializer(),
            {
                "scale": 1.0,
                "mode": "fan_in",
                "distribution": "truncated_normal",
                "seed": None,
                "dtype": "float32",
            },
        ),
        (tf.glorot_uniform_initializer(7), {"seed": 7, "dtype": "float32"}),
        (tf.orthogonal_initializer(), {"gain": 1.0, "seed": None, "dtype": "float32"}),
        (tf.initializers.identity(), {"gain": 1.0, "dtype": "float32"}),
        (tf.uniform_unit_scaling_initializer(), {"factor": 1.0, "seed": None, "dtype": "float32"}),
    ],
)
def test_configs(initializer: Any, config: dict[str, Any]) -> None:
    assert initializer.get_config() == config
    assert type(initializer).from_config(config).get_config() == config


@pytest.mark.parametrize(
    "arguments",
    [{"mode": "x"}, {"scale": -1}, {"distribution": "x"}, {"dtype": tf.int32}],
)
def test_arguments_that_are_refused(arguments: dict[str, Any]) -> None:
    (name,) = arguments
    with pytest.raises(ValueError, match=f"Argument `{name}`"):
        tf.variance_scaling_initializer(**arguments)
