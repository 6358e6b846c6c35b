"""The primitives and composites of neural networks, in one place."""

from __future__ import annotations

from polygraph.ops.primitives.convolution import (
    conv2d,
    conv2d_backprop_filter,
    conv2d_backprop_input,
)
from polygraph.ops.primitives.cross_entropy import (
    log_softmax,
    softmax,
    softmax_cross_entropy,
    sparse_softmax_cross_entropy,
)
from polygraph.ops.primitives.depthwise import (
    depthwise_conv2d,
    depthwise_conv2d_backprop_filter,
    depthwise_conv2d_backprop_input,
)
from polygraph.ops.primitives.elementwise import (
    elu,
    leaky_relu,
    relu,
    relu6,
    selu,
    sigmoid,
    softplus,
    softsign,
)
from polygraph.ops.primitives.normalization import (
    fused_batch_norm,
    fused_batch_norm_grad,
    lrn,
    lrn_grad,
)
from polygraph.ops.primitives.pooling import (
    avg_pool,
    avg_pool_grad,
    max_pool,
    max_pool_grad,
    max_pool_grad_grad,
)
from polygraph.ops.primitives.reduction import l2_loss

__all__ = [
    "avg_pool",
    "avg_pool_grad",
    "conv2d",
    "conv2d_backprop_filter",
    "conv2d_backprop_input",
    "depthwise_conv2d",
    "depthwise_conv2d_backprop_filter",
    "depthwise_conv2d_backprop_input",
    "elu",
    "fused_batch_norm",
    "fused_batch_norm_grad",
    "l2_loss",
    "leaky_relu",
    "log_softmax",
    "lrn",
    "lrn_grad",
    "max_pool",
    "max_pool_grad",
    "max_pool_grad_grad",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "softsign",
    "sparse_softmax_cross_entropy",
]
