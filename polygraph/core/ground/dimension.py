"""TF1's `Dimension`: one size of a shape, known or not, with arithmetic that keeps track of which.

Values recorded on TensorFlow 2.21's `compat.v1`: whatever involves an unknown size is unknown, a
comparison with one is `None`.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, ClassVar, SupportsIndex, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

DimensionLike: TypeAlias = "Dimension | SupportsIndex | None"


def as_size(value: DimensionLike) -> int | None:
    """Return `value` as the plain size that it stands for, None being unknown.

    Raises:
        TypeError: it is no integer, Dimension or None.
        ValueError: it is negative.
    """
    if value is None:
        return None
    if isinstance(value, Dimension):
        return value.value
    try:
        size = operator.index(value)
    except (TypeError, AttributeError):
        msg = (
            "Dimension value must be an integer, None (unknown) or something with __index__, "
            f"not {value!r} of type {type(value).__name__}"
        )
        raise TypeError(msg) from None
    if size < 0:
        msg = f"Dimension {size} must be >= 0; an unknown one is None"
        raise ValueError(msg)
    return size


class Dimension:
    """A size that may be unknown (`None`).

    Args:
        value: the size, another Dimension, or None.

    Raises:
        TypeError: `value` is no integer.
        ValueError: `value` is negative.
    """

    __slots__ = ("_value",)

    def __init__(self, value: DimensionLike) -> None:
        """Hold the size `value`."""
        self._value = as_size(value)

    @property
    def value(self) -> int | None:
        """The size, or None where it is unknown."""
        return self._value

    def is_compatible_with(self, other: DimensionLike) -> bool:
        """Whether the two could be one size: equal, or at least one unknown."""
        theirs = as_size(other)
        return self._value is None or theirs is None or self._value == theirs

    def assert_is_compatible_with(self, other: DimensionLike) -> None:
        """Raise ValueError unless the two could be one size."""
        if not self.is_compatible_with(other):
            msg = f"Dimensions {self} and {other} are not compatible"
            raise ValueError(msg)

    def merge_with(self, other: DimensionLike) -> Dimension:
        """Return what is known of a size that is both.

        Raises:
            ValueError: both are known and differ.
        """
        self.assert_is_compatible_with(other)
        return Dimension(as_size(other) if self._value is None else self._value)

    def __repr__(self) -> str:
        return f"Dimension({self._value})"

    def __str__(self) -> str:
        return "?" if self._value is None else str(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __int__(self) -> int:
        return self.__index__()

    def __index__(self) -> int:
        if self._value is None:
            msg = "This Dimension is unknown, so it is no int; tf.shape() gives it in the graph"
            raise TypeError(msg)
        return self._value

    def __reduce__(self) -> tuple[Any, ...]:
        return Dimension, (self._value,)

    __hash__: ClassVar[None]  # type: ignore[assignment]  # equality is not always an answer

    def __eq__(self, other: object) -> bool | None:  # type: ignore[override]
        """Compare sizes; None where either is unknown."""
        try:
            theirs = as_size(other)  # type: ignore[arg-type]  # the point is to try
        except (TypeError, ValueError):
            return NotImplemented
        return None if self._value is None or theirs is None else self._value == theirs

    def __ne__(self, other: object) -> bool | None:  # type: ignore[override]
        """Compare sizes; None where either is unknown."""
        equal = self.__eq__(other)
        return equal if equal is NotImplemented or equal is None else not equal

    def __lt__(self, other: DimensionLike) -> bool | None:
        return self._order(operator.lt, other)

    def __le__(self, other: DimensionLike) -> bool | None:
        return self._order(operator.le, other)

    def __gt__(self, other: DimensionLike) -> bool | None:
        return self._order(operator.gt, other)

    def __ge__(self, other: DimensionLike) -> bool | None:
        return self._order(operator.ge, other)

    def __add__(self, other: DimensionLike) -> Dimension:
        return self._compute(operator.add, other)

    def __radd__(self, other: SupportsIndex | None) -> Dimension:
        return self._compute(operator.add, other)

    def __sub__(self, other: DimensionLike) -> Dimension:
        return self._compute(operator.sub, other)

    def __rsub__(self, other: SupportsIndex | None) -> Dimension:
        return self._compute(operator.sub, other, swapped=True)

    def __mul__(self, other: DimensionLike) -> Dimension:
        return self._compute(operator.mul, other)

    def __rmul__(self, other: SupportsIndex | None) -> Dimension:
        return self._compute(operator.mul, other)

    def __floordiv__(self, other: DimensionLike) -> Dimension:
        return self._compute(operator.floordiv, other)

    def __rfloordiv__(self, other: SupportsIndex | None) -> Dimension:
        return self._compute(operator.floordiv, other, swapped=True)

    def __mod__(self, other: DimensionLike) -> Dimension:
        return self._compute(operator.mod, other)

    def __rmod__(self, other: SupportsIndex | None) -> Dimension:
        return self._compute(operator.mod, other, swapped=True)

    def __truediv__(self, other: object) -> Dimension:
        msg = f"A Dimension divided by {other!r} with / may be no size; use // instead"
        raise TypeError(msg)

    def __rtruediv__(self, other: object) -> Dimension:
        msg = f"{other!r} divided by a Dimension with / may be no size; use // instead"
        raise TypeError(msg)

    def _order(
        self,
        compare: Callable[[Any, Any], bool],
        other: DimensionLike,
    ) -> bool | None:
        theirs = as_size(other)
        return None if self._value is None or theirs is None else compare(self._value, theirs)

    def _compute(
        self,
        function: Callable[[int, int], int],
        other: DimensionLike,
        *,
        swapped: bool = False,
    ) -> Dimension:
        try:
            theirs = as_size(other)
        except (TypeError, ValueError):
            return NotImplemented  # type: ignore[no-any-return]  # the operators hand it on
        if self._value is None or theirs is None:
            return Dimension(None)
        pair = (theirs, self._value) if swapped else (self._value, theirs)
        return Dimension(function(*pair))


def as_dimension(value: DimensionLike) -> Dimension:
    """Return `value` as a Dimension; one that is already passes through."""
    return value if isinstance(value, Dimension) else Dimension(value)


def dimension_value(dimension: Dimension | int | None) -> int | None:
    """Return the plain size, whether given as a Dimension or as the size itself."""
    return dimension.value if isinstance(dimension, Dimension) else dimension
