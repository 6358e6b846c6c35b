"""TF1's element types. Literals were recorded on TensorFlow 2.21's compat.v1."""

from __future__ import annotations

import copy
import pickle

import ml_dtypes
import numpy as np
import pytest

from polygraph.core.ground import dtypes
from polygraph.core.ground.dtypes import DType, as_dtype

# name, NumPy type, number, size, floating, integer, unsigned, bool, complex
RECORDED = [
    ("bool", np.bool_, 10, 1, False, False, False, True, False),
    ("int8", np.int8, 6, 1, False, True, False, False, False),
    ("int16", np.int16, 5, 2, False, True, False, False, False),
    ("int32", np.int32, 3, 4, False, True, False, False, False),
    ("int64", np.int64, 9, 8, False, True, False, False, False),
    ("uint8", np.uint8, 4, 1, False, True, True, False, False),
    ("uint16", np.uint16, 17, 2, False, True, True, False, False),
    ("uint32", np.uint32, 22, 4, False, True, True, False, False),
    ("uint64", np.uint64, 23, 8, False, True, True, False, False),
    ("float16", np.float16, 19, 2, True, False, False, False, False),
    ("bfloat16", ml_dtypes.bfloat16, 14, 2, True, False, False, False, False),
    ("float32", np.float32, 1, 4, True, False, False, False, False),
    ("float64", np.float64, 2, 8, True, False, False, False, False),
    ("complex64", np.complex64, 8, 8, False, False, False, False, True),
    ("complex128", np.complex128, 18, 16, False, False, False, False, True),
    ("string", object, 7, 0, False, False, False, False, False),
]
NAMES = [row[0] for row in RECORDED]


@pytest.mark.parametrize("row", RECORDED, ids=NAMES)
def test_properties(row: tuple[object, ...]) -> None:
    dtype = as_dtype(row[0])
    for seen in (dtype, dtype._as_ref):
        assert seen.as_numpy_dtype is row[1]
        assert seen.np_dtype == np.dtype(row[1])
        assert seen.size == row[3]
        kinds = (
            seen.is_floating, seen.is_integer, seen.is_unsigned, seen.is_bool, seen.is_complex
        )  # fmt: skip
        assert kinds == row[4:]
        assert seen.is_numpy_compatible
        assert not seen.is_quantized
    assert (dtype.name, dtype.as_datatype_enum, int(dtype), hash(dtype)) == (
        row[0], row[2], row[2], row[2]
    )  # fmt: skip
    assert repr(dtype) == f"tf.{row[0]}"
    assert str(dtype) == f"<dtype: '{row[0]}'>"


def test_all_lists_every_type_once() -> None:
    assert sorted(dtype.name for dtype in dtypes.ALL) == sorted(NAMES)


def test_reference_types() -> None:
    ref = dtypes.float32._as_ref
    assert (repr(ref), str(ref)) == ("tf.float32_ref", "<dtype: 'float32_ref'>")
    assert ref.as_datatype_enum == 101
    assert ref.base_dtype is dtypes.float32
    assert ref._as_ref is ref
    assert ref._is_ref_dtype
    assert not dtypes.float32._is_ref_dtype
    assert ref.real_dtype is ref
    assert dtypes.complex64._as_ref.real_dtype is dtypes.float32
    assert dtypes.float32 != ref
    assert dtypes.float32 != "float32_ref"
    assert ref == "float32_ref"
    assert ref == 101
    assert ref != 1


def test_compatible_one_way() -> None:
    ref = dtypes.float32._as_ref
    assert dtypes.float32.is_compatible_with(ref)
    assert not ref.is_compatible_with(dtypes.float32)
    assert dtypes.float32.is_compatible_with(np.float32)
    assert not dtypes.float32.is_compatible_with("float64")
    with pytest.raises(TypeError, match="Cannot convert None to a DType"):
        dtypes.float32.is_compatible_with(None)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("half", "float16"),
        ("double", "float64"),
        ("float", "float32"),
        ("float32_ref", "float32_ref"),
        (float, "float32"),
        (bool, "bool"),
        (object, "string"),
        (np.object_, "string"),
        (np.str_, "string"),
        (np.bytes_, "string"),
        (np.dtype("S3"), "string"),
        (np.dtype("U3"), "string"),
        (np.dtype(">f4"), "float32"),
        (np.intc, "int32"),
        (np.longlong, "int64"),
        (np.ulonglong, "uint64"),
        (np.dtype("longlong"), "int64"),
        (np.dtype(ml_dtypes.bfloat16), "bfloat16"),
        (1, "float32"),
        (101, "float32_ref"),
        (np.array(1.0), "float64"),
        (np.float32(1), "float32"),
    ],
)
def test_as_dtype(value: object, name: str) -> None:
    assert as_dtype(value).name == name
    assert as_dtype(name) == value


