"""The optimizers, run in a session, against TensorFlow 2.21's compat.v1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph.train as tf_train
from polygraph.conformance.recorded import load
from polygraph.core.ground.dtypes import float32, float64
from polygraph.core.ground.graph import Graph, get_default_graph
from polygraph.core.ground.graph_keys import GraphKeys
from polygraph.core.ground.indexed_slices import IndexedSlices
from polygraph.core.ground.scopes import name_scope
from polygraph.core.runtime.get_variable import get_variable
from polygraph.core.runtime.session import Session
from polygraph.core.runtime.variable_collections import (
    global_variables,
    global_variables_initializer,
)
from polygraph.core.runtime.variable_scope import variable_scope
from polygraph.core.runtime.variables import Variable
from polygraph.ops import operators, packing  # noqa: F401 - what a tensor's operators call
from polygraph.ops.elementwise import square
from polygraph.ops.gradient_barriers import stop_gradient
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.source_ops import constant, placeholder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.conformance.recorded import RecordedCase


@pytest.fixture(autouse=True)
def graph() -> Iterator[Graph]:
    with Graph().as_default() as graph:
        yield graph


@pytest.mark.parametrize("case", load("optimizers"), ids=lambda case: case.id)
def test_runs_are_those_of_tensorflow(case: RecordedCase) -> None:
    start, values, *indices = case.inputs
    var, gradient = Variable(start, name="w"), constant(values)
    if indices:
        whole = constant(np.array(start.shape, np.int32))
        gradient = IndexedSlices(gradient, constant(indices[0]), whole)
    step = getattr(tf_train, case.op)(**case.attrs).apply_gradients([(gradient, var)])
    assert case.outputs is not None
    with Session() as session:
        session.run(global_variables_initializer())
        for wanted in case.outputs:
            assert session.run(step) is None
            error = np.abs(session.run(var) - wanted).max() / np.abs(wanted).max()
            assert error <= 2 * np.finfo(wanted.dtype).eps


def _loss(name: str = "w") -> tuple[Any, Any]:
    with variable_scope("net"):
        weights = get_variable(name, [4, 2])
    return weights, reduce_sum(square(weights))


def _new(graph: Graph, before: int) -> list[tuple[str, str, list[str], list[str]]]:
    return [
        (
            op.name,
            op.type,
            [tensor.name for tensor in op.inputs],
            [c.name for c in op.control_inputs],
        )
        for op in graph.get_operations()[before:]
        if not op.name.startswith("gradients/") and op.type != "Const"
    ]


def test_gradient_descent_builds_tensorflow_s_graph(graph: Graph) -> None:
    step = tf_train.get_or_create_global_step()
    _, loss = _loss()
    before = graph.version
    op = tf_train.GradientDescentOptimizer(0.1).minimize(loss, global_step=step)
    update = "GradientDescent/update_net/w/ApplyGradientDescent"
    operands = ["net/w:0", "GradientDescent/learning_rate:0", "gradients/Square_grad/Mul_1:0"]
    assert _new(graph, before) == [
        (update, "ApplyGradientDescent", operands, []),
        ("GradientDescent/update", "NoOp", [], [update]),
        ("GradientDescent", "AssignAdd", ["global_step:0", "GradientDescent/value:0"], []),
    ]
    assert graph.get_collection(GraphKeys.TRAIN_OP) == [op]


def test_adam_builds_tensorflow_s_graph(graph: Graph) -> None:
    weights, loss = _loss()
    optimizer = tf_train.AdamOptimizer()
    before = graph.version
    optimizer.minimize(loss)
    names = [name for name, *_ in _new(graph, before)]
    assert [name for name in names if name.startswith("Adam")] == [
        "Adam/update_net/w/ApplyAdam",
        "Adam/mul",
        "Adam/Assign",
        "Adam/mul_1",
        "Adam/Assign_1",
        "Adam",
    ]
    assert [variable.name for variable in global_variables()] == [
        "net/w:0",
        "beta1_power:0",
        "beta2_power:0",
        "net/w/Adam:0",
        "net/w/Adam_1:0",
    ]
    assert [variable.name for variable in optimizer.variables()] == [
        "beta1_power:0",
        "beta2_power:0",
        "net/w/Adam:0",
        "net/w/Adam_1:0",
    ]
    assert optimizer.get_slot_names() == ["m", "v"]
    slot = optimizer.get_slot(weights, "v")
    assert slot is not None
    assert slot.name == "net/w/Adam_1:0"
    assert optimizer.get_slot(weights, "none") is None


@pytest.mark.parametrize(
    ("optimizer", "slots"),
    [
        (tf_train.MomentumOptimizer(0.1, 0.9), {"momentum": "net/w/Momentum:0"}),
        (tf_train.AdagradOptimizer(0.1), {"accumulator": "net/w/Adagrad:0"}),
        (
            tf_train.RMSPropOptimizer(0.1, centered=True),
            {"rms": "net/w/RMSProp:0", "mg": "net/w/RMSProp_1:0", "momentum": "net/w/RMSProp_2:0"},
        ),
        (tf_train.FtrlOptimizer(0.1), {"accum": "net/w/Ftrl:0", "linear": "net/w/Ftrl_1:0"}),
        (
            tf_train.AdadeltaOptimizer(),
            {"accum": "net/w/Adadelta:0", "accum_update": "net/w/Adadelta_1:0"},
        ),
        (
            tf_train.ProximalAdagradOptimizer(0.1),
            {"accumulator": "net/w/ProximalAdagrad:0"},
        ),
    ],
    ids=lambda value: getattr(value, "get_name", lambda: "")(),
)
def test_slots_are_named_as_in_tensorflow(
    optimizer: tf_train.Optimizer, slots: dict[str, str]
) -> None:
    weights, loss = _loss()
    optimizer.minimize(loss)
    assert optimizer.get_slot_names() == sorted(slots)
    for kind, name in slots.items():
        slot = optimizer.get_slot(weights, kind)
        assert slot is not None
        assert slot.name == name


def test_scopes_around_an_optimizer_name_its_variables_as_in_tensorflow() -> None:
    with variable_scope("net"):
        weight = get_variable("a", [])
        with name_scope("x"):
            first = tf_train.MomentumOptimizer(0.1, 0.9).minimize(weight * 2.0)
    with variable_scope("o"):
        second = tf_train.AdamOptimizer(0.1).minimize(weight * 2.0)
    assert (first.name, second.name) == ("net/x/Momentum", "o/Adam")
    assert [variable.name for variable in global_variables()] == [
        "net/a:0",
        "net/net/a/Momentum:0",
        "o/beta1_power:0",
        "o/beta2_power:0",
        "o/net/a/Adam:0",
        "o/net/a/Adam_1:0",
    ]


def test_an_optimizer_shares_its_slots_and_another_has_its_own() -> None:
    weight = Variable(2.0, name="a")
    one, other = tf_train.AdamOptimizer(constant(0.1)), tf_train.AdamOptimizer()
    assert one.minimize(weight * 2.0, name="t1").name == "t1"
    one.minimize(weight * 3.0)
    other.minimize(weight * 1.0)
    assert [variable.name for variable in one.variables()] == [
        "a/Adam:0",
        "a/Adam_1:0",
        "beta1_power:0",
        "beta2_power:0",
    ]
    assert [variable.name for variable in other.variables()] == [
        "a/Adam_2:0",
        "a/Adam_3:0",
        "beta1_power_1:0",
        "beta2_power_1:0",
    ]


def test_a_constraint_follows_the_update(graph: Graph) -> None:
    weight = Variable(2.0, name="a", constraint=lambda x: x * 0.5)
    op = tf_train.GradientDescentOptimizer(1.0).minimize(weight * -6.0)
    with Session() as session:
        session.run(global_variables_initializer())
        session.run(op)
        assert session.run(weight) == 4.0
    rows = IndexedSlices(constant([1.0]), constant([0]))
    rowed = Variable([2.0], constraint=lambda x: x)
    with pytest.raises(RuntimeError, match="constraint function on a sparse variable"):
        tf_train.GradientDescentOptimizer(0.1).apply_gradients([(rows, rowed)])
    assert graph.get_operation_by_name("GradientDescent/update_a/Assign").type == "Assign"


def test_the_global_step_counts_updates_and_the_loss_is_that_of_before() -> None:
    step = tf_train.get_or_create_global_step()
    weight = Variable([1.0, 3.0])
    loss = reduce_sum(square(weight))
    op = tf_train.GradientDescentOptimizer(0.25).minimize(loss, step)
    with Session() as session:
        session.run(global_variables_initializer())
        assert session.run([loss, op])[0] == 10.0
        assert session.run([loss, op])[0] == 2.5
        assert session.run(step) == 2
        assert tf_train.global_step(session, step) == 2


def test_gradients_may_be_changed_between() -> None:
    a, b = Variable(2.0, name="a"), Variable(3.0, name="b")
    optimizer = tf_train.GradientDescentOptimizer(0.1)
    pairs = optimizer.compute_gradients(a * a * b, gate_gradients=optimizer.GATE_GRAPH)
    assert [variable for _, variable in pairs] == [a, b]
    op = optimizer.apply_gradients([(g * 10.0, v) for g, v in pairs], name="app")
    with Session() as session:
        session.run(global_variables_initializer())
        assert session.run([g for g, _ in pairs]) == [12.0, 4.0]
        session.run(op)
        np.testing.assert_allclose(session.run([a, b]), [-10.0, -1.0])


def test_the_rate_may_be_fed_computed_or_asked_for() -> None:
    rate = placeholder(float32, [])
    a, c = Variable(1.0), Variable(1.0, dtype=float64)
    fed = tf_train.GradientDescentOptimizer(rate).minimize(a * 2.0)
    asked = tf_train.MomentumOptimizer(lambda: 0.5, lambda: 0.0).minimize(c * 2.0)
    with Session() as session:
        session.run(global_variables_initializer())
        session.run(fed, {rate: 0.25})
        session.run(fed, {rate: 1.0})
        session.run(asked)
        assert session.run([a, c]) == [-1.5, 0.0]


def _unused() -> Any:
    return tf_train.GradientDescentOptimizer(0.1)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: _unused().minimize(constant(1.0)), ValueError, "No variables to optimize"),
        (
            lambda: _unused().minimize(stop_gradient(Variable(1.0).value()) + 1.0),
            ValueError,
            "No gradients provided for any variable, check your graph",
        ),
        (lambda: _unused().apply_gradients([]), ValueError, "No variables provided"),
        (
            lambda: _unused().apply_gradients([(None, Variable(1.0))]),
            ValueError,
            "No gradients provided for any variable: ",
        ),
        (
            lambda: _unused().apply_gradients([(constant(1.0), constant(1.0))]),
            NotImplementedError,
            "Trying to update a Tensor",
        ),
        (
            lambda: _unused().compute_gradients(Variable(1) * 2),
            ValueError,
            "Invalid type tf.int32 for mul:0, expected",
        ),
        (
            lambda: _unused().compute_gradients(Variable(1.0) * 2.0, gate_gradients=9),
            ValueError,
            "gate_gradients must be one of: Optimizer.GATE_NONE",
        ),
        (
            lambda: _unused().compute_gradients(constant(1.0), var_list=[3]),
            NotImplementedError,
            "unsupported type",
        ),
        (
            lambda: tf_train.Optimizer(use_locking=False, name=""),
            ValueError,
            "Must specify the optimizer name",
        ),
        (lambda: tf_train.AdagradOptimizer(0.1, 0.0), ValueError, "must be positive"),
        (lambda: tf_train.FtrlOptimizer(0.1, 0.5), ValueError, "needs to be negative or zero"),
        (
            lambda: tf_train.FtrlOptimizer(0.1, l1_regularization_strength=-1.0),
            ValueError,
            "needs to be positive or zero",
        ),
    ],
)
def test_what_cannot_be_optimized_is_said(build: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


class _Doubling(tf_train.Optimizer):
    """Subtracts twice the gradient; only says what a subclass must say."""

    def __init__(self) -> None:
        super().__init__(use_locking=False, name="Doubling")

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        return var.assign_sub(grad * 2.0).op

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        return var.scatter_sub(IndexedSlices(grad.values * grad.values, grad.indices)).op


def test_a_subclass_needs_only_its_updates() -> None:
    dense, rows = Variable([1.0, 1.0]), Variable([0.0, 0.0])
    repeated = IndexedSlices(constant([1.0, 2.0, 5.0]), constant([1, 1, 0]))
    op = _Doubling().apply_gradients([(constant([1.0, 2.0]), dense), (repeated, rows)])
    assert op.graph is get_default_graph()
    with Session() as session:
        session.run(global_variables_initializer())
        session.run(op)
        np.testing.assert_array_equal(session.run(dense), [-1.0, -3.0])
        np.testing.assert_array_equal(session.run(rows), [-25.0, -9.0])
