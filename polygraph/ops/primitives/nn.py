"""The primitives and composites of neural networks, in one place."""

from __future__ import annotations

from polygraph.ops.primitives.convolution import (
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
)
from polygraph.ops.primitives.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_backprop_filter,
    depthwise_conv2d_backprop_input,
)
from polygraph.ops.primitives.pooling import avg_pool, avg_pool_grad, max_pool, max_pool_grad

__all__ = [
    "avg_pool",
    "avg_pool_grad",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "depthwise_conv2d",
    "depthwise_conv2d_backprop_filter",
    "depthwise_conv2d_backprop_input",
    "max_pool",
    "max_pool_grad",
]
