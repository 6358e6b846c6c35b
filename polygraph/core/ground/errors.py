"""TF1's error classes with their codes, and the errors that only polygraph has.

A program catches `OpError` for whatever goes wrong while a graph runs, or one of its subclasses,
which there is one of for each code. Errors made while a graph is built are plain Python errors:
`ShapeError` is a `ValueError`, `MissingGradientError` a `LookupError`, as in TF1.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    from polygraph.core.ground.source import Frame

OK = 0
CANCELLED = 1
UNKNOWN = 2
INVALID_ARGUMENT = 3
DEADLINE_EXCEEDED = 4
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
RESOURCE_EXHAUSTED = 8
FAILED_PRECONDITION = 9
ABORTED = 10
OUT_OF_RANGE = 11
UNIMPLEMENTED = 12
INTERNAL = 13
UNAVAILABLE = 14
DATA_LOSS = 15
UNAUTHENTICATED = 16


class OperatorNotAllowedInGraphError(TypeError):
    """Python asked for a truth value, a length or elements that only a run could tell."""


class InaccessibleTensorError(ValueError):
    """What was asked for cannot be had from outside: it lies in a branch or loop, or is closed."""


class FailedOp(Protocol):
    """What an error asks of the operation that failed."""

    @property
    def name(self) -> str:
        """The operation's name in the graph."""

    @property
    def type(self) -> str:
        """The operation's type."""

    @property
    def frame(self) -> Frame | None:
        """The user's line that built it, None where it is not known."""


class OpError(Exception):
    """Something went wrong while a graph ran; the text names the line that built the operation.

    Args:
        node_def: the NodeDef of the operation that failed, or None.
        op: the operation that failed, or None if it is not known or not in the graph.
        message: what went wrong.
        error_code: one of this module's codes.
    """

    def __init__(
        self, node_def: object | None, op: FailedOp | None, message: str, error_code: int
    ) -> None:
        """Hold what went wrong and where."""
        super().__init__(message)
        self._node_def = node_def
        self._op = op
        self._message = message
        self._error_code = error_code
        self._origin: str | None = None

    @property
    def message(self) -> str:
        """What went wrong, without the place."""
        return self._message

    @property
    def op(self) -> Any:
        """The operation that failed, None where it is not known."""
        return self._op

    @property
    def node_def(self) -> Any:
        """The NodeDef of the operation that failed, None where it is not known."""
        return getattr(self._op, "node_def", None) if self._node_def is None else self._node_def

    @property
    def error_code(self) -> int:
        """The code, one of this module's constants."""
        return self._error_code

    def __str__(self) -> str:
        origin = self._where()
        return f"{self._message}\n\n{origin}" if origin else self._message

    def blame(self, op: FailedOp) -> None:
        """Name the operation at fault, where the error names none yet."""
        if self._op is None:
            self._op = op

    def _where(self) -> str | None:
        if self._op is None or self._op.frame is None:
            return self._origin
        head = f"Operation '{self._op.name}' ({self._op.type}) was built at:"
        return f"{head}\n{_indented(self._op.frame)}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process has no such graph: the place crosses as text, the operation does not.
        state = {**self.__dict__, "_op": None, "_node_def": None, "_origin": self._where()}
        return _rebuild, (type(self), self.args), state


def _indented(frame: Frame) -> str:
    return textwrap.indent(frame.describe(), "  ")


def _rebuild(cls: type[OpError], args: tuple[Any, ...]) -> OpError:
    return cls.__new__(cls, *args)


class _CodedError(OpError):
    """An error whose class says the code."""

    code: ClassVar[int]

    def __init__(
        self, node_def: object | None, op: FailedOp | None, message: str, *_payloads: object
    ) -> None:
        super().__init__(node_def, op, message, self.code)


class CancelledError(_CodedError):
    """The run was cancelled, by the user or because a queue or session was closed."""

    code = CANCELLED


class UnknownError(_CodedError):
    """The failure fits no other class; something outside polygraph raised it."""

    code = UNKNOWN


class InvalidArgumentError(_CodedError):
    """An operation got a value that it cannot take: a failed check, a bad index, a wrong shape."""

    code = INVALID_ARGUMENT


class DeadlineExceededError(_CodedError):
    """The run took longer than its time-out."""

    code = DEADLINE_EXCEEDED


class NotFoundError(_CodedError):
    """A file, a checkpoint's entry or another named thing does not exist."""

    code = NOT_FOUND


class AlreadyExistsError(_CodedError):
    """A thing was to be created that already exists."""

    code = ALREADY_EXISTS


