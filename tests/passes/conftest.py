"""Programs to put through passes, and a backend to put them through for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from polygraph.core.ground.printer import print_program
from polygraph.core.ground.program import Parameter, Program, Value
from polygraph.core.ground.trace import Builder, building
from polygraph.core.ground.verifier import verify
from polygraph.core.runtime.discovery import make_backend

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.signature import TensorType


@pytest.fixture
def trace() -> Callable[..., Program]:
    """``trace(function, **types)``: the Program of a function whose arguments are feeds."""

    def make(function: Callable[..., Any], **types: TensorType) -> Program:
        values = {name: Value(type_) for name, type_ in types.items()}
        with building(Builder()) as builder:
            raw = function(*values.values())
        results = list(raw) if isinstance(raw, tuple) else [raw]
        return Program(
            "traced",
            builder.block(list(values.values()), [*results, *builder.check_flags]),
            state=(),
            feeds=tuple(Parameter(name) for name in values),
            fetches=len(results),
            carries=0,
            updates=(),
            checks=tuple(builder.checks),
        )

    return make


@pytest.fixture
def backend() -> Callable[..., Backend]:
    """``backend(field=value, ...)``: NumPy's, with some fields of its record replaced."""

    def make(**changes: Any) -> Backend:
        return replace(make_backend("numpy", {}), **changes)

    return make


@pytest.fixture
def after(backend: Callable[..., Backend]) -> Callable[..., str]:
    """``after(rewrite, program, target)``: what a pass makes of a Program, verified and printed."""

    def run(
        rewrite: Callable[[Program, Backend], Program],
        program: Program,
        target: Backend | None = None,
    ) -> str:
        before = print_program(program)
        result = rewrite(program, target or backend())
        verify(result)
        assert print_program(program) == before, "the pass changed what it was given"
        return print_program(result)

    return run
