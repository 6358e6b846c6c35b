"""From blocks to Python functions of tensors: one line for each step.

A function takes one list of tensors and gives a tuple. Temporaries are deleted after their last
use, so that torch's allocator gives their memory to the next one.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from polygraph.backends.torch.aliasing import memory_roots, owned, steps_in_place
from polygraph.backends.torch.arrays import TORCH_DTYPES
from polygraph.backends.torch.lowerings_integers import SIGNED, modular, ordered
from polygraph.backends.torch.peepholes import fused_calls
from polygraph.backends.torch.table import MODULAR, ORDERED, UNSIGNED
from polygraph.ops.primitives.control import while_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Block, Step, Value

    Function = Callable[[list[torch.Tensor]], tuple[Any, ...]]

_SERIAL = itertools.count()

_LITERALS = (bool, int, str, type(None), tuple)


@dataclass(frozen=True, slots=True)
class Style:
    """What a generated function may do.

    Attributes:
      lowerings: by op; an attribute that is a block reaches a lowering as a function.
      in_place: lowerings that write into their first operands.
      constant: the tensor that holds a constant.
      views: ops whose results may lie in the memory of their operands.
      traced: inner functions give tensors of their own, as what inductor compiles must.
    """

    lowerings: Mapping[Op, Lowering]
    in_place: Mapping[Op, Lowering]
    constant: Callable[[np.ndarray[Any, Any]], torch.Tensor]
    views: frozenset[Op]
    traced: bool = False


@dataclass(slots=True, eq=False)
class Call:
    """A line to come: results = function(operands, attributes)."""

    name: str
    function: Callable[..., Any]
    operands: tuple[Value, ...]
    attrs: Mapping[str, Any]
    results: tuple[Value, ...]
    comment: str = ""
    several: bool = False


@dataclass(slots=True)
class Scope:
    """The names of one function's values, and its lines."""

    names: dict[Value, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def name(self, value: Value) -> str:
        """The text that stands for ``value``, a new name where it has none."""
        found = self.names.get(value)
        if found is None:
            found = self.names[value] = f"v{len(self.names)}"
        return found


class Module:
    """A module of generated functions."""

    def __init__(self, label: str, style: Style) -> None:
        self.style = style
        self.label = label
        self.namespace: dict[str, Any] = {"check": None, "rest": None}
        self.functions: list[str] = []
        self._constants: dict[Value, str] = {}
        self._bound: dict[int, str] = {}

    def bind(self, hint: str, thing: Any) -> str:
        """A name for ``thing`` in the module."""
        found = self._bound.get(id(thing))
        if found is None:
            found = hint
            while found in self.namespace:
                found = f"{hint}_{len(self.namespace)}"
            self._bound[id(thing)] = found
            self.namespace[found] = thing
        return found

    def load(self) -> tuple[dict[str, Any], str]:
        """The functions by name, and their text, which tracebacks show while they live."""
        source = "\n\n\n".join(self.functions) + "\n"
        filename = f"<polygraph {self.label} {next(_SERIAL)}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        exec(compile(source, filename, "exec"), self.namespace)  # noqa: S102 - what we wrote
        forget = weakref.finalize(self.namespace["rest"], linecache.cache.pop, filename, None)
        forget.atexit = False
        return self.namespace, source

    def call(self, step: Step, *, in_place: bool = False) -> Call:
        """The line for ``step``; its inner blocks become functions first."""
        table = self.style.in_place if in_place else self.style.lowerings
        function = lowering_for(step, table[step.op])
        attrs = dict(step.attrs)
        for name, inner in step.blocks():
            attrs[name] = self.inner(inner, name, step, attrs)
        source = "" if step.source is None else f"{step.source.type} {step.source.name}"
        has_blocks = any(True for _ in step.blocks())
        several = has_blocks or len(step.results) != 1
        return Call(step.op.name, function, step.operands, attrs, step.results, source, several)

    def inner(self, block: Block, name: str, step: Step, attrs: dict[str, Any]) -> _Name:
        """The name of the function for an inner block; notes in ``attrs`` what it overwrites."""
        roots = memory_roots(block, self.style.views)
        late: list[Step] = []
        if step.op is while_loop and name == "body_block" and self.style.in_place:
            pairs = dict(zip(block.parameters, block.results, strict=False))
            ops = frozenset(self.style.in_place)
            late = steps_in_place(block, pairs, ops, roots, keep_results=True)
            targets = {target for one in late for target in one.operands[: len(one.results)]}
            places = [i for i, value in enumerate(block.parameters) if value in targets]
            if places:
                attrs["mutated"] = tuple(places)
        scope = Scope()
        first = [self.call(one) for one in block.steps if one not in late]
        last = [self.call(one, in_place=True) for one in late]
        names = ", ".join(map(scope.name, block.parameters))
        self.write(scope, [*first, *last], block.constants, block.results)
        mine = owned(block.results, roots, {*block.parameters, *block.constants})
        results = [
            scope.name(result) if own or not self.style.traced else _copy(scope.name(result))
            for result, own in zip(block.results, mine, strict=True)
        ]
        function = f"{name}_{len(self.functions)}"
        self.add(function, f"{names}", scope, results)
        return _Name(function)

    def add(self, name: str, parameters: str, scope: Scope, results: Iterable[str]) -> None:
        """Append a function."""
        text = "".join(f"{result}, " for result in results)
        body = [*scope.lines, f"return ({text.rstrip()})"]
        self.functions.append(
            f"def {name}({parameters}):\n" + "\n".join(f"    {line}" for line in body)
        )

    def write(
        self,
        scope: Scope,
        calls: Sequence[Call],
        constants: Mapping[Value, np.ndarray[Any, Any]],
        kept: Iterable[Value],
    ) -> None:
        """Append lines to ``scope``; values that are not ``kept`` are deleted after use."""
        for value, array in constants.items():
            scope.names[value] = self.constant(value, array)
        calls = fused_calls(calls, frozenset(kept))
        last_use = {operand: call for call in calls for operand in call.operands}
        alive = {*kept, *scope.names}
        for call in calls:
            scope.lines.append(self._line(scope, call))
            dead = [
                scope.name(value)
                for value in dict.fromkeys((*call.operands, *call.results))
                if value not in alive and last_use.get(value, call) is call
            ]
            if dead:
                scope.lines.append(f"del {', '.join(dead)}")

    def constant(self, value: Value, array: np.ndarray[Any, Any]) -> str:
        """The text of a constant: a literal tensor where tracing wants one, else a bound name."""
        if self.style.traced and is_literal(array):
            full = self.bind("full", torch.full)
            dtype = self.bind(array.dtype.name, TORCH_DTYPES[array.dtype])
            return f"{full}({array.shape}, {_number(array)}, dtype={dtype})"
        found = self._constants.get(value)
        if found is None:
            found = self._constants[value] = self.bind(
                f"c{len(self._constants)}", self.style.constant(array)
            )
        return found

    def _line(self, scope: Scope, call: Call) -> str:
        attrs = [f"{name}={self._text(name, attr)}" for name, attr in call.attrs.items()]
        function = self.bind(call.name, call.function)
        text = f"{function}({', '.join([*map(scope.name, call.operands), *attrs])})"
        comment = f"  # {call.comment}" if call.comment else ""
        if not call.results:
            return text + comment
        names = ", ".join(map(scope.name, call.results))
        return f"{names}{',' if call.several and len(call.results) == 1 else ''} = {text}{comment}"

    def _text(self, name: str, attr: Any) -> str:
        if isinstance(attr, _Name):
            return attr.text
        flat = attr if isinstance(attr, tuple) else (attr,)
        if all(isinstance(item, _LITERALS) for item in flat):
            return repr(attr)
        if isinstance(attr, float) and np.isfinite(attr):
            return repr(attr)
        return self.bind(f"{name}_{len(self.namespace)}", attr)


@dataclass(frozen=True, slots=True)
class _Name:
    text: str


def is_literal(array: np.ndarray[Any, Any]) -> bool:
    """Whether a constant is one number of a dtype that torch's `full` takes."""
    return array.size == 1 and array.dtype.kind != "c" and TORCH_DTYPES[array.dtype] not in SIGNED


def _number(array: np.ndarray[Any, Any]) -> str:
    number = array.reshape(-1)[0].item()
    return repr(number) if not isinstance(number, float) or np.isfinite(number) else (
        f"float({str(number)!r})"
    )  # fmt: skip


def _copy(name: str) -> str:
    return f"{name}.contiguous().clone()"


def lowering_for(step: Step, function: Lowering) -> Lowering:
    """``function``, or what stands for it at unsigned dtypes that torch does not compute in."""
    dtypes = [TORCH_DTYPES[value.dtype] for value in (*step.operands, *step.results)]
    if not any(dtype in SIGNED for dtype in dtypes):
        return function
    results = dtypes[len(step.operands) :]
    if step.op in UNSIGNED:
        function = UNSIGNED[step.op]
    if step.op in MODULAR or step.op in UNSIGNED:
        return modular(function, results)
    return ordered(function, results) if step.op in ORDERED else function
