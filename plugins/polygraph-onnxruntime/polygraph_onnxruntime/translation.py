"""From blocks of a Program to nodes of an ONNX graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.plugin import TensorType
from polygraph_onnxruntime.table import NEED_TRANSLATION
from polygraph_onnxruntime.writer import Ref, Writer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from onnx import GraphProto

    from polygraph.plugin import Block, Lowering, Op, Program, Step, Value

    Array = np.ndarray[Any, Any]


class Translation:
    """One Program on its way to one graph.

    Attributes:
      writer: of the graph.
      lowerings: what each op becomes.
    """

    def __init__(self, lowerings: Mapping[Op, Lowering]) -> None:
        self.writer = Writer()
        self.lowerings = lowerings

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
        lowering = self.lowerings[step.op]
        first = (self,) if lowering in NEED_TRANSLATION else ()
        try:
            raw = lowering(*first, *operands, **step.attrs)
            results: Sequence[Ref] = raw if isinstance(raw, tuple | list) else (raw,)
            _require_types(step, results)
        except Exception as error:
            error.add_note(f"while onnxruntime lowered {step.describe()}")
            raise
        return results


def _require_types(step: Step, results: Sequence[Ref]) -> None:
    given = tuple(TensorType(ref.dtype, ref.shape) for ref in results)
    wanted = tuple(value.type for value in step.results)
    if given != wanted:
        msg = (
            f"the lowering of {step.op.name} for onnxruntime gives "
            f"({', '.join(map(str, given))}), not ({', '.join(map(str, wanted))})"
        )
        raise TypeError(msg)


def graph_of(program: Program, lowerings: Mapping[Op, Lowering]) -> tuple[GraphProto, list[Array]]:
    """The ONNX graph of ``program``, and the values of its last inputs: the large constants."""
    translation = Translation(lowerings)
    writer = translation.writer
    parameters = [writer.input(value.dtype, value.shape) for value in program.block.parameters]
    results = translation.block(program.block, parameters)
    checks = len(program.checks)
    outputs = [writer.output(ref) for ref in results[: len(results) - checks]]
    if checks:
        flags = [ref.reshape((1,)) for ref in results[-checks:]]
        outputs.append(writer.output(writer.concat(flags, 0)))
    return writer.graph(outputs), writer.held
