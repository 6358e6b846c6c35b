"""Ten steps of each optimizer that trains most programs, against its formula in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

import polygraph as tf
from polygraph.conformance.case import require
from polygraph.conformance.checking import Checks, started

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.conformance.target import Target

    Array = np.ndarray[Any, Any]

check = Checks(3, "training")
cases = check.cases

_STEPS, _ROWS, _TOUCHED = 10, 24, 16
_RATE, _BETA1, _BETA2 = (float(np.float32(number)) for number in (1e-3, 0.9, 0.999))
_FORMULA_ULPS = 8
"""Of each element of a variable after ten steps."""


class _Formula(NamedTuple):
    """An optimizer, and what TF1's documentation says that it does.

    ``step(turn, gradient, m, v)`` gives what is subtracted from the variable, and the slots after.
    Without ``everywhere``, rows that a sparse gradient leaves out stay as they are.
    """

    optimizer: Any
    step: Callable[[int, Array, Array, Array], tuple[Array, Array, Array]]
    everywhere: bool = False


def _momentum(*, nesterov: bool) -> _Formula:
    def step(_: int, g: Array, m: Array, v: Array) -> tuple[Array, Array, Array]:
        m = _BETA1 * m + g
        return (_RATE * g + _RATE * _BETA1 * m if nesterov else _RATE * m), m, v

    return _Formula(tf.train.MomentumOptimizer(_RATE, _BETA1, use_nesterov=nesterov), step)


def _adam(epsilon: float) -> _Formula:
    small = float(np.float32(epsilon))

    def step(turn: int, g: Array, m: Array, v: Array) -> tuple[Array, Array, Array]:
        m, v = _BETA1 * m + (1 - _BETA1) * g, _BETA2 * v + (1 - _BETA2) * g * g
        rate = _RATE * np.sqrt(1 - _BETA2**turn) / (1 - _BETA1**turn)
        return rate * m / (np.sqrt(v) + small), m, v

    optimizer = tf.train.AdamOptimizer(_RATE, _BETA1, _BETA2, epsilon)
    return _Formula(optimizer, step, everywhere=True)


def _formulas() -> dict[str, _Formula]:
    descent = tf.train.GradientDescentOptimizer(_RATE)
    return {
        "gradient descent": _Formula(descent, lambda _, g, m, v: (_RATE * g, m, v)),
        "momentum": _momentum(nesterov=False),
        "Nesterov's momentum": _momentum(nesterov=True),
        "Adam, epsilon 1e-8": _adam(1e-8),
        "Adam, epsilon 1e-1": _adam(1e-1),
    }


def _followed(formula: _Formula, start: Array, gradients: list[Array]) -> Array:
    """The variable after the steps, in float64; NaN in a gradient stands for rows left out."""
    value, m, v = start.astype(np.float64), np.zeros(start.shape), np.zeros(start.shape)
    for turn, gradient in enumerate(gradients, 1):
        left_out = np.isnan(gradient) & (not formula.everywhere)
        change, *slots = formula.step(turn, np.nan_to_num(gradient), m, v)
        value = np.where(left_out, value, value - change)
        m, v = (np.where(left_out, old, new) for old, new in zip((m, v), slots, strict=True))
    return value


def _summed(rows: Array, indices: Array) -> Array:
    """A dense gradient of repeated rows, NaN where there is none."""
    result = np.zeros((_ROWS, rows.shape[1]))
    np.add.at(result, indices, rows.astype(np.float64))
    result[np.setdiff1d(np.arange(_ROWS), indices)] = np.nan
    return result


@check
def ten_steps_of_the_formulas(target: Target) -> None:
    """Catches updates that lose precision: each element is within 8 ulp of the exact formula."""
    random = np.random.default_rng(13)
    start = random.uniform(0.1, 0.2, (_ROWS, 10)).astype(np.float32)
    start *= random.choice(np.array([-1, 1], np.float32), start.shape)
    dense = random.normal(size=(_STEPS, *start.shape)).astype(np.float32)
    indices = random.integers(0, _ROWS, (_STEPS, _TOUCHED)).astype(np.int32)
    given = tf.placeholder(tf.float32, start.shape)
    rows, places = given[:_TOUCHED], tf.placeholder(tf.int32, [_TOUCHED])
    sparse = tf.IndexedSlices(rows, places, tf.constant(start.shape, tf.int32))
    exact = {
        "dense": [gradient.astype(np.float64) for gradient in dense],
        "sparse": [_summed(*step) for step in zip(dense[:, :_TOUCHED], indices, strict=True)],
    }
    wanted, steps, variables = {}, [], []
    for name, formula in _formulas().items():
        for kind, gradients in exact.items():
            variables.append(tf.Variable(start))
            pairs = [(sparse if kind == "sparse" else given, variables[-1])]
            steps.append(formula.optimizer.apply_gradients(pairs))
            wanted[f"{name}, {kind}"] = _followed(formula, start, gradients)
    with started(target) as sess:
        for gradient, chosen in zip(dense, indices, strict=True):
            sess.run(steps, {given: gradient, places: chosen})
        found = sess.run(variables)
    for (name, want), got in zip(wanted.items(), found, strict=True):
        ulps = np.abs(got - want) / np.spacing(np.abs(want).astype(np.float32))
        require(bool((ulps <= _FORMULA_ULPS).all()), f"{name}: {ulps.max():.1f} ulp off")
