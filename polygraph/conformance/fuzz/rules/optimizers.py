"""Rules of training steps: an optimiser moves variables down a gradient, run after run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph.conformance.fuzz.rules.gradients import ancestors
from polygraph.conformance.fuzz.rules.indexing import indices
from polygraph.conformance.fuzz.rules.registry import rule
from polygraph.conformance.fuzz.rules.state import variable, variable_of_type

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth, Ref

_WIDE = ("float32", "float64")
_OPTIMIZERS = (
    "GradientDescentOptimizer(0.1)",
    "MomentumOptimizer(0.1, 0.9)",
    "MomentumOptimizer(0.1, 0.5, use_nesterov=True)",
    "AdamOptimizer(0.1)",
    "AdagradOptimizer(0.1)",
    "AdadeltaOptimizer(1.0)",
    "RMSPropOptimizer(0.1)",
    "RMSPropOptimizer(0.1, momentum=0.9, centered=True)",
    "FtrlOptimizer(0.1, l1_regularization_strength=0.01)",
    "FtrlOptimizer(0.1, l2_shrinkage_regularization_strength=0.02)",
    "ProximalGradientDescentOptimizer(0.1, 0.01, 0.02)",
    "ProximalAdagradOptimizer(0.1, l2_regularization_strength=0.01)",
    "AdagradDAOptimizer(0.1, {step})",
)


def _minimized(g: Growth, loss: str, target: Ref) -> Ref | None:
    step = variable_of_type(g, "int64", np.zeros((), np.int64))
    optimizer = g.choose.of(_OPTIMIZERS).format(step=step)
    text = f"tf.train.{optimizer}.minimize({loss}, {step}, [{target}]).outputs[0]"
    return g.add(text, writes=True)


@rule(4, top=True)
def training_step(g: Growth) -> Ref | None:
    """A variable moves down the gradient of a loss that it has a part in."""
    target = variable(g, _WIDE)
    if target is None:
        return None
    reached = [
        ref for ref in g.pool if ref.dtype == target.dtype and target.name in ancestors(g, ref.name)
    ]
    loss = f"tf.reduce_sum(tf.square({target}))"
    if reached:
        loss = f"tf.reduce_sum(tf.tanh({g.choose.of(reached)})) + {loss}"
    return _minimized(g, loss, target)


@rule(2, top=True)
def sparse_training_step(g: Growth) -> Ref | None:
    """Some rows of a variable move, those that are used twice by both gradients."""
    target = variable(g, _WIDE)
    if target is None or not target.rank or not target.shape[0]:
        return None
    rows = indices(g, (3,), target.shape[0])
    return _minimized(g, f"tf.reduce_sum(tf.square(tf.gather({target}, {rows})))", target)