@pytest.mark.parametrize(
    "value",
    [
        "banana", "str", "int", "f4", "S", "bool_", None, 3.5, 0, 999, [1], {}, list, int, str,
        bytes, complex, np.longdouble, np.datetime64, np.void, np.floating, np.dtype("i4,f4"),
    ],
)  # fmt: skip
def test_as_dtype_refuses(value: object) -> None:
    with pytest.raises(TypeError, match=r"Cannot convert .* to a DType"):
        as_dtype(value)
    assert dtypes.float32 != value


def test_refusal_of_python_types_names_the_choice() -> None:
    with pytest.raises(TypeError, match=r"for Python's int say tf\.int32 or tf\.int64"):
        as_dtype(int)


def test_equality_is_symmetric_with_numpy() -> None:
    assert np.dtype("f4") == dtypes.float32
    assert dtypes.float32 == np.dtype("f4")
    assert dtypes.float32 != np.float64
    assert dtypes.float32 not in [None, dtypes.float64]


def test_one_object_per_type() -> None:
    for dtype in (dtypes.float32, dtypes.float32._as_ref):
        assert copy.copy(dtype) is dtype
        assert copy.deepcopy(dtype) is dtype
        assert pickle.loads(pickle.dumps(dtype)) is dtype  # noqa: S301 - our own bytes
        assert DType(int(dtype)) is dtype
    assert dtypes.half is dtypes.float16
    assert dtypes.double is dtypes.float64
    with pytest.raises(TypeError, match="999 is not the number of a DType"):
        DType(999)


def test_extremes() -> None:
    assert (dtypes.int8.min, dtypes.int8.max) == (-128, 127)
    assert type(dtypes.int32.min) is int
    assert (dtypes.uint64.min, dtypes.uint64.max) == (0, 18446744073709551615)
    assert dtypes.float32.max == np.float32(3.4028235e38)
    assert type(dtypes.float32.min) is np.float32
    assert type(dtypes.bfloat16.min) is ml_dtypes.bfloat16
    assert float(dtypes.bfloat16.max) == 3.3895313892515355e38
    for dtype in (dtypes.bool_, dtypes.complex64, dtypes.string):
        with pytest.raises(TypeError, match="has no min"):
            _ = dtype.min


def test_limits() -> None:
    assert dtypes.uint8.limits == (0, 255)
    assert dtypes.int32.limits == (0, 2147483647)
    assert dtypes.float32.limits == (0, 1)
    assert dtypes.bool_.limits == (0, 1)
    for dtype in (dtypes.float16, dtypes.bfloat16, dtypes.complex64, dtypes.string):
        with pytest.raises(ValueError, match="has no limits"):
            _ = dtype.limits


def test_short_names_are_one_to_one() -> None:
    shorts = [dtypes.short_name(dtype.np_dtype) for dtype in dtypes.ALL]
    assert len(set(shorts)) == len(NAMES)
    for dtype, short in zip(dtypes.ALL, shorts, strict=True):
        assert dtypes.dtype_from_short_name(short) == dtype.np_dtype
    assert dtypes.short_name(np.dtype("f4")) == "f32"
    assert dtypes.short_name(np.dtype(ml_dtypes.bfloat16)) == "bf16"
    assert dtypes.short_name(np.dtype("U7")) == "str"
    with pytest.raises(ValueError, match="'f31' is not the short name"):
        dtypes.dtype_from_short_name("f31")
    with pytest.raises(TypeError, match="M8"):
        dtypes.short_name(np.dtype("M8[s]"))


def test_groups_follow_the_properties() -> None:
    for dtype in dtypes.ALL:
        assert (dtype in dtypes.FLOATING) == dtype.is_floating
        assert (dtype in dtypes.INTEGER) == dtype.is_integer
        assert (dtype in dtypes.UNSIGNED) == dtype.is_unsigned
        assert (dtype in dtypes.COMPLEX) == dtype.is_complex
        assert (dtype in dtypes.NUMERIC) == (not dtype.is_bool and dtype is not dtypes.string)
        assert (dtype in dtypes.REAL) == (dtype in dtypes.NUMERIC and not dtype.is_complex)
        assert (dtype in dtypes.SIGNED) == (dtype in dtypes.NUMERIC and not dtype.is_unsigned)
    assert (dtypes.int32, dtypes.int64) == dtypes.INDEX
