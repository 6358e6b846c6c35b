"""Random ops in a session: what repeats, what does not, and the numbers of TensorFlow 2.21."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import polygraph.random as tf_random
from polygraph.core.ground import errors
from polygraph.core.ground.dtypes import float16, float64, int32, int64
from polygraph.core.ground.graph import Graph
from polygraph.core.runtime.session import Session
from polygraph.ops import packing  # noqa: F401 - packs lists that hold tensors
from polygraph.ops.random_crop import random_crop
from polygraph.ops.source_ops import constant, placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    with Graph().as_default() as graph:
        yield graph


def test_a_seeded_op_goes_on_within_a_session_and_starts_afresh_in_another() -> None:
    draw = tf_random.uniform([4], seed=1)
    runs = []
    for _ in range(2):
        with Session() as session:
            runs.append([session.run(draw), session.run(draw)])
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0][0] != runs[0][1]).all()


def test_a_graph_seed_makes_ops_repeatable_and_distinct() -> None:
    tf_random.set_random_seed(87)
    draws = [tf_random.normal([3]), tf_random.normal([3])]
    with Session() as one, Session() as other:
        first, again = one.run(draws), other.run(draws)
    np.testing.assert_array_equal(first, again)
    assert (first[0] != first[1]).all()


def test_nothing_repeats_without_a_seed() -> None:
    draws = [tf_random.uniform([8]), tf_random.uniform([8])]
    with Session() as one, Session() as other:
        seen = [*one.run(draws), *other.run(draws)]
    assert len({array.tobytes() for array in seen}) == 4


def test_one_op_fetched_with_what_uses_it_draws_once() -> None:
    draw = tf_random.uniform([3], seed=5)
    doubled = draw + draw
    with Session() as session:
        single, double = session.run([draw, doubled])
    np.testing.assert_array_equal(single * 2, double)


def test_an_op_that_does_not_run_does_not_move() -> None:
    one, other = tf_random.uniform([2], seed=5), tf_random.uniform([2], seed=6)
    with Session() as session:
        session.run(one)
        late = session.run(other)
    with Session() as session:
        np.testing.assert_array_equal(session.run(other), late)


def test_shapes_that_a_feed_decides_draw_the_same_stream() -> None:
    size = placeholder(int32, [])
    draw = tf_random.uniform([size, 2], seed=5)
    with Session() as session:
        session.run(draw, {size: 3})
        second = session.run(draw, {size: 5})
    fixed = [tf_random.uniform([3, 2], seed=5), tf_random.uniform([5, 2], seed=5)]
    with Session() as session:
        first = session.run(fixed[1])
    assert second.shape == (5, 2)
    assert (second != first).all()


def test_numbers_are_those_of_tensorflow() -> None:
    tf_random.set_random_seed(5)
    draws = [
        tf_random.uniform([4], dtype=float64, seed=6),
        tf_random.uniform([4], dtype=float16, seed=6),
        tf_random.uniform([8], maxval=100, dtype=int32, seed=42),
        tf_random.uniform([4], maxval=1000, dtype=int64, seed=42),
        tf_random.shuffle(constant(list(range(8))), seed=3),
    ]
    with Session() as session:
        got = session.run(draws)
    wanted = [
        [0.6812551940573328, 0.47328679020778863, 0.8083009847685714, 0.8179677375854251],
        [0.6044921875, 0.3310546875, 0.6455078125, 0.9755859375],
        [80, 34, 1, 23, 51, 92, 8, 46],
        [244, 309, 683, 724],
        [2, 4, 1, 0, 6, 5, 7, 3],
    ]
    for array, expected in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(array.astype(np.float64), expected)


def test_a_crop_is_where_tensorflow_puts_it() -> None:
    value = constant(np.arange(30).reshape(5, 6))
    piece = random_crop(value, [2, 6], seed=7)
    assert piece.name == "random_crop:0"
    assert piece.get_shape().as_list() == [2, 6]
    with Session() as session:
        got = [session.run(piece)[0, 0] // 6 for _ in range(6)]
    assert got == [3, 2, 3, 2, 0, 2]


def test_a_crop_larger_than_the_tensor_fails_when_it_runs() -> None:
    size = placeholder(int32, [1])
    piece = random_crop(constant([1.0, 2.0, 3.0]), size)
    with Session() as session:
        assert session.run(piece, {size: [3]}).tolist() == [1.0, 2.0, 3.0]
        with pytest.raises(errors.InvalidArgumentError, match="size"):
            session.run(piece, {size: [5]})
