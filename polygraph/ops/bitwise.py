"""The bits of integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.dtypes import INTEGER
from polygraph.ops.op_families import binary, unary
from polygraph.ops.primitives import elementwise as ew

if TYPE_CHECKING:
    from polygraph.core.ground.op import Op
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["bitwise_and", "bitwise_or", "bitwise_xor", "invert", "left_shift", "right_shift"]


def _shift(op_type: str, primitive: Op) -> OpDef:
    def shifted(x: Array, y: Array) -> Any:
        last = ew.scalar(x.dtype.itemsize * 8 - 1, x)
        return primitive(x, ew.minimum(ew.maximum(y, ew.scalar(0, y)), last))

    doc = primitive.doc.replace("which lies in", "brought into")
    return binary(op_type, shifted, INTEGER, doc=doc).no_gradient()


BitwiseAnd = binary("BitwiseAnd", ew.bitwise_and, INTEGER).no_gradient()
BitwiseOr = binary("BitwiseOr", ew.bitwise_or, INTEGER).no_gradient()
BitwiseXor = binary("BitwiseXor", ew.bitwise_xor, INTEGER).no_gradient()
Invert = unary("Invert", ew.bitwise_not, INTEGER).no_gradient()
LeftShift = _shift("LeftShift", ew.left_shift)
RightShift = _shift("RightShift", ew.right_shift)


def bitwise_and(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that both integers have, elementwise."""
    return BitwiseAnd(x, y, name=name)  # type: ignore[no-any-return]


def bitwise_or(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that either integer has, elementwise."""
    return BitwiseOr(x, y, name=name)  # type: ignore[no-any-return]


def bitwise_xor(x: Any, y: Any, name: str | None = None) -> Tensor:
    """The bits that just one of the integers has, elementwise."""
    return BitwiseXor(x, y, name=name)  # type: ignore[no-any-return]


def invert(x: Any, name: str | None = None) -> Tensor:
    """Every bit turned, elementwise."""
    return Invert(x, name=name)  # type: ignore[no-any-return]


def left_shift(x: Any, y: Any, name: str | None = None) -> Tensor:
    """``x`` with its bits moved up by ``y``, elementwise.

    Amounts below 0 count as 0, amounts beyond the width as the width less one.
    """
    return LeftShift(x, y, name=name)  # type: ignore[no-any-return]


def right_shift(x: Any, y: Any, name: str | None = None) -> Tensor:
    """``x`` with its bits moved down by ``y``, elementwise; signed numbers keep their sign.

    Amounts count as in `left_shift`.
    """
    return RightShift(x, y, name=name)  # type: ignore[no-any-return]
