"""Corners of graphs, tensors and conversions, as recorded on TensorFlow 2.21 compat.v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_what_a_graph_says_of_itself(graph: tf.Graph) -> None:
    assert graph.building_function is False
    assert graph.graph_def_versions.producer > 0
    assert graph.as_graph_def().versions == graph.graph_def_versions


def test_an_op_says_its_definition() -> None:
    x = tf.placeholder(tf.float32, [1, 2, 2, 1])
    conv = tf.nn.conv2d(x, tf.ones([1, 1, 1, 1]), [1, 1, 1, 1], "SAME").op
    assert conv.op_def.name == conv.type == "Conv2D"
    assert [arg.name for arg in conv.op_def.input_arg] == ["input", "filter"]
    assert [arg.name for arg in conv.op_def.output_arg] == ["output"]
    assert not conv.op_def.is_stateful
    assert conv.get_attr("padding") == b"SAME"
    assert tf.Variable(1.0).op.get_attr("shared_name") == b""


def test_containers_are_noted(graph: tf.Graph) -> None:
    with graph.container("outer"):
        v = tf.Variable(1.0)
        with tf.container("inner") as name:
            w = tf.Variable(1.0)
    u = tf.Variable(1.0)
    assert name == "inner"
    assert [x.op.get_attr("container") for x in (v, w, u)] == [b"outer", b"inner", b""]


@pytest.mark.parametrize(
    "ask",
    [
        lambda t: bool(t < 1.0),
        lambda t: not t,
        list,
        lambda t: list(tf.Variable(t)),
    ],
)
def test_what_only_a_run_can_tell(ask: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError) as raised:
        ask(tf.constant([1.0]))
    assert type(raised.value).__name__ == "OperatorNotAllowedInGraphError"


def test_a_graph_element_must_be_allowed(graph: tf.Graph) -> None:
    a = tf.constant(1.0)
    with pytest.raises(ValueError, match="can't both be False"):
        graph.as_graph_element(a, allow_tensor=False, allow_operation=False)


@pytest.mark.parametrize("device", ["nope:0", "/foo:1", "/task:x", "/cpu:0/gpu:1"])
def test_a_device_is_checked_where_it_is_named(device: str) -> None:
    with pytest.raises(ValueError, match=r"part of a device|no number|not allowed"):
        tf.device(device).__enter__()


def test_the_caching_device_wins() -> None:
    with tf.device("/gpu:0"):
        w = tf.get_variable("w", [1], caching_device="/cpu:0")
    assert (w.device, w.value().device) == ("/device:GPU:0", "/device:CPU:0")


def test_arguments_of_scopes(graph: tf.Graph) -> None:
    with pytest.raises(ValueError, match="op is None"):
        tf.colocate_with(None).__enter__()
    for mapping in ([1], {"a": 1}):
        with pytest.raises(TypeError, match="must be a dictionary mapping strings to strings"):
            graph.gradient_override_map(cast("Any", mapping)).__enter__()


def test_a_tuple_converts() -> None:
    assert [item is None for item in tf.tuple([3, tf.constant(1.0), None])] == [False, False, True]


def test_what_may_be_fed_is_no_constant() -> None:
    start = tf.placeholder_with_default(1, [])
    rows = tf.constant([1, 2, 3])[start:]
    assert rows.shape.as_list() == [None]
    with tf.Session() as sess:
        assert sess.run(rows).tolist() == [2, 3]
        assert sess.run(rows, {start: 0}).tolist() == [1, 2, 3]


def test_what_converts_to_a_tensor() -> None:
    slices = tf.IndexedSlices(tf.ones([1, 2]), tf.constant([0]))
    value = tf.SparseTensorValue([[0]], [1.0], [2])
    assert tf.convert_to_tensor_or_indexed_slices(slices) is slices
    assert tf.convert_to_tensor_or_indexed_slices(None) is None
    assert tf.convert_to_tensor_or_indexed_slices([1.0]).dtype is tf.float32
    sparse = tf.convert_to_tensor_or_sparse_tensor(value)
    assert isinstance(sparse, tf.SparseTensor)
    assert tf.convert_to_tensor_or_sparse_tensor(1).dtype is tf.int32
    assert all(tf.is_tensor(item) for item in (slices, sparse, tf.Variable(1.0)))
    assert not any(tf.is_tensor(item) for item in (value, tf.no_op(), 1.0, np.ones(2)))
    with pytest.raises(ValueError, match="is of float32, not of int32"):
        tf.convert_to_tensor_or_indexed_slices(slices, tf.int32)
    with pytest.raises(RuntimeError, match="is of float32, not of int32"):
        tf.convert_to_tensor_or_sparse_tensor(sparse, tf.int32)


def test_static_values() -> None:
    x = tf.placeholder(tf.float32, [2, None])
    known = tf.placeholder(tf.float32, [2, 3])
    assert tf.get_static_value(tf.shape(known)).tolist() == [2, 3]
    assert tf.get_static_value(x) is None
    assert tf.get_static_value(tf.shape(x)) is None
    assert tf.get_static_value(tf.shape(x), partial=True).tolist() == [2, None]
    assert tf.get_static_value(tf.constant("a")) == b"a"
    assert tf.get_static_value(7) == 7


def test_arguments_of_conversion_functions() -> None:
    with pytest.raises(TypeError, match="base_type must be a type or a tuple of types"):
        tf.register_tensor_conversion_function(cast("Any", 3), lambda *_: None)
    with pytest.raises(TypeError, match="conversion_func must be callable"):
        tf.register_tensor_conversion_function(bytearray, cast("Any", 3))


def test_values_that_no_element_is_taken_from() -> None:
    empty = tf.constant(5, shape=[0])
    assert (empty.dtype, empty.shape.as_list()) == (tf.float32, [0])
    with pytest.raises(ValueError, match=r"use tf\.convert_to_tensor"):
        tf.constant(tf.TensorShape([1, 2]))


def test_indices() -> None:
    x = tf.constant(np.arange(12).reshape(3, 4))
    with tf.Session() as sess:
        assert sess.run(x[tf.constant(2, tf.int16)]).tolist() == [8, 9, 10, 11]
        assert sess.run(x[tf.newaxis, 1]).tolist() == [[4, 5, 6, 7]]
    with pytest.raises(TypeError, match="a mask is a tensor or an array of bools"):
        x[[True, False, True]]


@pytest.mark.parametrize(
    ("build", "essence"),
    [
        (
            lambda: tf.Variable([1.0, 2.0]).assign([1.0]),
            "Dimension 0 in both shapes must be equal, but are 2 and 1",
        ),
        (lambda: tf.Variable([1.0]).assign(1.0), "Shapes must be equal rank, but are 1 and 0"),
        (lambda: tf.matmul(tf.ones([3]), tf.ones([3, 2])), "Shape must be rank 2 but is rank 1"),
        (
            lambda: tf.matmul(tf.ones([2, 3]), tf.ones([4, 5])),
            "but are 3 and 4 for 'MatMul' (op: 'MatMul') with input shapes: [2,3], [4,5]",
        ),
        (lambda: tf.ones([2, 3]).set_shape([5, 3]), "must be equal, but are 2 and 5"),
        (
            lambda: tf.placeholder_with_default([1.0], [2]),
            "Dimension 0 in both shapes must be equal, but are 1 and 2",
        ),
    ],
)
def test_shapes_that_do_not_fit(build: Callable[[], Any], essence: str) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        build()
    assert essence in str(raised.value)


def test_a_reduction_of_a_variable_knows_its_rank(graph: tf.Graph) -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    total = tf.reduce_sum(v)
    assert [op.name for op in graph.get_operations()][-2:] == ["Const", "Sum"]
    assert total.shape.as_list() == []
    assert tf.norm(v).op.inputs[0].op.inputs[0].op.inputs[0].name == "norm/mul:0"


def test_texts_of_slices() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0]], name="v"), tf.constant([1], name="i"))
    assert str(slices) == (
        'IndexedSlices(indices=Tensor("i:0", shape=(1,), dtype=int32), '
        'values=Tensor("v:0", shape=(1, 1), dtype=float32))'
    )
    sparse = tf.SparseTensor([[0]], [1.0], [2])
    doubled = sparse.values * 2.0
    assert sparse.consumers() == [doubled.op]


def test_devices_by_their_parts() -> None:
    spec = tf.DeviceSpec.from_string("/job:ps/task:3/cpu:1")
    assert (spec.job, spec.replica, spec.task) == ("ps", None, 3)
    assert (spec.device_type, spec.device_index) == ("CPU", 1)
    assert str(spec) == spec.to_string() == "/job:ps/task:3/device:CPU:1"
    spec.merge_from(tf.DeviceSpec(task=4, device_type="gpu"))
    assert spec.to_string() == "/job:ps/task:4/device:GPU:1"
    assert tf.DeviceSpec(device_type="gpu").to_string() == "/device:GPU:*"
    assert tf.DeviceSpec.from_string("gpu:*") == tf.DeviceSpec(device_type="GPU")
    assert len({tf.DeviceSpec(job="a"), tf.DeviceSpec(job="a")}) == 1
    assert repr(tf.DeviceSpec(job="a", task=0)) == "DeviceSpec(job='a', task=0)"
    assert tf.DeviceSpec().parse_from_string("").to_string() == ""
    with tf.device(tf.DeviceSpec(device_type="CPU", device_index=1)):
        assert tf.constant(1.0).device == "/device:CPU:1"
    with pytest.raises(ValueError, match="no part of a device"):
        tf.DeviceSpec.from_string("nope")


def test_an_init_scope_keeps_only_names() -> None:
    before = tf.constant(1.0)
    with tf.name_scope("n"), tf.control_dependencies([before]), tf.init_scope():
        inside = tf.constant(2.0, name="c")
    assert (inside.name, inside.op.control_inputs) == ("n/c:0", [])


def test_dimensions_at_an_index() -> None:
    assert tf.dimension_at_index(tf.TensorShape([1, None]), 0) == 1
    assert tf.dimension_at_index(tf.TensorShape([1, None]), 1).value is None
    assert tf.dimension_at_index(tf.TensorShape(None), 7).value is None


def test_the_sizes_of_an_unstacked_shape_are_known() -> None:
    x = tf.placeholder(tf.float32, [None, 6])
    rows, columns = tf.unstack(tf.shape(x))
    assert tf.reshape(x, [rows * 2, columns // 2]).shape.as_list() == [None, 3]
    assert tf.reshape(x, (-1, columns)).shape.as_list() == [None, 6]
    assert tf.zeros([columns, 3]).shape.as_list() == [6, 3]
    with tf.Session() as sess:
        assert sess.run(tf.shape(tf.reshape(x, [rows * 2, -1])), {x: np.ones((2, 6))}).tolist() == [
            4,
            3,
        ]
