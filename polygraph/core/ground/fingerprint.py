"""The fingerprint of a Program: equal in every process, blind to names and source lines."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.program import Block

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polygraph.core.ground.program import Program, Value
    from polygraph.core.ground.signature import TensorType


class _Writer:
    """Writes a canonical text of blocks, and hashes it."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._lines: list[str] = []
        self._numbers: dict[Value, str] = {}
        self._types: dict[TensorType, str] = {}

    def line(self, text: str) -> None:
        self._lines.append(text)

    def array(self, array: np.ndarray[Any, Any]) -> None:
        self._flush()
        self._hash.update(np.ascontiguousarray(array).tobytes())

    def new(self, value: Value) -> str:
        """Number a value where it is defined; its number and type."""
        number = self._numbers[value] = str(len(self._numbers))
        text = self._types.get(value.type)
        if text is None:
            text = self._types[value.type] = str(value.type)
        return f"{number}:{text}"

    def names(self, values: Iterable[Value]) -> str:
        return ",".join(map(self._numbers.__getitem__, values))

    def block(self, block: Block) -> None:
        for parameter in block.parameters:
            self.line(f"parameter {self.new(parameter)}")
        for value, array in block.constants.items():
            self.line(f"constant {self.new(value)}")
            self.array(array)
        for step in block.steps:
            operands = self.names(step.operands)
            results = ",".join(map(self.new, step.results))
            self.line(f"{results} = {step.op.name} {operands}")
            for name, attr in sorted(step.attrs.items()):
                self.attr(name, attr)
        self.line("return " + self.names(block.results))

    def attr(self, name: str, attr: Any) -> None:
        self.line(name)
        if isinstance(attr, Block):
            self.block(attr)
        else:
            self.line(repr(attr))

    def digest(self) -> str:
        self._flush()
        return self._hash.hexdigest()

    def _flush(self) -> None:
        self._hash.update("\0".join([*self._lines, ""]).encode())
        self._lines.clear()


def fingerprint(program: Program) -> str:
    """A hex digest of what ``program`` computes.

    Programs that differ only in names, source lines or the texts of checks have the same one.
    """
    writer = _Writer()
    writer.line(f"{len(program.state)} {program.fetches} {program.carries} {program.updates}")
    writer.block(program.block)
    return writer.digest()
