"""What TensorFlow's kernels for the processor cannot do, or only in a wider dtype."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from polygraph.plugin import primitives

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from polygraph.plugin import Declined, Op

ew = primitives.elementwise
ix = primitives.indexing
red = primitives.reduction
conv = primitives.convolution
depthwise = primitives.depthwise
pooling = primitives.pooling

_IN_FLOAT32: tuple[Op, ...] = (
    *(ew.divide, ew.floor_divide, ew.truncate_divide, ew.floor_mod, ew.truncate_mod, ew.power),
    *(ew.atan2, ew.sqrt, ew.rsqrt, ew.exp, ew.expm1, ew.log, ew.log1p, ew.sin, ew.cos, ew.tan),
    *(ew.asin, ew.acos, ew.atan, ew.sinh, ew.cosh, ew.tanh, ew.asinh, ew.acosh, ew.atanh),
    *(ew.erf, ew.erfc, ew.lgamma, ew.digamma, ew.floor, ew.ceil, ew.round_half_even),
    *(red.reduce_sum, red.reduce_prod, red.cumsum, red.cumprod, ix.segment_sum, ix.segment_prod),
    primitives.linalg.matmul,
    *(conv.conv2d, conv.conv2d_backprop_input, conv.conv2d_backprop_filter),
    depthwise.depthwise_conv2d,
    depthwise.depthwise_conv2d_backprop_input,
    depthwise.depthwise_conv2d_backprop_filter,
    *(pooling.max_pool, pooling.max_pool_grad, pooling.avg_pool, pooling.avg_pool_grad),
)
"""What the 16-bit floats compute in float32: kernels of their own round on the way, or lack."""

_PRODUCTS = {"int8": "int32", "int16": "int32", "uint8": "int32", "uint16": "int32"}
_POWERS = {"uint8": "int32", "uint16": "int32", "uint32": "int64"}
_WIDE_PRODUCTS = {"uint32": "int64", "uint64": "int64"}
"""Products wrap around alike in wider and in signed integers."""


def _widened() -> Iterator[tuple[tuple[Op, str], str]]:
    for op in _IN_FLOAT32:
        for half in ("float16", "bfloat16"):
            yield (op, half), "float32"
    for narrow, wide in (_PRODUCTS | _WIDE_PRODUCTS).items():
        yield (primitives.linalg.matmul, narrow), wide
    for narrow, wide in _POWERS.items():
        yield (ew.power, narrow), wide
    yield (pooling.max_pool, "uint32"), "int64"
    for op in (ew.power, ew.log, ew.log1p):
        yield (op, "complex64"), "complex128"
    for narrow in ("float16", "bfloat16", "float32"):
        yield (ew.erfinv, narrow), "float64"


WIDENED: Mapping[tuple[Op, str], str] = MappingProxyType(dict(_widened()))
"""What TensorFlow computes in a wider dtype."""

UNSUPPORTED: Mapping[Declined, str] = MappingProxyType({})
"""What TensorFlow has no kernel for."""

WAIVERS: Mapping[str, str] = MappingProxyType({})
"""Conformance cases that fail because of TensorFlow, and why."""
