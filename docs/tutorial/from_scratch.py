"""A graph framework in one file, to be read from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

# The graph: nodes in the order in which they were made.


@dataclass(eq=False)
class Node:
    """One operation, and the place where its result will be.

    Attributes:
      op: what it does, a key of `OPS`, or "placeholder", "variable", "constant", "assign".
      inputs: the nodes whose results it works on.
      number: how many nodes were made before it.
      payload: the value of a constant, the first value of a variable.
      after: nodes that must come first although no number comes from them.
    """

    op: str
    inputs: tuple[Node, ...]
    number: int
    payload: Any = None
    after: tuple[Node, ...] = ()

    def __add__(self, other: Any) -> Node:
        return add("add", self, other)

    def __sub__(self, other: Any) -> Node:
        return add("subtract", self, other)

    def __mul__(self, other: Any) -> Node:
        return add("multiply", self, other)

    def __matmul__(self, other: Any) -> Node:
        return add("matmul", self, other)


_nodes: list[Node] = []


def add(op: str, *inputs: Any, payload: Any = None, after: Iterable[Node] = ()) -> Node:
    """Append a node; numbers among the inputs become constants."""
    nodes = tuple(item if isinstance(item, Node) else constant(item) for item in inputs)
    node = Node(op, nodes, len(_nodes), payload, tuple(after))
    _nodes.append(node)
    return node


def constant(value: Any) -> Node:
    """A node whose value is known."""
    return add("constant", payload=np.asarray(value, np.float64))


def placeholder() -> Node:
    """A node whose value is given to each run."""
    return add("placeholder")


def variable(first: Any) -> Node:
    """A node whose value a session keeps from run to run."""
    return add("variable", payload=np.asarray(first, np.float64))


def assign(var: Node, value: Node) -> Node:
    """A node that gives a variable a new value."""
    return add("assign", var, value)


def group(nodes: Iterable[Node]) -> Node:
    """A node that comes after all of `nodes`."""
    return add("group", after=nodes)


# What the operations mean, and their derivatives.


@dataclass
class Op:
    """An operation's meaning, on arrays; and its gradients for its inputs, on nodes."""

    compute: Callable[..., Any]
    gradient: Callable[..., Sequence[Node]]


def _sum_like(x: Any, like: Any) -> Any:
    """The sum of ``x`` over what was repeated to broadcast ``like`` to its shape."""
    lead = x.ndim - like.ndim
    axes = (*range(lead), *(lead + i for i, size in enumerate(like.shape) if size == 1))
    return x.sum(axis=axes, keepdims=True).reshape(like.shape)


def _no_gradient(*_: Any) -> Sequence[Node]:
    raise NotImplementedError("this operation has no gradient")


OPS: dict[str, Op] = {
    "add": Op(np.add, lambda dy, x, y: (like(dy, x), like(dy, y))),
    "subtract": Op(np.subtract, lambda dy, x, y: (like(dy, x), like(dy * -1, y))),
    "multiply": Op(np.multiply, lambda dy, x, y: (like(dy * y, x), like(dy * x, y))),
    "matmul": Op(np.matmul, lambda dy, x, y: (dy @ add("transpose", y), add("transpose", x) @ dy)),
    "tanh": Op(np.tanh, lambda dy, x: (dy * (constant(1) - square(add("tanh", x))),)),
    "mean": Op(np.mean, lambda dy, x: (add("spread", dy, x),)),
    "transpose": Op(np.transpose, lambda dy, _: (add("transpose", dy),)),
    "sum_like": Op(_sum_like, _no_gradient),
    "spread": Op(lambda dy, x: np.broadcast_to(dy / x.size, x.shape), _no_gradient),
}


def like(dy: Node, x: Node) -> Node:
    """The gradient of something that was broadcast: summed to the shape of ``x``."""
    return add("sum_like", dy, x)


def square(x: Node) -> Node:
    """The square, elementwise."""
    return x * x


def tanh(x: Node) -> Node:
    """The hyperbolic tangent, elementwise."""
    return add("tanh", x)


def mean(x: Node) -> Node:
    """The mean of all elements."""
    return add("mean", x)


def gradients(y: Node, xs: Sequence[Node]) -> list[Node]:
    """Nodes for the derivatives of ``y``, by the chain rule, from the last node to the first."""
    found: dict[Node, Node] = {y: constant(1)}
    for node in reversed(cut([y])):
        dy = found.get(node)
        if dy is None or node.op not in OPS:
            continue
        for x, dx in zip(node.inputs, OPS[node.op].gradient(dy, *node.inputs), strict=True):
            found[x] = found[x] + dx if x in found else dx
    return [found[x] for x in xs]


# The planner: from what is wanted to a list of steps.

NOTHING = -1  # the slot of a node without a result


