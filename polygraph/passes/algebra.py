"""Identities that hold for every value, NaN, infinities and -0.0 included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.program import Value
from polygraph.ops.primitives import elementwise, shaping
from polygraph.passes.rewrite import rewrite_program

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program, Step
    from polygraph.core.ground.trace import Array


def _is_all(array: Array, number: float) -> bool:
    return not isinstance(array, Value) and array.size > 0 and bool(np.all(array == number))


def _if_same_type(step: Step, array: Array) -> Array | None:
    same = (array.dtype, array.shape) == (step.results[0].dtype, step.results[0].shape)
    return array if same else None


def _times_one(step: Step, operands: Sequence[Array]) -> Array | None:
    """``x * 1`` is x, bit for bit."""
    for one, other in (operands, reversed(operands)):
        if _is_all(one, 1):
            return _if_same_type(step, other)
    return None


def _over_one(step: Step, operands: Sequence[Array]) -> Array | None:
    """``x / 1`` is x."""
    return _if_same_type(step, operands[0]) if _is_all(operands[1], 1) else None


def _minus_zero(step: Step, operands: Sequence[Array]) -> Array | None:
    """``x - 0`` is x, also for -0.0; ``x + 0`` is not, which is why it is not here."""
    zero = operands[1]
    positive = _is_all(zero, 0) and not np.signbit(np.asarray(zero, np.float64)).any()
    return _if_same_type(step, operands[0]) if positive else None


def _no_change(step: Step, operands: Sequence[Array]) -> Array | None:
    """A reshape, broadcast or cast to the type that is there already."""
    return _if_same_type(step, operands[0])


def _same_order(step: Step, operands: Sequence[Array]) -> Array | None:
    """A transpose that leaves every axis where it is."""
    perm = step.attrs["perm"]
    return operands[0] if tuple(perm) == tuple(range(len(perm))) else None


RULES: dict[Op, Callable[[Step, Sequence[Any]], Array | None]] = {
    elementwise.multiply: _times_one,
    elementwise.divide: _over_one,
    elementwise.subtract: _minus_zero,
    elementwise.cast: _no_change,
    shaping.reshape: _no_change,
    shaping.broadcast_to: _no_change,
    shaping.transpose: _same_order,
}


def simplify(program: Program, _: Backend) -> Program:
    """Apply `RULES` to every step."""

    def rule(step: Step, operands: Sequence[Array]) -> Sequence[Array] | None:
        found = RULES.get(step.op)
        result = None if found is None else found(step, operands)
        return None if result is None else (result,)

    return rewrite_program(program, rule)
