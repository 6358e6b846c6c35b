"""From a Program to an ONNX Runtime session, and one run of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import onnxruntime
from onnx import helper

from polygraph.plugin import RunResult
from polygraph_onnxruntime.kernels import BF16, OPSET, U16
from polygraph_onnxruntime.table import LOWERINGS
from polygraph_onnxruntime.translation import graph_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from onnx import ModelProto

    from polygraph.plugin import Lowering, Op, Program

    Array = np.ndarray[Any, Any]

_IR_VERSION = 11
_FATAL = 4
_AS_REQUESTED = 1

LEVELS = {
    "none": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}

INEXACT = ("NoopElimination", "DivMulFusion")
"""Rewrites of the basic level that lose the sign of a zero or a rounding."""


def compile_program(
    program: Program, config: Mapping[str, Any], lowerings: Mapping[Op, Lowering]
) -> OnnxExecutable:
    """The executable of ``program``; ``config`` as `polygraph_onnxruntime.spec.OPTIONS` says."""
    model, constants = model_of(program, lowerings)
    _share_memory()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.intra_op_num_threads = config.get("threads", 1)
    options.graph_optimization_level = LEVELS[config.get("optimization", "basic")]
    session = onnxruntime.InferenceSession(
        model.SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=INEXACT,
    )
    return OnnxExecutable(program, session, model, constants)


@functools.cache
def _share_memory() -> None:
    """One arena for the sessions of this process.

    With an arena for each, none would use what another has freed; with none, the aligned blocks
    that ONNX Runtime asks of the C library would leave gaps.
    """
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    settings = onnxruntime.OrtArenaCfg({"arena_extend_strategy": _AS_REQUESTED})
    onnxruntime.create_and_register_allocator(memory, settings)


def model_of(
    program: Program, lowerings: Mapping[Op, Lowering] = LOWERINGS
) -> tuple[ModelProto, list[Array]]:
    """``program`` as one ONNX model, and its large constants.

    The model's inputs are the state, the feeds and the large constants. Its outputs are the
    block's results in their order: fetches, carried values, new state; the flags of the checks are
    one vector, the last output.
    """
    graph, constants = graph_of(program, lowerings)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=_IR_VERSION,
        producer_name="polygraph",
    )
    return model, constants


class OnnxExecutable:
    """A session of ONNX Runtime. Calls from several threads are independent of one another.

    Attributes:
      tier: ``"onnxruntime"``.
    """

    __slots__ = (
        "_constants",
        "_halves",
        "_inputs",
        "_outputs",
        "_session",
        "program",
        "tier",
    )

    def __init__(
        self,
        program: Program,
        session: onnxruntime.InferenceSession,
        model: ModelProto,
        constants: list[Array],
    ) -> None:
        self.tier = "onnxruntime"
        self.program = program
        self._session = session
        self._inputs = [info.name for info in model.graph.input]
        self._outputs = [info.name for info in model.graph.output]
        self._constants = constants
        self._halves = {
            index for index, value in enumerate(program.block.results) if value.dtype == BF16
        }

    def __call__(self, state: Sequence[Array], feeds: Sequence[Array]) -> RunResult:
        """Run once; see `polygraph.plugin.Executable`."""
        if not self._outputs:
            return RunResult(([], [], [], -1))
        arguments = [x.view(U16) if x.dtype == BF16 else x for x in (*state, *feeds)]
        results = self._session.run(
            self._outputs, dict(zip(self._inputs, (*arguments, *self._constants), strict=True))
        )
        for index in self._halves:
            results[index] = results[index].view(BF16)
        flags = results.pop() if self.program.checks else ()
        return RunResult.of(self.program, [*results, *flags], state)
