"""Rename: variables become SSA values, so that afterwards order lives in data edges only.

The rules (they follow TF1's reference variables and pin down what TF1 leaves to a race):

1. Writes are totally ordered, in graph order. A write works on what its predecessor left.
2. A read sees the last write among its ancestors by data or control edges; none, and it sees the
   value from before.
3. A variable and its ``read`` operation are transparent: the read belongs to the consumer.
4. A fetch comes after everything: a variable, or an assign's output, is fetched as the run
   leaves it. As data, an assign's output is the value just written.
5. Regions follow the same rules inside, "before" being what their owner reads.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.planner.cut import predecessors

if TYPE_CHECKING:
    from collections.abc import Collection

    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.planner.cut import Cut


class StateKey(NamedTuple):
    """A variable (``slot`` -1), or a piece of hidden state of an operation."""

    op: Operation
    slot: int

    @property
    def name(self) -> str:
        """The variable's name, or the operation's with the hidden state's."""
        if self.slot < 0:
            return self.op.name
        return f"{self.op.name}/{self.op.definition.hidden[self.slot].name}"


def hidden_key(op: Operation, slot: int) -> StateKey:
    """The key of a piece of hidden state; a copy that replaces an operation goes on with its."""
    return StateKey(op.attrs.get("_state_of", op), slot)


class Version(NamedTuple):
    """The value of a piece of state after ``writer``.

    ``writer`` is None for the value before the run. Inside a region it may be the pair of the
    region and ``"read"`` or ``"write"``: what the owner hands in.
    """

    key: StateKey
    writer: Operation | tuple[object, str] | None

    @property
    def use(self) -> str:
        """What the owner of a region hands it in for: ``"read"``, ``"write"``, else ``""``."""
        return self.writer[1] if isinstance(self.writer, tuple) else ""

    def inside(self, region: object) -> Version:
        """What the owner of ``region`` hands in as this, called by its name in that region."""
        return Version(self.key, (region, self.use))


class Done(NamedTuple):
    """That an operation without outputs has run."""

    op: Operation


class Answer(NamedTuple):
    """The value of something in the middle of an operation's lowering, which it asked for."""

    op: Operation
    asked: int


Ref = Tensor | Version | Done | Answer
"""What names a value in a renamed cut."""


@dataclass(slots=True, eq=False)
class Renamed:
    """A cut whose state is renamed.

    Attributes:
      cut: the cut.
      operands: for each operation, what stands for each of its inputs, then its hidden state;
        None for a ref input that the operation does not read. Transparent reads have no entry.
      inner: the renamed cuts of the regions that an operation owns.
      entry: for an operation that owns regions, per key the versions it hands in: read, write.
      final: per key that is written, the version that is left.
      outputs: what the region yields.
      written: the state that each operation writes.
      imports: for a region, what it takes from outside: tensors, and versions handed in.
      reads: keys whose value from before is read, here or in a region inside.
    """

    cut: Cut
    operands: dict[Operation, list[Ref | None]] = field(default_factory=dict)
    inner: dict[Operation, tuple[Renamed, ...]] = field(default_factory=dict)
    entry: dict[Operation, dict[StateKey, tuple[Version, Version]]] = field(default_factory=dict)
    final: dict[StateKey, Version] = field(default_factory=dict)
    reads: dict[StateKey, None] = field(default_factory=dict)
    outputs: list[Ref] = field(default_factory=list)
    imports: dict[Tensor | Version, None] = field(default_factory=dict)
    written: dict[Operation, list[StateKey]] = field(default_factory=dict)

    def versions_of(self, op: Operation) -> list[Version]:
        """The versions that ``op`` leaves."""
        return [Version(key, op) for key in self.written.get(op, ())]


def variable_behind(tensor: Tensor) -> StateKey | None:
    """The variable that ``tensor`` stands for transparently: itself, or its read operation."""
    op = tensor.op
    if op.definition.kind is Kind.VARIABLE:
        return StateKey(op, -1)
    if op.attrs.get("_variable_read"):
        return variable_behind(op.inputs[0])
    return None


