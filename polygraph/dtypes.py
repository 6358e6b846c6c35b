"""`tf.dtypes`: the element types of tensors."""

from __future__ import annotations

from polygraph.core.ground.dtypes import (
    DType,
    as_dtype,
    bfloat16,
    bool_ as bool,  # noqa: A004 - TF1's name
    complex64,
    complex128,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    string,
    uint8,
    uint16,
    uint32,
    uint64,
)
from polygraph.ops.casting import cast
from polygraph.ops.complex_numbers import complex

__all__ = [
    "DType",
    "as_dtype",
    "bfloat16",
    "bool",
    "cast",
    "complex",
    "complex64",
    "complex128",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int8",
    "int16",
    "int32",
    "int64",
    "string",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
]
