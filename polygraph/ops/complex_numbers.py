"""Complex numbers and their parts.

Of these, `conj`, `real` and `imag` hand real tensors on unchanged, as in TF1.
"""
# ruff: noqa: N802 - TF1's op types; attributes that only decide a dtype

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground import shape_rules
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import COMPLEX, complex64, complex128, float32, float64
from polygraph.core.ground.graph import get_default_graph
from polygraph.core.ground.op_def import graph_op
from polygraph.ops.filling import zeros_like
from polygraph.ops.op_families import require_broadcast, unary
from polygraph.ops.primitives import elementwise as ew
from polygraph.ops.source_ops import constant

if TYPE_CHECKING:
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.tensor import Tensor
    from polygraph.core.ground.trace import Array

__all__ = ["complex", "conj", "imag", "real"]

PARTS = (float32, float64)
"""Dtypes of the parts of complex numbers."""


def complex_to_real(op_type: str, meaning: Any, doc: str) -> OpDef:
    """The definition of an op from complex numbers to reals of the same precision."""

    def lower(x: Array) -> Any:
        return meaning(x)

    lower.__doc__ = doc
    return graph_op(
        op_type,
        "input: T -> output: Tout",
        shape=shape_rules.unchanged,
        samples=(((2, 3),), ((0, 3),)),
        T=COMPLEX,
        Tout=PARTS,
    )(lower)


Real = complex_to_real("Real", ew.real, "The real part.")
Imag = complex_to_real("Imag", ew.imag, "The imaginary part.")
Conj = unary("Conj", ew.conj, COMPLEX)


@graph_op(
    "Complex",
    "real: T, imag: T -> out: Tout",
    shape=shape_rules.broadcast,
    samples=(((2, 3), (2, 3)), ((0,), (0,))),
    T=PARTS,
    Tout=COMPLEX,
)
def Complex(re: Array, im: Array) -> Any:
    """The complex number of the two parts."""
    require_broadcast(re, im)
    return ew.complex(re, im)


def _zero(like: Tensor) -> Tensor:
    return constant(0, like.dtype)


def with_real_part(x: Tensor) -> Tensor:
    """The complex numbers with the real part ``x`` and the imaginary part 0."""
    whole = complex64 if x.dtype == float32 else complex128
    return Complex(x, _zero(x), Tout=whole)  # type: ignore[no-any-return]


@Real.gradient
def _real_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [with_real_part(dy)]


@Imag.gradient
def _imag_gradient(op: Any, dy: Tensor) -> list[Tensor]:
    return [Complex(_zero(dy), dy, Tout=op.inputs[0].dtype)]


@Complex.gradient
def _complex_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [real(dy), imag(dy)]


@Conj.gradient
def _conj_gradient(_: Any, dy: Tensor) -> list[Tensor]:
    return [conj(dy)]


def complex(real: Any, imag: Any, name: str | None = None) -> Tensor:
    """The complex numbers of the two parts, elementwise.

    Args:
      real: float32 or float64.
      imag: of the same dtype; must broadcast with ``real``.
      name: of the operation.

    Returns:
      complex64 or complex128.

    Raises:
      TypeError: the parts are not both float32 or both float64.
    """
    first = convert_to_tensor(real, name="real")
    second = convert_to_tensor(imag, name="imag")
    kinds = {(float32, float32): complex64, (float64, float64): complex128}
    whole = kinds.get((first.dtype.base_dtype, second.dtype.base_dtype))
    if whole is None:
        msg = (
            f"The real and imaginary components have incorrect types: {first.dtype.name} "
            f"{second.dtype.name}. They must be consistent, and one of float32, float64"
        )
        raise TypeError(msg)
    return Complex(first, second, Tout=whole, name=name)  # type: ignore[no-any-return]


def real(input: Any, name: str | None = None) -> Tensor:
    """The real part of each element; a real tensor is returned as it is."""
    tensor = convert_to_tensor(input, name="input")
    if not tensor.dtype.is_complex:
        return tensor
    return Real(tensor, Tout=tensor.dtype.base_dtype.real_dtype, name=name)  # type: ignore[no-any-return]


def imag(input: Any, name: str | None = None) -> Tensor:
    """The imaginary part of each element: zeros for a real tensor."""
    tensor = convert_to_tensor(input, name="input")
    if tensor.dtype.is_complex:
        return Imag(tensor, Tout=tensor.dtype.base_dtype.real_dtype, name=name)  # type: ignore[no-any-return]
    with get_default_graph().name_scope(name or "Imag"):
        return zeros_like(tensor)


def conj(x: Any, name: str | None = None) -> Tensor:
    """The complex conjugate of each element; a real tensor is returned as it is.

    Raises:
      TypeError: ``x`` is not numeric.
    """
    tensor = convert_to_tensor(x, name="x")
    dtype = tensor.dtype.base_dtype
    if dtype.is_complex:
        return Conj(tensor, name=name)  # type: ignore[no-any-return]
    if not (dtype.is_floating or dtype.is_integer):
        msg = f"Expected numeric or variant tensor, got dtype {dtype!r}."
        raise TypeError(msg)
    return tensor
