"""Tensors made no longer than a norm: one by one, on average, or all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import float32
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.scopes import colocate_with, name_scope
from polygraph.ops.arithmetic import AddV2, Maximum, Minimum, Mul, RealDiv, Sub
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import rsqrt, sqrt
from polygraph.ops.filling import ones_like
from polygraph.ops.identity_ops import identity
from polygraph.ops.logical import Greater, SelectV2
from polygraph.ops.packing import stack
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.shape_queries import size
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor

__all__ = ["clip_by_average_norm", "clip_by_global_norm", "clip_by_norm", "global_norm"]


def _values_of(item: Any, name: str) -> Tensor:
    return item.values if isinstance(item, IndexedSlices) else convert_to_tensor(item, name=name)


def _like(values: Tensor, original: Any) -> Any:
    if isinstance(original, IndexedSlices):
        return IndexedSlices(values, original.indices, original.dense_shape)
    return values


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """``t`` scaled down where its Euclidean norm is more than ``clip_norm``.

    Args:
      t: a tensor, or `IndexedSlices`, of which the given rows count.
      clip_norm: the largest norm, above 0.
      axes: axes that a norm goes over, by default all.
      name: of the result.
    """
    with name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _values_of(t, "t")
        square = reduce_sum(Mul(values, values, name="mul"), axes, keepdims=True)
        # A zero has a norm whose gradient is infinite: it goes round the root.
        positive = Greater(square, 0.0)
        root = sqrt(SelectV2(positive, square, ones_like(square), name="Select"))
        norm = SelectV2(positive, root, square, name="Select")
        longest = convert_to_tensor(clip_norm, values.dtype.base_dtype)
        scaled = Mul(values, longest, name="mul")
        scaled.get_shape().assert_is_compatible_with(AddV2(scaled, norm, name="shape").get_shape())
        clipped = RealDiv(scaled, Maximum(norm, longest), name="truediv")
        return _like(identity(clipped, name=scope), t)


def _items(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        msg = f"`t_list` should be a sequence of tensors. Received {type(t_list)}."
        raise TypeError(msg)
    return list(t_list)


def global_norm(t_list: Any, name: str | None = None) -> Tensor:
    """The Euclidean norm of all elements of all tensors together.

    Args:
      t_list: tensors, `IndexedSlices`, of which the given rows count, and Nones, which do not.
      name: of the scope.

    Raises:
      TypeError: ``t_list`` is no sequence.
    """
    items = [item for item in _items(t_list) if item is not None]
    with name_scope(name, "global_norm", items):
        squares = []
        for index, item in enumerate(items):
            values = _values_of(item, f"t_{index}")
            with colocate_with(values):
                squares.append(reduce_sum(Mul(values, values, name="mul")))
        total = reduce_sum(stack(squares)) if squares else constant(0.0, float32)
        return sqrt(total, name="global_norm")


def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> tuple[list[Any], Tensor]:
    """Tensors scaled down by one factor where their norm together is more than ``clip_norm``.

    Where that norm is infinite or NaN all results are NaN.

    Args:
      t_list: tensors, `IndexedSlices` and Nones, which stay None.
      clip_norm: the largest norm, above 0.
      use_norm: the norm of the list, where it is known already; see `global_norm`.
      name: of the scope.

    Returns:
      The list of results and the norm before.

    Raises:
      TypeError: ``t_list`` is no sequence.
    """
    items = _items(t_list)
    norm = global_norm(items, name) if use_norm is None else use_norm
    given = [item for item in items if item is not None]
    with name_scope(name, "clip_by_global_norm", [*given, clip_norm]) as scope:
        norm = convert_to_tensor(norm)
        longest = convert_to_tensor(clip_norm, norm.dtype.base_dtype)
        one = constant(1.0, norm.dtype.base_dtype)
        least = Minimum(RealDiv(one, norm, name="truediv"), RealDiv(one, longest, name="truediv"))
        finite = Mul(longest, least, name="mul")
        scale = AddV2(finite, Sub(norm, norm, name="sub"), name="add")
        results: list[Any] = []
        for index, item in enumerate(items):
            if item is None:
                results.append(None)
                continue
            values = _values_of(item, f"t_{index}")
            with colocate_with(values):
                scaled = Mul(values, cast(scale, values.dtype.base_dtype), name="mul")
                results.append(_like(identity(scaled, name=f"{scope}_{index}"), item))
    return results, norm


def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Tensor:
    """``t`` scaled down where its Euclidean norm divided by its size is more than ``clip_norm``.

    Args:
      t: a tensor.
      clip_norm: the largest norm for each element.
      name: of the result.
    """
    with name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        values = convert_to_tensor(t, name="t")
        dtype = values.dtype.base_dtype
        longest = convert_to_tensor(clip_norm, dtype)
        inverse = rsqrt(reduce_sum(Mul(values, values, name="mul")))
        average = Mul(inverse, cast(size(values), dtype), name="mul")
        least = Minimum(average, RealDiv(constant(1.0, dtype), longest, name="truediv"))
        clipped = Mul(Mul(values, longest, name="mul"), least, name="mul")
        return identity(clipped, name=scope)  # type: ignore[no-any-return]
