"""Which results of a graph have memory of their own.

A node may give the very memory that it was given (a reshape does). What TensorFlow returns is then
the fed array's memory, or a constant's. New state and carried values must not be: the user may
write to a fed array, and a chain of views of views would grow with every run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import tensorflow as tf

if TYPE_CHECKING:
    from collections.abc import Iterable

FRESH = frozenset(
    {
        *("AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "Pow", "Neg", "Sqrt", "Rsqrt"),
        *("Exp", "Log", "Tanh", "SelectV2", "MatMul", "BatchMatMulV2", "Conv2D"),
        *("Conv2DBackpropInput", "Conv2DBackpropFilter", "TensorScatterUpdate"),
        *("UnsortedSegmentSum", "StatelessRandomUniformV2", "StatelessRandomNormalV2"),
        *("StatelessTruncatedNormalV2", "DeepCopy"),
    }
)
"""Types of nodes that write their result to new memory, or to that of an operand nobody else has.

Only those that new state usually comes from: any other costs one copy.
"""


def of_its_own(tensors: Iterable[tf.Tensor]) -> list[tf.Tensor]:
    """The tensors, copied where their memory might be anything else's."""
    seen: set[str] = set()
    result = []
    for tensor in tensors:
        fresh = tensor.op.type in FRESH and tensor.name not in seen
        seen.add(tensor.name)
        result.append(tensor if fresh else tf.raw_ops.DeepCopy(x=tensor))
    return result


def fetchable(tensors: Iterable[tf.Tensor]) -> list[tf.Tensor]:
    """The tensors, each a node of its own: TensorFlow returns nothing that is fed."""
    return [tf.raw_ops.Identity(input=tensor) for tensor in tensors]
