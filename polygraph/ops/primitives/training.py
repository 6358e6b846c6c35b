"""The updates of TF1's optimisers, as functions of a variable, its slots and a gradient.

Operands stand in the order of TF1's `Apply...` ops; results are the new values of the variable and
its slots. Scalars that mix several hyper-parameters are worked out in float64: there an engine
without fused scalars loses the digits that ``1 - beta2_power`` has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import COMPLEX, FLOATING, INDEX, NUMERIC
from polygraph.core.ground.op import composite
from polygraph.ops.primitives import elementwise as ew, indexing

if TYPE_CHECKING:
    from polygraph.core.ground.trace import Array

_F64 = np.dtype(np.float64)
_FIELD = FLOATING + COMPLEX
_REPEATED = np.array([1, 0, 1], np.int32)


def _known(*values: float) -> tuple[Any, ...]:
    return tuple(np.array(value, np.float32) for value in values)


def _samples(before: int, scalars: tuple[Any, ...], after: int, *attrs: Any) -> tuple[Any, ...]:
    """Samples for ``before`` arrays, some scalars and ``after`` arrays."""
    positive = tuple(np.linspace(0.1, 2, 6, dtype=np.float32).reshape(2, 3) for _ in range(before))
    empty = tuple(array[:0] for array in positive)
    gradient = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    return tuple(
        (*arrays, *scalars, *([gradient[: len(arrays[0])]] * after), *([attr] if attr else []))
        for arrays in (positive, empty)
        for attr in attrs or (None,)
    )


def _one(x: Array) -> Any:
    return np.ones((), x.dtype)


def _toward(old: Array, new: Array, rate: Array) -> Any:
    """``old`` moved by ``1 - rate`` of the way to ``new``; that difference is exact near 1."""
    return ew.add(old, ew.multiply(ew.subtract(new, old), ew.subtract(_one(rate), rate)))


@composite(
    "T[k, *m], I[k] -> T[k, *m]",
    T=NUMERIC,
    I=INDEX,
    samples=(((3, 2), _REPEATED), ((3,), _REPEATED), ((0, 2), np.zeros(0, np.int64))),
)
def sum_repeated(rows: Array, indices: Array) -> Any:
    """For each row, the sum of all rows that have its index; at the size of the rows given.

    So scattering the results gives every index its sum, in whatever order the engine writes.
    """
    count = indices.shape[0]
    if count <= 1:
        return rows
    _, place, _, _ = indexing.unique_padded(indices)
    sums = indexing.segment_sum(rows, place, num_segments=count)
    return indexing.gather(sums, place, axis=0, batch_dims=0)


@composite("T[*n], T[], T[*n] -> T[*n]", T=_FIELD, samples=_samples(1, _known(0.1), 1))
def apply_gradient_descent(var: Array, alpha: Array, delta: Array) -> Any:
    """A step of ``alpha`` times the gradient."""
    return ew.subtract(var, ew.multiply(delta, alpha))


@composite(
    "T[*n], T[*n], T[], T[*n], T[] -> T[*n], T[*n]",
    T=_FIELD,
    samples=tuple(
        (*sample, *_known(0.9), {"use_nesterov": nesterov})
        for sample in _samples(2, _known(0.1), 1)
        for nesterov in (False, True)
    ),
)
def apply_momentum(
    var: Array, accum: Array, lr: Array, grad: Array, momentum: Array, *, use_nesterov: bool
) -> tuple[Any, Any]:
    """A step along the decaying sum of gradients; Nesterov's looks one decay ahead."""
    total = ew.add(ew.multiply(accum, momentum), grad)
    if not use_nesterov:
        return ew.subtract(var, ew.multiply(total, lr)), total
    ahead = ew.add(ew.multiply(grad, lr), ew.multiply(ew.multiply(total, momentum), lr))
    return ew.subtract(var, ahead), total


def adam_step_size(
    beta1_power: Array, beta2_power: Array, lr: Array, dtype: np.dtype[np.generic]
) -> Any:
    """``lr * sqrt(1 - beta2_power) / (1 - beta1_power)``: both moments' start at zero undone."""
    first, second, rate = (ew.cast(x, dtype=_F64) for x in (beta1_power, beta2_power, lr))
    one = np.ones((), _F64)
    corrected = ew.multiply(rate, ew.sqrt(ew.subtract(one, second)))
    return ew.cast(ew.divide(corrected, ew.subtract(one, first)), dtype=dtype)


_ADAM_SCALARS = _known(0.81, 0.998, 0.01, 0.9, 0.999, 1e-8)


@composite(
    "T[*n], T[*n], T[*n], T[], T[], T[], T[], T[], T[], T[*n] -> T[*n], T[*n], T[*n]",
    T=FLOATING,
    samples=_samples(3, _ADAM_SCALARS, 1, {"use_nesterov": False}, {"use_nesterov": True}),
)
def apply_adam(
    var: Array,
    m: Array,
    v: Array,
    beta1_power: Array,
    beta2_power: Array,
    lr: Array,
    beta1: Array,
    beta2: Array,
    epsilon: Array,
    grad: Array,
    *,
    use_nesterov: bool,
) -> tuple[Any, Any, Any]:
    """Adam, with epsilon added after the bias correction ("epsilon hat" in the paper).

    Source: D. P. Kingma and J. Ba, "Adam: a method for stochastic optimization" (2015), the
    reordered form before section 2.1.
    """
    alpha = adam_step_size(beta1_power, beta2_power, lr, var.dtype)
    m = _toward(m, grad, beta1)
    v = _toward(v, ew.multiply(grad, grad), beta2)
    direction = m
    if use_nesterov:
        rest = ew.subtract(_one(beta1), beta1)
        direction = ew.add(ew.multiply(grad, rest), ew.multiply(beta1, m))
    step = ew.divide(ew.multiply(direction, alpha), ew.add(ew.sqrt(v), epsilon))
    return ew.subtract(var, step), m, v


