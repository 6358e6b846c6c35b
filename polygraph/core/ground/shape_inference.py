"""Static shapes and constants of an operation that is being built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_spec import Kind, ShapeContext
from polygraph.core.ground.program import Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.tensor_shape import TensorShape, as_shape, unknown_shape
from polygraph.core.ground.trace import Builder, NeedsValueError, building, evaluating

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.dtypes import DType
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

_CONSTANT_LIMIT = 64
"""Constants of more elements are not computed while the graph is built."""


def infer_outputs(operation: Operation, dtypes: Sequence[DType]) -> list[tuple[DType, TensorShape]]:
    """Dtype and static shape of each output.

    Raises:
      ShapeError: the inputs' static shapes do not fit (a ValueError, as in TF1).
    """
    try:
        shapes = _shapes(operation, len(dtypes))
    except (ShapeError, ValueError) as error:
        listed = ", ".join(
            str(tensor.get_shape())
            .replace(", ", ",")
            .replace("(", "[")
            .replace(",)", ")")
            .replace(")", "]")
            for tensor in operation.inputs
        )
        msg = (
            f"{error} for '{operation.name}' (op: '{operation.type}') with input shapes: {listed}"
            f"\n  built at {operation.frame}"
        )
        raise ShapeError(msg) from error
    return list(zip(dtypes, shapes, strict=True))


def _shapes(operation: Operation, count: int) -> list[TensorShape]:
    definition = operation.definition
    if definition.shape_rule is None:
        return _shapes_by_lowering(operation, count)
    result = definition.shape_rule(ShapeContext(operation.inputs, operation.attrs))
    if isinstance(result, TensorShape):
        return [result]
    return [as_shape(shape) for shape in result]


def _operand(tensor: Tensor) -> Any:
    if tensor.constant is not None:
        return tensor.constant
    shape = tensor.get_shape().as_tuple()
    if shape is None or None in shape:
        raise NeedsValueError(Value(TensorType(tensor.dtype.base_dtype.np_dtype, ())))
    return Value(TensorType(tensor.dtype.base_dtype.np_dtype, shape))  # type: ignore[arg-type]


def _shapes_by_lowering(operation: Operation, count: int) -> list[TensorShape]:
    unknown = [unknown_shape()] * count
    if operation.definition.kind is not Kind.PURE or operation.definition.hidden:
        return unknown
    try:
        operands = [
            [_operand(tensor) for tensor in argument]
            if isinstance(argument, list)
            else _operand(argument)
            for argument in operation.arguments
        ]
        with building(Builder()):
            results = _lower(operation, operands)
    except NeedsValueError:
        return unknown
    return [TensorShape(result.shape) for result in results]


def _lower(operation: Operation, operands: Sequence[Any]) -> Sequence[Any]:
    definition = operation.definition
    raw = definition.lower(*operands, **definition.lowering_attrs(operation.attrs))
    if raw is None:
        return ()
    return raw if isinstance(raw, tuple | list) else (raw,)


def propagate_constants(operation: Operation) -> None:
    """Note the outputs' values, or the elements known, where the graph alone decides them."""
    definition = operation.definition
    if definition.kind is not Kind.PURE or definition.stateful or not operation.outputs:
        return
    if not definition.propagates:
        return
    if _small(operation) and all(tensor.constant is not None for tensor in operation.inputs):
        _note_constants(operation)
    if definition.partial_rule is not None and operation.outputs[0].partial_value is None:
        known = definition.partial_rule(ShapeContext(operation.inputs, operation.attrs))
        for tensor, elements in zip(operation.outputs, known, strict=True):
            tensor.partial_value = None if elements is None else tuple(elements)


def _small(operation: Operation) -> bool:
    total = 0
    for tensor in operation.outputs:
        count = tensor.get_shape().num_elements()
        if count is None:
            return False
        total += count
    return total <= _CONSTANT_LIMIT


def _note_constants(operation: Operation) -> None:
    operands = [
        [tensor.constant for tensor in argument]
        if isinstance(argument, list)
        else argument.constant
        for argument in operation.arguments
    ]
    try:
        with evaluating(), np.errstate(all="ignore"):
            results = _lower(operation, operands)
    except Exception:  # noqa: BLE001 - a failing constant fails when it runs, not here
        return
    for tensor, result in zip(operation.outputs, results, strict=True):
        set_constant(tensor, np.asarray(result))


def set_constant(tensor: Tensor, value: np.ndarray[Any, Any]) -> None:
    """Note that the graph alone decides the value of ``tensor``."""
    tensor.constant = value
    if value.ndim <= 1 and value.dtype.kind in "iu" and value.size <= _CONSTANT_LIMIT:
        tensor.partial_value = tuple(int(item) for item in value.reshape(-1))
