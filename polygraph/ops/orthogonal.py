"""The initializer of orthogonal matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from polygraph.core.ground.dtypes import float32
from polygraph.core.ground.tensor_shape import as_shape
from polygraph.ops.arithmetic import multiply, sign
from polygraph.ops.decompositions import qr
from polygraph.ops.initializers import Initializer, floating_dtype
from polygraph.ops.random_functions import random_normal
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.reshaping import reshape
from polygraph.ops.transposing import transpose

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor

__all__ = ["orthogonal_initializer"]


class Orthogonal(Initializer):
    """A random matrix with orthonormal columns, or rows where it is wider than high.

    The first dimensions of a shape of higher rank count as one (Saxe et al. 2013).

    Args:
      gain: factor.
      seed: of the random operation.
      dtype: a floating point type.

    Raises:
      ValueError: the dtype is none or, when called, the shape has less than two dimensions.
    """

    arguments: ClassVar[tuple[str, ...]] = ("gain", "seed")

    def __init__(self, gain: float = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        self.gain, self.seed = gain, seed
        self.dtype = floating_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """A random tensor."""
        del partition_info
        dims: list[Any] = as_shape(shape).as_list()
        if len(dims) < 2:  # noqa: PLR2004 - a matrix
            msg = f"An orthogonal matrix needs at least two dimensions, but the shape is {dims}."
            raise ValueError(msg)
        dtype = self._dtype(dtype)
        rows, columns = math.prod(dims[:-1]), dims[-1]
        high = (max(rows, columns), min(rows, columns))
        q, r = qr(random_normal(high, dtype=dtype, seed=self.seed))
        # The factors are unique, so the draw is fair, once r's diagonal is positive.
        diagonal = reduce_sum(multiply(r, np.eye(high[1], dtype=dtype.np_dtype)), 0)
        q = multiply(q, sign(diagonal))
        return multiply(self.gain, reshape(transpose(q) if rows < columns else q, dims))


orthogonal_initializer = Orthogonal
