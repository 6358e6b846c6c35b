"""The ops: TF1's op types, each with its static shape, gradient and meaning.

Importing this package registers all of them; a module that defines ops is listed here.
"""

from __future__ import annotations

from polygraph.ops import (
    arithmetic,
    bitwise,
    casting,
    clipping,
    complex_numbers,
    elementwise,
    elementwise_gradients,
    logical,
    operators,
    powers,
    reduction,
    reduction_gradients,
    scans,
)

__all__ = [
    "arithmetic",
    "bitwise",
    "casting",
    "clipping",
    "complex_numbers",
    "elementwise",
    "elementwise_gradients",
    "logical",
    "operators",
    "powers",
    "reduction",
    "reduction_gradients",
    "scans",
]
