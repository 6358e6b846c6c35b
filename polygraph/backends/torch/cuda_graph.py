"""CUDA graphs: a generated function is captured once and replayed without Python.

A graph has fixed addresses. State keeps its own: new values are copied into the old memory at the
end of the function. Feeds are copied into static tensors, fetches out of the graphs' memory, which
one run at a time uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from polygraph.backends.torch.arrays import TORCH_DTYPES, get, share
from polygraph.backends.torch.functions import new_state
from polygraph.core.ground.backend import RunResult

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.backends.torch.functions import Functions
    from polygraph.core.ground.program import Program

    Function = Callable[[list[torch.Tensor]], tuple[torch.Tensor, ...]]

_WARM_UPS = 2
"""Runs before the capture: libraries make their handles and choose their kernels in them."""


@dataclass(frozen=True, slots=True)
class _Captured:
    """A function's graph, and the tensors that its results are in."""

    graph: torch.cuda.CUDAGraph
    results: tuple[torch.Tensor, ...]


@dataclass(frozen=True, slots=True)
class _Graphs:
    """Everything captured over one set of state tensors."""

    state: tuple[torch.Tensor, ...]
    feeds: tuple[torch.Tensor, ...]
    check: _Captured | None
    rest: _Captured


class CudaGraphExecutable:
    """A Program as one or two CUDA graphs.

    Attributes:
      tier: ``"cuda-graph"``.
      source: the generated functions.
    """

    __slots__ = (
        "_device", "_functions", "_graphs", "_lock", "_pool", "_stream", "_updates", "program",
        "source", "tier",
    )  # fmt: skip

    def __init__(self, program: Program, functions: Functions, device: torch.device) -> None:
        self.tier = "cuda-graph"
        self.program = program
        self.source = functions.source
        self._functions = functions
        self._device = device
        self._updates = tuple(zip(program.updates, functions.stored, strict=True))
        self._lock = Lock()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._graphs: _Graphs | None = None

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> RunResult:
        """Run once; see `polygraph.core.ground.backend.Executable`."""
        with (
            self._lock,
            torch.inference_mode(),
            torch.cuda.device(self._device),
            torch.cuda.stream(self._stream),
        ):
            # Carried tensors may come from another stream.
            self._stream.wait_stream(torch.cuda.default_stream(self._device))
            graphs = self._captured(state, feeds)
            for static, feed in zip(graphs.feeds, feeds, strict=True):
                static.copy_(feed if isinstance(feed, torch.Tensor) else share(feed))
            result = self._replay(graphs, state)
            self._stream.synchronize()
            return result

    def _replay(self, graphs: _Graphs, state: Sequence[torch.Tensor]) -> RunResult:
        program = self.program
        if graphs.check is not None:
            graphs.check.graph.replay()
            flags = get(graphs.check.results[0])
            if not flags.all():
                old = [state[index] for index, _ in self._updates]
                return RunResult(([], [], old, int(np.argmin(flags))))
        graphs.rest.graph.replay()
        end = program.fetches + program.carries
        carries = graphs.rest.results[program.fetches : end]
        others = [result.clone() for result in graphs.rest.results[end:]]
        return RunResult(
            (
                [get(result) for result in graphs.rest.results[: program.fetches]],
                [result.clone() for result in carries],
                new_state(state, self._updates, others),
                -1,
            )
        )

    def _captured(self, state: Sequence[torch.Tensor], feeds: Sequence[Any]) -> _Graphs:
        graphs = self._graphs
        addresses = [tensor.data_ptr() for tensor in state]
        if graphs is None or addresses != [tensor.data_ptr() for tensor in graphs.state]:
            graphs = self._graphs = self._capture_all(tuple(state), feeds)
        return graphs

    def _capture_all(self, state: tuple[torch.Tensor, ...], feeds: Sequence[Any]) -> _Graphs:
        static = tuple(
            torch.empty(value.shape, dtype=TORCH_DTYPES[value.dtype], device=self._device)
            for value in self.program.feed_values
        )
        # Real feeds, so that warming up meets no values that data never has.
        for buffer, feed in zip(static, feeds, strict=True):
            buffer.copy_(feed if isinstance(feed, torch.Tensor) else share(feed))
        backup = [tensor.clone() for tensor in state]
        arguments = [*state, *static]
        check = None
        if self._functions.check is not None:
            check = self._capture(self._functions.check, arguments)
            check.graph.replay()
            arguments = [*arguments, *check.results[1:]]
        rest = self._capture(self._functions.rest, arguments)
        for tensor, old in zip(state, backup, strict=True):
            tensor.copy_(old)
        return _Graphs(state, static, check, rest)

    def _capture(self, function: Function, arguments: list[torch.Tensor]) -> _Captured:
        for _ in range(_WARM_UPS):
            function(list(arguments))
        self._stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(
            graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
        ):
            results = function(list(arguments))
        return _Captured(graph, results)
