"""Lowerings that move elements. All are pure functions, so that inductor can trace them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from polygraph.backends.torch.arrays import TORCH_DTYPES

if TYPE_CHECKING:
    import numpy as np

    Tensor = torch.Tensor
    Shape = tuple[int, ...]
    Ends = tuple[int | None, ...]


def reshape(x: Tensor, *, shape: Shape) -> Tensor:
    """See `shaping.reshape`."""
    return x.reshape(shape)


def transpose(x: Tensor, *, perm: Shape) -> Tensor:
    """See `shaping.transpose`."""
    return x.permute(perm)


def broadcast_to(x: Tensor, *, shape: Shape) -> Tensor:
    """See `shaping.broadcast_to`."""
    return x.expand(shape)


def concatenate(*xs: Tensor, axis: int) -> Tensor:
    """See `shaping.concatenate`."""
    return torch.cat(xs, axis)


def stack(*xs: Tensor, axis: int) -> Tensor:
    """See `shaping.stack`."""
    return torch.stack(xs, axis)


def tile(x: Tensor, *, multiples: Shape) -> Tensor:
    """See `shaping.tile`."""
    return x.repeat(multiples)


def pad(x: Tensor, value: Tensor, *, low: Shape, high: Shape) -> Tensor:
    """See `shaping.pad`; one axis after the other, as the value is no Python number."""
    for axis, (before, after) in enumerate(zip(low, high, strict=True)):
        if before or after:
            shape = list(x.shape)
            shape[axis] = before
            parts = [value.expand(shape), x]
            shape[axis] = after
            x = torch.cat([*parts, value.expand(shape)], axis)
    return x


def mirror_pad(x: Tensor, *, low: Shape, high: Shape, mode: str) -> Tensor:
    """See `shaping.mirror_pad`."""
    border = 1 if mode == "reflect" else 0
    for axis, (before, after) in enumerate(zip(low, high, strict=True)):
        if before or after:
            size = x.shape[axis]
            head = x.narrow(axis, border, before).flip(axis)
            tail = x.narrow(axis, size - border - after, after).flip(axis)
            x = torch.cat([head, x, tail], axis)
    return x


def _rising(size: int, begin: int, end: int | None, stride: int) -> tuple[int, int, int, bool]:
    """Begin, end and positive stride of a slice, and whether it runs backwards."""
    positions = range(size)[begin:end:stride]
    if not positions:
        return 0, 0, 1, False
    first, last = min(positions[0], positions[-1]), max(positions[0], positions[-1])
    return first, last + 1, abs(stride), stride < 0


def _partial_axes(
    shape: Shape, begin: Shape, end: Ends, strides: Shape
) -> list[tuple[int, tuple[int, int, int, bool]]]:
    parts = [_rising(*one) for one in zip(shape, begin, end, strides, strict=True)]
    return [(axis, part) for axis, part in enumerate(parts) if part != (0, shape[axis], 1, False)]


def strided_slice(x: Tensor, *, begin: Shape, end: Ends, strides: Shape) -> Tensor:
    """See `shaping.strided_slice`; torch has no negative strides."""
    for axis, (first, last, stride, backwards) in _partial_axes(x.shape, begin, end, strides):
        x = torch.ops.aten.slice(x, axis, first, last, stride)
        if backwards:
            x = x.flip(axis)
    return x


def strided_slice_grad(
    dy: Tensor, *, shape: Shape, begin: Shape, end: Ends, strides: Shape
) -> Tensor:
    """See `shaping.strided_slice_grad`."""
    for axis, (first, last, stride, backwards) in _partial_axes(shape, begin, end, strides):
        sizes = list(dy.shape)
        sizes[axis] = shape[axis]
        part = dy.flip(axis) if backwards else dy
        dy = torch.ops.aten.slice_backward(part, sizes, axis, first, last, stride)
    return dy


def _places(start: Tensor, size: int, dim: int) -> Tensor:
    first = start.to(torch.int64).clamp(0, dim - size)
    return first + torch.arange(size, device=start.device)


def dynamic_slice(x: Tensor, starts: Tensor, *, sizes: Shape) -> Tensor:
    """See `shaping.dynamic_slice`, without reading the starts on the host."""
    for axis, size in enumerate(sizes):
        dim = x.shape[axis]
        if size != dim:
            x = x.index_select(axis, _places(starts[axis], size, dim))
    return x


def dynamic_update_slice(x: Tensor, update: Tensor, starts: Tensor) -> Tensor:
    """See `shaping.dynamic_update_slice`, without reading the starts on the host."""
    return _updated(x, update, starts, 0)


def _updated(x: Tensor, update: Tensor, starts: Tensor, axis: int) -> Tensor:
    if axis == x.ndim:
        return update
    size, dim = update.shape[axis], x.shape[axis]
    if size == dim:
        return _updated(x, update, starts, axis + 1)
    places = _places(starts[axis], size, dim)
    rows = _updated(x.index_select(axis, places), update, starts, axis + 1)
    return x.index_copy(axis, places, rows)


def _window(x: Tensor, starts: Tensor, sizes: Shape) -> Tensor:
    first = starts.tolist()
    for axis, size in enumerate(sizes):
        dim = x.shape[axis]
        if size != dim:
            x = x.narrow(axis, min(max(first[axis], 0), dim - size), size)
    return x


def dynamic_slice_on_host(x: Tensor, starts: Tensor, *, sizes: Shape) -> Tensor:
    """See `shaping.dynamic_slice`: a view of ``x``."""
    return _window(x, starts, sizes)


def dynamic_update_slice_on_host(x: Tensor, update: Tensor, starts: Tensor) -> Tensor:
    """See `shaping.dynamic_update_slice`."""
    return dynamic_update_slice_in_place(x.clone(), update, starts)


def dynamic_update_slice_in_place(x: Tensor, update: Tensor, starts: Tensor) -> Tensor:
    """Like `dynamic_update_slice`, into ``x`` itself."""
    _window(x, starts, update.shape).copy_(update)
    return x


def reverse(x: Tensor, *, axes: Shape) -> Tensor:
    """See `shaping.reverse`."""
    return torch.flip(x, axes)


def iota(*, dtype: np.dtype[Any], size: int, device: torch.device) -> Tensor:
    """See `shaping.iota`."""
    return torch.arange(size, device=device).to(TORCH_DTYPES[dtype])
