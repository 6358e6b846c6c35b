"""Writes to variables, as functions of the old value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import float32, int32
from polygraph.core.ground.graph import Graph
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.ops import state, state_scatter
from polygraph.ops.source_ops import constant, placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)


def lower(op_type: str, *operands: Any, **attrs: Any) -> Any:
    definition = OP_DEFS[op_type]
    return definition.lower(*operands, **(definition.attr_defaults | attrs))


def f32(*values: Any) -> Any:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("op_type", "expected"),
    [
        # Recorded on TensorFlow 2.21 compat.v1, from ROWS with row 1 updated twice.
        ("ScatterAdd", [10.0, 8.0]),
        ("ScatterSub", [-4.0, 0.0]),
        ("ScatterMul", [30.0, 16.0]),
        ("ScatterDiv", [0.3, 1.0]),
        ("ScatterMin", [2.0, 0.0]),
        ("ScatterMax", [5.0, 4.0]),
        ("ScatterUpdate", [2.0, 0.0]),
    ],
)
def test_a_row_may_be_updated_twice(op_type: str, expected: Any) -> None:
    updates = [[5.0, 4.0], [2.0, 0.0]]
    if op_type in {"ScatterMul", "ScatterDiv"}:
        updates = [[5.0, 4.0], [2.0, 1.0]]
    new = lower(op_type, ROWS, np.array([1, 1], np.int32), np.array(updates, np.float32))
    np.testing.assert_allclose(new[1], np.array(expected, np.float32), rtol=1e-7)
    np.testing.assert_array_equal(new[[0, 2]], ROWS[[0, 2]])


def test_rows_without_an_update_keep_their_bits() -> None:
    old = f32(-0.0, np.inf, np.nan)
    for op_type in ("ScatterAdd", "ScatterMin", "ScatterMul"):
        new = lower(op_type, old, np.array([2], np.int64), f32(1.0))
        assert np.signbit(new[0])
        assert new[1] == np.inf


def test_a_scalar_updates_every_row_that_is_indexed() -> None:
    new = lower("ScatterUpdate", ROWS, np.array([[0], [2]], np.int32), np.float32(9.0))
    np.testing.assert_array_equal(new, [[9.0, 9.0], [3.0, 4.0], [9.0, 9.0]])


def test_scatter_nd() -> None:
    indices = np.array([[0, 1], [0, 1], [2, 0]], np.int32)
    np.testing.assert_array_equal(
        lower("ScatterNdAdd", ROWS, indices, f32(1.0, 1.0, 2.0)), [[1, 4], [3, 4], [7, 6]]
    )
    np.testing.assert_array_equal(
        lower("ScatterNdSub", ROWS, np.array([[2]], np.int32), f32([1.0, 1.0])),
        [[1, 2], [3, 4], [4, 5]],
    )
    np.testing.assert_array_equal(
        lower("ScatterNdUpdate", ROWS, indices[2:], f32(0.0)), [[1, 2], [3, 4], [0, 6]]
    )


def test_indices_out_of_range_are_errors() -> None:
    with pytest.raises(errors.InvalidArgumentError, match=r"indices\[1\] = 5 is not in \[0, 3\)"):
        lower("ScatterUpdate", ROWS, np.array([0, 5], np.int32), f32([0, 0], [0, 0]))
    with pytest.raises(errors.InvalidArgumentError, match=r"-1 is not in \[0, 3\)"):
        lower("ScatterAdd", ROWS, np.array([-1], np.int32), f32([0, 0]))
    with pytest.raises(errors.InvalidArgumentError, match="do not index into"):
        lower("ScatterNdUpdate", ROWS, np.array([[0, 7]], np.int32), f32(0.0))
    with pytest.raises(errors.InvalidArgumentError, match=r"is not in \[0, 0\)"):
        lower("ScatterAdd", ROWS[:0], np.array([0], np.int32), f32([0, 0]))


def test_no_index_changes_nothing() -> None:
    new = lower("ScatterAdd", ROWS, np.zeros(0, np.int32), np.zeros((0, 2), np.float32))
    np.testing.assert_array_equal(new, ROWS)


def test_count_up_to() -> None:
    new, before = lower("CountUpTo", np.int32(2), limit=3)
    assert (new, before) == (3, 2)
    with pytest.raises(errors.OutOfRangeError, match="Reached limit of 3"):
        lower("CountUpTo", np.int32(3), limit=3)


@pytest.fixture
def ref() -> Iterator[Any]:
    with Graph().as_default():
        yield state.VariableV2(shape=TensorShape([3, 2]), dtype=float32, name="w")


def test_names_dtypes_and_colocation(ref: Any) -> None:
    write = state.assign(ref, [[1, 2], [3, 4], [5, 6]])
    assert write.name == "Assign:0"
    assert write.dtype.name == "float32_ref"
    assert write.op.inputs[1].name == "Assign/value:0"
    assert write.op.colocation_groups() == [b"loc:@w"]
    assert state.assign_add(write, write).op.colocation_groups() == [b"loc:@w"]
    assert state_scatter.scatter_update(ref, [0], [[1.0, 2.0]]).name == "ScatterUpdate:0"


def test_shapes_must_fit(ref: Any) -> None:
    with pytest.raises(ValueError, match="not compatible"):
        state.assign(ref, [1.0])
    with pytest.raises(ValueError, match="not compatible"):
        state.assign_add(ref, 1.0)
    with pytest.raises(ValueError, match="not compatible"):
        state_scatter.scatter_update(ref, [0, 1], [[1.0, 2.0]])
    with pytest.raises(ValueError, match="not compatible"):
        state_scatter.scatter_nd_update(ref, [[0, 1]], [[1.0]])
    with pytest.raises(ValueError, match="index has 3 elements"):
        state_scatter.scatter_nd_update(ref, [[0, 1, 2]], [1.0])
    assert state.assign(ref, [1.0], validate_shape=False).get_shape().as_list() == [1]
    assert state.assign(ref, placeholder(float32)).get_shape().as_list() == [3, 2]


def test_dtypes_must_fit(ref: Any) -> None:
    with pytest.raises(TypeError, match="type int32 that does not match type float32"):
        state.assign(ref, constant([[1, 2], [3, 4], [5, 6]], int32))
    with pytest.raises(TypeError, match="float32 not in list"):
        state.count_up_to(ref, 3)
    with pytest.raises(TypeError, match="writes to a variable"):
        state_scatter.scatter_add(constant([1.0]), [0], [1.0])


def test_writes_to_slices() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], name="v")
        i = tf.placeholder(tf.int32, [])
        with tf.name_scope("n"):
            a = v[0, 1:].assign([20.0, 30.0])
        b = v[i].assign([7.0, 8.0, 9.0])
        c = v[:, i:].assign(tf.zeros([2, 1]), name="cc")
        d = v[tf.newaxis, 1].assign([[0.0, 0.0, 1.0]])
        e = tf.strided_slice(v, [0, 0], [1, 2], var=v, name="s").assign(5.0)
        sess.run(v.initializer)
        # Recorded on TensorFlow 2.21 compat.v1.
        assert [x.name for x in (a, b, c, d, e)] == [
            "n/n/strided_slice/_assign:0",
            "strided_slice/_assign:0",
            "cc:0",
            "strided_slice_2/_assign:0",
            "s_assign:0",
        ]
        assert (a.op.type, a.shape.as_list()) == ("StridedSliceAssign", [2, 3])
        assert sess.run(a).tolist() == [[1.0, 20.0, 30.0], [4.0, 5.0, 6.0]]
        assert sess.run(b, {i: 1}).tolist() == [[1.0, 20.0, 30.0], [7.0, 8.0, 9.0]]
        assert sess.run(c, {i: 2}).tolist() == [[1.0, 20.0, 0.0], [7.0, 8.0, 0.0]]
        assert sess.run(d).tolist() == [[1.0, 20.0, 0.0], [0.0, 0.0, 1.0]]
        assert sess.run(e).tolist() == [[5.0, 5.0, 0.0], [0.0, 0.0, 1.0]]
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"shape \[3\] was assigned"):
            sess.run(v[0].assign([1.0, 2.0]))
        assert not hasattr((v + 1.0)[0], "assign")
        flags = tf.Variable([True, True])
        sess.run(flags.initializer)
        assert sess.run(flags[1:].assign([False])).tolist() == [True, False]


def test_reads_of_some_rows() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
        sess.run(v.initializer)
        assert sess.run(v.sparse_read([1, 0])).tolist() == [[3.0, 4.0], [1.0, 2.0]]
        assert sess.run(v.gather_nd([[0, 1], [1, 1]])).tolist() == [2.0, 4.0]
        slices = tf.gradients(tf.reduce_sum(v.sparse_read([1])), v)[0]
        assert isinstance(slices, tf.IndexedSlices)
        assert slices.consumers() == []
        assert (-slices).values.op in slices.consumers()
