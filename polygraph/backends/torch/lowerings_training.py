"""The optimisers' updates: as functions, and in place on the variable and its slots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    Tensor = torch.Tensor

_FAR = torch.tensor(2.0**60)
"""A step so late that torch's own bias correction divides by 1: TF1's is in the step size."""


def apply_gradient_descent(var: Tensor, alpha: Tensor, delta: Tensor) -> Tensor:
    """See `training.apply_gradient_descent`."""
    return var - delta * alpha


def apply_gradient_descent_in_place(var: Tensor, alpha: Tensor, delta: Tensor) -> Tensor:
    """Like `apply_gradient_descent`, on ``var`` itself."""
    return var.sub_(delta * alpha)


def apply_momentum(
    var: Tensor, accum: Tensor, lr: Tensor, grad: Tensor, momentum: Tensor, *, use_nesterov: bool
) -> tuple[Tensor, Tensor]:
    """See `training.apply_momentum`."""
    total = accum * momentum + grad
    ahead = grad * lr + total * momentum * lr if use_nesterov else total * lr
    return var - ahead, total


def apply_momentum_in_place(
    var: Tensor, accum: Tensor, lr: Tensor, grad: Tensor, momentum: Tensor, *, use_nesterov: bool
) -> tuple[Tensor, Tensor]:
    """Like `apply_momentum`, on ``var`` and ``accum`` themselves."""
    accum.mul_(momentum).add_(grad)
    if use_nesterov:
        return var.sub_((grad * lr).add_((accum * momentum).mul_(lr))), accum
    return var.sub_(accum * lr), accum


def apply_adam(
    var: Tensor, m: Tensor, v: Tensor, beta1_power: Tensor, beta2_power: Tensor, lr: Tensor,
    beta1: Tensor, beta2: Tensor, epsilon: Tensor, grad: Tensor, *, use_nesterov: bool,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """See `training.apply_adam`."""
    corrected = lr.double() * torch.sqrt(1 - beta2_power.double())
    alpha = (corrected / (1 - beta1_power.double())).to(var.dtype)
    m = m + (grad - m) * (1 - beta1)
    v = v + (grad * grad - v) * (1 - beta2)
    direction = grad * (1 - beta1) + beta1 * m if use_nesterov else m
    return var - direction * alpha / (torch.sqrt(v) + epsilon), m, v


def adam_in_place(
    variables: list[Tensor], ms: list[Tensor], vs: list[Tensor], scalars: Sequence[Tensor],
    grads: list[Tensor],
) -> None:  # fmt: skip
    """Adam on many variables and their slots themselves, in one pass over each.

    Args:
      variables: float32 or float64, contiguous, like their slots.
      ms: first moments.
      vs: second moments.
      scalars: beta1's power, beta2's power, learning rate, beta1, beta2 and epsilon.
      grads: one for each variable, of its shape.
    """
    beta1_power, beta2_power, rate, beta1, beta2, epsilon = (float(x.item()) for x in scalars)
    # Up to one half torch interpolates from the gradient's end, where an infinite one gives NaN.
    if not (0.5 < beta1 < 1 and 0 <= beta2 < 1 and beta1_power != 1 and beta2_power <= 1):  # noqa: PLR2004
        for var, m, v, grad in zip(variables, ms, vs, grads, strict=True):
            _write((var, m, v), scalars, grad, use_nesterov=False)
        return
    torch._fused_adam_(
        variables,
        [grad.contiguous() for grad in grads],
        ms,
        vs,
        [],
        [_FAR] * len(variables),
        amsgrad=False,
        lr=rate * math.sqrt(1 - beta2_power) / (1 - beta1_power),
        beta1=beta1,
        beta2=beta2,
        weight_decay=0.0,
        eps=epsilon,
        maximize=False,
    )


def _write(
    state: tuple[Tensor, Tensor, Tensor], scalars: Sequence[Tensor], grad: Tensor,
    *, use_nesterov: bool,
) -> None:  # fmt: skip
    beta1_power, beta2_power, rate, beta1, beta2, epsilon = scalars
    updated = apply_adam(
        *state, beta1_power, beta2_power, rate, beta1, beta2, epsilon, grad,
        use_nesterov=use_nesterov,
    )  # fmt: skip
    for old, new in zip(state, updated, strict=True):
        old.copy_(new)


def apply_adam_in_place(
    var: Tensor, m: Tensor, v: Tensor, beta1_power: Tensor, beta2_power: Tensor, lr: Tensor,
    beta1: Tensor, beta2: Tensor, epsilon: Tensor, grad: Tensor, *, use_nesterov: bool,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Like `apply_adam`, on ``var``, ``m`` and ``v`` themselves."""
    scalars = (beta1_power, beta2_power, lr, beta1, beta2, epsilon)
    if use_nesterov or var.dtype not in (torch.float32, torch.float64):
        _write((var, m, v), scalars, grad, use_nesterov=use_nesterov)
    else:
        adam_in_place([var], [m], [v], scalars, [grad])
    return var, m, v
