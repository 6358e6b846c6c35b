"""Writing the straight-line function: Python source with one line for a step."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.backends.numpy.expressions import NAMES, expression, factors, is_ufunc
from polygraph.backends.numpy.liveness import (
    Buffers,
    implied_broadcasts,
    is_large_product,
    plan_buffers,
)
from polygraph.backends.numpy.runs import PART
from polygraph.backends.numpy.table import UFUNCS
from polygraph.ops.primitives.control import cond, while_loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.backends.numpy.runs import Run
    from polygraph.core.ground.program import Block, Step, Value

_INDENT = "    "


class Emitter:
    """Collects lines of source and the objects that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.objects: dict[str, Any] = dict(NAMES)
        self._names: dict[Value, str] = {}
        self._object_names: dict[int, str] = {}

    def name(self, value: Value) -> str:
        """The local variable that holds ``value``."""
        return self._names.setdefault(value, f"v{len(self._names)}")

    def same(self, value: Value, other: Value) -> None:
        """Let both values share a local variable."""
        self._names[value] = self.name(other)

    def object(self, item: Any, prefix: str) -> str:
        """A global name for ``item``."""
        name = self._object_names.get(id(item))
        if name is None:
            name = self._object_names[id(item)] = f"{prefix}{len(self.objects)}"
            self.objects[name] = item
        return name

    def block(self, block: Block, depth: int, buffers: Buffers | None) -> None:
        """The lines of a block's steps; only the outermost block has planned buffers."""
        for value, array in block.constants.items():
            self.objects.setdefault(f"c{id(array)}", array)
            self._names[value] = f"c{id(array)}"
        implied = implied_broadcasts(block)
        steps = enumerate(block.steps)
        for index, step in steps:
            if implied.issuperset(step.results):
                self.same(step.results[0], step.operands[0])
            elif buffers is not None and index in buffers.runs:
                run = buffers.runs[index]
                self._run(run, depth, buffers)
                deque(islice(steps, len(run.steps) - 1), maxlen=0)
            else:
                self._step(step, depth, buffers)

    def line(self, depth: int, text: str) -> None:
        """One line at a depth of indentation."""
        self.lines.append(_INDENT * depth + text)

    def _step(self, step: Step, depth: int, buffers: Buffers | None) -> None:
        if step.op is cond:
            self._cond(step, depth)
        elif step.op is while_loop:
            self._while(step, depth)
        elif is_ufunc(step):
            self._into(step, depth, buffers, UFUNCS[step.op], ", ".join(self._operands(step)))
        elif is_large_product(step):
            self._into(step, depth, buffers, np.matmul, factors(step, self._operands(step)))
        else:
            written = expression(step, self._operands(step))
            if written is None:
                self._call(step, depth)
            else:
                self.line(depth, f"{self.name(step.results[0])} = {written}")

    def _operands(self, step: Step) -> list[str]:
        return list(map(self.name, step.operands))

    def _into(
        self, step: Step, depth: int, buffers: Buffers | None, ufunc: np.ufunc, operands: str
    ) -> None:
        """A ufunc's line, into the buffer that the result has, if it has one."""
        function = self.object(ufunc, step.op.name)
        result = self.name(step.results[0])
        buffer = None if buffers is None else buffers.of.get(step.results[0])
        if buffer is not None:
            self.line(depth, f"{result} = {function}({operands}, out=b{buffer})")
        else:
            # Without a place to write to, a ufunc of rank 0 gives a scalar.
            wrapped = step.results[0].ndim == 0
            call = f"{function}({operands})"
            self.line(depth, f"{result} = asarray({call})" if wrapped else f"{result} = {call}")

    def _run(self, run: Run, depth: int, buffers: Buffers) -> None:
        """A run's loop over parts; `reshape` copies what does not lie in order."""
        for value in run.outer():
            buffer = buffers.of.get(value)
            made = f"numpy.empty({value.shape!r}, {self.object(value.dtype, 'd')})"
            self.line(depth, f"{self.name(value)} = {made if buffer is None else f'b{buffer}'}")
        whole = [*run.arrays(), *run.outer()]
        for value in whole:
            self.line(depth, f"{self.name(value)}_flat = {self.name(value)}.reshape(-1)")
        self.line(depth, f"for start in range(0, {run.size}, {PART}):")
        self.line(depth + 1, f"part = slice(start, start + {PART})")
        part_of = {value: f"{self.name(value)}_part" for value in whole}
        for value, part in part_of.items():
            self.line(depth + 1, f"{part} = {self.name(value)}_flat[part]")
        for buffer in sorted({buffers.of[value] for value in run.inner}):
            self.line(depth + 1, f"b{buffer}_part = b{buffer}[: {run.size} - start]")
        part_of |= {value: f"b{buffers.of[value]}_part" for value in run.inner}
        for step in run.steps:
            function = self.object(UFUNCS[step.op], step.op.name)
            operands = ", ".join(part_of.get(value) or self.name(value) for value in step.operands)
            self.line(depth + 1, f"{function}({operands}, out={part_of[step.results[0]]})")

    def _call(self, step: Step, depth: int) -> None:
        function = self.object(step.op.function, step.op.name)
        arguments = self._operands(step)
        arguments += [f"{name}={self.object(a, 'a')}" for name, a in step.attrs.items()]
        call = f"{function}({', '.join(arguments)})"
        dtypes = [self.object(value.dtype, "d") for value in step.results]
        if len(step.results) == 1:
            self.line(depth, f"{self.name(step.results[0])} = asarray({call}, {dtypes[0]})")
            return
        names = [self.name(value) for value in step.results]
        self.line(depth, f"{', '.join(names)}, = {call}")
        for name, dtype in zip(names, dtypes, strict=True):
            self.line(depth, f"{name} = asarray({name}, {dtype})")

    def _inline(
        self, block: Block, arguments: Sequence[Value], results: Sequence[str], depth: int
    ) -> None:
        for parameter, argument in zip(block.parameters, arguments, strict=True):
            self.same(parameter, argument)
        self.block(block, depth, None)
        if results:
            values = ", ".join(self.name(value) for value in block.results)
            self.line(depth, f"{', '.join(results)}, = {values},")
        else:
            self.line(depth, "pass")

    def _cond(self, step: Step, depth: int) -> None:
        predicate, *captures = step.operands
        results = [self.name(value) for value in step.results]
        self.line(depth, f"if {self.name(predicate)}:")
        self._inline(step.attrs["then_block"], captures, results, depth + 1)
        self.line(depth, "else:")
        self._inline(step.attrs["else_block"], captures, results, depth + 1)

    def _while(self, step: Step, depth: int) -> None:
        count = step.attrs["loop_vars"]
        variables, captures = step.operands[:count], step.operands[count:]
        results = [self.name(value) for value in step.results]
        initial = ", ".join(map(self.name, variables))
        if results:
            self.line(depth, f"{', '.join(results)}, = {initial},")
        arguments = [*step.results, *captures]
        self.line(depth, "while True:")
        condition = step.attrs["cond_block"]
        flag = f"go{len(self._names)}"
        self._inline(condition, arguments, [flag], depth + 1)
        self.line(depth + 1, f"if not {flag}: break")
        self._inline(step.attrs["body_block"], arguments, results, depth + 1)


def emit(block: Block, name: str) -> tuple[str, dict[str, Any], Buffers]:
    """Source of ``name(parameters, buffers) -> results``, its globals, and its buffers."""
    buffers = plan_buffers(block)
    emitter = Emitter()
    emitter.line(0, f"def {name}(parameters, buffers):")
    if block.parameters:
        emitter.line(1, ", ".join(map(emitter.name, block.parameters)) + ", = parameters")
    if buffers.types:
        emitter.line(1, ", ".join(f"b{i}" for i in range(len(buffers.types))) + ", = buffers")
    emitter.block(block, 1, buffers)
    emitter.line(1, "return [" + ", ".join(map(emitter.name, block.results)) + "]")
    return "\n".join(emitter.lines), emitter.objects, buffers
