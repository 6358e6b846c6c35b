"""Training: whole steps, against NumPy's and against those of TensorFlow's optimizers."""
# ruff: noqa: PLR2004 - the numbers are each check's own

from __future__ import annotations

import functools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.conformance.case import require
from polygraph.conformance.checking import Checks, epsilon, near, started
from polygraph.conformance.recorded import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.conformance.recorded import RecordedCase
    from polygraph.conformance.target import Target

    Array = np.ndarray[Any, Any]

check = Checks(3, "training")
cases = check.cases

_ULPS = 4
"""Of a variable's largest element, for one step of an optimizer: a few roundings and a root."""


# Optimizers


def optimizer_steps(target: Target, chosen: Sequence[RecordedCase]) -> None:
    """Catches updates with a wrong sign, order, slot or correction: each step is TensorFlow's."""
    steps: list[Any] = []
    variables: list[Any] = []
    for case in chosen:
        start, values, *indices = case.inputs
        variable = tf.Variable(start)
        gradient: Any = tf.constant(values)
        if indices:
            whole = tf.constant(np.array(start.shape, np.int32))
            gradient = tf.IndexedSlices(gradient, tf.constant(indices[0]), whole)
        optimizer = getattr(tf.train, case.op)(**case.attrs)
        steps.append(optimizer.apply_gradients([(gradient, variable)]))
        variables.append(variable)
    with started(target) as sess:
        for turn in range(max(len(case.outputs or ()) for case in chosen)):
            sess.run(steps)
            for case, got in zip(chosen, sess.run(variables), strict=True):
                if case.outputs is not None and turn < len(case.outputs):
                    bound = _ULPS * (turn + 1) * epsilon(got.dtype.name)
                    near(got, case.outputs[turn], f"{case.id}, step {turn}", relative=bound)


def _add_optimizers() -> None:
    groups: dict[tuple[str, str], list[RecordedCase]] = defaultdict(list)
    for case in load("optimizers"):
        groups[case.op, case.inputs[0].dtype.name].append(case)
    for (op, dtype), chosen in groups.items():
        run = functools.partial(optimizer_steps, chosen=chosen)
        check.add(f"{op}-{dtype}-steps", run, dtype=dtype)


_add_optimizers()


# Models


def _images(count: int, classes: int) -> tuple[Array, Array]:
    """Noise around one pattern for each class, and the classes."""
    random = np.random.default_rng(7)
    labels = random.integers(0, classes, count).astype(np.int32)
    patterns = random.normal(size=(classes, 36)).astype(np.float32)
    noise = random.normal(scale=0.5, size=(count, 36)).astype(np.float32)
    return (patterns[labels] + noise).astype(np.float32), labels


def _softmax(logits: Array) -> Array:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    whole: Array = powers / powers.sum(1, keepdims=True)
    return whole


def _loss(probabilities: Array, labels: Array) -> float:
    return float(-np.mean(np.log(probabilities[np.arange(len(labels)), labels])))


@check
def a_softmax_regression(target: Target) -> None:
    """Catches wrong gradients, stale parameters and batches mixed up, over 20 steps."""
    images, labels = _images(96, 4)
    x, y = tf.placeholder(tf.float32, [None, 36]), tf.placeholder(tf.int32, [None])
    w, b = tf.Variable(tf.zeros([36, 4])), tf.Variable(tf.zeros([4]))
    logits = tf.matmul(x, w) + b
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    weights, bias = np.zeros((36, 4)), np.zeros(4)
    wanted, got = [], []
    with started(target) as sess:
        for step in range(20):
            batch = slice(step % 3 * 32, (step % 3 + 1) * 32)
            pixels, classes = images[batch].astype(np.float64), labels[batch]
            found = _softmax(pixels @ weights + bias)
            wanted.append(_loss(found, classes))
            slope = (found - np.eye(4)[classes]) / len(classes)
            weights, bias = weights - 0.1 * pixels.T @ slope, bias - 0.1 * slope.sum(0)
            feed = {x: images[batch], y: classes}
            got.append(sess.run([train, loss], feed)[1])
        parameters = sess.run([w, b])
    require(wanted[-1] < wanted[0] / 4, "the reference did not learn")
    near(np.array(got), np.array(wanted, np.float32), "the losses", relative=1e-4)
    narrow = [weights.astype(np.float32), bias.astype(np.float32)]
    near(parameters, narrow, "the parameters", relative=1e-4)


def _patches(images: Array) -> Array:
    """The 3 x 3 neighbourhoods, [batch, 4, 4, 9], of images [batch, 6, 6]."""
    rows = [images[:, i : i + 4, j : j + 4] for i in range(3) for j in range(3)]
    return np.stack(rows, -1)


