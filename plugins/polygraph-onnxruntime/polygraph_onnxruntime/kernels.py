"""Which dtypes ONNX Runtime's CPU kernels take, and what stands in for those that they lack.

Only operators that lack a dtype that Programs may have are listed; the rest take all of them.
A stand-in is a wider dtype, in which the result is the same once it is cast back.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    DType = np.dtype[Any]

OPSET = 28
"""The first that shifts signed integers; `BitCast` came with 26."""

BF16 = np.dtype(ml_dtypes.bfloat16)
F16, F32, F64 = (np.dtype(name) for name in ("float16", "float32", "float64"))
I8, I16, I32, I64 = (np.dtype(name) for name in ("int8", "int16", "int32", "int64"))
U8, U16, U32, U64 = (np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint64"))
BOOL = np.dtype(bool)
HALF = (F16, BF16)

_INTS = frozenset((I8, I16, I32, I64, U8, U16, U32, U64))
_FLOATS = frozenset((F32, F64))
_LONG = frozenset((F32, F64, I32, I64))
_SINGLE = frozenset((F32,))
_ARITHMETIC = _FLOATS | _INTS
_ORDER = _ARITHMETIC - {I16, U16}

KERNELS: Mapping[str, frozenset[DType]] = MappingProxyType(
    {
        **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Mod", "Abs", "Sign"), _ARITHMETIC),
        **dict.fromkeys(("Less", "LessOrEqual", "Greater", "GreaterOrEqual"), _ARITHMETIC),
        "Equal": _ARITHMETIC | {BOOL},
        "Neg": _FLOATS | {I8, I16, I32, I64},
        **dict.fromkeys(
            ("Sqrt", "Exp", "Log", "Sin", "Cos", "Tanh", "Floor", "Ceil", "Round"), _FLOATS
        ),
        "Pow": _FLOATS,
        **dict.fromkeys(("Atan", "Conv", "ConvTranspose", "AveragePool"), _SINGLE),
        **dict.fromkeys(("Max", "Min"), _ORDER),
        "Where": frozenset((F32, F64, I32, I64, I8, U8, U32)),
        "Pad": frozenset((BF16, BOOL, F32, F64, I32, I64, I8, U8, U32, U64)),
        "Expand": _ARITHMETIC | {BOOL, F16},
        **dict.fromkeys(("ReduceSum", "ReduceProd", "CumSum"), _LONG),
        "CumProd": _LONG | {U32, U64},
        "MatMul": _LONG | {U32, U64},
        "ReduceMax": frozenset((BOOL, F32, F64, I32, I64, I8, U8)),
        "ReduceMin": frozenset((BOOL, F32, F64, I32, I64, I8, U8)),
        "ArgMax": frozenset((F32, F64, I32, I64, I8, U8)),
        "ArgMin": frozenset((F32, F64, I32, I64, I8, U8)),
        "TopK": frozenset((F32, F64, I16, I32, I64, I8, U8)),
        "ScatterElements": _ARITHMETIC | {BOOL, F16, BF16},
    }
)
"""The dtypes of which each operator has a kernel for opset `OPSET`, as far as they are used."""

_WIDER: Mapping[DType, tuple[DType, ...]] = MappingProxyType(
    {
        BOOL: (U8,),
        I8: (I16, I32, I64),
        I16: (I32, I64),
        U8: (I32, I64),
        U16: (I32, I64),
        U32: (I64,),
        # The same bits: for what wraps around or only moves elements.
        U64: (I64,),
        F16: (F32,),
        BF16: (F32,),
        F32: (F64,),
    }
)


def kernel_dtype(operator: str, dtype: DType) -> DType:
    """``dtype``, or the narrowest that stands in for it where ``operator`` has no kernel for it.

    Raises:
      NotImplementedError: there is none.
    """
    kernels = KERNELS.get(operator)
    if kernels is None or dtype in kernels:
        return dtype
    for wider in _WIDER.get(dtype, ()):
        if wider in kernels:
            return wider
    msg = f"ONNX Runtime's CPU provider has no kernel for {operator} of {dtype}"
    raise NotImplementedError(msg)
