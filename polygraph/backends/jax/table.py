"""What each op becomes in JAX. The other backends' tables have the same keys."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import jax
from jax import lax

from polygraph.backends.jax import (
    lowerings_control as lower_control,
    lowerings_elementwise as lower_ew,
    lowerings_indexing as lower_ix,
    lowerings_linalg as lower_linalg,
    lowerings_nn as lower_nn,
    lowerings_random as lower_random,
    lowerings_shaping as lower_shape,
)
from polygraph.backends.jax.lowerings_elementwise import broadcasting, doubled, widened
from polygraph.backends.jax.lowerings_random import engine_random
from polygraph.backends.jax.lowerings_reduction import arg_reduction, reduction, scan
from polygraph.ops.primitives import (
    control,
    convolution,
    decompositions,
    depthwise,
    distributions,
    elementwise as ew,
    indexing as ix,
    linalg,
    pooling,
    random,
    reduction as red,
    shaping,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Declined, Lowering
    from polygraph.core.ground.op import Op

_ARITHMETIC: dict[Op, Lowering] = {
    ew.add: broadcasting(lax.add),
    ew.subtract: broadcasting(lax.sub),
    ew.multiply: broadcasting(lax.mul),
    ew.divide: broadcasting(widened(lower_ew.divide)),
    ew.floor_divide: broadcasting(widened(lower_ew.floor_divide)),
    ew.truncate_divide: broadcasting(widened(lower_ew.truncate_divide)),
    ew.floor_mod: broadcasting(widened(lower_ew.floor_mod)),
    ew.truncate_mod: broadcasting(widened(lower_ew.truncate_mod)),
    ew.power: broadcasting(widened(lower_ew.power)),
    ew.maximum: broadcasting(lax.max),
    ew.minimum: broadcasting(lax.min),
    ew.atan2: broadcasting(widened(lax.atan2)),
    ew.negative: lax.neg,
    ew.absolute: lower_ew.absolute,
    ew.sign: lax.sign,
    ew.real: lax.real,
    ew.imag: lax.imag,
    ew.modulus: lower_ew.modulus,
    ew.conj: lax.conj,
    ew.complex: broadcasting(lax.complex),
}

_FUNCTIONS: dict[Op, Lowering] = {
    ew.sqrt: widened(lax.sqrt),
    ew.rsqrt: widened(lax.rsqrt),
    ew.exp: widened(lax.exp),
    ew.expm1: widened(lax.expm1),
    ew.log: widened(lax.log),
    ew.log1p: widened(lower_ew.log1p),
    ew.sin: widened(lax.sin),
    ew.cos: widened(lax.cos),
    ew.tan: widened(lax.tan),
    ew.asin: widened(lax.asin),
    ew.acos: widened(lax.acos),
    ew.atan: widened(lax.atan),
    ew.sinh: widened(lax.sinh),
    ew.cosh: widened(lax.cosh),
    ew.tanh: widened(lax.tanh),
    ew.asinh: widened(lax.asinh),
    ew.acosh: widened(lax.acosh),
    ew.atanh: widened(lower_ew.atanh),
    ew.erf: widened(lax.erf),
    ew.erfc: widened(lax.erfc),
    ew.erfinv: widened(lax.erf_inv),
    ew.lgamma: doubled(lax.lgamma),
    ew.digamma: doubled(lax.digamma),
    ew.zeta: broadcasting(lower_ew.zeta),
    ew.floor: lax.floor,
    ew.ceil: lax.ceil,
    ew.round_half_even: lambda x: lax.round(x, lax.RoundingMethod.TO_NEAREST_EVEN),
}

_LOGIC: dict[Op, Lowering] = {
    ew.is_nan: lambda x: lax.ne(x, x),
    ew.is_inf: lower_ew.is_inf,
    ew.is_finite: lax.is_finite,
    ew.bitwise_and: broadcasting(lax.bitwise_and),
    ew.bitwise_or: broadcasting(lax.bitwise_or),
    ew.bitwise_xor: broadcasting(lax.bitwise_xor),
    ew.bitwise_not: lax.bitwise_not,
    ew.left_shift: broadcasting(lower_ew.left_shift),
    ew.right_shift: broadcasting(lower_ew.right_shift),
    ew.logical_and: broadcasting(lax.bitwise_and),
    ew.logical_or: broadcasting(lax.bitwise_or),
    ew.logical_not: lax.bitwise_not,
    ew.equal: broadcasting(lax.eq),
    ew.not_equal: broadcasting(lax.ne),
    ew.less: broadcasting(lax.lt),
    ew.less_equal: broadcasting(lax.le),
    ew.greater: broadcasting(lax.gt),
    ew.greater_equal: broadcasting(lax.ge),
    ew.select: broadcasting(lax.select),
    ew.cast: lower_ew.cast,
    ew.bitcast: lower_ew.bitcast,
}

_REDUCTIONS: dict[Op, Lowering] = {
    red.reduce_sum: widened(reduction(lax.reduce_sum)),
    red.reduce_prod: widened(reduction(lax.reduce_prod)),
    red.reduce_max: reduction(lax.reduce_max),
    red.reduce_min: reduction(lax.reduce_min),
    red.reduce_all: reduction(lax.reduce_and),
    red.reduce_any: reduction(lax.reduce_or),
    red.argmax: arg_reduction(lax.argmax),
    red.argmin: arg_reduction(lax.argmin),
    red.cumsum: widened(scan(lax.cumsum, 0)),
    red.cumprod: widened(scan(lax.cumprod, 1)),
}

_SHAPING: dict[Op, Lowering] = {
    shaping.reshape: lambda x, *, shape: lax.reshape(x, shape),
    shaping.transpose: lambda x, *, perm: lax.transpose(x, perm),
    shaping.broadcast_to: lower_shape.broadcast_to,
    shaping.concatenate: lambda *xs, axis: lax.concatenate(xs, axis),
    shaping.pad: lower_shape.pad,
    shaping.mirror_pad: lower_shape.mirror_pad,
    shaping.strided_slice: lower_shape.strided_slice,
    shaping.strided_slice_grad: lower_shape.strided_slice_grad,
    shaping.dynamic_slice: lower_shape.dynamic_slice,
    shaping.dynamic_update_slice: lower_shape.dynamic_update_slice,
    shaping.reverse: lambda x, *, axes: lax.rev(x, axes),
    shaping.iota: lambda *, dtype, size: lax.iota(dtype, size),
}

_INDEXING: dict[Op, Lowering] = {
    ix.gather: lower_ix.gather,
    ix.segment_sum: lower_ix.segment_sum,
    ix.segment_prod: lower_ix.segment_prod,
    ix.segment_max: lower_ix.segment_max,
    ix.segment_min: lower_ix.segment_min,
    ix.scatter_update: lower_ix.scatter_update,
    ix.sort: lower_ix.sort,
    ix.argsort: lower_ix.argsort,
    ix.top_k: lower_ix.top_k,
    ix.nonzero_padded: lower_ix.nonzero_padded,
    ix.unique_padded: lower_ix.unique_padded,
    ix.searchsorted: lower_ix.searchsorted,
}

_LAYERS: dict[Op, Lowering] = {
    linalg.matmul: lower_linalg.matmul,
    convolution.conv2d: lower_nn.conv2d,
    convolution.conv2d_backprop_input: lower_nn.conv2d_backprop_input,
    convolution.conv2d_backprop_filter: lower_nn.conv2d_backprop_filter,
    depthwise.depthwise_conv2d: lower_nn.depthwise_conv2d,
    depthwise.depthwise_conv2d_backprop_input: lower_nn.depthwise_conv2d_backprop_input,
    depthwise.depthwise_conv2d_backprop_filter: lower_nn.depthwise_conv2d_backprop_filter,
    decompositions.qr: lambda x: lax.linalg.qr(x, full_matrices=False),
    pooling.max_pool: lower_nn.max_pool,
    pooling.max_pool_grad: lower_nn.max_pool_grad,
    pooling.avg_pool: lower_nn.avg_pool,
    pooling.avg_pool_grad: lower_nn.avg_pool_grad,
}

_OTHERS: dict[Op, Lowering] = {
    random.philox: lower_random.philox,
    random.pivots_to_permutation: lower_random.pivots_to_permutation,
    control.cond: lower_control.cond,
    control.while_loop: lower_control.while_loop,
}

LOWERINGS: Mapping[Op, Lowering] = MappingProxyType(
    _ARITHMETIC | _FUNCTIONS | _LOGIC | _REDUCTIONS | _SHAPING | _INDEXING | _LAYERS | _OTHERS
)
"""Every primitive. No composite: XLA fuses their bodies into what it would make of a whole."""

ENGINE_RANDOM: Mapping[Op, Lowering] = MappingProxyType(
    {
        distributions.random_uniform: engine_random(jax.random.uniform),
        distributions.random_normal: engine_random(jax.random.normal),
        distributions.random_truncated_normal: engine_random(lower_random.truncated_normal),
    }
)
"""Claimed where the option ``engine_random`` is set."""

UNSUPPORTED: Mapping[Declined, str] = MappingProxyType({})
"""Nothing: XLA holds every dtype but strings, which reach no Program."""

NOTES: Mapping[str, str] = MappingProxyType(
    {
        "subnormal numbers": (
            "XLA on the CPU flushes them to zero in arithmetic and comparisons, as TensorFlow "
            "does; no option of XLA's changes that. Moving them keeps them."
        ),
        "powers of complex numbers": "go by way of logarithms, also for whole exponents.",
        "sinh and cosh": "lose up to 8 bits next to overflow.",
    }
)
"""Where results differ from the references by more than rounding, and why."""

WIDENED: Mapping[tuple[Op, str], str] = MappingProxyType({})
"""Nothing: XLA has the floats of 16 bits, and lowerings that need more precision take it."""
