"""What loops keep for their gradients: room, checkpoints, random numbers, stages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.ground.hooks import hookimpl, plugin_manager

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class _Watch:
    """What sessions compile, and which loops they do not."""

    def __init__(self) -> None:
        self.compiled = 0
        self.host_loops: list[str] = []

    @hookimpl
    def polygraph_session_compiled(self) -> None:
        self.compiled += 1

    @hookimpl
    def polygraph_session_host_loop(self, operation: Any) -> None:
        self.host_loops.append(operation.name)


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def watch() -> Iterator[_Watch]:
    watch = _Watch()
    plugin_manager().register(watch)
    yield watch
    plugin_manager().unregister(watch)


def _power(x: Any, turns: Any) -> Any:
    """``x ** (turns + 1)`` by a loop whose length only the data know."""
    start = tf.cast(0.0, x.dtype)
    return tf.while_loop(lambda k, _: k < turns, lambda k, y: (k + 1.0, y * x), [start, x])[1]


# Room.


def test_few_or_many_turns_share_an_executable(watch: _Watch) -> None:
    x, n = tf.placeholder(tf.float64, []), tf.placeholder(tf.float64, [])
    (slope,) = tf.gradients(_power(x, n), x)
    with tf.Session(backend="numpy") as sess:
        for turns in (0, 1, 2, 31, 32, 33, 64, 65, 148, 257):
            found = sess.run(slope, {x: 1.001, n: turns})
            np.testing.assert_allclose(found, (turns + 1) * 1.001**turns, rtol=1e-12)
    assert watch.compiled == 1


def test_a_run_without_room_is_planned_again_and_commits_once(watch: _Watch) -> None:
    x, n, v = tf.placeholder(tf.float64, []), tf.placeholder(tf.float64, []), tf.Variable(0)
    (slope,) = tf.gradients(_power(x, n), x)
    fetches = [slope, tf.assign_add(v, 1)]
    with tf.Session(backend="numpy") as sess:
        sess.run(v.initializer)
        for turns in (3, 1025, 7, 4097):
            found, _ = sess.run(fetches, {x: 1.0, n: turns})
            assert found == turns + 1
        assert sess.run(v) == 4
        watch.compiled = 0
        for turns in (2, 5000):
            assert sess.run(fetches, {x: 1.0, n: turns})[0] == turns + 1
    assert watch.compiled == 0


def test_only_the_stage_without_room_is_planned_again() -> None:
    calls: list[int] = []

    def limit() -> Any:
        calls.append(1)
        return np.float64(1500.0)

    x = tf.placeholder(tf.float64, [])
    n = tf.py_func(limit, [], tf.float64)
    n.set_shape([])
    y = _power(x, n)
    (slope,) = tf.gradients(y, x)
    sizes = tf.zeros([tf.cast(y, tf.int32)])
    with tf.Session(backend="numpy") as sess:
        # The loop lies in a stage between the function's and the one that knows the size.
        found = sess.run([sizes, slope], {x: 1.0})
    assert [len(found[0]), found[1], len(calls)] == [1, 1501.0, 1]


def test_an_inner_loop_without_room() -> None:
    x, n = tf.placeholder(tf.float64, []), tf.placeholder(tf.float64, [])

    def turn(k: Any, y: Any) -> Any:
        return k + 1.0, y * _power(x, n)

    start = tf.constant(0.0, tf.float64)
    _, y = tf.while_loop(lambda k, _: k < 2.0, turn, [start, x])
    (slope,) = tf.gradients(y, x)
    with tf.Session(backend="numpy") as sess:
        for turns in (5, 1100, 3):
            assert sess.run(slope, {x: 1.0, n: turns}) == 2 * (turns + 1) + 1


def test_loops_in_loops_that_data_end_are_compiled(watch: _Watch) -> None:
    x, n = tf.placeholder(tf.float64, []), tf.placeholder(tf.float64, [])

    def turn(k: Any, y: Any) -> Any:
        return k + 1.0, tf.sin(y) * _power(x, k + n)

    start = tf.constant(0.0, tf.float64)
    _, y = tf.while_loop(lambda k, _: k < n, turn, [start, x])
    (slope,) = tf.gradients(y, x)
    (second,) = tf.gradients(slope, x)
    with tf.Session(backend="numpy") as sess:
        for turns in (1.0, 3.0, 4.0):
            beside = [sess.run([y, slope], {x: 1.1 + h, n: turns}) for h in (1e-6, -1e-6)]
            wanted = (np.subtract(*beside)) / 2e-6
            found = sess.run([slope, second], {x: 1.1, n: turns})
            np.testing.assert_allclose(found, wanted, rtol=1e-6)
    assert watch.host_loops == []
    assert watch.compiled == 2


@pytest.mark.parametrize(
    ("limit", "turns", "checkpoints"),
    [
        (lambda *_: 4, 4, False),
        (lambda x, _: tf.shape(x)[0], 3, False),
        (lambda x, n: tf.minimum(n, tf.shape(x)[0]), 2, False),
        (lambda _, n: n, 2, True),
        (lambda *_: 4000, 4000, True),
    ],
)
def test_checkpoints_are_for_loops_without_a_small_bound(
    graph: tf.Graph, limit: Any, turns: int, checkpoints: bool
) -> None:
    x, n = tf.placeholder(tf.float64, [None]), tf.placeholder(tf.int32, [])
    # The limit goes round as a loop variable that stays as it is.
    _, _, y = tf.while_loop(
        lambda i, limit, _: i < limit,
        lambda i, limit, y: (i + 1, limit, y * x),
        [0, limit(x, n), tf.ones_like(x)],
    )
    (slope,) = tf.gradients(y, x)
    assert ("LoopCheckpoint" in {op.type for op in graph.get_operations()}) is checkpoints
    with tf.Session(backend="numpy") as sess:
        assert sess.run(slope, {x: [1.0, 1.0, 1.0], n: 2}).tolist() == [turns] * 3


# Random numbers.


def _draw(seed: int = 1) -> Any:
    return tf.random_uniform([3], dtype=tf.float64, seed=seed) + 0.5


def _loop(turns: Any, body: Any, x: Any) -> Any:
    """A loop that data end: its counter is a float."""
    start = tf.constant(0.0, tf.float64)
    return tf.while_loop(lambda k, _: k < turns, lambda k, y: (k + 1.0, body(k, y)), [start, x])[1]


def _in_a_loop_of_known_length(x: Any) -> Any:
    return tf.while_loop(lambda i, _: i < 3, lambda i, y: (i + 1, y * x * _draw()), [0, x])[1]


def _in_a_loop(x: Any) -> Any:
    return _loop(3.0, lambda _, y: y * x * _draw(), x)


def _in_a_loop_in_a_loop(x: Any) -> Any:
    return _loop(3.0, lambda k, y: _loop(k, lambda _, z: z * x * _draw(), y + x), x)


def _in_a_cond(x: Any) -> Any:
    positive = tf.reduce_sum(x) > 0.0
    return tf.cond(positive, lambda: x * x * _draw(), lambda: x * _draw(5))


def _in_a_cond_in_a_loop(x: Any) -> Any:
    return _loop(
        4.0, lambda k, y: tf.cond(k < 2.0, lambda: y * x * _draw(), lambda: y + x * _draw(5)), x
    )


def _in_a_loop_in_a_cond_in_a_loop(x: Any) -> Any:
    def body(k: Any, y: Any) -> Any:
        inner = lambda: _loop(2.0, lambda _, z: z * x * _draw(), y)  # noqa: E731
        return tf.cond(k < 2.0, inner, lambda: y * x * _draw(9))

    return _loop(4.0, body, x)


def _that_choose_a_branch(x: Any) -> Any:
    def body(_: Any, y: Any) -> Any:
        drawn = _draw()
        return tf.cond(drawn[0] > 1.0, lambda: y * x * drawn, lambda: y * drawn * _draw(4))

    return _loop(6.0, body, x)


def _that_end_the_loop(x: Any) -> Any:
    def body(k: Any, y: Any) -> Any:
        drawn = _draw()
        return k + drawn[0], y * x * drawn

    start = tf.constant(0.0, tf.float64)
    return tf.while_loop(lambda k, _: k < 4.0, body, [start, x])[1]


def _that_drop_out(x: Any) -> Any:
    rows = tf.stack([x, x * 2.0, x * 3.0])
    return tf.map_fn(lambda row: tf.nn.dropout(row * x, 0.5, seed=3), rows)


@pytest.mark.parametrize(
    "build",
    [
        _in_a_loop_of_known_length, _in_a_loop, _in_a_loop_in_a_loop, _in_a_cond,
        _in_a_cond_in_a_loop, _in_a_loop_in_a_cond_in_a_loop, _that_choose_a_branch,
        _that_end_the_loop, _that_drop_out,
    ],
)  # fmt: skip
def test_gradients_use_the_numbers_that_were_drawn(build: Callable[[Any], Any]) -> None:
    tf.set_random_seed(3)
    x = tf.placeholder(tf.float64, [3])
    y = tf.reduce_sum(build(x))
    (slope,) = tf.gradients(y, x)
    point = np.array([0.7, 0.9, 1.1])

    def second_run(fetches: Any, where: Any) -> Any:
        with tf.Session(backend="numpy") as sess:
            sess.run(fetches, {x: where})
            return sess.run(fetches, {x: where})

    # The gradient alone draws, too: numbers go on from run to run as if the loop had been fetched.
    found = second_run(slope, point)
    np.testing.assert_array_equal(second_run([y, slope], point)[1], found)
    for index, step in enumerate(np.eye(3) * 1e-6):
        wanted = (second_run(y, point + step) - second_run(y, point - step)) / 2e-6
        np.testing.assert_allclose(found[index], wanted, rtol=1e-6)


# Variables.


def _count(v: Any, step: float = 1.0) -> Any:
    """The variable after it was raised, as a value of its own."""
    with tf.control_dependencies([tf.assign_add(v, [step] * 3)]):
        return tf.identity(v)


def _read_after_a_write(x: Any, v: Any) -> Any:
    return _loop(4.0, lambda _, y: y * x * _count(v), x)


def _read_before_a_write(x: Any, v: Any) -> Any:
    def body(_: Any, y: Any) -> Any:
        read = tf.identity(v)
        with tf.control_dependencies([read]):
            up = tf.assign_add(v, [1.0] * 3)
        with tf.control_dependencies([up]):
            return y * x * read

    return _loop(4.0, body, x)


def _read_by_the_product_itself(x: Any, v: Any) -> Any:
    def body(_: Any, y: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, [1.0] * 3)]):
            return y * v * x

    return _loop(4.0, body, x)


def _used_as_what_assign_gives(x: Any, v: Any) -> Any:
    return _loop(4.0, lambda _, y: y * x * tf.assign_add(v, [1.0] * 3), x)


def _scattered_to(x: Any, v: Any) -> Any:
    return _loop(3.0, lambda _, y: y * x * tf.scatter_add(v, [0, 2], [1.0, 1.0]), x)


def _counted_up(x: Any, _: Any) -> Any:
    counter = tf.Variable(0)
    body = lambda _, y: y * x * tf.cast(tf.count_up_to(counter, 99) + 1, tf.float64)  # noqa: E731
    return _loop(3.0, body, x)


def _written_in_a_cond(x: Any, v: Any) -> Any:
    return tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * x * _count(v), lambda: x)


def _written_in_a_cond_in_a_loop(x: Any, v: Any) -> Any:
    branch = lambda y: y * x * _count(v, 0.1) * _draw()  # noqa: E731
    return _loop(4.0, lambda k, y: tf.cond(k < 2.0, lambda: branch(y), lambda: y + x * v), x)


def _written_in_a_loop_in_a_loop(x: Any, v: Any) -> Any:
    inner = lambda y: _loop(2.0, lambda _, z: z * x * _count(v), y)  # noqa: E731
    return _loop(3.0, lambda _, y: inner(y) * v, x)


def _written_before_the_cond(x: Any, v: Any) -> Any:
    with tf.control_dependencies([tf.assign(v, [4.0, 5.0, 6.0])]):
        positive = tf.identity(tf.reduce_sum(x) > 0.0)
        return tf.cond(positive, lambda: x * x * _count(v), lambda: x)


@pytest.mark.parametrize(
    "build",
    [
        _read_after_a_write, _read_before_a_write, _read_by_the_product_itself,
        _used_as_what_assign_gives, _scattered_to, _counted_up, _written_in_a_cond,
        _written_in_a_cond_in_a_loop, _written_in_a_loop_in_a_loop, _written_before_the_cond,
    ],
)  # fmt: skip
def test_gradients_use_the_variables_as_they_were(build: Callable[[Any, Any], Any]) -> None:
    x = tf.placeholder(tf.float64, [3])
    v = tf.Variable([1.0, 2.0, 3.0], dtype=tf.float64)
    y = tf.reduce_sum(build(x, v))
    (slope,) = tf.gradients(y, x)
    point = np.array([0.7, 0.9, 1.1])

    def second_run(fetches: Any, where: Any) -> list[Any]:
        with tf.Session(backend="numpy") as sess:
            sess.run(tf.global_variables_initializer())
            sess.run(fetches, {x: where})
            return [sess.run(fetches, {x: where}), sess.run(v)]

    found, left = second_run(slope, point)
    np.testing.assert_array_equal(second_run(y, point)[1], left)
    for index, step in enumerate(np.eye(3) * 1e-6):
        wanted = (second_run(y, point + step)[0] - second_run(y, point - step)[0]) / 2e-6
        np.testing.assert_allclose(found[index], wanted, rtol=1e-6)


def test_gradients_flow_to_a_variable_that_the_loop_writes() -> None:
    x, v = tf.constant(3.0, tf.float64), tf.Variable(2.0, dtype=tf.float64)

    def body(_: Any, y: Any) -> Any:
        before = y * v
        with tf.control_dependencies([before]):
            up = tf.assign_add(v, 1.0)
        with tf.control_dependencies([up]):
            return tf.identity(before)

    (slope,) = tf.gradients(_loop(3.0, body, x), v)
    with tf.Session(backend="numpy") as sess:
        sess.run(v.initializer)
        # As if each turn's reading had been the variable: 3 * (3 * 4 + 2 * 4 + 2 * 3).
        assert sess.run(slope) == 78.0


# Stages.


def test_the_gradient_of_a_cond_whose_branches_differ_in_shape() -> None:
    p, v = tf.placeholder(tf.bool, []), tf.Variable([[1.0, 2.0], [3.0, 4.0]])
    rows = tf.cond(p, lambda: tf.gather(v, [1]), lambda: tf.gather(v, [0, 1]) * 2.0)
    (slope,) = tf.gradients(tf.reduce_sum(rows * rows), v)
    with tf.Session(backend="numpy") as sess:
        sess.run(v.initializer)
        assert sess.run(slope, {p: True}).tolist() == [[0.0, 0.0], [6.0, 8.0]]
        assert sess.run(slope, {p: False}).tolist() == [[8.0, 16.0], [24.0, 32.0]]


def test_checks_of_a_stage_that_only_yields_a_size_are_made() -> None:
    d = tf.placeholder(tf.int32, [])
    y = tf.zeros([6 // d])
    with tf.Session(backend="numpy") as sess:
        assert sess.run(y, {d: 2}).shape == (3,)
        with pytest.raises(tf.errors.InvalidArgumentError, match="division by zero"):
            sess.run(y, {d: 0})
