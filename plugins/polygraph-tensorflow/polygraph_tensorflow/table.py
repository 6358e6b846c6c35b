"""What each op becomes in TensorFlow."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from polygraph.plugin import primitives
from polygraph_tensorflow import (
    control as lower_control,
    convolution as lower_conv,
    elementwise as lower_ew,
    functions as lower_fn,
    indexing as lower_ix,
    linalg as lower_linalg,
    pooling as lower_pool,
    random as lower_random,
    shaping as lower_shape,
)
from polygraph_tensorflow.broadcasting import broadcast_to, broadcasting
from polygraph_tensorflow.elementwise import binary, raw, unary
from polygraph_tensorflow.indexing import extreme_segment, segment
from polygraph_tensorflow.random import draw
from polygraph_tensorflow.reduction import arg_reduction, reduction, scan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.plugin import Lowering, Op


ew = primitives.elementwise
ix = primitives.indexing
red = primitives.reduction
shaping = primitives.shaping
conv = primitives.convolution
depthwise = primitives.depthwise
pooling = primitives.pooling
random = primitives.random
distributions = primitives.distributions

_ARITHMETIC: dict[Op, Lowering] = {
    ew.add: broadcasting(binary(raw.AddV2)),
    ew.subtract: broadcasting(binary(raw.Sub)),
    ew.multiply: broadcasting(binary(raw.Mul)),
    ew.divide: broadcasting(lower_fn.divide),
    ew.floor_divide: broadcasting(lower_ew.floor_divide),
    ew.truncate_divide: broadcasting(lower_ew.truncate_divide),
    ew.floor_mod: broadcasting(lower_ew.floor_mod),
    ew.truncate_mod: broadcasting(lower_ew.truncate_mod),
    ew.power: broadcasting(lower_fn.any_power),
    ew.maximum: broadcasting(lower_ew.maximum),
    ew.minimum: broadcasting(lower_ew.minimum),
    ew.atan2: broadcasting(lambda y, x: raw.Atan2(y=y, x=x)),
    ew.negative: lower_ew.negative,
    ew.absolute: lower_ew.absolute,
    ew.sign: lower_fn.sign,
    ew.real: lower_ew.real,
    ew.imag: lower_ew.imag,
    ew.modulus: lower_ew.modulus,
    ew.conj: lambda x: raw.Conj(input=x),
    ew.complex: broadcasting(lower_ew.make_complex),
}

_FUNCTIONS: dict[Op, Lowering] = {
    ew.sqrt: unary(raw.Sqrt),
    ew.rsqrt: lower_fn.rsqrt,
    ew.exp: unary(raw.Exp),
    ew.expm1: lower_fn.expm1,
    ew.log: lower_fn.log,
    ew.log1p: lower_fn.log1p,
    ew.sin: unary(raw.Sin),
    ew.cos: unary(raw.Cos),
    ew.tan: unary(raw.Tan),
    ew.asin: unary(raw.Asin),
    ew.acos: unary(raw.Acos),
    ew.atan: unary(raw.Atan),
    ew.sinh: unary(raw.Sinh),
    ew.cosh: unary(raw.Cosh),
    ew.tanh: unary(raw.Tanh),
    ew.asinh: unary(raw.Asinh),
    ew.acosh: unary(raw.Acosh),
    ew.atanh: unary(raw.Atanh),
    ew.erf: lower_fn.erf,
    ew.erfc: unary(raw.Erfc),
    ew.erfinv: lower_fn.erfinv,
    ew.lgamma: unary(raw.Lgamma),
    ew.digamma: unary(raw.Digamma),
    ew.zeta: broadcasting(lambda s, q: raw.Zeta(x=s, q=q)),
    ew.floor: unary(raw.Floor),
    ew.ceil: unary(raw.Ceil),
    ew.round_half_even: unary(raw.Rint),
}

_LOGIC: dict[Op, Lowering] = {
    ew.is_nan: unary(raw.IsNan),
    ew.is_inf: unary(raw.IsInf),
    ew.is_finite: unary(raw.IsFinite),
    ew.bitwise_and: broadcasting(binary(raw.BitwiseAnd)),
    ew.bitwise_or: broadcasting(binary(raw.BitwiseOr)),
    ew.bitwise_xor: broadcasting(binary(raw.BitwiseXor)),
    ew.bitwise_not: unary(raw.Invert),
    ew.left_shift: broadcasting(lower_ew.left_shift),
    ew.right_shift: broadcasting(lower_ew.right_shift),
    ew.logical_and: broadcasting(binary(raw.LogicalAnd)),
    ew.logical_or: broadcasting(binary(raw.LogicalOr)),
    ew.logical_not: unary(raw.LogicalNot),
    ew.equal: broadcasting(binary(raw.Equal)),
    ew.not_equal: broadcasting(binary(raw.NotEqual)),
    ew.less: broadcasting(binary(raw.Less)),
    ew.less_equal: broadcasting(binary(raw.LessEqual)),
    ew.greater: broadcasting(binary(raw.Greater)),
    ew.greater_equal: broadcasting(binary(raw.GreaterEqual)),
    ew.select: broadcasting(lower_ew.select),
    ew.cast: lower_ew.cast,
    ew.bitcast: lower_ew.bitcast,
}

_REDUCTIONS: dict[Op, Lowering] = {
    red.reduce_sum: reduction(raw.Sum),
    red.reduce_prod: reduction(raw.Prod),
    red.reduce_max: reduction(raw.Max),
    red.reduce_min: reduction(raw.Min),
    red.reduce_all: reduction(raw.All),
    red.reduce_any: reduction(raw.Any),
    red.argmax: arg_reduction(raw.ArgMax),
    red.argmin: arg_reduction(raw.ArgMin),
    red.cumsum: scan(raw.Cumsum),
    red.cumprod: scan(raw.Cumprod),
}

_SHAPING: dict[Op, Lowering] = {
    shaping.reshape: lower_shape.reshape,
    shaping.transpose: lower_shape.transpose,
    shaping.broadcast_to: broadcast_to,
    shaping.concatenate: lower_shape.concatenate,
    shaping.pad: lower_shape.pad,
    shaping.mirror_pad: lower_shape.mirror_pad,
    shaping.strided_slice: lower_shape.strided_slice,
    shaping.strided_slice_grad: lower_shape.strided_slice_grad,
    shaping.dynamic_slice: lower_shape.dynamic_slice,
    shaping.dynamic_update_slice: lower_shape.dynamic_update_slice,
    shaping.reverse: lower_shape.reverse,
    shaping.iota: lower_shape.iota,
}

_INDEXING: dict[Op, Lowering] = {
    ix.gather: lower_ix.gather,
    ix.segment_sum: segment(raw.UnsortedSegmentSum),
    ix.segment_prod: segment(raw.UnsortedSegmentProd),
    ix.segment_max: extreme_segment(raw.UnsortedSegmentMax),
    ix.segment_min: extreme_segment(raw.UnsortedSegmentMin),
    ix.scatter_update: lower_ix.scatter_update,
    ix.sort: lower_ix.sort,
    ix.argsort: lower_ix.argsort,
    ix.top_k: lower_ix.top_k,
    ix.nonzero_padded: lower_ix.nonzero_padded,
    ix.unique_padded: lower_ix.unique_padded,
    ix.searchsorted: lower_ix.searchsorted,
}

_LAYERS: dict[Op, Lowering] = {
    primitives.linalg.matmul: lower_linalg.matmul,
    primitives.decompositions.qr: lower_linalg.qr,
    conv.conv2d: lower_conv.conv2d,
    conv.conv2d_backprop_input: lower_conv.conv2d_backprop_input,
    conv.conv2d_backprop_filter: lower_conv.conv2d_backprop_filter,
    depthwise.depthwise_conv2d: lower_conv.depthwise_conv2d,
    depthwise.depthwise_conv2d_backprop_input: lower_conv.depthwise_conv2d_backprop_input,
    depthwise.depthwise_conv2d_backprop_filter: lower_conv.depthwise_conv2d_backprop_filter,
    pooling.max_pool: lower_pool.max_pool,
    pooling.max_pool_grad: lower_pool.max_pool_grad,
    pooling.avg_pool: lower_pool.avg_pool,
    pooling.avg_pool_grad: lower_pool.avg_pool_grad,
}

_OTHERS: dict[Op, Lowering] = {
    random.philox: lower_random.philox,
    random.pivots_to_permutation: lower_random.pivots_to_permutation,
    primitives.control.cond: lower_control.cond,
    primitives.control.while_loop: lower_control.while_loop,
}

_COMPOSITES: dict[Op, Lowering] = {
    distributions.random_uniform: draw(raw.StatelessRandomUniformV2),
    distributions.random_normal: draw(raw.StatelessRandomNormalV2),
    distributions.random_truncated_normal: draw(raw.StatelessTruncatedNormalV2),
}

LOWERINGS: Mapping[Op, Lowering] = MappingProxyType(
    _ARITHMETIC
    | _FUNCTIONS
    | _LOGIC
    | _REDUCTIONS
    | _SHAPING
    | _INDEXING
    | _LAYERS
    | _OTHERS
    | _COMPOSITES
)
"""Every primitive, and the random numbers that TensorFlow's own nodes draw."""
