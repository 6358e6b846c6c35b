"""What a cached `Session.run` costs over the executable itself: two feeds, one fetch."""

from __future__ import annotations

import statistics
import sys
import time
import timeit

import numpy as np

import polygraph as tf
from planning import register_nothing

CALLS = 20_000
ROUNDS = 9


def main() -> None:
    """Print the median over rounds, in microseconds a call."""
    register_nothing()
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.float32, [None, 3])
    total = x + y
    feeds = {x: np.ones((2, 3), np.float32), y: np.ones((2, 3), np.float32)}
    with tf.Session(backend="nothing") as sess:
        sess.run(total, feeds)
        rounds = timeit.repeat(
            lambda: sess.run(total, feeds), timer=time.process_time, number=CALLS, repeat=ROUNDS
        )
    microseconds = statistics.median(rounds) / CALLS * 1e6
    print(f"python {sys.version.split()[0]}, numpy {np.__version__}")
    print(f"run with a null executable, 2 feeds, 1 fetch: {microseconds:.2f} microseconds")


if __name__ == "__main__":
    main()