def variable_of(op: Operation) -> StateKey:
    """The variable that the first input of ``op`` refers to.

    Raises:
      ValueError: it leads to none.
    """
    key = reference_root(op.inputs[0])
    if key is None:
        msg = f"{op.inputs[0].name!r} ({op.frame}) does not lead to a variable"
        raise ValueError(msg)
    return key


def reference_root(tensor: Tensor) -> StateKey | None:
    """The variable that a reference leads to: through reads and through what writes give."""
    while True:
        key = variable_behind(tensor)
        if key is not None:
            return key
        op = tensor.op
        if not (op.definition.kind is Kind.WRITE and tensor.dtype._is_ref_dtype):  # noqa: SLF001
            return None
        tensor = op.inputs[_first_ref(op)]


def _first_ref(op: Operation) -> int:
    return next(index for index, arg in enumerate(op.definition.inputs) if arg.ref)


class _Renamer:
    def __init__(self, cut: Cut, fed: Collection[Tensor]) -> None:
        self.cut = cut
        self.fed = fed
        self.result = Renamed(cut)
        self.ancestors: dict[Operation, int] = {}
        self.writers: list[Operation] = []
        self.keys: dict[Tensor, StateKey | None] = {}
        self.writes_of: dict[StateKey, int] = {}

    def run(self) -> Renamed:
        for op in self.cut.ops:
            self._rename(op)
        if self.cut.region is not None:
            self.result.outputs = [self._output(tensor) for tensor in self.cut.region.outputs]
            self._find_imports()
        return self.result

    def _find_imports(self) -> None:
        result = self.result
        used: list[Ref | None] = list(result.outputs)
        for op, operands in result.operands.items():
            used.extend(operands)
            for part in result.inner.get(op, ()):
                used.extend(self._handed_in(op, taken) for taken in part.imports)
            used.extend(write for _, write in result.entry.get(op, {}).values())
        for ref in used:
            if (isinstance(ref, Tensor) and self._is_outside(ref)) or (
                isinstance(ref, Version) and isinstance(ref.writer, tuple)
            ):
                result.imports[ref] = None
        for key in result.final:
            result.imports[self._before(key, "write")] = None

    def _is_outside(self, tensor: Tensor) -> bool:
        return tensor in self.fed or tensor.op.region is not self.cut.region

    def _handed_in(self, op: Operation, ref: Tensor | Version) -> Ref:
        return ref if isinstance(ref, Tensor) else handed_in(self.result, op, ref)

    def _output(self, tensor: Tensor) -> Ref:
        """What a region yields; a variable is yielded as the region leaves it."""
        key = self._key_of(tensor)
        if key is None:
            return self.cut.standing_for(tensor)
        if key in self.result.final:
            return self.result.final[key]
        return self._seen_from(key, 0)

    def _before(self, key: StateKey, use: str) -> Version:
        region = self.cut.region
        return Version(key, None if region is None else (region, use))

    def _last_written(self, key: StateKey) -> Version:
        """Rule 1: what the predecessor in the order of writes left."""
        found = self.result.final.get(key)
        return self._before(key, "write") if found is None else found

    def _seen_from(self, key: StateKey, ancestors: int) -> Version:
        """Rule 2: the last write among the ancestors."""
        mask = ancestors & self.writes_of.get(key, 0)
        if mask:
            return Version(key, self.writers[mask.bit_length() - 1])
        self.result.reads[key] = None
        return self._before(key, "read")

    def _rename(self, op: Operation) -> None:
        ancestors = 0
        for before in predecessors(op, self.cut):
            ancestors |= self.ancestors.get(before, 0)
        if self._key_of(op.outputs[0] if op.outputs else None) is not None:
            self.ancestors[op] = ancestors
            return
        written: list[StateKey] = []
        operands: list[Ref | None] = []
        refs = self._ref_inputs(op)
        for index, tensor in enumerate(op.inputs):
            arg_name = refs.get(index)
            if arg_name is not None:
                operands.append(self._reference(op, tensor, arg_name, written))
            else:
                operands.append(self._data(tensor, ancestors))
        for slot in range(len(op.definition.hidden)):
            key = hidden_key(op, slot)
            operands.append(self._last_written(key))
            self.result.reads[key] = None
            written.append(key)
        if op.definition.kind is Kind.HIDDEN:
            key = hidden_key(op.attrs["owner"], 0)
            operands.append(self._before(key, "write"))
            self.result.reads[key] = None
        if op in self.cut.inner:
            written.extend(self._rename_regions(op, ancestors))
        self.ancestors[op] = ancestors | self._note_writes(op, written)
        self.result.operands[op] = operands

    def _note_writes(self, op: Operation, written: list[StateKey]) -> int:
        """Enter ``op`` into the order of writes; its bit in the masks of ancestors."""
        if not written:
            return 0
        self.result.written[op] = written
        bit = 1 << len(self.writers)
        self.writers.append(op)
        for key in written:
            self.writes_of[key] = self.writes_of.get(key, 0) | bit
            self.result.final[key] = Version(key, op)
        return bit

    def _ref_inputs(self, op: Operation) -> dict[int, str]:
        return {
            span: arg.name
            for arg, span in zip(op.definition.inputs, op.spans, strict=True)
            if arg.ref and isinstance(span, int)
        }

    def _reference(
        self, op: Operation, tensor: Tensor, name: str, written: list[StateKey]
    ) -> Ref | None:
        key = reference_root(tensor)
        if key is None:
            msg = f"input {name!r} of {op.name!r} ({op.frame}) does not lead to a variable"
            raise ValueError(msg)
        if name not in op.definition.writes:
            return None
        written.append(key)
        if name in op.definition.overwrites:
            return None
        if key not in self.result.final:
            self.result.reads[key] = None
        return self._last_written(key)

    def _key_of(self, tensor: Tensor | None) -> StateKey | None:
        """The variable that ``tensor`` reads transparently, unless it is fed on the way."""
        if tensor is None or tensor in self.fed:
            return None
        if tensor not in self.keys:
            key = variable_behind(tensor)
            fed = key is not None and any(source in self.fed for source in tensor.op.inputs)
            self.keys[tensor] = None if fed else key
        return self.keys[tensor]

    def _data(self, tensor: Tensor, ancestors: int) -> Ref:
        key = self._key_of(tensor)
        return self.cut.standing_for(tensor) if key is None else self._seen_from(key, ancestors)

    def _rename_regions(self, op: Operation, ancestors: int) -> list[StateKey]:
        """Rename what ``op`` owns; give the keys that its regions write."""
        inner = tuple(_Renamer(part, self.fed).run() for part in self.cut.inner[op])
        self.result.inner[op] = inner
        reads: dict[StateKey, None] = {}
        writes: dict[StateKey, None] = {}
        for part in inner:
            reads.update(part.reads)
            writes.update(dict.fromkeys(part.final))
            for tensor in part.cut.captures:
                key = self._key_of(tensor)
                if key is not None:
                    reads[key] = None
        entry = self.result.entry[op] = {}
        for key in {**reads, **writes}:
            entry[key] = (self._seen_from(key, ancestors), self._last_written(key))
            if key in writes and key not in self.result.final:
                self.result.reads[key] = None
        return list(writes)


def handed_in(renamed: Renamed, op: Operation, ref: Version) -> Version:
    """The version in ``renamed`` that ``op`` hands to its regions as ``ref``."""
    read, write = renamed.entry[op][ref.key]
    return write if ref.use == "write" else read


def rename(cut: Cut, fed: Collection[Tensor]) -> Renamed:
    """Replace variables by versions in ``cut`` and in the regions inside it."""
    return _Renamer(cut, fed).run()


def fetched(tensor: Tensor, renamed: Renamed, fed: Collection[Tensor]) -> Ref:
    """What fetching ``tensor`` gives: for a variable or an assign's output, what the run leaves."""
    if tensor in fed:
        return tensor
    key = reference_root(tensor)
    if key is None:
        return tensor
    return renamed.final.get(key, Version(key, None))
