"""Mathematical functions that are compositions of others, in TF1's graph too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.activations import Softplus
from polygraph.ops.arithmetic import AddV2, Mul, Neg, Sub
from polygraph.ops.elementwise import Lgamma
from polygraph.ops.filling import zeros_like
from polygraph.ops.logical import Greater, GreaterEqual
from polygraph.ops.reduction import reduce_all, reduce_sum
from polygraph.ops.reshaping import reshape
from polygraph.ops.strided_slicing import strided_slice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.tensor import Tensor

__all__ = ["is_non_decreasing", "is_strictly_increasing", "lbeta", "log_sigmoid"]


def log_sigmoid(x: Any, name: str | None = None) -> Tensor:
    """``log(sigmoid(x))`` of each element, without overflow."""
    with name_scope(name, "LogSigmoid", [x]) as scope:
        tensor = convert_to_tensor(x, name="x")
        return Neg(Softplus(Neg(tensor)), name=scope)  # type: ignore[no-any-return]


def lbeta(x: Any, name: str | None = None) -> Tensor:
    """The logarithm of the absolute value of the multivariate beta function.

    Args:
      x: float ``[..., n]``: the last axis holds the arguments of one function value.
      name: of the operations.

    Returns:
      ``[...]``: ``sum(lgamma(x)) - lgamma(sum(x))`` along the last axis.
    """
    with name_scope(name, "lbeta", [x]):
        tensor = convert_to_tensor(x, name="x")
        of_each = reduce_sum(Lgamma(tensor), axis=[-1])
        return Sub(of_each, Lgamma(reduce_sum(tensor, axis=[-1])), name="sub")  # type: ignore[no-any-return]


def polyval(coeffs: Sequence[Any], x: Any, name: str | None = None) -> Tensor:
    """The polynomial with the coefficients ``coeffs``, the highest power first, by Horner's rule.

    Args:
      coeffs: a list of tensors that broadcast with ``x``; none give zeros.
      x: where to evaluate it.
      name: of the operations.

    Raises:
      ValueError: ``coeffs`` is no list.
    """
    if not isinstance(coeffs, list):
        msg = f"Argument coeffs must be list type. Received type {type(coeffs)}."
        raise ValueError(msg)  # noqa: TRY004 - TF1's class
    with name_scope(name, "polyval", [*coeffs, x]) as scope:
        place = convert_to_tensor(x, name="x")
        if not coeffs:
            return zeros_like(place, name=scope)
        tensors = [convert_to_tensor(coefficient, name="coeff") for coefficient in coeffs]
        result = tensors[0]
        for tensor in tensors[1:]:
            result = AddV2(tensor, Mul(result, place, name="mul"), name="add")
        return result


def _all_neighbours(compare: OpDef, x: Any) -> Tensor:
    flat = reshape(convert_to_tensor(x), [-1])
    after, before = strided_slice(flat, [1], [1], end_mask=1), strided_slice(flat, [0], [-1])
    return reduce_all(compare(after, before))


def is_non_decreasing(x: Any, name: str | None = None) -> Tensor:
    """Whether no element, in row-major order, is smaller than the one before it: a bool scalar."""
    with name_scope(name, "is_non_decreasing", [x]):
        return _all_neighbours(GreaterEqual, x)


def is_strictly_increasing(x: Any, name: str | None = None) -> Tensor:
    """Whether each element, in row-major order, is larger than the one before: a bool scalar."""
    with name_scope(name, "is_strictly_increasing", [x]):
        return _all_neighbours(Greater, x)
