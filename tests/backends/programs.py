"""Programs for backends to compile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.program import Block, Check, Parameter, Program, Step, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import Builder, building

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.conformance.samples import Sample
    from polygraph.core.ground.op import Op

F32 = np.dtype(np.float32)


def make_program(
    function: Callable[..., Any],
    types: Sequence[TensorType],
    *,
    state: int = 0,
    carries: int = 0,
    updates: tuple[int, ...] = (),
    checks: int = 0,
) -> Program:
    """A Program whose results are those of ``function``, in the order of `Program`."""
    parameters = [Value(type_) for type_ in types]
    with building(Builder()) as builder:
        block = builder.block(parameters, function(*parameters))
    return Program(
        "test",
        block,
        (Parameter("state"),) * state,
        (Parameter("feed"),) * (len(types) - state),
        len(block.results) - carries - len(updates) - checks,
        carries,
        updates,
        (Check(ValueError, "", None),) * checks,
    )


def vector(size: int = 1000, dtype: np.dtype[Any] = F32) -> TensorType:
    return TensorType(dtype, (size,))


def step_of(op: Op, sample: Sample) -> Step:
    """One step that applies ``op`` to operands of a sample's types."""
    operands = tuple(map(Value, sample.types))
    results = tuple(map(Value, op.types(sample.types, sample.attrs)))
    return Step(op, operands, sample.attrs, results)


def update_program(step: Step) -> Program:
    """A Program that writes all results of a step to its first operands, which are variables."""
    count = len(step.results)
    return Program(
        "test",
        Block(step.operands, {}, (step,), step.results),
        (Parameter("state"),) * count,
        (Parameter("feed"),) * (len(step.operands) - count),
        0,
        0,
        tuple(range(count)),
        (),
    )
