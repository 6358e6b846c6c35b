"""What random graphs reach: how often each op type stood in one, and how often each op was run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polygraph.conformance.fuzz.run import Batch
from polygraph.conformance.walker import applier, reference_lowerings, walking_backend
from polygraph.core.runtime.discovery import register_backend, unregister_backend

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np

    from polygraph.conformance.fuzz.recipe import Recipe
    from polygraph.core.ground.program import Step

    Array = np.ndarray[Any, Any]

_NAME = "polygraph-fuzz-coverage"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts of what recipes reached.

    Attributes:
      op_types: operations in their graphs, by op type; those that gradients add among them.
      primitives: steps that were run, by the name of the primitive.
    """

    op_types: Counter[str] = field(default_factory=Counter)
    primitives: Counter[str] = field(default_factory=Counter)


def coverage_of(recipes: Iterable[Recipe]) -> Coverage:
    """Make and interpret each recipe on its own; what raises counts as far as it came."""
    found = Coverage()
    lowerings = reference_lowerings()

    def counted(step: Step, operands: Sequence[Array]) -> Sequence[Array]:
        found.primitives[step.op.name] += 1
        return applier(lowerings, counted)(step, operands)

    register_backend(walking_backend(_NAME, counted))
    try:
        for recipe in recipes:
            batch = Batch.of([recipe])
            found.op_types.update(op.type for op in batch.graph.get_operations())
            batch.run(_NAME)
    finally:
        unregister_backend(_NAME)
    return found
