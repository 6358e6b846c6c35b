"""TF1's `TensorShape`: what is known of a tensor's shape before it runs.

It behaves as `tf.compat.v1` does with version 2 behaviour off: an element is a `Dimension`.
Inside polygraph shapes are read through `as_tuple()` and made with `TensorShape.of`, which hold
and check nothing but plain sizes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from typing import Any, SupportsIndex, TypeAlias, overload

from polygraph.core.ground.dimension import (
    Dimension,
    DimensionLike,
    as_dimension,
    as_size,
    dimension_value,
)

__all__ = [
    "Dimension",
    "DimensionLike",
    "ShapeLike",
    "TensorShape",
    "as_dimension",
    "as_shape",
    "as_size",
    "dimension_at_index",
    "dimension_value",
    "matrix",
    "scalar",
    "unknown_shape",
    "vector",
]

ShapeLike: TypeAlias = "TensorShape | Iterable[DimensionLike] | DimensionLike"


class TensorShape:
    """A shape of known or unknown rank whose sizes may be unknown.

    Args:
        dims: the sizes (ints, Dimensions or None), one size alone for a vector, another
            TensorShape, or None for a shape of which nothing is known.

    Raises:
        TypeError: something in `dims` is no size.
        ValueError: a size is negative.
    """

    __slots__ = ("_sizes",)

    _sizes: tuple[int | None, ...] | None

    def __init__(self, dims: ShapeLike) -> None:
        """Hold the sizes in `dims`."""
        if dims is None:
            self._sizes = None
        elif isinstance(dims, TensorShape):
            self._sizes = dims.as_tuple()
        elif isinstance(dims, (tuple, list)):
            self._sizes = tuple(
                [size if type(size) is int and size >= 0 else as_size(size) for size in dims]
            )
        else:
            self._sizes = _sizes_of(dims)

    @classmethod
    def of(cls, sizes: tuple[int | None, ...] | None) -> TensorShape:
        """Return the shape with these sizes, unchecked: for callers that made them themselves."""
        shape = object.__new__(cls)
        shape._sizes = sizes
        return shape

    def as_tuple(self) -> tuple[int | None, ...] | None:
        """Return the sizes, None where unknown; None alone where the rank is."""
        return self._sizes

    @property
    def rank(self) -> int | None:
        """The number of dimensions, or None where it is unknown."""
        return None if self._sizes is None else len(self._sizes)

    @property
    def ndims(self) -> int | None:
        """The number of dimensions, or None where it is unknown."""
        return self.rank

    @property
    def dims(self) -> list[Dimension] | None:
        """The sizes as Dimensions, or None where the rank is unknown."""
        return None if self._sizes is None else [Dimension(size) for size in self._sizes]

    def as_list(self) -> list[int | None]:
        """Return the sizes, None where unknown.

        Raises:
            ValueError: the rank is unknown.
        """
        if self._sizes is None:
            msg = "as_list() is not defined on a shape of unknown rank; look at .rank first"
            raise ValueError(msg)
        return list(self._sizes)

    def num_elements(self) -> int | None:
        """Return the number of elements, or None unless every size is known."""
        if self._sizes is None or None in self._sizes:
            return None
        return prod(self._sizes)  # type: ignore[arg-type]  # None was ruled out above

    def is_fully_defined(self) -> bool:
        """Whether every size is known."""
        return self._sizes is not None and None not in self._sizes

    def is_compatible_with(self, other: ShapeLike) -> bool:
        """Whether one shape could be both: no rank or size is known to differ."""
        mine, theirs = self._sizes, as_shape(other).as_tuple()
        if mine is None or theirs is None or mine == theirs:
            return True
        return len(mine) == len(theirs) and all(
            a == b or a is None or b is None for a, b in zip(mine, theirs, strict=True)
        )

    def merge_with(self, other: ShapeLike) -> TensorShape:
        """Return what is known of a shape that is both.

        Raises:
            ValueError: no shape is both.
        """
        other = as_shape(other)
        mine, theirs = self._sizes, other.as_tuple()
        if mine is None:
            return other
        if theirs is None or mine == theirs:
            return self
        if not self.is_compatible_with(other):
            msg = f"Shapes {self} and {other} are not compatible{_difference(mine, theirs)}"
            raise ValueError(msg)
        return TensorShape.of(
            tuple(b if a is None else a for a, b in zip(mine, theirs, strict=True))
        )

    def most_specific_compatible_shape(self, other: ShapeLike) -> TensorShape:
        """Return what is known of a shape that is either one or the other."""
        mine, theirs = self._sizes, as_shape(other).as_tuple()
        if mine == theirs:
            return self
        if mine is None or theirs is None or len(mine) != len(theirs):
            return TensorShape.of(None)
        return TensorShape.of(
            tuple(a if a == b else None for a, b in zip(mine, theirs, strict=True))
        )

    def concatenate(self, other: ShapeLike) -> TensorShape:
        """Return this shape's sizes followed by those of `other`; unknown if either rank is."""
        mine, theirs = self._sizes, as_shape(other).as_tuple()
        return TensorShape.of(None if mine is None or theirs is None else mine + theirs)

    def with_rank(self, rank: int) -> TensorShape:
        """Return this shape, now known to have `rank` dimensions.

        Raises:
            ValueError: it is known to have another rank.
        """
        if self._sizes is None:
            return unknown_shape(rank)
        self.assert_has_rank(rank)
        return self

    def with_rank_at_least(self, rank: int) -> TensorShape:
        """Return this shape; raise ValueError if it is known to have fewer dimensions."""
        if self._sizes is not None and len(self._sizes) < rank:
            msg = (
                f"Shape must be at least rank {rank} but is rank {len(self._sizes)}: "
                f"Shape {self} must have rank at least {rank}"
            )
            raise ValueError(msg)
        return self

    def with_rank_at_most(self, rank: int) -> TensorShape:
        """Return this shape; raise ValueError if it is known to have more dimensions."""
        if self._sizes is not None and len(self._sizes) > rank:
            msg = (
                f"Shape must be at most rank {rank} but is rank {len(self._sizes)}: "
                f"Shape {self} must have rank at most {rank}"
            )
            raise ValueError(msg)
        return self

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError if the shape is known to have a rank other than `rank`."""
        if self._sizes is not None and len(self._sizes) != rank:
            msg = (
                f"Shape must be rank {rank} but is rank {len(self._sizes)}: "
                f"Shape {self} must have rank {rank}"
            )
            raise ValueError(msg)

    def assert_same_rank(self, other: ShapeLike) -> None:
        """Raise ValueError if the two ranks are known and differ."""
        other = as_shape(other)
        if None not in (self.rank, other.rank) and self.rank != other.rank:
            msg = f"Shapes {self} and {other} must have the same rank"
            raise ValueError(msg)

    def assert_is_compatible_with(self, other: ShapeLike) -> None:
        """Raise ValueError unless one shape could be both."""
        if not self.is_compatible_with(other):
            msg = f"Shapes {self} and {as_shape(other)} are incompatible"
            raise ValueError(msg)

    def assert_is_fully_defined(self) -> None:
        """Raise ValueError unless every size is known."""
        if not self.is_fully_defined():
            msg = f"Shape {self} is not fully defined"
            raise ValueError(msg)

    def __len__(self) -> int:
        if self._sizes is None:
            msg = "Cannot take the length of a shape of unknown rank; look at .rank first"
            raise ValueError(msg)
        return len(self._sizes)

    def __bool__(self) -> bool:
        """Whether the rank is known; true of a scalar's shape too."""
        return self._sizes is not None

    def __iter__(self) -> Iterator[Dimension]:
        if self._sizes is None:
            msg = "Cannot iterate over a shape of unknown rank; look at .rank first"
            raise ValueError(msg)
        return map(Dimension, self._sizes)

    @overload
    def __getitem__(self, key: SupportsIndex) -> Dimension: ...
    @overload
    def __getitem__(self, key: slice) -> TensorShape: ...
    def __getitem__(self, key: SupportsIndex | slice) -> Dimension | TensorShape:
        """Return a Dimension, or the TensorShape of a slice.

        Raises:
            IndexError: there is no such dimension.
            ValueError: a slice with a step, of a shape of unknown rank.
        """
        if self._sizes is None:
            return _unknown_slice(key) if isinstance(key, slice) else Dimension(None)
        if isinstance(key, slice):
            return TensorShape.of(self._sizes[key])
        return Dimension(self._sizes[key])

    def __add__(self, other: ShapeLike) -> TensorShape:
        return self.concatenate(other)

    def __radd__(self, other: ShapeLike) -> TensorShape:
        return as_shape(other).concatenate(self)

    def __eq__(self, other: object) -> bool:
        """Compare with anything that makes a shape; unknown sizes equal each other."""
        if isinstance(other, TensorShape):
            return self._sizes == other._sizes
        try:
            return self._sizes == TensorShape(other)._sizes  # type: ignore[arg-type]  # it may fail
        except (TypeError, ValueError):
            return NotImplemented

    def __hash__(self) -> int:
        return hash(self._sizes)

    def __repr__(self) -> str:
        return f"TensorShape({self.dims})"

    def __str__(self) -> str:
        if self._sizes is None:
            return "<unknown>"
        texts = ["?" if size is None else str(size) for size in self._sizes]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"

    def __reduce__(self) -> tuple[Any, ...]:
        return TensorShape, (self._sizes,)


