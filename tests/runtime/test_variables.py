"""Variables: how they look in the graph, and what stands for them."""

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


def nodes(graph: tf.Graph) -> list[Any]:
    return [
        (op.name, op.type, [tensor.name for tensor in op.inputs]) for op in graph.get_operations()
    ]


def test_operations_of_a_variable(graph: tf.Graph) -> None:
    v = tf.Variable(1.0, name="W")
    # Recorded on TensorFlow 2.21 compat.v1.
    assert nodes(graph) == [
        ("W/initial_value", "Const", []),
        ("W", "VariableV2", []),
        ("W/Assign", "Assign", ["W:0", "W/initial_value:0"]),
        ("W/read", "Identity", ["W:0"]),
    ]
    assert repr(v) == "<tf.Variable 'W:0' shape=() dtype=float32_ref>"
    assert v.initializer.name == "W/Assign"
    assert v.initial_value.name == "W/initial_value:0"
    assert v.value().name == "W/read:0"
    assert v.read_value().name == "read:0"
    assert v.graph is graph
    assert v.op.name == "W"
    assert v.trainable
    assert v.constraint is None
    assert v.device == ""


def test_initial_values() -> None:
    # Recorded on TensorFlow 2.21 compat.v1: names of the initial values, and of the variables.
    made = [
        tf.Variable(tf.zeros([2, 3])),
        tf.Variable(lambda: tf.zeros([2, 3]), name="c"),
        tf.Variable(lambda: 1.0, name="d"),
        tf.Variable([1, 2]),
    ]
    assert [v.initial_value.name for v in made] == [
        "zeros:0",
        "c/Initializer/zeros:0",
        "d/Initializer/initial_value:0",
        "Variable_1/initial_value:0",
    ]
    assert [v.dtype.name for v in made] == ["float32_ref"] * 3 + ["int32_ref"]
    assert tf.Variable(1, dtype=tf.float64).dtype.base_dtype == tf.float64


def test_a_variable_waits_for_nothing() -> None:
    a = tf.constant(1.0)
    with tf.control_dependencies([a]):
        v = tf.Variable(1.0)
        read = v.read_value()
    assert v.op.control_inputs == v.initializer.control_inputs == []
    assert read.op.control_inputs == [a.op]


@pytest.mark.parametrize(
    ("arguments", "error", "essence"),
    [
        ({"initial_value": None}, ValueError, "initial_value must be specified"),
        ({"initial_value": 1.0, "dtype": tf.int32}, TypeError, "Expected int32"),
        ({"initial_value": 1.0, "collections": "a"}, ValueError, "list, tuple, or set"),
        ({"initial_value": 1.0, "constraint": 3}, ValueError, "must be a callable"),
    ],
)
def test_arguments_that_are_refused(arguments: Any, error: type[Exception], essence: str) -> None:
    with pytest.raises(error, match=essence):
        tf.Variable(**arguments)


def test_the_shape_must_be_known_unless_it_may_change() -> None:
    unknown = tf.placeholder(tf.float32)
    with pytest.raises(ValueError, match="must have a shape specified"):
        tf.Variable(unknown)
    assert tf.Variable(unknown, validate_shape=False).get_shape().ndims is None
    assert tf.Variable([1.0], validate_shape=False).shape.ndims is None
    # TF1 has the argument and does nothing with it.
    assert tf.Variable([1.0], expected_shape=[3]).shape.as_list() == [1]


def test_collections() -> None:
    a = tf.Variable(1.0, name="a")
    b = tf.Variable(1.0, name="b", trainable=False)
    c = tf.Variable(1.0, name="c", collections=["x"])
    d = tf.Variable(1.0, name="d", collections=[], trainable=False)
    e = tf.Variable(1.0, name="e", synchronization=tf.VariableSynchronization.ON_READ)
    assert tf.global_variables() == [a, b, e]
    assert tf.trainable_variables() == [a, c]
    assert tf.get_collection("x") == [c]
    assert tf.global_variables("a|b") == [a, b]
    assert d not in tf.global_variables() + tf.local_variables()


