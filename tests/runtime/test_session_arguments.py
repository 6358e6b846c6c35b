"""What sessions accept and refuse, as recorded on TensorFlow 2.21 compat.v1."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, cast

import pytest

import polygraph as tf

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def test_a_graph_is_a_graph() -> None:
    with pytest.raises(TypeError, match=r"`graph` must be a tf\.Graph"):
        tf.Session(graph=cast("Any", 3))


def test_a_backend_is_chosen_by_its_name() -> None:
    with pytest.raises(TypeError, match="by its name, a string, not by 3"):
        tf.Session(backend=cast("Any", 3))


def test_feeds_are_a_dictionary() -> None:
    x = tf.placeholder(tf.float32)
    with tf.Session() as session, pytest.raises(TypeError, match="must be a dictionary"):
        session.run(x, cast("Any", [1]))


def test_a_defaultdict_of_fetches_comes_back_as_one() -> None:
    fetches: defaultdict[str, list[Any]] = defaultdict(list)
    fetches["a"].append(tf.constant(2.0))
    with tf.Session() as session:
        result = session.run(fetches)
    assert isinstance(result, defaultdict)
    assert result == {"a": [2.0]}


def test_the_parts_of_a_run_take_announced_feeds() -> None:
    a, b = tf.placeholder(tf.float32, []), tf.placeholder(tf.float32, [])
    with tf.Session() as session:
        handle = session.partial_run_setup([a], [a])
        with pytest.raises(tf.errors.InvalidArgumentError, match="was not announced"):
            session.partial_run(handle, a, {b: 1.0})


def test_an_error_names_the_node_of_what_failed() -> None:
    x = tf.placeholder(tf.float32, name="x")
    with tf.Session() as session, pytest.raises(tf.errors.InvalidArgumentError) as raised:
        session.run(x)
    assert raised.value.node_def.name == "x"


def test_a_number_is_no_string() -> None:
    x = tf.placeholder(tf.string)
    with tf.Session() as session, pytest.raises(TypeError, match="Type of feed value 1"):
        session.run(x, {x: 1})
