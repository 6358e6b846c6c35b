"""A backend as it was written for contract 1. It is never edited: it has to work as it stands."""

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
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polygraph.plugin import Program

    Array = np.ndarray[Any, Any]

SPEC = BackendSpec(
    name="frozen",
    factory="polygraph_frozen:make",
    capabilities=Capabilities(
        dtypes=frozenset({"bool", "int32", "int64", "float32", "float64"}),
        control_flow=True,
        compiled=False,
        in_place_state=False,
        symbolic_dims=False,
        devices=("cpu",),
    ),
    requires=("numpy",),
    contract=(1,),
    extra=None,
)


class Run:
    """The executable."""

    tier = "frozen"

    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self, state: Sequence[Array], feeds: Sequence[Array]) -> RunResult:
        """Run the Program once."""
        program = self._program
        results = interpret(program.block, [*state, *feeds])
        values = [np.array(result, order="C") for result in results]
        carries = program.fetches + program.carries
        checks = carries + len(program.updates)
        failed = next((i for i, flag in enumerate(values[checks:]) if not flag), -1)
        updates = values[carries:checks]
        if failed >= 0:
            updates = [state[index] for index in program.updates]
        return RunResult(
            (values[: program.fetches], values[program.fetches : carries], updates, failed)
        )


def _copy(array: Array) -> Array:
    return np.array(array, order="C")


def make(device: str, config: Mapping[str, Any]) -> Backend:
    """The backend, by contract 1's two arguments."""
    del config
    return Backend(
        name="frozen",
        device=device,
        capabilities=SPEC.capabilities,
        lowerings={op: op.function for op in REGISTRY.values() if isinstance(op, Primitive)},
        compile=Run,
        put=_copy,
        get=_copy,
        list_devices=lambda: ["cpu:0"],
        tier=Run.tier,
        unsupported={},
        widened={},
        waivers={},
        close=lambda: None,
    )
