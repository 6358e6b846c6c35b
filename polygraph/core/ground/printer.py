"""Printing Programs: one step a line, with types, and the graph operation and line behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import short_name
from polygraph.core.ground.program import Block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.program import Program, Step, Value

_INLINE_CONSTANT = 8
_COMMENT_COLUMN = 60


def print_program(program: Program, *, sources: bool = True) -> str:
    """The text of a Program.

    Args:
      program: what to print.
      sources: show the graph operation and the user's line behind each step.
    """
    return _Printer(program, sources=sources).text()


class _Printer:
    def __init__(self, program: Program, *, sources: bool) -> None:
        self.program = program
        self.sources = sources
        self.names: dict[Value, str] = {}
        self.count = 0
        self.lines: list[str] = []

    def text(self) -> str:
        program = self.program
        for parameter, value in zip(program.feeds, program.feed_values, strict=True):
            self.names[value] = parameter.name
        feeds = ", ".join(f"{self.names[value]}: {value.type}" for value in program.feed_values)
        self.lines.append(f"program {program.name}({feeds})")
        for parameter, value in zip(program.state, program.state_values, strict=True):
            self.names[value] = parameter.name
            where = "" if parameter.frame is None else str(parameter.frame)
            self._line(1, f"var {parameter.name} : {value.type}", where)
        self._block(program.block, 1)
        for index, value in zip(program.updates, program.update_values, strict=True):
            self._line(1, f"{program.state[index].name} := {self._operand(value)}")
        for check, value in zip(program.checks, program.check_values, strict=True):
            self._line(
                1, f"check {self._operand(value)} else {check.code.__name__}: {check.message!r}"
            )
        for value in program.carry_values:
            self._line(1, f"carry {self._operand(value)}")
        self._line(1, f"return {self._operands(program.fetch_values)}".rstrip())
        return "\n".join(self.lines) + "\n"

    def _line(self, depth: int, text: str, comment: str = "") -> None:
        line = "  " * depth + text
        if comment and self.sources:
            line = f"{line:<{_COMMENT_COLUMN - 2}}  # {comment}"
        self.lines.append(line.rstrip())

    def _block(self, block: Block, depth: int) -> None:
        for value, array in block.constants.items():
            self.names[value] = self._constant(array)
        for step in block.steps:
            self._step(step, depth)

    def _constant(self, array: np.ndarray[Any, Any]) -> str:
        dtype = short_name(array.dtype)
        if array.size <= _INLINE_CONSTANT:
            text = np.array2string(array, separator=", ", threshold=99)
            return f"{dtype}({' '.join(text.split())})"
        return f"{dtype}{list(array.shape)}(...)"

    def _name(self, value: Value) -> str:
        found = self.names.get(value)
        if found is None:
            found = self.names[value] = f"%{self.count}"
            self.count += 1
        return found

    def _operand(self, value: Value) -> str:
        return self.names.get(value, "?")

    def _operands(self, values: Sequence[Value]) -> str:
        return ", ".join(map(self._operand, values))

    def _step(self, step: Step, depth: int) -> None:
        operands = self._operands(step.operands)
        attrs = ", ".join(
            f"{name}={_attr(attr)}"
            for name, attr in step.attrs.items()
            if not isinstance(attr, Block)
        )
        results = ", ".join(map(self._name, step.results))
        types = ", ".join(str(value.type) for value in step.results)
        text = f"{results} = {step.op.name} {operands}".rstrip()
        text += f" {{{attrs}}}" if attrs else ""
        source = step.source
        comment = "" if source is None else f"{source.type:<12} {source.frame or ''}"
        self._line(depth, f"{text} : {types}", comment)
        for name, inner in step.blocks():
            self._inner(name, inner, depth + 1)

    def _inner(self, name: str, block: Block, depth: int) -> None:
        parameters = ", ".join(f"{self._name(value)}: {value.type}" for value in block.parameters)
        self._line(depth, f"{name}({parameters})")
        self._block(block, depth + 1)
        self._line(depth + 1, f"yield {self._operands(block.results)}".rstrip())


def _attr(attr: Any) -> str:
    return short_name(attr) if isinstance(attr, np.dtype) else repr(attr)
