"""Control flow by TensorFlow's functional `If` and `While`.

Blocks arrive as functions of tensors that give lists of tensors. They capture nothing, so each
becomes a TensorFlow function of its operands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from polygraph_tensorflow.elementwise import raw

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Function = Callable[..., list[tf.Tensor]]


def _function(block: Function, operands: Sequence[tf.Tensor]) -> Any:
    """``block`` as a function of TensorFlow over the types of ``operands``."""
    specs = [tf.TensorSpec(operand.shape, operand.dtype) for operand in operands]
    made = tf.function(block, input_signature=specs, autograph=False, jit_compile=False)
    return made.get_concrete_function()


def cond(
    pred: tf.Tensor, *captures: tf.Tensor, then_block: Function, else_block: Function
) -> list[tf.Tensor]:
    """The results of one branch."""
    then_branch = _function(then_block, captures)
    results = raw.StatelessIf(
        cond=pred,
        input=captures,
        Tout=[output.dtype for output in then_branch.outputs],
        then_branch=then_branch,
        else_branch=_function(else_block, captures),
    )
    return list(results)


def while_loop(
    *operands: tf.Tensor, cond_block: Function, body_block: Function, loop_vars: int
) -> list[tf.Tensor]:
    """The loop variables after the last turn; captures go round as loop variables that stay."""

    def test(*values: tf.Tensor) -> tf.Tensor:
        return cond_block(*values)[0]

    def turn(*values: tf.Tensor) -> list[tf.Tensor]:
        return [*body_block(*values), *values[loop_vars:]]

    results = raw.StatelessWhile(
        input=operands, cond=_function(test, operands), body=_function(turn, operands)
    )
    return list(results)[:loop_vars]
