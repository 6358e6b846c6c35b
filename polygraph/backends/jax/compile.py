"""From a Program to one XLA executable."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import SingleDeviceSharding

from polygraph.backends.jax.exact_products import exact_products
from polygraph.backends.jax.tracing import Tracing, large_constants
from polygraph.core.ground.backend import RunResult
from polygraph.core.ground.op import REGISTRY
from polygraph.ops.primitives import elementwise, indexing, shaping

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from polygraph.core.ground.backend import Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Program, Step, Value

_EXACT = {"xla_allow_excess_precision": False}
"""Every op rounds to its dtype, so that a cast to 16 bits and back is not optimised away."""

_EXACT_CPU = {"xla_cpu_enable_fast_math": False, "xla_cpu_enable_fast_min_max": False}
"""NaN, infinities and signed zeros keep their meaning."""


@dataclass(frozen=True, slots=True)
class Target:
    """What Programs are compiled for.

    Attributes:
      device: where they run.
      lowerings: what each op becomes.
      precision: of float32 products and convolutions, in JAX's words.
      compiler_options: for XLA, over those that the meaning of ops needs.
    """

    device: jax.Device
    lowerings: Mapping[Op, Lowering]
    precision: str
    compiler_options: Mapping[str, Any]

    def options(self) -> dict[str, Any]:
        """Options for one compilation."""
        platform = _EXACT_CPU if self.device.platform == "cpu" else {}
        return {**_EXACT, **platform, **self.compiler_options}


def put(array: np.ndarray[Any, Any], device: jax.Device) -> jax.Array:
    """A copy of ``array`` on ``device``."""
    # JAX may keep the very array that it is given, even where it is told not to.
    with jax.enable_x64(True):  # noqa: FBT003
        kept: jax.Array = jax.device_put(np.array(array, order="C"), device)
    return kept


def get(array: jax.Array) -> np.ndarray[Any, Any]:
    """A copy of ``array`` in the host's memory."""
    return np.array(array)


def compile_program(program: Program, target: Target) -> XlaExecutable:
    """The executable of ``program``: ready, nothing is compiled at its first run."""
    constants = dict(large_constants(program.block))
    spec: Any = partial(jax.ShapeDtypeStruct, sharding=SingleDeviceSharding(target.device))
    specs = [spec(value.shape, value.dtype) for value in (*constants, *program.block.parameters)]
    jitted = jax.jit(
        _function(program, target, tuple(constants)),
        donate_argnums=_donated(program, first=len(constants)),
        keep_unused=True,
    )
    with ExitStack() as contexts:
        contexts.enter_context(jax.enable_x64(True))  # noqa: FBT003
        contexts.enter_context(jax.default_matmul_precision(target.precision))
        contexts.enter_context(jax.numpy_rank_promotion("allow"))
        contexts.enter_context(jax.numpy_dtype_promotion("standard"))
        compiled = jitted.lower(*specs).compile(compiler_options=target.options())
    arrays = tuple(put(array, target.device) for array in constants.values())
    return XlaExecutable(program, compiled, arrays)


def _replaced(program: Program) -> list[tuple[Value, Value]]:
    """Each updated state parameter with its new value."""
    old = (program.state_values[index] for index in program.updates)
    return list(zip(old, program.update_values, strict=True))


def _donated(program: Program, *, first: int) -> tuple[int, ...]:
    """Arguments whose memory the new state may take: those that keep their type."""
    pairs = zip(program.updates, _replaced(program), strict=True)
    return tuple(first + index for index, (old, new) in pairs if old.type == new.type)


def _function(
    program: Program, target: Target, constants: Sequence[Value]
) -> Callable[..., tuple[jax.Array, ...]]:
    """The Program as a function of large constants, state and feeds.

    It gives updates, carries, fetches and, where there are checks, their flags as one array.
    Updates come first because JAX gives donated memory to the first result that fits.
    """
    now, late = _split(program)
    exact = exact_products(program.block)

    def function(*arguments: jax.Array) -> tuple[jax.Array, ...]:
        given = arguments[: len(constants)]
        tracing = Tracing(target.lowerings, dict(zip(constants, given, strict=True)), exact)
        arrays = tracing.start(program.block, arguments[len(constants) :])
        tracing.steps(now, arrays)
        flags = [arrays[flag] for flag in program.check_values]
        updates = _commit(program, tracing, arrays, late, flags)
        others = [arrays[value] for value in (*program.carry_values, *program.fetch_values)]
        return (*updates, *others, *([jnp.stack(flags)] if flags else []))

    return function


