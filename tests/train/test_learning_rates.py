"""Learning rates and the global step; values recorded on TensorFlow 2.21's compat.v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph.train as tf_train
from polygraph.core.ground.dtypes import float64, int64
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.runtime.session import Session
from polygraph.core.runtime.variable_collections import trainable_variables
from polygraph.core.runtime.variables import Variable
from polygraph.ops import operators, packing  # noqa: F401 - what a tensor's operators call
from polygraph.ops.source_ops import constant, placeholder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    with Graph().as_default() as graph:
        yield graph


_STEPS = (0, 1, 5, 10, 11, 25, 99)

_RECORDED: list[tuple[str, Callable[[Any], Any], list[float]]] = [
    (
        "ExponentialDecay:0",
        lambda step: tf_train.exponential_decay(0.1, step, 10, 0.9),
        [0.1, 0.09895193, 0.09486832, 0.09, 0.08905673, 0.076843344, 0.035237145],
    ),
    (
        "ExponentialDecay:0",
        lambda step: tf_train.exponential_decay(0.1, step, 10, 0.9, staircase=True),
        [0.1, 0.1, 0.1, 0.09, 0.09, 0.081, 0.03874204],
    ),
    (
        "PolynomialDecay:0",
        lambda step: tf_train.polynomial_decay(0.1, step, 10),
        [0.1, 0.09001, 0.05005, 1e-4, 1e-4, 1e-4, 1e-4],
    ),
    (
        "PolynomialDecay:0",
        lambda step: tf_train.polynomial_decay(0.1, step, 10, 0.01, 2.0),
        [0.1, 0.0829, 0.0325, 0.01, 0.01, 0.01, 0.01],
    ),
    (
        "PolynomialDecay:0",
        lambda step: tf_train.polynomial_decay(0.1, step, 10, 0.01, 0.5, cycle=True),
        [0.1, 0.0953815, 0.07363961, 0.01, 0.07037383, 0.04674235, 0.018999996],
    ),
    (
        "ExponentialDecay:0",
        lambda step: tf_train.natural_exp_decay(0.1, step, 10, 0.5),
        [0.1, 0.09512295, 0.07788008, 0.06065307, 0.05769498, 0.028650481, 0.00070834078],
    ),
    (
        "ExponentialDecay:0",
        lambda step: tf_train.natural_exp_decay(0.1, step, 10, 0.5, staircase=True),
        [0.1, 0.1, 0.1, 0.06065307, 0.06065307, 0.036787946, 0.0011108997],
    ),
    (
        "InverseTimeDecay:0",
        lambda step: tf_train.inverse_time_decay(0.1, step, 10, 0.5),
        [0.1, 0.0952381, 0.08, 0.06666667, 0.064516135, 0.044444446, 0.016806722],
    ),
    (
        "InverseTimeDecay:0",
        lambda step: tf_train.inverse_time_decay(0.1, step, 10, 0.5, staircase=True),
        [0.1, 0.1, 0.1, 0.06666667, 0.06666667, 0.05, 0.018181818],
    ),
    (
        "CosineDecay/Mul_3:0",
        lambda step: tf_train.cosine_decay(0.1, step, 10),
        [0.1, 0.09755283, 0.05, 0.0, 0.0, 0.0, 0.0],
    ),
    (
        "CosineDecay/Mul_3:0",
        lambda step: tf_train.cosine_decay(0.1, step, 10, 0.3),
        [0.1, 0.09828698, 0.065, 0.03, 0.03, 0.03, 0.03],
    ),
    (
        "SGDRDecay",
        lambda step: tf_train.cosine_decay_restarts(0.1, step, 10),
        [0.1, 0.09755283, 0.05, 0.1, 0.09938442, 0.014644662, 0.07093298],
    ),
    (
        "SGDRDecay",
        lambda step: tf_train.cosine_decay_restarts(0.1, step, 10, 1.0, 0.9, 0.1),
        [0.1, 0.09779754, 0.055, 0.091, 0.089017786, 0.046449993, 0.010853267],
    ),
    (
        "LinearCosineDecay",
        lambda step: tf_train.linear_cosine_decay(0.1, step, 10),
        [0.1001, 0.08789755, 0.0251, 1e-4, 1e-4, 1e-4, 1e-4],
    ),
    (
        "LinearCosineDecay",
        lambda step: tf_train.linear_cosine_decay(0.1, step, 10, 0.7, 0.1, 0.01),
        [0.111, 0.096241355, 0.013366445, 0.0044549145, 0.0044549145, 0.0044549145, 0.0044549145],
    ),
    (
        "PiecewiseConstant",
        lambda step: tf_train.piecewise_constant(step, [10, 20], [1.0, 0.5, 0.1]),
        [1.0, 1.0, 1.0, 1.0, 0.5, 0.1, 0.1],
    ),
]


@pytest.mark.parametrize(("name", "build", "wanted"), _RECORDED)
def test_rates_fall_as_in_tensorflow(
    name: str, build: Callable[[Any], Any], wanted: list[float]
) -> None:
    step = placeholder(int64, [])
    rate = build(step)
    assert rate.name.startswith(name)
    assert rate.get_shape().as_list() == []
    with Session() as session:
        got = [session.run(rate, {step: count}) for count in _STEPS]
    np.testing.assert_allclose(got, wanted, rtol=2e-6, atol=1e-9)


def test_noise_moves_a_rate_and_is_seeded_like_any_other() -> None:
    step = placeholder(int64, [])
    rate = tf_train.noisy_linear_cosine_decay(0.1, step, 10, initial_variance=1e-4)
    plain = tf_train.linear_cosine_decay(0.1, step, 10)
    with Session() as session:
        noisy, smooth = session.run([rate, plain], {step: 3})
    assert 0 < abs(noisy - smooth) < 0.1 * 0.06


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: tf_train.exponential_decay(0.1, None, 10, 0.9), "global_step is required"),
        (
            lambda: tf_train.piecewise_constant(placeholder(int64, []), [10, 20], [1.0, 0.5]),
            "length of boundaries should be 1 less",
        ),
        (
            lambda: tf_train.piecewise_constant(placeholder(int64, []), [1.5], [1.0, 0.5]),
            "Boundaries .*float32.* must have the same dtype as x .*int64",
        ),
        (
            lambda: tf_train.piecewise_constant(placeholder(int64, []), [1], [1.0, 5]),
            "Values must have elements all with the same dtype .*float32.*int32",
        ),
        (
            lambda: tf_train.piecewise_constant(
                placeholder(int64, []), [1], [1.0, constant(1.0, float64)]
            ),
            "float32.*float64",
        ),
    ],
)
def test_what_does_not_fit_is_a_value_error(build: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build()


def test_the_global_step_is_found_where_it_was_made() -> None:
    assert tf_train.get_global_step() is None
    step = tf_train.create_global_step()
    assert (step.name, step.dtype.base_dtype) == ("global_step:0", int64)
    assert tf_train.get_global_step() is step
    assert tf_train.get_or_create_global_step() is step
    assert get_default_graph().get_collection(GraphKeys.GLOBAL_STEP) == [step]
    assert trainable_variables() == []
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf_train.create_global_step()


def test_a_variable_of_that_name_serves_if_it_can_count() -> None:
    Variable(1, name="global_step")
    assert tf_train.get_global_step().name == "global_step:0"
    with Graph().as_default():
        Variable(1.0, name="global_step")
        with pytest.raises(TypeError, match="does not have integer type"):
            tf_train.get_global_step()
    with pytest.raises(TypeError, match="is not scalar"):
        tf_train.assert_global_step(Variable([1]))


def test_the_global_step_of_another_graph_is_made_there() -> None:
    other = Graph()
    step = tf_train.get_or_create_global_step(other)
    assert step.graph is other
    assert get_default_graph().version == 0
