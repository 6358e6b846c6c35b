"""TF1's error classes. Codes and class relations were recorded on TensorFlow 2.21's compat.v1."""

from __future__ import annotations

import pickle
from dataclasses import dataclass

import pytest

from polygraph.core.ground import errors
from polygraph.core.ground.source import Frame, capture

CODES = {
    "CancelledError": 1,
    "UnknownError": 2,
    "InvalidArgumentError": 3,
    "DeadlineExceededError": 4,
    "NotFoundError": 5,
    "AlreadyExistsError": 6,
    "PermissionDeniedError": 7,
    "ResourceExhaustedError": 8,
    "FailedPreconditionError": 9,
    "AbortedError": 10,
    "OutOfRangeError": 11,
    "UnimplementedError": 12,
    "InternalError": 13,
    "UnavailableError": 14,
    "DataLossError": 15,
    "UnauthenticatedError": 16,
}


@dataclass
class Op:
    """What an error asks of an operation."""

    name: str
    type: str
    frame: Frame


@pytest.fixture
def op() -> Op:
    return Op("logits/w", "VariableV2", capture())


@pytest.mark.parametrize("name", CODES)
def test_each_class_has_its_code(name: str) -> None:
    cls: type[errors.OpError] = getattr(errors, name)
    code = CODES[name]
    assert getattr(errors, name.removesuffix("Error").upper(), code) == code
    error = cls(None, None, "what went wrong")
    assert (error.error_code, error.message, str(error)) == (
        code, "what went wrong", "what went wrong"
    )  # fmt: skip
    assert (error.op, error.node_def) == (None, None)
    assert issubclass(cls, errors.OpError)
    assert errors.exception_type_from_error_code(code) is cls
    assert errors.error_code_from_exception_type(cls) == code


def test_op_error_takes_its_code() -> None:
    error = errors.OpError("node def", None, "message", errors.ABORTED)
    assert (error.error_code, error.node_def) == (10, "node def")


def test_extra_arguments_are_taken_as_tf1_does() -> None:
    assert errors.UnknownError(None, None, "m", 77).error_code == errors.UNKNOWN


def test_codes_without_class() -> None:
    for code in (errors.OK, 99):
        with pytest.raises(KeyError):
            errors.exception_type_from_error_code(code)
    with pytest.raises(KeyError):
        errors.error_code_from_exception_type(errors.OpError)


def test_text_names_the_line_that_built_the_operation(op: Op) -> None:
    error = errors.InvalidArgumentError(None, op, "bad index 7")
    assert error.op is op
    assert error.message == "bad index 7"
    head, place, source = str(error).rsplit("\n", 2)
    assert head == "bad index 7\n\nOperation 'logits/w' (VariableV2) was built at:"
    assert place == f'  File "{__file__}", line {op.frame.lineno}, in op'
    assert source == '      return Op("logits/w", "VariableV2", capture())'


def test_errors_cross_processes(op: Op) -> None:
    made = [
        errors.OpError(None, None, "m", 10),
        errors.NotFoundError(None, op, "no such file"),
        errors.UnsupportedOpError("add_uint64", "torch", frame=op.frame),
        errors.MissingGradientError("r", "Round"),
        errors.ShapeError("k is 3 but 4"),
    ]
    for error in made:
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert getattr(again, "error_code", None) == getattr(error, "error_code", None)
        assert pickle.loads(pickle.dumps(again)).args == error.args  # noqa: S301


def test_unsupported_op(op: Op) -> None:
    error = errors.UnsupportedOpError(
        "add_uint64", "torch", reason="torch has no uint64 addition", frame=op.frame
    )
    text = str(error)
    assert "'torch' has no lowering for 'add_uint64': torch has no uint64 addition." in text
    assert f"Built at:\n  {op.frame.describe().splitlines()[0]}" in text
    assert isinstance(error, errors.UnimplementedError)
    assert (error.name, error.backend, error.error_code) == ("add_uint64", "torch", 12)
    assert "Operation 'logits/w'" in str(errors.UnsupportedOpError("x", "jax", op=op))


def test_missing_gradient(op: Op) -> None:
    error = errors.MissingGradientError("round", "Round", op.frame)
    assert isinstance(error, LookupError)
    assert str(error).startswith("No gradient defined for operation 'round' (op type: Round)")
    assert str(error).endswith('return Op("logits/w", "VariableV2", capture())')


def test_our_own_errors_are_pythons_kinds() -> None:
    assert issubclass(errors.ShapeError, ValueError)
    assert issubclass(errors.BackendNotFoundError, ValueError)
    assert issubclass(errors.BrokenPluginError, RuntimeError)
    assert issubclass(errors.ContractError, RuntimeError)
