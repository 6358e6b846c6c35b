"""An executable whose results are checked against the contract on every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.errors import ContractError
from polygraph.core.ground.signature import TensorType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from polygraph.core.ground.backend import Backend, Executable, RunResult
    from polygraph.core.ground.program import Program, Value

_PARTS = 4


class VerifiedExecutable:
    """An executable that raises where its results are not what `Executable` says.

    Every attribute is the executable's own.
    """

    def __init__(self, executable: Executable, program: Program, backend: Backend) -> None:
        self._executable = executable
        self._program = program
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        """The executable's attribute."""
        return getattr(self._executable, name)

    def __call__(self, state: Sequence[Any], feeds: Sequence[Any]) -> RunResult:
        """Run once.

        Raises:
          ContractError: the number, type or memory of a result is not what it has to be.
        """
        result = self._executable(state, feeds)
        for fault in self._faults(result, feeds):
            raise ContractError(
                f"the backend {self._backend.name!r} broke the contract in "
                f"{self._program.name!r}: {fault}",
                fix="correct the backend; see polygraph.plugin.Executable",
            )
        return result

    def _faults(self, result: Any, feeds: Sequence[Any]) -> Iterator[str]:
        program = self._program
        if not isinstance(result, tuple) or len(result) != _PARTS:
            yield f"a run gave {type(result).__name__}, not (fetches, carries, updates, failed)"
            return
        fetches, carries, updates, failed = result
        if type(failed) is bool or not -1 <= failed < len(program.checks):
            yield f"failed is {failed!r}; it is -1 or the index of a check"
        yield from _miscounted("updates", updates, len(program.updates))
        if failed < 0:
            yield from _miscounted("fetches", fetches, program.fetches)
            yield from _miscounted("carries", carries, program.carries)
            for index, (array, value) in enumerate(zip(fetches, program.fetch_values, strict=True)):
                yield from _bad_array(f"fetch {index}", array, value)
                yield from _bad_memory(index, array, fetches, feeds)
            for index, (array, value) in enumerate(
                zip(updates, program.update_values, strict=True)
            ):
                yield from _bad_array(f"update {index}", self._backend.get(array), value)


def _miscounted(what: str, arrays: Sequence[Any], wanted: int) -> Iterator[str]:
    if len(arrays) != wanted:
        yield f"it gave {len(arrays)} {what} where there are {wanted}"


def _bad_array(what: str, array: Any, value: Value) -> Iterator[str]:
    if not isinstance(array, np.ndarray):
        yield f"{what} is of class {type(array).__name__}, not a NumPy array"
    elif (array.dtype, array.shape) != (value.dtype, value.shape):
        yield f"{what} is {TensorType(array.dtype, array.shape)}, not {value.type}"


def _bad_memory(
    index: int, array: np.ndarray[Any, Any], fetches: Sequence[Any], feeds: Sequence[Any]
) -> Iterator[str]:
    if not array.flags.writeable:
        yield f"fetch {index} is not writable"
    for other in (*fetches[:index], *feeds):
        if isinstance(other, np.ndarray) and array.size and np.may_share_memory(array, other):
            yield f"fetch {index} shares memory with a feed or another fetch"
