"""Weights of values: scalars, or of the values' rank with sizes that are theirs or 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import control_dependencies, name_scope
from polygraph.ops.arithmetic import multiply
from polygraph.ops.assertions import Assert
from polygraph.ops.control_flow import cond
from polygraph.ops.filling import ones_like
from polygraph.ops.logical import equal, logical_or
from polygraph.ops.reduction import reduce_all
from polygraph.ops.shape_queries import rank, shape
from polygraph.ops.source_ops import no_op

if TYPE_CHECKING:
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

_PREFIX = "weights can not be broadcast to values."


def _described(value: Any, name: str) -> tuple[Tensor, Tensor, Tensor]:
    """``value`` as a tensor, its shape and its rank."""
    with name_scope(None, name, [value]) as scope:
        tensor = convert_to_tensor(value, name=scope)
        return tensor, shape(tensor, name="shape"), rank(tensor, name="rank")


def _known_to_fit(weights: Tensor, values: Tensor) -> str | None:
    """What tells before a run that the weights fit, None where only the run can tell.

    Raises:
      ValueError: they do not fit.
    """
    given, wanted = weights.get_shape(), values.get_shape()
    if given.ndims is None or wanted.ndims is None:
        return None
    if given.ndims == 0:
        return "static_scalar_check_success"
    if given.ndims != wanted.ndims:
        msg = (
            f"{_PREFIX} values.rank={wanted.ndims}. weights.rank={given.ndims}. "
            f"values.shape={wanted}. weights.shape={given}. {weights!r}, {values!r}"
        )
        raise ValueError(msg)
    if not (given.is_fully_defined() and wanted.is_fully_defined()):
        return None
    for axis, (size, full) in enumerate(zip(given.as_list(), wanted.as_list(), strict=True)):
        if size not in (1, full):
            msg = (
                f"{_PREFIX} Mismatch at dim {axis}. values.shape={wanted}, weights.shape={given}. "
                f"{weights!r}, {values!r}"
            )
            raise ValueError(msg)
    return "static_dims_check_success"


def _dims_fit(weights_shape: Tensor, values_shape: Tensor) -> Tensor:
    same = equal(weights_shape, values_shape)
    return reduce_all(logical_or(same, equal(weights_shape, 1)))


def assert_broadcastable(weights: Any, values: Any) -> Operation:
    """An operation that fails the run unless ``weights`` fit ``values``.

    Args:
      weights: a scalar, or of the rank of ``values`` with each size 1 or that of ``values``.
      values: what they weigh.

    Raises:
      ValueError: they do not fit, as far as the static shapes tell.
      InvalidArgumentError: when it runs, they do not fit.
    """
    with name_scope(None, "assert_broadcastable", [weights, values]) as scope:
        given, weights_shape, weights_rank = _described(weights, "weights")
        wanted, values_shape, values_rank = _described(values, "values")
        known = _known_to_fit(given, wanted)
        if known is not None:
            return no_op(name=known)  # type: ignore[no-any-return]
        is_scalar = equal(0, weights_rank, name="is_scalar")
        same_rank = equal(values_rank, weights_rank, name="is_same_rank")
        fits = cond(
            is_scalar,
            lambda: is_scalar,
            lambda: cond(
                same_rank, lambda: _dims_fit(weights_shape, values_shape), lambda: same_rank
            ),
            name="is_valid_shape",
        )
        data = [
            _PREFIX, "weights.shape=", given.name, weights_shape,
            "values.shape=", wanted.name, values_shape, "is_scalar=", is_scalar,
        ]  # fmt: skip
        return Assert(fits, data, name=scope)


def broadcast_weights(weights: Any, values: Any) -> Tensor:
    """``weights`` repeated to the shape of ``values``; errors as of `assert_broadcastable`.

    Args:
      weights: a scalar, or of the rank of ``values`` with each size 1 or that of ``values``.
      values: what they weigh.
    """
    with name_scope(None, "broadcast_weights", [weights, values]) as scope:
        wanted = convert_to_tensor(values, name="values")
        given = convert_to_tensor(weights, wanted.dtype.base_dtype, name="weights")
        shapes = (given.get_shape(), wanted.get_shape())
        if all(known.is_fully_defined() for known in shapes) and shapes[0] == shapes[1]:
            return given
        with control_dependencies([assert_broadcastable(given, wanted)]):
            return multiply(given, ones_like(wanted), name=scope)
