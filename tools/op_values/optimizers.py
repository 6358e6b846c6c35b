"""Whole optimizers of `tf.train`, some steps each, with dense and sparse gradients.

The op of such a case is the optimizer's class and its attributes are the constructor's arguments
and the gradient's scale in each step. Its inputs are the variable and the gradient, and the
gradient's row indices if it is sparse; its outputs are the variable after each step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from op_values.case import Spec
from op_values.samples import ordinary
from op_values.shaping import i32

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = 4
OPTIMIZERS: dict[str, tuple[dict[str, Any], ...]] = {
    "GradientDescentOptimizer": ({"learning_rate": 0.1},),
    "MomentumOptimizer": (
        {"learning_rate": 0.1, "momentum": 0.9},
        {"learning_rate": 0.1, "momentum": 0.9, "use_nesterov": True},
    ),
    "AdamOptimizer": (
        {"learning_rate": 0.05},
        {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9, "epsilon": 0.1},
    ),
    "AdagradOptimizer": ({"learning_rate": 0.1}, {"learning_rate": 0.1,
                         "initial_accumulator_value": 1.5}),
    "AdadeltaOptimizer": ({"learning_rate": 1.0},),
    "RMSPropOptimizer": (
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "momentum": 0.5, "decay": 0.8},
        {"learning_rate": 0.1, "momentum": 0.5, "centered": True},
    ),
    "FtrlOptimizer": (
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "l1_regularization_strength": 0.1,
         "l2_regularization_strength": 0.2},
        {"learning_rate": 0.1, "l2_shrinkage_regularization_strength": 0.2},
    ),
    "ProximalGradientDescentOptimizer": (
        {"learning_rate": 0.1, "l1_regularization_strength": 0.1,
         "l2_regularization_strength": 0.2},
    ),
    "ProximalAdagradOptimizer": ({"learning_rate": 0.1, "l1_regularization_strength": 0.1},),
}  # fmt: skip


def specs() -> Iterator[Spec]:
    """Every optimizer with a dense gradient, a sparse one, and one of repeated rows."""
    for op, variants in OPTIMIZERS.items():
        for at, attrs in enumerate(variants):
            # The proximal ones refuse float64.
            for dtype in ("float32",) if op.startswith("Proximal") else ("float32", "float64"):
                var, grad = ordinary(dtype, (4, 3)), ordinary(dtype, (4, 3), 1)
                label = f"{dtype}/{at}"
                yield Spec(op, (var, grad), f"{label}/dense", attrs, runs=STEPS)
                sparse = (var, grad[:2], i32([3, 0]))
                yield Spec(op, sparse, f"{label}/sparse", attrs, runs=STEPS)
                repeated = (var, grad[:3], i32([1, 3, 1]))
                yield Spec(op, repeated, f"{label}/repeated_rows", attrs, runs=STEPS)
