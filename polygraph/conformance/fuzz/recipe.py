"""`Recipe`: a graph as the lines of Python that make it.

What is generated, run, made smaller and saved is one thing: source over TF1's public names. So
the script that reproduces a finding is exactly what was found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Array = np.ndarray[Any, Any]

INDENT = "    "
_NAME = re.compile(r"\bn\d+\b")


@dataclass(frozen=True, slots=True)
class Body:
    """A function of one control-flow node.

    Attributes:
      name: of the Python function.
      parameters: their names.
      nodes: its lines.
      result: the expression that it returns.
    """

    name: str
    parameters: tuple[str, ...]
    nodes: tuple[Node, ...]
    result: str

    def lines(self) -> list[str]:
        """The source of the function."""
        inner = [line for node in self.nodes for line in node.lines()]
        return [
            f"def {self.name}({', '.join(self.parameters)}):",
            *(INDENT + line for line in (*inner, f"return {self.result}")),
        ]

    def mentions(self) -> set[str]:
        """Names that it takes from outside."""
        own = {*self.parameters, *(node.name for node in self.nodes)}
        used = set(_NAME.findall(self.result))
        for node in self.nodes:
            used |= node.mentions()
        return used - own

    def pruned(self) -> Body:
        """Without the lines that its result does not need; writes stay."""
        needed = set(_NAME.findall(self.result))
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if node.name in needed or node.writes:
                kept.append(node.pruned())
                needed |= node.mentions()
        return replace(self, nodes=tuple(reversed(kept)))


@dataclass(frozen=True, slots=True)
class Node:
    """One line: ``name = text``, after the functions that it calls.

    Attributes:
      name: the Python variable.
      text: an expression over ``tf``, ``np`` and the names of other nodes.
      bodies: functions that the text names.
      controls: names of nodes that it runs after.
      writes: it changes a variable.
    """

    name: str
    text: str
    bodies: tuple[Body, ...] = ()
    controls: tuple[str, ...] = ()
    writes: bool = False

    def lines(self) -> list[str]:
        """Its source."""
        lines = [line for body in self.bodies for line in body.lines()]
        assign = f"{self.name} = {self.text}"
        if not self.controls:
            return [*lines, assign]
        return [
            *lines,
            f"with tf.control_dependencies([{', '.join(self.controls)}]):",
            INDENT + assign,
        ]

    def mentions(self) -> set[str]:
        """Names of the nodes that it needs."""
        found = {*_NAME.findall(self.text), *self.controls}
        for body in self.bodies:
            found |= body.mentions()
        return found

    def pruned(self) -> Node:
        """With pruned bodies."""
        return replace(self, bodies=tuple(body.pruned() for body in self.bodies))

    def renamed(self, names: Mapping[str, str]) -> Node:
        """With other nodes in the places of some."""

        def text(source: str) -> str:
            return _NAME.sub(lambda found: names.get(found[0], found[0]), source)

        bodies = tuple(
            replace(
                body,
                nodes=tuple(node.renamed(names) for node in body.nodes),
                result=text(body.result),
            )
            for body in self.bodies
        )
        controls = tuple(dict.fromkeys(names.get(name, name) for name in self.controls))
        return replace(self, text=text(self.text), bodies=bodies, controls=controls)


@dataclass(frozen=True, slots=True, eq=False)
class Recipe:
    """A graph, what it is fed, what is fetched of it, and how often.

    Attributes:
      nodes: in an order in which they can be made.
      feeds: arrays for the nodes that are placeholders.
      fetches: names of what is fetched, all in one run.
      runs: how many times, in one session.
    """

    nodes: tuple[Node, ...]
    feeds: Mapping[str, Array] = field(default_factory=dict)
    fetches: tuple[str, ...] = ()
    runs: int = 1

    def source(self) -> str:
        """The lines that make the graph."""
        return "\n".join(line for node in self.nodes for line in node.lines()) + "\n"

    def node(self, name: str) -> Node:
        """The node called ``name``."""
        return next(node for node in self.nodes if node.name == name)

    def restricted(self, fetches: Iterable[str]) -> Recipe:
        """Only what these fetches need: what they mention, and writes to variables among it."""
        wanted = tuple(fetches)
        needed = set(wanted)
        while True:
            grown = needed | {
                name
                for node in self.nodes
                if node.name in needed or (node.writes and node.mentions() & self._state(needed))
                for name in (node.name, *node.mentions())
            }
            if grown == needed:
                break
            needed = grown
        nodes = tuple(node.pruned() for node in self.nodes if node.name in needed)
        names = {node.name for node in nodes}
        feeds = {name: array for name, array in self.feeds.items() if name in names}
        written = tuple(
            node.name
            for node in nodes
            if node.writes and node.name in self.fetches and node.name not in wanted
        )
        return replace(self, nodes=nodes, feeds=feeds, fetches=(*wanted, *written))

    def _state(self, needed: set[str]) -> set[str]:
        return {node.name for node in self.nodes if node.name in needed and is_variable(node)}

    def with_node(self, changed: Node, feed: Array | None = None) -> Recipe:
        """The same with another node of the same name."""
        nodes = tuple(changed if node.name == changed.name else node for node in self.nodes)
        feeds = {name: array for name, array in self.feeds.items() if name != changed.name}
        if feed is not None:
            feeds[changed.name] = feed
        return replace(self, nodes=nodes, feeds=feeds)

    def with_fed_floats(self) -> Recipe:
        """The same with floating constants fed, so that nothing is computed before it runs."""
        recipe = self
        for node in self.nodes:
            array = written_array(node)
            if array is None or is_variable(node) or array.dtype.kind in "biu":
                continue
            text = placeholder_text(array.dtype.name, array.shape)
            recipe = recipe.with_node(replace(node, text=text), array)
        return recipe


def is_variable(node: Node) -> bool:
    """Whether it makes a variable."""
    return node.text.startswith("tf.Variable(")


def written_array(node: Node) -> Array | None:
    """The array that a constant or a variable holds; None for other nodes."""
    if not node.text.startswith(("tf.constant(np.array(", "tf.Variable(np.array(")):
        return None
    inner = node.text.partition("(")[2].removesuffix(")")
    return np.asarray(eval(inner, scope()))  # noqa: S307 - our own source


def scope() -> dict[str, Any]:
    """The names that a recipe's source is written in."""
    return {"tf": tf, "np": np, "OP_DEFS": OP_DEFS, "nan": float("nan"), "inf": float("inf")}


