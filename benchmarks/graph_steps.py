"""The benchmark's training steps as TensorFlow 1 programs, on one of polygraph's backends."""

from __future__ import annotations

import numpy as np

import polygraph as tf
from workloads import (
    BETA1,
    BETA2,
    EPSILON,
    LEARNING_RATE,
    PIXELS,
    SIDE,
    Step,
    Workload,
)

LABELS = np.int32

Variables = dict[str, tf.Variable]


def mlp(v: Variables, x: tf.Tensor) -> tf.Tensor:
    """Return the logits of the net of one hidden layer."""
    hidden = tf.nn.relu(tf.matmul(x, v["w1"]) + v["b1"])
    return tf.matmul(hidden, v["w2"]) + v["b2"]


def conv_and_pool(x: tf.Tensor, kernel: tf.Variable, bias: tf.Variable) -> tf.Tensor:
    """Return a convolution, SAME, with ReLU and 2x2 max pooling."""
    y = tf.nn.relu(tf.nn.conv2d(x, kernel, strides=[1, 1, 1, 1], padding="SAME") + bias)
    return tf.nn.max_pool(y, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


def conv_net(v: Variables, x: tf.Tensor) -> tf.Tensor:
    """Return the logits of the convolutional net."""
    images = tf.reshape(x, [-1, SIDE, SIDE, 1])
    pooled = conv_and_pool(images, v["k1"], v["c1"])
    pooled = conv_and_pool(pooled, v["k2"], v["c2"])
    return mlp(v, tf.reshape(pooled, [-1, v["w1"].shape[0]]))


class GraphStep:
    """A graph with a training step, and a session that runs it."""

    def __init__(self, workload: Workload, backend: str, config: tf.ConfigProto) -> None:
        with tf.Graph().as_default():
            self._images = tf.placeholder(tf.float32, [None, PIXELS])
            self._labels = tf.placeholder(tf.int32, [None])
            initial = workload.parameters()
            variables = {name: tf.Variable(value, name=name) for name, value in initial.items()}
            logits = (conv_net if workload.conv else mlp)(variables, self._images)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=self._labels, logits=logits
            )
            loss = tf.reduce_mean(losses)
            adam = tf.train.AdamOptimizer(LEARNING_RATE, BETA1, BETA2, EPSILON)
            self._fetches = [loss, adam.minimize(loss)]
            self._initialize = tf.global_variables_initializer()
            self._session = tf.Session(config=config, backend=backend)

    @property
    def tier(self) -> str:
        """Which of the backend's tiers runs now."""
        return str(self._session.backend.tier)

    def reset(self) -> None:
        """Go back to the initial values."""
        self._session.run(self._initialize)

    def __call__(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Train on one batch and return its loss."""
        feeds = {self._images: images, self._labels: labels}
        loss, _ = self._session.run(self._fetches, feeds)
        return float(loss)


def make_step(workload: Workload, variant: str) -> Step:
    """Return the step on the backend that the variant names; `+jit` asks for its compiler."""
    backend, _, jit = variant.partition("+")
    config = tf.ConfigProto()
    if jit:
        config.graph_options.optimizer_options.global_jit_level = tf.OptimizerOptions.ON_1
    return GraphStep(workload, backend, config)
