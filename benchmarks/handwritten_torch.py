"""The benchmark's training steps as an experienced torch user writes them, on the CPU.

Variant `eager` is modules, autograd and torch's fused Adam. Variant `compile` is one function of
the whole step, gradients by `torch.func`, under `torch.compile`; it needs a C++ compiler.
(Compiling only the module, or module and optimizer apart, was measured slower than `eager`.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn

from workloads import BETA1, BETA2, EPSILON, LEARNING_RATE, SIDE, Step, Workload

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS = np.int64


def dense(parameters: Mapping[str, np.ndarray], weight: str, bias: str) -> nn.Linear:
    """Return a linear layer with these initial values."""
    layer = nn.Linear(*parameters[weight].shape)
    fill(layer, parameters[weight].T, parameters[bias])
    return layer


def conv(parameters: Mapping[str, np.ndarray], kernel: str, bias: str) -> nn.Conv2d:
    """Return a convolution, SAME, with these initial values, the kernel [h, w, in, out]."""
    height, _, inputs, outputs = parameters[kernel].shape
    layer = nn.Conv2d(inputs, outputs, height, padding=height // 2)
    fill(layer, parameters[kernel].transpose(3, 2, 0, 1), parameters[bias])
    return layer


def fill(layer: nn.Linear | nn.Conv2d, weight: np.ndarray, bias: np.ndarray) -> None:
    """Set a layer's parameters."""
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.ascontiguousarray(weight)))
        layer.bias.copy_(torch.from_numpy(bias))


def make_mlp(parameters: Mapping[str, np.ndarray]) -> nn.Module:
    """Return the net of one hidden layer."""
    return nn.Sequential(dense(parameters, "w1", "b1"), nn.ReLU(), dense(parameters, "w2", "b2"))


def make_conv_net(parameters: Mapping[str, np.ndarray]) -> nn.Module:
    """Return the convolutional net, its images and kernels with the channels last in memory."""
    side, channels = SIDE // 4, parameters["k2"].shape[3]
    # Torch flattens [channels, side, side]; the workload's first matrix has the channels last.
    w1 = parameters["w1"].reshape(side, side, channels, -1).transpose(2, 0, 1, 3)
    net = nn.Sequential(
        nn.Unflatten(1, (1, SIDE, SIDE)),
        conv(parameters, "k1", "c1"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        conv(parameters, "k2", "c2"),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        make_mlp({**parameters, "w1": w1.reshape(parameters["w1"].shape)}),
    )
    return net.to(memory_format=torch.channels_last)


class NetWithLoss(nn.Module):
    """A net and its mean softmax cross entropy."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.loss = nn.CrossEntropyLoss()

    def forward(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """Return the loss of one batch."""
        return self.loss(self.net(images), labels)


def make_module(workload: Workload) -> NetWithLoss:
    """Return the workload's net and loss, with its initial values."""
    make = make_conv_net if workload.conv else make_mlp
    return NetWithLoss(make(workload.parameters()))


class EagerStep:
    """A net with its loss, and torch's Adam over its parameters."""

    tier = "eager"

    def __init__(self, workload: Workload) -> None:
        self._module = make_module(workload)
        self._parameters = list(self._module.parameters())
        self._initial = [parameter.detach().clone() for parameter in self._parameters]
        self._adam = torch.optim.Adam(
            self._parameters, LEARNING_RATE, (BETA1, BETA2), EPSILON, fused=True
        )

    def reset(self) -> None:
        """Go back to the initial values, in place."""
        with torch.no_grad():
            for parameter, initial in zip(self._parameters, self._initial, strict=True):
                parameter.copy_(initial)
        for state in self._adam.state.values():
            for tensor in state.values():
                tensor.zero_()

    def __call__(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Train on one batch and return its loss."""
        self._adam.zero_grad()
        loss = self._module(torch.from_numpy(images), torch.from_numpy(labels))
        loss.backward()
        self._adam.step()
        return loss.item()


class CompiledStep:
    """One compiled function of the whole step, over state that it changes in place."""

    tier = "compiled"

    def __init__(self, workload: Workload) -> None:
        self._module = make_module(workload)
        self._initial = {k: v.detach().clone() for k, v in self._module.named_parameters()}
        self._state = {k: v.clone() for k, v in self._initial.items()}
        self._mean = {k: torch.zeros_like(v) for k, v in self._initial.items()}
        self._square = {k: torch.zeros_like(v) for k, v in self._initial.items()}
        self._count = torch.zeros(())
        self._compiled = torch.compile(self._train, fullgraph=True)

    def reset(self) -> None:
        """Go back to the initial values, in place."""
        self._count.zero_()
        for name, initial in self._initial.items():
            self._state[name].copy_(initial)
            self._mean[name].zero_()
            self._square[name].zero_()

    def _loss(
        self, state: dict[str, torch.Tensor], images: torch.Tensor, labels: torch.Tensor
    ) -> torch.Tensor:
        return torch.func.functional_call(self._module, state, (images, labels))

    def _train(self, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        gradients, loss = torch.func.grad_and_value(self._loss)(self._state, images, labels)
        self._count.add_(1)
        # Kingma and Ba (2015), end of section 2.
        rate = LEARNING_RATE * torch.sqrt(1 - BETA2**self._count) / (1 - BETA1**self._count)
        for name, gradient in gradients.items():
            mean, square = self._mean[name], self._square[name]
            mean.lerp_(gradient, 1 - BETA1)
            square.lerp_(gradient * gradient, 1 - BETA2)
            self._state[name].sub_(rate * mean / (square.sqrt() + EPSILON))
        return loss

    @torch.no_grad()
    def __call__(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Train on one batch and return its loss."""
        return self._compiled(torch.from_numpy(images), torch.from_numpy(labels)).item()


def make_step(workload: Workload, variant: str) -> Step:
    """Return the workload's training step, `eager` or `compile`."""
    return {"eager": EagerStep, "compile": CompiledStep}[variant](workload)
