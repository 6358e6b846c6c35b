"""Products of random numbers, which XLA must not fuse with the sums that they go into.

XLA computes ``x * y + z`` with one rounding where it can, and then random numbers of a range would
differ from those of the other backends in the last place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jax import lax

from polygraph.ops.primitives.elementwise import add, multiply, subtract
from polygraph.ops.primitives.random import philox

if TYPE_CHECKING:
    import jax

    from polygraph.core.ground.program import Block, Value

_SUMS = (add, subtract)


def exact_products(block: Block) -> set[Value]:
    """Floating products that come from random bits and go into a sum, inner blocks included.

    Numbers come from random bits until something else is added to them.
    """
    found: set[Value] = set()
    drawn: set[Value] = set()
    products: set[Value] = set()
    for step in block.steps:
        for _, inner in step.blocks():
            found |= exact_products(inner)
        if step.op in _SUMS:
            found |= products.intersection(step.operands)
        come = all if step.op in _SUMS else any
        if step.op is philox or come(operand in drawn for operand in step.operands):
            drawn.update(value for value in step.results if value.dtype.kind != "b")
            if step.op is multiply and step.results[0].dtype.kind in "fV":
                products.update(step.results)
    return found


def rounded(product: jax.Array) -> jax.Array:
    """``product`` as it is, behind a choice of its bits that no compiler looks through.

    One NaN becomes another; that there is none, which XLA may know, it does not see in the bits.
    """
    integer = np.dtype(f"int{8 * product.dtype.itemsize}")
    bits = lax.bitcast_convert_type(product, integer)
    nan = jnp.full_like(bits, np.iinfo(integer).max)
    return lax.bitcast_convert_type(lax.select(bits == nan, nan - 1, bits), product.dtype)