def test_caching_device() -> None:
    v = tf.Variable(1.0, caching_device="/cpu:0")
    assert (v.device, v.value().device) == ("", "/device:CPU:0")


def test_conversion() -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    assert tf.convert_to_tensor(v) is v.value()
    assert tf.convert_to_tensor(v).dtype is tf.float32
    with pytest.raises(ValueError, match="requested dtype int32"):
        tf.convert_to_tensor(v, tf.int32)
    assert tf.identity(v).op.inputs[0].name == "v/read:0"
    assert (2.0 * v).name == "mul:0"
    assert isinstance(np.ones(2, np.float32) * v, tf.Tensor)
    assert tf.is_tensor(v)
    assert not isinstance(v, tf.Tensor)


def test_as_an_object() -> None:
    v, w = tf.Variable(1.0), tf.Variable(1.0)
    assert v in {v: 1}
    assert v != w
    assert bool(v)
    with pytest.raises(TypeError, match="not iterable"):
        iter(v)
    with pytest.raises(TypeError):
        len(v)


def test_writes() -> None:
    v = tf.Variable([1.0, 2.0], name="v")
    made = [v.assign([0, 0]), v.assign_add([1.0, 1.0]), v.assign_sub([1.0, 1.0])]
    assert [tensor.name for tensor in made] == ["Assign:0", "AssignAdd:0", "AssignSub:0"]
    assert v.assign([0, 0], read_value=False).type == "Assign"
    slices = tf.IndexedSlices(tf.constant([1.0]), tf.constant([0]))
    assert v.scatter_sub(slices).name == "ScatterSub:0"
    with pytest.raises(TypeError, match=r"must be tf\.IndexedSlices"):
        v.scatter_add([1.0])
    with pytest.raises(TypeError, match="float32 not in list"):
        v.count_up_to(3)
    with pytest.raises(TypeError, match="does not match type float32"):
        tf.assign(v, tf.constant([1, 2]))


def test_the_list_of_an_initializer_is_that_of_its_making() -> None:
    a = tf.Variable(1.0, name="a")
    init = tf.global_variables_initializer()
    tf.Variable(1.0, name="b")
    assert init.control_inputs == [a.initializer]
    # Recorded on TensorFlow 2.21 compat.v1.
    assert [
        init.name,
        tf.variables_initializer([]).name,
        tf.local_variables_initializer().name,
        tf.initialize_all_variables().name,
    ] == ["init", "init_1", "init_2", "init_3"]


def test_in_a_session() -> None:
    v = tf.Variable([1.0, 2.0])
    counter = tf.Variable(2)
    step = counter.count_up_to(3)
    with tf.Session(backend="numpy") as sess:
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(v)
        sess.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(v.eval(), [1, 2])
        operations = tf.get_default_graph().version
        v.load([3.0, 4.0], sess)
        assert tf.get_default_graph().version == operations
        np.testing.assert_array_equal(sess.run(v + 1.0), [4, 5])
        assert sess.run(step) == 2
        with pytest.raises(tf.errors.OutOfRangeError, match="Reached limit of 3"):
            sess.run(step)
        assert sess.run(counter) == 3


def test_initial_values_of_other_variables() -> None:
    v = tf.Variable(2.0, name="v")
    with tf.variable_scope("s"):
        w = tf.Variable(v * 3.0, name="w")
    x = tf.Variable(w + v, name="x")
    y = tf.Variable(v.initialized_value() * 5.0, name="y")
    # Recorded on TensorFlow 2.21 compat.v1: the copy is called after the variable that it is for.
    assert v.initial_value.name == "v/initial_value:0"
    assert w.initial_value.name == "s/mul:0"
    assert w.initializer.inputs[1].name == "s/mul_s/w:0"
    with tf.Session(backend="numpy") as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run([v, w, x, y]) == [2.0, 6.0, 8.0, 10.0]
        sess.run(v.assign(7.0))
        assert sess.run(v.initialized_value()) == 7.0
        sess.run(w.initializer)
        assert sess.run(w) == 21.0


