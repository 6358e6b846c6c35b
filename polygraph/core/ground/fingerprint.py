"""The fingerprint of a Program: equal in every process, blind to names and source lines."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.program import Block

if TYPE_CHECKING:
    from polygraph.core.ground.program import Program, Value


class _Writer:
    """Feeds a hash with a canonical text of blocks."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._numbers: dict[Value, int] = {}

    def text(self, text: str) -> None:
        self._hash.update(text.encode())
        self._hash.update(b"\0")

    def number(self, value: Value) -> str:
        return str(self._numbers.setdefault(value, len(self._numbers)))

    def block(self, block: Block) -> None:
        for parameter in block.parameters:
            self.text(f"parameter {self.number(parameter)} {parameter.type}")
        for value, array in block.constants.items():
            self.text(f"constant {self.number(value)} {value.type}")
            self._hash.update(np.ascontiguousarray(array).tobytes())
        for step in block.steps:
            operands = ",".join(map(self.number, step.operands))
            results = ",".join(f"{self.number(value)}:{value.type}" for value in step.results)
            self.text(f"{results} = {step.op.name} {operands}")
            for name, attr in sorted(step.attrs.items()):
                self.attr(name, attr)
        self.text("return " + ",".join(map(self.number, block.results)))

    def attr(self, name: str, attr: Any) -> None:
        self.text(name)
        if isinstance(attr, Block):
            self.block(attr)
        else:
            self.text(repr(attr))

    def digest(self) -> str:
        return self._hash.hexdigest()


def fingerprint(program: Program) -> str:
    """A hex digest of what ``program`` computes.

    Programs that differ only in names, source lines or the texts of checks have the same one.
    """
    writer = _Writer()
    writer.text(f"{len(program.state)} {program.fetches} {program.carries} {program.updates}")
    writer.block(program.block)
    return writer.digest()
