"""`tf.random`: random tensors and seeds."""

from __future__ import annotations

from polygraph.ops.random_functions import (
    categorical,
    multinomial,
    stateless_multinomial,
    stateless_truncated_normal,
    truncated_normal,
)
from polygraph.ops.random_functions import random_normal as normal
from polygraph.ops.random_functions import random_shuffle as shuffle
from polygraph.ops.random_functions import random_uniform as uniform
from polygraph.ops.random_functions import stateless_random_normal as stateless_normal
from polygraph.ops.random_functions import stateless_random_uniform as stateless_uniform
from polygraph.ops.random_seed import get_seed, set_random_seed

stateless_categorical = stateless_multinomial

__all__ = [
    "categorical",
    "get_seed",
    "multinomial",
    "normal",
    "set_random_seed",
    "shuffle",
    "stateless_categorical",
    "stateless_multinomial",
    "stateless_normal",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
