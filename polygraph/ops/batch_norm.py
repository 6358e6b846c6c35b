"""Batch normalization of images as one op, with its gradients of first and second order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import bfloat16, float16, float32
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.arithmetic import add, divide, multiply, subtract
from polygraph.ops.casting import cast
from polygraph.ops.convolution import four_dims
from polygraph.ops.elementwise import rsqrt, square
from polygraph.ops.filling import zeros_like
from polygraph.ops.operand_checks import refuse
from polygraph.ops.primitives import (
    elementwise as ew,
    normalization as primitives,
    reduction,
    shaping,
)
from polygraph.ops.reduction import reduce_mean, reduce_sum
from polygraph.ops.reshaping import reshape
from polygraph.ops.shape_queries import size
from polygraph.ops.source_ops import constant
from polygraph.ops.window_attrs import channel, checked_format

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["fused_batch_norm"]

_DTYPES = (float32, float16, bfloat16)
_VECTORS = 4
"""Scale, offset, mean and variance."""


def _channels(context: ShapeContext, first_vector: int, count: int) -> TensorShape:
    dims = four_dims(context.shape(0))
    vector = TensorShape([dims[channel(context.attrs["data_format"])]])
    for index in range(first_vector, first_vector + count):
        vector = vector.merge_with(context.shape(index).with_rank(1))
    return vector


def _with_channels(context: ShapeContext, vector: TensorShape) -> TensorShape:
    dims = list(four_dims(context.shape(0)))
    dims[channel(context.attrs["data_format"])] = vector.as_list()[0]
    return TensorShape(dims)


def _uses_given(attrs: Any) -> bool:
    return not attrs["is_training"] or attrs["exponential_avg_factor"] != 1.0


def _norm_shapes(context: ShapeContext) -> list[TensorShape]:
    vector = _channels(context, 1, _VECTORS if _uses_given(context.attrs) else 2)
    return [_with_channels(context, vector), *[vector] * _VECTORS]


def _spare_shape(is_training: bool) -> tuple[int, ...]:
    """The output that only TensorFlow's GPU kernels use."""
    return () if is_training else (0,)


def _norm_v3_shapes(context: ShapeContext) -> list[TensorShape]:
    return [*_norm_shapes(context), TensorShape(_spare_shape(context.attrs["is_training"]))]


def _grad_shapes(context: ShapeContext) -> list[TensorShape]:
    vector = _channels(context, 2, 3)
    return [_with_channels(context, vector), vector, vector, TensorShape([0]), TensorShape([0])]


def _along(vector: Array, data_format: str) -> Any:
    if data_format == "NHWC":
        return vector
    return shaping.reshape(vector, shape=(vector.shape[0], 1, 1))


def _by_given(
    x: Array, vectors: list[Array], epsilon: float, data_format: str
) -> tuple[Array, ...]:
    """Normalized by statistics that are given, not by those of the batch."""
    scale, offset, mean, variance = vectors
    factor = ew.multiply(ew.rsqrt(ew.add(variance, ew.scalar(epsilon, variance))), scale)
    images = ew.cast(x, dtype=scale.dtype)
    centred = ew.subtract(images, _along(mean, data_format))
    y = ew.add(ew.multiply(centred, _along(factor, data_format)), _along(offset, data_format))
    return ew.cast(y, dtype=x.dtype), mean, variance, mean, variance


def _mixed(old: Array, new: Array, factor: float) -> Any:
    if factor == 1.0:
        return new
    kept = ew.multiply(old, ew.scalar(1.0 - factor, old))
    return ew.add(kept, ew.multiply(new, ew.scalar(factor, new)))


