"""Every composite at every dtype that it accepts, against its body in a wider dtype."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.op_cases import op_cases
from polygraph.core.ground.op import REGISTRY, Composite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.conformance.case import Case
    from polygraph.conformance.target import Target


def cases(target: Target) -> Iterator[Case]:
    """A case for each composite, dtype and sample."""
    ops = [op for op in REGISTRY.values() if isinstance(op, Composite)]
    return op_cases("composite", ops, target)
