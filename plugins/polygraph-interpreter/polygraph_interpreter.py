"""A backend that interprets Programs one step at a time, by the ops' NumPy references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.plugin import (
    REGISTRY,
    Backend,
    BackendSpec,
    Capabilities,
    Primitive,
    RunResult,
    interpret,
    stand_ins,
    with_stand_ins,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.plugin import Block, Lowering, Op, Program, Value

    Array = np.ndarray[Any, Any]
    Trace = Callable[[str], None]

_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)

SPEC = BackendSpec(
    name="interpreter",
    factory="polygraph_interpreter:make",
    capabilities=Capabilities(dtypes=frozenset(_DTYPES)),
    contract=(2,),
)


class Interpreted:
    """The executable: the Program itself, walked on every run."""

    tier = "interpreter"

    def __init__(self, program: Program, trace: Trace | None) -> None:
        self._program = program
        self._trace = trace

    def __call__(self, state: Sequence[Array], feeds: Sequence[Array]) -> RunResult:
        """Run the Program once."""
        program = self._program
        arguments = [*state, *feeds]
        results = (
            interpret(program.block, arguments)
            if self._trace is None
            else _traced(program.block, arguments, self._trace)
        )
        # A result may be a view of a parameter or of another result: each gets memory of its own.
        values = [np.array(result, order="C") for result in results]
        return RunResult.of(program, values, state)


def _traced(block: Block, arguments: Sequence[Array], trace: Trace) -> list[Array]:
    """Like `interpret`, reporting every step of the outermost block."""
    arrays: dict[Value, Array] = dict(block.constants)
    arrays.update(zip(block.parameters, arguments, strict=True))
    for step in block.steps:
        operands = [arrays[operand] for operand in step.operands]
        types = [value.type for value in step.results]
        results = step.op.compute(operands, step.attrs, types)
        arrays.update(zip(step.results, results, strict=True))
        for type_, result in zip(types, results, strict=True):
            mean = float(np.mean(np.abs(result.astype(np.complex128)))) if result.size else 0.0
            trace(f"{step.op.name}: {type_}, mean magnitude {mean:.6g}")
    return [arrays[result] for result in block.results]


def _copy(array: Array) -> Array:
    return np.array(array, order="C")


def make(device: str, config: Mapping[str, Any], lowerings: Mapping[Op, Lowering]) -> Backend:
    """The interpreter; ``config["trace"]`` is called with a line for each step."""
    trace: Trace | None = config.get("trace")
    primitives: dict[Op, Lowering] = {
        op: op.function for op in REGISTRY.values() if isinstance(op, Primitive)
    }
    replaced = stand_ins(lowerings)
    return Backend(
        name="interpreter",
        device=device,
        capabilities=SPEC.capabilities,
        lowerings={**primitives, **lowerings},
        compile=lambda program: Interpreted(with_stand_ins(program, replaced), trace),
        put=_copy,
        get=_copy,
        list_devices=lambda: ["cpu:0"],
        tier=Interpreted.tier,
    )
