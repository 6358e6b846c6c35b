"""A pass: ``x / 8`` becomes ``x * 0.125``.

Multiplying takes a fraction of the time of dividing, and by the reciprocal of a power of two it
gives the same bits. A pass has to keep every bit, or say nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.plugin import Value, hookimpl, primitives

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.plugin import Backend, Block, Program, Step

    Array = np.ndarray[Any, Any]

polygraph_contract = (2,)

ew = primitives.elementwise


def multiply_by_reciprocals(program: Program, backend: Backend) -> Program:
    """``program`` with no division by a constant power of two, in inner blocks neither."""
    if ew.multiply not in backend.lowerings:
        return program
    return program.with_block(_in_block(program.block))


def _in_block(block: Block) -> Block:
    constants = dict(block.constants)
    steps = tuple(_in_step(step, constants) for step in block.steps)
    return block.replace(constants=constants, steps=steps)


def _in_step(step: Step, constants: dict[Value, Array]) -> Step:
    inner = {name: _in_block(block) for name, block in step.blocks()}
    if inner:
        return replace(step, attrs={**step.attrs, **inner})
    divisor = constants.get(step.operands[1]) if step.op is ew.divide else None
    if divisor is None or not _has_exact_reciprocal(divisor):
        return step
    reciprocal = Value(step.operands[1].type)
    constants[reciprocal] = np.asarray(1 / divisor, divisor.dtype)
    return replace(step, op=ew.multiply, operands=(step.operands[0], reciprocal))


def _has_exact_reciprocal(divisor: Array) -> bool:
    """Whether all are powers of two, neither they nor their reciprocals subnormal."""
    if divisor.dtype not in (np.float32, np.float64):
        return False
    mantissa, exponent = np.frexp(divisor)
    limit = -np.finfo(divisor.dtype).minexp
    return bool(np.all((np.abs(mantissa) == 0.5) & (np.abs(exponent) < limit)))  # noqa: PLR2004


@hookimpl
def polygraph_passes() -> list[Callable[..., Any]]:
    """Run before legalisation, on whatever backend."""
    return [multiply_by_reciprocals]
