"""`get_variable` and `variable_scope`: names, reuse, what scopes hand down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_a_second_variable_of_a_name_says_where_the_first_is() -> None:
    tf.get_variable("W", [1])  # the line that the error shows
    with pytest.raises(ValueError, match="already exists, disallowed") as raised:
        tf.get_variable("W", [1])
    text = str(raised.value)
    assert text.startswith(
        "Variable W already exists, disallowed. Did you mean to set reuse=True or "
        "reuse=tf.AUTO_REUSE in VarScope? Originally defined at:\n\n"
    )
    assert re.search(r'File ".*test_variable_scope\.py", line \d+, in test_a_second_var', text)
    assert 'tf.get_variable("W", [1])  # the line that the error shows' in text


def test_names_follow_the_variable_scope_not_the_name_scope() -> None:
    with tf.name_scope("ns"):
        with tf.variable_scope("vs"):
            a = tf.get_variable("v", [1])
            b = tf.Variable(1.0, name="w")
            c = a + 1.0
        d = tf.get_variable("top", [1])
    # Recorded on TensorFlow 2.21 compat.v1.
    assert [x.name for x in (a, b, c, d)] == ["vs/v:0", "ns/vs/w:0", "ns/vs/add:0", "top:0"]


def test_entering_again() -> None:
    with tf.variable_scope("s") as s:
        a = tf.get_variable("v", [1])
    with tf.variable_scope("s"):
        b = tf.Variable(1.0, name="v")
    with tf.variable_scope("q"), tf.variable_scope(s) as again:
        c = tf.constant(1.0)
        d = tf.get_variable("w", [1])
    with tf.variable_scope(s, auxiliary_name_scope=False):
        e = tf.constant(1.0)
    # Recorded on TensorFlow 2.21 compat.v1.
    assert [x.name for x in (a, b, c, d, e)] == [
        "s/v:0",
        "s_1/v:0",
        "q/s/Const:0",
        "s/w:0",
        "Const:0",
    ]
    assert (again.name, again.original_name_scope) == ("s", "s/")


def test_default_names() -> None:
    made = []
    for arguments in (("layer",), (None, "layer"), ("layer_2",), (None, "layer")):
        with tf.variable_scope(*arguments):
            made.append(tf.get_variable("w", [1]).name)
    # Recorded on TensorFlow 2.21 compat.v1.
    assert made == ["layer/w:0", "layer_1/w:0", "layer_2/w:0", "layer_3/w:0"]


def test_empty_names() -> None:
    with tf.variable_scope("x"), tf.variable_scope("") as scope:
        assert tf.get_variable("b", [1]).name == "x//b:0"
    assert scope.name == "x/"


def test_reuse() -> None:
    with tf.variable_scope("a") as a:
        w = tf.get_variable("w", [2])
    with tf.variable_scope("a", reuse=True):
        assert tf.get_variable("w") is w
        with tf.variable_scope("b", reuse=False) as inner:
            assert inner.reuse is True
        with pytest.raises(ValueError, match="a/n does not exist, or was not created with"):
            tf.get_variable("n", [1])
        with pytest.raises(ValueError, match=r"specified shape \(3,\) and found shape \(2,\)"):
            tf.get_variable("w", [3])
        with pytest.raises(ValueError, match="specified dtype int32 and found dtype float32_ref"):
            tf.get_variable("w", [2], tf.int32)
        with tf.variable_scope(a) as again:
            assert not again.reuse
    with tf.variable_scope("a", reuse=tf.AUTO_REUSE):
        assert tf.get_variable("w", [2]) is w
        assert tf.get_variable("new", [2]).name == "a/new:0"
    with tf.variable_scope("a") as scope:
        scope.reuse_variables()
        assert tf.get_variable("w") is w
    with tf.variable_scope("a") as scope:
        assert not scope.reuse


def test_what_scopes_hand_down() -> None:
    def regularizer(variable: Any) -> Any:
        return tf.reduce_sum(variable, name="r")

    with tf.variable_scope(
        "x",
        initializer=tf.ones_initializer(),
        regularizer=regularizer,
        dtype=tf.float64,
        constraint=tf.abs,
        caching_device="/cpu:0",
    ):
        v = tf.get_variable("v", [1])
        with tf.variable_scope("y") as y:
            w = tf.get_variable("w", [1], regularizer=tf.no_regularizer, dtype=tf.int32)
    assert v.dtype.base_dtype is tf.float64
    assert v.initial_value.name == "x/v/Initializer/ones:0"
    assert v.constraint is tf.abs
    assert v.value().device == "/device:CPU:0"
    assert w.dtype.base_dtype is tf.int32
    assert w.initial_value.name == "x/y/w/Initializer/ones:0"
    assert y.dtype is tf.float64
    # Recorded on TensorFlow 2.21 compat.v1.
    losses = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    assert [loss.name for loss in losses] == ["x/v/Regularizer/r:0"]


def test_setters() -> None:
    scope = tf.get_variable_scope()
    scope.set_dtype(tf.float16)
    scope.set_initializer(tf.ones_initializer())
    assert tf.get_variable("v", [1]).dtype.base_dtype is tf.float16
    assert scope.global_variables() == scope.trainable_variables() == tf.global_variables()
    with tf.variable_scope("a") as inner:
        a = tf.get_variable("v", [1])
        b = tf.get_local_variable("l", [1])
        assert inner.global_variables() == [a]
        assert inner.local_variables() == [b]
    assert not b.trainable


def test_custom_getters() -> None:
    seen = {}

    def inner(getter: Any, name: str, *arguments: Any, **keywords: Any) -> Any:
        seen.update(keywords, name=name)
        return getter(name, *arguments, **keywords) + 1.0

    def outer(getter: Any, *arguments: Any, **keywords: Any) -> Any:
        return getter(*arguments, **keywords) * 2.0

    with (
        tf.variable_scope("a", custom_getter=outer),
        tf.variable_scope("b", custom_getter=inner),
    ):
        x = tf.get_variable("x", [], initializer=tf.constant_initializer(3.0))
        y = tf.get_variable("y", [], initializer=tf.ones_initializer(), custom_getter=outer)
    # Recorded on TensorFlow 2.21 compat.v1: what a getter is called with.
    assert seen.pop("name") == "a/b/x"
    assert sorted(seen) == [
        "aggregation", "caching_device", "collections", "constraint", "dtype", "initializer",
        "partitioner", "regularizer", "reuse", "shape", "synchronization", "trainable",
        "use_resource", "validate_shape",
    ]  # fmt: skip
    with tf.Session(backend="numpy") as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run([x, y]) == [7.0, 2.0]
    with pytest.raises(TypeError, match="'g'"):
        tf.get_variable("z", [], custom_getter=lambda g, *a, **k: g(*a, **k))


@pytest.mark.parametrize(
    ("arguments", "error", "essence"),
    [
        ({"name": "w"}, ValueError, "its `shape` argument must be specified"),
        ({"name": "w", "shape": [None, 2]}, ValueError, "must be fully defined"),
        (
            {"name": "w", "shape": [2], "initializer": [1.0, 2.0]},
            ValueError,
            "do not specify shape",
        ),
        ({"name": "w", "initializer": 3, "dtype": tf.float64}, ValueError, "don't match"),
        ({"name": "w", "initializer": tf.zeros_initializer()}, ValueError, "must be fully defined"),
        ({"name": "bad name", "shape": [1]}, ValueError, "not a valid root scope name"),
        ({"name": "w", "shape": [1], "reuse": 3}, TypeError, "reuse"),
    ],
)
def test_variables_that_cannot_be(arguments: Any, error: type[Exception], essence: str) -> None:
    with pytest.raises(error, match=essence):
        tf.get_variable(**arguments)


def test_initializers_of_every_form() -> None:
    made = [
        tf.get_variable("a", initializer=tf.constant([1.0, 2.0])),
        tf.get_variable("b", initializer=[[1, 2], [3, 4]]),
        tf.get_variable("d", initializer=lambda: tf.ones([3])),
        tf.get_variable("e", [2], initializer=tf.zeros_initializer),
        tf.get_variable(
            "g", [2], initializer=lambda shape, dtype: tf.cast(tf.fill(shape, 9.0), dtype)
        ),
        tf.get_variable("h", [2], tf.bool),
        tf.get_variable("i", [2]),
    ]
    assert [v.dtype.base_dtype.name for v in made] == [
        "float32", "int32", "float32", "float32", "float32", "bool", "float32",
    ]  # fmt: skip
    assert [v.shape.as_list() for v in made] == [[2], [2, 2], [3], [2], [2], [2], [2]]
    assert made[-1].initial_value.name == "i/Initializer/random_uniform:0"


@pytest.mark.parametrize(
    ("arguments", "error", "essence"),
    [
        ((None,), TypeError, "name_or_scope is required"),
        ((3,), TypeError, "must be a string or VariableScope"),
    ],
)
def test_scopes_that_cannot_be(arguments: Any, error: type[Exception], essence: str) -> None:
    with pytest.raises(error, match=essence), tf.variable_scope(*arguments):
        pass


def test_reuse_wants_a_name() -> None:
    with (
        pytest.raises(ValueError, match="without a name_or_scope"),
        tf.variable_scope(None, "d", reuse=True),
    ):
        pass
    with pytest.raises(ValueError, match="reuse must be"):
        tf.variable_scope("a", reuse=3)


def test_every_graph_has_its_own() -> None:
    tf.get_variable("v", [1])
    with tf.variable_scope("outer"):
        with tf.Graph().as_default():
            assert tf.get_variable("v", [1]).name == "v:0"
            assert tf.get_variable_scope().name == ""
        assert tf.get_variable("v", [1]).name == "outer/v:0"


def test_variable_op_scope() -> None:
    x = tf.constant(1.0)
    with tf.variable_op_scope([x], None, "d"):
        assert tf.get_variable("v", [1]).name == "d/v:0"


def test_an_error_leaves_the_scopes_as_they_were(graph: tf.Graph) -> None:
    with pytest.raises(KeyError), tf.variable_scope("a"), tf.variable_scope("b"):
        raise KeyError
    assert tf.get_variable_scope().name == ""
    assert graph.get_name_scope() == ""


def test_templates() -> None:
    def layer(x: Any, factor: float = 1.0) -> Any:
        return tf.get_variable("w", [], initializer=tf.ones_initializer()) * x * factor

    t = tf.make_template("t", layer, factor=2.0)
    a, b = t(3.0), t(4.0)
    other = tf.make_template("t", layer)
    c = other(5.0)
    now = tf.make_template("t", layer, create_scope_now_=True)
    named = tf.make_template("t", layer, unique_name_="exactly")
    named(1.0)
    # Recorded on TensorFlow 2.21 compat.v1, save for the second product.
    assert [x.name for x in (a, b, c)] == ["t/mul_1:0", "t_1/mul_1:0", "t_2/mul_1:0"]
    assert [v.name for v in tf.global_variables()] == ["t/w:0", "t_1/w:0", "exactly/w:0"]
    assert (t.name, t.var_scope.name, t.variable_scope_name) == ("t", "t", "t/")
    assert now.variable_scope.name == "t_2"
    assert t.variables == t.trainable_variables == [tf.global_variables()[0]]
    with tf.Session(backend="numpy") as sess:
        sess.run(tf.global_variables_initializer())
        assert sess.run([a, b, c]) == [6.0, 8.0, 5.0]


def test_a_template_makes_its_variables_once() -> None:
    made = []

    def growing() -> Any:
        made.append(1)
        return tf.get_variable(f"w{len(made)}", [1])

    t = tf.make_template("t", growing)
    t()
    with pytest.raises(ValueError, match="does not exist") as raised:
        t()
    assert "in template 't'" in raised.value.__notes__[0]
    stray = tf.make_template("s", lambda: tf.Variable(1.0))
    stray()
    with pytest.raises(ValueError, match="after the first time: s_1/Variable:0"):
        stray()


def test_a_template_that_makes_its_scope_at_once_opens_no_scope_of_operations() -> None:
    def scaled(x: float) -> Any:
        w = tf.get_variable("w", [], initializer=tf.ones_initializer())
        return tf.multiply(x, w, name="scaled")

    first = tf.make_template("n", scaled, create_scope_now_=True)
    second = tf.make_template("n", scaled, create_scope_now_=True)
    # Recorded on TensorFlow 2.21 compat.v1.
    assert [second(1.0).name, first(1.0).name] == ["n_1/scaled:0", "n/scaled:0"]
