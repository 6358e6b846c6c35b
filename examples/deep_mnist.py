"""A convolutional net on handwritten digits: TensorFlow 1's "Deep MNIST for experts".

Two convolutions of 5x5 (32 and 64 channels), each with ReLU and 2x2 max pooling, 1024 hidden
units, dropout, and Adam at 1e-4.

    python examples/deep_mnist.py --data-dir folder/with/mnist --backend jax
"""

from __future__ import annotations

import time

import digits
import polygraph as tf

BATCH = 50
REPORT = 100  # steps
TEST_BATCH = 500


def weight_variable(shape: list[int]) -> tf.Variable:
    """Return a variable of small random numbers, to tell the units apart."""
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape: list[int]) -> tf.Variable:
    """Return a variable that is a little above zero, so that no ReLU starts dead."""
    return tf.Variable(tf.constant(0.1, shape=shape))


def conv_and_pool(images: tf.Tensor, inputs: int, outputs: int) -> tf.Tensor:
    """Return ReLU of a 5x5 convolution, at half the width and height, `outputs` channels."""
    kernel = weight_variable([5, 5, inputs, outputs])
    conv = tf.nn.conv2d(images, kernel, strides=[1, 1, 1, 1], padding="SAME")
    hidden = tf.nn.relu(conv + bias_variable([outputs]))
    return tf.nn.max_pool(hidden, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


def deep_net(x: tf.Tensor, keep_prob: tf.Tensor, side: int) -> tf.Tensor:
    """Return the logits, [batch, 10], of flat images `x` of side * side pixels."""
    images = tf.reshape(x, [-1, side, side, 1])
    pooled = conv_and_pool(conv_and_pool(images, 1, 32), 32, 64)
    size = int(pooled.shape[1]) * int(pooled.shape[2]) * 64
    flat = tf.reshape(pooled, [-1, size])
    hidden = tf.nn.relu(tf.matmul(flat, weight_variable([size, 1024])) + bias_variable([1024]))
    kept = tf.nn.dropout(hidden, keep_prob)
    return tf.matmul(kept, weight_variable([1024, digits.CLASSES])) + bias_variable([10])


def main() -> None:
    """Train the net, say how it goes, and print its accuracy on digits that it has not seen."""
    args = digits.arguments("A convolutional net on digits.", steps=2000).parse_args()
    data = digits.load(args.data_dir, args.seed)
    tf.set_random_seed(args.seed)

    x = tf.placeholder(tf.float32, [None, data.side**2])
    y_ = tf.placeholder(tf.float32, [None, digits.CLASSES])
    keep_prob = tf.placeholder(tf.float32)
    y_conv = deep_net(x, keep_prob, data.side)

    cross_entropy = tf.reduce_mean(
        tf.nn.softmax_cross_entropy_with_logits_v2(labels=y_, logits=y_conv)
    )
    train_step = tf.train.AdamOptimizer(1e-4).minimize(cross_entropy)
    correct = tf.equal(tf.argmax(y_conv, 1), tf.argmax(y_, 1))
    accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))

    losses = []
    start = time.monotonic()
    with tf.Session(backend=args.backend) as sess:
        sess.run(tf.global_variables_initializer())
        for step in range(args.steps):
            images, labels = data.train.next_batch(BATCH)
            if step % REPORT == 0:
                result = sess.run(accuracy, {x: images, y_: labels, keep_prob: 1.0})
                print(f"step {step}: training accuracy {result:.2f}")
            feed = {x: images, y_: labels, keep_prob: 0.5}
            loss, _ = sess.run([cross_entropy, train_step], feed)
            losses.append(float(loss))
        print(f"{args.steps} steps in {time.monotonic() - start:.0f} s")
        right = sum(
            len(images) * sess.run(accuracy, {x: images, y_: labels, keep_prob: 1.0})
            for images, labels in data.test.pieces(TEST_BATCH)
        )
    digits.write_losses(args.losses, losses)
    print(f"test accuracy: {right / len(data.test.images):.4f}")


if __name__ == "__main__":
    main()
