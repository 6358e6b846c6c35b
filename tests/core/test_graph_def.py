"""Graphs as data, and back."""

from __future__ import annotations

import numpy as np
import pytest

import polygraph as tf


def built() -> tf.GraphDef:
    with tf.Graph().as_default() as graph:
        a = tf.placeholder(tf.float32, [2], name="a")
        m = tf.multiply(a, 3.0, name="m")
        with tf.control_dependencies([m]):
            tf.add(tf.unstack(m)[1], 1.0, name="last")
    return graph.as_graph_def()


def test_nodes() -> None:
    # Recorded on TensorFlow 2.21 compat.v1, save for the name of the unstacked node.
    assert [(node.name, node.op, node.input) for node in built().node] == [
        ("a", "Placeholder", []),
        ("m/y", "Const", []),
        ("m", "Mul", ["a", "m/y"]),
        ("unstack", "Unpack", ["m"]),
        ("last/y", "Const", ["^m"]),
        ("last", "AddV2", ["unstack:1", "last/y"]),
    ]
    node = built().node[2]
    assert node.attr["T"].type == tf.float32.as_datatype_enum
    assert built().node[0].attr["shape"].shape.as_list() == [2]


def test_round_trip() -> None:
    with tf.Graph().as_default() as graph:
        m, last = tf.import_graph_def(built(), return_elements=["m:0", "last"])
        x = tf.constant([5.0, 6.0])
        (two,) = tf.import_graph_def(built(), {"a:0": x}, ["m:0"], name="two")
        with tf.Session(backend="numpy") as sess:
            np.testing.assert_array_equal(sess.run(m, {"import/a:0": [1, 2]}), [3, 6])
            np.testing.assert_array_equal(sess.run(two), [15, 18])
            assert sess.run("two/last:0") == np.float32(19)
    assert (m.name, last.name, two.name) == ("import/m:0", "import/last", "two/m:0")
    assert m.get_shape().as_list() == [2]
    assert graph.get_operation_by_name("import/last/y").control_inputs == [m.op]


def test_variables_survive() -> None:
    with tf.Graph().as_default() as graph:
        v = tf.Variable([1.0, 2.0], name="v")
        tf.add(v, 1.0, name="more")
        v.assign_add([1.0, 1.0], name="grow")
    with tf.Graph().as_default(), tf.Session(backend="numpy") as sess:
        tf.import_graph_def(graph.as_graph_def(), name="")
        sess.run("v/Assign")
        sess.run("grow")
        np.testing.assert_array_equal(sess.run("more:0"), [3, 4])


def test_nodes_may_come_in_any_order() -> None:
    data = built()
    data.node.reverse()
    with tf.Graph().as_default():
        (m,) = tf.import_graph_def(data, return_elements=["m"])
    assert [tensor.op.name for tensor in m.inputs] == ["import/a", "import/m/y"]


def test_names_that_are_taken_are_made_unique() -> None:
    with tf.Graph().as_default():
        tf.constant(1.0, name="m")
        (m,) = tf.import_graph_def(built(), return_elements=["m"], name="")
    assert m.name == "m_1"


def test_errors() -> None:
    with tf.Graph().as_default():
        with pytest.raises(TypeError, match="must be a GraphDef"):
            tf.import_graph_def(3)
        with pytest.raises(ValueError, match=r"'zz:0' not found"):
            tf.import_graph_def(built(), return_elements=["zz:0"])
        with pytest.raises(ValueError, match=r"not found in graph_def: \[zz:0\]"):
            tf.import_graph_def(built(), input_map={"zz": tf.constant(1)})
        with pytest.raises(ValueError, match=r"int32 from .* incompatible with expected float32"):
            tf.import_graph_def(built(), input_map={"a": tf.constant([1, 2])})
        with pytest.raises(ValueError, match="'Nope', which is not known"):
            tf.import_graph_def(tf.GraphDef([tf.NodeDef("x", "Nope")]))
        with pytest.raises(ValueError, match="which the graph_def does not have"):
            tf.import_graph_def(tf.GraphDef([tf.NodeDef("x", "Identity", ["absent"])]))


def test_parts_of_a_graph() -> None:
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, name="a")
        version = graph.version
        tf.constant([2.0], name="b")
    (node,) = graph.as_graph_def(from_version=version, add_shapes=True).node
    assert node.name == "b"
    assert [shape.as_list() for shape in node.attr["_output_shapes"].value] == [[1]]
