"""Checks that indices are in range, with TF1's messages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.trace import check
from polygraph.ops.primitives import elementwise as ew, indexing as prims, reduction, shaping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.trace import Array

_I32 = np.dtype(np.int32)


def flat(x: Array) -> Any:
    """The elements as a vector."""
    return shaping.reshape(x, shape=(x.size,))


def coordinates(position: Array, shape: Sequence[int]) -> list[Any]:
    """The index tuple of a row-major position, one scalar for each axis."""
    result = []
    for axis, dim in enumerate(shape):
        inner = np.array(math.prod(shape[axis + 1 :]), position.dtype)
        size = np.array(max(dim, 1), position.dtype)
        result.append(ew.floor_mod(ew.floor_divide(position, inner), size))
    return result


def _all_of(flags: Array) -> Any:
    return reduction.reduce_all(flags, axes=tuple(range(flags.ndim)), keepdims=False)


def first_false(flags: Array) -> Any:
    """Position of the first element of ``flags``, in row-major order, that is False."""
    wrong = ew.cast(ew.logical_not(flat(flags)), dtype=_I32)
    return reduction.argmax(wrong, axis=0, dtype=_I32)


def pick(x: Array, position: Array) -> Any:
    """The element at a row-major position."""
    return prims.gather(flat(x), position, axis=0, batch_dims=0)


def require_all(
    flags: Array, message: str, values: Array | None = None, *, names_place: bool = True
) -> None:
    """Require that all of ``flags`` hold, naming the first that does not.

    Args:
      flags: bool, of any shape.
      message: with one ``{}`` for each axis of ``flags`` (unless ``names_place`` is False), and
        one more for the value where there are ``values``.
      values: as many as flags; the message shows the one at the first False.
      names_place: the message shows where that is.
    """
    if not flags.size:
        return
    position = first_false(flags)
    details = coordinates(position, flags.shape) if names_place else []
    if values is not None:
        details.append(pick(values, position))
    check(_all_of(flags), errors.InvalidArgumentError, message, details=details)


def inside(indices: Array, limit: int) -> Any:
    """Whether each index is in ``[0, limit)``."""
    zero, end = np.array(0, indices.dtype), np.array(limit, indices.dtype)
    return ew.logical_and(ew.greater_equal(indices, zero), ew.less(indices, end))


def place_text(rank: int) -> str:
    """``[{},{}]`` for a rank of 2; nothing for a scalar."""
    return f"[{','.join(['{}'] * rank)}]" if rank else ""


def require_indices(indices: Array, limit: int, what: str = "indices") -> None:
    """Require indices in ``[0, limit)``."""
    message = f"{what}{place_text(indices.ndim)} = {{}} is not in [0, {limit})"
    require_all(inside(indices, limit), message, indices)


def require_tuples(indices: Array, shape: Sequence[int], into: str) -> None:
    """Require index tuples ``[*batch, depth]`` that lie within the first axes of ``shape``.

    Args:
      indices: the tuples.
      shape: what they index into.
      into: what the message calls that, such as "param shape".
    """
    depth = indices.shape[-1]
    if not indices.size:
        return
    limits = np.array(shape[:depth], indices.dtype)
    fits = ew.logical_and(
        ew.greater_equal(indices, np.array(0, indices.dtype)), ew.less(indices, limits)
    )
    flags = reduction.reduce_all(fits, axes=(indices.ndim - 1,), keepdims=False)
    position = first_false(flags)
    rows = shaping.reshape(indices, shape=(flags.size, depth))
    row = prims.gather(rows, position, axis=0, batch_dims=0)
    entries = [
        prims.gather(row, np.array(axis, _I32), axis=0, batch_dims=0) for axis in range(depth)
    ]
    text = ", ".join(["{}"] * depth)
    dims = ",".join(map(str, shape))
    message = f"indices{place_text(flags.ndim)} = [{text}] does not index into {into} [{dims}]"
    details = [*coordinates(position, flags.shape), *entries]
    check(_all_of(flags), errors.InvalidArgumentError, message, details=details)