def make(recipe: Recipe) -> dict[str, Any]:
    """Add the recipe's graph to the default graph; what each name stands for."""
    names = scope()
    exec(compile(recipe.source(), "<recipe>", "exec"), names)  # noqa: S102 - our own source
    return names


# Arrays as source.


def dtype_text(dtype: str) -> str:
    """The dtype as a script spells it."""
    return "tf.bfloat16.as_numpy_dtype" if dtype == "bfloat16" else f"np.{_spelt(dtype)}"


def _spelt(dtype: str) -> str:
    return "bool_" if dtype == "bool" else dtype


def array_text(array: Array) -> str:
    """An expression for an array: every bit of it."""
    if array.dtype.kind == "c":
        # As pairs of reals: a literal of a complex number loses the signs of zeros.
        pairs = array.reshape(-1).view(f"f{array.dtype.itemsize // 2}")
        view = f".view(np.{array.dtype.name}).reshape({list(array.shape)})"
        return f"np.array({_items(pairs)}, np.{pairs.dtype.name}){view}"
    return f"np.array({_items(array)}, {dtype_text(array.dtype.name)})" + (
        f".reshape({list(array.shape)})" if array.size == 0 else ""
    )


def _items(array: Array) -> Any:
    if array.size == 0:
        return "[]"
    wide = array.astype(np.float64) if array.dtype.name in {"bfloat16", "float16"} else array
    return repr(wide.tolist())


def placeholder_text(dtype: str, shape: Sequence[int]) -> str:
    """The expression that makes a placeholder."""
    return f"tf.placeholder(tf.{dtype}, {list(shape)})"
