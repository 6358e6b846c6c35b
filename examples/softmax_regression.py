"""Softmax regression on handwritten digits: TensorFlow 1's "MNIST for beginners".

python examples/softmax_regression.py --data-dir folder/with/mnist --backend torch
"""

from __future__ import annotations

import digits
import polygraph as tf

BATCH = 100


def main() -> None:
    """Train one linear layer and print its accuracy on digits that it has not seen."""
    args = digits.arguments("Softmax regression on digits.", steps=1000).parse_args()
    data = digits.load(args.data_dir, args.seed)
    tf.set_random_seed(args.seed)

    x = tf.placeholder(tf.float32, [None, data.side**2])
    y_ = tf.placeholder(tf.float32, [None, digits.CLASSES])
    W = tf.Variable(tf.zeros([data.side**2, digits.CLASSES]))
    b = tf.Variable(tf.zeros([digits.CLASSES]))
    y = tf.matmul(x, W) + b

    cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y_, logits=y))
    train_step = tf.train.GradientDescentOptimizer(0.5).minimize(cross_entropy)
    correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))

    losses = []
    with tf.Session(backend=args.backend) as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(args.steps):
            images, labels = data.train.next_batch(BATCH)
            loss, _ = sess.run([cross_entropy, train_step], {x: images, y_: labels})
            losses.append(float(loss))
        result = sess.run(accuracy, {x: data.test.images, y_: data.test.labels})
    digits.write_losses(args.losses, losses)
    print(f"test accuracy: {result:.4f}")


if __name__ == "__main__":
    main()
