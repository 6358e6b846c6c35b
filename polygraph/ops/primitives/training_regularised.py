"""The updates of TF1's optimisers that pull towards zero (l1, l2), and of those with signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import FLOATING
from polygraph.core.ground.op import composite
from polygraph.ops.primitives import elementwise as ew

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

_VALUES = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
_POSITIVE = np.linspace(0.1, 2, 6, dtype=np.float32).reshape(2, 3)


def _scalars(*values: float) -> tuple[Any, ...]:
    return tuple(np.array(value, np.float32) for value in values)


def _zero(x: Array) -> Any:
    return np.zeros((), x.dtype)


def _shrunk(x: Array, by: Array) -> Any:
    """``x`` moved towards zero, at most to it."""
    kept = ew.maximum(ew.subtract(ew.absolute(x), by), _zero(x))
    return ew.multiply(ew.sign(x), kept)


def _proximal(x: Array, rate: Array, l1: Array, l2: Array) -> Any:
    """The minimiser of the penalties at ``rate``, near ``x``."""
    pulled = ew.select(ew.greater(l1, _zero(l1)), _shrunk(x, ew.multiply(rate, l1)), x)
    return ew.divide(pulled, ew.add(np.ones((), x.dtype), ew.multiply(l2, rate)))


@composite(
    "T[*n], T[], T[], T[], T[*n] -> T[*n]",
    T=FLOATING,
    samples=(
        (_VALUES, *_scalars(0.1, 0.5, 0.1), _VALUES),
        (_VALUES, *_scalars(0.1, 0, 0.1), _VALUES),
    ),
)
def apply_proximal_gradient_descent(
    var: Array, alpha: Array, l1: Array, l2: Array, delta: Array
) -> Any:
    """Forward-backward splitting: a gradient step, then the penalties' own minimum.

    Source: J. Duchi and Y. Singer, "Efficient learning using forward-backward splitting" (2009).
    """
    return _proximal(ew.subtract(var, ew.multiply(delta, alpha)), alpha, l1, l2)


@composite(
    "T[*n], T[*n], T[], T[], T[], T[*n] -> T[*n], T[*n]",
    T=FLOATING,
    samples=((_VALUES, _POSITIVE, *_scalars(0.1, 0.5, 0.1), _VALUES),),
)
def apply_proximal_adagrad(
    var: Array, accum: Array, lr: Array, l1: Array, l2: Array, grad: Array
) -> tuple[Any, Any]:
    """Forward-backward splitting with Adagrad's rate for each element."""
    accum = ew.add(accum, ew.multiply(grad, grad))
    rate = ew.divide(lr, ew.sqrt(accum))
    return _proximal(ew.subtract(var, ew.multiply(grad, rate)), rate, l1, l2), accum


@composite(
    "T[*n], T[*n], T[*n], T[], T[], T[], T[] -> T[*n], T[*n], T[*n]",
    T=FLOATING,
    samples=((_VALUES, _POSITIVE, _VALUES, *_scalars(0.1, 0.5, 0.1, 3)),),
)
def apply_adagrad_da(
    gradient_accum: Array,
    square_accum: Array,
    grad: Array,
    lr: Array,
    l1: Array,
    l2: Array,
    step: Array,
) -> tuple[Any, Any, Any]:
    """Dual averaging: the variable is worked out anew from all gradients; ``step`` counts them.

    The results are the variable and the two sums; the variable's old value is not needed.

    Source: J. Duchi, E. Hazan, Y. Singer, "Adaptive subgradient methods" (2011).
    """
    gradient_accum = ew.add(gradient_accum, grad)
    square_accum = ew.add(square_accum, ew.multiply(grad, grad))
    shrunk = _shrunk(gradient_accum, ew.multiply(l1, step))
    pulled = ew.select(ew.greater(l1, _zero(l1)), shrunk, gradient_accum)
    weight = ew.add(ew.multiply(ew.multiply(l2, step), lr), ew.sqrt(square_accum))
    new = ew.divide(ew.multiply(ew.negative(lr), pulled), weight)
    return new, gradient_accum, square_accum


@composite(
    "T[*n], T[*n], T[*n], T[*n], T[], T[], T[], T[], T[] -> T[*n], T[*n], T[*n]",
    T=FLOATING,
    samples=(
        (_VALUES, _POSITIVE, _VALUES, _VALUES, *_scalars(0.1, 0.1, 0.1, 0.2, -0.5), {"root": True}),
        (_VALUES, _POSITIVE, _VALUES, _VALUES, *_scalars(0.1, 0, 0.1, 0, -0.3), {"root": False}),
    ),
)
def apply_ftrl(
    var: Array,
    accum: Array,
    linear: Array,
    grad: Array,
    lr: Array,
    l1: Array,
    l2: Array,
    l2_shrinkage: Array,
    lr_power: Array,
    *,
    root: bool,
) -> tuple[Any, Any, Any]:
    """Follow the regularised leader, proximally; ``root`` says that ``lr_power`` is -0.5.

    Source: H. B. McMahan et al., "Ad click prediction: a view from the trenches" (2013), with a
    penalty on the size of the step (``l2_shrinkage``) beside those on the variable.
    """
    two = np.array(2, var.dtype)
    total = ew.add(accum, ew.multiply(grad, grad))
    if root:
        new_root, old_root = ew.sqrt(total), ew.sqrt(accum)
    else:
        power = ew.negative(lr_power)
        new_root, old_root = ew.power(total, power), ew.power(accum, power)
    shrinking = ew.add(grad, ew.multiply(ew.multiply(two, l2_shrinkage), var))
    sigma = ew.divide(ew.subtract(new_root, old_root), lr)
    linear = ew.add(linear, ew.subtract(shrinking, ew.multiply(sigma, var)))
    weight = ew.add(ew.divide(new_root, lr), ew.multiply(two, l2))
    pulled = ew.divide(ew.subtract(ew.multiply(l1, ew.sign(linear)), linear), weight)
    beyond = ew.greater(ew.absolute(linear), l1)
    return ew.select(beyond, pulled, _zero(var)), total, linear
