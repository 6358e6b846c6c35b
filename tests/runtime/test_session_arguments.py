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


def test_targets_are_strings_and_options_are_options() -> None:
    with pytest.raises(TypeError, match="`target` must be a string, but got 'int'"):
        tf.Session(cast("Any", 3))
    a = tf.constant(1.0)
    with tf.Session() as session:
        assert session.sess_str == b""
        with pytest.raises(TypeError, match=r"options must be a tf\.RunOptions, but got int"):
            session.run(a, options=3)


def test_a_closed_session_has_no_devices() -> None:
    session = tf.Session()
    session.close()
    with pytest.raises(tf.errors.CancelledError, match="Session has been closed"):
        session.list_devices()


def test_a_callable_is_checked_when_it_is_made() -> None:
    x = tf.placeholder(tf.float32)
    with tf.Session() as session:
        with pytest.raises(TypeError, match="nothing to fetch"):
            session.make_callable(None)
        with pytest.raises(ValueError, match="cannot be interpreted as a Tensor"):
            session.make_callable("nope")
        with pytest.raises(TypeError, match="`feed_list` must be a list or tuple"):
            session.make_callable(x, cast("Any", x))


def test_a_tuple_of_keys_is_fed_with_a_tuple_of_values() -> None:
    a, b = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    total = a + b
    with tf.Session() as session:
        assert session.run(total, {(a, b): (1.0, 2.0)}) == 3.0
        assert session.run(total, {(a, (b,)): [1.0, (3.0,)]}) == 4.0
        with pytest.raises(ValueError, match="must have as many values in it"):
            session.run(total, {(a, b): (1.0,)})


def test_slices_are_fetched_and_fed() -> None:
    slices = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([2]), tf.constant([4, 1]))
    without = tf.IndexedSlices(tf.constant([[1.0]]), tf.constant([2]))
    with tf.Session() as session:
        value, other = session.run([slices, without])
        assert isinstance(value, tf.IndexedSlicesValue)
        assert value._fields == ("values", "indices", "dense_shape")
        assert other.dense_shape is None
        assert session.run(slices.values, {slices: ([[9.0]], [1], [4, 1])}).tolist() == [[9.0]]
        assert session.run(without.indices, {without: value}).tolist() == [2]
        with pytest.raises(TypeError, match="or its parts, not 3"):
            session.run(slices, {slices: 3})


def test_messages_hold_what_their_fields_can() -> None:
    config = tf.ConfigProto(gpu_options=tf.GPUOptions(allow_growth=True))
    with pytest.raises(ValueError, match="has no field 'nope'"):
        tf.ConfigProto(nope=1)
    with pytest.raises(AttributeError, match="has no field 'nope'"):
        config.nope = 1
    for field, value in (("allow_soft_placement", "a"), ("intra_op_parallelism_threads", 1.5)):
        with pytest.raises(TypeError, match=f"{field} cannot hold"):
            tf.ConfigProto(**{field: value})
    with pytest.raises(TypeError, match="gpu_options cannot hold"):
        config.gpu_options = 3


def test_messages_are_copied_and_reading_sets_nothing() -> None:
    options = tf.GPUOptions(allow_growth=True)
    config = tf.ConfigProto(gpu_options=options)
    other = tf.ConfigProto()
    other.CopyFrom(config)
    options.allow_growth = False
    config.gpu_options.allow_growth = False
    assert other.gpu_options.allow_growth is True
    fresh = tf.ConfigProto()
    assert fresh.gpu_options.allow_growth is False
    assert not fresh.HasField("gpu_options")
    assert fresh == tf.ConfigProto()