def _normalized(
    x: Array,
    vectors: list[Array],
    *,
    epsilon: float,
    exponential_avg_factor: float,
    data_format: str,
    is_training: bool,
) -> tuple[Array, ...]:
    """Images, mean and variance for the moving averages, mean and variance for the gradient.

    The variance for the moving averages is divided by one less than the count.
    """
    if len(x.shape) != 4:  # noqa: PLR2004
        refuse(f"batch normalization takes images of rank 4, not {len(x.shape)}")
    if not is_training:
        return _by_given(x, vectors, epsilon, data_format)
    scale, offset, old_mean, old_variance = vectors
    y, mean, variance = primitives.fused_batch_norm(
        x, scale, offset, epsilon=epsilon, data_format=data_format
    )
    count = x.size // max(1, scale.shape[0])
    unbiased = ew.multiply(variance, ew.scalar(count / max(1, count - 1), variance))
    moving_mean = _mixed(old_mean, mean, exponential_avg_factor)
    moving_variance = _mixed(old_variance, unbiased, exponential_avg_factor)
    return y, moving_mean, moving_variance, mean, variance


def _norm_op(version: str, dtypes: dict[str, Any]) -> OpDef:
    """`FusedBatchNorm` in one of its versions, which differ in dtypes and in a spare output."""
    other = "U" if "U" in dtypes else "T"
    spare = ", reserve_space_3: U" if version == "V3" else ""

    def lower(
        x: Array,
        scale: Array,
        offset: Array,
        mean: Array,
        variance: Array,
        *,
        epsilon: float = 0.0001,
        exponential_avg_factor: float = 1.0,
        data_format: str = "NHWC",
        is_training: bool = True,
    ) -> tuple[Array, ...]:
        """Images with each channel normalized; its mean and variance, twice."""
        results = _normalized(
            x,
            [scale, offset, mean, variance],
            epsilon=epsilon,
            exponential_avg_factor=exponential_avg_factor,
            data_format=data_format,
            is_training=is_training,
        )
        if not spare:
            return results
        return (*results, np.zeros(_spare_shape(is_training), scale.dtype))

    return graph_op(
        f"FusedBatchNorm{version}",
        f"x: T, scale: {other}, offset: {other}, mean: {other}, variance: {other} -> y: T, "
        f"batch_mean: {other}, batch_variance: {other}, reserve_space_1: {other}, "
        f"reserve_space_2: {other}{spare}",
        shape=_norm_v3_shapes if spare else _norm_shapes,
        **dtypes,
    )(lower)


def _frozen_gradients(
    dy: Array, x: Array, vectors: list[Array], epsilon: float, data_format: str
) -> tuple[Array, ...]:
    """Gradients where the statistics were given and so do not depend on the images."""
    scale, mean, variance = vectors
    axes = tuple(axis for axis in range(4) if axis != channel(data_format))
    deviation = ew.rsqrt(ew.add(variance, ew.scalar(epsilon, variance)))
    gradient, images = ew.cast(dy, dtype=scale.dtype), ew.cast(x, dtype=scale.dtype)
    centred = ew.subtract(images, _along(mean, data_format))
    dx = ew.multiply(gradient, _along(ew.multiply(deviation, scale), data_format))
    summed = reduction.reduce_sum(ew.multiply(gradient, centred), axes=axes, keepdims=False)
    doffset = reduction.reduce_sum(gradient, axes=axes, keepdims=False)
    return ew.cast(dx, dtype=x.dtype), ew.multiply(summed, deviation), doffset


def _grad_op(version: str, dtypes: dict[str, Any]) -> OpDef:
    other = "U" if "U" in dtypes else "T"
    spare = version == "V3"

    def compute(
        dy: Array,
        x: Array,
        vectors: list[Array],
        epsilon: float,
        data_format: str,
        train: bool,
    ) -> tuple[Array, ...]:
        nothing = np.zeros(0, vectors[0].dtype)
        if train:
            scale, mean, variance = vectors
            found = primitives.fused_batch_norm_grad(
                dy, x, scale, mean, variance, epsilon=epsilon, data_format=data_format
            )
        else:
            found = _frozen_gradients(dy, x, vectors, epsilon, data_format)
        return (*found, nothing, nothing)

    def lower(
        y_backprop: Array,
        x: Array,
        scale: Array,
        *saved: Array,
        epsilon: float = 0.0001,
        data_format: str = "NHWC",
        is_training: bool = True,
    ) -> tuple[Array, ...]:
        """Gradients to images, scale and offset, from the saved mean and variance."""
        vectors = [scale, *saved[:2]]
        return compute(y_backprop, x, vectors, epsilon, data_format, is_training)

    reserved = f"reserve_space_1: {other}, reserve_space_2: {other}"
    scale_dtype = "T" if other == "T" else "float32"
    return graph_op(
        f"FusedBatchNormGrad{version}",
        f"y_backprop: T, x: T, scale: {scale_dtype}, {reserved}"
        f"{f', reserve_space_3: {other}' if spare else ''} -> x_backprop: T, "
        f"scale_backprop: {other}, offset_backprop: {other}, reserve_space_4: {other}, "
        f"reserve_space_5: {other}",
        shape=_grad_shapes,
        **dtypes,
    )(lower)


