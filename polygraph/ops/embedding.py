"""Looking up rows of embedding tables, whole or cut into parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import int32
from polygraph.core.ground.parts import Parts
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import add, add_n, floordiv, floormod, maximum, subtract
from polygraph.ops.casting import cast
from polygraph.ops.clip import clip_by_norm
from polygraph.ops.gathering import gather
from polygraph.ops.identity_ops import identity
from polygraph.ops.joining import concat
from polygraph.ops.logical import Select, less
from polygraph.ops.partitioning import dynamic_partition, dynamic_stitch
from polygraph.ops.ranges import range as range_of
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import shape, size
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.tensor import Tensor

__all__ = ["embedding_lookup"]


def _clipped(rows: Tensor, ids: Tensor, max_norm: Any) -> Any:
    """``rows`` with each embedding no longer than ``max_norm``."""
    if max_norm is None:
        return rows
    ids_rank, rank = ids.get_shape().ndims, rows.get_shape().ndims
    if ids_rank is None or rank is None:
        msg = f"max_norm needs the ranks of ids and embeddings: give {ids!r} and the table shapes"
        raise ValueError(msg)
    return clip_by_norm(rows, max_norm, axes=list(range(ids_rank, rank)))


def _by_remainder(flat: Tensor, parts: int) -> tuple[Any, Any]:
    return floormod(flat, parts), floordiv(flat, parts)


def _rows(table: Any, like: Tensor) -> Any:
    known = table.get_shape()
    dtype = like.dtype.base_dtype
    if known.ndims is not None and known[0].value is not None:
        return constant(known[0].value, dtype)
    return shape(table, out_type=dtype)[0]


def _by_range(flat: Tensor, tables: Sequence[Any]) -> tuple[Any, Any]:
    """Part and row of each id where each part has a run of ids; the first parts have one more."""
    parts = len(tables)
    total = add_n([_rows(table, flat) for table in tables])
    least, extras = floordiv(total, parts), floormod(total, parts)
    long = add(least, 1)
    part = maximum(floordiv(flat, long), floordiv(subtract(flat, extras), least))
    in_long = less(part, extras)
    row = Select(in_long, floormod(flat, long), floormod(subtract(flat, extras), least))
    return part, row


def _parts_and_rows(flat: Tensor, tables: Sequence[Any], strategy: str) -> tuple[Any, Any]:
    if strategy == "mod":
        return _by_remainder(flat, len(tables))
    if strategy == "div":
        return _by_range(flat, tables)
    msg = f"Unrecognized partition strategy: {strategy}. It must be 'mod' or 'div'."
    raise ValueError(msg)


def _from_parts(
    tables: Sequence[Any], ids: Tensor, strategy: str, max_norm: Any, scope: str
) -> Tensor:
    flat = reshape(ids, [-1])
    places = range_of(size(flat))
    part, row = _parts_and_rows(flat, tables, strategy)
    part = cast(part, int32)
    rows = dynamic_partition(row, part, len(tables))
    where = dynamic_partition(places, part, len(tables))
    found = [gather(table, wanted) for table, wanted in zip(tables, rows, strict=True)]
    joined = dynamic_stitch(where, found, name=scope)
    element = tables[0].get_shape()[1:]
    for table in tables[1:]:
        element = element.merge_with(table.get_shape()[1:])
    if element.is_fully_defined():
        tail: Any = constant(element.as_list(), int32)
    else:
        tail = shape(tables[0])[1:]
    result = reshape(joined, concat([shape(ids), tail], 0))
    result.set_shape(ids.get_shape().concatenate(element))
    return _clipped(result, ids, max_norm)  # type: ignore[no-any-return]


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: float | None = None,
) -> Tensor:
    """The rows of ``params`` that ``ids`` name.

    Args:
      params: a table ``[rows, ...]``, or its parts: a list of tables or a partitioned variable.
      ids: int32 or int64, of any shape.
      partition_strategy: how rows are dealt out to the parts: ``"mod"`` in turn, ``"div"`` in runs.
      name: of the operation.
      validate_indices: not used: indices are always checked.
      max_norm: longer embeddings are scaled down to this norm.

    Returns:
      ``ids.shape + params.shape[1:]``.

    Raises:
      ValueError: there is no table, or no such strategy.
      InvalidArgumentError: when it runs, an id has no row.
    """
    tables = list(params) if isinstance(params, list | tuple | Parts) else [params]
    if not tables:
        msg = "embedding_lookup needs at least one table"
        raise ValueError(msg)
    with name_scope(name, "embedding_lookup", [*tables, ids]) as scope:
        known = [convert_to_tensor(table, name="params") for table in tables]
        wanted = convert_to_tensor(ids, name="ids")
        if len(known) == 1:
            rows = gather(known[0], wanted, name=scope, validate_indices=validate_indices)
            return identity(_clipped(rows, wanted, max_norm))  # type: ignore[no-any-return]
        return _from_parts(known, wanted, partition_strategy, max_norm, scope)
