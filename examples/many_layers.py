"""Many hidden layers: one function, called in a loop, its variables told apart by their scopes.

python examples/many_layers.py --layers 12 --steps 500
"""

from __future__ import annotations

import digits
import polygraph as tf

BATCH = 100


def dense(inputs: tf.Tensor, units: int) -> tf.Tensor:
    """Return a linear layer of `inputs`, with variables `w` and `b` of the present scope."""
    w = tf.get_variable("w", [inputs.shape[1], units])
    b = tf.get_variable("b", [units], initializer=tf.zeros_initializer())
    return tf.matmul(inputs, w) + b


def classify(images: tf.Tensor, layers: int, units: int) -> tf.Tensor:
    """Return the logits of a net with `layers` hidden layers; called again, it shares them."""
    initializer = tf.variance_scaling_initializer(scale=2.0)
    with tf.variable_scope("net", initializer=initializer, reuse=tf.AUTO_REUSE):
        hidden = images
        for i in range(layers):
            with tf.variable_scope(f"layer{i}"):
                hidden = tf.nn.relu(dense(hidden, units))
        with tf.variable_scope("logits"):
            return dense(hidden, digits.CLASSES)


def main() -> None:
    """Train the net, list its variables, and print its accuracy."""
    parser = digits.arguments("A net with many hidden layers.", steps=500)
    parser.add_argument("--layers", type=int, default=8, help="default: %(default)s")
    parser.add_argument("--units", type=int, default=64, help="default: %(default)s")
    args = parser.parse_args()
    data = digits.load(args.data_dir, args.seed)
    tf.set_random_seed(args.seed)

    images = tf.placeholder(tf.float32, [None, data.side**2], name="images")
    labels = tf.placeholder(tf.float32, [None, digits.CLASSES], name="labels")
    logits = classify(images, args.layers, args.units)
    # The test set is a constant of the graph, and goes through the same variables.
    answers = tf.argmax(classify(tf.constant(data.test.images), args.layers, args.units), 1)

    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits))
    train = tf.train.AdamOptimizer(1e-3).minimize(loss)
    for variable in tf.trainable_variables():
        print(variable.name, variable.shape)

    losses = []
    with tf.Session(backend=args.backend) as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(args.steps):
            batch_images, batch_labels = data.train.next_batch(BATCH)
            value, _ = sess.run([loss, train], {images: batch_images, labels: batch_labels})
            losses.append(float(value))
        right = sess.run(answers) == data.test.labels.argmax(axis=1)
    digits.write_losses(args.losses, losses)
    print(f"test accuracy: {right.mean():.4f}")


if __name__ == "__main__":
    main()
