"""Names, seeds and build-time errors of the random functions; recorded on TensorFlow 2.21."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from polygraph.core.ground.dtypes import bfloat16, float64, int32, uint8
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.ops import (
    packing,  # noqa: F401 - packs a shape that holds a tensor
    random_functions as functions,
)
from polygraph.ops.random_seed import get_seed, set_random_seed
from polygraph.ops.source_ops import constant, placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    with Graph().as_default() as graph:
        yield graph


def _ops(graph: Graph) -> list[tuple[str, str]]:
    return [(op.name, op.type) for op in graph.get_operations() if op.type != "Const"]


def test_uniform_is_named_as_in_tensorflow(graph: Graph) -> None:
    functions.random_uniform([3])
    functions.random_uniform([3], -1, 1)
    functions.random_uniform([3], 0, 2.0)
    functions.random_uniform([3], maxval=10, dtype=int32)
    assert _ops(graph) == [
        ("random_uniform/RandomUniform", "RandomUniform"),
        ("random_uniform_1/RandomUniform", "RandomUniform"),
        ("random_uniform_1/sub", "Sub"),
        ("random_uniform_1/mul", "Mul"),
        ("random_uniform_1", "AddV2"),
        ("random_uniform_2/RandomUniform", "RandomUniform"),
        ("random_uniform_2/Mul", "Mul"),
        ("random_uniform_3", "RandomUniformInt"),
    ]


def test_the_others_are_named_as_in_tensorflow(graph: Graph) -> None:
    functions.random_normal([2])
    functions.truncated_normal([2], name="t")
    functions.random_shuffle(constant([1, 2]))
    functions.multinomial(constant([[0.0]]), 4)
    functions.categorical(constant([[0.0]]), 4)
    assert _ops(graph) == [
        ("random_normal/RandomStandardNormal", "RandomStandardNormal"),
        ("random_normal/mul", "Mul"),
        ("random_normal", "AddV2"),
        ("t/TruncatedNormal", "TruncatedNormal"),
        ("t/mul", "Mul"),
        ("t", "AddV2"),
        ("RandomShuffle", "RandomShuffle"),
        ("multinomial/Multinomial", "Multinomial"),
        ("categorical/Multinomial", "Multinomial"),
    ]


def test_stateless_draws_end_in_a_tensor_of_the_scope_s_name() -> None:
    assert functions.stateless_random_normal([2], [1, 2]).name == "stateless_random_normal:0"
    truncated = functions.stateless_truncated_normal([2], [1, 2], dtype=float64)
    assert truncated.name == "stateless_truncated_normal:0"
    integers = functions.stateless_random_uniform([2], [1, 2], 0, 9, int32)
    assert (integers.name, integers.dtype) == ("stateless_random_uniform:0", int32)
    choices = functions.stateless_multinomial(constant([[0.0]]), 4, [1, 2])
    assert choices.get_shape().as_list() == [1, 4]


def test_constants_are_named_for_their_argument(graph: Graph) -> None:
    functions.random_normal([2])
    functions.random_uniform([2], 0, 3, int32)
    names = [op.name for op in graph.get_operations() if op.type == "Const"]
    assert names == [
        "random_normal/shape",
        "random_normal/mean",
        "random_normal/stddev",
        "random_uniform/shape",
        "random_uniform/min",
        "random_uniform/max",
    ]


@pytest.mark.parametrize(
    ("graph_seed", "asked", "seeds"),
    [
        (None, [None], [(None, None)]),
        (None, [5], [(87654321, 5)]),
        (None, [0, 1234567890123], [(87654321, 0), (87654321, 1912276745)]),
        (3, [None, None, 4, None], [(3, 0), (3, 1), (3, 4), (3, 2)]),
        (0, [0, None], [(0, 2**31 - 1), (0, 2**31 - 1)]),
        (2**31 - 1, [0, 2**31 - 1], [(0, 2**31 - 1), (0, 2**31 - 1)]),
        (3, [-4], [(3, 2147483643)]),
    ],
)
def test_seeds_follow_tensorflow(
    graph_seed: int | None, asked: list[int | None], seeds: list[tuple[int, int]]
) -> None:
    if graph_seed is not None:
        set_random_seed(graph_seed)
    assert [get_seed(seed) for seed in asked] == seeds


def test_an_op_holds_its_seeds_and_no_seed_is_two_zeros() -> None:
    assert functions.random_uniform([2]).op.get_attr("seed2") == 0
    assert functions.random_uniform([2], seed=9).op.attrs["seed"] == 87654321
    set_random_seed(12)
    shuffled = functions.random_shuffle(constant([1, 2])).op
    assert (shuffled.get_attr("seed"), shuffled.get_attr("seed2")) == (12, 0)


def _first(tensor: Any) -> np.ndarray[Any, Any]:
    (state,) = tensor.op.definition.hidden
    return state.first_value(tensor.op)


def test_a_session_draws_a_key_for_an_op_that_nobody_seeded() -> None:
    loose, seeded = functions.random_uniform([2]), functions.random_uniform([2], seed=4)
    assert (_first(loose) != _first(loose))[1:].all()
    assert _first(seeded).tolist() == [0, 87654321, 4]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: functions.random_uniform([2], dtype=int32), "Must specify maxval for integer"),
        (lambda: functions.random_uniform([2], 0, 3, uint8), "invalid value <dtype: 'uint8'>"),
        (lambda: functions.random_uniform([[2]]), "rank 1"),
        (lambda: functions.multinomial(constant([0.0, 1.0]), 1), "rank"),
        (lambda: functions.multinomial(constant([[0.0, 1.0]]), -1), "non-negative but is -1"),
        (lambda: functions.stateless_random_uniform([2], [1, 2, 3]), r"shape \[2\], not \[3\]"),
    ],
)
def test_what_cannot_be_is_a_value_error(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_what_has_the_wrong_type_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="int32"):
        functions.random_normal([2], dtype=int32)
    with pytest.raises(TypeError, match="float32"):
        functions.random_uniform([2.5])


def test_static_shapes_follow_what_is_known_of_the_shape() -> None:
    size = placeholder(int32, [])
    assert functions.random_uniform([2, 3]).get_shape().as_list() == [2, 3]
    assert functions.random_uniform([]).get_shape().as_list() == []
    assert functions.random_uniform([size, 3]).get_shape().as_list() == [None, 3]
    assert functions.random_normal(placeholder(int32, [3])).get_shape().ndims == 3
    assert functions.truncated_normal(placeholder(int32)).get_shape().ndims is None
    assert functions.random_normal([2], dtype=bfloat16).dtype is bfloat16
    assert get_default_graph().seed is None
