"""Functions whose gradients are compared with those that TensorFlow gave.

`tools/record_math_gradients.py` calls them on TensorFlow, the tests on polygraph; ``f`` looks a
public function up by its TF1 name. Arguments hold ties, zeros and negative numbers on purpose.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Lookup = Callable[[str], Callable[..., Any]]
    Function = Callable[..., Any]
    Case = tuple[str, Callable[[Lookup], Function], tuple[np.ndarray[Any, Any], ...]]


def _words(text: str) -> list[str]:
    return text.split()


BINARY = _words("""
add subtract multiply truediv div realdiv floordiv floormod maximum minimum pow atan2
squared_difference div_no_nan multiply_no_nan xlogy xdivy""")
UNARY = _words("""
negative abs sign exp expm1 log log1p sin cos tan asin acos atan sinh cosh tanh asinh atanh erf
erfc lgamma digamma sigmoid square sqrt rsqrt reciprocal rint round floor ceil""")
COMPLEX_UNARY = _words("""
exp expm1 log log1p sin cos tan atan sinh cosh tanh sigmoid square sqrt rsqrt reciprocal conj
reduce_prod reduce_sum reduce_mean""")
COMPLEX_BINARY = _words("add subtract multiply realdiv pow squared_difference")
REDUCTIONS = _words("""
reduce_sum reduce_mean reduce_max reduce_min reduce_prod reduce_logsumexp reduce_variance""")
AXES: tuple[dict[str, Any], ...] = (
    {},
    {"axis": 1},
    {"axis": 0},
    {"axis": [0, 2]},
    {"axis": [2, 0], "keepdims": True},
    {"axis": [-1], "keepdims": True},
    {"axis": []},
)

_X = np.array([1.0, 2.0, 0.0, -1.0], np.float32)
_Y = np.array([1.0, 3.0, 0.0, 2.0], np.float32)
_COLUMN = np.array([[1.5], [2.5]], np.float32)
_UNIT = np.array([0.5, -0.5, 0.0, 0.25, 0.9], np.float32)
_CUBE = (np.arange(24.0) % 7 - 2).reshape(2, 3, 4).astype(np.float32)
_TABLE = np.array([[2.0, 3.0, 4.0], [1.0, 0.0, 2.0]], np.float32)
_Z = np.array([1 + 2j, -0.5 + 0.3j], np.complex64)


def _named(f: Lookup, name: str) -> Function:
    return f(name)


def _squared(f: Lookup, name: str, *args: Any, **kwargs: Any) -> Function:
    """The square of the function, so that its second derivative is not 0."""
    return lambda x: f("square")(f(name)(x, *args, **kwargs))


def _real_part(f: Lookup, name: str) -> Function:
    return lambda *xs: f("real")(f(name)(*xs))


def _of_complex(f: Lookup, name: str) -> Function:
    return lambda re, im: f(name)(f("complex")(re, im))


def _where_log(f: Lookup) -> Function:
    return lambda x: f("where")(f("greater")(x, 0.0), f("log")(x), f("zeros_like")(x))


def _rows(f: Lookup) -> Function:
    return lambda x, y: f("where")([True, False], f("square")(x), y)


def _clip(f: Lookup) -> Function:
    return lambda x: f("square")(f("clip_by_value")(x, 0.0, 1.0))


def _elementwise() -> Iterator[Case]:
    for name in BINARY:
        yield name, functools.partial(_named, name=name), (_X, _Y)
        yield f"{name}/broadcast", functools.partial(_named, name=name), (_X + 1.5, _COLUMN)
    for name in UNARY:
        yield name, functools.partial(_named, name=name), (_UNIT,)
    yield "acosh", functools.partial(_named, name="acosh"), (_X[:2] + 1,)
    for name in COMPLEX_UNARY:
        yield f"complex/{name}", functools.partial(_real_part, name=name), (_Z,)
    for name in COMPLEX_BINARY:
        yield f"complex/{name}", functools.partial(_real_part, name=name), (_Z, _Z[::-1].copy())
    for name in ("abs", "angle"):
        yield f"parts/{name}", functools.partial(_of_complex, name=name), (_Y[:2] + 1, -_X[:2])


def _reductions() -> Iterator[Case]:
    for name in REDUCTIONS:
        for index, kwargs in enumerate(AXES):
            function = functools.partial(_squared, name=name, **kwargs)
            yield f"{name}/{index}", function, (_CUBE,)
    nan = np.array([2.0, np.nan, 3.0], np.float32)
    yield "reduce_max/nan", functools.partial(_named, name="reduce_max"), (nan,)
    empty = np.zeros((0, 2), np.float32)
    yield "reduce_mean/empty", functools.partial(_named, name="reduce_mean"), (empty,)
    for name in ("cumsum", "cumprod"):
        for index in range(4):
            flags = {"exclusive": index % 2 == 1, "reverse": index > 1}
            function = functools.partial(_squared, name=name, axis=1, **flags)
            yield f"{name}/{index}", function, (_TABLE,)


def cases() -> list[Case]:
    """Every case: its name, the function for a look-up, and its arguments."""
    others: list[Case] = [
        ("where/log", _where_log, (np.array([0.0, 2.0], np.float32),)),
        ("where/rows", _rows, (_COLUMN, _COLUMN)),
        ("clip_by_value", _clip, (np.array([0.0, 1.0, 0.5, 2.0, -1.0], np.float32),)),
    ]
    return [*_elementwise(), *_reductions(), *others]
