"""Conditions as places: `where`, `boolean_mask`, `sequence_mask`."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import NUMERIC, as_dtype, bool_
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import known
from polygraph.ops.arithmetic import maximum
from polygraph.ops.casting import cast
from polygraph.ops.gathering import gather
from polygraph.ops.joining import concat
from polygraph.ops.logical import Select, less
from polygraph.ops.operand_checks import refuse
from polygraph.ops.packing import stack
from polygraph.ops.primitives import indexing as prims
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reduction import reduce_max, reduce_prod
from polygraph.ops.reshaping import expand_dims, reshape, squeeze
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.slicing import slice as slice_
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["boolean_mask", "sequence_mask", "where"]


def _places_shape(context: ShapeContext) -> TensorShape:
    return TensorShape([None, context.shape(0).ndims])


@graph_op("Where", "input: T -> index: int64", shape=_places_shape, T=(bool_, *NUMERIC))
def Where(condition: Array) -> Array:
    """Index tuples of the elements that are true or not zero, in row-major order."""
    if not condition.ndim:
        refuse("WhereOp : Unhandled input dimensions: 0")
    places, count = prims.nonzero_padded(condition)
    return prims.prefix(places, size=int(known(count)))  # type: ignore[no-any-return]


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Elements of ``x`` where the condition holds, else of ``y``; or the places where it holds.

    Args:
      condition: bool; of the shape of ``x``, or a vector that picks rows.
      x: with ``y``, of one shape and dtype; None to get the places.
      y: see ``x``.
      name: of the operation.

    Returns:
      A tensor like ``x``; without ``x`` and ``y`` int64 index tuples ``[count, rank]``.

    Raises:
      ValueError: one of ``x`` and ``y`` is given, or the shapes differ: there is no broadcast.
    """
    if x is None and y is None:
        return Where(condition, name=name)  # type: ignore[no-any-return]
    if x is None or y is None:
        msg = "x and y must both be non-None or both be None."
        raise ValueError(msg)
    return Select(condition, x, y, name=name)  # type: ignore[no-any-return]


def _mask_rank(mask: Tensor) -> int:
    ndims = mask.get_shape().ndims
    if ndims is None:
        msg = (
            "Number of mask dimensions must be specified, even if some dimensions are None.  "
            "E.g. shape=[None] is ok, but shape=None is not."
        )
        raise ValueError(msg)
    if ndims == 0:
        msg = "mask cannot be scalar."
        raise ValueError(msg)
    return ndims


def boolean_mask(
    tensor: Any, mask: Any, name: str = "boolean_mask", axis: int | None = None
) -> Tensor:
    """The slices of ``tensor`` for which ``mask`` holds.

    Args:
      tensor: of rank N.
      mask: bool, of known rank K from 1 to N; its shape is that of the axes it covers.
      name: of the scope.
      axis: the first axis that the mask covers, 0 by default.

    Returns:
      Of rank ``N - K + 1``: the covered axes become one.

    Raises:
      ValueError: the rank of the mask is 0 or not known, or the shapes do not fit.
    """
    with name_scope(name, "boolean_mask", [tensor, mask]):
        values = convert_to_tensor(tensor, name="tensor")
        flags = convert_to_tensor(mask, name="mask")
        ndims = _mask_rank(flags)
        first = _mask_axis(axis, values)
        values.get_shape()[first : first + ndims].assert_is_compatible_with(flags.get_shape())
        dims = shape(values)
        covered = reduce_prod(slice_(dims, [first], [ndims]), [0])
        before = slice_(dims, [0], [first])
        behind = slice_(dims, [first + ndims], [-1])
        rows = reshape(values, concat([before, stack([covered]), behind], 0))
        count = values.get_shape()[first : first + ndims].num_elements()
        if values.get_shape().ndims is not None:
            static = values.get_shape()
            rows.set_shape(
                TensorShape(static[:first])
                .concatenate([count])
                .concatenate(static[first + ndims :])
            )
        places = squeeze(where(reshape(flags, [-1])), axis=[1])
        return gather(rows, places, axis=first)


def _mask_axis(axis: Any, values: Tensor) -> int:
    first = 0 if axis is None else int(axis)
    if first >= 0:
        return first
    ndims = values.get_shape().ndims
    if ndims is None:
        msg = "a negative axis needs a tensor of known rank"
        raise ValueError(msg)
    return first + ndims


def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = bool_, name: str | None = None
) -> Tensor:
    """For each length as many trues, then falses, along a new last axis.

    Args:
      lengths: int tensor of any shape.
      maxlen: int scalar, the size of the new axis; by default the greatest length.
      dtype: of the result.
      name: of the scope.

    Raises:
      ValueError: ``maxlen`` is no scalar.
    """
    with name_scope(name, "SequenceMask", [lengths, maxlen]):
        counts = convert_to_tensor(lengths)
        if maxlen is None:
            every = range_of(rank(counts))
            longest = maximum(reduce_max(counts, every), constant(0, counts.dtype.base_dtype))
        else:
            longest = convert_to_tensor(maxlen)
        if longest.get_shape().ndims not in (0, None):
            msg = "maxlen must be scalar for sequence_mask"
            raise ValueError(msg)
        zero, one = (constant(np.array(item, longest.dtype.np_dtype)) for item in (0, 1))
        places = range_of(zero, longest, one)
        result = less(places, cast(expand_dims(counts, -1), longest.dtype.base_dtype))
        wanted = as_dtype(dtype)
        return result if wanted == bool_ else cast(result, wanted)
