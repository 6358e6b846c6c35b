"""Gradients through conds: a cond of the gradients of its branches.

A branch's gradient computes the branch again, on the same captures and from the same state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.region import Region
from polygraph.core.runtime.region_replay import Replayer, renamed_region, state_now
from polygraph.ops.filling import zeros_like
from polygraph.ops.identity_ops import identity
from polygraph.ops.region_clone import region_captures
from polygraph.ops.region_ops import Merge, add_if

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph.core.ground.indexed_slices import IndexedSlices
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.runtime.planner.rename import StateKey

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
        states = _states(op)
        branches: list[Region] = []
        found: list[list[Gradient | None]] = []
        for region in op.attrs["regions"]:
            branch = Region(f"gradient of {region.name}", graph.region)
            with graph.in_region(branch):
                again = Replayer.of_region(graph, region, {}, states)
                # The branches may differ in shape: each learns that of its own gradients.
                own = [identity(start) for start in starts]
                found.append(differentiate(again.run(live), wanted, own))
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
        # What the branches write is written, whether or not something uses what they yield.
        with graph.control_dependencies([op] if states else []):
            results = iter(add_if(op.inputs[0], branches).outputs)
        return [Merge(next(results), name="Merge") if use else None for use in used]


def _states(op: Operation) -> dict[StateKey, Tensor]:
    """The state that the branches write, as ``op`` finds it."""
    graph = op.graph
    regions = op.attrs["regions"]
    keys = dict.fromkeys(key for region in regions for key in renamed_region(region).final)
    if not keys:
        return {}
    # A read that comes after the same writes as the cond sees what the cond sees.
    captured = [tensor.op for region in regions for tensor in region_captures(region)]
    befores = [*op.control_inputs, op.inputs[0].op, *captured]
    with (
        graph.in_region(op.region),
        graph.control_dependencies(None),
        graph.control_dependencies(befores),
    ):
        return {key: state_now(key) for key in keys}
