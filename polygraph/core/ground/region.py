"""`Region`: the part of a graph that a cond branch or a loop's condition or body is made of.

All operations of a graph stand in one list, as in TF1; a region only tags those that belong to
it. An operation that owns regions (a cond, a loop) runs them; what a region takes from outside
are captures, found when a run is planned.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


@dataclass(eq=False, slots=True)
class Region:
    """One cond branch, loop condition or loop body.

    Attributes:
      name: the scope that it was built in, for people.
      outer: the region around it, None at the top of the graph.
      parameters: outputs of `Kind.PLACEHOLDER` operations that stand for loop variables.
      outputs: what the region yields.
      control_outputs: operations that must run whenever the region does.
      owner: the operation that runs it, once it is built.
    """

    name: str
    outer: Region | None
    parameters: list[Tensor] = field(default_factory=list)
    outputs: list[Tensor] = field(default_factory=list)
    control_outputs: list[Operation] = field(default_factory=list)
    owner: Operation | None = None

    def chain(self) -> Iterator[Region]:
        """Itself and the regions around it, innermost first."""
        region: Region | None = self
        while region is not None:
            yield region
            region = region.outer

    def contains(self, op: Operation) -> bool:
        """Whether ``op`` lies in the region, at any depth."""
        return op.region is not None and any(region is self for region in op.region.chain())
