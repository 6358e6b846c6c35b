"""Statistics over axes, and what is normalized by them."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import FLOATING, bfloat16, float16, float32, int64
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.ops.arithmetic import (
    add,
    div_no_nan,
    divide,
    maximum,
    multiply,
    squared_difference,
    subtract,
)
from polygraph.ops.casting import cast
from polygraph.ops.elementwise import reciprocal, rsqrt, square
from polygraph.ops.filling import zeros_like
from polygraph.ops.gradient_barriers import stop_gradient
from polygraph.ops.identity_ops import identity
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import normalization as primitives
from polygraph.ops.primitives.reduction import l2_loss as l2_loss_of
from polygraph.ops.reduction import count_nonzero, reduce_mean, reduce_sum
from polygraph.ops.renamed_arguments import one_of
from polygraph.ops.reshaping import squeeze
from polygraph.ops.shape_queries import size

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__ = [
    "batch_norm_with_global_normalization",
    "batch_normalization",
    "l2_loss",
    "l2_normalize",
    "local_response_normalization",
    "lrn",
    "moments",
    "normalize_moments",
    "sufficient_statistics",
    "weighted_moments",
    "zero_fraction",
]

_HALVES = (float16, bfloat16)


@graph_op(
    "L2Loss",
    "t: T -> output: T",
    shape=shape_rules.scalar,
    samples=(((2, 3),), ((),), ((0, 3),)),
    T=FLOATING,
)
def L2Loss(t: Array) -> Any:
    """Half the sum of the squares of all elements."""
    return l2_loss_of(t)


@L2Loss.gradient
def _l2_loss_gradient(op: Operation, dy: Tensor) -> list[Any]:
    return [multiply(op.inputs[0], dy)]


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Half the sum of the squares of all elements of ``t``."""
    return L2Loss(t, name=name)  # type: ignore[no-any-return]


def _lrn_shape(context: ShapeContext) -> TensorShape:
    return context.shape(0).with_rank(4)


def _require_images(x: Array) -> None:
    if len(x.shape) != 4:  # noqa: PLR2004
        refuse("in must be 4-dimensional")


@graph_op(
    "LRN",
    "input: T -> output: T",
    shape=_lrn_shape,
    samples=(((2, 3, 2, 6), {"depth_radius": 2}),),
    T=(float32, float16, bfloat16),
)
def LRN(
    images: Array,
    *,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
) -> Any:
    """Each cell divided by a power of the squares of the channels around."""
    _require_images(images)
    attrs = {"depth_radius": depth_radius, "bias": bias, "alpha": alpha, "beta": beta}
    return primitives.lrn(images, **attrs)


@graph_op(
    "LRNGrad",
    "input_grads: T, input_image: T, output_image: T -> output: T",
    shape=shape_rules.merged,
    T=(float32, float16, bfloat16),
)
def LRNGrad(
    input_grads: Array,
    input_image: Array,
    output_image: Array,
    *,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
) -> Any:
    """Gradient of `LRN`."""
    _require_images(input_image)
    attrs = {"depth_radius": depth_radius, "bias": bias, "alpha": alpha, "beta": beta}
    return primitives.lrn_grad(input_grads, input_image, output_image, **attrs)


@LRN.gradient
def _lrn_gradient(op: Operation, dy: Tensor) -> list[Any]:
    attrs = {name: op.attrs[name] for name in ("depth_radius", "bias", "alpha", "beta")}
    return [LRNGrad(dy, op.inputs[0], op.outputs[0], **attrs)]


def lrn(
    input: Any,
    depth_radius: int = 5,
    bias: float = 1.0,
    alpha: float = 1.0,
    beta: float = 0.5,
    name: str | None = None,
) -> Tensor:
    """Local response normalization of NHWC images over their channels.

    ``x / (bias + alpha * s) ** beta``, where ``s`` sums the squares of the channels that are at
    most ``depth_radius`` away.
    """
    return LRN(  # type: ignore[no-any-return]
        input,
        depth_radius=int(depth_radius),
        bias=float(bias),
        alpha=float(alpha),
        beta=float(beta),
        name=name,
    )


