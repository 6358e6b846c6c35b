"""Dropout."""

from __future__ import annotations

from typing import Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.arithmetic import multiply, realdiv, subtract
from polygraph.ops.casting import cast
from polygraph.ops.logical import SelectV2, greater_equal
from polygraph.ops.random_functions import random_uniform
from polygraph.ops.shape_queries import shape
from polygraph.ops.source_ops import constant

__all__ = ["dropout"]


def _is_number(value: Any) -> bool:
    return not isinstance(value, Tensor) and not hasattr(value, "_as_graph_element")


def _noise_shape(x: Tensor, noise_shape: Any) -> Any:
    """The shape of the random numbers; None in it stands for the size of ``x``."""
    if noise_shape is None:
        return shape(x)
    if isinstance(noise_shape, TensorShape):
        noise_shape = noise_shape.as_list()
    known = x.get_shape()
    if isinstance(noise_shape, list | tuple) and known.ndims == len(noise_shape):
        sizes = known.as_list()
        filled = [
            size if dim is None else dim for dim, size in zip(noise_shape, sizes, strict=True)
        ]
        if None not in filled:
            return filled
        msg = f"`noise_shape` {noise_shape} leaves sizes open that `x`, of shape {known}, has not"
        raise ValueError(msg)
    return noise_shape


def _scaled(x: Tensor, rate: Any) -> tuple[Tensor, Any]:
    dtype = x.dtype.base_dtype
    if _is_number(rate):
        return multiply(x, constant(1.0 / (1.0 - rate), dtype)), rate
    probability = convert_to_tensor(rate)
    probability.get_shape().assert_has_rank(0)
    probability = cast(probability, dtype)
    return realdiv(x, subtract(constant(1, dtype), probability)), probability


def _rate(keep_prob: Any, rate: Any) -> Any:
    if rate is not None and keep_prob is not None:
        msg = "Cannot specify both 'keep_prob' and 'rate'."
        raise ValueError(msg)
    try:
        found = rate if keep_prob is None else 1 - keep_prob
    except TypeError:
        msg = f"`keep_prob` must be a floating point number or Tensor, not {keep_prob!r}"
        raise ValueError(msg) from None
    if found is None:
        msg = "dropout needs `keep_prob` or `rate`"
        raise ValueError(msg)
    if _is_number(found) and not 0 <= found < 1:
        msg = f"`rate` must be a scalar tensor or a float in the range [0, 1), but is {found!r}"
        raise ValueError(msg)
    return found


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """``x`` with a random part of its elements 0, the others scaled so that the sum stays.

    Args:
      x: floats.
      keep_prob: probability of an element to stay, in (0, 1]: a number or a scalar tensor.
      noise_shape: shape of the random numbers, which broadcast against ``x``.
      seed: of the random numbers.
      name: of the operation.
      rate: probability of an element to be dropped, instead of ``keep_prob``.

    Raises:
      ValueError: neither or both probabilities are given, one is out of range, ``x`` has no
        floats, or a size in ``noise_shape`` is None and not known of ``x`` either.
    """
    dropped = _rate(keep_prob, rate)
    with name_scope(name, "dropout", [x]):
        given = convert_to_tensor(x, name="x")
        if not given.dtype.is_floating:
            msg = f"`x` must be floats, as dropout scales them, but is {given.dtype.name}"
            raise ValueError(msg)
        if _is_number(dropped) and dropped == 0:
            return given
        scaled, probability = _scaled(given, dropped)
        dtype = given.dtype.base_dtype
        numbers = random_uniform(_noise_shape(given, noise_shape), dtype=dtype, seed=seed)
        result: Tensor = SelectV2(greater_equal(numbers, probability), scaled, constant(0, dtype))
        result.set_shape(given.get_shape())
        return result
