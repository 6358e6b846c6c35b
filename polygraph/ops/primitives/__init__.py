"""The primitives and composites that Programs are made of; one file a family."""

from __future__ import annotations

from polygraph.ops.primitives import (
    control,
    convolution,
    cross_entropy,
    decompositions,
    depthwise,
    distributions,
    elementwise,
    indexing,
    linalg,
    nn,
    normalization,
    pooling,
    random,
    reduction,
    scatter,
    shaping,
    special_functions,
    training,
    training_regularised,
    windows,
)

__all__ = [
    "control",
    "convolution",
    "cross_entropy",
    "decompositions",
    "depthwise",
    "distributions",
    "elementwise",
    "indexing",
    "linalg",
    "nn",
    "normalization",
    "pooling",
    "random",
    "reduction",
    "scatter",
    "shaping",
    "special_functions",
    "training",
    "training_regularised",
    "windows",
]
