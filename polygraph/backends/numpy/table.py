"""What each op becomes in NumPy: its reference, or a ufunc that writes where it is told to."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from polygraph.core.ground.op import REGISTRY, Primitive
from polygraph.ops.primitives import (
    convolution,
    depthwise,
    elementwise as ew,
    linalg,
    pooling,
    reduction as red,
    shaping,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op


def references() -> Mapping[Op, Lowering]:
    """The references of all primitives that exist now, plugins' included."""
    return MappingProxyType(
        {op: op.function for op in REGISTRY.values() if isinstance(op, Primitive)}
    )


UFUNCS: Mapping[Op, np.ufunc] = MappingProxyType(
    {
        ew.add: np.add,
        ew.subtract: np.subtract,
        ew.multiply: np.multiply,
        ew.divide: np.divide,
        ew.maximum: np.maximum,
        ew.minimum: np.minimum,
        ew.negative: np.negative,
        ew.absolute: np.absolute,
        ew.sqrt: np.sqrt,
        ew.exp: np.exp,
        ew.expm1: np.expm1,
        ew.log: np.log,
        ew.sin: np.sin,
        ew.cos: np.cos,
        ew.tanh: np.tanh,
        ew.floor: np.floor,
        ew.ceil: np.ceil,
        ew.round_half_even: np.rint,
        ew.is_nan: np.isnan,
        ew.is_inf: np.isinf,
        ew.is_finite: np.isfinite,
        ew.bitwise_and: np.bitwise_and,
        ew.bitwise_or: np.bitwise_or,
        ew.bitwise_xor: np.bitwise_xor,
        ew.logical_and: np.logical_and,
        ew.logical_or: np.logical_or,
        ew.logical_not: np.logical_not,
        ew.equal: np.equal,
        ew.not_equal: np.not_equal,
        ew.less: np.less,
        ew.less_equal: np.less_equal,
        ew.greater: np.greater,
        ew.greater_equal: np.greater_equal,
    }
)
"""Ops that are one ufunc, which may write into a planned buffer. Each gives what the op's
reference gives; the 16-bit floats, which references compute in float32, never take this way."""

FRESH: frozenset[Op] = frozenset(
    {
        *UFUNCS,
        linalg.matmul,
        convolution.conv2d,
        convolution.conv2d_backprop_input,
        convolution.conv2d_backprop_filter,
        depthwise.depthwise_conv2d,
        pooling.max_pool,
        pooling.max_pool_grad,
        pooling.avg_pool,
        pooling.avg_pool_grad,
        ew.select,
        ew.sign,
        ew.rsqrt,
        ew.power,
        red.argmax,
        red.argmin,
        shaping.pad,
        red.reduce_max,
        red.reduce_min,
        red.reduce_all,
        red.reduce_any,
    }
)
"""Ops whose result is never a view of an operand."""
