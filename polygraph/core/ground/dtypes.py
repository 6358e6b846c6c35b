"""TF1's element types: one interned `DType` for each, and the groups that signatures name.

The module-level names are TF1's (`float32`, `string`, ...), save that `tf.bool` is `bool_` here so
that the builtin keeps its meaning. Programs print types by their short names (`f32`, `i64`).
"""

from __future__ import annotations

from typing import Any, Self, final

import ml_dtypes
import numpy as np

_REF_OFFSET = 100
"""TF1 numbers the reference type of a type this much higher than the type itself."""


@final
class DType:
    """The element type of a tensor, equal to every spelling of it that `as_dtype` accepts.

    There is one object for each type, so `is` works too, also after pickling and copying.

    Args:
        type_enum: TensorFlow's number for the type, 101 and up for reference types.

    Raises:
        TypeError: no type has that number.
    """

    __slots__ = ("_base", "_enum", "_kind", "_name", "_np_dtype", "_ref", "_type")

    _base: DType
    _enum: int
    _kind: str
    _name: str
    _np_dtype: np.dtype[Any]
    _ref: DType
    _type: type[Any]

    def __new__(cls, type_enum: int) -> Self:
        """Return the one object for `type_enum`."""
        found = _BY_ENUM.get(type_enum)
        if found is None:
            msg = f"{type_enum!r} is not the number of a DType; known: {sorted(_BY_ENUM)}"
            raise TypeError(msg)
        return found

    @property
    def name(self) -> str:
        """TF1's name, such as `float32`, or `float32_ref` for a reference type."""
        return self._name

    @property
    def as_numpy_dtype(self) -> type[Any]:
        """The NumPy scalar type, such as `np.float32`; `object` for strings."""
        return self._type

    @property
    def np_dtype(self) -> np.dtype[Any]:
        """The `np.dtype` of arrays that hold this type; `dtype('O')` for strings."""
        return self._np_dtype

    @property
    def as_datatype_enum(self) -> int:
        """TensorFlow's number for the type, as in a GraphDef."""
        return self._enum

    @property
    def base_dtype(self) -> DType:
        """The type without its reference mark."""
        return self._base

    @property
    def real_dtype(self) -> DType:
        """The type of the real and the imaginary part; for types that are not complex, itself."""
        if self._base is complex64:
            return float32
        if self._base is complex128:
            return float64
        return self

    @property
    def _is_ref_dtype(self) -> bool:
        return self._ref is self

    @property
    def _as_ref(self) -> DType:
        return self._ref

    @property
    def is_floating(self) -> bool:
        """Whether this is a real floating point type, bfloat16 included."""
        return self._kind == "f"

    @property
    def is_integer(self) -> bool:
        """Whether this is an integer type, signed or not; bool is none."""
        return self._kind in "iu"

    @property
    def is_unsigned(self) -> bool:
        """Whether this is an unsigned integer type."""
        return self._kind == "u"

    @property
    def is_bool(self) -> bool:
        """Whether this is bool."""
        return self._kind == "b"

    @property
    def is_complex(self) -> bool:
        """Whether this is a complex type."""
        return self._kind == "c"

    @property
    def is_quantized(self) -> bool:
        """False: there are no quantised types here."""
        return False

    @property
    def is_numpy_compatible(self) -> bool:
        """True: every type has a NumPy type that holds it."""
        return True

    @property
    def size(self) -> int:
        """Bytes an element takes; 0 for strings, whose elements differ in length."""
        return 0 if self._kind == "O" else self._np_dtype.itemsize

    @property
    def min(self) -> Any:
        """The smallest finite value: an int, or a NumPy scalar for floating types.

        Raises:
            TypeError: the type has no order, or is bool.
        """
        return self._extreme("min")

    @property
    def max(self) -> Any:
        """The largest finite value: an int, or a NumPy scalar for floating types.

        Raises:
            TypeError: the type has no order, or is bool.
        """
        return self._extreme("max")

    @property
    def limits(self) -> tuple[int, int]:
        """The range of pixel intensities in this type: 0 to 1 for floats, 0 to `max` for integers.

        Raises:
            ValueError: the type has no such range; as in TF1 that includes the 16-bit floats.
        """
        if self.is_integer:
            return 0, self.max
        if self.is_bool or self._base in (float32, float64):
            return 0, 1
        msg = f"{self} has no limits: only bool, integers, float32 and float64 have"
        raise ValueError(msg)

    def is_compatible_with(self, other: object) -> bool:
        """Whether a value of type `other` may be used where this type is asked for.

        A reference may stand in for its plain type, not the other way round.

        Raises:
            TypeError: `other` names no type.
        """
        dtype = as_dtype(other)
        return dtype is self or dtype._base is self  # noqa: SLF001 - its own class

    def _extreme(self, end: str) -> Any:
        if self.is_integer:
            return int(getattr(np.iinfo(self._np_dtype), end))
        if self.is_floating:
            info = ml_dtypes.finfo(self._np_dtype)  # type: ignore[no-untyped-call]
            return getattr(info, end)
        msg = f"{self} has no {end}: only integers and real floating types have"
        raise TypeError(msg)

    def __eq__(self, other: object) -> bool:
        """Compare with anything that `as_dtype` accepts; whatever names no type is unequal."""
        if self is other:
            return True
        if isinstance(other, DType):
            return False
        return _find(other) is self

    def __hash__(self) -> int:
        return self._enum

    def __int__(self) -> int:
        return self._enum

    def __repr__(self) -> str:
        return f"tf.{self._name}"

    def __str__(self) -> str:
        return f"<dtype: {self._name!r}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return as_dtype, (self._name,)