_V1 = {"T": (float32,)}
_V2 = {"T": _DTYPES, "U": (float32,)}
FusedBatchNorm, FusedBatchNormGrad = _norm_op("", _V1), _grad_op("", _V1)
FusedBatchNormV2, FusedBatchNormGradV2 = _norm_op("V2", _V2), _grad_op("V2", _V2)
FusedBatchNormV3, FusedBatchNormGradV3 = _norm_op("V3", _V2), _grad_op("V3", _V2)


def _register(norm: OpDef, grad: OpDef, saved: slice) -> None:
    @norm.gradient
    def _(op: Operation, dy: Tensor | None, *_others: Tensor | None) -> list[Any]:
        x, scale, offset, mean, variance = op.inputs
        if dy is None:
            # As in TF1, mean and variance count as independent of the images.
            return [zeros_like(x), zeros_like(scale), zeros_like(offset), None, None]
        kept = list(op.outputs[saved])
        if not op.attrs["is_training"]:
            kept[:2] = [mean, variance]
        attrs = {name: op.attrs[name] for name in ("epsilon", "data_format", "is_training")}
        dx, dscale, doffset, _, _ = grad(dy, x, scale, *kept, **attrs)
        return [dx, dscale, doffset, None, None]

    @grad.gradient
    def _(op: Operation, *dys: Tensor | None) -> list[Any]:
        return _second_order(op, dys) + [None] * (len(op.inputs) - 3)


class _Channels:
    """The normalized images and their statistics, as tensors over the axes of the images."""

    def __init__(self, op: Operation) -> None:
        layout = op.attrs["data_format"]
        self.shape = [1, 1, 1, -1] if layout == "NHWC" else [1, -1, 1, 1]
        self.axes = [axis for axis in range(4) if axis != channel(layout)]
        dy, x, scale, mean, variance = op.inputs[:5]
        self.dtype = x.dtype.base_dtype
        self.dy, images = cast(dy, float32), cast(x, float32)
        self.training = bool(op.attrs["is_training"])
        if self.training:
            # The statistics are functions of x: the gradient has to see them as such.
            mean = reduce_mean(images, self.axes)
            variance = reduce_mean(square(subtract(images, self.wide(mean))), self.axes)
        self.scale = self.wide(scale)
        self.deviation = self.wide(rsqrt(add(variance, op.attrs["epsilon"])))
        self.normal = multiply(subtract(images, self.wide(mean)), self.deviation)
        self.count = divide(cast(size(x), float32), cast(size(scale), float32))

    def wide(self, vector: Any) -> Any:
        return reshape(vector, self.shape)

    def mean(self, images: Any) -> Any:
        return reduce_mean(images, self.axes, keepdims=True)

    def total(self, images: Any) -> Any:
        return reduce_sum(images, self.axes)


