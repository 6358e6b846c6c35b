"""The interpreter runs what the embedded backend runs, and gives the same numbers."""

from __future__ import annotations

import numpy as np

import polygraph as tf


def test_trains_like_the_default_backend() -> None:
    losses = {}
    images = np.random.default_rng(0).normal(size=(8, 5)).astype(np.float32)
    labels = np.arange(8) % 3
    for backend in ("numpy", "interpreter"):
        with tf.Graph().as_default():
            tf.set_random_seed(1)
            x = tf.placeholder(tf.float32, [None, 5])
            y = tf.placeholder(tf.int64, [None])
            w = tf.get_variable("w", [5, 3], initializer=tf.random_normal_initializer(seed=2))
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=tf.matmul(x, w))
            )
            step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
            with tf.Session(backend=backend) as sess:
                sess.run(tf.global_variables_initializer())
                feeds = {x: images, y: labels}
                losses[backend] = [sess.run([loss, step], feeds)[0] for _ in range(5)]
    assert losses["numpy"][-1] < losses["numpy"][0]
    np.testing.assert_allclose(losses["interpreter"], losses["numpy"], rtol=1e-6)


def test_traces_every_step() -> None:
    lines: list[str] = []
    config = tf.ConfigProto(backend="interpreter", backend_options={"trace": lines.append})
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2])
        y = tf.exp(x) + x
        with tf.Session(config=config) as sess:
            sess.run(y, {x: [0.0, 1.0]})
    assert [line.split(":")[0] for line in lines] == ["exp", "add"]