def test_which_variables_have_no_value() -> None:
    v, w = tf.Variable(2.0, name="v"), tf.Variable(3.0, name="w")
    missing = tf.report_uninitialized_variables()
    has_value = tf.is_variable_initialized(v)
    with tf.Session(backend="numpy") as sess:
        assert sess.run(missing).tolist() == [b"v", b"w"]
        assert not sess.run(has_value)
        sess.run(v.initializer)
        assert sess.run(missing).tolist() == [b"w"]
        assert sess.run(has_value)
        assert sess.run(tf.assert_variables_initialized([v])) == 0
        with pytest.raises(tf.errors.FailedPreconditionError):
            sess.run(tf.assert_variables_initialized())
        assert sess.run(tf.report_uninitialized_variables([])).size == 0
    assert w.name == "w:0"
    with tf.Graph().as_default():
        assert tf.assert_variables_initialized() is None


def test_a_variable_may_change_its_shape() -> None:
    v = tf.Variable([1.0, 2.0], validate_shape=False)
    longer = tf.assign(v, [1.0, 2.0, 3.0], validate_shape=False)
    with tf.Session(backend="numpy") as sess:
        sess.run(v.initializer)
        sess.run(longer)
        np.testing.assert_array_equal(sess.run(v), [1, 2, 3])


def test_scatter_in_a_session() -> None:
    v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    slices = tf.IndexedSlices(tf.constant([[1.0, 1.0], [2.0, 2.0]]), tf.constant([1, 1]))
    with tf.Session(backend="numpy") as sess:
        sess.run(v.initializer)
        np.testing.assert_array_equal(sess.run(v.scatter_add(slices)), [[1, 2], [6, 7]])
        np.testing.assert_array_equal(
            sess.run(v.scatter_nd_update([[0, 1]], [9.0])), [[1, 9], [6, 7]]
        )
        bad = tf.scatter_update(v, tf.placeholder_with_default([0], [None]), [[0.0, 0.0]])
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"indices\[0\] = 5 is not in"):
            sess.run(bad, {bad.op.inputs[1]: [5]})
        np.testing.assert_array_equal(sess.run(v), [[1, 9], [6, 7]])


def test_group_and_tuple() -> None:
    v = tf.Variable(1.0)
    write = v.assign(2.0)
    assert tf.group(write, [write.op, {"k": v}]).control_inputs == [write.op, v.op]
    assert tf.group(name="g").name == "g"
    with pytest.raises(TypeError, match="but got 3"):
        tf.group(3)
    one, two = tf.constant(1.0), tf.constant(2.0)
    first, none, second = tf.tuple([one, None, two], control_inputs=[write])
    assert none is None
    # Recorded on TensorFlow 2.21 compat.v1.
    assert (first.name, second.name) == (
        "tuple/control_dependency:0",
        "tuple/control_dependency_1:0",
    )
    (gate,) = first.op.control_inputs
    assert gate.name == "tuple/group_deps"
    assert gate.control_inputs == [write.op, one.op, two.op]
    with pytest.raises(ValueError, match="at least one tensor"):
        tf.tuple([None])


def test_a_group_over_devices_has_one_part_for_each() -> None:
    with tf.device("/gpu:0"):
        a = tf.constant(1.0)
    with tf.device("/cpu:0"):
        b = tf.constant(1.0)
    g = tf.group(a, b, name="g")
    # Recorded on TensorFlow 2.21 compat.v1.
    assert [(op.name, op.control_inputs) for op in g.control_inputs] == [
        ("g/NoOp", [b.op]),
        ("g/NoOp_1", [a.op]),
    ]
    assert g.name == "g"
