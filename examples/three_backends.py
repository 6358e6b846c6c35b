"""One graph on every engine that is installed, and how far apart their numbers are.

python examples/three_backends.py --steps 100
"""

from __future__ import annotations

import importlib.util

import numpy as np

import digits
import polygraph as tf

BATCH = 100
BACKENDS = ("numpy", "torch", "jax")  # each is named like the package that it needs


def build(side: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor, tf.Operation]:
    """Build a small net with dropout; return its two placeholders, its loss and its step."""
    images = tf.placeholder(tf.float32, [None, side**2], name="images")
    labels = tf.placeholder(tf.float32, [None, digits.CLASSES], name="labels")
    with tf.variable_scope("hidden"):
        w = tf.get_variable("w", [side**2, 64])
        b = tf.get_variable("b", [64], initializer=tf.zeros_initializer())
        hidden = tf.nn.dropout(tf.nn.relu(tf.matmul(images, w) + b), keep_prob=0.8)
    with tf.variable_scope("logits"):
        w = tf.get_variable("w", [64, digits.CLASSES])
        logits = tf.matmul(hidden, w)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))
    return images, labels, loss, tf.train.AdamOptimizer(1e-2).minimize(loss)


def main() -> None:
    """Train the same net from the same seed on each backend and compare the losses."""
    args = digits.arguments("One graph on every installed backend.", steps=50).parse_args()
    data = digits.load(args.data_dir, args.seed)
    tf.set_random_seed(args.seed)
    images, labels, loss, step = build(data.side)
    initialize = tf.global_variables_initializer()
    batches = [data.train.next_batch(BATCH) for _ in range(args.steps)]

    losses: dict[str, np.ndarray] = {}
    for backend in [args.backend] if args.backend else BACKENDS:
        if backend in BACKENDS and importlib.util.find_spec(backend) is None:
            print(f"{backend}: not installed, skipped")
            continue
        with tf.Session(backend=backend) as sess:
            sess.run(initialize)
            pairs = [sess.run([loss, step], {images: x, labels: y}) for x, y in batches]
        losses[backend] = np.array([value for value, _ in pairs])
        print(f"{backend}: loss {losses[backend][0]:.6f} -> {losses[backend][-1]:.6f}")

    first, *others = losses
    for other in others:
        apart = np.abs(losses[other] / losses[first] - 1).max()
        print(f"{other} and {first} differ by at most {apart:.1e}, relative")
    digits.write_losses(args.losses, losses[first].tolist())


if __name__ == "__main__":
    main()