def _second_order(op: Operation, dys: Any) -> list[Any]:
    """Gradients to ``dy``, ``x`` and ``scale`` of the three gradients of batch normalization.

    By hand from ``dx = scale * d * (dy - mean(dy) - n * mean(dy * n))``, where ``n`` are the
    normalized images and ``d`` is one over the deviation.
    """
    now = _Channels(op)
    zero = constant(0.0)
    g = zero if dys[0] is None else cast(dys[0], float32)
    to_scale = zero if dys[1] is None else now.wide(dys[1])
    to_offset = zero if dys[2] is None else now.wide(dys[2])
    outer = multiply(now.scale, now.deviation)
    if dys[0] is None:
        g = multiply(now.dy, zero)
    if not now.training:
        to_dy = add(add(multiply(outer, g), multiply(now.normal, to_scale)), to_offset)
        to_x = multiply(multiply(now.dy, to_scale), now.deviation)
        to_gamma = now.total(multiply(multiply(now.dy, g), now.deviation))
        return [cast(to_dy, now.dtype), cast(to_x, now.dtype), to_gamma]
    g_level, g_spread = now.mean(g), now.mean(multiply(g, now.normal))
    dy_level, dy_spread = now.mean(now.dy), now.mean(multiply(now.dy, now.normal))
    back = subtract(subtract(g, g_level), multiply(now.normal, g_spread))
    to_dy = add(add(multiply(outer, back), multiply(now.normal, to_scale)), to_offset)
    centred = subtract(subtract(now.dy, dy_level), multiply(now.normal, dy_spread))
    product = multiply(g, centred)
    to_gamma = now.total(multiply(product, now.deviation))
    to_normal = subtract(
        multiply(now.dy, to_scale),
        multiply(outer, add(multiply(g, dy_spread), multiply(now.dy, g_spread))),
    )
    inner = subtract(
        subtract(to_normal, now.mean(to_normal)),
        multiply(now.normal, now.mean(multiply(to_normal, now.normal))),
    )
    through_deviation = multiply(
        multiply(multiply(now.scale, square(now.deviation)), now.normal), now.mean(product)
    )
    to_x = subtract(multiply(now.deviation, inner), through_deviation)
    return [cast(to_dy, now.dtype), cast(to_x, now.dtype), to_gamma]


_register(FusedBatchNorm, FusedBatchNormGrad, slice(3, 5))
_register(FusedBatchNormV2, FusedBatchNormGradV2, slice(3, 5))
_register(FusedBatchNormV3, FusedBatchNormGradV3, slice(3, 6))


def _statistics(given: Any, dtype: Any, *, needed: bool, name: str) -> Any:
    if given is None and not needed:
        return constant([], dtype)
    if given is None:
        msg = (
            f"Both `mean` and `variance` must be a 1D tensor when `is_training` is False or "
            f"`exponential_avg_factor` != 1.0, but `{name}` is None"
        )
        raise ValueError(msg)
    return given


def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str | None = "NHWC",
    is_training: bool = True,
    name: str | None = None,
    exponential_avg_factor: float = 1.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization of images, as one op.

    Args:
      x: images of rank 4.
      scale: ``[channels]``, float32.
      offset: ``[channels]``, float32.
      mean: ``[channels]``: what is normalized by where ``is_training`` is false.
      variance: as ``mean``.
      epsilon: added to the variance.
      data_format: ``"NHWC"`` or ``"NCHW"``.
      is_training: normalize by the batch's own mean and variance.
      name: of the operation.
      exponential_avg_factor: weight of the batch in the mean and variance that are returned.

    Returns:
      The images, and the mean and the variance of each channel. The variance of a batch is divided
      by one less than the count, while it is normalized by the one divided by the count.

    Raises:
      ValueError: mean or variance is needed and missing, or the shapes do not fit.
    """
    images = convert_to_tensor(x, name="input")
    factors = convert_to_tensor(scale, float32, name="scale")
    shifts = convert_to_tensor(offset, float32, name="offset")
    needed = not is_training or exponential_avg_factor != 1.0
    results = FusedBatchNormV3(
        images,
        factors,
        shifts,
        _statistics(mean, float32, needed=needed, name="mean"),
        _statistics(variance, float32, needed=needed, name="variance"),
        epsilon=float(epsilon),
        data_format=checked_format(data_format),
        is_training=bool(is_training),
        exponential_avg_factor=float(exponential_avg_factor),
        name=name,
    )
    return results[0], results[1], results[2]
