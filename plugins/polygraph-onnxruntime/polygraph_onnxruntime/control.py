"""Blocks in ONNX: `cond` becomes `If`, `while_loop` becomes `Loop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from polygraph.plugin import Block
    from polygraph_onnxruntime.translation import Translation
    from polygraph_onnxruntime.writer import Ref


def iota(translation: Translation, *, dtype: np.dtype[Any], size: int) -> Ref:
    """``0, 1, ... size - 1``."""
    return translation.writer.iota(size, dtype)


def cond(
    translation: Translation, pred: Ref, *captures: Ref, then_block: Block, else_block: Block
) -> tuple[Ref, ...]:
    """`If`: its graphs see the captures as values of the graph around them."""
    if not then_block.results:
        return ()
    return translation.writer.branch(
        pred,
        lambda: translation.block(then_block, captures),
        lambda: translation.block(else_block, captures),
    )


def while_loop(
    translation: Translation,
    *operands: Ref,
    cond_block: Block,
    body_block: Block,
    loop_vars: int,
) -> tuple[Ref, ...]:
    """`Loop`; the condition is written twice, before the loop and at the end of its body."""
    start, captures = operands[:loop_vars], operands[loop_vars:]

    def condition(variables: Sequence[Ref]) -> Ref:
        return translation.block(cond_block, (*variables, *captures))[0]

    def body(variables: Sequence[Ref]) -> Sequence[Ref]:
        return translation.block(body_block, (*variables, *captures))

    return translation.writer.loop(start, condition, body)