class _Net:
    """The reference of `a_small_convolutional_net`, in float64."""

    def __init__(self, kernel: Array, dense: Array) -> None:
        self.values = [kernel.astype(np.float64).reshape(9, 4), np.zeros(4)]
        self.values += [dense.astype(np.float64), np.zeros(3)]
        self.velocities = [np.zeros_like(value) for value in self.values]

    def step(self, images: Array, labels: Array) -> float:
        """One step of momentum; the loss before it."""
        kernel, shift, dense, bias = self.values
        patches = _patches(images.astype(np.float64))
        maps = np.maximum(patches @ kernel + shift, 0)
        windows = maps.reshape(-1, 2, 2, 2, 2, 4).transpose(0, 1, 3, 5, 2, 4).reshape(-1, 16, 4)
        best = windows.argmax(-1)
        flat = windows.max(-1)
        found = _softmax(flat @ dense + bias)
        slope = (found - np.eye(3)[labels]) / len(labels)
        back = np.zeros_like(windows)
        np.put_along_axis(back, best[..., None], (slope @ dense.T)[..., None], -1)
        spread = back.reshape(-1, 2, 2, 4, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(maps.shape)
        through: Array = spread * (maps > 0)
        slopes = [np.einsum("bijk,bijc->kc", patches, through), through.sum((0, 1, 2))]
        slopes += [flat.T @ slope, slope.sum(0)]
        for index, gradient in enumerate(slopes):
            self.velocities[index] = 0.9 * self.velocities[index] + gradient
            self.values[index] = self.values[index] - 0.05 * self.velocities[index]
        return _loss(found, labels)


@check
def a_small_convolutional_net(target: Target) -> None:
    """Catches wrong gradients of convolution and pooling, and slots mixed up, over 10 steps."""
    flat, labels = _images(48, 3)
    images = flat.reshape(-1, 6, 6)
    random = np.random.default_rng(3)
    start = random.normal(scale=0.3, size=(3, 3, 1, 4)).astype(np.float32)
    last = random.normal(scale=0.3, size=(16, 3)).astype(np.float32)
    x, y = tf.placeholder(tf.float32, [None, 6, 6]), tf.placeholder(tf.int32, [None])
    kernel, shift = tf.Variable(start), tf.Variable(tf.zeros([4]))
    dense, bias = tf.Variable(last), tf.Variable(tf.zeros([3]))
    maps = tf.nn.conv2d(tf.expand_dims(x, -1), kernel, strides=[1, 1, 1, 1], padding="VALID")
    maps = tf.nn.relu(tf.nn.bias_add(maps, shift))
    pooled = tf.nn.max_pool(maps, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    logits = tf.matmul(tf.reshape(pooled, [-1, 16]), dense) + bias
    loss = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits(labels=tf.one_hot(y, 3), logits=logits)
    )
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
    net = _Net(start, last)
    wanted, got = [], []
    with started(target) as sess:
        for step in range(10):
            batch = slice(step % 2 * 24, (step % 2 + 1) * 24)
            wanted.append(net.step(images[batch], labels[batch]))
            got.append(sess.run([loss, train], {x: images[batch], y: labels[batch]})[0])
        parameters = sess.run([kernel, shift, dense, bias])
    require(wanted[-1] < wanted[0] / 2, "the reference did not learn")
    near(np.array(got), np.array(wanted, np.float32), "the losses", relative=1e-4)
    shapes = [(3, 3, 1, 4), (4,), (16, 3), (3,)]
    for value, reference, shape in zip(parameters, net.values, shapes, strict=True):
        narrow = reference.reshape(shape).astype(np.float32)
        near(value, narrow, f"the parameters of shape {shape}", relative=5e-4)


@check
def a_recurrent_net(target: Target) -> None:
    """Catches gradients lost between the turns of a loop over time, with Adam on top."""
    random = np.random.default_rng(5)
    series = random.normal(size=(7, 8, 2)).astype(np.float32)
    answers = np.tanh(series.sum((0, 2), keepdims=True)[0]).astype(np.float32)
    x, y = tf.placeholder(tf.float32, [7, 8, 2]), tf.placeholder(tf.float32, [8, 1])
    inner = tf.Variable(random.normal(scale=0.5, size=(5, 3)).astype(np.float32))
    outer = tf.Variable(random.normal(scale=0.5, size=(3, 1)).astype(np.float32))

    def looped() -> Any:
        turn = lambda i, h: (i + 1, tf.tanh(tf.matmul(tf.concat([x[i], h], 1), inner)))  # noqa: E731
        return tf.while_loop(lambda i, _: i < 7, turn, [0, tf.zeros([8, 3])])[1]

    def unrolled() -> Any:
        h = tf.zeros([8, 3])
        for i in range(7):
            h = tf.tanh(tf.matmul(tf.concat([x[i], h], 1), inner))
        return h

    losses = [tf.reduce_mean(tf.square(tf.matmul(h(), outer) - y)) for h in (looped, unrolled)]
    trains = [tf.train.AdamOptimizer(0.05).minimize(loss) for loss in losses]
    feed = {x: series, y: answers}
    found = []
    for train, loss in zip(trains, losses, strict=True):
        with started(target) as sess:
            found.append(np.array([sess.run([train, loss], feed)[1] for _ in range(8)]))
    near(found[0], found[1], "the losses of a loop beside those of its turns written out",
         relative=1e-4)  # fmt: skip
    require(found[1][-1] < found[1][0], "eight steps of Adam did not lower the loss")
