"""From a Program to an executable, in the best tier that it can have."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from polygraph.backends.torch.arrays import TORCH_DTYPES, put, share, to_numpy
from polygraph.backends.torch.constants import constants_as_parameters
from polygraph.backends.torch.cuda_graph import CudaGraphExecutable
from polygraph.backends.torch.functions import fresh, make_functions, new_state
from polygraph.backends.torch.generate import Style
from polygraph.backends.torch.table import IN_PLACE, ON_HOST, READS_VALUES, VIEWS
from polygraph.core.ground.backend import RunResult
from polygraph.ops.primitives.control import cond, while_loop
from polygraph.passes.stand_ins import with_stand_ins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polygraph.backends.torch.functions import Functions
    from polygraph.backends.torch.inductor import Inductor
    from polygraph.core.ground.backend import Executable, Lowering
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.program import Block, Program, Step

    Function = Callable[[list[torch.Tensor]], tuple[torch.Tensor, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """What Programs are compiled for.

    Attributes:
      device: where they run.
      lowerings: what each op becomes.
      inductor: compiles them; None where nobody asked for it.
      replaced: stand-ins for the ops whose lowering a plugin brings.
    """

    device: torch.device
    lowerings: Mapping[Op, Lowering]
    inductor: Inductor | None = None
    replaced: Mapping[Op, Op] = field(default_factory=dict)

    @property
    def tier(self) -> str:
        """What runs where nothing stands in the way."""
        if self.inductor is not None:
            return "inductor"
        return "straight-line" if self.device.type == "cpu" else "cuda-graph"

    def style(self) -> Style:
        """What functions for this target may do."""
        constant = partial(put, device=self.device)
        brought = {op: op.function for op in self.replaced.values()}
        # Nobody says whether a plugin's lowering gives views of what it takes.
        views = VIEWS.union(brought)
        if self.inductor is not None:
            table = {**self.lowerings, **self.inductor.lowerings, **brought}
            return Style(table, {}, constant, views, traced=True)
        if self.device.type != "cpu":
            return Style({**self.lowerings, **brought}, {}, constant, views)
        return Style({**self.lowerings, **ON_HOST, **brought}, IN_PLACE, constant, views)


def compile_program(program: Program, target: Target) -> Executable:
    """The executable of ``program``; warns where its tier is slower than the one asked for."""
    program = with_stand_ins(program, target.replaced)
    if target.inductor is not None:
        found = _with_inductor(program, target, target.inductor)
        if isinstance(found, TorchExecutable):
            return found
        _warn(program, "inductor", found)
        target = replace(target, inductor=None)
    elif target.device.type != "cpu":
        reason = _reads_values(program) or _branches(program)
        if reason is None:
            functions = make_functions(program, target.style(), store=True)
            return CudaGraphExecutable(program, functions, target.device)
        _warn(program, "cuda-graph", reason)
    functions = make_functions(program, target.style())
    return TorchExecutable("straight-line", program, functions, target)


def _with_inductor(program: Program, target: Target, inductor: Inductor) -> TorchExecutable | str:
    """The compiled Program, or why there is none."""
    reason = inductor.missing_compiler() or _reads_values(program)
    if reason is not None:
        return reason
    try:
        return _compiled(program, target, inductor)
    except inductor.failure as error:
        return str(error)


def _warn(program: Program, tier: str, reason: str) -> None:
    warnings.warn(
        f"{program.name} runs in torch's straight-line tier instead of {tier}: {reason}",
        RuntimeWarning,
        stacklevel=3,
    )


def _steps(block: Block) -> Iterator[Step]:
    for step in block.steps:
        yield step
        for _, inner in step.blocks():
            yield from _steps(inner)


def _reads_values(program: Program) -> str | None:
    names = sorted({step.op.name for step in _steps(program.block) if step.op in READS_VALUES})
    return f"it reads tensors in Python for {', '.join(names)}" if names else None


def _branches(program: Program) -> str | None:
    names = sorted({step.op.name for step in program.block.steps if step.op in (cond, while_loop)})
    return f"what {', '.join(names)} does depends on data" if names else None


def _compiled(program: Program, target: Target, inductor: Inductor) -> TorchExecutable:
    block, arrays = constants_as_parameters(program.block)
    lifted = program.with_block(block)
    functions = make_functions(lifted, target.style(), store=True)
    specs = [(value.shape, TORCH_DTYPES[value.dtype]) for value in block.parameters]
    live = [(value.shape, TORCH_DTYPES[value.dtype]) for value in functions.live]
    check = functions.check and inductor.compile(functions.check, specs, target.device)
    rest = functions.rest
    if lifted.block.results[: -len(program.checks) or None]:
        rest = inductor.compile(rest, [*specs, *live], target.device)
    compiled = replace(functions, check=check, rest=rest)
    constants = [put(array, target.device) for array in arrays]
    return TorchExecutable("inductor", program, compiled, target, constants)


class TorchExecutable:
    """A compiled Program. Calls from several threads are independent of one another.

    Attributes:
      tier: ``"straight-line"`` or ``"inductor"``.
      source: the generated functions.
    """

    __slots__ = (
        "_check", "_constants", "_copied", "_device", "_ends", "_rest", "_updates", "program",
        "source", "tier",
    )  # fmt: skip

    def __init__(
        self,
        tier: str,
        program: Program,
        functions: Functions,
        target: Target,
        constants: Sequence[torch.Tensor] = (),
    ) -> None:
        self.tier = tier
        self.program = program
        self.source = functions.source
        self._check = functions.check
        self._rest = functions.rest
        self._constants = tuple(constants)
        self._device = None if target.device.type == "cpu" else target.device
        # Inductor gives one tensor where two results are equal. What it made does so each time.
        self._copied: tuple[int, ...] | None = None if tier == "inductor" else ()
        self._updates = tuple(zip(program.updates, functions.stored, strict=True))
        self._ends = (program.fetches, program.fetches + program.carries)

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> RunResult:
        """Run once; see `polygraph.core.ground.backend.Executable`."""
        with torch.inference_mode():
            tensors = [*state, *map(self._tensor, feeds), *self._constants]
            if self._check is not None:
                flags, *live = self._check(list(tensors))
                failed = first_failure(to_numpy(flags.cpu()))
                if failed >= 0:
                    return RunResult(([], [], [state[index] for index, _ in self._updates], failed))
                tensors += live
            results = self._run(tensors)
            fetches, carries = self._ends
            return RunResult(
                (
                    [to_numpy(result.cpu()) for result in results[:fetches]],
                    list(results[fetches:carries]),
                    new_state(state, self._updates, results[carries:]),
                    -1,
                )
            )

    def _run(self, tensors: list[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The results of the second function, each in memory of its own."""
        if self._copied is not None and not self._copied:
            return self._rest(tensors)
        memory = set(map(_memory, tensors)) if self._copied is None else set()
        results = list(self._rest(tensors))
        if self._copied is None:
            self._copied = shared_memory(results, memory)
        for index in self._copied:
            results[index] = fresh(results[index])
        return results

    def _tensor(self, feed: Any) -> torch.Tensor:
        if isinstance(feed, torch.Tensor):
            return feed
        # The run is over before this returns and no result lies in a feed: no copy is needed.
        shared = share(feed)
        return shared if self._device is None else shared.to(self._device)


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def shared_memory(results: Sequence[torch.Tensor], taken: set[int]) -> tuple[int, ...]:
    """The indices of results in memory that is ``taken`` or an earlier result's."""
    shared = []
    for index, result in enumerate(results):
        memory = _memory(result)
        if memory and memory in taken:
            shared.append(index)
        taken.add(memory)
    return tuple(shared)


def first_failure(flags: np.ndarray[Any, Any]) -> int:
    """The index of the first flag that does not hold, -1 where all do."""
    return -1 if flags.all() else int(np.argmin(flags))
