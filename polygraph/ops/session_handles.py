"""Values that stay behind after a run, to be named in a later one by their handle."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import itertools
import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import shape_rules
from polygraph.core.ground.dtypes import ALL, as_dtype, string
from polygraph.core.ground.errors import InvalidArgumentError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.tensor import Tensor
from polygraph.core.ground.tensor_shape import unknown_shape
from polygraph.ops.source_ops import placeholder

if TYPE_CHECKING:
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.tensor_shape import TensorShape

    Array = np.ndarray[Any, Any]

__all__ = ["delete_session_tensor", "get_session_handle", "get_session_tensor"]


class _Store:
    """The values that have a handle."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._values: dict[str, Array] = {}

    def add(self, value: Array) -> str:
        """A new handle of ``value``."""
        with self._lock:
            handle = f"GetSessionHandle;{next(self._numbers)}"
            self._values[handle] = value
        return handle

    def get(self, handle: str) -> Array:
        """The value of a handle.

        Raises:
          InvalidArgumentError: it has none, or none any more.
        """
        with self._lock:
            found = self._values.get(handle)
        if found is None:
            msg = (
                f"The tensor with handle {handle!r} is not in the session store: keep what "
                "run gave for tf.get_session_handle as long as its value is needed"
            )
            raise InvalidArgumentError(None, None, msg)
        return found

    def drop(self, handle: str) -> None:
        """Forget a value, if it is there."""
        with self._lock:
            self._values.pop(handle, None)


_STORE = _Store()


class TensorHandle:
    """What a session gives for a fetched handle: as long as it lives, so does the value.

    It can be fed to a tensor in place of the value.

    Attributes:
      handle: the text to feed where `get_session_tensor` or `delete_session_tensor` want it.
    """

    def __init__(self, handle: str) -> None:
        self.handle = handle
        self._release = weakref.finalize(self, _STORE.drop, handle)

    def eval(self) -> Array:
        """A copy of the value.

        Raises:
          InvalidArgumentError: it was deleted.
        """
        return _STORE.get(self.handle).copy()

    def delete(self) -> None:
        """Let go of the value."""
        self._release()

    def get_raw_handle(self) -> str:
        """The text alone; what keeps the value is from then on nobody but `delete`."""
        self._release.detach()
        return self.handle

    def __str__(self) -> str:
        return self.handle


def _text(handle: Array) -> str:
    return bytes(handle[()]).decode()


@graph_op(
    "GetSessionHandle",
    "value: T -> handle: string",
    kind=Kind.HOST,
    shape=shape_rules.scalar,
    T=ALL,
)
def GetSessionHandle(value: Array) -> Array:
    """Keep a value and give its handle."""
    return np.array(_STORE.add(value.copy()).encode(), dtype=object)


GetSessionHandle.no_gradient()


def _unknown(_: ShapeContext) -> TensorShape:
    return unknown_shape()


@graph_op(
    "GetSessionTensor", "handle: string -> value: dtype", kind=Kind.HOST, shape=_unknown, dtype=ALL
)
def GetSessionTensor(handle: Array, *, dtype: Any) -> Array:
    """The value of a handle."""
    found = _STORE.get(_text(handle))
    if found.dtype != dtype.np_dtype:
        msg = f"{_text(handle)!r} holds {found.dtype}, not {dtype.name}"
        raise InvalidArgumentError(None, None, msg)
    return found


GetSessionTensor.no_gradient()


@graph_op("DeleteSessionTensor", "handle: string ->", kind=Kind.HOST, shape=shape_rules.nothing)
def DeleteSessionTensor(handle: Array) -> None:
    """Let go of the value of a handle."""
    _STORE.get(_text(handle))
    _STORE.drop(_text(handle))


DeleteSessionTensor.no_gradient()


def get_session_handle(data: Any, name: str | None = None) -> Tensor:
    """The handle of a value that stays behind when the run is over.

    The value is kept on the host, for every session of the process. Fetched, the handle is a
    `TensorHandle`, not a string.

    Args:
      data: a tensor.
      name: of the operation.

    Raises:
      TypeError: ``data`` is no tensor.
    """
    if not isinstance(data, Tensor):
        msg = f"`data` must be of type Tensor, but is {data!r}"
        raise TypeError(msg)
    return GetSessionHandle(data, name=name)  # type: ignore[no-any-return]


def get_session_tensor(handle: str, dtype: Any, name: str | None = None) -> tuple[Tensor, Tensor]:
    """A placeholder for a handle, and the value of the handle that is fed to it.

    Args:
      handle: some handle; TF1 takes the device from it.
      dtype: element type of the value.
      name: of the operation.

    Returns:
      A string placeholder, and a tensor of unknown shape.
    """
    del handle
    holder = placeholder(string, [])
    return holder, GetSessionTensor(holder, dtype=as_dtype(dtype), name=name)


def delete_session_tensor(handle: str, name: str | None = None) -> tuple[Tensor, Operation]:
    """A placeholder for a handle, and an operation that lets go of the value of what is fed to it.

    Args:
      handle: some handle; TF1 takes the device from it.
      name: of the operation.
    """
    del handle
    holder = placeholder(string, [])
    return holder, DeleteSessionTensor(holder, name=name)
