"""Writing checks of whole graphs: what a check is, and how it says what it found.

    check = Checks(3, "state")
    cases = check.cases

    @check
    def a_read_after_an_assign_sees_it(target: Target) -> None:
        '''Catches a dropped control edge.'''
        v = tf.Variable(1.0)
        with tf.control_dependencies([tf.assign(v, 5.0)]):
            y = tf.identity(v)
        with started(target) as sess:
            same(sess.run(y), 5.0, "a read after an assign")

Every check runs in a graph of its own, and its docstring says which fault it catches.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

import polygraph as tf
from polygraph.conformance.case import Case, ConformanceFailure, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from polygraph.conformance.target import Target

    Array = np.ndarray[Any, Any]
    Check = Callable[[Target], None]
    Limit = Callable[[Target], str | None]


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    run: Check
    dtype: str
    ci: bool
    limit: Limit | None
    loosened: str


class Checks:
    """The checks of one family, in the order in which they are written.

    Args:
      level: of every case; see `Case`.
      family: of every case; the first part of its id.
    """

    def __init__(self, level: int, family: str) -> None:
        self.level = level
        self.family = family
        self._entries: list[_Entry] = []

    def __call__(self, run: Check) -> Check:
        """Decorator: a case of the fast subset, named after the function."""
        self.add(run.__name__, run)
        return run

    def where(
        self, *, ci: bool = True, limit: Limit | None = None, loosened: str = ""
    ) -> Callable[[Check], Check]:
        """Decorator with options; see `add`."""

        def decorate(run: Check) -> Check:
            self.add(run.__name__, run, ci=ci, limit=limit, loosened=loosened)
            return run

        return decorate

    def add(
        self,
        name: str,
        run: Check,
        *,
        dtype: str = "",
        ci: bool = True,
        limit: Limit | None = None,
        loosened: str = "",
    ) -> None:
        """Add a case.

        Args:
          name: of the case, in its family; underscores become hyphens.
          run: the check.
          dtype: that it is about; the case is expected to fail where the backend declares no such
            dtype.
          ci: it belongs to the fast subset.
          limit: why a given backend is expected to fail, None where it has to pass.
          loosened: how its tolerance is wider than the usual one.
        """
        self._entries.append(_Entry(name.replace("_", "-"), run, dtype, ci, limit, loosened))

    def cases(self, target: Target) -> Iterable[Case]:
        """The cases for one backend."""
        for entry in self._entries:
            yield Case(
                id=f"{self.family}/{entry.name}",
                level=self.level,
                family=self.family,
                op=entry.name,
                run=functools.partial(_in_graph, entry.run),
                dtype=entry.dtype,
                expected=_limit(entry, target),
                ci=entry.ci,
                loosened=entry.loosened,
            )


def _limit(entry: _Entry, target: Target) -> str | None:
    if entry.dtype and not target.declares(entry.dtype):
        return target.dtype_limit(entry.dtype)
    return entry.limit(target) if entry.limit is not None else None


def _in_graph(run: Check, target: Target) -> None:
    with tf.Graph().as_default():
        run(target)


def session(target: Target) -> tf.Session:
    """A session of the default graph on the backend under test."""
    return target.make_session(tf.get_default_graph())


@contextlib.contextmanager
def started(target: Target) -> Iterator[tf.Session]:
    """A session whose variables have their initial values."""
    initialise = tf.global_variables_initializer()
    with session(target) as sess:
        sess.run(initialise)
        yield sess


# What came out


def same(got: Any, wanted: Any, what: str) -> None:
    """Require equal structure, dtype, shape and bits; every NaN is equal to every other.

    Args:
      got: what the backend gave: an array, or lists and dicts of them.
      wanted: the same structure. A Python float stands for float32, an int for int32, a bool for
        bool; a list of numbers for an array.
      what: what was looked at, for the message.
    """
    _walk(got, wanted, what, _require_same)


def near(got: Any, wanted: Any, what: str, *, relative: float = 1e-5) -> None:
    """Require equal structure, dtype and shape, and values as near as ``relative`` says.

    The error is taken relative to the largest magnitude in ``wanted``.
    """
    _walk(got, wanted, what, functools.partial(_require_near, relative=relative))


def _walk(got: Any, wanted: Any, what: str, compare: Callable[[Array, Array, str], None]) -> None:
    if isinstance(got, list | tuple | dict):
        _walk_items(got, wanted, what, compare)
        return
    require(isinstance(got, np.ndarray | np.generic), f"{what}: a {type(got).__name__}, no array")
    compare(np.asarray(got), _as_array(wanted), what)


def _walk_items(
    got: Any, wanted: Any, what: str, compare: Callable[[Array, Array, str], None]
) -> None:
    if len(got) != len(wanted):
        msg = f"{what}: {len(got)} results where {len(wanted)} were wanted"
        raise ConformanceFailure(msg)
    for key in got if isinstance(got, dict) else range(len(got)):
        _walk(got[key], wanted[key], f"{what} [{key}]", compare)


def _as_array(wanted: Any) -> Array:
    if isinstance(wanted, np.ndarray | np.generic):
        return np.asarray(wanted)
    array = np.asarray(wanted)
    narrow = {"f": np.float32, "i": np.int32}.get(array.dtype.kind)
    return array if narrow is None else array.astype(narrow)


def _require_type(got: Array, wanted: Array, what: str) -> None:
    if (got.dtype, got.shape) != (wanted.dtype, wanted.shape):
        msg = f"{what}: {got.dtype}{got.shape} where {wanted.dtype}{wanted.shape} was wanted"
        raise ConformanceFailure(msg)


def _require_same(got: Array, wanted: Array, what: str) -> None:
    _require_type(got, wanted, what)
    if not _equal_bits(got, wanted):
        raise ConformanceFailure(_difference(got, wanted, what))


def _equal_bits(got: Array, wanted: Array) -> bool:
    if got.dtype.kind in "iubOSU":
        return bool(np.array_equal(got, wanted))
    if got.dtype.kind == "c":
        return _equal_bits(got.real, wanted.real) and _equal_bits(got.imag, wanted.imag)
    equal = (got == wanted) & (np.signbit(got) == np.signbit(wanted))
    return bool(np.all(equal | (np.isnan(got) & np.isnan(wanted))))


def _require_near(got: Array, wanted: Array, what: str, *, relative: float) -> None:
    _require_type(got, wanted, what)
    if not wanted.size:
        return
    wide = np.complex128 if wanted.dtype.kind == "c" else np.float64
    exact = wanted.astype(wide)
    with np.errstate(all="ignore"):
        error = np.abs(got.astype(wide) - exact)
    bound = relative * np.max(np.abs(exact))
    if not np.all(error <= bound):
        worst = f"{what}: off by up to {np.max(error):.3g}, more than {bound:.3g}"
        raise ConformanceFailure(_difference(got, wanted, worst))


def _difference(got: Array, wanted: Array, what: str) -> str:
    def shown(array: Array) -> str:
        return np.array2string(array, threshold=20, edgeitems=4)

    return f"{what}:\n  got    {shown(got)}\n  wanted {shown(wanted)}"


def epsilon(dtype: str) -> float:
    """The distance from 1 to the next number of a floating dtype."""
    return float(ml_dtypes.finfo(tf.as_dtype(dtype).as_numpy_dtype).eps)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def refused(kind: type[BaseException], *parts: str) -> Iterator[None]:
    """Require that the block raises ``kind`` exactly, with every one of ``parts`` in its text."""
    try:
        yield
    except ConformanceFailure:
        raise
    except BaseException as error:
        if type(error) is not kind:
            if not isinstance(error, Exception):
                raise
            msg = f"raised {type(error).__name__} where {kind.__name__} was wanted: {error}"
            raise ConformanceFailure(msg) from error
        missing = [part for part in parts if part not in str(error)]
        if missing:
            msg = f"{kind.__name__} does not say {missing}: {error}"
            raise ConformanceFailure(msg) from error
    else:
        msg = f"nothing was raised where {kind.__name__} was wanted"
        raise ConformanceFailure(msg)


@contextlib.contextmanager
def quiet(category: type[Warning] = RuntimeWarning) -> Iterator[None]:
    """Ignore warnings that the check provokes on purpose."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield
