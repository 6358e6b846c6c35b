"""The training steps that every candidate runs: their sizes, initial values and batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

CLASSES = 10
PIXELS = 784
SIDE = 28
LEARNING_RATE = 1e-4
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
BATCHES = 16


class Step(Protocol):
    """One candidate's training step, from NumPy arrays on the host to a loss on the host.

    Attributes:
        tier: Which of several ways the engine runs the step in, if it has several.
    """

    tier: str

    def reset(self) -> None:
        """Put parameters and optimizer back to where training starts."""

    def __call__(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Train on one batch; return its loss, a mean, from before the update.

        Args:
            images: float32 [batch, 784].
            labels: integers [batch], of the dtype that the candidate asks for.
        """
        ...


@dataclass(frozen=True)
class Workload:
    """A net, trained with Adam in float32 on softmax cross entropy.

    Attributes:
        name: What `--workloads` calls it.
        title: What it is, for the reader.
        batch: Images a step.
        shapes: Parameters in the order of their use, each with its shape. Kernels are
            [height, width, in, out], matrices [in, out].
        conv: Whether it is the convolutional net, or else a net of one hidden layer.
    """

    name: str
    title: str
    batch: int
    shapes: Mapping[str, tuple[int, ...]]
    conv: bool

    def parameters(self) -> dict[str, np.ndarray]:
        """Return the initial values, float32, the same in every process."""
        random = np.random.default_rng(1)
        values = {}
        for name, shape in self.shapes.items():
            scale = np.sqrt(2 / np.prod(shape[:-1]))
            drawn = random.standard_normal(shape) * scale
            values[name] = (drawn if len(shape) > 1 else np.full(shape, 0.1)).astype(np.float32)
        return values

    def batches(self, labels: type[np.integer]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return the batches that steps take in turn, with labels of that dtype.

        Images are dense, so that no unit gets exact zeros for a gradient and no moment decays
        into denormal numbers, which would time the processor's slow path.
        """
        random = np.random.default_rng(2)
        return [
            (
                random.random((self.batch, PIXELS), dtype=np.float32),
                random.integers(CLASSES, size=self.batch, dtype=labels),
            )
            for _ in range(BATCHES)
        ]


def mlp(name: str, batch: int, hidden: int) -> Workload:
    """Return the workload of a net with one hidden layer of ReLU units."""
    shapes = {"w1": (PIXELS, hidden), "b1": (hidden,), "w2": (hidden, CLASSES), "b2": (CLASSES,)}
    title = f"MLP {batch}x{PIXELS}-{hidden}-{CLASSES}"
    return Workload(name, title, batch, shapes, conv=False)


CONV = Workload(
    name="conv",
    title="Deep MNIST's net 50x28x28-conv32-conv64-1024-10, without dropout",
    batch=50,
    shapes={
        "k1": (5, 5, 1, 32),
        "c1": (32,),
        "k2": (5, 5, 32, 64),
        "c2": (64,),
        "w1": (SIDE // 4 * SIDE // 4 * 64, 1024),
        "b1": (1024,),
        "w2": (1024, CLASSES),
        "b2": (CLASSES,),
    },
    conv=True,
)

WORKLOADS = {w.name: w for w in (mlp("mlp-tiny", 8, 32), mlp("mlp", 128, 256), CONV)}
