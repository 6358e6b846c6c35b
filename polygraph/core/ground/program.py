"""`Program`: what a backend compiles. A closed, pruned, typed SSA list of primitives.

A `Block` is a pure function of its parameters. A `Program` is a block whose parameters are
state and feeds and whose results are fetches, values carried to a later stage, new state, and the
flags of the checks. Control flow is steps whose attributes hold inner blocks; a block captures
nothing: what it needs from outside comes in as operands of the step that owns it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from polygraph.core.ground.op import Op
    from polygraph.core.ground.signature import Shape, TensorType
    from polygraph.core.ground.source import Frame


class Source(NamedTuple):
    """Where a step comes from: the graph operation's type, name and the user's line."""

    type: str
    name: str
    frame: Frame | None


class Value:
    """One SSA value: a type, and nothing else. Identity is what tells values apart."""

    __slots__ = ("annotations", "type")

    def __init__(self, type_: TensorType, annotations: Mapping[str, object] | None = None) -> None:
        self.type = type_
        self.annotations = annotations

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """NumPy dtype of the elements."""
        return self.type.dtype

    @property
    def shape(self) -> Shape:
        """Concrete shape."""
        return self.type.shape

    @property
    def ndim(self) -> int:
        """Rank."""
        return len(self.type.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.type.size

    def __repr__(self) -> str:
        """Type only: names are given by the printer."""
        return f"<Value {self.type}>"


@dataclass(slots=True, eq=False)
class Step:
    """One application of an op: operands, attributes (hashable, or inner blocks), results."""

    op: Op
    operands: tuple[Value, ...]
    attrs: Mapping[str, Any]
    results: tuple[Value, ...]
    source: Source | None = None

    def blocks(self) -> list[tuple[str, Block]]:
        """The inner blocks among the attributes, with the attributes' names."""
        if not self.attrs:  # most steps have none, and every pass asks
            return []
        return [item for item in self.attrs.items() if isinstance(item[1], Block)]

    def describe(self) -> str:
        """``op(types)``, the operation that it is of and the user's line, for errors."""
        operands = ", ".join(str(operand.type) for operand in self.operands)
        source = f", of {self.source.type} {self.source.name!r}" if self.source else ""
        line = f", {self.source.frame}" if self.source and self.source.frame else ""
        return f"{self.op.name}({operands}){source}{line}"


@dataclass(slots=True, eq=False)
class Block:
    """A pure function: parameters in, results out, constants and steps between."""

    parameters: tuple[Value, ...]
    constants: dict[Value, np.ndarray[Any, Any]]
    steps: tuple[Step, ...]
    results: tuple[Value, ...]

    def replace(self, **changes: Any) -> Block:
        """A copy with some fields changed."""
        fields = {
            "parameters": self.parameters,
            "constants": self.constants,
            "steps": self.steps,
            "results": self.results,
        }
        return Block(**(fields | changes))


class Parameter(NamedTuple):
    """The name and the printed form of a state or feed parameter."""

    name: str
    frame: Frame | None = None


class Check(NamedTuple):
    """A condition that must hold for the run's state to be committed.

    Attributes:
      code: class of `polygraph.errors` that is raised.
      message: text with one ``{}`` for each detail.
      source: the operation that made the check.
      details: values that the message shows; a failed run evaluates them in a run of their own.
    """

    code: type[Exception]
    message: str
    source: Source | None
    details: tuple[Value, ...] = ()


@dataclass(slots=True, eq=False)
class Program:
    """A block with the meaning of its parameters and results.

    ``block.parameters`` are the state parameters followed by the feeds. ``block.results`` are the
    fetches, the carried values, the new values of the updated state (``updates[i]`` is the index
    of a state parameter), and one ``bool[]`` for each check, in that order.

    Attributes:
      name: a label for people; no part of the fingerprint.
    """

    name: str
    block: Block
    state: tuple[Parameter, ...]
    feeds: tuple[Parameter, ...]
    fetches: int
    carries: int
    updates: tuple[int, ...]
    checks: tuple[Check, ...]
    annotations: dict[str, object] = field(default_factory=dict)

    @property
    def state_values(self) -> tuple[Value, ...]:
        """The parameters that hold the state before the run."""
        return self.block.parameters[: len(self.state)]

    @property
    def feed_values(self) -> tuple[Value, ...]:
        """The parameters that hold feeds and values carried from earlier stages."""
        return self.block.parameters[len(self.state) :]

    @property
    def fetch_values(self) -> tuple[Value, ...]:
        """The results that are returned to the user as NumPy arrays."""
        return self.block.results[: self.fetches]

    @property
    def carry_values(self) -> tuple[Value, ...]:
        """The results that stay with the backend for a later stage."""
        return self.block.results[self.fetches : self.fetches + self.carries]

    @property
    def update_values(self) -> tuple[Value, ...]:
        """The new values of the state parameters that `updates` lists."""
        start = self.fetches + self.carries
        return self.block.results[start : start + len(self.updates)]

    @property
    def check_values(self) -> tuple[Value, ...]:
        """One ``bool[]`` for each check, true where it holds."""
        return self.block.results[self.fetches + self.carries + len(self.updates) :]

    def with_block(self, block: Block) -> Program:
        """The same Program over another block with the same parameters and results."""
        return Program(
            self.name,
            block,
            self.state,
            self.feeds,
            self.fetches,
            self.carries,
            self.updates,
            self.checks,
            self.annotations,
        )