local_response_normalization = lrn


def l2_normalize(
    x: Any,
    axis: Any = None,
    epsilon: float = 1e-12,
    name: str | None = None,
    dim: Any = None,
) -> Tensor:
    """``x`` divided by its euclidean norm along ``axis``.

    Args:
      x: floats.
      axis: one or several axes; all by default.
      epsilon: lower bound of the square of the norm.
      name: of the operation.
      dim: the old name of ``axis``.
    """
    axes = one_of("axis", axis, "dim", dim)
    with name_scope(name, "l2_normalize", [x]) as scope:
        tensor = convert_to_tensor(x, name="x")
        squares = reduce_sum(square(tensor), axes, keepdims=True)
        return multiply(tensor, rsqrt(maximum(squares, epsilon)), name=scope)


def _axes_list(axes: Any) -> Any:
    if isinstance(axes, range | np.ndarray):
        return [int(axis) for axis in np.asarray(axes).reshape(-1)]
    return axes


def moments(
    x: Any,
    axes: Any,
    shift: Any = None,  # noqa: ARG001 - TF1 ignores it too
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean and variance of ``x`` along ``axes``; the variance is divided by the count.

    Args:
      x: floats; those of 16 bits are summed in float32.
      axes: list of axes.
      shift: not used.
      name: of the operations.
      keep_dims: the old name of ``keepdims``.
      keepdims: keep the axes, with size 1.
    """
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims)
    along = _axes_list(axes)
    with name_scope(name, "moments", [x, axes]):
        given = convert_to_tensor(x)
        y = cast(given, float32) if given.dtype.base_dtype in _HALVES else given
        mean = reduce_mean(y, along, keepdims=True, name="mean")
        deviations = squared_difference(y, stop_gradient(mean))
        variance = reduce_mean(deviations, along, keepdims=True, name="variance")
        if not keep:
            mean, variance = squeeze(mean, along), squeeze(variance, along)
        if y is not given:
            return cast(mean, given.dtype), cast(variance, given.dtype)
        return mean, variance


def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean and variance of ``x`` along ``axes``, each element counted as often as its weight.

    Args:
      x: floats; those of 16 bits are summed in float32.
      axes: list of axes.
      frequency_weights: not negative; broadcast against ``x``.
      name: of the operations.
      keep_dims: the old name of ``keepdims``.
      keepdims: keep the axes, with size 1.
    """
    keep = one_of("keepdims", keepdims, "keep_dims", keep_dims)
    along = _axes_list(axes)
    with name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        given = convert_to_tensor(x, name="x")
        weights = convert_to_tensor(frequency_weights, name="frequency_weights")
        y = cast(given, float32) if given.dtype.base_dtype in _HALVES else given
        weights = cast(weights, y.dtype.base_dtype)
        total = reduce_sum(multiply(weights, y), along, keepdims=True, name="weighted_input_sum")
        # Weights of fewer elements count once for each element of x that they stand for.
        spread = add(weights, zeros_like(y))
        count = reduce_sum(spread, along, keepdims=True, name="sum_of_weights")
        mean = div_no_nan(total, count)
        deviations = multiply(weights, squared_difference(y, mean))
        squares = reduce_sum(deviations, along, keepdims=True, name="weighted_distsq")
        variance = div_no_nan(squares, count)
        if not keep:
            mean, variance = squeeze(mean, along), squeeze(variance, along)
        if y is not given:
            return cast(mean, given.dtype), cast(variance, given.dtype)
        return mean, variance


def sufficient_statistics(
    x: Any,
    axes: Any,
    shift: Any = None,
    keep_dims: bool | None = None,
    name: str | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor | None]:
    """Count, sum and sum of squares of ``x`` along ``axes``, and the shift.

    Args:
      x: floats.
      axes: list of axes.
      shift: a value near the mean, which is subtracted first.
      keep_dims: the old name of ``keepdims``.
      name: of the operations.
      keepdims: keep the axes, with size 1.
    """
    keep = bool(one_of("keepdims", keepdims, "keep_dims", keep_dims))
    along = sorted(set(_axes_list(axes)))
    with name_scope(name, "sufficient_statistics", [x, shift]):
        y = convert_to_tensor(x, name="x")
        count = _count_along(y, along)
        centre = None if shift is None else convert_to_tensor(shift, name="shift")
        moved = y if centre is None else subtract(y, centre)
        squares = square(y) if centre is None else squared_difference(y, centre)
        mean_ss = reduce_sum(moved, along, keepdims=keep, name="mean_ss")
        var_ss = reduce_sum(squares, along, keepdims=keep, name="var_ss")
        return count, mean_ss, var_ss, centre


def _count_along(x: Tensor, axes: list[int]) -> Tensor:
    dims = x.get_shape().as_tuple()
    known = None if dims is None else [dims[axis] for axis in axes]
    if known is not None and None not in known:
        count = np.prod(np.array(known), dtype=np.int64)
        return convert_to_tensor(float(count), x.dtype.base_dtype, name="count")
    total = cast(size(x), x.dtype.base_dtype)
    rest = cast(size(reduce_sum(x, axes)), x.dtype.base_dtype)
    return div_no_nan(total, rest, name="count")


def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Tensor, Tensor]:
    """Mean and variance from `sufficient_statistics`."""
    with name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = reciprocal(counts, name="divisor")
        if shift is None:
            mean = shifted = multiply(mean_ss, divisor, name="mean")
        else:
            shifted = multiply(mean_ss, divisor, name="shifted_mean")
            mean = add(shifted, shift, name="mean")
        variance = subtract(multiply(variance_ss, divisor), square(shifted), name="variance")
        return mean, variance


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: Any,
    name: str | None = None,
) -> Tensor:
    """``(x - mean) / sqrt(variance + variance_epsilon) * scale + offset``.

    Args:
      x: floats.
      mean: broadcasts against ``x``.
      variance: broadcasts against ``x``.
      offset: added at the end, or None.
      scale: multiplied before, or None.
      variance_epsilon: keeps the division away from 0.
      name: of the operation.

    Source: S. Ioffe, C. Szegedy, "Batch Normalization" (2015).
    """
    with name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        tensor, centre, spread = map(convert_to_tensor, (x, mean, variance))
        # By operators, as these name the operations.
        inverse = rsqrt(spread + variance_epsilon)
        if scale is not None:
            inverse = inverse * scale
        dtype = tensor.dtype.base_dtype
        scaled = tensor * cast(inverse, dtype)
        shift = -centre * inverse if offset is None else offset - centre * inverse
        return scaled + cast(shift, dtype)  # type: ignore[no-any-return]


def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: bool | None = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Tensor:
    """`batch_normalization` with an older order of arguments.

    ``gamma`` only counts where ``scale_after_normalization`` is true; ``input``, ``mean`` and
    ``variance`` are other names of ``t``, ``m`` and ``v``.
    """
    return batch_normalization(
        one_of("t", t, "input", input),
        one_of("m", m, "mean", mean),
        one_of("v", v, "variance", variance),
        beta,
        gamma if scale_after_normalization else None,
        variance_epsilon,
        name,
    )


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of zeros among the elements of ``value`` (float32); NaN where it has none."""
    with name_scope(name, "zero_fraction", [value]):
        tensor = convert_to_tensor(value, name="value")
        total = size(tensor, out_type=int64)
        zeros = subtract(total, count_nonzero(tensor, dtype=int64))
        share = divide(cast(zeros, float32), cast(total, float32))
        return identity(share, name="fraction")  # type: ignore[no-any-return]
