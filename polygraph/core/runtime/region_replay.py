"""Copies of regions that find the same state again: variables, random generators.

In a copy, state is a tensor that goes in and comes out: through branches as one more result,
through loops as one more loop variable. Nothing is written, and what was drawn is drawn again.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.errors import UnimplementedError
from polygraph.core.ground.op_def import OpDef
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.operation import Operation
from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.runtime.planner.cut import cut
from polygraph.core.runtime.planner.rename import Renamed, StateKey, Version, rename
from polygraph.ops.hidden_state import HiddenState, KnownRead
from polygraph.ops.identity_ops import identity
from polygraph.ops.region_clone import Cloner
from polygraph.ops.region_ops import add_if, add_parameter, add_while

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.op_spec import Arg
    from polygraph.core.runtime.planner.rename import Ref


def renamed_region(region: Region) -> Renamed:
    """What ``region`` needs, with state told apart by who left it."""
    return rename(cut(region, region.outputs, region.control_outputs, ()), ())


def state_now(key: StateKey) -> Tensor:
    """A piece of state as operations see it that are added now, outside of all writes around."""
    if key.slot < 0:
        return identity(key.op.outputs[0])  # type: ignore[no-any-return]
    state = key.op.definition.hidden[key.slot]
    value: Tensor = HiddenState(owner=key.op, shape=state.shape, dtype=state.dtype)
    return value


@cache
def _explicit(definition: OpDef) -> OpDef:
    """An op type like ``definition`` that takes state as inputs and gives it as first outputs.

    No table has it: it stands in gradients only, and no graph is imported with it.
    """
    hidden = [f"{state.name}: {state.dtype.name}" for state in definition.hidden]
    inputs = [_spelled(arg) for arg in definition.inputs if arg.name not in definition.overwrites]
    refs = {arg.name: arg for arg in definition.inputs}
    after = [_spelled(refs[name]) for name in definition.writes] + hidden
    outputs = [_spelled(arg) for arg in definition.outputs if not arg.ref]
    blind = [arg.name in definition.overwrites for arg in definition.inputs]
    count = len(definition.writes)

    def lower(*operands: Any, **attrs: Any) -> tuple[Any, ...]:
        given = iter(operands)
        raw = definition.lower(*[None if skip else next(given) for skip in blind], *given, **attrs)
        results = list(raw) if isinstance(raw, tuple | list) else [raw]
        drawn = results[len(results) - len(hidden) :]
        return (*results[:count], *drawn, *results[count : len(results) - len(hidden)])

    found = OpDef(
        f"Explicit{definition.type}",
        f"{', '.join([*inputs, *hidden])} -> "
        + ", ".join([*[f"new_{text}" for text in after], *outputs]),
        lower,
        kind=Kind.PURE,
        shape=None,
        static=tuple(definition.static),
        writes=(),
        overwrites=(),
        hidden=(),
        samples=(),
        stateful=False,
        dtypes=definition.dtypes,
    ).no_gradient()
    found.lower_attrs = definition.lower_attrs
    return found


def _spelled(arg: Arg) -> str:
    number = "" if arg.number is None else f"{arg.number}*"
    return f"{arg.name}: {number}{arg.dtype}{'*' if arg.each else ''}"


class Replayer(Cloner):
    """Copies operations of a region as `Cloner` does, with the state that the region found.

    Args:
      graph: the graph.
      part: the region, renamed.
      inside: which operations are copied; what others yield is used as it is.
      replaced: what stands for some tensors in the copies.
      versions: by its names in the region, state that something writes, as the region found it.
    """

    def __init__(
        self,
        graph: Graph,
        part: Renamed,
        inside: Callable[[Operation], bool],
        replaced: Mapping[Tensor, Tensor],
        versions: Mapping[Version, Tensor],
    ) -> None:
        super().__init__(graph, inside, replaced)
        self.part = part
        self.versions = dict(versions)

    @classmethod
    def of_region(
        cls,
        graph: Graph,
        region: Region,
        replaced: Mapping[Tensor, Tensor],
        states: Mapping[StateKey, Tensor],
    ) -> Replayer:
        """A copier of ``region``, which found the ``states`` that it or another region writes."""
        versions = {
            Version(key, (region, use)): state
            for key, state in states.items()
            for use in ("read", "write")
        }
        return cls(graph, renamed_region(region), region.contains, replaced, versions)

    def run(self, indices: Sequence[int]) -> list[Tensor]:
        """Some of what the region yields, copied, as is all that writes state."""
        region = self.part.cut.region
        assert region is not None  # noqa: S101 - it is a region's
        pairs = [(region.outputs[index], self.part.outputs[index]) for index in indices]
        wanted = [ref if isinstance(ref, Tensor) else tensor for tensor, ref in pairs]
        self.clone(wanted, self.part.written)
        return [self._operand(tensor, ref) for tensor, ref in pairs]

    def left(self, key: StateKey) -> Tensor:
        """What the region leaves of a piece of state."""
        region = self.part.cut.region
        return self.versions[self.part.final.get(key, Version(key, (region, "write")))]

    def _before(self, op: Operation) -> Iterator[Operation]:
        """The operations that left the state which ``op`` works on."""
        versions = [ref for ref in self.part.operands.get(op, ()) if isinstance(ref, Version)]
        for pair in self.part.entry.get(op, {}).values():
            versions.extend(pair)
        for version in versions:
            if isinstance(version.writer, Operation):
                yield version.writer

    def _clone_op(self, op: Operation) -> None:
        entry = [key for key, pair in self.part.entry.get(op, {}).items() if self._knows(pair)]
        if entry:
            self._clone_owner(op, entry)
        elif op.definition.kind is Kind.HIDDEN and self._knows(self.part.operands[op]):
            (version,) = self.part.operands[op]
            self.bind(op, [self.versions[version]])  # type: ignore[index]
        elif op in self.part.written:
            self._clone_writer(op)
        elif any(self._knows([ref]) for ref in self.part.operands.get(op, ())):
            inputs = [
                self._operand(tensor, ref)
                for tensor, ref in zip(op.inputs, self.part.operands[op], strict=True)
            ]
            self.bind(op, self.add(op, op.definition, inputs, op.spans, _plain(op)).outputs)
        else:
            super()._clone_op(op)

    def _knows(self, refs: Iterable[Ref | None]) -> bool:
        return any(ref in self.versions for ref in refs)

    def _operand(self, tensor: Tensor, ref: Ref | None) -> Tensor:
        """An input: as it was read, if it is a variable whose value then is known."""
        if not isinstance(ref, Version) or ref not in self.versions:
            return self.of(ref if isinstance(ref, Tensor) else tensor)
        known = self.versions[ref]
        if not (known.dtype.is_floating or known.dtype.is_complex):
            return known
        return KnownRead(self.of(tensor), known)  # type: ignore[no-any-return]

    def _clone_writer(self, op: Operation) -> None:
        definition = op.definition
        inputs: list[Tensor] = []
        spans: list[int | slice] = []
        operands = self.part.operands[op]
        for arg, span in zip(definition.inputs, op.spans, strict=True):
            if arg.name not in definition.overwrites:
                indices = [span] if isinstance(span, int) else range(len(op.inputs))[span]
                start = len(inputs)
                inputs += [self._given(op.inputs[i], operands[i]) for i in indices]
                spans.append(start if isinstance(span, int) else slice(start, len(inputs)))
        for ref in operands[len(op.inputs) :]:
            spans.append(len(inputs))
            inputs.append(self.versions[ref])  # type: ignore[index]
        results = self.add(op, _explicit(definition), inputs, spans, _plain(op)).outputs
        versions = self.part.versions_of(op)
        for version, result in zip(versions, results, strict=False):
            _set_static_shape(version.key, result)
            self.versions[version] = result
        others = iter(results[len(versions) :])
        news = iter(results)
        self.bind(op, [next(news) if arg.ref else next(others) for arg in definition.outputs])

    def _given(self, tensor: Tensor, ref: Ref | None) -> Tensor:
        return self.versions[ref] if isinstance(ref, Version) else self._operand(tensor, ref)

    # Operations that own regions.

    def _clone_owner(self, op: Operation, keys: Sequence[StateKey]) -> None:
        """Copy what owns regions that use state of which the value is known."""
        entry = self.part.entry[op]
        written = [key for key in keys if Version(key, op) in self.part.versions_of(op)]
        if op.definition.kind is Kind.WHILE:
            owner = self._clone_while(op, keys, written)
        else:
            regions = [
                self._region(inner, self._entering(inner, keys, entry), written, [])
                for inner in self.part.inner[op]
            ]
            owner = add_if(self._operand(op.inputs[0], self.part.operands[op][0]), regions)
        owner.frame = op.frame
        owner.original_op = op
        count = len(op.outputs)
        self.bind(op, owner.outputs[:count])
        for key, result in zip(written, owner.outputs[count:], strict=False):
            _set_static_shape(key, result)
            self.versions[Version(key, op)] = result

    def _entering(
        self,
        inner: Renamed,
        keys: Sequence[StateKey],
        entry: Mapping[StateKey, tuple[Version, Version]],
    ) -> dict[Version, Tensor]:
        """State as ``inner``, the region of an owner, finds it."""
        region = inner.cut.region
        found: dict[Version, Tensor] = {}
        for key in keys:
            for use, version in zip(("read", "write"), entry[key], strict=True):
                if version in self.versions:
                    found[Version(key, (region, use))] = self.versions[version]
        return found

    def _clone_while(
        self, op: Operation, keys: Sequence[StateKey], written: Sequence[StateKey]
    ) -> Operation:
        entry = self.part.entry[op]
        states = [self.versions[entry[key][1]] for key in written]
        # What is read before the first write of the loop may be older than what writes work on.
        reads = [self.versions.get(entry[key][0], self.versions[entry[key][1]]) for key in written]
        carried = [*states, *reads]
        regions = [
            self._region(inner, self._entering(inner, keys, entry), written, carried)
            for inner in self.part.inner[op]
        ]
        if self.part.inner[op][0].final:
            msg = f"the gradient of a loop cannot repeat {op.name!r}, whose condition changes state"
            raise UnimplementedError(None, op, msg)
        condition, body = regions
        del condition.outputs[1:]
        body.outputs += body.outputs[len(op.outputs) :]
        initial = map(self._operand, op.inputs, self.part.operands[op])
        shapes = [*op.attrs["output_shapes"], *[state.get_shape() for state in carried]]
        options = {name: op.attrs[name] for name in ("maximum_iterations", "back_prop")}
        return add_while([*initial, *carried], regions, shapes, **options)

    def _region(
        self,
        inner: Renamed,
        states: dict[Version, Tensor],
        written: Sequence[StateKey],
        carried: Sequence[Tensor],
    ) -> Region:
        """A copy of a region that yields the state ``written`` besides.

        ``carried`` has what writes and reads of it work on if these are loop variables.
        """
        region = inner.cut.region
        assert region is not None  # noqa: S101 - owners own regions
        copy = Region(region.name, self.graph.region)
        parameters = [
            add_parameter(copy, tensor.dtype, tensor.get_shape(), "Parameter")
            for tensor in (*region.parameters, *carried)
        ]
        names = [
            Version(key, (region, use))
            for use in (("write", "read") if carried else ())
            for key in written
        ]
        count = len(region.parameters)
        states = {**states, **dict(zip(names, parameters[count:], strict=True))}
        again = Replayer(
            self.graph,
            inner,
            lambda op: region.contains(op) or self.inside(op),
            {**self.tensors, **dict(zip(region.parameters, parameters[:count], strict=True))},
            states,
        )
        again.ops.update(self.ops)
        with self.graph.in_region(copy):
            copy.outputs = again.run(range(len(region.outputs)))
        copy.outputs += [again.left(key) for key in written]
        return copy


def _plain(op: Operation) -> dict[str, Any]:
    return {name: value for name, value in op.attrs.items() if not name.startswith("_")}


def _set_static_shape(key: StateKey, tensor: Tensor) -> None:
    shape = (
        key.op.outputs[0].get_shape()
        if key.slot < 0
        else TensorShape(key.op.definition.hidden[key.slot].shape)
    )
    if tensor.get_shape().is_compatible_with(shape):
        tensor.set_shape(shape)
