"""Matrix products, and QR by Householder's reflections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polygraph_onnxruntime.elementwise import widened
from polygraph_onnxruntime.kernels import kernel_dtype

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polygraph_onnxruntime.writer import Ref


def product(a: Ref, b: Ref) -> Ref:
    """Matrix product over the last two axes; leading axes broadcast."""
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    shape = (*batch, a.shape[-2], b.shape[-1])
    if not a.size or not b.size:
        return a.full(0, shape)
    dtype = kernel_dtype("MatMul", a.dtype)
    return a.writer.add("MatMul", [a.cast(dtype), b.cast(dtype)], dtype, shape).cast(a.dtype)


def turned(x: Ref) -> Ref:
    """The last two axes swapped."""
    return x.transpose((*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


@widened
def matmul(a: Ref, b: Ref, *, transpose_a: bool = False, transpose_b: bool = False) -> Ref:
    """Matrix product."""
    return product(turned(a) if transpose_a else a, turned(b) if transpose_b else b)


def qr(x: Ref) -> tuple[Ref, Ref]:
    """Orthonormal columns and an upper triangular matrix, with the signs that LAPACK gives."""
    *batch, rows, columns = x.shape
    rank = min(rows, columns)
    if not x.size or not rank:
        return x.full(0, (*batch, rows, rank)), x.full(0, (*batch, rank, columns))
    identity = x.writer.constant(np.eye(rows).astype(x.dtype)).expand((*batch, rows, rows))
    turn = x.writer.constant(np.array(0, np.int64))
    _, q, r = x.writer.loop([turn, identity, x], lambda refs: refs[0] < rank, _reflect)
    select = x.writer.constant(np.eye(rows, rank).astype(x.dtype))
    upper = x.writer.constant(np.triu(np.ones((rank, columns), bool)))
    top = product(turned(select), r)
    return product(q, select), upper.where(top, 0.0)


def _reflect(refs: Sequence[Ref]) -> list[Ref]:
    """One reflection: column ``at`` of the second matrix becomes zero below its diagonal."""
    at, q, r = refs
    rows, columns = r.shape[-2:]
    here = at.writer.iota(rows).equals(at).cast(r.dtype).reshape((rows, 1))
    below = (at.writer.iota(rows) > at).cast(r.dtype).reshape((rows, 1))
    pick = at.writer.iota(columns).equals(at).cast(r.dtype).reshape((columns, 1))
    column = product(r, pick)
    head, tail = _along(column * here), column * below
    rest = _along(tail * tail)
    norm = (head * head + rest).sqrt()
    pivot = (head < 0).where(norm, -norm)
    mirror = tail + here * (head - pivot)
    scale = rest.equals(0).where(0.0, 2 / rest.equals(0).where(1.0, _along(mirror * mirror)))
    r = r - mirror * scale * product(turned(mirror), r)
    q = q - product(q, mirror) * scale * turned(mirror)
    return [at + 1, q, r]


def _along(column: Ref) -> Ref:
    """The sum of columns ``[..., n, 1]`` as ``[..., 1, 1]``."""
    ones = column.full(1, (1, column.shape[-2]))
    return product(ones, column)
