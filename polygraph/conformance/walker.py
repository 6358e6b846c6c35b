"""A small engine of the suite's own: it walks a Program's steps with a table of lowerings.

Planted faults and the fuzzer's model of rounding are this engine with something changed on the
way. It is no faster than it looks, and keeps the contract of `polygraph.core.ground.backend`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.backend import Backend, Capabilities, RunResult
from polygraph.core.ground.op import REGISTRY, Primitive
from polygraph.ops.primitives.control import cond, while_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.core.ground.backend import Executable, Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Block, Program, Step, Value

    Array = np.ndarray[Any, Any]
    Apply = Callable[[Step, Sequence[Array]], Sequence[Array]]
    """The results of a step for its operands."""

DTYPES = frozenset(
    (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
    )
)
"""What NumPy computes in."""


def reference_lowerings() -> dict[Op, Lowering]:
    """The NumPy reference of every primitive that exists now."""
    return {op: op.function for op in REGISTRY.values() if isinstance(op, Primitive)}


def applier(lowerings: Mapping[Op, Lowering], inside: Apply | None = None) -> Apply:
    """How a step is done with these lowerings.

    Args:
      lowerings: of the ops.
      inside: does the steps of the blocks of a step; the same way when None.
    """

    def apply(step: Step, operands: Sequence[Array]) -> Sequence[Array]:
        if step.op is cond:
            return take_branch(step, operands, inside or apply)
        if step.op is while_loop:
            return go_round(step, operands, inside or apply)
        raw = lowerings[step.op](*operands, **step.attrs)
        results = raw if isinstance(raw, tuple) else (raw,)
        return [
            np.asarray(result, value.dtype)
            for result, value in zip(results, step.results, strict=True)
        ]

    return apply


def walk(block: Block, arguments: Sequence[Array], apply: Apply) -> list[Array]:
    """The results of ``block``, each step done by ``apply``."""
    arrays: dict[Value, Array] = dict(block.constants)
    arrays.update(zip(block.parameters, arguments, strict=True))
    for step in block.steps:
        results = apply(step, [arrays[operand] for operand in step.operands])
        arrays.update(zip(step.results, results, strict=True))
    return [arrays[result] for result in block.results]


def take_branch(step: Step, operands: Sequence[Array], apply: Apply) -> list[Array]:
    """The meaning of `cond`."""
    pred, *captures = operands
    return walk(step.attrs["then_block" if pred else "else_block"], captures, apply)


def go_round(step: Step, operands: Sequence[Array], apply: Apply) -> list[Array]:
    """The meaning of `while_loop`."""
    count = step.attrs["loop_vars"]
    state, captures = list(operands[:count]), operands[count:]
    while walk(step.attrs["cond_block"], [*state, *captures], apply)[0]:
        state = walk(step.attrs["body_block"], [*state, *captures], apply)
    return state


class Walker:
    """The executable: the Program itself, walked on every run."""

    tier = "walker"

    def __init__(self, program: Program, apply: Apply) -> None:
        self.program = program
        self._apply = apply

    def __call__(self, state: Sequence[Array], feeds: Sequence[Array]) -> RunResult:
        """Run the Program once."""
        with np.errstate(all="ignore"):
            results = walk(self.program.block, [*state, *feeds], self._apply)
        # A result may be a view of a parameter or of another result: each gets memory of its own.
        values = [np.array(result, order="C") for result in results]
        return RunResult.of(self.program, values, state)


def copied(array: Array) -> Array:
    """A copy in C order."""
    return np.array(array, order="C")


def walking_backend(
    name: str,
    apply: Apply,
    lowerings: Mapping[Op, Lowering] | None = None,
    compiler: Callable[[Program], Executable] | None = None,
) -> Backend:
    """A backend of this engine.

    Args:
      name: of the backend.
      apply: does each step.
      lowerings: of the backend's table; the references when None.
      compiler: makes the executable; a `Walker` with ``apply`` when None.
    """
    return Backend(
        name=name,
        device="cpu",
        capabilities=Capabilities(dtypes=DTYPES),
        lowerings=reference_lowerings() if lowerings is None else lowerings,
        compile=compiler or (lambda program: Walker(program, apply)),
        put=copied,
        get=copied,
        list_devices=lambda: ["cpu:0"],
        tier=Walker.tier,
    )
