"""`Growth`: a graph that grows line by line, of what has grown so far.

Every line is made at once in a scratch graph, whose static types say what can be done next.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import polygraph as tf
from polygraph.conformance.fuzz.recipe import (
    Body,
    Node,
    array_text,
    placeholder_text,
    scope,
)
from polygraph.conformance.fuzz.values import FLOATS, INTEGERS, random_array
from polygraph.core.ground.signature import broadcast_shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np

    from polygraph.conformance.fuzz.choices import Choices
    from polygraph.conformance.fuzz.rules.registry import Rule

    Array = np.ndarray[Any, Any]
    Where = Callable[["Ref"], bool]

SHAPES = ((), (1,), (2,), (3,), (5,), (2, 3), (3, 1), (1, 4), (3, 3), (2, 3, 2), (1, 2, 1, 3),
          (0,), (2, 0), (17,), (4, 6))  # fmt: skip
SIZE_LIMIT = 2048
"""Elements of the largest array that may be used further."""

REFUSALS = (TypeError, ValueError, LookupError, NotImplementedError, tf.errors.OpError)
"""What a line that cannot be made raises."""

_FRESH = 0.2
"""How often an operand is a new leaf though there is one that fits."""


class Ref(NamedTuple):
    """A node that others may use."""

    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        size = 1
        for dim in self.shape:
            size *= dim
        return size

    def __str__(self) -> str:
        return self.name


@dataclass(slots=True, eq=False)
class Growth:
    """A graph under construction.

    Attributes:
      choose: where decisions come from.
      dtypes: what may be used.
      nodes: the lines so far.
      feeds: arrays of the placeholders.
      pool: what may be an operand.
      variables: those among the nodes.
      written: nodes that changed a variable.
      rules: that have their turns.
      outer: the growth around a body, None outside.
      rejected: texts that could not be made, with the error; for tests of the rules.
    """

    choose: Choices
    dtypes: frozenset[str]
    nodes: list[Node] = field(default_factory=list)
    feeds: dict[str, Array] = field(default_factory=dict)
    pool: list[Ref] = field(default_factory=list)
    variables: list[Ref] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    rules: Sequence[Rule] = ()
    outer: Growth | None = None
    scope: dict[str, Any] = field(default_factory=scope)
    counter: list[int] = field(default_factory=lambda: [0])
    rejected: list[tuple[str, Exception]] = field(default_factory=list)

    # What there is

    def kinds(self, *dtypes: str) -> tuple[str, ...]:
        """Those of the dtypes that may be used."""
        return tuple(dtype for dtype in dtypes if dtype in self.dtypes)

    def pick(
        self,
        dtypes: Iterable[str],
        where: Where | None = None,
        shape: Callable[[], tuple[int, ...]] | None = None,
    ) -> Ref:
        """An operand of one of the dtypes, for which ``where`` holds.

        Args:
          dtypes: what it may be.
          where: a condition on it.
          shape: gives the shape of a new leaf where there is none that fits.
        """
        allowed = self.kinds(*dtypes)
        fitting = [
            ref for ref in self.pool if ref.dtype in allowed and (where is None or where(ref))
        ]
        if fitting and not self.choose.chance(_FRESH):
            # Later nodes are likelier, so that graphs grow deep.
            return self.choose.of((*fitting, *fitting[-2:]))
        dtype = self.choose.of(allowed)
        made = self.choose.of(SHAPES) if shape is None else shape()
        if shape is None and where is not None and not where(Ref("", dtype, made)):
            good = [each for each in SHAPES if where(Ref("", dtype, each))]
            made = self.choose.of(good)
        return self.leaf(dtype, made)

    def like(self, ref: Ref) -> Ref:
        """An operand of the type of ``ref``."""
        return self.of_type(ref.dtype, ref.shape)

    def of_type(self, dtype: str, shape: tuple[int, ...]) -> Ref:
        """An operand of exactly this type."""
        return self.pick([dtype], lambda other: other.shape == shape, lambda: shape)

    def broadcasting(self, ref: Ref, dtype: str | None = None) -> Ref:
        """An operand that broadcasts with ``ref``, of the same dtype unless told another."""
        return self.pick(
            [dtype or ref.dtype],
            lambda other: _broadcast(ref.shape, other.shape),
            lambda: self._part_of(ref.shape),
        )

    def _part_of(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        cut = self.choose.integer(0, len(shape)) if self.choose.chance(0.4) else 0
        return tuple(1 if self.choose.chance(0.2) else dim for dim in shape[cut:])

    # New lines

    def leaf(self, dtype: str, shape: tuple[int, ...]) -> Ref:
        """A placeholder, a constant or a variable with random values."""
        return self.leaf_of(random_array(self.choose, dtype, shape))

    def leaf_of(self, array: Array, kind: str | None = None) -> Ref:
        """A leaf with these values.

        Args:
          array: the values.
          kind: ``feed``, ``constant`` or ``variable``; by chance when None. Inside of functions
            there are constants only.
        """
        if self.outer is not None:
            kind = "constant"
        elif kind is None:
            kind = self.choose.of(("feed", "feed", "constant", "variable"))
        dtype = array.dtype.name
        if kind == "feed":
            return self._known(placeholder_text(dtype, array.shape), array)
        text = array_text(array)
        if kind == "constant":
            return self._known(f"tf.constant({text})")
        made = self._known(f"tf.Variable({text})")
        self.variables.append(made)
        return made

    def _known(self, text: str, feed: Array | None = None) -> Ref:
        name = self.name()
        self.nodes.append(Node(name, text))
        if feed is not None:
            self.feeds[name] = feed
        self._make(self.nodes[-1])
        return self.pool[-1]

    def name(self) -> str:
        """A new name."""
        self.counter[0] += 1
        return f"n{self.counter[0] - 1}"

    def add(
        self, text: str, *, bodies: tuple[Body, ...] = (), name: str = "", writes: bool = False
    ) -> Ref | None:
        """Append a line; None where it cannot be made, or cannot be used further."""
        controls: tuple[str, ...] = ()
        if self.written and self.choose.chance(0.4):
            controls = (self.choose.of(self.written),)
        node = Node(name or self.name(), text, bodies, controls, writes)
        try:
            made = self._make(node)
        except REFUSALS as error:
            self.rejected.append((text, error))
            return None
        self.nodes.append(node)
        if writes:
            self.written.append(node.name)
        return made

    def _make(self, node: Node) -> Ref | None:
        exec("\n".join(node.lines()), self.scope)  # noqa: S102 - our own source
        tensor = self.scope[node.name]
        if tensor is None:
            msg = "it makes nothing"
            raise ValueError(msg)
        shape = tensor.get_shape()
        if not shape.is_fully_defined():
            return None
        ref = Ref(node.name, tensor.dtype.base_dtype.name, tuple(shape.as_list()))
        if ref.size <= SIZE_LIMIT and ref.dtype in self.dtypes:
            self.pool.append(ref)
        return ref

    # Bodies of control flow

    def inner(self) -> Growth:
        """A growth for a function inside: it sees all that is here."""
        return replace(
            self,
            nodes=[],
            pool=list(self.pool),
            written=[],
            outer=self,
            scope=dict(self.scope),
        )

    def parameter(self, dtype: str, shape: tuple[int, ...]) -> Ref:
        """A parameter of the function that grows here."""
        name = self.name()
        exec(f"{name} = {placeholder_text(dtype, shape)}", self.scope)  # noqa: S102
        ref = Ref(name, dtype, shape)
        self.pool.append(ref)
        return ref

    def closed(self, name: str, parameters: Sequence[Ref], result: str) -> Body:
        """The function that has grown."""
        names = tuple(parameter.name for parameter in parameters)
        return Body(name, names, tuple(self.nodes), result).pruned()


def _broadcast(shape: tuple[int, ...], other: tuple[int, ...]) -> bool:
    try:
        result = broadcast_shapes((shape, other))
    except ValueError:
        return False
    return Ref("", "", result).size <= SIZE_LIMIT


_OP_NAME = re.compile(r'(?:\btf\.[\w.]+|\bOP_DEFS\["\w+"\])(?=\()')
_LEAVES = frozenset({"tf.placeholder", "tf.constant", "tf.Variable"})


def ops_of(text: str) -> tuple[str, ...]:
    """The functions and op definitions that a text calls, leaves aside."""
    return tuple(dict.fromkeys(name for name in _OP_NAME.findall(text) if name not in _LEAVES))


NUMERIC = (*FLOATS, *INTEGERS)
