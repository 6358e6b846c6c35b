"""What each op becomes in ONNX: functions from `Ref`s and attributes to `Ref`s."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from polygraph.plugin import primitives
from polygraph_onnxruntime import (
    elementwise as lower_ew,
    functions as fn,
    indexing as lower_ix,
    layers as lower_layers,
    linalg as lower_linalg,
    order as lower_order,
    pooling as lower_pool,
    random as lower_random,
    reductions as lower_red,
    shaping as lower_shape,
    special,
)
from polygraph_onnxruntime.control import cond, iota, while_loop
from polygraph_onnxruntime.elementwise import doubled, widened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.plugin import Declined, Lowering, Op

control, convolution, depthwise = (
    primitives.control,
    primitives.convolution,
    primitives.depthwise,
)
decompositions, linalg, pooling = (
    primitives.decompositions,
    primitives.linalg,
    primitives.pooling,
)
ew, ix, red = primitives.elementwise, primitives.indexing, primitives.reduction
random, shaping = primitives.random, primitives.shaping

_ARITHMETIC: dict[Op, Lowering] = {
    ew.add: widened(lambda x, y: x + y),
    ew.subtract: widened(lambda x, y: x - y),
    ew.multiply: widened(lambda x, y: x * y),
    ew.divide: widened(lambda x, y: x / y),
    ew.floor_divide: lower_ew.floor_divide,
    ew.truncate_divide: lower_ew.truncate_divide,
    ew.floor_mod: lower_ew.floor_mod,
    ew.truncate_mod: lower_ew.truncate_mod,
    ew.power: lower_ew.power,
    ew.maximum: lower_ew.maximum,
    ew.minimum: lower_ew.minimum,
    ew.atan2: doubled(fn.atan2),
    ew.negative: lambda x: -x,
    ew.absolute: lower_ew.absolute,
    ew.sign: lower_ew.sign,
}

_FUNCTIONS: dict[Op, Lowering] = {
    ew.sqrt: widened(lambda x: x.sqrt()),
    ew.rsqrt: widened(lambda x: 1 / x.sqrt()),
    ew.exp: widened(lambda x: x.exp()),
    ew.expm1: doubled(fn.expm1),
    ew.log: widened(lambda x: x.log()),
    ew.log1p: doubled(fn.log1p),
    ew.sin: widened(fn.sin),
    ew.cos: widened(fn.cos),
    ew.tan: doubled(fn.tan),
    ew.asin: doubled(fn.asin),
    ew.acos: doubled(fn.acos),
    ew.atan: doubled(fn.atan),
    ew.sinh: doubled(fn.sinh),
    ew.cosh: doubled(fn.cosh),
    ew.tanh: widened(lower_ew.tanh),
    ew.asinh: doubled(fn.asinh),
    ew.acosh: doubled(fn.acosh),
    ew.atanh: doubled(fn.atanh),
    ew.erf: doubled(special.erf),
    ew.erfc: doubled(special.erfc),
    ew.erfinv: doubled(special.erfinv),
    ew.lgamma: doubled(special.lgamma),
    ew.digamma: doubled(special.digamma),
    ew.zeta: doubled(special.zeta),
    ew.floor: widened(lambda x: x.floor()),
    ew.ceil: widened(lambda x: x.unary("Ceil")),
    ew.round_half_even: widened(lambda x: x.unary("Round")),
}

_LOGIC: dict[Op, Lowering] = {
    ew.is_nan: lambda x: x.is_nan(),
    ew.is_inf: lambda x: x.is_inf(),
    ew.is_finite: lower_ew.is_finite,
    ew.bitwise_and: lambda x, y: x & y,
    ew.bitwise_or: lambda x, y: x | y,
    ew.bitwise_xor: lambda x, y: x ^ y,
    ew.bitwise_not: lambda x: ~x,
    ew.left_shift: lower_ew.left_shift,
    ew.right_shift: lower_ew.right_shift,
    ew.logical_and: lambda x, y: x & y,
    ew.logical_or: lambda x, y: x | y,
    ew.logical_not: lambda x: ~x,
    ew.equal: lambda x, y: x.equals(y),
    ew.not_equal: lower_ew.not_equal,
    ew.less: lambda x, y: x < y,
    ew.less_equal: lambda x, y: x <= y,
    ew.greater: lambda x, y: x > y,
    ew.greater_equal: lambda x, y: x >= y,
    ew.select: lambda condition, x, y: condition.where(x, y),
    ew.cast: lower_ew.cast,
    ew.bitcast: lower_ew.bitcast,
}

_REDUCTIONS: dict[Op, Lowering] = {
    red.reduce_sum: lower_red.reduce_sum,
    red.reduce_prod: lower_red.reduce_prod,
    red.reduce_max: lower_red.reduce_max,
    red.reduce_min: lower_red.reduce_min,
    red.reduce_all: lower_red.reduce_all,
    red.reduce_any: lower_red.reduce_any,
    red.argmax: lower_red.arg_reduction("ArgMax", nan_first=False),
    red.argmin: lower_red.arg_reduction("ArgMin", nan_first=True),
    red.cumsum: lower_red.scan("CumSum"),
    red.cumprod: lower_red.scan("CumProd"),
}

_SHAPING: dict[Op, Lowering] = {
    shaping.reshape: lambda x, *, shape: x.reshape(tuple(shape)),
    shaping.transpose: lower_shape.transpose,
    shaping.broadcast_to: lambda x, *, shape: x.expand(tuple(shape)),
    shaping.concatenate: lower_shape.concatenate,
    shaping.pad: lower_shape.pad,
    shaping.mirror_pad: lower_shape.mirror_pad,
    shaping.strided_slice: lower_shape.strided_slice,
    shaping.strided_slice_grad: lower_shape.strided_slice_grad,
    shaping.dynamic_slice: lower_shape.dynamic_slice,
    shaping.dynamic_update_slice: lower_shape.dynamic_update_slice,
    shaping.reverse: lower_shape.reverse,
}

_INDEXING: dict[Op, Lowering] = {
    ix.gather: lower_ix.gather,
    ix.segment_sum: lower_ix.segment_sum,
    ix.segment_prod: lower_ix.segment_prod,
    ix.segment_max: lower_ix.segment_max,
    ix.segment_min: lower_ix.segment_min,
    ix.scatter_update: lower_ix.scatter_update,
    ix.sort: lower_order.sort,
    ix.argsort: lower_order.argsort,
    ix.top_k: lower_order.top_k,
    ix.nonzero_padded: lower_ix.nonzero_padded,
    ix.unique_padded: lower_ix.unique_padded,
    ix.searchsorted: lower_order.searchsorted,
}

_LAYERS: dict[Op, Lowering] = {
    linalg.matmul: lower_linalg.matmul,
    convolution.conv2d: lower_layers.conv2d,
    convolution.conv2d_backprop_input: lower_layers.conv2d_backprop_input,
    convolution.conv2d_backprop_filter: lower_layers.conv2d_backprop_filter,
    depthwise.depthwise_conv2d: lower_layers.depthwise_conv2d,
    depthwise.depthwise_conv2d_backprop_input: lower_layers.depthwise_conv2d_backprop_input,
    depthwise.depthwise_conv2d_backprop_filter: lower_layers.depthwise_conv2d_backprop_filter,
    decompositions.qr: lower_linalg.qr,
    pooling.max_pool: lower_pool.max_pool,
    pooling.max_pool_grad: lower_pool.max_pool_grad,
    pooling.avg_pool: lower_pool.avg_pool,
    pooling.avg_pool_grad: lower_pool.avg_pool_grad,
}

_RANDOM: dict[Op, Lowering] = {
    random.philox: lower_random.philox,
    random.pivots_to_permutation: lower_random.pivots_to_permutation,
}

_OF_BLOCKS: dict[Op, Lowering] = {
    control.cond: cond,
    control.while_loop: while_loop,
    shaping.iota: iota,
}

NEED_TRANSLATION = frozenset(_OF_BLOCKS.values())
"""Lowerings that take the `Translation` first: their ops hold blocks, or have no operand."""

LOWERINGS: Mapping[Op, Lowering] = MappingProxyType(
    _ARITHMETIC
    | _FUNCTIONS
    | _LOGIC
    | _REDUCTIONS
    | _SHAPING
    | _INDEXING
    | _LAYERS
    | _RANDOM
    | _OF_BLOCKS
)
"""Every primitive but those of complex numbers; no composite."""

_COMPLEX = "no kernel of ONNX Runtime's CPU provider takes tensors of complex numbers"

UNSUPPORTED: Mapping[Declined, str] = MappingProxyType(
    dict.fromkeys(
        ("complex64", "complex128", ew.real, ew.imag, ew.modulus, ew.conj, ew.complex), _COMPLEX
    )
)
"""What it declines, with the reason."""