_BY_ENUM: dict[int, DType] = {}
_BY_NAME: dict[str, DType] = {}
_BY_TYPE: dict[type[Any], DType] = {}
_SHORT: dict[np.dtype[Any], str] = {}
_LONG: dict[str, np.dtype[Any]] = {}


def _new(enum: int, name: str, scalar: type[Any], kind: str) -> DType:
    dtype = object.__new__(DType)
    dtype._enum, dtype._name, dtype._type, dtype._kind = enum, name, scalar, kind
    dtype._np_dtype = np.dtype(scalar)
    dtype._base = dtype._ref = dtype
    _BY_ENUM[enum] = _BY_NAME[name] = dtype
    return dtype


def _intern(enum: int, name: str, scalar: type[Any], short: str) -> DType:
    # ml_dtypes registers bfloat16 with kind "V", so the kind comes from the short name's family.
    kind = "f" if short == "bf16" else np.dtype(scalar).kind
    base = _new(enum, name, scalar, kind)
    ref = _new(enum + _REF_OFFSET, f"{name}_ref", scalar, kind)
    base._ref, ref._base = ref, base  # noqa: SLF001
    _BY_TYPE[scalar] = base
    _SHORT[base.np_dtype] = short
    _LONG[short] = base.np_dtype
    return base


float32 = _intern(1, "float32", np.float32, "f32")
float64 = _intern(2, "float64", np.float64, "f64")
int32 = _intern(3, "int32", np.int32, "i32")
uint8 = _intern(4, "uint8", np.uint8, "u8")
int16 = _intern(5, "int16", np.int16, "i16")
int8 = _intern(6, "int8", np.int8, "i8")
string = _intern(7, "string", object, "str")
complex64 = _intern(8, "complex64", np.complex64, "c64")
int64 = _intern(9, "int64", np.int64, "i64")
bool_ = _intern(10, "bool", np.bool_, "bool")
bfloat16 = _intern(14, "bfloat16", ml_dtypes.bfloat16, "bf16")
uint16 = _intern(17, "uint16", np.uint16, "u16")
complex128 = _intern(18, "complex128", np.complex128, "c128")
float16 = _intern(19, "float16", np.float16, "f16")
uint32 = _intern(22, "uint32", np.uint32, "u32")
uint64 = _intern(23, "uint64", np.uint64, "u64")

half = float16
double = float64

_BY_NAME.update(half=float16, float=float32, double=float64)
_BY_TYPE.update(
    {float: float32, bool: bool_, np.object_: string, np.str_: string, np.bytes_: string}
)
# C's integer types: on each platform two of them share a width, and NumPy keeps a class for both.
_BY_TYPE.update({np.dtype(code).type: _BY_TYPE[np.dtype(np.dtype(code).str).type]
                 for code in "bhilqBHILQ"})  # fmt: skip

SIGNED_INTEGER = (int8, int16, int32, int64)
UNSIGNED = (uint8, uint16, uint32, uint64)
INTEGER = SIGNED_INTEGER + UNSIGNED
FLOATING = (float16, bfloat16, float32, float64)
COMPLEX = (complex64, complex128)
REAL = INTEGER + FLOATING
SIGNED = SIGNED_INTEGER + FLOATING + COMPLEX
NUMERIC = REAL + COMPLEX
INDEX = (int32, int64)
ALL = (*NUMERIC, bool_, string)


def as_dtype(type_value: object) -> DType:
    """Return the `DType` that `type_value` names.

    Args:
        type_value: a `DType`, its name (also `half`, `float`, `double`), a NumPy dtype or scalar
            type, Python's `float` (float32), `bool` or `object` (string), TensorFlow's number, or
            anything with a `dtype`.

    Raises:
        TypeError: it names no type. Python's `int` is among those, as in TF1: it could be either
            of two.
    """
    if isinstance(type_value, DType):
        return type_value
    found = _find(type_value)
    if found is None:
        msg = (
            f"Cannot convert {type_value!r} to a DType: pass one such as tf.float32, its name "
            f"or its NumPy type{_hint(type_value)}"
        )
        raise TypeError(msg)
    return found


def _find(value: object) -> DType | None:
    if isinstance(value, str):
        return _BY_NAME.get(value)
    if isinstance(value, type):
        return _BY_TYPE.get(value)
    if isinstance(value, np.dtype):
        return string if value.kind in "OSTU" else _BY_TYPE.get(value.type)
    if isinstance(value, int):
        return None if isinstance(value, bool) else _BY_ENUM.get(value)
    inner = getattr(value, "dtype", None)
    return inner if inner is None or isinstance(inner, DType) else _find(inner)


def _hint(value: object) -> str:
    meant = {int: "tf.int32 or tf.int64", complex: "tf.complex64 or tf.complex128"}
    meant |= {str: "tf.string", bytes: "tf.string"}
    for python_type, names in meant.items():
        if value is python_type or value == python_type.__name__:
            return f"; for Python's {python_type.__name__} say {names}"
    return ""


def short_name(dtype: np.dtype[Any]) -> str:
    """Return the name that printed programs use: `f32`, `i64`, `u8`, `bf16`, `c64`, `bool`, `str`.

    Raises:
        TypeError: no tensor has this NumPy dtype.
    """
    short = _SHORT.get(dtype)
    return short if short is not None else _SHORT[as_dtype(dtype).np_dtype]


def dtype_from_short_name(short: str) -> np.dtype[Any]:
    """Return the NumPy dtype with the short name `short`.

    Raises:
        ValueError: there is none.
    """
    try:
        return _LONG[short]
    except KeyError:
        msg = f"{short!r} is not the short name of a type; known: {', '.join(sorted(_LONG))}"
        raise ValueError(msg) from None