@dataclass
class Program:
    """Steps in order: ``slot = op(slots)``. A pure function of state and feeds.

    Attributes:
      steps: for each, its result's slot, the operation, its operands' slots.
      constants: slots with known values.
      feeds: slots of fed nodes.
      state: slots of variables.
      updates: for each variable that is written, the slot of its new value.
      fetches: the slots that are wanted.
    """

    steps: list[tuple[int, str, tuple[int, ...]]] = field(default_factory=list)
    constants: dict[int, Any] = field(default_factory=dict)
    feeds: dict[Node, int] = field(default_factory=dict)
    state: dict[Node, int] = field(default_factory=dict)
    updates: dict[Node, int] = field(default_factory=dict)
    fetches: list[int] = field(default_factory=list)


def cut(wanted: Iterable[Node]) -> list[Node]:
    """What ``wanted`` needs, in the order of making, which is an order to compute in."""
    needed: set[Node] = set()
    pending = list(wanted)
    while pending:
        node = pending.pop()
        if node not in needed:
            needed.add(node)
            pending += [*node.inputs, *node.after]
    return sorted(needed, key=lambda node: node.number)


class Planner:
    """Turns wanted nodes into a `Program`; each pass is one method."""

    def __init__(self) -> None:
        self.program = Program()
        self.slot_of: dict[Node, int] = {}
        self.seen: dict[tuple[Any, ...], int] = {}
        self.count = 0

    def plan(self, fetches: Sequence[Node]) -> Program:
        """The Program of a run that fetches ``fetches``."""
        for node in cut(fetches):
            self.slot_of[node] = self.place(node)
        self.program.fetches = [self.slot_of[node] for node in fetches]
        self.drop_dead_steps()
        return self.program

    def new_slot(self) -> int:
        """A slot that nothing has yet."""
        self.count += 1
        return self.count - 1

    def place(self, node: Node) -> int:
        """The slot in which the result of ``node`` will be."""
        program, slots = self.program, tuple(self.slot_of[item] for item in node.inputs)
        if node.op == "group":
            return NOTHING
        if node.op == "assign":
            program.updates[node.inputs[0]] = slots[1]
            return slots[1]
        if node.op == "constant":
            return self.know(node.payload)
        if node.op == "placeholder":
            return program.feeds.setdefault(node, self.new_slot())
        if node.op == "variable":
            return program.state.setdefault(node, self.new_slot())
        return self.compute(node.op, slots)

    def know(self, value: Any) -> int:
        """The slot of a known value; equal values share one."""
        slot = self.seen.setdefault((value.shape, value.tobytes()), self.new_slot())
        self.program.constants[slot] = value
        return slot

    def compute(self, op: str, slots: tuple[int, ...]) -> int:
        """The slot of a result; there is a step for it unless it is known or was there before."""
        known = self.program.constants
        if all(item in known for item in slots):
            return self.know(np.asarray(OPS[op].compute(*(known[item] for item in slots))))
        if (op, slots) not in self.seen:
            self.seen[op, slots] = self.new_slot()
            self.program.steps.append((self.seen[op, slots], op, slots))
        return self.seen[op, slots]

    def drop_dead_steps(self) -> None:
        """Keep the steps that a result needs."""
        program = self.program
        live = {*program.fetches, *program.updates.values()}
        kept = []
        for step in reversed(program.steps):
            if step[0] in live:
                live.update(step[2])
                kept.append(step)
        program.steps = kept[::-1]


# The backend: from a Program to something that runs.


def source_of(program: Program) -> str:
    """A Python function for a Program: one straight line of calls, without any look-up."""

    def names(slots: Iterable[int]) -> str:
        kinds = dict.fromkeys(program.constants, "k")
        return ", ".join("None" if i == NOTHING else f"{kinds.get(i, 'v')}{i}" for i in slots)

    lines = [f"def run({names([*program.state.values(), *program.feeds.values()])}):"]
    lines += [f"    v{slot} = {op}({names(slots)})" for slot, op, slots in program.steps]
    lines.append(f"    return [{names([*program.fetches, *program.updates.values()])}]")
    return "\n".join(lines) + "\n"


def compile_program(program: Program) -> Callable[..., list[Any]]:
    """The function of `source_of`, with operations and constants in its reach."""
    names: dict[str, Any] = {op: record.compute for op, record in OPS.items()}
    names |= {f"k{slot}": value for slot, value in program.constants.items()}
    exec(source_of(program), names)  # noqa: S102 - text that was written just above
    run: Callable[..., list[Any]] = names["run"]
    return run


# The session: variables' values, and runs.


class Session:
    """Holds the values of variables, plans each kind of run once, and runs."""

    def __init__(self) -> None:
        self.values: dict[Node, Any] = {}
        self.plans: dict[tuple[Node, ...], tuple[Program, Callable[..., list[Any]]]] = {}

    def run(self, fetches: Sequence[Node], feeds: dict[Node, Any] | None = None) -> list[Any]:
        """The values of ``fetches``; afterwards, and only if nothing failed, state is stored."""
        key = tuple(fetches)
        if key not in self.plans:
            program = Planner().plan(fetches)
            self.plans[key] = program, compile_program(program)
        program, run = self.plans[key]
        state = [self.values.get(var, var.payload) for var in program.state]
        results = run(*state, *(np.asarray((feeds or {})[node]) for node in program.feeds))
        new = results[len(fetches) :]
        self.values.update(zip(program.updates, new, strict=True))
        return results[: len(fetches)]
