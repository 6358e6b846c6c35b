"""The walk backward over a graph that gradients are made of."""

from __future__ import annotations

import heapq
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.op_spec import Kind
from polygraph.core.runtime.gradient_registry import rule_of
from polygraph.core.runtime.gradient_sums import total, without_broadcast
from polygraph.core.runtime.loop_gradients import while_gradients
from polygraph.core.runtime.region_gradients import cond_gradients, has_gradient
from polygraph.ops.grouping import tuple as gated
from polygraph.ops.region_clone import region_captures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from polygraph.core.ground.graph import Graph
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.region import Region
    from polygraph.core.ground.tensor import Tensor

    Gradient = Tensor | IndexedSlices

_HAND_ON = frozenset({"Identity", "Merge", "Exit"})
"""Op types whose rule hands a gradient on as it is, so that a sparse one stays sparse."""


def sources_of(op: Operation) -> tuple[Tensor, ...]:
    """What ``op`` computes from: its inputs, and what regions that it owns take from outside."""
    captured: dict[Tensor, None] = {}
    for region in op.attrs.get("regions", ()):
        captured.update(dict.fromkeys(region_captures(region)))
    return (*op.inputs, *captured) if captured else op.inputs


class Backprop:
    """One differentiation: the operations between some tensors, and their gradients so far.

    Args:
      graph: the graph of it all.
      ys: tensors to differentiate.
      xs: tensors to differentiate by.
      stops: tensors that count as constants.
      within: the region to stay in; everything outside counts as a constant, too.
      colocate: ask for each gradient the device of its operation.
      gate: let all gradients of an operation be there before one of them is used.
    """

    def __init__(
        self,
        graph: Graph,
        ys: Sequence[Tensor],
        xs: Sequence[Tensor],
        *,
        stops: Iterable[Tensor] = (),
        within: Region | None = None,
        colocate: bool = False,
        gate: bool = False,
    ) -> None:
        self.graph = graph
        self.ys = ys
        self.xs = xs
        self.stopped = {stop.op for stop in stops}
        self.within = within
        self.colocate = colocate
        self.gate = gate
        self.sources: dict[Operation, tuple[Tensor, ...]] = {}
        self.reached: set[Tensor] = set()
        self.parts: dict[Tensor, list[Gradient]] = {}
        self.totals: dict[Tensor, Gradient] = {}

    def run(self, starts: Sequence[Gradient]) -> list[Gradient | None]:
        """The gradient for each of ``xs``, the ``ys`` having the gradients ``starts``."""
        for y, start in zip(self.ys, starts, strict=True):
            self.parts.setdefault(y, []).append(start)
        self._walk(self._between())
        return [self.total_of(x) for x in self.xs]

    def _walk(self, between: Sequence[Operation]) -> None:
        """Visit each operation after all that use it; breadth first, as TF1 orders its sums."""
        waiting = self._waiting(set(between))
        ready = deque(op for op in dict.fromkeys(y.op for y in self.ys) if waiting.get(op) == 0)
        while ready:
            op = ready.popleft()
            self._visit(op)
            for before in self._producers(op):
                if before in waiting:
                    waiting[before] -= 1
                    if waiting[before] == 0:
                        ready.append(before)

    def _waiting(self, between: set[Operation]) -> dict[Operation, int]:
        """The operations to visit, and how often their outputs are used by others to visit."""
        pending = [op for op in dict.fromkeys(y.op for y in self.ys) if op in between]
        waiting = dict.fromkeys(pending, 0)
        while pending:
            for before in self._producers(pending.pop()):
                if before in between:
                    if before not in waiting:
                        waiting[before] = 0
                        pending.append(before)
                    waiting[before] += 1
        return waiting

    def _producers(self, op: Operation) -> Iterator[Operation]:
        """What produces the inputs of ``op`` that gradients flow through."""
        return (tensor.op for tensor in self.sources[op] if tensor in self.reached)

    # Which operations

    def _between(self) -> list[Operation]:
        """The operations that lead from ``xs`` to ``ys``, each after those that it needs."""
        order = self._ancestors()
        reached = self.reached = {x for x in self.xs if has_gradient(x)}
        between: list[Operation] = []
        for op in order:
            if reached.isdisjoint(self.sources[op]):
                continue
            between.append(op)
            reached.update(filter(has_gradient, op.outputs))
        return between

    def _ancestors(self) -> list[Operation]:
        pending = [y.op for y in self.ys]
        sources = self.sources
        while pending:
            op = pending.pop()
            if op not in sources:
                sources[op] = () if self._is_end(op) else sources_of(op)
                pending.extend(tensor.op for tensor in sources[op])
        order = sorted(sources, key=lambda op: op.id)
        return order if self.graph.edits == 0 else self._sorted(order)

    def _is_end(self, op: Operation) -> bool:
        """Whether ``op`` is taken as it is, whatever it computes from."""
        return op in self.stopped or (self.within is not None and not self.within.contains(op))

    def _sorted(self, ops: Sequence[Operation]) -> list[Operation]:
        """By creation as far as the edges allow: edges may have been changed later."""
        waiting: dict[Operation, int] = {}
        followers: dict[Operation, list[Operation]] = {}
        for op in ops:
            before = {tensor.op for tensor in self.sources[op]}
            waiting[op] = len(before)
            for item in before:
                followers.setdefault(item, []).append(op)
        ready = [(op.id, op) for op in ops if waiting[op] == 0]
        result: list[Operation] = []
        while ready:
            _, op = heapq.heappop(ready)
            result.append(op)
            for follower in followers.get(op, ()):
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    heapq.heappush(ready, (follower.id, follower))
        return result

    # One operation

    def total_of(self, tensor: Tensor) -> Gradient | None:
        """The gradient of ``tensor``, summed over all that it was used for."""
        if tensor in self.totals:
            return self.totals[tensor]
        parts = self.parts.get(tensor)
        if not parts:
            return None
        found = self.totals[tensor] = total(parts)
        return found

    def _visit(self, op: Operation) -> None:
        if op in self.stopped or all(tensor not in self.parts for tensor in op.outputs):
            return
        with ExitStack() as stack:
            if self.colocate:
                stack.enter_context(self.graph.colocate_with(op, ignore_existing=True))
            dys = [self.total_of(tensor) for tensor in op.outputs]
            if op.definition.kind.owns_regions:
                self._visit_owner(op, dys)
            else:
                self._visit_plain(op, dys)

    def _visit_owner(self, op: Operation, dys: Sequence[Gradient | None]) -> None:
        wanted = [tensor for tensor in dict.fromkeys(self.sources[op]) if has_gradient(tensor)]
        through = cond_gradients if op.definition.kind is Kind.COND else while_gradients
        self._take(wanted, through(self._inside, op, dys, wanted))

    def _inside(
        self, ys: Sequence[Tensor], xs: Sequence[Tensor], starts: Sequence[Gradient]
    ) -> list[Gradient | None]:
        """A differentiation within the region that operations are being added to."""
        return Backprop(self.graph, ys, xs, stops=xs, within=self.graph.region).run(starts)

    def _visit_plain(self, op: Operation, dys: Sequence[Gradient | None]) -> None:
        if not any(map(has_gradient, op.inputs)):
            return
        rule = rule_of(op)
        if rule is None:
            return
        if op.type not in _HAND_ON:
            dys = [convert_to_tensor(dy) if isinstance(dy, IndexedSlices) else dy for dy in dys]
        with self.graph.name_scope(f"{op.name}_grad"):
            raw = rule(op, *dys)
            found = list(raw) if isinstance(raw, list | tuple) else [raw]
            if len(found) != len(op.inputs):
                msg = (
                    f"Num gradients {len(found)} generated for op {op.name!r} ({op.type}, "
                    f"{op.frame}) do not match num inputs {len(op.inputs)}"
                )
                raise ValueError(msg)
            fitted = [self._fitted(op, index, item) for index, item in enumerate(found)]
            if self.gate and sum(item is not None for item in fitted) > 1:
                fitted = gated(fitted)
        self._take(op.inputs, fitted)

    def _take(self, tensors: Sequence[Tensor], found: Sequence[Gradient | None]) -> None:
        for tensor, item in zip(tensors, found, strict=True):
            if item is not None:
                self.parts.setdefault(tensor, []).append(item)

    def _fitted(self, op: Operation, index: int, gradient: Any) -> Gradient | None:
        """A rule's gradient of one input, checked, and summed back where it was broadcast."""
        source = op.inputs[index]
        if gradient is None or source not in self.reached:
            return None
        if gradient.dtype.base_dtype != source.dtype.base_dtype:
            msg = (
                f"the gradient of {op.name!r} ({op.type}, {op.frame}) by input {index} has dtype "
                f"{gradient.dtype.name}, but the input has {source.dtype.base_dtype.name}"
            )
            raise TypeError(msg)
        if isinstance(gradient, IndexedSlices):
            return gradient
        fitted = without_broadcast(op, index, gradient)
        try:
            fitted.set_shape(source.get_shape())
        except ValueError as error:
            msg = (
                "Incompatible shapes between op input and calculated input gradient. Forward "
                f"operation: {op.name} ({op.frame}). Input index: {index}. Original input shape: "
                f"{source.get_shape()}. Calculated input gradient shape: {fitted.get_shape()}"
            )
            raise ValueError(msg) from error
        return fitted
