"""From blocks of a Program to nodes of an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph_onnxruntime.table import LOWERINGS, OF_BLOCKS
from polygraph_onnxruntime.writer import Ref, Writer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from onnx import GraphProto

    from polygraph.plugin import Block, Program, Step, Value

    Array = np.ndarray[Any, Any]


class Translation:
    """One Program on its way to one graph.

    Attributes:
      writer: of the graph.
    """

    def __init__(self) -> None:
        self.writer = Writer()

    def block(self, block: Block, arguments: Sequence[Ref]) -> list[Ref]:
        """The results of ``block``, as nodes where the writer is."""
        refs: dict[Value, Ref] = dict(zip(block.parameters, arguments, strict=True))
        for value, array in block.constants.items():
            refs[value] = self.writer.constant(array)
        for step in block.steps:
            operands = [refs[operand] for operand in step.operands]
            refs.update(zip(step.results, self._step(step, operands), strict=True))
        return [refs[result] for result in block.results]

    def _step(self, step: Step, operands: Sequence[Ref]) -> Sequence[Ref]:
        lowering: Any = LOWERINGS[step.op]
        first = (self,) if step.op in OF_BLOCKS else ()
        found = lowering(*first, *operands, **step.attrs)
        results: Sequence[Ref] = found if isinstance(found, tuple) else (found,)
        for ref, value in zip(results, step.results, strict=True):
            if (ref.dtype, ref.shape) != (value.dtype, value.shape):
                msg = f"{step.op.name} became {ref.dtype}{list(ref.shape)}, not {value.type}"
                raise TypeError(msg)
        return results


def graph_of(program: Program) -> tuple[GraphProto, list[Array]]:
    """The ONNX graph of ``program``, and the values of its last inputs: the large constants."""
    translation = Translation()
    writer = translation.writer
    parameters = [writer.input(value.dtype, value.shape) for value in program.block.parameters]
    results = translation.block(program.block, parameters)
    checks = len(program.checks)
    outputs = [writer.output(ref) for ref in results[: len(results) - checks]]
    if checks:
        flags = [ref.reshape((1,)) for ref in results[-checks:]]
        outputs.append(writer.output(writer.concat(flags, 0)))
    return writer.graph(outputs), writer.held
