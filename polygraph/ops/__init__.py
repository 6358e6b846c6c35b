"""The ops: TF1's op types, each with its static shape, gradient and meaning.

Importing this package registers all of them; a module that defines ops is listed here.
"""

from __future__ import annotations

from polygraph.ops import (
    arithmetic,
    bitwise,
    casting,
    clip,
    clipping,
    complex_numbers,
    elementwise,
    elementwise_gradients,
    logical,
    math_compositions,
    operators,
    powers,
    random,
    random_crop,
    random_functions,
    random_seed,
    reduction,
    reduction_gradients,
    scans,
    stateless_random,
    training,
    training_sparse,
)

__all__ = [
    "arithmetic",
    "bitwise",
    "casting",
    "clip",
    "clipping",
    "complex_numbers",
    "elementwise",
    "elementwise_gradients",
    "logical",
    "math_compositions",
    "operators",
    "powers",
    "random",
    "random_crop",
    "random_functions",
    "random_seed",
    "reduction",
    "reduction_gradients",
    "scans",
    "stateless_random",
    "training",
    "training_sparse",
]
