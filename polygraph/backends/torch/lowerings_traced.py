"""`cond` and `while_loop` inside what inductor compiles."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from torch._higher_order_ops.cond import cond_op
from torch._higher_order_ops.while_loop import while_loop_op

from polygraph.ops.primitives import control

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op

    Tensor = torch.Tensor
    Function = Callable[..., tuple[Tensor, ...]]


def _distinct(operands: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The operands with copies where one comes again: the tracer takes equals for one."""
    seen: set[int] = set()
    result = []
    for operand in operands:
        result.append(operand.clone() if id(operand) in seen else operand.contiguous())
        seen.add(id(operand))
    return tuple(result)


def traced_cond(
    pred: Tensor, *captures: Tensor, then_block: Function, else_block: Function
) -> tuple[Tensor, ...]:
    """See `control.cond`."""
    return tuple(cond_op(pred, then_block, else_block, _distinct(captures)))


def traced_while_loop(
    *operands: Tensor, cond_block: Function, body_block: Function, loop_vars: int
) -> tuple[Tensor, ...]:
    """See `control.while_loop`."""

    def holds(*values: Tensor) -> Tensor:
        return cond_block(*values)[0]

    given = _distinct(operands)
    start: Any = given[:loop_vars]
    return tuple(while_loop_op(holds, body_block, start, given[loop_vars:]))


TRACED: Mapping[Op, Lowering] = MappingProxyType(
    {control.cond: traced_cond, control.while_loop: traced_while_loop}
)
"""What stands for Python's control flow."""
