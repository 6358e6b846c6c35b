"""The verifier: what must hold of a Program between any two passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from polygraph.core.ground.program import Block, Program, Step, Value


class VerificationError(AssertionError):
    """A pass, or the planner, has made a malformed Program: a bug in it, not in the graph."""


def verify(program: Program) -> None:
    """Check ``program``: SSA, types, closed blocks, and the layout of parameters and results.

    Raises:
      VerificationError: says what is wrong and where.
    """
    expected = program.fetches + program.carries + len(program.updates) + len(program.checks)
    if len(program.block.results) != expected:
        raise VerificationError(
            f"{program.name}: {len(program.block.results)} results, the layout needs {expected}"
        )
    if len(program.block.parameters) != len(program.state) + len(program.feeds):
        raise VerificationError(f"{program.name}: parameters do not match state and feeds")
    for index, value in zip(program.updates, program.update_values, strict=True):
        if not 0 <= index < len(program.state):
            raise VerificationError(f"{program.name}: update of state {index}, which is not there")
        del value
    for value in program.check_values:
        if value.dtype != np.bool_ or value.shape:
            raise VerificationError(f"{program.name}: a check's flag is {value.type}, not bool[]")
    pending = [program.block]
    while pending:
        block = pending.pop()
        _verify_block(program.name, block)
        pending.extend(inner for step in block.steps for _, inner in step.blocks())


def _verify_block(name: str, block: Block) -> None:
    defined: set[Value] = set(block.parameters)
    if len(defined) != len(block.parameters):
        raise VerificationError(f"{name}: a parameter stands twice")
    for value, array in block.constants.items():
        if (array.dtype, array.shape) != (value.dtype, value.shape):
            raise VerificationError(
                f"{name}: a constant of {array.dtype}{array.shape} is {value.type}"
            )
        defined.add(value)
    for step in block.steps:
        _verify_step(name, step, defined)
        defined.update(step.results)
    for result in block.results:
        if result not in defined:
            raise VerificationError(f"{name}: a result of type {result.type} is never computed")


def _verify_step(name: str, step: Step, defined: set[Value]) -> None:
    where = f"{name}: {step.op.name}"
    for operand in step.operands:
        if operand not in defined:
            raise VerificationError(
                f"{where}: an operand of type {operand.type} is not defined yet"
            )
    for result in step.results:
        if result in defined:
            raise VerificationError(f"{where}: a result is defined twice")
    types = step.op.types([operand.type for operand in step.operands], step.attrs)
    if tuple(types) != tuple(result.type for result in step.results):
        raise VerificationError(f"{where}: results are not of the types {types}")