def _sizes_of(dims: Iterable[DimensionLike] | DimensionLike) -> tuple[int | None, ...]:
    # A size first: a 0-d array is one, though it also says that it can be iterated.
    try:
        return (as_size(dims),)  # type: ignore[arg-type]  # an iterable fails, as it should
    except TypeError:
        if isinstance(dims, str) or not isinstance(dims, Iterable):
            msg = f"{dims!r} is no shape: give a size, an iterable of sizes, or None"
            raise TypeError(msg) from None
    return tuple([as_size(size) for size in dims])


def _difference(mine: tuple[int | None, ...], theirs: tuple[int | None, ...]) -> str:
    if len(mine) != len(theirs):
        return f": Shapes must be equal rank, but are {len(mine)} and {len(theirs)}"
    for axis, (a, b) in enumerate(zip(mine, theirs, strict=True)):
        if a != b and a is not None and b is not None:
            return f": Dimension {axis} in both shapes must be equal, but are {a} and {b}"
    return ""


def _unknown_slice(key: slice) -> TensorShape:
    """Slice a shape of unknown rank: the result's rank is known only if both ends count up."""
    if key.step is not None:
        msg = "A shape of unknown rank cannot be sliced with a step; set its rank first"
        raise ValueError(msg)
    start = 0 if key.start is None else int(key.start)
    if key.stop is None or start < 0 or int(key.stop) < 0:
        return TensorShape.of(None)
    return unknown_shape(max(int(key.stop) - start, 0))


def as_shape(shape: ShapeLike) -> TensorShape:
    """Return `shape` as a TensorShape; one that is already passes through."""
    return shape if isinstance(shape, TensorShape) else TensorShape(shape)


def unknown_shape(rank: int | None = None) -> TensorShape:
    """Return the shape of which at most the rank is known."""
    return TensorShape.of(None if rank is None else (None,) * rank)


def scalar() -> TensorShape:
    """Return the shape of a scalar."""
    return TensorShape.of(())


def vector(length: DimensionLike) -> TensorShape:
    """Return the shape of a vector of `length` elements."""
    return TensorShape.of((as_size(length),))


def matrix(rows: DimensionLike, columns: DimensionLike) -> TensorShape:
    """Return the shape of a matrix of `rows` by `columns`."""
    return TensorShape.of((as_size(rows), as_size(columns)))


def dimension_at_index(shape: TensorShape, index: int) -> Dimension:
    """Return the Dimension at `index`; an unknown one if the rank is unknown."""
    return Dimension(None) if shape.rank is None else shape[index]