class PermissionDeniedError(_CodedError):
    """The user may not do this: read that file, write that folder."""

    code = PERMISSION_DENIED


class ResourceExhaustedError(_CodedError):
    """Memory, disk or another resource ran out."""

    code = RESOURCE_EXHAUSTED


class FailedPreconditionError(_CodedError):
    """The state is not ready for this: most often, a variable has not been initialised."""

    code = FAILED_PRECONDITION


class AbortedError(_CodedError):
    """The operation was given up because of another; trying again may succeed."""

    code = ABORTED


class OutOfRangeError(_CodedError):
    """There is no more: the iterator, the queue or the file has come to its end."""

    code = OUT_OF_RANGE


class UnimplementedError(_CodedError):
    """The operation has no implementation for what was asked."""

    code = UNIMPLEMENTED


class InternalError(_CodedError):
    """Something that should always hold did not: a defect of polygraph or of a backend."""

    code = INTERNAL


class UnavailableError(_CodedError):
    """A service cannot be reached just now."""

    code = UNAVAILABLE


class DataLossError(_CodedError):
    """Stored data is damaged: a truncated record, a checksum that does not match."""

    code = DATA_LOSS


class UnauthenticatedError(_CodedError):
    """The request has no valid credentials."""

    code = UNAUTHENTICATED


_BY_CODE: dict[int, type[_CodedError]] = {cls.code: cls for cls in _CodedError.__subclasses__()}


class UnsupportedOpError(UnimplementedError):
    """A backend has no lowering for an operation; no other backend steps in for it.

    Args:
        name: the primitive or composite that has no lowering, or the op type.
        backend: the backend's name.
        reason: what the backend says about it, such as the types that its engine lacks.
        frame: the user's line that built the operation, where known.
        op: the operation in the graph, where known; it says the line itself.
    """

    def __init__(
        self,
        name: str,
        backend: str,
        *,
        reason: str = "",
        frame: Frame | None = None,
        op: FailedOp | None = None,
    ) -> None:
        """Say what is missing, where it is asked for and what can be done."""
        because = f": {reason}" if reason else ""
        super().__init__(
            None,
            op,
            f"The backend '{backend}' has no lowering for '{name}'{because}. Make the session with "
            "another backend, write it with other operations, or add a lowering by a plugin.",
        )
        self.name = name
        self.backend = backend
        if op is None and frame is not None:
            self._origin = f"Built at:\n{_indented(frame)}"


class ShapeError(ValueError):
    """Shapes or types do not fit an operation's signature, found while the graph is built."""


class MissingGradientError(LookupError):
    """An operation on the way of a gradient has no gradient rule, and none was left out on purpose.

    Args:
        name: the operation's name.
        op_type: its type.
        frame: the user's line that built it, where known.
    """

    def __init__(self, name: str, op_type: str, frame: Frame | None = None) -> None:
        """Say which operation has no rule and where it was built."""
        built = f"\n{_indented(frame)}" if frame is not None else ""
        super().__init__(
            f"No gradient defined for operation '{name}' (op type: {op_type}). Register one with "
            f"tf.RegisterGradient('{op_type}'), or stop the gradient with tf.stop_gradient.{built}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return _plain, (type(self), str(self))


def _plain(cls: type[MissingGradientError], message: str) -> MissingGradientError:
    return cls.__new__(cls, message)


class BackendNotFoundError(ValueError):
    """No installed distribution offers a backend of the name that was asked for."""


class _PluginError(RuntimeError):
    """Something is wrong with a plugin.

    Args:
        reason: what is wrong.
        fix: what to do about it.
    """

    def __init__(self, reason: str, fix: str = "") -> None:
        """Say what is wrong and what can be done."""
        super().__init__(f"{reason}\n  to fix: {fix}" if fix else reason)
        self.reason = reason
        self.fix = fix


class BrokenPluginError(_PluginError):
    """A plugin or backend that was asked for cannot be loaded; the cause is chained."""


class ContractError(_PluginError):
    """A backend or plugin does not keep to what the contract with polygraph asks of it."""


def exception_type_from_error_code(error_code: int) -> type[OpError]:
    """Return the class for a code.

    Raises:
        KeyError: no class has that code; OK has none.
    """
    return _BY_CODE[error_code]


def error_code_from_exception_type(cls: type[OpError]) -> int:
    """Return the code of an error class, or of the class that it derives from.

    Raises:
        KeyError: the class has no code.
    """
    if not issubclass(cls, _CodedError):
        raise KeyError(cls)
    return cls.code
