"""Array ops in graphs: names, static shapes, errors when built and when run, stages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.ground import errors
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import bool_, float32, int32, int64
from polygraph.core.ground.graph import Graph
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.program import Value
from polygraph.core.ground.signature import TensorType
from polygraph.core.ground.trace import Builder, NeedsValueError, building
from polygraph.core.runtime.session import Session
from polygraph.ops import (
    diagonals,
    indexing,
    masking,
    packing,
    padding,
    partitioning,
    ranges,
    slicing,
    sorting,
    splitting,
    strided_slicing,
)
from polygraph.ops.primitives import elementwise as ew, shaping as prims
from polygraph.ops.source_ops import constant, placeholder


@pytest.fixture(autouse=True)
def _graph() -> Any:
    with Graph().as_default():
        yield


def _run(tensor: Any, feed: Any = None) -> Any:
    with Session(graph=tensor.graph) as session:
        return session.run(tensor, feed)


def test_default_names_are_those_of_tensorflow() -> None:
    # Recorded on TensorFlow 2.21, compat.v1.
    a = constant([[4.0, 2.0]], name="a")
    tensors = [
        tf.reshape(a, [2]), tf.transpose(a), tf.concat([a, a], 0),
        tf.stack([a, a]), tf.expand_dims(a, 0), tf.squeeze(a),
        tf.tile(a, [2, 1]), tf.zeros([2]), tf.ones([2]), tf.zeros_like(a),
        tf.ones_like(a), tf.fill([2], 1.0), tf.range(3), tf.shape(a),
        tf.size(a), tf.rank(a), indexing.gather(a, [0]),
        padding.pad(a, [[0, 0], [1, 1]]), indexing.one_hot([0], 2),
        slicing.slice(a, [0, 0], [1, 1]), splitting.split(a, 2, 1)[1],
        tf.unstack(a, axis=1)[1], a[0], tf.concat([a], 0), diagonals.matrix_diag(a),
    ]  # fmt: skip
    assert [tensor.op.name for tensor in tensors] == [
        "Reshape", "transpose", "concat", "stack", "ExpandDims", "Squeeze", "Tile", "zeros", "ones",
        "zeros_like", "ones_like", "Fill", "range", "Shape", "Size", "Rank", "GatherV2", "Pad",
        "one_hot", "Slice", "split", "unstack", "strided_slice", "concat_1/concat", "diag",
    ]  # fmt: skip
    assert [tensors[index].value_index for index in (20, 21)] == [1, 1]


def test_constants_of_an_index_are_named_as_in_tensorflow() -> None:
    x = placeholder(float32, [None, 2], name="p")
    tf.zeros([tf.shape(x)[0], 4])
    names = [(op.name, op.type) for op in x.graph.get_operations()]
    # Recorded on TensorFlow 2.21, compat.v1.
    assert names == [
        ("p", "Placeholder"), ("Shape", "Shape"), ("strided_slice/stack", "Const"),
        ("strided_slice/stack_1", "Const"), ("strided_slice/stack_2", "Const"),
        ("strided_slice", "StridedSlice"), ("zeros/packed/1", "Const"), ("zeros/packed", "Pack"),
        ("zeros/Const", "Const"), ("zeros", "Fill"),
    ]  # fmt: skip


def test_shapes_computed_from_shapes_are_known() -> None:
    x = placeholder(float32, [None, 3])
    n = tf.shape(x)[0]
    tensors = [
        tf.reshape(x, [n, 3]), tf.reshape(x, tf.stack([n, 1, 3])),
        tf.zeros([n, 4]), tf.fill(tf.stack([n, 2]), 0.0),
        tf.zeros(tf.shape(x)), tf.range(n), tf.range(2, 11, 3),
        tf.reshape(x, tf.shape(tf.zeros([2, 6]))), tf.tile(x, [1, 2]),
        tf.zeros_like(x), tf.zeros(tf.concat([tf.shape(x)[1:], [5]], 0)),
        tf.zeros(tf.reverse(tf.shape(x), [0])),
    ]  # fmt: skip
    shapes = [tensor.get_shape().as_list() for tensor in tensors]
    assert shapes == [
        [None, 3], [None, 1, 3], [None, 4], [None, 2], [None, 3], [None], [3], [2, 6], [None, 6],
        [None, 3], [3, 5], [3, None],
    ]  # fmt: skip


X = np.arange(12, dtype=np.int32).reshape(3, 4)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda x: x[3], ValueError, "slice index 3 of dimension 0 out of bounds"),
        (lambda x: x[-4], ValueError, "out of bounds"),
        (lambda x: x[0, 0, 0], ValueError, "input has only 2 dims"),
        (lambda x: x[..., ...], ValueError, "Multiple ellipses"),
        (lambda x: x[::0], ValueError, "strides.0. must be non-zero"),
        (lambda x: x["a"], TypeError, "Only integers, slices"),
        (lambda x: x[1.0], TypeError, "got 1.0"),
        (lambda x: x[0:1.5], TypeError, "got 1.5"),
        (lambda x: x[np.array([0, 1])], TypeError, "got array"),
        (lambda x: x[True], ValueError, "mask cannot be scalar"),
        (lambda x: tf.reshape(x, [5, -1]), ValueError, "evenly divisible by 5 but is 12"),
        (lambda x: tf.reshape(x, [5, 2]), ValueError, "12 elements to shape .5,2."),
        (lambda x: tf.squeeze(x, [1]), ValueError, "expected a dimension of 1, got 4"),
        (lambda x: tf.expand_dims(x, 4), ValueError, "not in the interval .-3, 2."),
        (lambda x: tf.transpose(x, [0]), ValueError, "Dimension must be 2 but is 1"),
        (lambda x: tf.concat([x, [[1]]], 0), ValueError, "must be equal in both shapes"),
        (lambda _: tf.concat([[1], [1.0]], 0), TypeError, "Expected int32"),
        (lambda x: tf.stack([x], axis=5), ValueError, "not in range .-3, 3."),
        (lambda _: tf.unstack(placeholder(int32, [None])), ValueError, "Cannot infer"),
        (lambda x: tf.broadcast_to(x, [3, 3]), ValueError, "must be equal"),
        (lambda x: splitting.split(x, 3, 1), ValueError, "evenly divisible by 3"),
        (lambda x: splitting.split(x, constant(2), 1), ValueError, "Rank-0"),
        (lambda x: padding.pad(x, [[1, 1]]), ValueError, "paddings must"),
        (lambda x: padding.pad(x, [[0, 0], [0, 0]], "EDGE"), ValueError, "Unknown padding mode"),
        (lambda x: slicing.slice(x, [4, 0], [-1, 1]), ValueError, "subtracting 4 from 3"),
        (lambda x: indexing.gather(x, [0], axis=2), ValueError, "at least rank 3"),
        (lambda x: sorting.top_k(x, 5), ValueError, "last dimension >= k = 5"),
        (lambda x: masking.where(x > 1, x), ValueError, "both be non-None"),
        (lambda _: ranges.range(0, 3, 0), ValueError, "delta != 0"),
        (lambda _: ranges.range(3, 0), ValueError, "Requires start <= limit"),
        (lambda _: indexing.one_hot([1], 2, axis=-2), ValueError, "axis must be >= -1"),
        (lambda x: indexing.meshgrid(x, x, indexing="yx"), ValueError, "indexing"),
    ],
)
def test_what_cannot_be_is_refused_when_built(build: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        build(constant(X))


@pytest.mark.parametrize(
    ("build", "fed", "message"),
    [
        (lambda i: constant(X)[i], 3, "slice index 3 of dimension 0 out of bounds"),
        (lambda i: indexing.gather(X, [0, i]), 5, r"indices\[1\] = 5 is not in \[0, 3\)"),
        (lambda i: indexing.gather(X, [[0, i]], axis=1), -1, r"indices\[0,1\] = -1 is not in"),
        (lambda i: indexing.gather(X, i), 3, r"indices = 3 is not in \[0, 3\)"),
        (
            lambda i: indexing.gather_nd(X, [[0, 0], [1, i]]),
            4,
            r"indices\[1\] = \[1, 4\] does not index into param shape \[3,4\]",
        ),
        (lambda i: indexing.scatter_nd([[i]], [1.0], [2]), 2, r"\[2\] does not index into shape"),
        (lambda i: slicing.slice(X, [i, 0], [2, 1]), 2, r"Expected begin\[0\] in \[0, 1\]"),
        (lambda i: slicing.slice(X + i, [0, 0], [4, 1]), 0, r"Expected size\[0\] in \[0, 3\]"),
        (lambda i: padding.pad(X + i, [[3, 0], [0, 0]], "REFLECT"), 0, "3, 0 not less than 3"),
        (lambda i: tf.tile(X + i, [1, -1]), 0, r"Expected multiples\[1\] >= 0, but got -1"),
        (lambda i: tf.reshape(X, tf.stack([i, 2])), 5, "12 values"),
        (
            lambda i: partitioning.dynamic_partition([1.0, 2.0], [0, i], 2)[0],
            2,
            r"partitions\[1\] = 2 is not in \[0, 2\)",
        ),
    ],
)
def test_what_cannot_be_is_refused_when_run(build: Any, fed: int, message: str) -> None:
    index = placeholder(int32, [])
    result = build(index)
    with pytest.raises(errors.InvalidArgumentError, match=message):
        _run(result, {index: fed})


@pytest.mark.parametrize(
    "key",
    [
        1, -1, (0, -2), slice(None), slice(1, None), slice(-2, 9), slice(None, None, -1),
        (slice(2, 0, -1), slice(None, None, 2)), None, (Ellipsis, None, 1), (1, Ellipsis),
        [0, 1], np.int64(2), (slice(5, None),), (slice(np.int32(1), 3), None),
    ],
)  # fmt: skip
def test_indices_mean_what_they_mean_in_numpy(key: Any) -> None:
    expected = X[tuple(key)] if isinstance(key, list) else X[key]
    result = constant(X)[key]
    assert tuple(result.get_shape().as_list()) == expected.shape
    np.testing.assert_array_equal(_run(result), expected)


def test_int64_tensors_index() -> None:
    index = placeholder(int64, [])
    np.testing.assert_array_equal(_run(constant(X)[index, 1:3], {index: 2}), X[2, 1:3])


def test_a_bool_tensor_is_a_mask() -> None:
    mask = placeholder(bool_, [None])
    result = constant(X)[mask]
    assert result.get_shape().as_list() == [None, 4]
    kept = np.array([True, False, True])
    np.testing.assert_array_equal(_run(result, {mask: kept}), X[kept])


def _value(dtype: Any, *shape: int) -> Value:
    return Value(TensorType(np.dtype(dtype), shape))


def _steps(builder: Builder) -> set[str]:
    return {step.op.name for step in builder.steps}


def test_one_index_needs_no_stage() -> None:
    with building(Builder()) as builder:
        index = _value(np.int32)
        begin = packing.Pack.lower([index, np.array(1, np.int32)])
        end = packing.Pack.lower([ew.add(index, np.array(1, np.int32)), np.array(3, np.int32)])
        result = strided_slicing.StridedSlice.lower(
            _value(np.float32, 3, 4), begin, end, np.array([1, 1]), shrink_axis_mask=1
        )
    assert result.shape == (2,)
    assert "dynamic_slice" in _steps(builder)
    assert len(builder.checks) == 1


def test_a_block_of_known_size_needs_no_stage() -> None:
    with building(Builder()) as builder:
        begin = prims.stack(_value(np.int32), np.array(0, np.int32), axis=0)
        result = slicing.Slice.lower(_value(np.float32, 3, 4), begin, np.array([2, -1]))
    assert result.shape == (2, 4)
    assert "dynamic_slice" in _steps(builder)


def _moving_window() -> Any:
    index = _value(np.int32)
    begin = prims.stack(index, axis=0)
    end = prims.stack(ew.add(index, np.array(2, np.int32)), axis=0)
    return strided_slicing.StridedSlice.lower(_value(np.float32, 5), begin, end, np.array([1]))


def test_a_window_in_a_loop_keeps_its_size() -> None:
    with building(Builder()), building(Builder()) as inner:
        result = _moving_window()
    assert result.shape == (2,)
    assert "does not lie within dimension 0 of size 5" in inner.checks[0].message


def test_a_window_outside_of_loops_is_asked_for_its_size_only() -> None:
    with building(Builder()), pytest.raises(NeedsValueError) as needed:
        _moving_window()
    assert needed.value.value.shape == ()


def test_the_gradient_of_a_moving_slice_asks_for_nothing() -> None:
    with building(Builder()):
        begin = prims.stack(_value(np.int32), axis=0)
        end = prims.stack(_value(np.int32), axis=0)
        result = strided_slicing.StridedSliceGrad.lower(
            np.array([5]), begin, end, np.array([1]), _value(np.float32, 2)
        )
    assert result.shape == (5,)


def test_masks_and_distinct_elements_are_asked_for_their_number_only() -> None:
    for lower, operand in (
        (masking.Where.lower, _value(np.bool_, 3, 4)),
        (lambda x: partitioning.Unique.lower(x, out_idx=int32), _value(np.float32, 7)),
        (
            lambda x: partitioning.DynamicPartition.lower(x, _value(np.int32, 7), num_partitions=2),
            _value(np.float32, 7),
        ),
    ):
        with building(Builder()), pytest.raises(NeedsValueError) as needed:
            lower(operand)
        assert needed.value.value.size <= 2


def test_indexed_slices_become_dense() -> None:
    slices = IndexedSlices(
        constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), constant([2, 0, 2]), constant([3, 2])
    )
    dense = convert_to_tensor(slices)
    assert dense.get_shape().as_list() == [3, 2]
    np.testing.assert_array_equal(_run(dense), [[3.0, 4.0], [0.0, 0.0], [6.0, 8.0]])
    with pytest.raises(ValueError, match="without dense_shape"):
        convert_to_tensor(IndexedSlices(slices.values, slices.indices))
    with pytest.raises(ValueError, match="requested dtype int32"):
        convert_to_tensor(slices, int32)


def test_lists_that_hold_tensors_are_packed() -> None:
    f = constant(1.0)
    packed = convert_to_tensor([[f, f], [1, 2]])
    assert (packed.op.type, packed.dtype, packed.get_shape().as_list()) == ("Pack", float32, [2, 2])
    np.testing.assert_array_equal(_run(packed), [[1.0, 1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match="Cannot convert a list containing a tensor"):
        convert_to_tensor([f, constant(1)])


def test_strings_are_moved_as_well() -> None:
    words = constant([["a", "b"], ["c", "d"]])
    moved = [
        words[1], tf.transpose(words), tf.concat([words, words], 1),
        indexing.gather(words, [1]), padding.pad(words, [[0, 1], [0, 0]]),
    ]  # fmt: skip
    with Session(graph=words.graph) as session:
        results = session.run(moved)
    assert results[0].tolist() == [b"c", b"d"]
    assert results[1].tolist() == [[b"a", b"c"], [b"b", b"d"]]
    assert results[2].tolist() == [[b"a", b"b", b"a", b"b"], [b"c", b"d", b"c", b"d"]]
    assert results[3].tolist() == [[b"c", b"d"]]
    assert results[4].tolist() == [[b"a", b"b"], [b"c", b"d"], [b"", b""]]


def test_functions_take_no_names_at_the_root_but_tensorflow_s() -> None:
    with tf.Graph().as_default() as graph:
        x = tf.zeros([1, 2, 2, 3], name="x")
        tf.strided_slice(x, [0, 1], [1, 2])
        tf.strided_slice(x, [0, 1], [1, 2], [1, 1])
        tf.linspace(0.0, 1.0, 3)
        tf.linspace(1, 2, 3, name="line")
        tf.stack([[1, 2], [3, 4]], axis=1)
        assert x[np.array(0), 1].op.name == "strided_slice"
        tf.nn.fused_batch_norm(x, *[tf.ones([3], name=name) for name in "abcd"])
    roots = {operation.name.partition("/")[0] for operation in graph.get_operations()}
    assert roots == {
        *("x", "a", "b", "c", "d", "StridedSlice", "StridedSlice_1", "ones_like", "linspace"),
        *("line", "stack", "stack_1", "strided_slice", "FusedBatchNormV3"),
    }
