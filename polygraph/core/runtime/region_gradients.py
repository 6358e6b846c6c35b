"""Gradients through conds: a cond of the gradients of its branches.

A branch's gradient computes the branch again, on the same captures and with the same random
numbers. What cannot be computed again, a write, is handed out by a copy of the cond that takes the
place of the original.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.region import Region
from polygraph.ops.filling import zeros, zeros_like
from polygraph.ops.region_clone import Cloner, region_operations
from polygraph.ops.region_ops import Merge, add_if
from polygraph.ops.region_replay import Replayer, hidden_holders, hidden_state
from polygraph.ops.shape_queries import shape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor

    Gradient = Tensor | IndexedSlices


class Differentiate(Protocol):
    """A differentiation that stops at ``xs``: see `polygraph.core.runtime.backprop`."""

    def __call__(
        self, ys: Sequence[Tensor], xs: Sequence[Tensor], starts: Sequence[Gradient]
    ) -> list[Gradient | None]:
        """The gradient for each of ``xs``, the ``ys`` having the gradients ``starts``."""


def dense(gradient: Gradient) -> Tensor:
    """A gradient as a tensor."""
    return convert_to_tensor(gradient)


def has_gradient(tensor: Tensor) -> bool:
    """Whether gradients flow through ``tensor``: only through real and complex ones."""
    dtype = tensor.dtype.base_dtype
    return bool(dtype.is_floating or dtype.is_complex)


def unrepeatable(region: Region) -> list[Tensor]:
    """What operations that lie directly in ``region`` yield and a second run would not."""
    return [
        tensor
        for op in region_operations(region)
        if op.region is region and op.definition.kind is Kind.WRITE
        for tensor in op.outputs
    ]


def cond_gradients(
    differentiate: Differentiate,
    op: Operation,
    dys: Sequence[Gradient | None],
    wanted: Sequence[Tensor],
) -> list[Gradient | None]:
    """The gradients of a cond by what its branches take from outside.

    Args:
      differentiate: differentiates within a branch.
      op: the `If`.
      dys: gradients of its outputs.
      wanted: real or complex tensors that its branches take from outside.
    """
    graph = op.graph
    live = [
        index for index, dy in enumerate(dys) if dy is not None and has_gradient(op.outputs[index])
    ]
    starts = [dense(dys[index]) for index in live]  # type: ignore[arg-type]
    with graph.name_scope(f"{op.name}_grad"):
        kept, states = _kept(op), _states(op)
        branches: list[Region] = []
        found: list[list[Gradient | None]] = []
        for region in op.attrs["regions"]:
            branch = Region(f"gradient of {region.name}", graph.region)
            with graph.in_region(branch):
                again = Replayer(graph, region.contains, kept, states)
                ys = again.clone([region.outputs[index] for index in live])
                found.append(differentiate(ys, wanted, starts))
            branches.append(branch)
        used = [any(item is not None for item in pair) for pair in zip(*found, strict=True)]
        for branch, items in zip(branches, found, strict=True):
            with graph.in_region(branch):
                branch.outputs = [
                    zeros_like(tensor) if item is None else dense(item)
                    for tensor, item, use in zip(wanted, items, used, strict=True)
                    if use
                ]
        if not any(used):
            return [None] * len(wanted)
        results = iter(add_if(op.inputs[0], branches).outputs)
        return [Merge(next(results), name="Merge") if use else None for use in used]


def _states(op: Operation) -> dict[Operation, Tensor]:
    """The hidden states that the branches use, as they were before."""
    # The draws themselves take place, whether or not something uses them, so that others follow.
    with op.graph.in_region(op.region), op.graph.control_dependencies([op]):
        return {holder: hidden_state(holder) for holder in hidden_holders(op.attrs["regions"])}


def _kept(op: Operation) -> dict[Tensor, Tensor]:
    """Where to find what a second run of the branches would not yield."""
    exports = [unrepeatable(region) for region in op.attrs["regions"]]
    if not any(exports):
        return {}
    owner = op.attrs.get("_keeper")
    if owner is None:
        with op.graph.in_region(op.region):
            owner = op.attrs["_keeper"] = _keeping(op, exports)
    names = [*exports[0], *exports[1]]
    return dict(zip(names, owner.outputs[len(op.outputs) :], strict=True))


def _keeping(op: Operation, exports: Sequence[Sequence[Tensor]]) -> Operation:
    """A copy of a cond that yields some tensors of its branches besides; zeros if not taken."""
    graph: Graph = op.graph
    regions: list[Region] = []
    for region, own in zip(op.attrs["regions"], exports, strict=True):
        copy = Region(region.name, graph.region)
        with graph.in_region(copy):
            cloner = Cloner(graph, region.contains, {}, faithful=True)
            copy.outputs = cloner.clone(region.outputs, region.control_outputs)
            copy.outputs += [
                cloner.of(tensor) if tensor in own else _zeros_of(graph, tensor)
                for tensor in (*exports[0], *exports[1])
            ]
        copy.control_outputs = [cloner.ops.get(item, item) for item in region.control_outputs]
        regions.append(copy)
    owner = add_if(op.inputs[0], regions)
    take_place(owner, op)
    return owner


def _zeros_of(graph: Graph, tensor: Tensor) -> Tensor:
    """Zeros of the shape that a tensor of the other branch would have."""
    static = tensor.get_shape()
    if static.is_fully_defined():
        return zeros(static, tensor.dtype.base_dtype)
    region = tensor.op.region
    # Only the copy's shape is used: what computes it is pruned when a run is planned.
    (copy,) = Cloner(graph, lambda op: op.region is region, {}).clone([tensor])
    return zeros(shape(copy), tensor.dtype.base_dtype)


def take_place(owner: Operation, op: Operation) -> None:
    """Let ``owner``, which yields what ``op`` does and more, run in the place of ``op``."""
    owner.attrs["_replaces"] = op
    _order_like(owner, op.control_inputs)


def _order_like(op: Operation, befores: Iterable[Operation]) -> None:
    op._control_inputs.extend(befores)  # noqa: SLF001 - it is new, and nothing is planned with it
