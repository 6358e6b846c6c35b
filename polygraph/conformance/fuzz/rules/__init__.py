"""What random graphs are made of, a rule each; importing this fills the table."""

from __future__ import annotations

from polygraph.conformance.fuzz.rules import (
    control_flow,
    elementwise,
    functional_loops,
    gradients,
    indexing,
    neural,
    optimizers,
    products,
    randomness,
    reductions,
    registered,
    shaping,
    state,
)
from polygraph.conformance.fuzz.rules.registry import RULES, Rule

__all__ = [
    "RULES",
    "Rule",
    "control_flow",
    "elementwise",
    "functional_loops",
    "gradients",
    "indexing",
    "neural",
    "optimizers",
    "products",
    "randomness",
    "reductions",
    "registered",
    "shaping",
    "state",
]
