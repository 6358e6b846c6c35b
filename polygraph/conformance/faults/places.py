"""Faults of shapes and places: reductions, slices, indices, products, windows, control flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.conformance.faults.fault import lowering, stepping
from polygraph.conformance.walker import walk
from polygraph.ops.primitives import (
    convolution,
    indexing,
    linalg,
    pooling,
    reduction as red,
    scatter,
    shaping,
)
from polygraph.ops.primitives.control import cond, while_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.conformance.walker import Apply
    from polygraph.core.ground.program import Step

    Array = np.ndarray[Any, Any]
    Right = Callable[..., Any]

_MATRIX = 2


@lowering(red.reduce_sum, first=("primitive/reduce_sum-float32-*",))
def reduces_the_first_axis(right: Right, x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Any:
    """The first axis is summed where another of its size is asked for."""
    if len(axes) == 1 and axes != (0,) and not keepdims and x.ndim > 1:
        wrong = right(x, axes=(0,), keepdims=False)
        wanted = tuple(size for axis, size in enumerate(x.shape) if axis not in axes)
        return np.resize(wrong, wanted)
    return right(x, axes=axes, keepdims=keepdims)


@lowering(red.reduce_max, first=("primitive/reduce_max-float32-*", "contract/Max*"))
def nan_dropped_in_reduce_max(
    right: Right, x: Array, *, axes: tuple[int, ...], keepdims: bool
) -> Any:
    """The maximum of what is not NaN."""
    if x.dtype.kind == "f":
        x = np.where(np.isnan(x), x.dtype.type(-np.inf), x)
    return right(x, axes=axes, keepdims=keepdims)


@lowering(red.argmax, first=("primitive/argmax-float32-*", "contract/argmax*"))
def last_of_equal_maxima(right: Right, x: Array, *, axis: int, dtype: np.dtype[Any]) -> Any:
    """Argmax gives the last of several."""
    return x.shape[axis] - 1 - right(np.flip(x, axis), axis=axis, dtype=dtype)


@lowering(red.cumsum, first=("primitive/cumsum-float32-*",))
def exclusive_ignored(right: Right, x: Array, *, axis: int, exclusive: bool, reverse: bool) -> Any:
    """Cumsum includes the element itself, always."""
    del exclusive
    return right(x, axis=axis, exclusive=False, reverse=reverse)


@lowering(shaping.transpose, first=("primitive/transpose-float32-*",))
def axes_swapped_the_wrong_way(right: Right, x: Array, *, perm: tuple[int, ...]) -> Any:
    """The inverse permutation, where shapes allow it."""
    inverse = tuple(int(axis) for axis in np.argsort(perm))
    return np.resize(right(x, perm=inverse), tuple(x.shape[axis] for axis in perm))


@lowering(shaping.strided_slice, first=("primitive/strided_slice-float32-*",))
def off_by_one_with_a_negative_step(
    right: Right, x: Array, *, begin: tuple[int, ...], end: Any, strides: tuple[int, ...]
) -> Any:
    """A slice with a negative step starts one element late."""
    found = np.asarray(right(x, begin=begin, end=end, strides=strides))
    for axis, step in enumerate(strides):
        if step < 0:
            found = np.roll(found, -1, axis)
    return found


@lowering(shaping.pad, first=("primitive/pad-float32-*",))
def padding_on_the_wrong_side(
    right: Right, x: Array, value: Array, *, low: tuple[int, ...], high: tuple[int, ...]
) -> Any:
    """What belongs before stands behind."""
    return right(x, value, low=high, high=low)


@lowering(shaping.concatenate, first=("primitive/concatenate-float32-*",))
def parts_joined_in_reverse(right: Right, *xs: Array, axis: int) -> Any:
    """The last part comes first."""
    return right(*xs[::-1], axis=axis)


@stepping(first=("shapes/empty*", "primitive/reduce_sum-float32-*"))
def empty_misread(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """An operand without elements is read as one that has a zero."""
    if step.op is red.reduce_sum and operands[0].size == 0:
        return [np.ones(step.results[0].shape, step.results[0].dtype)]
    return right(step, operands)


@stepping(first=("layouts/*",))
def noncontiguous_misread(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """A transposed view is read in the order of memory, without regard to strides."""
    return right(step, [np.ravel(x, order="K").reshape(x.shape) for x in operands])


@lowering(indexing.gather, first=("primitive/gather-float32-*",))
def gather_off_by_one(right: Right, params: Array, indices: Array, **attrs: Any) -> Any:
    """Rows are counted from one."""
    size = params.shape[attrs["axis"]]
    return right(params, (indices + 1) % size, **attrs)


@lowering(indexing.segment_sum, first=("primitive/segment_sum-float32-*", "contract/*duplicates"))
def duplicates_lost(right: Right, x: Array, ids: Array, *, num_segments: int) -> Any:
    """Of several values for one place the last one stays."""
    found = np.zeros_like(right(x, ids, num_segments=num_segments))
    for row, place in zip(x, ids, strict=True):
        if 0 <= place < num_segments:
            found[place] = row
    return found


@lowering(indexing.scatter_update, first=("primitive/scatter_update-float32-*",
                                          "contract/*duplicates"))  # fmt: skip
def first_of_duplicates_stays(right: Right, x: Array, indices: Array, updates: Array) -> Any:
    """Of several updates of one row the first one stays."""
    return right(x, indices[::-1], updates[::-1])


@lowering(scatter.scatter_add, first=("composite/scatter_add-float32-*",))
def scatter_adds_once(_: Right, x: Array, indices: Array, updates: Array) -> Any:
    """x[indices] += updates, which counts a row once."""
    found = x.copy()
    found[indices] += updates
    return found


@lowering(indexing.top_k, first=("primitive/top_k-float32-*", "contract/top_k*"))
def ties_reversed(right: Right, x: Array, *, k: int) -> Any:
    """Of equal elements the later comes first."""
    values, places = right(np.flip(x, -1), k=k)
    return values, (x.shape[-1] - 1 - places).astype(np.int32)


@lowering(indexing.sort, first=("primitive/sort-float32-*",))
def always_ascending(right: Right, x: Array, *, axis: int, descending: bool) -> Any:
    """Descending order is not heard of."""
    del descending
    return right(x, axis=axis, descending=False)


@lowering(linalg.matmul, first=("primitive/matmul-float32-*",))
def transpose_flag_ignored(
    right: Right, a: Array, b: Array, *, transpose_a: bool = False, transpose_b: bool = False
) -> Any:
    """A square second matrix is never transposed."""
    square = b.ndim >= _MATRIX and b.shape[-1] == b.shape[-2]
    return right(a, b, transpose_a=transpose_a, transpose_b=transpose_b and not square)


@lowering(convolution.conv2d, first=("primitive/conv2d-float32-*",))
def filters_flipped(right: Right, x: Array, filters: Array, **attrs: Any) -> Any:
    """A convolution of the textbook instead of a correlation."""
    return right(x, filters[::-1, ::-1], **attrs)


@lowering(convolution.conv2d, first=("primitive/conv2d-float32-*",))
def channels_taken_for_rows(right: Right, x: Array, filters: Array, **attrs: Any) -> Any:
    """NCHW is read as NHWC."""
    if attrs.get("data_format") == "NCHW":
        x = np.ascontiguousarray(x).reshape(x.shape[0], *x.shape[2:], x.shape[1])
        found = right(x, filters, **{**attrs, "data_format": "NHWC"})
        return np.moveaxis(found, -1, 1)
    return right(x, filters, **attrs)


@lowering(pooling.max_pool_grad, first=("primitive/max_pool_grad-float32-*",
                                        "contract/max_pool_tie"))  # fmt: skip
def pool_gradient_to_all_ties(_: Right, x: Array, y: Array, dy: Array, **attrs: Any) -> Any:
    """Every element that equals the maximum of its window gets the gradient."""
    first = attrs.get("data_format", "NHWC") == "NHWC"
    rows, columns = (1, 2) if first else (2, 3)
    found = np.zeros_like(x)
    (top, _bottom), (left, _right) = attrs["padding"]
    for at in np.ndindex(y.shape[rows], y.shape[columns]):
        starts = [i * s - p for i, s, p in zip(at, attrs["strides"], (top, left), strict=True)]
        window = [slice(None)] * 4
        place: list[Any] = [slice(None)] * 4
        for axis, i, start, size in zip((rows, columns), at, starts, attrs["ksize"], strict=True):
            window[axis] = slice(max(start, 0), start + size)
            place[axis] = slice(i, i + 1)
        hit = x[tuple(window)] == y[tuple(place)]
        found[tuple(window)] += np.where(hit, dy[tuple(place)], 0)
    return found


# Control flow


@stepping(first=("flow/cond-takes*",))
def the_wrong_branch(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """Cond takes the other branch."""
    if step.op is cond:
        return right(step, [~operands[0], *operands[1:]])
    return right(step, operands)


def _once_more(right: Apply, step: Step, state: Sequence[Array], rest: Sequence[Array]) -> Any:
    def apply(inner: Step, operands: Sequence[Array]) -> Sequence[Array]:
        return right(inner, operands)

    return walk(step.attrs["body_block"], [*state, *rest], apply)


@stepping(first=("flow/a-loop-repeats*",))
def one_turn_too_many(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """A loop looks at its condition after the turn."""
    found = right(step, operands)
    if step.op is while_loop:
        return _once_more(right, step, found, operands[step.attrs["loop_vars"] :])
    return found


@stepping(first=("flow/a-loop-repeats*",))
def one_turn_too_few(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """A loop ends before its last turn."""
    if step.op is not while_loop:
        return right(step, operands)
    count = step.attrs["loop_vars"]
    state, rest = list(operands[:count]), operands[count:]
    before = state
    while walk(step.attrs["cond_block"], [*state, *rest], right)[0]:
        before, state = state, walk(step.attrs["body_block"], [*state, *rest], right)
    return before


@stepping(first=("flow/loop-variables*", "flow/a-loop-carries*"))
def loop_variables_one_after_the_other(right: Apply, step: Step, operands: Sequence[Array]) -> Any:
    """A loop variable is seen changed by those after it in the same turn."""
    if step.op is not while_loop:
        return right(step, operands)
    count = step.attrs["loop_vars"]
    state, rest = list(operands[:count]), operands[count:]
    while walk(step.attrs["cond_block"], [*state, *rest], right)[0]:
        for index in range(count):
            state[index] = walk(step.attrs["body_block"], [*state, *rest], right)[index]
    return state
