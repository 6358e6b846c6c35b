"""The benchmark's training steps as an experienced NumPy user writes them.

Every array is allocated once and written with `out=`; all parameters are views of one vector, so
that Adam is a few passes over it; convolutions are matrix products over gathered patches.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, SIDE, Step, Workload

LABELS = np.int32
BLOCK = 1 << 15  # values that Adam's passes keep in cache
PATCH = 5


class Parameter(NamedTuple):
    """A parameter and its gradient, both views of Adam's vectors."""

    value: np.ndarray
    gradient: np.ndarray

    def flat(self) -> Parameter:
        """Return a kernel [height, width, in, out] as a matrix [height * width * in, out]."""
        return Parameter(*(array.reshape(-1, array.shape[-1]) for array in self))


class Adam:
    """Adam over one vector of parameters.

    The formula is section 2 of Kingma and Ba (2015), in the order of its last paragraph.

    Attributes:
        value: float32 [n], the parameters.
        gradient: float32 [n], what a step's backward pass fills in.
    """

    def __init__(self, initial: np.ndarray) -> None:
        self.initial = initial
        self.value = initial.copy()
        self.gradient = np.zeros_like(initial)
        self._mean = np.zeros_like(initial)
        self._square = np.zeros_like(initial)
        self._scratch = np.empty(min(BLOCK, initial.size), np.float32)
        self._step = 0

    def reset(self) -> None:
        """Go back to the initial values."""
        self.value[:] = self.initial
        self._mean[:] = 0
        self._square[:] = 0
        self._step = 0

    def update(self) -> None:
        """Apply `gradient` to `value`."""
        self._step += 1
        correction = np.sqrt(1 - BETA2**self._step) / (1 - BETA1**self._step)
        rate = np.float32(LEARNING_RATE * correction)
        for start in range(0, self.value.size, BLOCK):
            self._update_block(slice(start, start + BLOCK), rate)

    def _update_block(self, block: slice, rate: np.float32) -> None:
        gradient, mean, square = self.gradient[block], self._mean[block], self._square[block]
        scratch = self._scratch[: gradient.size]
        np.subtract(gradient, mean, out=scratch)
        scratch *= 1 - BETA1
        mean += scratch
        np.multiply(gradient, gradient, out=scratch)
        scratch -= square
        scratch *= 1 - BETA2
        square += scratch
        np.sqrt(square, out=scratch)
        scratch += EPSILON
        np.divide(mean, scratch, out=scratch)
        scratch *= rate
        self.value[block] -= scratch


