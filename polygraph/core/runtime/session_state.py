"""The state of one session: its variables' values on the backend, and who may touch them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.errors import FailedPreconditionError
from polygraph.core.ground.signature import TensorType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polygraph.core.ground.backend import Backend
    from polygraph.core.runtime.planner.rename import StateKey


class SessionState:
    """Variables and hidden state, as the backend's own arrays.

    Attributes:
      arrays: the engine array of each piece of state that has a value.
      types: their types.
      epoch: grows when a variable becomes initialised or changes its type.
    """

    def __init__(self, backend: Backend) -> None:
        self.arrays: dict[StateKey, Any] = {}
        self.types: dict[StateKey, TensorType] = {}
        self.epoch = 0
        self._backend = backend

    def initialized(self, key: StateKey) -> bool:
        """Whether it has a value."""
        return key in self.arrays

    def type_of(self, key: StateKey) -> TensorType:
        """The type of its value; hidden state gets its first value here.

        Raises:
          FailedPreconditionError: a variable that has no value yet.
        """
        found = self.types.get(key)
        if found is None:
            if key.slot < 0:
                msg = (
                    f"Attempting to use uninitialized value {key.name}\n\t [[node {key.name} "
                    f"({key.op.type}), defined at {key.op.frame}]]\nrun its initializer first, "
                    "for example sess.run(tf.global_variables_initializer())"
                )
                raise FailedPreconditionError(None, key.op, msg)
            self.store(key, key.op.definition.hidden[key.slot].first_value(key.op))
            found = self.types[key]
        return found

    def store(self, key: StateKey, array: np.ndarray[Any, Any]) -> None:
        """Give it a value from a NumPy array."""
        self.commit([key], [self._backend.put(array)], [TensorType(array.dtype, array.shape)])

    def read(self, key: StateKey, type_: TensorType) -> Any:
        """Its engine array; an array to overwrite where it has none of that type."""
        if self.types.get(key) == type_:
            return self.arrays[key]
        return self._backend.put(np.zeros(type_.shape, type_.dtype))

    def commit(
        self,
        keys: Sequence[StateKey],
        arrays: Sequence[Any],
        types: Sequence[TensorType] | None = None,
    ) -> None:
        """Store new values; ``types`` is None where none of them changes its type.

        One call into C stores them all, so that a signal cannot leave half of a commit.
        """
        self.arrays.update(zip(keys, arrays, strict=True))
        if types is not None:
            for key, type_ in zip(keys, types, strict=True):
                if self.types.get(key) != type_:
                    self.types[key] = type_
                    self.epoch += 1

    def restore(self, keys: Sequence[StateKey], arrays: Sequence[Any]) -> None:
        """Store what holds the old values after a failed run; what had none still has none."""
        for key, array in zip(keys, arrays, strict=True):
            if key in self.arrays:
                self.arrays[key] = array


class StateLock:
    """Lets runs go side by side unless one writes what the other touches.

    Runs of one thread never wait for each other, so that a Python function inside a run may use
    the session again.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._freed = threading.Condition(self._mutex)
        self._waiting = 0
        self._bits: dict[StateKey, int] = {}
        self._active: list[tuple[int, int, int]] = []

    def mask(self, keys: Iterable[StateKey]) -> int:
        """One bit for each piece of state."""
        mask = 0
        with self._mutex:
            for key in keys:
                mask |= 1 << self._bits.setdefault(key, len(self._bits))
        return mask

    def acquire(self, reads: int, writes: int) -> tuple[int, int, int]:
        """Wait until no run of another thread conflicts; a token for `release`."""
        entry = (threading.get_ident(), reads, writes)
        with self._mutex:
            while self._active and self._conflicts(entry):
                self._waiting += 1
                try:
                    self._freed.wait()
                finally:
                    self._waiting -= 1
            self._active.append(entry)
        return entry

    def release(self, entry: tuple[int, int, int]) -> None:
        """End a run."""
        with self._mutex:
            self._active.remove(entry)
            if self._waiting:
                self._freed.notify_all()

    def _conflicts(self, entry: tuple[int, int, int]) -> bool:
        thread, reads, writes = entry
        return any(
            other != thread and ((writes & (their_reads | their_writes)) or (reads & their_writes))
            for other, their_reads, their_writes in self._active
        )
