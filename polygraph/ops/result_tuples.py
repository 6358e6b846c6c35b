"""The named tuples that functions of several results give; runs give them filled with arrays.

Each bears the name of TF1's op type, and its fields the names of the op's outputs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor


class Unique(NamedTuple):
    """What `tf.unique` gives."""

    y: Tensor
    idx: Tensor


class UniqueWithCounts(NamedTuple):
    """What `tf.unique_with_counts` gives."""

    y: Tensor
    idx: Tensor
    count: Tensor  # type: ignore[assignment]


class ListDiff(NamedTuple):
    """What `tf.setdiff1d` gives."""

    out: Tensor
    idx: Tensor


class TopKV2(NamedTuple):
    """What `tf.nn.top_k` gives."""

    values: Tensor
    indices: Tensor
