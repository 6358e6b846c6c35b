"""The benchmark's training steps as an experienced JAX user writes them, on the CPU.

One jitted function of the whole step, its state donated.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, SIDE, Step, Workload

if TYPE_CHECKING:
    from collections.abc import Callable

LABELS = np.int32

Parameters = dict[str, jax.Array]
State = dict[str, Any]


def mlp(p: Parameters, x: jax.Array) -> jax.Array:
    """Return the logits of the net of one hidden layer."""
    return jax.nn.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]


def conv_and_pool(x: jax.Array, kernel: jax.Array, bias: jax.Array) -> jax.Array:
    """Return a convolution, SAME, with ReLU and 2x2 max pooling; channels are last."""
    dimensions = ("NHWC", "HWIO", "NHWC")
    y = lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=dimensions)
    n, height, width, channels = y.shape
    squares = jax.nn.relu(y + bias).reshape(n, height // 2, 2, width // 2, 2, channels)
    # Not `lax.reduce_window`: its gradient takes half of the whole step on the CPU.
    return squares.max(axis=(2, 4))


def conv_net(p: Parameters, x: jax.Array) -> jax.Array:
    """Return the logits of the convolutional net."""
    images = x.reshape(-1, SIDE, SIDE, 1)
    pooled = conv_and_pool(images, p["k1"], p["c1"])
    pooled = conv_and_pool(pooled, p["k2"], p["c2"])
    return mlp(p, pooled.reshape(len(x), -1))


def adam(state: State, gradients: Parameters) -> State:
    """Return the state after one update; Kingma and Ba (2015), end of section 2."""
    step = state["step"] + 1
    rate = LEARNING_RATE * jnp.sqrt(1 - BETA2**step) / (1 - BETA1**step)
    tree = jax.tree.map
    mean = tree(lambda m, g: m + (g - m) * (1 - BETA1), state["mean"], gradients)
    square = tree(lambda v, g: v + (g * g - v) * (1 - BETA2), state["square"], gradients)
    parameters = tree(
        lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), state["parameters"], mean, square
    )
    return {"step": step, "mean": mean, "square": square, "parameters": parameters}


@partial(jax.jit, static_argnums=0, donate_argnums=1)
def train(
    net: Callable[[Parameters, jax.Array], jax.Array],
    state: State,
    images: jax.Array,
    labels: jax.Array,
) -> tuple[State, jax.Array]:
    """Return the state after one batch, and the batch's loss."""

    def loss_of(parameters: Parameters) -> jax.Array:
        chances = jax.nn.log_softmax(net(parameters, images))
        return -jnp.take_along_axis(chances, labels[:, None], axis=1).mean()

    loss, gradients = jax.value_and_grad(loss_of)(state["parameters"])
    return adam(state, gradients), loss


class JaxStep:
    """A net and its state."""

    tier = "compiled"

    def __init__(self, workload: Workload) -> None:
        self._initial = workload.parameters()
        self._net = conv_net if workload.conv else mlp
        self.reset()

    def reset(self) -> None:
        """Go back to the initial values."""
        self._state = {
            "step": jnp.zeros((), jnp.float32),
            "mean": jax.tree.map(jnp.zeros_like, self._initial),
            "square": jax.tree.map(jnp.zeros_like, self._initial),
            # A copy: the state is donated, and may otherwise be NumPy's own memory.
            "parameters": jax.tree.map(partial(jnp.array, copy=True), self._initial),
        }

    def __call__(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Train on one batch and return its loss."""
        self._state, loss = train(self._net, self._state, images, labels)
        return float(loss)


def make_step(workload: Workload, _variant: str) -> Step:
    """Return the workload's training step; there is one variant."""
    return JaxStep(workload)