def cut(vector: np.ndarray, shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Cut a vector into arrays of these shapes, one after the other, without copies."""
    ends = np.cumsum([np.prod(shape) for shape in shapes])
    parts = np.split(vector, ends[:-1])
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


class Dense:
    """A linear layer, [rows, inputs] -> [rows, outputs]."""

    def __init__(self, rows: int, w: Parameter, b: Parameter) -> None:
        self._w, self._b = w, b
        self._y = np.empty((rows, w.value.shape[1]), np.float32)
        self._dx = np.empty((rows, w.value.shape[0]), np.float32)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the layer's output."""
        self._x = x
        np.matmul(x, self._w.value, out=self._y)
        self._y += self._b.value
        return self._y

    def backward(self, dy: np.ndarray) -> None:
        """Fill in the parameters' gradients."""
        np.matmul(self._x.T, dy, out=self._w.gradient)
        np.sum(dy, axis=0, out=self._b.gradient)

    def input_gradient(self, dy: np.ndarray) -> np.ndarray:
        """Return the gradient of the layer's input."""
        return np.matmul(dy, self._w.value.T, out=self._dx)


class SoftmaxLoss:
    """Mean softmax cross entropy of logits [batch, classes] and labels [batch]."""

    def __init__(self, batch: int) -> None:
        self._rows = np.arange(batch)

    def __call__(self, logits: np.ndarray, labels: np.ndarray) -> float:
        """Return the loss, and turn `logits` into their gradient in place."""
        logits -= logits.max(axis=1, keepdims=True)
        picked = logits[self._rows, labels]
        np.exp(logits, out=logits)
        total = logits.sum(axis=1, keepdims=True)
        logits /= total
        logits[self._rows, labels] -= 1
        logits /= len(labels)
        return float(np.mean(np.log(total[:, 0]) - picked))


class Conv:
    """A 5x5 convolution, SAME, stride 1, with bias: [n, side, side, in] -> [..., out]."""

    def __init__(self, batch: int, side: int, w: Parameter, b: Parameter) -> None:
        rim = PATCH // 2
        inputs = w.value.shape[2]
        self._padded = np.zeros((batch, side + 2 * rim, side + 2 * rim, inputs), np.float32)
        self._inner = self._padded[:, rim:-rim, rim:-rim]
        windows = np.lib.stride_tricks.sliding_window_view(self._padded, (PATCH, PATCH), (1, 2))
        self._windows = windows.transpose(0, 1, 2, 4, 5, 3)
        self._patches = np.empty(self._windows.shape, np.float32)
        self._columns = self._patches.reshape(batch * side * side, -1)
        self._dpadded = np.empty_like(self._padded)
        self._dinner = self._dpadded[:, rim:-rim, rim:-rim]
        self._side = side
        self._dense = Dense(batch * side * side, w.flat(), b)
        self._shape = (batch, side, side, w.value.shape[3])

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the convolution of `x`."""
        np.copyto(self._inner, x)
        np.copyto(self._patches, self._windows)
        return self._dense.forward(self._columns).reshape(self._shape)

    def backward(self, dy: np.ndarray) -> None:
        """Fill in the parameters' gradients."""
        self._dense.backward(dy.reshape(-1, dy.shape[-1]))

    def input_gradient(self, dy: np.ndarray) -> np.ndarray:
        """Return the gradient of the layer's input."""
        dcolumns = self._dense.input_gradient(dy.reshape(-1, dy.shape[-1]))
        dpatches = dcolumns.reshape(self._patches.shape)
        self._dpadded[:] = 0
        for i in range(PATCH):
            for j in range(PATCH):
                window = self._dpadded[:, i : i + self._side, j : j + self._side]
                window += dpatches[:, :, :, i, j]
        return self._dinner


class ReluPool:
    """ReLU, then max pooling by 2x2: [n, side, side, channels] -> half the sides.

    Pooling first is the same function, and takes the ReLU on a quarter of the values.
    """

    def __init__(self, batch: int, side: int, channels: int) -> None:
        self._y = np.empty((batch, side // 2, side // 2, channels), np.float32)
        self._dx = np.empty((batch, side, side, channels), np.float32)
        self._hit = np.empty(self._y.shape, np.bool_)
        self._free = np.empty(self._y.shape, np.bool_)

    def forward(self, x: np.ndarray) -> np.ndarray:
        """Return the greatest value of each square, or zero if that is negative."""
        self._x = x
        first, second, third, fourth = quarters(x)
        np.maximum(first, second, out=self._y)
        np.maximum(self._y, third, out=self._y)
        np.maximum(self._y, fourth, out=self._y)
        return np.maximum(self._y, 0, out=self._y)

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """Return the gradient of `x`: `dy` goes to the first of each square's greatest values."""
        np.greater(self._y, 0, out=self._free)
        for x, dx in zip(quarters(self._x), quarters(self._dx), strict=True):
            np.equal(x, self._y, out=self._hit)
            self._hit &= self._free
            self._free ^= self._hit
            np.multiply(dy, self._hit, out=dx)
        return self._dx


def quarters(x: np.ndarray) -> list[np.ndarray]:
    """Return four views of `x`, one for each place in the squares of 2x2."""
    return [x[:, i::2, j::2] for i in range(2) for j in range(2)]


class Mlp:
    """Dense, ReLU, dense, softmax cross entropy."""

    def __init__(self, batch: int, parameters: dict[str, Parameter]) -> None:
        self._first = Dense(batch, parameters["w1"], parameters["b1"])
        self._second = Dense(batch, parameters["w2"], parameters["b2"])
        self._loss = SoftmaxLoss(batch)

    def forward_backward(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Return the loss and fill in every gradient but the input's."""
        hidden = self._first.forward(x)
        np.maximum(hidden, 0, out=hidden)
        logits = self._second.forward(hidden)
        loss = self._loss(logits, labels)
        self._second.backward(logits)
        dhidden = self._second.input_gradient(logits)
        dhidden *= hidden > 0
        self._first.backward(dhidden)
        self._dhidden = dhidden
        return loss

    def input_gradient(self) -> np.ndarray:
        """Return the gradient of the last input."""
        return self._first.input_gradient(self._dhidden)


class ConvNet:
    """Twice convolution, ReLU and pooling, then an `Mlp`."""

    def __init__(self, batch: int, parameters: dict[str, Parameter]) -> None:
        p = parameters
        self._conv1 = Conv(batch, SIDE, p["k1"], p["c1"])
        self._pool1 = ReluPool(batch, SIDE, p["k1"].value.shape[3])
        self._conv2 = Conv(batch, SIDE // 2, p["k2"], p["c2"])
        self._pool2 = ReluPool(batch, SIDE // 2, p["k2"].value.shape[3])
        self._mlp = Mlp(batch, p)

    def forward_backward(self, x: np.ndarray, labels: np.ndarray) -> float:
        """Return the loss and fill in every gradient but the input's."""
        images = x.reshape(-1, SIDE, SIDE, 1)
        pooled = self._pool1.forward(self._conv1.forward(images))
        pooled = self._pool2.forward(self._conv2.forward(pooled))
        loss = self._mlp.forward_backward(pooled.reshape(len(x), -1), labels)
        dconv = self._pool2.backward(self._mlp.input_gradient().reshape(pooled.shape))
        self._conv2.backward(dconv)
        self._conv1.backward(self._pool1.backward(self._conv2.input_gradient(dconv)))
        return loss


class NumpyStep:
    """A net and its Adam."""

    tier = "eager"

    def __init__(self, workload: Workload) -> None:
        initial = workload.parameters()
        self._adam = Adam(np.concatenate([value.ravel() for value in initial.values()]))
        shapes = [value.shape for value in initial.values()]
        values, gradients = cut(self._adam.value, shapes), cut(self._adam.gradient, shapes)
        parameters = dict(zip(initial, map(Parameter, values, gradients), strict=True))
        self._net = (ConvNet if workload.conv else Mlp)(workload.batch, parameters)

    def reset(self) -> None:
        """Go back to the initial values."""
        self._adam.reset()

    def __call__(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Train on one batch and return its loss."""
        loss = self._net.forward_backward(images, labels)
        self._adam.update()
        return loss


def make_step(workload: Workload, _variant: str) -> Step:
    """Return the workload's training step; there is one variant."""
    return NumpyStep(workload)
