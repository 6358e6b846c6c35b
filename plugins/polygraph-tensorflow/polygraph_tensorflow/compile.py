"""From a Program to one TensorFlow graph and the call that runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import CallableOptions

from polygraph.plugin import RunResult
from polygraph_tensorflow.building import Building
from polygraph_tensorflow.memory import fetchable, of_its_own

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polygraph.plugin import Lowering, Op, Program, Value

    Array = np.ndarray[Any, Any]

TIER = "tensorflow-graph"

LARGEST_LITERAL = 1 << 16
"""Constants of more bytes than this are fed: a graph has a limit of 2 GiB and is copied about."""

_ALIGNMENT = 64
"""TensorFlow reads fed memory in place where its address is a multiple of this."""


@dataclass(frozen=True, slots=True)
class Target:
    """What Programs are compiled for.

    Attributes:
      lowerings: what each op becomes.
      threads: that share the work of one op.
    """

    lowerings: Mapping[Op, Lowering]
    threads: int

    def config(self) -> tf.compat.v1.ConfigProto:
        """How TensorFlow runs a graph.

        All in the thread that calls: TensorFlow's own threads take subnormal numbers for 0. And
        as it is written: its rewrites add constants up first, so that ``x + 1e8 - 1e8`` is ``x``.
        """
        config = tf.compat.v1.ConfigProto(
            device_count={"GPU": 0},
            inter_op_parallelism_threads=-1,
            intra_op_parallelism_threads=self.threads,
        )
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        config.graph_options.optimizer_options.opt_level = -1
        # One step after the other, which costs a third of what TensorFlow's scheduler does.
        config.experimental.executor_type = "SINGLE_THREADED_EXECUTOR"
        return config


def aligned_copy(array: Array) -> Array:
    """A copy of ``array`` in C order that TensorFlow reads without another copy."""
    room = np.empty(array.nbytes + _ALIGNMENT, np.uint8)
    start = -room.ctypes.data % _ALIGNMENT
    copy = room[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def compile_program(program: Program, target: Target) -> GraphExecutable:
    """The executable of ``program``."""
    large = {
        value: aligned_copy(array)
        for value, array in program.block.constants.items()
        if array.nbytes > LARGEST_LITERAL
    }
    graph = tf.Graph()
    with graph.as_default():
        fed: dict[Value, tf.Tensor] = {
            value: tf.compat.v1.placeholder(value.dtype, value.shape)
            for value in (*large, *program.block.parameters)
        }
        tensors = dict(fed)
        Building(target.lowerings).fill(program.block, tensors)
        fetched = _fetched(program, tensors)
    session = tf.compat.v1.Session(graph=graph, config=target.config())
    call = _callable(session, list(fed.values()), fetched)
    return GraphExecutable(program, call, tuple(large.values()))


def _fetched(program: Program, tensors: Mapping[Value, tf.Tensor]) -> list[tf.Tensor]:
    """What a run gives: fetches, carries and updates, and all checks as one vector."""
    kept = of_its_own(tensors[value] for value in (*program.carry_values, *program.update_values))
    flags = [tensors[flag] for flag in program.check_values]
    checks = [tf.raw_ops.Pack(values=flags)] if flags else []
    return [*fetchable(tensors[value] for value in program.fetch_values), *kept, *checks]


def _callable(
    session: tf.compat.v1.Session, fed: Sequence[tf.Tensor], fetched: Sequence[tf.Tensor]
) -> Callable[..., list[Any]]:
    options = CallableOptions()
    options.feed.extend(tensor.name for tensor in fed)
    options.fetch.extend(tensor.name for tensor in fetched)
    # The public `make_callable` goes the long way of `Session.run` as soon as anything is fed.
    call: Callable[..., list[Any]] = session._make_callable_from_options(options)  # noqa: SLF001
    return call


class GraphExecutable:
    """A TensorFlow graph, ready to run. Calls from several threads are independent.

    No array is ever written to: new state is in new arrays, so a failed run only has to forget
    them.

    Attributes:
      tier: ``"tensorflow-graph"``.
    """

    __slots__ = ("_call", "_constants", "program", "tier")

    def __init__(
        self, program: Program, call: Callable[..., list[Any]], constants: tuple[Array, ...]
    ) -> None:
        self.tier = TIER
        self.program = program
        self._call = call
        self._constants = constants

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> RunResult:
        """Run once; see `polygraph.plugin.Executable`."""
        if not self.program.block.results:
            return RunResult(([], [], [], -1))
        results = self._call(*self._constants, *state, *feeds)
        flags = results.pop() if self.program.checks else ()
        # TensorFlow's arrays may be views of one another and of constants; scalars are no arrays.
        fetches = map(np.array, results[: self.program.fetches])
        kept = map(np.asarray, results[self.program.fetches :])
        return RunResult.of(self.program, [*fetches, *kept, *flags], state)
