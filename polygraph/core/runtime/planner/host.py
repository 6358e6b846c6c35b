"""Running an operation on the host: in Python, on NumPy arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.errors import InvalidArgumentError, OpError
from polygraph.core.ground.trace import evaluating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

    Array = np.ndarray[Any, Any]


def run_host_operation(op: Operation, operands: Sequence[Array | None]) -> list[Array]:
    """The results of ``op`` on arrays, of the dtypes that its outputs declare.

    Raises:
      InvalidArgumentError: it gave another number of results, or other shapes, than declared.
    """
    definition = op.definition
    arguments = [
        list(operands[span]) if isinstance(span, slice) else operands[span] for span in op.spans
    ]
    with evaluating(), np.errstate(all="ignore"):
        try:
            raw = definition.lower(*arguments, **definition.lowering_attrs(op.attrs))
        except OpError as error:
            error.blame(op)
            raise
    if raw is None:
        results: Sequence[Any] = ()
    else:
        results = raw if isinstance(raw, tuple | list) else (raw,)
    if len(results) != len(op.outputs):
        msg = f"{op.name!r} gave {len(results)} results but declares {len(op.outputs)}"
        raise InvalidArgumentError(None, op, msg)
    return [_as_declared(tensor, item) for tensor, item in zip(op.outputs, results, strict=True)]


def _as_declared(tensor: Tensor, result: Any) -> Array:
    array = np.asarray(result, dtype=tensor.dtype.base_dtype.np_dtype)
    if not tensor.get_shape().is_compatible_with(array.shape):
        msg = f"{tensor.name!r} has shape {array.shape} but is declared as {tensor.get_shape()}"
        raise InvalidArgumentError(None, tensor.op, msg)
    return array
