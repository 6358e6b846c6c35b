"""`random_crop`: a piece of a tensor at a random place."""
# ruff: noqa: N802 - op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors, shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import INDEX, int32
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.trace import check
from polygraph.ops.arithmetic import FloorMod
from polygraph.ops.primitives import elementwise as ew, reduction
from polygraph.ops.random_functions import random_uniform
from polygraph.ops.shape_queries import shape as shape_of
from polygraph.ops.slicing import slice as slice_of

if TYPE_CHECKING:
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["random_crop"]


@graph_op("CropPlaces", "shape: T, size: T -> places: T", shape=shape_rules.merged, T=INDEX)
def CropPlaces(shape: Array, size: Array) -> Any:
    """How many places a piece of a size has along each axis; there must be one.

    TF1 has no op for it: there it is an assertion and a subtraction.
    """
    check(
        reduction.reduce_all(ew.greater_equal(shape, size), axes=(0,), keepdims=False),
        errors.InvalidArgumentError,
        "Need value.shape >= size, got {} {}",
        details=(shape, size),
    )
    left = ew.maximum(ew.subtract(shape, size), np.zeros((), shape.dtype))
    return ew.add(left, np.ones((), shape.dtype))


CropPlaces.no_gradient()


def random_crop(value: Any, size: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """A piece of ``value`` at an even random place.

    Args:
      value: a tensor.
      size: of the piece, one number for each axis; that of ``value`` keeps an axis whole.
      seed: of the op; see `set_random_seed`.
      name: of the result.

    Raises:
      InvalidArgumentError: when it runs and the piece is larger than ``value``.
    """
    with name_scope(name, "random_crop", [value, size]) as scope:
        whole = convert_to_tensor(value, name="value")
        piece = convert_to_tensor(size, int32, "size")
        places = CropPlaces(shape_of(whole), piece, name="add")
        drawn = random_uniform(shape_of(places), maxval=int32.max, dtype=int32, seed=seed)
        return slice_of(whole, FloorMod(drawn, places, name="mod"), piece, name=scope)
