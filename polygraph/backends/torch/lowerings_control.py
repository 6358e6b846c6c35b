"""`cond` and `while_loop`: blocks reach them as functions of tensors that give tuples of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    Tensor = torch.Tensor
    Function = Callable[..., tuple[Tensor, ...]]


def cond(
    pred: Tensor, *captures: Tensor, then_block: Function, else_block: Function
) -> tuple[Tensor, ...]:
    """See `control.cond`: Python decides."""
    return then_block(*captures) if pred else else_block(*captures)


def while_loop(
    *operands: Tensor,
    cond_block: Function,
    body_block: Function,
    loop_vars: int,
    mutated: tuple[int, ...] = (),
) -> tuple[Tensor, ...]:
    """See `control.while_loop`: Python turns. The body may write to the variables ``mutated``."""
    state, captures = operands[:loop_vars], operands[loop_vars:]
    if mutated:
        state = tuple(x.clone() if i in mutated else x for i, x in enumerate(state))
    while cond_block(*state, *captures)[0]:
        state = body_block(*state, *captures)
    return state
