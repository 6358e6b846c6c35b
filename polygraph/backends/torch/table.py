"""What each op becomes in torch. The other backends' tables have the same keys."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import torch

from polygraph.backends.torch import (
    lowerings_control as lower_control,
    lowerings_elementwise as lower_ew,
    lowerings_indexing as lower_ix,
    lowerings_integers as lower_int,
    lowerings_nn as lower_nn,
    lowerings_random as lower_random,
    lowerings_reduction as lower_red,
    lowerings_shaping as lower_shape,
    lowerings_training as lower_training,
)
from polygraph.ops.primitives import (
    control,
    convolution,
    cross_entropy,
    decompositions,
    depthwise,
    distributions,
    elementwise as ew,
    indexing as ix,
    linalg,
    pooling,
    random,
    reduction as red,
    scatter,
    shaping,
    training,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Declined, Lowering
    from polygraph.core.ground.op import Op

_ARITHMETIC: dict[Op, Lowering] = {
    ew.add: torch.add,
    ew.subtract: torch.sub,
    ew.multiply: torch.mul,
    ew.divide: torch.div,
    ew.floor_divide: lower_int.floor_divide,
    ew.truncate_divide: lower_int.truncate_divide,
    ew.floor_mod: lower_int.floor_mod,
    ew.truncate_mod: lower_int.truncate_mod,
    ew.power: lower_ew.power,
    ew.maximum: torch.maximum,
    ew.minimum: torch.minimum,
    ew.atan2: torch.atan2,
    ew.negative: torch.neg,
    ew.absolute: lower_int.absolute,
    ew.sign: lower_ew.sign,
    ew.real: lower_ew.real,
    ew.imag: lower_ew.imag,
    ew.modulus: torch.abs,
    ew.conj: torch.conj_physical,
    ew.complex: torch.complex,
    ew.square: lower_ew.square,
}

_FUNCTIONS: dict[Op, Lowering] = {
    ew.sqrt: torch.sqrt,
    ew.rsqrt: torch.rsqrt,
    ew.exp: torch.exp,
    ew.expm1: torch.expm1,
    ew.log: torch.log,
    ew.log1p: torch.log1p,
    ew.sin: torch.sin,
    ew.cos: torch.cos,
    ew.tan: torch.tan,
    ew.asin: torch.asin,
    ew.acos: torch.acos,
    ew.atan: torch.atan,
    ew.sinh: lower_ew.sinh,
    ew.cosh: lower_ew.cosh,
    ew.tanh: torch.tanh,
    ew.asinh: torch.asinh,
    ew.acosh: torch.acosh,
    ew.atanh: torch.atanh,
    ew.erf: lower_ew.in_float32(torch.erf),
    ew.erfc: torch.erfc,
    ew.erfinv: torch.erfinv,
    ew.lgamma: torch.lgamma,
    ew.digamma: lower_ew.digamma,
    ew.zeta: lower_ew.zeta,
    ew.floor: torch.floor,
    ew.ceil: torch.ceil,
    ew.round_half_even: torch.round,
    ew.sigmoid: torch.sigmoid,
    ew.softplus: lower_ew.softplus,
    ew.softsign: torch.nn.functional.softsign,
    ew.relu: torch.relu,
    ew.relu6: lower_ew.relu6,
    ew.leaky_relu: lower_ew.leaky_relu,
    ew.elu: torch.nn.functional.elu,
    ew.selu: torch.selu,
}

_LOGIC: dict[Op, Lowering] = {
    ew.is_nan: torch.isnan,
    ew.is_inf: torch.isinf,
    ew.is_finite: torch.isfinite,
    ew.bitwise_and: torch.bitwise_and,
    ew.bitwise_or: torch.bitwise_or,
    ew.bitwise_xor: torch.bitwise_xor,
    ew.bitwise_not: torch.bitwise_not,
    ew.left_shift: lower_int.left_shift,
    ew.right_shift: lower_int.right_shift,
    ew.logical_and: torch.logical_and,
    ew.logical_or: torch.logical_or,
    ew.logical_not: torch.logical_not,
    ew.equal: torch.eq,
    ew.not_equal: torch.ne,
    ew.less: torch.lt,
    ew.less_equal: torch.le,
    ew.greater: torch.gt,
    ew.greater_equal: torch.ge,
    ew.select: torch.where,
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
    red.argmax: lower_red.argmax,
    red.argmin: lower_red.argmin,
    red.cumsum: lower_red.cumsum,
    red.cumprod: lower_red.cumprod,
    linalg.matmul: lower_red.matmul,
    decompositions.qr: lower_red.qr,
}

_SHAPING: dict[Op, Lowering] = {
    shaping.reshape: lower_shape.reshape,
    shaping.transpose: lower_shape.transpose,
    shaping.broadcast_to: lower_shape.broadcast_to,
    shaping.concatenate: lower_shape.concatenate,
    shaping.pad: lower_shape.pad,
    shaping.mirror_pad: lower_shape.mirror_pad,
    shaping.strided_slice: lower_shape.strided_slice,
    shaping.strided_slice_grad: lower_shape.strided_slice_grad,
    shaping.dynamic_slice: lower_shape.dynamic_slice,
    shaping.dynamic_update_slice: lower_shape.dynamic_update_slice,
    shaping.reverse: lower_shape.reverse,
    shaping.iota: lower_shape.iota,
    shaping.tile: lower_shape.tile,
    shaping.stack: lower_shape.stack,
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
    scatter.scatter_add: lower_ix.scatter_add,
}

_LAYERS: dict[Op, Lowering] = {
    convolution.conv2d: lower_nn.conv2d,
    convolution.conv2d_backprop_input: lower_nn.conv2d_backprop_input,
    convolution.conv2d_backprop_filter: lower_nn.conv2d_backprop_filter,
    depthwise.depthwise_conv2d: lower_nn.depthwise_conv2d,
    depthwise.depthwise_conv2d_backprop_input: lower_nn.depthwise_conv2d_backprop_input,
    depthwise.depthwise_conv2d_backprop_filter: lower_nn.depthwise_conv2d_backprop_filter,
    pooling.max_pool: lower_nn.max_pool,
    pooling.max_pool_grad: lower_nn.max_pool_grad,
    pooling.avg_pool: lower_nn.avg_pool,
    pooling.avg_pool_grad: lower_nn.avg_pool_grad,
    cross_entropy.softmax: lower_nn.softmax,
    cross_entropy.log_softmax: lower_nn.log_softmax,
    cross_entropy.softmax_cross_entropy: lower_nn.softmax_cross_entropy,
    cross_entropy.sparse_softmax_cross_entropy: lower_nn.sparse_softmax_cross_entropy,
}

_OTHERS: dict[Op, Lowering] = {
    random.philox: lower_random.philox,
    random.pivots_to_permutation: lower_random.pivots_to_permutation,
    training.apply_gradient_descent: lower_training.apply_gradient_descent,
    training.apply_momentum: lower_training.apply_momentum,
    training.apply_adam: lower_training.apply_adam,
    control.cond: lower_control.cond,
    control.while_loop: lower_control.while_loop,
}

LOWERINGS: Mapping[Op, Lowering] = MappingProxyType(
    _ARITHMETIC | _FUNCTIONS | _LOGIC | _REDUCTIONS | _SHAPING | _INDEXING | _LAYERS | _OTHERS
)
"""Every primitive, and the composites that torch has a faster whole for."""

ON_HOST: Mapping[Op, Lowering] = MappingProxyType(
    {
        shaping.dynamic_slice: lower_shape.dynamic_slice_on_host,
        shaping.dynamic_update_slice: lower_shape.dynamic_update_slice_on_host,
    }
)
"""Better where Python may read a tensor without waiting for a device."""

ENGINE_RANDOM: Mapping[Op, Lowering] = MappingProxyType(
    {
        distributions.random_uniform: lower_random.engine_random(torch.rand),
        distributions.random_normal: lower_random.engine_random(torch.randn),
        distributions.random_truncated_normal: lower_random.engine_random(
            lower_random.truncated_normal
        ),
    }
)
"""Claimed where the option ``engine_random`` is set."""

READS_VALUES: frozenset[Op] = frozenset({random.pivots_to_permutation, *ENGINE_RANDOM})
"""Ops that read tensors in Python: neither inductor nor a CUDA graph can hold them."""

IN_PLACE: Mapping[Op, Lowering] = MappingProxyType(
    {
        training.apply_gradient_descent: lower_training.apply_gradient_descent_in_place,
        training.apply_momentum: lower_training.apply_momentum_in_place,
        training.apply_adam: lower_training.apply_adam_in_place,
        ix.scatter_update: lower_ix.scatter_update_in_place,
        scatter.scatter_add: lower_ix.scatter_add_in_place,
        shaping.dynamic_update_slice: lower_shape.dynamic_update_slice_in_place,
    }
)
"""The same, written into the first operands, of which there are as many as results."""

VIEWS: frozenset[Op] = frozenset(
    {
        shaping.reshape,
        shaping.transpose,
        shaping.broadcast_to,
        shaping.strided_slice,
        shaping.strided_slice_grad,
        shaping.dynamic_slice,
        shaping.dynamic_update_slice,
        shaping.pad,
        shaping.mirror_pad,
        ew.cast,
        ew.bitcast,
        ew.real,
        ew.imag,
        ew.absolute,
        red.reduce_sum,
        red.reduce_prod,
        red.reduce_max,
        red.reduce_min,
        red.reduce_all,
        red.reduce_any,
        red.cumsum,
        red.cumprod,
        control.cond,
        control.while_loop,
    }
)
"""Ops whose results may share memory with their operands."""

MODULAR: frozenset[Op] = frozenset(
    {
        ew.add,
        ew.subtract,
        ew.multiply,
        ew.negative,
        ew.square,
        ew.bitwise_and,
        ew.bitwise_or,
        ew.bitwise_xor,
        ew.bitwise_not,
        ew.equal,
        ew.not_equal,
        ew.select,
        red.reduce_sum,
        red.reduce_prod,
        red.cumsum,
        red.cumprod,
        linalg.matmul,
        shaping.concatenate,
        shaping.pad,
        shaping.mirror_pad,
        shaping.strided_slice,
        shaping.strided_slice_grad,
        shaping.dynamic_slice,
        shaping.dynamic_update_slice,
        shaping.reverse,
        shaping.tile,
        shaping.stack,
        ix.gather,
        ix.segment_sum,
        ix.segment_prod,
        ix.scatter_update,
        ix.nonzero_padded,
        ix.unique_padded,
        scatter.scatter_add,
    }
)
"""Ops that do the same to the bits of unsigned integers as to those of signed ones."""

ORDERED: frozenset[Op] = frozenset(
    {
        ew.maximum,
        ew.minimum,
        ew.less,
        ew.less_equal,
        ew.greater,
        ew.greater_equal,
        red.reduce_max,
        red.reduce_min,
        red.argmax,
        red.argmin,
        ix.segment_max,
        ix.segment_min,
        ix.sort,
        ix.argsort,
        ix.top_k,
        ix.searchsorted,
        pooling.max_pool,
    }
)
"""Ops that only compare integers."""

UNSIGNED: Mapping[Op, Lowering] = MappingProxyType(
    {
        ew.power: lower_int.power_of_bits,
        ew.sign: lower_int.sign_of_unsigned,
        ew.relu: lower_int.same,
        pooling.max_pool_grad: lower_nn.max_pool_grad_of_bits,
    }
)
"""Ops that are another thing for unsigned integers."""

UNSUPPORTED: Mapping[Declined, str] = MappingProxyType(
    {
        **{
            (ew.relu6, name): "torch does not clamp integers of this dtype"
            for name in ("uint16", "uint32", "uint64")
        },
        **{
            (cross_entropy.log_softmax, name): "torch rounds its sum to this dtype midway"
            for name in ("float16", "bfloat16")
        },
    }
)
"""What has no lowering, and why. A composite here runs by its body."""

NOTES: Mapping[str, str] = MappingProxyType(
    {
        "powers of complex numbers": "go by way of logarithms, also for whole exponents.",
        "functions of float32": (
            "in inductor's kernels give 0 where the result is subnormal; acosh is infinite there "
            "from 2e19 on."
        ),
    }
)
"""Where results differ from the references by more than rounding, and why."""
