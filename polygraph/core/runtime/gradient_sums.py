"""Sums of gradients, dense or sparse, and the undoing of broadcasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import AddN
from polygraph.ops.casting import cast
from polygraph.ops.joining import concat
from polygraph.ops.repeating import SumTo
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

    Gradient = Tensor | IndexedSlices


def total(parts: Sequence[Gradient]) -> Gradient:
    """The sum of some gradients of one tensor; of sparse ones only, it is sparse.

    Rows that several sparse gradients name stay separate: equal indices add up.
    """
    if len(parts) == 1:
        return parts[0]
    sparse = [part for part in parts if isinstance(part, IndexedSlices)]
    if len(sparse) == len(parts):
        return _joined(sparse)
    if not sparse:
        return AddN(list(parts))  # type: ignore[no-any-return]
    with name_scope("AddN") as scope:
        return AddN([convert_to_tensor(part) for part in parts], name=scope)  # type: ignore[no-any-return]


def _joined(parts: Sequence[IndexedSlices]) -> IndexedSlices:
    values = concat([part.values for part in parts], 0)
    indices = [part.indices for part in parts]
    if len({part.dtype.base_dtype for part in indices}) > 1:
        indices = [cast(part, "int64") for part in indices]
    dense_shape = next((part.dense_shape for part in parts if part.dense_shape is not None), None)
    return IndexedSlices(values, concat(indices, 0), dense_shape)


def without_broadcast(op: Operation, index: int, gradient: Tensor) -> Tensor:
    """The gradient of an input that ``op`` may have broadcast: summed back to its shape."""
    source = op.inputs[index]
    wanted, given = source.get_shape(), gradient.get_shape()
    same = wanted.is_fully_defined() and given.is_fully_defined() and wanted == given
    if same or not _may_broadcast(op, index):
        return gradient
    return SumTo(gradient, shape(source))  # type: ignore[no-any-return]


def _may_broadcast(op: Operation, index: int) -> bool:
    if op.definition.shape_rule is not shape_rules.broadcast:
        return op.definition.broadcasts
    source = op.inputs[index]
    dims = source.get_shape().as_tuple()
    for other in op.inputs:
        if other is source:
            continue
        theirs = other.get_shape().as_tuple()
        if dims is None or theirs is None or len(theirs) > len(dims):
            return not (dims is not None and theirs == ())
        if any(map(_stretches, reversed(dims), reversed(theirs))):
            return True
    return False


def _stretches(dim: int | None, theirs: int | None) -> bool:
    """Whether an axis of size ``dim`` may be repeated to fit one of size ``theirs``."""
    return theirs != 1 and (dim is None or (dim == 1 and theirs != dim))
