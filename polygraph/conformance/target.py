"""`Target`: a backend under test, and the ways in which the suite uses it."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.program import Block, Parameter, Program, Step, Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.runtime.compiler import Compiler
from polygraph.core.runtime.discovery import (
    BackendName,
    backend_statuses,
    make_backend,
    register_backend,
    unregister_backend,
)
from polygraph.core.runtime.session import Session
from polygraph.passes.expand import expand_composites
from polygraph.passes.legalise import dtype_limit, unsupported_steps
from polygraph.passes.widen import widen_dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from polygraph.core.ground.backend import Backend, BackendSpec, Executable
    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.op import Op
    from polygraph.core.runtime.config import ConfigProto

    Array = np.ndarray[Any, Any]
    Application = tuple[Op, Sequence[Array], Mapping[str, Any]]
    """An op, its operands, its attributes."""


@dataclass(slots=True, eq=False)
class Target:
    """A backend under test.

    Attributes:
      name: what ``Session(backend=...)`` takes.
      backend: a live one, for Programs outside of sessions.
      spec: what discovery read, None for a backend that was registered as an object.
      version: of the distribution that brings it, empty where unknown.
      used_waivers: how many cases each waiver of the backend was asked for.
    """

    name: str
    backend: Backend
    spec: BackendSpec | None = None
    version: str = ""
    used_waivers: Counter[str] = field(default_factory=Counter)
    registered: bool = False
    _compiler: Compiler | None = None

    @classmethod
    def open(cls, name: str) -> Self:
        """The backend that ``name[@distribution][:device]`` names; errors as in `Session`."""
        backend = make_backend(name, {})
        asked = BackendName.parse(name)
        for status in backend_statuses():
            if status.name == asked.name and asked.distribution in {None, status.distribution}:
                return cls(name, backend, status.spec, status.version)
        return cls(name, backend)

    @classmethod
    def of(cls, backend: Backend) -> Self:
        """A backend object, registered in this process under its name until `close`.

        Raises:
          ValueError: there is a backend of that name already.
        """
        register_backend(backend)
        return cls(backend.name, backend, registered=True)

    def close(self) -> None:
        """Release what `open` or `of` made."""
        self.backend.close()
        if self.registered:
            unregister_backend(self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What it says of itself

    def declares(self, dtype: str) -> bool:
        """Whether the backend says that it computes in TF1's dtype of that name."""
        return dtype in self.backend.capabilities.dtypes

    def dtype_limit(self, dtype: str) -> str | None:
        """Why the backend says that it does not hold a dtype; None where it declares it."""
        return dtype_limit(self.backend, dtype)

    def limit_of(self, op: Op, types: Sequence[TensorType], attrs: Mapping[str, Any]) -> str | None:
        """Why the backend's tables say that it cannot do one application; None where they don't.

        For a composite that it does not claim, the reason is that of a step of the body.
        """
        for dtype in (type_.dtype for type_ in (*types, *op.types(types, attrs))):
            limit = self.dtype_limit(as_dtype(dtype).name)
            if limit is not None:
                return limit
        program = widen_dtypes(
            expand_composites(program_of([(op, types, attrs)]), self.backend), self.backend
        )
        for step, reason in unsupported_steps(program, self.backend):
            return f"{step.op.name}: {reason}"
        return None

    def waives(self, case_id: str) -> bool:
        """Whether the backend has a waiver for a case."""
        return self._pattern_for(case_id) is not None

    def waiver_for(self, case_id: str) -> str | None:
        """The reason of the first waiver whose pattern fits, None where none does."""
        pattern = self._pattern_for(case_id)
        if pattern is None:
            return None
        self.used_waivers[pattern] += 1
        return self.backend.waivers[pattern]

    def _pattern_for(self, case_id: str) -> str | None:
        fitting = (p for p in self.backend.waivers if fnmatch.fnmatchcase(case_id, p))
        return next(fitting, None)

    # Using it

    def make_session(self, graph: Graph, config: ConfigProto | None = None) -> Session:
        """A session of ``graph`` on this backend; the caller closes it."""
        return Session(graph=graph, config=config, backend=self.name)

    def compile(self, program: Program) -> Executable:
        """The executable of ``program`` after all passes, as a session would make it.

        Raises:
          UnsupportedOpError: the backend has no lowering for a step.
        """
        if self._compiler is None:
            self._compiler = Compiler(self.backend)
        return self._compiler(program)

    def compile_step(
        self, op: Op, types: Sequence[TensorType], attrs: Mapping[str, Any]
    ) -> Executable:
        """The executable of one application of ``op``; its operands are feeds."""
        return self.compile(program_of([(op, types, attrs)]))

    def compute(self, applications: Sequence[Application]) -> list[list[Array]]:
        """The results of each application, all from one Program."""
        typed = [
            (op, [TensorType(x.dtype, x.shape) for x in operands], attrs)
            for op, operands, attrs in applications
        ]
        program = program_of(typed)
        feeds = [x for _, operands, _ in applications for x in operands]
        found = iter(self.compile(program)([], feeds)[0])
        return [
            [next(found) for _ in op.types(types, attrs)]
            for op, types, attrs in typed
        ]  # fmt: skip


def program_of(
    applications: Sequence[tuple[Op, Sequence[TensorType], Mapping[str, Any]]],
) -> Program:
    """A Program of independent steps, with every operand a feed and every result a fetch."""
    steps = tuple(
        Step(op, tuple(map(Value, types)), attrs, tuple(map(Value, op.types(types, attrs))))
        for op, types, attrs in applications
    )
    parameters = tuple(operand for step in steps for operand in step.operands)
    results = tuple(result for step in steps for result in step.results)
    return Program(
        name="conformance",
        block=Block(parameters, {}, steps, results),
        state=(),
        feeds=tuple(Parameter(f"x{index}") for index in range(len(parameters))),
        fetches=len(results),
        carries=0,
        updates=(),
        checks=(),
    )
