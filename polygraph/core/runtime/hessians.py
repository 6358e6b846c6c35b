"""`tf.hessians`: second derivatives, row by row in a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.runtime.gradients import gradients
from polygraph.ops.arithmetic import AddV2
from polygraph.ops.gathering import gather
from polygraph.ops.joining import concat
from polygraph.ops.logical import Less
from polygraph.ops.loops import while_loop
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import shape, size
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array import TensorArray

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor

__all__ = ["hessians"]


def hessians(
    ys: Any,
    xs: Any,
    name: str = "hessians",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: int | None = None,
) -> list[Tensor]:
    """The second derivatives of the sum of ``ys`` with respect to each of ``xs``.

    Args:
      ys: a tensor or a list of tensors.
      xs: a tensor or variable, or a list of them.
      name: kept for TF1's sake.
      colocate_gradients_with_ops: see `gradients`.
      gate_gradients: see `gradients`.
      aggregation_method: see `gradients`.

    Returns:
      For each ``x`` a tensor of its shape twice over: element ``[i..., j...]`` is the derivative
      by ``x[i...]`` and ``x[j...]``.

    Raises:
      ValueError: no ``y`` depends on an ``x``, or its first derivative does not, as in TF1.
      LookupError: see `gradients`.
    """
    del name
    options: dict[str, Any] = {
        "colocate_gradients_with_ops": colocate_gradients_with_ops,
        "gate_gradients": gate_gradients,
        "aggregation_method": aggregation_method,
    }
    xs = list(xs) if isinstance(xs, list | tuple) else [xs]
    first = gradients(ys, xs, **options)
    return [_hessian(x, gradient, options) for x, gradient in zip(xs, first, strict=True)]


def _hessian(x: Any, gradient: Any, options: dict[str, Any]) -> Tensor:
    if gradient is None:
        msg = f"None values not supported: no y depends on {x!r}, so there is no Hessian"
        raise ValueError(msg)
    source = convert_to_tensor(x)
    flat = reshape(gradient, [-1])
    count = size(x)

    def row(index: Tensor, rows: TensorArray) -> tuple[Tensor, TensorArray]:
        (derivative,) = gradients(gather(flat, index), x, **options)
        if derivative is None:
            msg = f"None values not supported: the gradient by {x!r} does not depend on it any more"
            raise ValueError(msg)
        return AddV2(index, constant(1)), rows.write(index, convert_to_tensor(derivative))

    _, rows = while_loop(
        lambda index, _: Less(index, count),
        row,
        [
            constant(0),
            TensorArray(source.dtype.base_dtype, count, element_shape=source.get_shape()),
        ],
    )
    dims = shape(source)
    return reshape(rows.stack(), concat([dims, dims], 0))
