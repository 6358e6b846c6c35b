"""Copies of operations with other inputs, also of those that own regions.

A gradient computes again what a branch or a loop's body computed, on values that it kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.apply import output_dtypes
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.region import Region
from polygraph.core.ground.shape_inference import infer_outputs, propagate_constants
from polygraph.ops.region_ops import add_parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor


_OWN_ATTRS = frozenset({"_keeper", "_replaces"})
"""Attributes that say something of one operation only, and not of its copies."""


def region_operations(
    region: Region, outputs: Iterable[Tensor] | None = None
) -> dict[Operation, None]:
    """The operations in ``region``, at any depth, that ``outputs`` need.

    Args:
      region: where to look.
      outputs: tensors of the region; all that it yields and its control outputs by default.
    """
    found: dict[Operation, None] = {}
    pending = [tensor.op for tensor in (region.outputs if outputs is None else outputs)]
    if outputs is None:
        pending.extend(region.control_outputs)
    while pending:
        op = pending.pop()
        if op in found or not region.contains(op):
            continue
        found[op] = None
        pending.extend(tensor.op for tensor in op.inputs)
        pending.extend(op.control_inputs)
        for inner in op.attrs.get("regions", ()):
            pending.extend(tensor.op for tensor in inner.outputs)
            pending.extend(inner.control_outputs)
    return found


def region_captures(region: Region) -> list[Tensor]:
    """The tensors that ``region`` takes from outside, regions inside it included."""
    captured: dict[Tensor, None] = {}

    def use(tensors: Iterable[Tensor]) -> None:
        captured.update(dict.fromkeys(t for t in tensors if not region.contains(t.op)))

    use(region.outputs)
    for op in region_operations(region):
        use(op.inputs)
        for inner in op.attrs.get("regions", ()):
            use(inner.outputs)
    return list(captured)


class Cloner:
    """Copies operations into the region that operations are being added to.

    Args:
      graph: the graph.
      inside: which operations are copied; what others yield is used as it is.
      replaced: tensors to use in the place of others.
      faithful: copy control edges too, and let copies go on with the originals' hidden state:
        for a copy that takes the place of the original.
    """

    def __init__(
        self,
        graph: Graph,
        inside: Callable[[Operation], bool],
        replaced: Mapping[Tensor, Tensor],
        *,
        faithful: bool = False,
    ) -> None:
        self.graph = graph
        self.inside = inside
        self.faithful = faithful
        self.tensors: dict[Tensor, Tensor] = dict(replaced)
        self.ops: dict[Operation, Operation] = {}

    def clone(self, tensors: Sequence[Tensor], ops: Iterable[Operation] = ()) -> list[Tensor]:
        """The copies of ``tensors``, and of what they and ``ops`` need."""
        for op in self._needed(tensors, ops):
            self._clone_op(op)
        return [self.of(tensor) for tensor in tensors]

    def of(self, tensor: Tensor) -> Tensor:
        """What stands for ``tensor`` among the copies."""
        return self.tensors.get(tensor, tensor)

    def _needed(self, tensors: Sequence[Tensor], ops: Iterable[Operation]) -> list[Operation]:
        needed: set[Operation] = set()
        pending = [tensor.op for tensor in tensors if tensor not in self.tensors]
        pending.extend(ops)
        while pending:
            op = pending.pop()
            if op in needed or op in self.ops or not self.inside(op):
                continue
            needed.add(op)
            pending.extend(t.op for t in self._uses(op) if t not in self.tensors)
            pending.extend(self._before(op))
        return sorted(needed, key=lambda op: op.id)

    def _before(self, op: Operation) -> Iterable[Operation]:
        """What has to be copied with ``op`` though it takes nothing from it."""
        return op.control_inputs if self.faithful else ()

    def _uses(self, op: Operation) -> Iterable[Tensor]:
        yield from op.inputs
        for region in op.attrs.get("regions", ()):
            yield from region_captures(region)

    def _clone_op(self, op: Operation) -> None:
        self._require_copyable(op)
        if op.definition.observe is not None and not self.faithful:
            self.tensors[op.outputs[0]] = self.of(op.inputs[0])
            return
        copy = self._copy(op)
        self.ops[op] = copy
        self.bind(op, copy.outputs)
        if self.faithful:
            befores = [self.ops.get(item, item) for item in op.control_inputs]
            copy._control_inputs.extend(befores)  # noqa: SLF001 - a copy is as its original

    def bind(self, op: Operation, results: Sequence[Tensor]) -> None:
        """Let ``results`` stand for the outputs of ``op``."""
        for before, after in zip(op.outputs, results, strict=True):
            if after.get_shape().is_compatible_with(before.get_shape()):
                after.set_shape(before.get_shape())
            self.tensors[before] = after

    def _require_copyable(self, op: Operation) -> None:
        if op.definition.kind is Kind.PLACEHOLDER:
            msg = f"{op.name!r} ({op.frame}) is a parameter whose value is not known here"
            raise ValueError(msg)

    def _copy(self, op: Operation) -> Operation:
        attrs = {key: value for key, value in op.attrs.items() if key not in _OWN_ATTRS}
        if "regions" in attrs:
            attrs["regions"] = tuple(self._clone_region(region) for region in attrs["regions"])
        if self.faithful and op.definition.hidden:
            attrs["_state_of"] = op.attrs.get("_state_of", op)
        copy = self.add(op, op.definition, [*map(self.of, op.inputs)], op.spans, attrs)
        for region in attrs.get("regions", ()):
            region.owner = copy
        return copy

    def add(
        self,
        op: Operation,
        definition: OpDef,
        inputs: Sequence[Tensor],
        spans: Sequence[int | slice],
        attrs: dict[str, Any],
    ) -> Operation:
        """An operation of type ``definition`` that is named after ``op`` and stands for it."""
        name = self.graph.unique_name(op.name.rpartition("/")[2]) + "/"
        copy = self.graph.add(definition, inputs, spans, attrs, name)
        copy.frame = op.frame
        copy.original_op = op
        copy.add_outputs(infer_outputs(copy, output_dtypes(definition, attrs)))
        self.graph.append(copy)
        propagate_constants(copy)
        return copy

    def _clone_region(self, region: Region) -> Region:
        copy = Region(region.name, self.graph.region)
        inner = Cloner(
            self.graph,
            lambda op: region.contains(op) or self.inside(op),
            self.tensors,
            faithful=self.faithful,
        )
        inner.ops.update(self.ops)
        for parameter in region.parameters:
            inner.tensors[parameter] = add_parameter(
                copy, parameter.dtype, parameter.get_shape(), "Parameter"
            )
        with self.graph.in_region(copy):
            copy.outputs = inner.clone(region.outputs, region.control_outputs)
        copy.control_outputs = [inner.ops.get(op, op) for op in region.control_outputs]
        return copy
