"""What planning costs: seconds from cut to verified Program, by the size of the graph.

The graph is realistic: layers of a matrix product, bias and activation with their gradients and
Adam updates, repeated until it has the size asked for. The backend compiles nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import Any

import numpy as np

import polygraph as tf
from polygraph.plugin import (
    REGISTRY,
    Backend,
    Capabilities,
    Primitive,
    Program,
    RunResult,
    register_backend,
)

OPS_A_LAYER = 60


class Nothing:
    """An executable that gives zeros of the right types."""

    tier = "nothing"

    def __init__(self, program: Program) -> None:
        self.fetches = [np.zeros(value.shape, value.dtype) for value in program.fetch_values]
        self.updates = [np.zeros(value.shape, value.dtype) for value in program.update_values]
        self.steps = len(program.block.steps)

    def __call__(self, state: Any, feeds: Any) -> RunResult:
        """Run nothing."""
        del state, feeds
        return RunResult((self.fetches, [], self.updates, -1))


def register_nothing() -> None:
    """Make the backend ``nothing`` available."""
    dtypes = frozenset({"bool", "int32", "int64", "float32", "float64"})
    register_backend(
        Backend(
            name="nothing",
            device="cpu",
            capabilities=Capabilities(dtypes=dtypes),
            lowerings={op: op.function for op in REGISTRY.values() if isinstance(op, Primitive)},
            compile=Nothing,
            put=np.array,
            get=np.array,
            list_devices=lambda: ["cpu:0"],
            tier="nothing",
        )
    )


def build(layers: int) -> tuple[list[Any], dict[Any, Any], Any]:
    """The training step of a net of that many layers, its feeds and its initialiser."""
    x = tf.placeholder(tf.float32, [None, 8])
    hidden = x
    for layer in range(layers):
        with tf.variable_scope(f"layer{layer}"):
            weights = tf.get_variable("w", [8, 8], initializer=tf.zeros_initializer())
            bias = tf.get_variable("b", [8], initializer=tf.zeros_initializer())
            hidden = tf.tanh(tf.matmul(hidden, weights) + bias)
    loss = tf.reduce_mean(tf.square(hidden))
    step = tf.train.AdamOptimizer().minimize(loss)
    return [loss, step], {x: np.zeros((4, 8), np.float32)}, tf.global_variables_initializer()


def main() -> None:
    """Time sizes and print one line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,50000", help="operations in the cut")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    register_nothing()
    print(f"python {sys.version.split()[0]}, numpy {np.__version__}")
    print(f"{'operations':>10} {'build, s':>9} {'plan, s':>9} {'per 10,000':>11}")
    for size in sizes:
        with tf.Graph().as_default() as graph:
            start = time.process_time()
            fetches, feeds, initialise = build(max(1, size // OPS_A_LAYER))
            built = time.process_time() - start
            with tf.Session(backend="nothing") as sess:
                sess.run(initialise)
                start = time.process_time()
                sess.run(fetches, feeds)
                planned = time.process_time() - start
            count = len(graph.get_operations())
            print(f"{count:>10} {built:>9.2f} {planned:>9.2f} {planned * 10_000 / count:>11.3f}")


if __name__ == "__main__":
    main()
