"""Copies of regions that draw the same random numbers again.

In a copy, the hidden state of an operation, such as a random generator, is a tensor that goes in
and comes out: through branches as one more result, through loops as one more loop variable.
"""
# ruff: noqa: N802 - op types are camel case

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL
from polygraph.core.ground.op_def import OpDef, graph_op
from polygraph.core.ground.op_spec import Kind, ShapeContext
from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops.region_clone import Cloner, region_operations
from polygraph.ops.region_ops import add_if, add_parameter, add_while

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array


def _hidden_shape(context: ShapeContext) -> TensorShape:
    return TensorShape(context.attrs["shape"])


@graph_op("HiddenState", "-> value: dtype", kind=Kind.HIDDEN, shape=_hidden_shape, dtype=ALL)
def HiddenState(value: Array, *, owner: Operation, shape: tuple[int, ...]) -> Array:  # noqa: ARG001
    """The hidden state of ``owner`` when the region begins that this operation lies in."""
    return value


HiddenState.no_gradient()


def holder_of(op: Operation) -> Operation:
    """The operation whose hidden state ``op`` uses: a copy goes on with its original's."""
    found: Operation = op.attrs.get("_state_of", op)
    return found


def hidden_holders(regions: Iterable[Region]) -> list[Operation]:
    """The operations whose hidden state is used in ``regions``, at any depth."""
    found: dict[Operation, None] = {}
    for region in regions:
        for op in region_operations(region):
            if op.definition.hidden:
                found[holder_of(op)] = None
            elif op.definition.kind is Kind.HIDDEN:
                found[op.attrs["owner"]] = None
    return list(found)


def hidden_state(holder: Operation) -> Tensor:
    """The hidden state of ``holder`` when the region begins that operations are added to."""
    (state,) = holder.definition.hidden
    value: Tensor = HiddenState(owner=holder, shape=state.shape, dtype=state.dtype)
    return value


@cache
def _explicit(definition: OpDef) -> OpDef:
    """An op type that takes the hidden state as its last input and gives it as its last output."""
    (state,) = definition.hidden
    inputs, _, outputs = definition.signature.partition("->")
    argument = f"{state.name}: {state.dtype.name}"

    def shapes(context: ShapeContext) -> Sequence[Any]:
        rule = definition.shape_rule or shape_rules.unknown
        found = rule(ShapeContext(context.inputs[:-1], context.attrs))
        return [found, TensorShape(state.shape)]

    return OpDef(
        f"Explicit{definition.type}",
        f"{inputs}, {argument} -> {outputs}, new_{argument}",
        definition.lower,
        kind=Kind.PURE,
        shape=shapes,
        static=tuple(definition.static),
        writes=(),
        overwrites=(),
        hidden=(),
        samples=(),
        stateful=False,
        dtypes=definition.dtypes,
    ).no_gradient()


class Replayer(Cloner):
    """Copies operations as `Cloner` does, hidden states being tensors.

    Args:
      graph: the graph.
      inside: which operations are copied; what others yield is used as it is.
      replaced: what stands for some tensors in the copies.
      states: for each operation with hidden state, its value when the region begins.

    Attributes:
      states: the same after what has been copied so far.
    """

    def __init__(
        self,
        graph: Graph,
        inside: Callable[[Operation], bool],
        replaced: Mapping[Tensor, Tensor],
        states: Mapping[Operation, Tensor],
    ) -> None:
        super().__init__(graph, inside, replaced, replay=True)
        self.begin = dict(states)
        self.states = dict(states)

    def _clone_op(self, op: Operation) -> None:
        if op.definition.kind is Kind.HIDDEN:
            self.tensors[op.outputs[0]] = self.begin[op.attrs["owner"]]
        elif op.definition.hidden and holder_of(op) in self.states:
            self._clone_drawing(op)
        else:
            inside = hidden_holders(op.attrs.get("regions", ()))
            holders = [holder for holder in inside if holder in self.states]
            if holders:
                self._clone_owner(op, holders)
            else:
                super()._clone_op(op)

    def _clone_drawing(self, op: Operation) -> None:
        holder = holder_of(op)
        attrs = {key: value for key, value in op.attrs.items() if not key.startswith("_")}
        inputs = [*map(self.of, op.inputs), self.states[holder]]
        spans = (*op.spans, len(op.inputs))
        copy = self.add(op, _explicit(op.definition), inputs, spans, attrs)
        *results, self.states[holder] = copy.outputs
        self.bind(op, results)

    def _clone_owner(self, op: Operation, holders: Sequence[Operation]) -> None:
        """Copy what owns regions that use hidden states."""
        if op.definition.kind is Kind.WHILE:
            owner = self._clone_while(op, holders)
        else:
            regions = [self._region(region, holders, []) for region in op.attrs["regions"]]
            owner = add_if(self.of(op.inputs[0]), regions)
        owner.frame = op.frame
        owner.original_op = op
        count = len(op.outputs)
        self.bind(op, owner.outputs[:count])
        self.states.update(zip(holders, owner.outputs[count:], strict=True))

    def _clone_while(self, op: Operation, holders: Sequence[Operation]) -> Operation:
        condition, body = op.attrs["regions"]
        states = [self.states[holder] for holder in holders]
        initial = [*map(self.of, op.inputs), *states]
        regions = [self._region(condition, (), states), self._region(body, holders, states)]
        shapes = [*op.attrs["output_shapes"], *[state.get_shape() for state in states]]
        options = {name: op.attrs[name] for name in ("maximum_iterations", "back_prop")}
        return add_while(initial, regions, shapes, **options)

    def _region(
        self, region: Region, holders: Sequence[Operation], carried: Sequence[Tensor]
    ) -> Region:
        """A copy of ``region`` that yields the states of ``holders`` besides.

        ``carried`` has the states if they are loop variables, else the region captures them.
        """
        copy = Region(region.name, self.graph.region)
        parameters = [
            add_parameter(copy, tensor.dtype, tensor.get_shape(), "Parameter")
            for tensor in (*region.parameters, *carried)
        ]
        count = len(region.parameters)
        states = {holder: self.states[holder] for holder in holders}
        states.update(zip(holders, parameters[count:], strict=False))
        inner = Replayer(
            self.graph,
            lambda op: region.contains(op) or self.inside(op),
            {**self.tensors, **dict(zip(region.parameters, parameters[:count], strict=True))},
            states,
        )
        inner.ops.update(self.ops)
        with self.graph.in_region(copy):
            copy.outputs = inner.clone(region.outputs, region.control_outputs)
        copy.outputs += [inner.states[holder] for holder in holders]
        copy.control_outputs = [inner.ops.get(op, op) for op in region.control_outputs]
        return copy
