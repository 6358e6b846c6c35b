"""What may stand where a tensor is wanted, as recorded on TensorFlow 2.21 compat.v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


CONVERTED: tuple[tuple[Any, Any, str, Any], ...] = (
    (True, tf.int32, "int32", 1),
    ([True, 2], tf.float32, "float32", [1.0, 2.0]),
    (np.bool_(True), tf.int32, "int32", 1),  # noqa: FBT003
    (True, tf.complex64, "complex64", 1 + 0j),
    ([1, 2.0, True], None, "float32", [1.0, 2.0, 1.0]),
    ([False, 1.0], None, "float32", [0.0, 1.0]),
    ([True, 1], None, "int32", [1, 1]),
    (300, tf.int8, "int8", 44),
    (-1, tf.uint8, "uint8", 255),
    (-1, tf.uint64, "uint64", 2**64 - 1),
    (2**31, tf.int32, "int32", -(2**31)),
    (2**40, tf.int32, "int32", 0),
    (2**63, None, "uint64", 2**63),
    (2**31, None, "int64", 2**31),
    ([np.int64(1)], None, "int32", [1]),
    ([np.int8(1)], None, "int8", [1]),
    ([np.float64(1), 2.0], None, "float32", [1.0, 2.0]),
    ([np.float16(1), 2], None, "float32", [1.0, 2.0]),
    ((np.int64(1), 2.5), None, "float32", [1.0, 2.5]),
    (np.float64(1), None, "float64", 1.0),
    (tf.Dimension(3), None, "int32", 3),
    ([tf.Dimension(3), 4], tf.int32, "int32", [3, 4]),
)


@pytest.mark.parametrize(("value", "dtype", "name", "expected"), CONVERTED)
def test_values(value: object, dtype: Any, name: str, expected: object) -> None:
    tensor = tf.convert_to_tensor(value, dtype)
    assert tensor.dtype.name == name
    assert tf.Session().run(tensor).tolist() == expected


def test_a_python_int_wraps_to_the_dtype_of_the_tensor_beside_it() -> None:
    assert tf.Session().run(tf.constant([1, 2], tf.uint8) + 300).tolist() == [45, 46]


@pytest.mark.parametrize(
    "value",
    [
        2**64, [1, None], object(), print, {"a": 1}, {1}, [1, "a"], ["a", 1], [[1, 2], [3, "a"]],
        float, Ellipsis, np.array([1, "a"], object), tf.float32, [tf.Dimension(3), 4],
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_tensor_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError):
        tf.convert_to_tensor(value)


@pytest.mark.parametrize("value", [(1.0, tf.bool), (1.0, tf.int64), (float("nan"), tf.int32)])
def test_numbers_that_a_dtype_does_not_admit(value: tuple[object, Any]) -> None:
    with pytest.raises(TypeError, match=f"Expected {value[1].name}, but got"):
        tf.convert_to_tensor(*value)


def test_a_constant_is_not_made_of_tensors() -> None:
    for value in (tf.constant(1.0), [tf.constant(1.0), 2.0]):
        with pytest.raises(TypeError, match="Expected any non-tensor type, but got a tensor"):
            tf.constant(value)


def test_a_shape_is_a_tensor_of_ints_only() -> None:
    assert tf.convert_to_tensor(tf.TensorShape([2]), tf.int64).dtype == tf.int64
    with pytest.raises(TypeError, match="Cannot convert a TensorShape to dtype float32"):
        tf.convert_to_tensor(tf.TensorShape([2]), tf.float32)


def test_shapes_of_random_tensors_may_hold_dimensions() -> None:
    assert tf.random_normal([tf.Dimension(7), 3]).get_shape().as_list() == [7, 3]


def test_dtypes_that_do_not_fit_name_the_line() -> None:
    with pytest.raises(TypeError, match=r"does not match type int32 of argument 'x'[^/]*test_conv"):
        tf.constant(1) + tf.constant(1.0)
    with pytest.raises(TypeError, match=r"not in list of allowed values: [^/]*test_conversion.py"):
        tf.abs(tf.constant([1], tf.uint8))
