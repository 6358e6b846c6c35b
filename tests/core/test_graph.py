"""Graphs: names, scopes, lookups, collections, dependencies, devices."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

import polygraph as tf
from polygraph.core.ground.placement import merge_devices

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def names(*items: Any) -> list[str]:
    return [item.name for item in items]


def test_names_are_made_unique_ignoring_case() -> None:
    a, b = tf.constant(1.0, name="Foo"), tf.constant(1.0, name="foo")
    assert names(a, b, tf.add(a, b), a + b) == ["Foo:0", "foo_1:0", "Add:0", "add_1:0"]
    # Recorded on TensorFlow 2.21 compat.v1: a taken `a_1` makes the next one `a_1_1`.
    made = [tf.constant(0, name=name).name for name in ("a", "a", "a_1", "a")]
    assert made == ["a:0", "a_1:0", "a_1_1:0", "a_2:0"]


def test_scopes_and_operations_share_their_names() -> None:
    tf.constant(0, name="a")
    with tf.name_scope("a") as scope:
        assert scope == "a_1/"
    assert tf.constant(0, name="a").name == "a_2:0"


def test_a_trailing_slash_is_absolute(graph: tf.Graph) -> None:
    with tf.name_scope("s") as scope:
        assert tf.constant(0, name="foo/").name == "foo:0"
        with tf.name_scope(None):
            assert tf.constant(0, name="root").name == "root:0"
        with tf.name_scope(""):
            assert graph.get_name_scope() == ""
    with tf.name_scope(scope):
        assert tf.constant(0, name="again").name == "s/again:0"


def test_unique_name(graph: tf.Graph) -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    assert [graph.unique_name(name) for name in ("a/b", "a/b", "a", "a_1/b")] == [
        "a/b",
        "a/b_1",
        "a",
        "a_1/b",
    ]
    assert graph.unique_name("free", mark_as_used=False) == graph.unique_name("free")


def test_names_that_are_none() -> None:
    for name in ("bad name", "_at_root", "-x", "a$"):
        with pytest.raises(ValueError, match="is not a valid"):
            tf.constant(1, name=name)
    with tf.name_scope("a"), tf.name_scope("_b"):
        assert tf.constant(1, name="_c").name == "a/_b/_c:0"


def test_name_scope_wants_a_name() -> None:
    x = tf.constant(1.0)
    with tf.name_scope(None, "given", [x]) as scope:
        assert scope == "given/"
    with pytest.raises(ValueError, match="needs a name"), tf.name_scope(None, None, [x]):
        pass


def test_name_scope_enters_the_graph_of_its_values() -> None:
    with tf.Graph().as_default() as other:
        x = tf.constant(1.0)
    with tf.name_scope("s", values=[x]):
        assert tf.constant(2.0).graph is other
    with pytest.raises(ValueError, match="another graph"):
        tf.name_scope("s", values=[x, tf.constant(1.0)]).__enter__()


def test_lookups(graph: tf.Graph) -> None:
    a = tf.constant([1.0, 2.0], name="a")
    assert graph.get_tensor_by_name("a:0") is a
    assert graph.get_operation_by_name("a") is a.op
    assert graph.as_graph_element(b"a:0") is a
    assert graph.as_graph_element(a.op) is a.op


@pytest.mark.parametrize(
    ("method", "name", "error", "essence"),
    [
        ("get_tensor_by_name", "b:0", KeyError, "does not exist"),
        ("get_tensor_by_name", "a:1", KeyError, "only 1 outputs"),
        ("get_tensor_by_name", "a", ValueError, "refers to an Operation"),
        ("get_tensor_by_name", "b", ValueError, "op_name"),
        ("get_tensor_by_name", "a:x", ValueError, "no valid one"),
        ("get_tensor_by_name", 3, TypeError, "int"),
        ("get_operation_by_name", "b", KeyError, "not in the graph"),
        ("get_operation_by_name", "a:0", ValueError, "refer to a Tensor"),
        ("as_graph_element", 3.5, TypeError, "Tensor or Operation"),
    ],
)
def test_lookups_that_fail(
    graph: tf.Graph, method: str, name: str, error: type[Exception], essence: str
) -> None:
    tf.constant(1.0, name="a")
    with pytest.raises(error, match=essence):
        getattr(graph, method)(name)


def test_elements_of_another_graph() -> None:
    with tf.Graph().as_default():
        x = tf.constant(1.0)
    with pytest.raises(ValueError, match="from another graph"):
        x + tf.constant(1.0)
    with pytest.raises(ValueError, match="not an element"), tf.control_dependencies([x]):
        pass


def test_collections(graph: tf.Graph) -> None:
    a = tf.constant(1.0, name="s/a")
    b = tf.constant(1.0, name="sb/a")
    for item in (a, b, "nameless"):
        tf.add_to_collection("k", item)
    tf.add_to_collections(["k", "j", "j"], 3)
    assert tf.get_collection("k") == [a, b, "nameless", 3]
    assert tf.get_collection("j") == [3]
    # A scope is a pattern, matched from the start of the name.
    assert tf.get_collection("k", "s") == [a, b]
    assert tf.get_collection("k", "s/") == [a]
    tf.get_collection_ref("new").append(1)
    assert tf.get_collection("new") == [1]
    tf.get_collection("new").append(2)
    assert tf.get_collection("new") == [1]
    assert graph.get_all_collection_keys() == ["k", "j", "new"]
    graph.clear_collection("k")
    assert tf.get_collection("k") == []


def test_finalized(graph: tf.Graph) -> None:
    graph.finalize()
    assert graph.finalized
    with pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1.0)
    with pytest.raises(RuntimeError, match="finalized"):
        tf.add_to_collection("k", 1)


def test_control_dependencies() -> None:
    a, b = tf.constant(1.0, name="a"), tf.constant(2.0, name="b")
    with tf.control_dependencies([a]):
        c = tf.constant(3.0)
        with tf.control_dependencies([b.op, c]):
            # c comes after a already, and what takes c after all that c comes after.
            d = tf.identity(c)
            e = tf.constant(4.0)
            with tf.control_dependencies(None):
                f = tf.constant(5.0)
    assert c.op.control_inputs == [a.op]
    assert d.op.control_inputs == [b.op]
    assert e.op.control_inputs == [a.op, b.op, c.op]
    assert f.op.control_inputs == []
    with pytest.raises(TypeError, match="Can not convert a float"), tf.control_dependencies([3.5]):
        pass


def test_devices() -> None:
    with tf.device("/job:w/gpu:0"):
        a = tf.constant(1.0)
        with tf.device("/cpu:0"):
            b = tf.constant(1.0)
        with tf.device(None):
            c = tf.constant(1.0)
        with tf.colocate_with(c):
            d = tf.constant(1.0)
    with tf.device(lambda op: "/cpu:0" if op.type == "Const" else "/gpu:0"):
        e = tf.constant(1.0)
        f = tf.identity(e)
    assert [x.device for x in (a, b, c, d, e, f)] == [
        "/job:w/device:GPU:0",
        "/job:w/device:CPU:0",
        "",
        "",
        "/cpu:0",
        "/gpu:0",
    ]
    assert d.op.colocation_groups() == [f"loc:@{c.op.name}".encode()]
    # What a function gives is taken as it is; names are spelt as TensorFlow spells them.
    assert [merge_devices("", name) for name in ("cpu:0", "/gpu:1", "/task:2/job:b", "GPU")] == [
        "/device:CPU:0",
        "/device:GPU:1",
        "/job:b/task:2",
        "/device:GPU:*",
    ]
    with pytest.raises(ValueError, match="no part of a device"), tf.device("/a b"):
        tf.constant(1.0)
    assert merge_devices("/job:a/task:1", "/device:GPU:2") == "/job:a/task:1/device:GPU:2"


def test_writes_stand_with_their_variable() -> None:
    with tf.device("/gpu:0"):
        v = tf.Variable(1.0, name="v")
    assert v.assign(2.0).device == "/device:GPU:0"
    assert v.initializer.colocation_groups() == [b"loc:@v"]


def test_default_graph(graph: tf.Graph) -> None:
    inner = tf.Graph()
    with inner.as_default() as entered:
        assert entered is inner is tf.get_default_graph()
        with pytest.raises(AssertionError, match="nested graphs"):
            tf.reset_default_graph()
    assert tf.get_default_graph() is graph


def test_version_grows(graph: tf.Graph) -> None:
    before = graph.version
    tf.constant(1.0)
    assert graph.version == before + 1


def test_reprs() -> None:
    a = tf.placeholder(tf.float32, [None, 3], name="a")
    u = tf.placeholder(tf.int32, name="u")
    # Recorded on TensorFlow 2.21 compat.v1.
    assert str(a) == 'Tensor("a:0", shape=(?, 3), dtype=float32)'
    assert repr(a) == "<tf.Tensor 'a:0' shape=(?, 3) dtype=float32>"
    assert str(u) == 'Tensor("u:0", dtype=int32)'
    assert repr(u) == "<tf.Tensor 'u:0' shape=<unknown> dtype=int32>"
    assert repr(a.op) == "<tf.Operation 'a' type=Placeholder>"


def test_what_a_tensor_refuses() -> None:
    a = tf.constant([1.0, 2.0])
    for use in (bool, len, list, float, int):
        with pytest.raises(TypeError):
            use(a)
    assert a in {a: 1}
    assert a != tf.constant([1.0, 2.0])
    assert tf.is_tensor(a)
    assert not tf.is_tensor(1.0)


def test_convert_to_tensor() -> None:
    f = tf.constant(1.0)
    assert tf.convert_to_tensor(f) is f
    assert tf.convert_to_tensor(1, preferred_dtype=tf.float32).dtype == tf.float32
    assert tf.convert_to_tensor(1.5, dtype_hint=tf.int32).dtype == tf.float32
    assert tf.convert_to_tensor([f, 2.0]).op.type == "Pack"
    with pytest.raises(ValueError, match="requested dtype int32"):
        tf.convert_to_tensor(f, tf.int32)
    assert tf.convert_to_tensor(tf.TensorShape([2, 3])).dtype == tf.int32
    with pytest.raises(ValueError, match="partially known"):
        tf.convert_to_tensor(tf.TensorShape([None]))


def test_constants_of_no_elements() -> None:
    # Recorded on TensorFlow 2.21 compat.v1: every value fits a shape of no elements.
    for value in (1.0, [1.0], [1.0, 2.0], [[1.0]]):
        assert tf.constant(value, shape=[0, 3]).shape.as_list() == [0, 3]
    assert tf.zeros([0, 3]).op.type == "Const"
    with pytest.raises(ValueError, match="3 elements the shape"):
        tf.constant([1, 2, 3], shape=[2])


def test_what_control_dependencies_refuse_they_refuse_at_once() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    with tf.Graph().as_default():
        for bad, error in ((3, TypeError), ([None], TypeError), (["nope:0"], KeyError)):
            with pytest.raises(error):
                tf.control_dependencies(bad)


@pytest.mark.parametrize("device", ["/nope:0", "bad", "/gpu:x", "/cpu:0/gpu:1"])
def test_devices_that_are_none(device: str) -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    with tf.Graph().as_default(), pytest.raises(ValueError, match="device"), tf.device(device):
        tf.constant(1)


def test_names_with_two_colons_or_no_operation() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    with tf.Graph().as_default() as graph:
        tf.constant(1, name="a")
        with pytest.raises(ValueError, match="is no valid one"):
            graph.as_graph_element("a:0:1")
        with pytest.raises(KeyError, match="does not exist"):
            graph.get_tensor_by_name(":0")


def test_parts_of_a_sparse_tensor_are_named_in_its_scope() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    with tf.Graph().as_default():
        sparse = tf.SparseTensor([[0, 1]], [1.0], [2, 2])
        assert sparse.values.name == "SparseTensor/values:0"
        assert sparse.indices.name == "SparseTensor/indices:0"


def test_an_absolute_name_is_given_once() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    with tf.Graph().as_default():
        assert tf.constant(1, name="a/").name == "a:0"
        with pytest.raises(ValueError, match="Duplicate node name in graph: 'a'"):
            tf.constant(1, name="a/")


def test_an_operation_knows_the_line_that_built_it() -> None:
    with tf.Graph().as_default():
        operation = tf.constant(1).op
    ((filename, _, function, text),) = operation.traceback
    assert filename == __file__
    assert function == "test_an_operation_knows_the_line_that_built_it"
    assert text == "operation = tf.constant(1).op"


def test_a_default_fits_the_shape_of_its_placeholder() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    with tf.Graph().as_default():
        assert tf.placeholder_with_default(tf.zeros([2]), [None]).get_shape().as_list() == [None]
        with pytest.raises(ValueError, match=r"not compatible|incompatible"):
            tf.placeholder_with_default(tf.zeros([2]), [3])


def test_every_thread_has_a_default_graph_of_its_own() -> None:
    """As TensorFlow 2.21's compat.v1 answers."""
    mine = tf.get_default_graph()
    tf.constant(1)
    seen: list[Any] = []

    def build() -> None:
        seen.extend([tf.get_default_graph(), tf.constant(2)])

    thread = threading.Thread(target=build)
    thread.start()
    thread.join()
    assert seen[0] is not mine
    assert seen[1].graph is seen[0]
    assert seen[1].name == "Const:0"
