"""Signatures of primitives: text that gives arity, dtypes, shape rule and error text.

Grammar, by example::

    T[*n, m, k], T[*n, k, p] -> T[*n, m, p]      T in NUMERIC

An operand is a dtype and its dimensions. The dtype is a fixed short name (``f32``, ``bool``) or
a variable that every use must agree on. A dimension is an integer, a variable that every use must
agree on, or a run ``*n`` of any number of dimensions; a run that stands in several operands is
their common NumPy broadcast. ``...`` after the last operand (``T[*n]...``) repeats it any number
of times. The dtype ``_`` is any dtype, each time another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from polygraph.core.ground.dtypes import dtype_from_short_name, short_name
from polygraph.core.ground.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from polygraph.core.ground.dtypes import DType

Shape = tuple[int, ...]

_ANY = "_"


class TensorType(NamedTuple):
    """The dtype and the concrete shape of a Program value."""

    dtype: np.dtype[np.generic]
    shape: Shape

    @property
    def size(self) -> int:
        """Number of elements."""
        size = 1
        for dim in self.shape:
            size *= dim
        return size

    def __str__(self) -> str:
        """Short form, as in ``f32[2, 3]``."""
        return f"{short_name(self.dtype)}[{', '.join(map(str, self.shape))}]"


class Pattern(NamedTuple):
    """One operand or result of a signature."""

    dtype: str
    dims: tuple[str | int, ...]
    repeated: bool = False

    @property
    def run_index(self) -> int | None:
        """Position of the ``*run`` among the dimensions, None when there is none."""
        for position, dim in enumerate(self.dims):
            if isinstance(dim, str) and dim.startswith("*"):
                return position
        return None


_PATTERN = re.compile(r"\s*(\w+)\[([^\]]*)\](\.\.\.)?\s*(?:,|$)")


@cache  # many ops have the same operands
def _parse_patterns(text: str) -> tuple[Pattern, ...]:
    patterns, position, text = [], 0, text.strip()
    while position < len(text):
        found = _PATTERN.match(text, position)
        if found is None:
            msg = f"bad signature at {text[position:]!r}"
            raise ValueError(msg)
        dims = [dim.strip() for dim in found[2].split(",") if dim.strip()]
        patterns.append(
            Pattern(
                found[1],
                tuple(int(dim) if dim.isdigit() else dim for dim in dims),
                repeated=bool(found[3]),
            )
        )
        position = found.end()
    return tuple(patterns)


def broadcast_shapes(shapes: Sequence[Shape]) -> Shape:
    """NumPy's common broadcast of concrete shapes.

    Raises:
      ShapeError: two dimensions differ and neither is 1.
    """
    rank = max(map(len, shapes), default=0)
    result = [1] * rank
    for shape in shapes:
        for position, dim in enumerate(shape, rank - len(shape)):
            if dim == 1 or dim == result[position]:
                continue
            if result[position] != 1:
                listed = " and ".join(str(list(shape)) for shape in shapes)
                msg = f"shapes {listed} do not broadcast: {result[position]} against {dim}"
                raise ShapeError(msg)
            result[position] = dim
    return tuple(result)


class _Bindings:
    """What the variables of a signature stand for, while operands are matched one by one."""

    def __init__(self, dtypes: Mapping[str, tuple[DType, ...]]) -> None:
        self.allowed = dtypes
        self.dtypes: dict[str, np.dtype[np.generic]] = {}
        self.dims: dict[str, int] = {}
        self.runs: dict[str, list[Shape]] = {}

    def bind_dtype(self, name: str, dtype: np.dtype[np.generic], operand: str) -> None:
        if name == _ANY:
            return
        if name not in self.allowed:
            if dtype_from_short_name(name) != dtype:
                msg = f"{operand} must be {name} but is {short_name(dtype)}"
                raise TypeError(msg)
            return
        bound = self.dtypes.setdefault(name, dtype)
        if bound != dtype:
            msg = f"{name} is {short_name(bound)} but {operand} is {short_name(dtype)}"
            raise TypeError(msg)
        if not any(allowed.np_dtype == dtype for allowed in self.allowed[name]):
            names = ", ".join(short_name(allowed.np_dtype) for allowed in self.allowed[name])
            msg = f"{operand} is {short_name(dtype)}, which is none of {names}"
            raise TypeError(msg)

    def bind_dim(self, dim: str | int, size: int, operand: str) -> None:
        bound = dim if isinstance(dim, int) else self.dims.setdefault(dim, size)
        if bound != size:
            msg = f"{dim} is {bound} but {size} in {operand}"
            raise ShapeError(msg)

    def bind_shape(self, pattern: Pattern, shape: Shape, operand: str) -> None:
        run = pattern.run_index
        fixed = len(pattern.dims) - (run is not None)
        if len(shape) < fixed or (run is None and len(shape) != fixed):
            at_least = "at least " if run is not None else ""
            msg = f"{operand} has rank {len(shape)}, needs {at_least}{fixed}"
            raise ShapeError(msg)
        head = len(pattern.dims) if run is None else run
        for dim, size in zip(pattern.dims[:head], shape[:head], strict=True):
            self.bind_dim(dim, size, operand)
        if run is not None:
            tail = len(pattern.dims) - run - 1
            end = len(shape) - tail
            self.runs.setdefault(str(pattern.dims[run]), []).append(shape[run:end])
            for dim, size in zip(pattern.dims[run + 1 :], shape[end:], strict=True):
                self.bind_dim(dim, size, operand)

    def result(self, pattern: Pattern) -> TensorType:
        dtype = self.dtypes.get(pattern.dtype)
        shape: list[int] = []
        for dim in pattern.dims:
            if isinstance(dim, int):
                shape.append(dim)
            elif dim.startswith("*"):
                shape.extend(broadcast_shapes(self.runs[dim]))
            else:
                shape.append(self.dims[dim])
        return TensorType(
            dtype_from_short_name(pattern.dtype) if dtype is None else dtype, tuple(shape)
        )


@dataclass(frozen=True)
class Signature:
    """A parsed signature: matches operand types and gives result types."""

    text: str
    operands: tuple[Pattern, ...]
    results: tuple[Pattern, ...]
    dtypes: Mapping[str, tuple[DType, ...]]

    @classmethod
    def parse(cls, text: str, dtypes: Mapping[str, tuple[DType, ...]]) -> Signature:
        """The signature that ``text`` spells; ``dtypes`` says what its dtype variables may be.

        Raises:
          ValueError: the text is no signature.
        """
        operands, arrow, results = text.partition("->")
        if not arrow:
            msg = f"a signature needs '->': {text!r}"
            raise ValueError(msg)
        return cls(text, _parse_patterns(operands), _parse_patterns(results), dtypes)

    def match(self, types: Sequence[TensorType], names: Sequence[str]) -> _Bindings:
        """Bind the variables to the operands' types.

        Raises:
          TypeError: wrong number of operands, or a dtype that does not fit.
          ShapeError: a rank or dimension that does not fit.
        """
        patterns: Sequence[Pattern] = self.operands
        if patterns and patterns[-1].repeated:
            patterns = (*patterns[:-1], *[patterns[-1]] * (len(types) - len(patterns) + 1))
        if len(patterns) != len(types):
            msg = f"takes {len(patterns)} operands but got {len(types)}"
            raise TypeError(msg)
        bindings = _Bindings(self.dtypes)
        for index, (pattern, type_) in enumerate(zip(patterns, types, strict=True)):
            operand = f"{names[min(index, len(names) - 1)]}: {type_}"
            bindings.bind_dtype(pattern.dtype, type_.dtype, operand)
            bindings.bind_shape(pattern, type_.shape, operand)
        return bindings

    def infer(self, types: Sequence[TensorType], names: Sequence[str]) -> tuple[TensorType, ...]:
        """Types of the results for operands of the given types; errors as in `match`."""
        bindings = self.match(types, names)
        return tuple(bindings.result(pattern) for pattern in self.results)
