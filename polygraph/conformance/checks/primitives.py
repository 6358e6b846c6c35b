"""Every primitive at every dtype that it accepts, against its reference in a wider dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.op_cases import op_cases
from polygraph.core.ground.op import REGISTRY, Primitive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.conformance.case import Case
    from polygraph.conformance.target import Target


def cases(target: Target) -> Iterator[Case]:
    """A case for each primitive, dtype and sample."""
    ops = [op for op in REGISTRY.values() if isinstance(op, Primitive)]
    return op_cases("primitive", ops, target)
