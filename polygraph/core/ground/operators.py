"""Python's operators of what acts like a tensor; what they do is filled in by the ops."""

from __future__ import annotations

from typing import Any

from polygraph.core.ground.upward import UPWARD


class Operators:
    """Base of classes whose instances may stand where a tensor is an operand."""

    __slots__ = ()

    # NumPy's arrays and scalars leave an operation with one of these to it.
    __array_priority__ = 100

    def __add__(self, other: Any) -> Any:
        return UPWARD.operators["__add__"](self, other)

    def __radd__(self, other: Any) -> Any:
        return UPWARD.operators["__radd__"](self, other)

    def __sub__(self, other: Any) -> Any:
        return UPWARD.operators["__sub__"](self, other)

    def __rsub__(self, other: Any) -> Any:
        return UPWARD.operators["__rsub__"](self, other)

    def __mul__(self, other: Any) -> Any:
        return UPWARD.operators["__mul__"](self, other)

    def __rmul__(self, other: Any) -> Any:
        return UPWARD.operators["__rmul__"](self, other)

    def __truediv__(self, other: Any) -> Any:
        return UPWARD.operators["__truediv__"](self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return UPWARD.operators["__rtruediv__"](self, other)

    def __floordiv__(self, other: Any) -> Any:
        return UPWARD.operators["__floordiv__"](self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return UPWARD.operators["__rfloordiv__"](self, other)

    def __mod__(self, other: Any) -> Any:
        return UPWARD.operators["__mod__"](self, other)

    def __rmod__(self, other: Any) -> Any:
        return UPWARD.operators["__rmod__"](self, other)

    def __pow__(self, other: Any) -> Any:
        return UPWARD.operators["__pow__"](self, other)

    def __rpow__(self, other: Any) -> Any:
        return UPWARD.operators["__rpow__"](self, other)

    def __matmul__(self, other: Any) -> Any:
        return UPWARD.operators["__matmul__"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return UPWARD.operators["__rmatmul__"](self, other)

    def __and__(self, other: Any) -> Any:
        return UPWARD.operators["__and__"](self, other)

    def __rand__(self, other: Any) -> Any:
        return UPWARD.operators["__rand__"](self, other)

    def __or__(self, other: Any) -> Any:
        return UPWARD.operators["__or__"](self, other)

    def __ror__(self, other: Any) -> Any:
        return UPWARD.operators["__ror__"](self, other)

    def __xor__(self, other: Any) -> Any:
        return UPWARD.operators["__xor__"](self, other)

    def __rxor__(self, other: Any) -> Any:
        return UPWARD.operators["__rxor__"](self, other)

    def __lt__(self, other: Any) -> Any:
        return UPWARD.operators["__lt__"](self, other)

    def __le__(self, other: Any) -> Any:
        return UPWARD.operators["__le__"](self, other)

    def __gt__(self, other: Any) -> Any:
        return UPWARD.operators["__gt__"](self, other)

    def __ge__(self, other: Any) -> Any:
        return UPWARD.operators["__ge__"](self, other)

    def __neg__(self) -> Any:
        return UPWARD.operators["__neg__"](self)

    def __abs__(self) -> Any:
        return UPWARD.operators["__abs__"](self)

    def __invert__(self) -> Any:
        return UPWARD.operators["__invert__"](self)

    def __getitem__(self, key: Any) -> Any:
        return UPWARD.operators["__getitem__"](self, key)
