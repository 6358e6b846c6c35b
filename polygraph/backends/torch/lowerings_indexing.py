"""Lowerings that choose, scatter, group and order elements by index; sizes are always known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from polygraph.backends.torch.lowerings_elementwise import wide

if TYPE_CHECKING:
    Tensor = torch.Tensor
    Shape = tuple[int, ...]


def gather(params: Tensor, indices: Tensor, *, axis: int, batch_dims: int) -> Tensor:
    """See `indexing.gather`."""
    count = params.shape[axis]
    shape = (*params.shape[:axis], *indices.shape[batch_dims:], *params.shape[axis + 1 :])
    if not math.prod(shape):
        return params.new_empty(shape)
    clipped = indices.clamp(0, max(count - 1, 0))
    if not batch_dims:
        return params.index_select(axis, clipped.reshape(-1)).reshape(shape)
    batch = math.prod(params.shape[:batch_dims])
    outer = math.prod(params.shape[batch_dims:axis])
    blocks = params.reshape(batch, outer, count, -1)
    rows = torch.arange(batch, device=params.device)[:, None]
    picked = blocks.transpose(1, 2)[rows, clipped.reshape(batch, -1).to(torch.int64)]
    return picked.transpose(1, 2).reshape(shape)


def _rows(ids: Tensor, count: int) -> Tensor:
    """``ids`` as row numbers, those out of range as one row more."""
    return torch.where((ids >= 0) & (ids < count), ids, count).to(torch.int64)


def segment_sum(x: Tensor, ids: Tensor, *, num_segments: int) -> Tensor:
    """See `indexing.segment_sum`."""
    rows = wide(x)
    start = rows.new_zeros((num_segments + 1, *x.shape[1:]))
    return start.index_add(0, _rows(ids, num_segments), rows)[:num_segments].to(x.dtype)


def _segments(x: Tensor, ids: Tensor, count: int, how: str, start: float) -> Tensor:
    rows = wide(x)
    shape = (count + 1, *x.shape[1:])
    if not x.numel():
        return x.new_full((count, *x.shape[1:]), start)
    places = _rows(ids, count).reshape(-1, *[1] * (x.ndim - 1)).expand(x.shape)
    start_rows = rows.new_full(shape, start)
    return start_rows.scatter_reduce(0, places, rows, how)[:count].to(x.dtype)


def segment_prod(x: Tensor, ids: Tensor, *, num_segments: int) -> Tensor:
    """See `indexing.segment_prod`."""
    return _segments(x, ids, num_segments, "prod", 1)


def segment_max(x: Tensor, ids: Tensor, *, num_segments: int) -> Tensor:
    """See `indexing.segment_max`."""
    info = torch.finfo(x.dtype) if x.is_floating_point() else torch.iinfo(x.dtype)
    return _segments(x, ids, num_segments, "amax", info.min)


def segment_min(x: Tensor, ids: Tensor, *, num_segments: int) -> Tensor:
    """See `indexing.segment_min`."""
    info = torch.finfo(x.dtype) if x.is_floating_point() else torch.iinfo(x.dtype)
    return _segments(x, ids, num_segments, "amin", info.max)


def _with_spare_row(x: Tensor) -> Tensor:
    return torch.cat([x, x.new_zeros((1, *x.shape[1:]))])


def scatter_update(x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """See `indexing.scatter_update`."""
    count = x.shape[0]
    return _with_spare_row(x).index_copy(0, _rows(indices, count), updates)[:count]


def scatter_update_in_place(x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """Like `scatter_update`, into ``x`` itself."""
    kept = (indices >= 0) & (indices < x.shape[0])
    return x.index_copy_(0, indices[kept].to(torch.int64), updates[kept])


def scatter_add(x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """See `scatter.scatter_add`."""
    count = x.shape[0]
    rows = _with_spare_row(wide(x)).index_add(0, _rows(indices, count), wide(updates))
    return rows[:count].to(x.dtype)


def scatter_add_in_place(x: Tensor, indices: Tensor, updates: Tensor) -> Tensor:
    """Like `scatter_add`, into ``x`` itself."""
    kept = (indices >= 0) & (indices < x.shape[0])
    return x.index_add_(0, indices[kept].to(torch.int64), updates[kept])


def sort(x: Tensor, *, axis: int, descending: bool) -> Tensor:
    """See `indexing.sort`."""
    return torch.sort(x, dim=axis, descending=descending, stable=True)[0]


def argsort(x: Tensor, *, axis: int, descending: bool) -> Tensor:
    """See `indexing.argsort`."""
    return torch.sort(x, dim=axis, descending=descending, stable=True)[1].to(torch.int32)


def top_k(x: Tensor, *, k: int) -> tuple[Tensor, Tensor]:
    """See `indexing.top_k`; torch's own says nothing of the order of equal elements."""
    values, order = torch.sort(x, dim=-1, descending=True, stable=True)
    return values[..., :k].contiguous(), order[..., :k].to(torch.int32)


def nonzero_padded(x: Tensor) -> tuple[Tensor, Tensor]:
    """See `indexing.nonzero_padded`."""
    count = (x != 0).sum(dtype=torch.int32)
    if not x.ndim:
        return torch.zeros((1, 0), dtype=torch.int64, device=x.device), count
    places = torch.nonzero_static(x, size=x.numel(), fill_value=0)
    return places, count


def _stably_sorted(x: Tensor) -> tuple[Tensor, Tensor]:
    """A vector with equals side by side, and where each element was; complex by both parts."""
    if not x.is_complex():
        return torch.sort(x.to(torch.uint8) if x.dtype == torch.bool else x, stable=True)
    by_imag = torch.argsort(x.imag, stable=True)
    origin = by_imag[torch.argsort(x.real[by_imag], stable=True)]
    return x[origin], origin


def unique_padded(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """See `indexing.unique_padded`: a stable sort brings equals together, first one first."""
    size = x.shape[0]
    ordered, origin = _stably_sorted(x)
    steps = torch.arange(size, device=x.device)
    differs = ordered[1:] != ordered[:-1]
    heads = torch.cat([torch.ones_like(steps[:1], dtype=torch.bool), differs])
    last_head = torch.cummax(torch.where(heads, steps, 0), 0)[0]
    first = torch.zeros_like(steps).scatter(0, origin, origin[last_head])
    new = first == steps
    rank = torch.cumsum(new, 0)[first] - 1
    zeros = torch.zeros(size, dtype=torch.int32, device=x.device)
    values = torch.zeros_like(x).scatter(0, rank, x[first])
    times = zeros.scatter_add(0, rank, torch.ones_like(zeros))
    return values, rank.to(torch.int32), times, new.sum(dtype=torch.int32)


def searchsorted(sequence: Tensor, values: Tensor, *, side: str) -> Tensor:
    """See `indexing.searchsorted`."""
    return torch.searchsorted(
        wide(sequence).contiguous(), wide(values).contiguous(), side=side, out_int32=True
    )
