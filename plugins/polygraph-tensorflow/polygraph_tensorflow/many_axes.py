"""Nodes that take arrays of few axes, brought to all: one axis at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from polygraph_tensorflow.elementwise import raw

if TYPE_CHECKING:
    from collections.abc import Callable

    import tensorflow as tf

MOST_AXES = 8
"""Axes that TensorFlow slices, pads and turns around."""

MOST_MIRRORED = 5
"""Axes that it pads with a mirror image."""


def on_axis(x: tf.Tensor, axis: int, function: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """``function`` of ``x`` as an array of three axes, the middle one of which is ``axis``.

    It may change the size of that one.
    """
    before, after = tuple(x.shape[:axis]), tuple(x.shape[axis + 1 :])
    shape = (math.prod(before), x.shape[axis], math.prod(after))
    found = function(raw.Reshape(tensor=x, shape=shape))
    return raw.Reshape(tensor=found, shape=(*before, found.shape[1], *after))
