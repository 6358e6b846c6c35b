"""Gradients through loops: a loop that walks the turns backward.

Each turn is computed again from what it began with, and differentiated. Where only some turns were
kept, another loop walks over segments of turns and brings back those of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.region import Region
from polygraph.core.ground.tensor import Tensor
from polygraph.core.runtime.loop_keepers import (
    Stacks,
    constant_variables,
    kept_turns,
    variables_used,
)
from polygraph.core.runtime.loop_segments import replayed
from polygraph.core.runtime.region_gradients import Differentiate, dense, has_gradient
from polygraph.core.runtime.region_replay import Replayer
from polygraph.ops.arithmetic import AddV2, Sub
from polygraph.ops.filling import zeros_like
from polygraph.ops.identity_ops import identity
from polygraph.ops.logical import Greater
from polygraph.ops.loop_checkpoints import LoopCapacity, LoopSegment
from polygraph.ops.region_ops import Exit, add_parameter, add_while
from polygraph.ops.source_ops import constant
from polygraph.ops.tensor_array_ops import TensorArrayAddRows, TensorArrayReadV3

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation
    from polygraph.core.runtime.loop_keepers import Checkpoints
    from polygraph.core.runtime.planner.rename import StateKey

    Gradient = Tensor | IndexedSlices
    Sums = dict[Tensor, Tensor]


def while_gradients(
    differentiate: Differentiate,
    op: Operation,
    dys: Sequence[Gradient | None],
    wanted: Sequence[Tensor],
) -> list[Gradient | None]:
    """The gradients of a loop by its initial values and by what it takes from outside.

    Args:
      differentiate: differentiates within a turn.
      op: the `While`.
      dys: gradients of its outputs.
      wanted: real or complex tensors among its inputs and captures.
    """
    if not op.attrs["back_prop"]:
        return [None] * len(wanted)
    with op.graph.name_scope(f"{op.name}_grad"):
        return _LoopGradient(differentiate, op, dys, wanted).build()


class _Countdown:
    """A loop that is being built, whose first variable counts down to 0.

    Attributes:
      region: its body.
      left: that variable, in the body.
    """

    def __init__(self, graph: Graph, left: Tensor) -> None:
        self.graph = graph
        self.region = Region("backward", graph.region)
        self._initial: list[Tensor] = []
        self.left = self.add(left)

    def add(self, initial: Tensor) -> Tensor:
        """One more loop variable, as the body finds it."""
        self._initial.append(initial)
        return add_parameter(self.region, initial.dtype, initial.get_shape(), "Identity")

    def finish(self, outputs: Sequence[Tensor], bound: int | None = None) -> list[Tensor]:
        """The loop variables after the loop; ``outputs`` are those after a turn."""
        self.region.outputs = list(outputs)
        condition = Region("backward", self.graph.region)
        for parameter in self.region.parameters:
            add_parameter(condition, parameter.dtype, parameter.get_shape(), "Merge")
        with self.graph.in_region(condition):
            condition.outputs = [Greater(condition.parameters[0], constant(0))]
        shapes = [parameter.get_shape() for parameter in self.region.parameters]
        regions = [condition, self.region]
        owner = add_while(self._initial, regions, shapes, maximum_iterations=bound)
        return list(owner.outputs)


class _LoopGradient:
    """The gradient of a loop that is being built.

    Attributes:
      still: indices of the loop variables that stay as they are.
      active: indices of the loop variables that gradients flow through.
    """

    def __init__(
        self,
        differentiate: Differentiate,
        op: Operation,
        dys: Sequence[Gradient | None],
        wanted: Sequence[Tensor],
    ) -> None:
        self.differentiate = differentiate
        self.graph = op.graph
        self.op = op
        self.dys = dys
        self.wanted = wanted
        self.still = constant_variables(op)
        self.active = self._active()

    def _active(self) -> list[int]:
        _, body = self.op.attrs["regions"]
        active: dict[int, None] = {}
        pending = [index for index, dy in enumerate(self.dys) if dy is not None]
        while pending:
            index = pending.pop()
            if index in active or index in self.still or not has_gradient(self.op.outputs[index]):
                continue
            active[index] = None
            used = variables_used(body, [body.outputs[index]])
            pending.extend(body.parameters.index(tensor) for tensor in used)
        return sorted(active)

    def build(self) -> list[Gradient | None]:
        """The gradient for each of ``wanted``."""
        if not self.active:
            return self._collected([], {})
        kept = kept_turns(self.op)
        starts = [self._start(index) for index in self.active]
        if isinstance(kept, Stacks):
            return self._collected(*self._walk(kept, starts, zeros_like))
        return self._collected(*self._walk_segments(kept, starts))

    def _start(self, index: int) -> Tensor:
        dy = self.dys[index]
        output = self.op.outputs[index]
        return zeros_like(output) if dy is None else dense(dy)

    def _walk_segments(
        self, kept: Checkpoints, starts: Sequence[Tensor]
    ) -> tuple[list[Tensor], Sums]:
        """`_walk` through all segments, each brought back from checkpoints."""
        loop = _Countdown(self.graph, kept.turns)
        outside = self.graph.region
        gradients = [loop.add(start) for start in starts]
        sums: Sums = {}

        def sum_so_far(tensor: Tensor) -> Tensor:
            with self.graph.in_region(outside):
                initial = zeros_like(tensor)
            sums[tensor] = loop.add(initial)
            return sums[tensor]

        with self.graph.in_region(loop.region):
            start = LoopSegment(loop.left, LoopCapacity())
            turns = replayed(self.op, kept, start, Sub(loop.left, start))
            after, sums_after = self._walk(turns, gradients, sum_so_far)
        results = loop.finish([start, *after, *[sums_after[tensor] for tensor in sums]])[1:]
        count = len(starts)
        return results[:count], dict(zip(sums, results[count:], strict=True))

    def _walk(
        self, kept: Stacks, starts: Sequence[Tensor], sum_so_far: Callable[[Tensor], Tensor]
    ) -> tuple[list[Tensor], Sums]:
        """Walk some turns backward.

        Args:
          kept: the turns.
          starts: gradients of the active loop variables after them.
          sum_so_far: gives the gradient that something from outside has got from later turns.

        Returns:
          The gradients of the active loop variables before the turns, and the sums for what comes
          from outside and has a gradient.
        """
        loop = _Countdown(self.graph, kept.turns)
        gradients = [loop.add(start) for start in starts]
        with self.graph.in_region(loop.region):
            turn = Sub(loop.left, constant(1))
            ys, parameters = self._turn_again(kept, turn)
            found = self.differentiate(ys, [*parameters, *self.wanted], gradients)
            outputs = [turn]
            for before, item in zip(gradients, found, strict=False):
                outputs.append(zeros_like(before) if item is None else dense(item))
        outside: list[Tensor] = []
        for tensor, item in zip(self.wanted, found[len(self.active) :], strict=True):
            if item is not None:
                outside.append(tensor)
                outputs.append(_added(self.graph, loop, sum_so_far(tensor), tensor, item))
        results = loop.finish(outputs, kept.bound)[1:]
        count = len(starts)
        return results[:count], dict(zip(outside, results[count:], strict=True))

    def _turn_again(self, kept: Stacks, turn: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The results of a turn, computed again, and the loop variables that it began with."""
        _, body = self.op.attrs["regions"]
        replaced: dict[Tensor, Tensor] = {}
        states: dict[StateKey, Tensor] = {}
        for index, (parameter, initial) in enumerate(
            zip(body.parameters, self.op.inputs, strict=True)
        ):
            if index in self.still:
                replaced[parameter] = initial
            elif parameter not in kept.stacks:
                # Nothing needs its value; it has only to be a tensor of its own.
                replaced[parameter] = identity(initial)
        for item, stack in kept.stacks.items():
            element = TensorArrayReadV3(stack, turn)
            if isinstance(item, Tensor):
                element.set_shape(item.get_shape())
                replaced[item] = element
            else:
                states[item] = element
        again = Replayer.of_region(self.graph, body, replaced, states)
        return again.run(self.active), [replaced[body.parameters[index]] for index in self.active]

    def _collected(self, gradients: Sequence[Tensor], sums: Sums) -> list[Gradient | None]:
        """The sums for each of ``wanted``: of what it began, and of what took it from outside."""
        parts: dict[Tensor, list[Gradient]] = {}
        for index, result in zip(self.active, gradients, strict=True):
            parts.setdefault(self.op.inputs[index], []).append(Exit(result, name="Exit"))
        for tensor, result in sums.items():
            parts.setdefault(tensor, []).append(Exit(result, name="Exit"))
        for index in self.still:
            dy = self.dys[index]
            if dy is not None:
                parts.setdefault(self.op.inputs[index], []).append(dy)
        return [_sum(parts.get(tensor, [])) for tensor in self.wanted]


def _added(
    graph: Graph, loop: _Countdown, so_far: Tensor, tensor: Tensor, item: Gradient
) -> Tensor:
    """What comes out of a turn for the sum that goes into it as ``so_far``."""
    total = loop.add(so_far)
    with graph.in_region(loop.region):
        if isinstance(item, IndexedSlices):
            after: Any = TensorArrayAddRows(total, item.indices, item.values)
        else:
            after = AddV2(total, item)
    after.set_shape(tensor.get_shape())
    return after  # type: ignore[no-any-return]


def _sum(parts: Sequence[Gradient]) -> Gradient | None:
    if not parts:
        return None
    result = parts[0]
    for part in parts[1:]:
        result = AddV2(dense(result), dense(part))
    return result
