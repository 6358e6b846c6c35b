"""`py_func`: a Python function as an operation; it runs on the host, between two stages."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors
from polygraph.core.ground.apply import apply_op
from polygraph.core.ground.dtypes import DType, as_dtype
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import Kind
from polygraph.core.ground.tensor_shape import TensorShape, unknown_shape
from polygraph.core.ground.trace import make_error

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polygraph.core.ground.op_spec import ShapeContext

    Known = np.ndarray[Any, Any]

__all__ = ["numpy_function", "py_func"]

_CLASSES: tuple[tuple[type[Exception], type[Exception]], ...] = (
    (StopIteration, errors.OutOfRangeError),
    (NotImplementedError, errors.UnimplementedError),
    (MemoryError, errors.ResourceExhaustedError),
    (ValueError, errors.InvalidArgumentError),
    (TypeError, errors.InvalidArgumentError),
)
"""The class that a run raises for an exception in the function; `UnknownError` for others."""


def _unknown_shapes(context: ShapeContext) -> list[TensorShape]:
    return [unknown_shape()] * len(context.attrs["Tout"])


def _error_of(error: Exception) -> Exception:
    code = next((code for kind, code in _CLASSES if isinstance(error, kind)), errors.UnknownError)
    text = "".join(traceback.format_exception(error))
    return make_error(code, f"{type(error).__name__}: {error}\n{text}")


def _call(
    values: list[Known], function: Callable[..., Any], token: str, Tout: Sequence[DType]
) -> list[Known]:
    try:
        # A scalar is passed as NumPy's scalar, a string as bytes.
        raw = function(*[value[()] for value in values])
    except Exception as error:
        raise _error_of(error) from error
    results = list(raw) if isinstance(raw, list | tuple) else [] if raw is None else [raw]
    if len(results) != len(Tout):
        text = f"{token} returns {len(results)} values, but expects to see {len(Tout)} values."
        raise make_error(errors.InvalidArgumentError, text)
    return [_checked(token, *pair) for pair in zip(range(len(results)), results, Tout, strict=True)]


def _checked(token: str, index: int, result: Any, dtype: DType) -> Known:
    if dtype.np_dtype == np.dtype(object):
        return np.asarray(_as_bytes(np.asarray(result)), dtype=object)
    array = np.asarray(result, dtype=None if hasattr(result, "dtype") else dtype.np_dtype)
    if array.dtype != dtype.np_dtype:
        text = f"{index}-th value returned by {token} is {array.dtype}, but expects {dtype.name}"
        raise make_error(errors.InvalidArgumentError, text)
    return array


def _as_bytes(array: Known) -> Known:
    encoded = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        item = array[place]
        encoded[place] = item.encode() if isinstance(item, str) else item
    return encoded


@graph_op(
    "PyFunc", "input: Tin* -> output: Tout*", kind=Kind.HOST, shape=_unknown_shapes, Tin=(), Tout=()
)
def PyFunc(
    values: list[Known], *, function: Callable[..., Any], token: str, Tout: Sequence[DType]
) -> list[Known]:
    """What a Python function gives for NumPy arrays."""
    return _call(values, function, token, Tout)


PyFunc.no_gradient()


@graph_op(
    "PyFuncStateless",
    "input: Tin* -> output: Tout*",
    kind=Kind.HOST,
    shape=_unknown_shapes,
    Tin=(),
    Tout=(),
)
def PyFuncStateless(
    values: list[Known], *, function: Callable[..., Any], token: str, Tout: Sequence[DType]
) -> list[Known]:
    """What a Python function without side effects gives for NumPy arrays."""
    return _call(values, function, token, Tout)


PyFuncStateless.no_gradient()


def py_func(
    func: Callable[..., Any],
    inp: Sequence[Any],
    Tout: Any,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """What a Python function gives for the values of tensors; the shapes are not known.

    Args:
      func: takes NumPy arrays and scalars (bytes for strings), gives as many arrays as ``Tout``
        lists, of those dtypes; numbers are converted.
      inp: tensors.
      Tout: a dtype, or a list of dtypes.
      stateful: False says that equal inputs give equal results.
      name: of the operation.

    Returns:
      A tensor; a list of tensors where ``Tout`` is a list; the operation where it is empty.

    Raises:
      InvalidArgumentError: when it runs: the function raised ValueError or TypeError, or gave
        something else than it should. Other exceptions become other classes of `tf.errors`.
    """
    several = isinstance(Tout, list | tuple)
    dtypes = tuple(as_dtype(dtype) for dtype in (Tout if several else [Tout]))
    definition = PyFunc if stateful else PyFuncStateless
    token = f"pyfunc {getattr(func, '__name__', repr(func))}"
    attrs = {"function": func, "token": token, "Tout": dtypes}
    operation = apply_op(definition, (list(inp),), attrs, name)
    if not dtypes:
        return operation
    return list(operation.outputs) if several else operation.outputs[0]


def numpy_function(
    func: Callable[..., Any],
    inp: Sequence[Any],
    Tout: Any,
    name: str | None = None,
    stateful: bool = True,
) -> Any:
    """`py_func` under its later name."""
    return py_func(func, inp, Tout, stateful, name)
