"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from polygraph.core.ground.dtypes import NUMERIC
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op import primitive
from polygraph.core.ground.signature import TensorType, broadcast_shapes

_Array = np.ndarray[Any, Any]


def _turned(x: _Array, *, transpose: bool) -> _Array:
    return np.swapaxes(x, -1, -2) if transpose else x


@primitive(
    "T[*n, i, j], T[*n, k, l] -> T[*n, i, l]",
    T=NUMERIC,
    samples=(
        ((2, 3), (3, 4)),
        ((3, 2), (4, 3), {"transpose_a": True, "transpose_b": True}),
        ((3, 2), (3, 4), {"transpose_a": True}),
        ((2, 3), (4, 3), {"transpose_b": True}),
        ((2, 3), (3, 3), {"transpose_b": True}),
        ((3, 3), (3, 2), {"transpose_a": True}),
        ((5, 2, 3), (5, 3, 4)),
        ((2, 1, 3, 2), (4, 3, 5), {"transpose_a": True}),
        ((2, 3), (5, 4, 3), {"transpose_b": True}),
        ((1, 1), (1, 1)),
        ((0, 3), (3, 4)),
        ((2, 0), (0, 4)),
        ((0, 2, 3), (3, 4)),
    ),
)
def matmul(a: _Array, b: _Array, *, transpose_a: bool = False, transpose_b: bool = False) -> _Array:
    """Matrix product over the last two axes; leading axes broadcast.

    The last two axes of an operand are swapped first where ``transpose_a`` or ``transpose_b``
    says so. Floats of 16 bits are summed in 32; integers wrap around.
    """
    wide = np.float32 if a.dtype.itemsize == 2 and a.dtype.kind not in "iu" else a.dtype  # noqa: PLR2004
    a = _turned(a, transpose=transpose_a).astype(wide, copy=False)
    b = _turned(b, transpose=transpose_b).astype(wide, copy=False)
    product: _Array = np.matmul(a, b)
    return product


@matmul.infer
def _matmul_type(
    a: TensorType, b: TensorType, *, transpose_a: bool = False, transpose_b: bool = False
) -> TensorType:
    rows, inner = a.shape[:-3:-1] if transpose_a else a.shape[-2:]
    other, columns = b.shape[:-3:-1] if transpose_b else b.shape[-2:]
    if inner != other:
        msg = f"inner dimensions differ: {inner} in a: {a}, {other} in b: {b}"
        raise ShapeError(msg)
    batch = broadcast_shapes((a.shape[:-2], b.shape[:-2]))
    return TensorType(a.dtype, (*batch, rows, columns))
