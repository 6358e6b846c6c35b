"""What a block means: its steps' references, one after the other, on NumPy arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.program import Block, Value

    Known = np.ndarray[Any, Any]


def interpret(block: Block, arguments: Sequence[Known]) -> tuple[Known, ...]:
    """The results of ``block`` for ``arguments``, one array for each of its parameters.

    An inner block is interpreted by the reference of the op that owns it.

    Raises:
      TypeError: the arguments do not fit the parameters.
    """
    given = [(array.dtype, array.shape) for array in arguments]
    wanted = [tuple(parameter.type) for parameter in block.parameters]
    if given != wanted:
        msg = f"a block over {wanted} got arguments {given}"
        raise TypeError(msg)
    arrays: dict[Value, Known] = dict(block.constants)
    arrays.update(zip(block.parameters, arguments, strict=True))
    for step in block.steps:
        operands = [arrays[operand] for operand in step.operands]
        results = step.op.compute(operands, step.attrs, [value.type for value in step.results])
        arrays.update(zip(step.results, results, strict=True))
    return tuple(np.asarray(arrays[result]) for result in block.results)
