"""Rules of products of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polygraph.conformance.fuzz.rules.registry import rule

if TYPE_CHECKING:
    from polygraph.conformance.fuzz.growth import Growth

_MULTIPLIED = ("float32", "float64", "int32", "float32")
_MATRIX = 2


@rule(6)
def matmul(g: Growth) -> str:
    """A product of matrices or of stacks of them, transposed or not."""
    a = g.pick(_MULTIPLIED, lambda ref: _MATRIX <= ref.rank <= 3, lambda: (3, 2))  # noqa: PLR2004
    ta, tb = g.choose.chance(0.3), g.choose.chance(0.3)
    inner = a.shape[-2] if ta else a.shape[-1]
    other = g.choose.integer(1, 4)
    shape = (*a.shape[:-2], *((other, inner) if tb else (inner, other)))
    b = g.pick(
        [a.dtype],
        lambda ref: (
            ref.rank == a.rank
            and ref.shape[:-2] == a.shape[:-2]
            and ref.shape[-1 if tb else -2] == inner
        ),
        lambda: shape,
    )
    flags = ", transpose_a=True" * ta + ", transpose_b=True" * tb
    return f"tf.matmul({a}, {b}{flags})"


@rule(2)
def contraction(g: Growth) -> str:
    """Sums of products over named axes."""
    a = g.pick(("float32", "float64"), lambda ref: ref.rank == _MATRIX, lambda: (3, 2))
    b = g.pick([a.dtype], lambda ref: ref.rank == _MATRIX and ref.shape[0] == a.shape[1],
               lambda: (a.shape[1], 3))  # fmt: skip
    return g.choose.of(
        (
            f'tf.einsum("ij,jk->ki", {a}, {b})',
            f'tf.einsum("ij,jk->i", {a}, {b})',
            f"tf.tensordot({a}, {b}, 1)",
            f"tf.tensordot({a}, {b}, [[1], [0]])",
        )
    )


@rule(1)
def decomposition(g: Growth) -> str:
    """Whether what a matrix is decomposed into makes it again; what signs it has is left open."""
    a = g.pick(("float32", "float64"), lambda ref: _MATRIX <= ref.rank <= 3 and 0 not in ref.shape,  # noqa: PLR2004
               lambda: (3, 2))  # fmt: skip
    off = f'tf.abs(tf.matmul(*OP_DEFS["Qr"]({a})) - {a})'
    return f"tf.reduce_max({off}) <= 1e-3 * tf.reduce_max(tf.abs({a}))"
