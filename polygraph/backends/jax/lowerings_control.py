"""Control flow: XLA's own. Blocks arrive as functions of arrays that give tuples of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jax import lax

if TYPE_CHECKING:
    from collections.abc import Callable

    import jax

    Arrays = tuple[jax.Array, ...]
    Function = Callable[..., Arrays]


def cond(
    pred: jax.Array, *captures: jax.Array, then_block: Function, else_block: Function
) -> Arrays:
    """The results of one branch."""
    results: Arrays = lax.cond(pred, then_block, else_block, *captures)
    return results


def while_loop(
    *operands: jax.Array, cond_block: Function, body_block: Function, loop_vars: int
) -> Arrays:
    """The loop variables after the last turn."""
    state, captures = operands[:loop_vars], operands[loop_vars:]
    return lax.while_loop(
        lambda values: cond_block(*values, *captures)[0],
        lambda values: body_block(*values, *captures),
        state,
    )
