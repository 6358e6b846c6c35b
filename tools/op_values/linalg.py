"""Matrix products and small linear algebra."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from op_values.case import Spec
from op_values.samples import COMPLEX, FLOATS, INTS, NUMERIC, arr, ordinary

if TYPE_CHECKING:
    from collections.abc import Iterator

# label: shapes of the two operands of a batched product
BATCHES = {
    "matrices": ((2, 3), (3, 4)),
    "batch": ((2, 2, 3), (2, 3, 2)),
    "two_batch": ((2, 1, 2, 3), (2, 1, 3, 2)),
    "empty_inner": ((2, 2, 0), (2, 0, 3)),
    "empty_batch": ((0, 2, 3), (0, 3, 2)),
    "broadcast": ((2, 1, 2, 3), (3, 3, 2)),
    "broadcast_matrix": ((2, 2, 3), (3, 2)),
    "batch_mismatch": ((2, 2, 3), (3, 3, 2)),
    "inner_mismatch": ((2, 2, 3), (2, 4, 2)),
    "vector": ((3,), (3, 2)),
}
EQUATIONS = {
    "ij,jk->ik": ((2, 3), (3, 4)), "bij,bjk->bik": ((2, 2, 3), (2, 3, 2)), "ij->ji": ((2, 3),),
    "ii->i": ((3, 3),), "ii->": ((3, 3),), "ij->": ((2, 3),), "i,j->ij": ((2,), (3,)),
    "i,i->": ((3,), (3,)), "...ij,...jk->...ik": ((2, 1, 2, 3), (3, 3, 2)), "ij,ij->j": ((2, 3),
    (2, 3)), "abc,bd->adc": ((2, 3, 2), (3, 2)), "...a->...": ((2, 3),), "ij,kj->ik": ((2, 3),
    (4, 3)),
}  # fmt: skip


def _flip(shape: tuple[int, ...], flip: bool) -> tuple[int, ...]:
    return (*shape[:-2], shape[-1], shape[-2]) if flip else shape


def _matmul(dtype: str) -> Iterator[Spec]:
    for ta, tb in itertools.product((False, True), repeat=2):
        a, b = ordinary(dtype, _flip((2, 3), ta)), ordinary(dtype, _flip((3, 4), tb), 1)
        attrs = {"transpose_a": ta, "transpose_b": tb}
        yield Spec("MatMul", (a, b), f"{dtype}/t_{int(ta)}{int(tb)}", attrs)
        for op in ("BatchMatMul", "BatchMatMulV2"):
            a, b = (ordinary(dtype, _flip((2, 2, 3), ta)),
                    ordinary(dtype, _flip((2, 3, 2), tb), 1))  # fmt: skip
            adj = {"adj_x": ta, "adj_y": tb}
            yield Spec(op, (a, b), f"{dtype}/adj_{int(ta)}{int(tb)}", adj)
    for label, (m, k, n) in {"one": (1, 1, 1), "row": (1, 5, 3), "column": (4, 3, 1),
                             "empty_inner": (2, 0, 3), "empty_rows": (0, 2, 3),
                             "long": (3, 300, 2)}.items():  # fmt: skip
        if label != "long" or dtype in FLOATS:
            pair = ordinary(dtype, (m, k)), ordinary(dtype, (k, n), 1)
            yield Spec("MatMul", pair, f"{dtype}/{label}")
    if dtype in INTS:
        top = np.iinfo(dtype).max
        pair = arr([[top, top]], dtype), arr([[2], [3]], dtype)
        yield Spec("MatMul", pair, f"{dtype}/wrap")
    if dtype in FLOATS:
        odd = arr([[np.nan, 1.0], [np.inf, 0.0], [0.0, -0.0], [np.inf, -np.inf]], dtype)
        pair = odd, arr([[0.0, 1.0], [0.0, 1.0]], dtype)
        yield Spec("MatMul", pair, f"{dtype}/special")


def _batches() -> Iterator[Spec]:
    for op, (label, (a, b)) in itertools.product(("BatchMatMul", "BatchMatMulV2"), BATCHES.items()):
        for dtype in ("float32", "int32"):
            yield Spec(op, (ordinary(dtype, a), ordinary(dtype, b, 1)), f"{dtype}/{label}")
    x = ordinary("float32", (2, 3))
    for label, a, b in (("mismatch", x, x), ("rank_3", x[None], x.T), ("vector", x[0], x.T)):
        yield Spec("MatMul", (a, np.ascontiguousarray(b)), label)


def _others(dtype: str) -> Iterator[Spec]:
    yield Spec("Cross", (ordinary(dtype, (4, 3)), ordinary(dtype, (4, 3), 1)), dtype)
    for equation, shapes in EQUATIONS.items():
        if dtype == "float32" or equation in ("ij,jk->ik", "bij,bjk->bik", "ii->"):
            values = [ordinary(dtype, shape, at) for at, shape in enumerate(shapes)]
            yield Spec("Einsum", (values,), f"{dtype}/{equation}", {"equation": equation})


def _decompositions(dtype: str) -> Iterator[Spec]:
    a = ordinary(dtype, (2, 3, 3)) + 3 * np.eye(3, dtype=np.float32).astype(dtype)
    spd = np.einsum("bij,bkj->bik", a, a.conj()).astype(a.dtype)
    rhs = ordinary(dtype, (2, 3, 2), 2)
    singular = arr([[1, 2], [2, 4]], dtype)
    yield Spec("Cholesky", (spd,), dtype)
    yield Spec("MatrixDeterminant", (a,), dtype)
    yield Spec("MatrixDeterminant", (a[:0],), f"{dtype}/empty")
    for adjoint in (False, True):
        yield Spec("MatrixInverse", (a,), f"{dtype}/{adjoint}", {"adjoint": adjoint})
        yield Spec("MatrixSolve", (a, rhs), f"{dtype}/{adjoint}", {"adjoint": adjoint})
        for lower in (False, True):
            yield Spec("MatrixTriangularSolve", (a, rhs), f"{dtype}/{lower}_{adjoint}",
                       {"lower": lower, "adjoint": adjoint})  # fmt: skip
    for label, x in {"square": a, "tall": rhs, "wide": rhs.swapaxes(1, 2).copy()}.items():
        for full in (False, True):
            yield Spec("Qr", (x,), f"{dtype}/{label}_{full}", {"full_matrices": full})
    yield Spec("MatrixInverse", (singular,), f"{dtype}/singular")
    yield Spec("MatrixSolve", (singular, singular), f"{dtype}/singular")
    yield Spec("MatrixDeterminant", (a[:, :2],), f"{dtype}/not_square")


def specs() -> Iterator[Spec]:
    """Every case of linear algebra."""
    for dtype in NUMERIC:
        yield from _matmul(dtype)
        yield from _others(dtype)
    yield from _batches()
    x = ordinary("float32", (2, 3))
    for label, a, b in (("not_three", x[:, :2], x[:, :2]), ("mismatch", x, x[:1]), ("empty", x[:0],
                        x[:0])):  # fmt: skip
        yield Spec("Cross", (a, b), label)
    for label, equation in (("no_arrow", "ij,jk"), ("unknown_out", "ij->ik"), ("arity", "ij->ji")):
        values = [x] if label == "unknown_out" else [x, x]
        yield Spec("Einsum", (values,), label, {"equation": equation})
    yield Spec("Einsum", ([x, x],), "mismatch", {"equation": "ij,jk->ik"})
    for dtype in ("float32", "float64", *COMPLEX):
        yield from _decompositions(dtype)