@composite(
    "T[n, *m], T[n, *m], T[n, *m], T[], T[], T[], T[], T[], T[], T[k, *m], I[k]"
    " -> T[n, *m], T[n, *m], T[n, *m]",
    T=FLOATING,
    I=INDEX,
    samples=tuple(
        (*sample[:-1], np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3), _REPEATED)
        for sample in _samples(3, _ADAM_SCALARS, 1)[:1]
    ),
)
def sparse_apply_adam(
    var: Array,
    m: Array,
    v: Array,
    beta1_power: Array,
    beta2_power: Array,
    lr: Array,
    beta1: Array,
    beta2: Array,
    epsilon: Array,
    grad: Array,
    indices: Array,
) -> tuple[Any, Any, Any]:
    """Adam where only some rows have a gradient; rows given several times count as their sum.

    Rows without a gradient move too: their moments decay, and the variable follows them.
    """
    alpha = adam_step_size(beta1_power, beta2_power, lr, var.dtype)
    total = sum_repeated(grad, indices)
    m = _decayed(m, beta1, total, indices)
    v = _decayed(v, beta2, ew.multiply(total, total), indices)
    step = ew.divide(ew.multiply(m, alpha), ew.add(ew.sqrt(v), epsilon))
    return ew.subtract(var, step), m, v


def _decayed(moment: Array, rate: Array, rows: Array, indices: Array) -> Any:
    decayed = ew.multiply(moment, rate)
    old = indexing.gather(decayed, indices, axis=0, batch_dims=0)
    new = ew.add(old, ew.multiply(rows, ew.subtract(_one(rate), rate)))
    return indexing.scatter_update(decayed, indices, new)


@composite(
    "T[*n], T[*n], T[], T[], T[*n] -> T[*n], T[*n]",
    T=FLOATING,
    samples=_samples(2, _known(0.1, 0), 1, {"update_slots": True}, {"update_slots": False}),
)
def apply_adagrad(
    var: Array, accum: Array, lr: Array, epsilon: Array, grad: Array, *, update_slots: bool
) -> tuple[Any, Any]:
    """A step divided by the root of the sum of all squared gradients, plus epsilon."""
    if update_slots:
        accum = ew.add(accum, ew.multiply(grad, grad))
    step = ew.divide(ew.multiply(grad, lr), ew.add(ew.sqrt(accum), epsilon))
    return ew.subtract(var, step), accum


@composite(
    "T[*n], T[*n], T[*n], T[], T[], T[], T[*n] -> T[*n], T[*n], T[*n]",
    T=FLOATING,
    samples=_samples(3, _known(0.1, 0.95, 1e-6), 1),
)
def apply_adadelta(
    var: Array,
    accum: Array,
    accum_update: Array,
    lr: Array,
    rho: Array,
    epsilon: Array,
    grad: Array,
) -> tuple[Any, Any, Any]:
    """A step in the units of the steps before it.

    Source: M. D. Zeiler, "ADADELTA: an adaptive learning rate method" (2012).
    """
    accum = _mixed(accum, ew.multiply(grad, grad), rho)
    scale = ew.sqrt(ew.divide(ew.add(accum_update, epsilon), ew.add(accum, epsilon)))
    update = ew.multiply(scale, grad)
    accum_update = _mixed(accum_update, ew.multiply(update, update), rho)
    return ew.subtract(var, ew.multiply(update, lr)), accum, accum_update


def _mixed(old: Array, new: Array, rate: Array) -> Any:
    rest = ew.subtract(_one(rate), rate)
    return ew.add(ew.multiply(old, rate), ew.multiply(new, rest))


@composite(
    "T[*n], T[*n], T[*n], T[], T[], T[], T[], T[*n] -> T[*n], T[*n], T[*n]",
    T=FLOATING,
    samples=_samples(3, _known(0.1, 0.9, 0.5, 1e-10), 1),
)
def apply_rms_prop(
    var: Array,
    ms: Array,
    mom: Array,
    lr: Array,
    rho: Array,
    momentum: Array,
    epsilon: Array,
    grad: Array,
) -> tuple[Any, Any, Any]:
    """A step divided by the root of the decaying mean of squares; epsilon is inside the root."""
    ms = _toward(ms, ew.multiply(grad, grad), rho)
    step = ew.divide(ew.multiply(grad, lr), ew.sqrt(ew.add(ms, epsilon)))
    mom = ew.add(ew.multiply(mom, momentum), step)
    return ew.subtract(var, mom), ms, mom


@composite(
    "T[*n], T[*n], T[*n], T[*n], T[], T[], T[], T[], T[*n] -> T[*n], T[*n], T[*n], T[*n]",
    T=FLOATING,
    samples=_samples(4, _known(0.1, 0.9, 0.5, 10), 1),
)
def apply_centered_rms_prop(
    var: Array,
    mg: Array,
    ms: Array,
    mom: Array,
    lr: Array,
    rho: Array,
    momentum: Array,
    epsilon: Array,
    grad: Array,
) -> tuple[Any, Any, Any, Any]:
    """Like `apply_rms_prop`, by the variance of the gradients instead of their mean square."""
    ms = _toward(ms, ew.multiply(grad, grad), rho)
    mg = _toward(mg, grad, rho)
    variance = ew.subtract(ms, ew.multiply(mg, mg))
    step = ew.divide(ew.multiply(grad, lr), ew.sqrt(ew.add(variance, epsilon)))
    mom = ew.add(ew.multiply(mom, momentum), step)
    return ew.subtract(var, mom), mg, ms, mom