LIGHT = frozenset(
    {
        *(op for op in REGISTRY.values() if op.function.__module__ == elementwise.__name__),
        indexing.scatter_update,
        shaping.broadcast_to,
        shaping.dynamic_update_slice,
        shaping.reshape,
    }
)
"""Ops that may run inside the branch that commits."""


def _split(program: Program) -> tuple[list[Step], list[Step]]:
    """The steps that run whether or not the checks hold, and those of the commit.

    The commit gets what only updates need and what is light: inside a branch XLA's CPU backend
    runs convolutions and products several times slower.
    """
    needed = {*program.check_values, *program.fetch_values, *program.carry_values}
    needed.update(new for old, new in _replaced(program) if old.type != new.type)
    now: list[Step] = []
    late: list[Step] = []
    for step in reversed(program.block.steps):
        if step.op in LIGHT and needed.isdisjoint(step.results):
            late.append(step)
        else:
            needed.update(step.operands)
            now.append(step)
    return now[::-1], late[::-1]


def _commit(
    program: Program,
    tracing: Tracing,
    arrays: dict[Value, jax.Array],
    late: Sequence[Step],
    flags: Sequence[jax.Array],
) -> Sequence[jax.Array]:
    """The new state, or the old one where a check failed.

    The steps that only updates need run inside the branch, so that the new state is written
    straight to where the old one was: choosing afterwards would copy both.
    """
    # State that changes its type stays outside: the executable keeps what it was, if need be.
    pairs = [(old, new) for old, new in _replaced(program) if old.type == new.type]
    if not flags or not pairs:
        tracing.steps(late, arrays)
        return [arrays[value] for value in program.update_values]
    used = {operand for step in late for operand in step.operands}.union(*pairs)
    taken = [value for value in arrays if value in used]

    def commit(*operands: jax.Array) -> tuple[jax.Array, ...]:
        inner = dict(zip(taken, operands, strict=True))
        tracing.steps(late, inner)
        return tuple(inner[new] for _, new in pairs)

    def keep(*operands: jax.Array) -> tuple[jax.Array, ...]:
        inner = dict(zip(taken, operands, strict=True))
        return tuple(inner[old] for old, _ in pairs)

    holds = jnp.all(jnp.stack(flags))
    kept = iter(lax.cond(holds, commit, keep, *(arrays[value] for value in taken)))
    return [next(kept) if old.type == new.type else arrays[new] for old, new in _replaced(program)]


_WIDE = 8
"""Bytes of an element that JAX narrows outside of its 64-bit mode."""


class XlaExecutable:
    """A compiled Program. Calls from several threads are independent of one another.

    Attributes:
      tier: ``"xla"``.
    """

    __slots__ = ("_call", "_constants", "_ends", "_retyped", "_wide", "program", "tier")

    def __init__(
        self, program: Program, call: Callable[..., Any], constants: tuple[jax.Array, ...]
    ) -> None:
        self.tier = "xla"
        self.program = program
        self._call = call
        self._constants = constants
        updates = len(program.updates)
        carries = updates + program.carries
        self._ends = (updates, carries, carries + program.fetches)
        self._retyped = tuple(
            slot for slot, (old, new) in enumerate(_replaced(program)) if old.type != new.type
        )
        self._wide = any(value.dtype.itemsize >= _WIDE for value in program.block.parameters)

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> RunResult:
        """Run once; see `polygraph.core.ground.backend.Executable`."""
        if not self.program.block.results:
            return RunResult(([], [], [], -1))
        switch: AbstractContextManager[Any] = jax.enable_x64(True) if self._wide else nullcontext()  # noqa: FBT003
        with switch:
            results = self._call(*self._constants, *state, *feeds)
        updates, carries, fetches = self._ends
        new = list(results[:updates])
        # XLA reads fed arrays in place, and none of its results is ready before all its reads are
        # done: from here on the caller may write to them.
        results[0].block_until_ready()
        failed = _first_failure(np.asarray(results[-1])) if self.program.checks else -1
        if failed >= 0:
            for slot in self._retyped:
                new[slot] = state[self.program.updates[slot]]
        values = [np.array(result) for result in results[carries:fetches]]
        return RunResult((values, list(results[updates:carries]), new, failed))


def _first_failure(flags: np.ndarray[Any, Any]) -> int:
    return -1 if flags.all() else int(flags.argmin())
