"""Constants as parameters: what inductor compiles must not hold tensors of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.backends.torch.generate import is_literal
from polygraph.core.ground.program import Block, Step, Value

if TYPE_CHECKING:
    import numpy as np

    Arrays = dict[Value, np.ndarray[Any, Any]]


def constants_as_parameters(block: Block) -> tuple[Block, list[np.ndarray[Any, Any]]]:
    """``block`` with more parameters, and the arrays for them; single numbers stay constants."""
    hoisted = _hoisted(block)
    moved = _movable(hoisted)
    return _without(hoisted, moved, list(moved)), list(moved.values())


def _movable(block: Block) -> Arrays:
    return {value: array for value, array in block.constants.items() if not is_literal(array)}


def _without(block: Block, moved: Arrays, parameters: list[Value]) -> Block:
    kept = {value: array for value, array in block.constants.items() if value not in moved}
    return block.replace(parameters=(*block.parameters, *parameters), constants=kept)


def _hoisted(block: Block) -> Block:
    """``block`` with its inner blocks' constants in its own."""
    constants = dict(block.constants)
    steps = tuple(_hoisted_step(step, constants) for step in block.steps)
    return block.replace(steps=steps, constants=constants)


def _hoisted_step(step: Step, constants: Arrays) -> Step:
    inner = {name: _hoisted(block) for name, block in step.blocks()}
    moved = {name: _movable(block) for name, block in inner.items()}
    wanted = [(name, value) for name, arrays in moved.items() for value in arrays]
    outer = [Value(value.type) for _, value in wanted]
    for new, (name, value) in zip(outer, wanted, strict=True):
        constants[new] = moved[name][value]
    # All inner blocks of a step take the same operands, so each takes the others' constants too.
    attrs = {
        name: _without(
            block,
            moved[name],
            [value if owner == name else Value(value.type) for owner, value in wanted],
        )
        for name, block in inner.items()
    }
    operands = (*step.operands, *outer)
    return Step(step.op, operands, {**step.attrs, **attrs}, step.results, step.source)
