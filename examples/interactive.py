"""An interactive session: ask, look at the answer, and let the graph grow.

Finds the direction in which handwritten digits differ most (their first principal component) by
power iteration, and draws it.

    python examples/interactive.py --backend jax
"""

from __future__ import annotations

import numpy as np

import digits
import polygraph as tf


def draw(picture: np.ndarray) -> str:
    """Return a square picture as text, light for its least and dark for its greatest value."""
    low, high = picture.min(), picture.max()
    shades = np.array(list(" .:-=+*#%@"))
    levels = ((picture - low) / (high - low) * (len(shades) - 1)).astype(int)
    return "\n".join("".join(row) for row in np.repeat(shades[levels], 2, axis=1))


def main() -> None:
    """Grow a graph step by step, as one does at a prompt."""
    args = digits.arguments("Principal component, by hand.", steps=50, trains=False).parse_args()
    data = digits.load(args.data_dir, args.seed)
    tf.set_random_seed(args.seed)
    sess = tf.InteractiveSession(backend=args.backend)

    images = tf.constant(data.test.images)
    mean = tf.reduce_mean(images, 0)
    print("the mean digit:")
    print(draw(mean.eval().reshape(data.side, data.side)))

    centred = images - mean
    covariance = tf.matmul(centred, centred, transpose_a=True) / len(data.test.images)
    print(f"variance, over all pixels: {tf.trace(covariance).eval():.4f}")

    direction = tf.Variable(tf.random_normal([data.side**2, 1]))
    direction.initializer.run()
    step = direction.assign(tf.nn.l2_normalize(tf.matmul(covariance, direction)))
    for _ in range(args.steps):
        step.op.run()

    along = tf.matmul(direction, tf.matmul(covariance, direction), transpose_a=True)
    print(f"variance, along the first principal component: {along.eval().item():.4f}")
    print(draw(direction.eval().reshape(data.side, data.side)))
    sess.close()


if __name__ == "__main__":
    main()
