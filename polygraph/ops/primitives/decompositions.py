"""Matrices taken apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import complex64, complex128, float32, float64
from polygraph.core.ground.op import primitive
from polygraph.core.ground.signature import TensorType

if TYPE_CHECKING:
    Known = np.ndarray[Any, Any]

SOLVABLE = (float32, float64, complex64, complex128)
"""The dtypes that linear algebra libraries work in."""


@primitive(
    "T[*n, m, k] -> T[*n, m, p], T[*n, p, k]",
    T=SOLVABLE,
    samples=(((4, 3),), ((3, 3),), ((2, 3, 5),), ((3, 0),), ((0, 2, 2),)),
)
def qr(x: Known) -> tuple[Known, Known]:
    """``x = q @ r`` with orthonormal columns in q and r upper triangular, both as small as can be.

    The signs of q's columns are the engine's own.
    """
    q, r = np.linalg.qr(x)
    return q, r


@qr.infer
def _(x: TensorType) -> tuple[TensorType, ...]:
    *batch, rows, columns = x.shape
    rank = min(rows, columns)
    return (
        TensorType(x.dtype, (*batch, rows, rank)),
        TensorType(x.dtype, (*batch, rank, columns)),
    )
