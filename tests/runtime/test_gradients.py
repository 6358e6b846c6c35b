"""Gradients: names, sums, states of a rule, conds and loops.

Numbers and names that are literals here were recorded on TensorFlow 2.21 (compat.v1, version 2
behaviour off, reference variables, version 1 control flow).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.ground.errors import MissingGradientError
from polygraph.core.ground.op_def import OP_DEFS, graph_op
from polygraph.core.ground.shape_rules import unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.core.ground.op_def import OpDef


@pytest.fixture(autouse=True)
def graph() -> Iterator[tf.Graph]:
    with tf.Graph().as_default() as graph:
        yield graph


def run(fetches: Any, feed: Any = None) -> Any:
    with tf.Session(backend="numpy") as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


def close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=1e-4)


@pytest.fixture
def no_rule() -> Iterator[OpDef]:
    """An op type of which no gradient is known, for as long as a test runs."""
    define = graph_op("TestNoRule", "x: T -> y: T", shape=unchanged, T=(tf.float32,))
    yield define(lambda x: x)
    del OP_DEFS["TestNoRule"]


# The walk.


def test_operations_are_named_as_in_tf1(graph: tf.Graph) -> None:
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    v = tf.Variable(tf.zeros([3, 4]), name="v")
    b = tf.Variable(tf.zeros([4]), name="b")
    y = tf.matmul(x, v) + b
    loss = tf.reduce_sum(y * y)
    before = graph.version
    dv, _, dx = tf.gradients(loss, [v, b, x])
    names = [op.name for op in graph.get_operations()[before:]]
    assert names[:3] == ["gradients/Shape", "gradients/grad_ys_0/Const", "gradients/grad_ys_0"]
    assert {"gradients/mul_grad/Mul", "gradients/mul_grad/Mul_1", "gradients/AddN"} <= set(names)
    assert dv.name == "gradients/MatMul_grad/MatMul_1:0"
    assert dx.name == "gradients/MatMul_grad/MatMul:0"
    assert dx.get_shape().as_list() == [None, 3]


def test_scopes_are_counted_and_a_gradient_by_itself_is_its_start() -> None:
    x = tf.placeholder(tf.float32, [3])
    assert tf.gradients(x, x)[0].name == "gradients/grad_ys_0:0"
    assert tf.gradients([x, x], x)[0].name == "gradients_1/AddN:0"
    assert tf.gradients(x * x, x, name="mine")[0].name.startswith("mine/")


def test_a_chain_of_20000_operations() -> None:
    x = tf.placeholder(tf.float32, [])
    y = x
    for _ in range(20_000):
        y = tf.negative(y)
    start = time.process_time()
    (gradient,) = tf.gradients(y, x)
    assert gradient is not None
    assert time.process_time() - start < 60  # recursion or a quadratic walk would not end


def test_broadcasts_are_summed_back_also_where_shapes_are_unknown() -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    y = tf.placeholder(tf.float32)
    dx, dy = tf.gradients(x * y, [x, y])
    feed = {x: np.ones((1, 3)), y: np.full((2, 1, 3), 2.0)}
    found = run([dx, dy], feed)
    close(found[0], [[4.0, 4.0, 4.0]])
    close(found[1], np.ones((2, 1, 3)))


def test_no_sum_where_nothing_can_be_broadcast(graph: tf.Graph) -> None:
    x = tf.placeholder(tf.float32, [None, 3])
    tf.gradients(tf.exp(x) * 2.0, x)
    assert "SumTo" not in {op.type for op in graph.get_operations()}


def test_a_variable_collects_the_gradients_of_all_its_reads() -> None:
    v = tf.Variable([1.0, 2.0])
    y = v * v + v.value() * 3.0 + v.read_value() * 10.0
    close(run(tf.gradients(y, v)[0]), [15.0, 17.0])
    close(run(tf.gradients(y, v.value())[0]), [5.0, 7.0])


def test_grad_ys() -> None:
    x = tf.constant([1.0, 2.0])
    y, z = x * x, x * 3.0
    close(run(tf.gradients([y, z], x, grad_ys=[None, [1.0, 5.0]])[0]), [5.0, 19.0])
    with pytest.raises(ValueError, match=r"Length mismatch. Passed 1 grad_ys for 2 ys"):
        tf.gradients([y, z], x, grad_ys=[tf.ones([2])])
    with pytest.raises(TypeError, match="int32"):
        tf.gradients(y, x, grad_ys=tf.constant([1, 2]))
    with pytest.raises(ValueError, match="shape"):
        tf.gradients(y, x, grad_ys=tf.ones([3]))


def test_complex_gradients_need_a_start() -> None:
    x = tf.complex(tf.constant(1.0), tf.constant(2.0))
    with pytest.raises(TypeError, match="must set grad_ys"):
        tf.gradients(x * x, x)


def test_unconnected_gradients() -> None:
    x, y = tf.constant([1.0, 2.0]), tf.constant(3.0)
    assert tf.gradients(y, x) == [None]
    (zero,) = tf.gradients(y, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    assert zero.name == "zeros_like:0"
    close(run(zero), [0.0, 0.0])
    with pytest.raises(ValueError, match="Unknown value for unconnected_gradients: 'foo'"):
        tf.gradients(y, x, unconnected_gradients="foo")
    with pytest.raises(ValueError, match="Invalid `aggregation_method` specified 77"):
        tf.gradients(y, x, aggregation_method=77)


def test_stop_gradients_are_constants() -> None:
    x = tf.constant(2.0)
    y = x * x
    assert tf.gradients(y * 3.0, x, stop_gradients=[y]) == [None]
    close(run(tf.gradients(y * x, [x, y], stop_gradients=[y])), [4.0, 2.0])


def test_integers_end_the_flow() -> None:
    x = tf.constant([1.0, 2.0])
    assert tf.gradients(tf.cast(tf.cast(x, tf.int32), tf.float32), x) == [None]
    whole = tf.constant([1, 2])
    assert tf.gradients(tf.cast(whole, tf.float32) * 2.0, whole) == [None]


def test_gated_gradients_wait_for_each_other(graph: tf.Graph) -> None:
    x = tf.constant(2.0)
    (gradient,) = tf.gradients(x * x, x, gate_gradients=True, colocate_gradients_with_ops=True)
    close(run(gradient), 4.0)
    assert any(op.name.endswith("tuple/group_deps") for op in graph.get_operations())


# Rules.


def test_a_missing_rule_names_the_operation_and_the_line(no_rule: OpDef) -> None:
    x = tf.constant([1.0])
    y = no_rule(x, name="bare")
    with pytest.raises(MissingGradientError, match=r"'bare' \(op type: TestNoRule\)") as caught:
        tf.gradients(y, x)
    assert isinstance(caught.value, LookupError)
    assert "test_gradients.py" in str(caught.value)


def test_registered_and_overridden_rules(graph: tf.Graph) -> None:
    @tf.RegisterGradient("TestTimesTen")
    def _(_: Any, dy: Any) -> Any:
        return dy * 10.0

    x = tf.constant([1.0, 2.0])
    with graph.gradient_override_map({"Identity": "TestTimesTen"}):
        y = tf.identity(x)
    close(run(tf.gradients(y, x)[0]), [10.0, 10.0])
    close(run(tf.gradients(tf.identity(x), x)[0]), [1.0, 1.0])
    with pytest.raises(KeyError, match="Registering two gradient with name 'TestTimesTen'"):
        tf.RegisterGradient("TestTimesTen")(lambda _, dy: dy)
    with pytest.raises(KeyError, match="Identity"):
        tf.NotDifferentiable("Identity")
    with pytest.raises(TypeError, match="string"):
        tf.RegisterGradient(3)  # type: ignore[arg-type]


def test_what_a_rule_returns_is_checked(graph: tf.Graph) -> None:
    x = tf.constant([1.0, 2.0])

    def of(name: str, rule: Callable[..., Any]) -> Any:
        tf.RegisterGradient(name)(rule)
        with graph.gradient_override_map({"Identity": name}):
            return tf.identity(x)

    with pytest.raises(ValueError, match="do not match num inputs 1"):
        tf.gradients(of("TestTwo", lambda _, dy: [dy, dy]), x)
    with pytest.raises(ValueError, match="Incompatible shapes between op input"):
        tf.gradients(of("TestShape", lambda *_: tf.ones([3])), x)
    with pytest.raises(TypeError, match="float64"):
        tf.gradients(of("TestType", lambda _, dy: tf.cast(dy, tf.float64)), x)


def test_custom_gradient() -> None:
    @tf.custom_gradient
    def product(a: Any, b: Any) -> Any:
        return a * b, lambda dy: (dy * 10.0, dy * 20.0)

    a, b = tf.constant(2.0), tf.constant(3.0)
    y = product(a, b)
    assert y.op.type == "IdentityN"
    close(run([y, *tf.gradients(y, [a, b])]), [6.0, 10.0, 20.0])


def test_custom_gradient_with_variables() -> None:
    v = tf.Variable(3.0)

    @tf.custom_gradient
    def scaled(a: Any) -> Any:
        def gradient(dy: Any, variables: Any) -> Any:
            assert len(variables) == 1
            return dy, [dy * 7.0]

        return a * v, gradient

    a = tf.constant(2.0)
    close(run(tf.gradients(scaled(a), [a, v])), [1.0, 7.0])

    @tf.custom_gradient
    def wrong(a: Any) -> Any:
        return a * v, lambda dy: dy

    with pytest.raises(TypeError, match="variables"):
        wrong(a)


# Sparse gradients.


def test_sparse_gradients_are_joined_or_made_dense() -> None:
    p = tf.Variable(np.ones((3, 2), np.float32))
    (dense,) = tf.gradients(tf.reduce_sum(tf.gather(p, [1])) + tf.reduce_sum(p * 3.0), p)
    assert isinstance(dense, tf.Tensor)
    total = tf.reduce_sum(tf.gather(p, [1])) + tf.reduce_sum(tf.gather(p, [2, 1]) * 2.0)
    (sparse,) = tf.gradients(total, p)
    assert isinstance(sparse, tf.IndexedSlices)
    assert run(sparse.indices).tolist() == [1, 2, 1]
    close(run(tf.convert_to_tensor(sparse)), [[0, 0], [3, 3], [2, 2]])
    # An operation in between that hands gradients on keeps them sparse, another does not.
    assert isinstance(tf.gradients(tf.gather(tf.identity(p), [0]), p)[0], tf.IndexedSlices)
    assert isinstance(tf.gradients(tf.gather(p * 1.0, [0]), p)[0], tf.Tensor)


def test_fetched_indexed_slices_are_a_named_tuple_as_in_tf1() -> None:
    p = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    (sparse,) = tf.gradients(tf.gather(p, [1]), p)
    fetched = run(sparse)
    values, indices, dense_shape = fetched
    close(values, [[1, 1]])
    assert (indices.tolist(), dense_shape.tolist()) == ([1], [2, 2])
    assert fetched.indices is indices


# Second order.


def test_hessians() -> None:
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    (found,) = tf.hessians(tf.reduce_sum(x**3 * x[0]), x)
    wanted = [
        [[[12.0, 0.0], [27.0, 0.0]], [[0.0, 48.0], [0.0, 48.0]]],
        [[[27.0, 0.0], [18.0, 0.0]], [[0.0, 48.0], [0.0, 48.0]]],
    ]
    close(run(found), wanted)
    with pytest.raises(ValueError, match="no y depends"):
        tf.hessians(tf.constant(1.0), x)


# Conds.


def test_through_a_cond() -> None:
    x, z, p = tf.constant(3.0), tf.constant(4.0), tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: x * x, lambda: z * 7.0)
    gradients = tf.gradients(y, [x, z])
    assert run(gradients, {p: True}) == [6.0, 0.0]
    assert run(gradients, {p: False}) == [0.0, 7.0]


def test_through_a_cond_that_hands_its_captures_on() -> None:
    x, p = tf.constant(3.0), tf.placeholder(tf.bool, [])
    inside = x * x
    y = tf.cond(p, lambda: inside, lambda: inside * x)
    (gradient,) = tf.gradients(y, x)
    assert run(gradient, {p: True}) == 6.0
    assert run(gradient, {p: False}) == 27.0


def test_second_order_through_a_cond() -> None:
    x = tf.constant(3.0)
    y = tf.cond(x > 1.0, lambda: x**3, lambda: x)
    (first,) = tf.gradients(y, x)
    close(run([first, tf.gradients(first, x)[0]]), [27.0, 18.0])


@pytest.mark.parametrize("static", [True, False])
def test_a_random_draw_in_a_branch_is_the_one_that_was_used(static: bool) -> None:
    x = tf.placeholder(tf.float32, [3] if static else [None])
    p = tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: x * tf.random_uniform(tf.shape(x), seed=3), lambda: x)
    (gradient,) = tf.gradients(y, x)
    with tf.Session(backend="numpy") as session:
        first = session.run([y, gradient], {p: True, x: [2.0, 2.0, 2.0]})
        close(first[0], 2.0 * first[1])
        assert np.all(first[1] < 1)
        second = session.run([y, gradient], {p: True, x: [2.0, 2.0, 2.0]})
        assert not np.array_equal(first[0], second[0])
        close(session.run(gradient, {p: False, x: [2.0, 2.0, 2.0]}), [1.0, 1.0, 1.0])


# Loops.


def _loop(condition: Any, body: Any, variables: Any, **options: Any) -> Any:
    return tf.while_loop(condition, body, variables, **options)


def test_through_a_loop_of_known_length() -> None:
    x = tf.constant(2.0)
    _, y = _loop(lambda i, _: i < 4, lambda i, a: (i + 1, a * x), [0, tf.constant(1.0)])
    (first,) = tf.gradients(y, x)
    (second,) = tf.gradients(first, x)
    (third,) = tf.gradients(second, x)
    close(run([y, first, second, third]), [16.0, 32.0, 48.0, 48.0])


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_through_a_loop_whose_length_is_fed(turns: int) -> None:
    n, x = tf.placeholder(tf.int32, []), tf.constant(1.5)
    _, y = _loop(lambda i, _: i < n, lambda i, a: (i + 1, a * x), [0, tf.constant(1.0)])
    close(run(tf.gradients(y, x)[0], {n: turns}), turns * 1.5 ** (turns - 1) if turns else 0.0)


@pytest.mark.parametrize(
    ("condition", "step", "start", "limit", "wanted"),
    [
        (lambda i, n: i <= n, 2, 1, 6, [3.375, 6.75]),
        (lambda i, n: i >= n, -2, 7, 1, [5.0625, 13.5]),
        (lambda i, n: n > i, 1, 0, 3, [3.375, 6.75]),
    ],
)
def test_counters_of_all_kinds(
    condition: Any, step: int, start: int, limit: int, wanted: list[float]
) -> None:
    x, n = tf.constant(1.5), tf.placeholder(tf.int32, [])
    body = lambda i, a: (i + step if step > 0 else i - (-step), a * x)  # noqa: E731 - a body
    _, y = _loop(lambda i, _: condition(i, n), body, [start, tf.constant(1.0)])
    close(run([y, *tf.gradients(y, x)], {n: limit}), wanted)


def test_through_a_loop_that_data_ends() -> None:
    x = tf.constant(1.5)
    _, y = _loop(lambda a, _: a < 20.0, lambda a, b: (a * x, b + a), [tf.constant(1.0), 0.0])
    close(run([y, *tf.gradients(y, x)]), [49.257812, 174.85938])


def test_through_a_loop_that_data_ends_before_its_counter() -> None:
    x = tf.constant(1.5)
    condition = lambda i, a: tf.logical_and(i < 100, a < 20.0)  # noqa: E731 - a condition
    _, y = _loop(condition, lambda i, a: (i + 1, a * x), [0, tf.constant(1.0)])
    close(run([y, *tf.gradients(y, x)]), [25.6289, 136.6875])


def test_maximum_iterations_bound_the_stack() -> None:
    x = tf.constant(2.0)
    y = _loop(lambda a: a > 0.0, lambda a: a * x, [x], maximum_iterations=3)
    close(run([y, *tf.gradients(y, x)]), [16.0, 32.0])


def test_a_data_dependent_loop_of_tensors() -> None:
    x = tf.placeholder(tf.float32, [None, 2])
    y = _loop(lambda a: tf.reduce_sum(a) < 50.0, lambda a: a * a + 1.0, [x])
    found = run([y, *tf.gradients(y, x)], {x: [[1.0, 0.5]]})
    close(found[0], [[677.0, 58.2505]])
    close(found[1], [[4160.0, 193.8892]])


def test_swapped_and_invariant_loop_variables() -> None:
    x = tf.constant(2.0)
    _, a, b = _loop(
        lambda i, _a, _b: i < 3, lambda i, a, b: (i + 1, b, a * x), [0, tf.constant(1.0), x]
    )
    first = tf.gradients([a, b], x)
    close(run([a, b, *first, *tf.gradients(first, x)]), [4.0, 4.0, 8.0, 4.0])
    _, y, _ = _loop(
        lambda i, _a, _b: i < 3, lambda i, a, b: (i + 1, a * b, b), [0, tf.constant(1.0), x]
    )
    close(run(tf.gradients(y, x)[0]), 12.0)


def test_a_variable_used_inside_a_loop() -> None:
    v = tf.Variable(1.5)
    _, y = _loop(lambda i, _: i < 3, lambda i, a: (i + 1, a * v), [0, 1.0])
    close(run([y, *tf.gradients(y, v)]), [3.375, 6.75])


def test_rows_read_in_a_loop_gather_their_gradients() -> None:
    table = tf.Variable(np.arange(6, dtype=np.float32).reshape(3, 2))
    ids = tf.constant([0, 2, 2, 1])
    _, y = _loop(
        lambda i, _: i < 4,
        lambda i, a: (i + 1, a * 0.5 + tf.gather(table, ids[i])),
        [0, tf.constant([1.0, 1.0])],
    )
    found = run([y, tf.convert_to_tensor(tf.gradients(y, table)[0])])
    close(found[0], [5.0625, 6.9375])
    close(found[1], [[0.125, 0.125], [1.0, 1.0], [0.75, 0.75]])


def test_a_cond_in_a_loop_and_a_loop_in_a_cond() -> None:
    x = tf.constant([1.0, 2.0])

    def body(i: Any, a: Any) -> Any:
        return i + 1, tf.cond(tf.equal(i % 2, 0), lambda: a * x, lambda: a + tf.sin(x))

    _, y = _loop(lambda i, _: i < 5, body, [0, tf.constant([1.0, 1.0])])
    found = run([y, *tf.gradients(y, x)])
    close(found[0], [2.6829, 13.4558])
    close(found[1], [6.6050, 14.0496])
    s, p = tf.constant(1.3), tf.placeholder(tf.bool, [])
    y = tf.cond(p, lambda: _loop(lambda a: a < 10.0, lambda a: a * s, [s]) * 2.0, lambda: s * 5.0)
    close(run([y, *tf.gradients(y, s)], {p: True}), [21.209, 146.8315])
    close(run([y, *tf.gradients(y, s)], {p: False}), [6.5, 5.0])


def test_nested_loops() -> None:
    x = tf.constant(1.1)

    def counted(i: Any, a: Any) -> Any:
        _, b = _loop(lambda j, _: j < i + 1, lambda j, b: (j + 1, b * x), [0, a])
        return i + 1, b

    _, y = _loop(lambda i, _: i < 3, counted, [0, tf.constant(1.0)])
    close(run([y, *tf.gradients(y, x)]), [1.1**6, 6 * 1.1**5])

    def until(i: Any, a: Any) -> Any:
        return i + 1, _loop(lambda b: b < a * 2.0, lambda b: b * x, [a])

    _, y = _loop(lambda i, _: i < 3, until, [0, tf.constant(1.0)])
    close(run([y, *tf.gradients(y, x)]), [9.8497, 214.9034])


def test_random_draws_in_a_loop_are_those_that_were_used() -> None:
    w = tf.Variable([1.0, 2.0])
    body = lambda i, a: (i + 1, a * w * tf.random_uniform([2], seed=3))  # noqa: E731 - a body
    _, y = _loop(lambda i, _: i < 3, body, [0, tf.constant([1.0, 1.0])])
    (gradient,) = tf.gradients(y, w)
    with tf.Session(backend="numpy") as session:
        session.run(tf.global_variables_initializer())
        for _ in range(2):
            value, found = session.run([y, gradient])
            close(found, 3 * value / [1.0, 2.0])
        alone = session.run(y)
    with tf.Session(backend="numpy") as session:
        session.run(tf.global_variables_initializer())
        draws = [session.run(y) for _ in range(3)]
    # The draws go on, whether or not a run asks for gradients.
    close(alone, draws[2])


def test_a_write_in_a_loop_happens_once_when_gradients_are_taken() -> None:
    x, v = tf.constant(1.5), tf.Variable(2.0)

    def body(i: Any, a: Any) -> Any:
        with tf.control_dependencies([tf.assign_add(v, 1.0)]):
            return i + 1, a * x + 1.0

    _, y = _loop(lambda i, _: i < 3, body, [0, tf.constant(1.0)])
    (gradient,) = tf.gradients(y, x)
    with tf.Session(backend="numpy") as session:
        session.run(tf.global_variables_initializer())
        close(session.run([y, gradient]), [8.125, 10.75])
        assert session.run(v) == 5.0
        session.run(y)
        assert session.run(v) == 8.0


def test_no_back_prop_no_gradient() -> None:
    x = tf.constant(2.0)
    y = _loop(lambda a: a < 9.0, lambda a: a * x, [x], back_prop=False)
    assert tf.gradients(y, x) == [None]


# Arrays and functional loops.


def test_through_arrays() -> None:
    x = tf.constant([1.0, 2.0, 3.0])
    array = tf.TensorArray(tf.float32, 3, clear_after_read=False).unstack(x)
    y = array.read(0) * array.read(1) + array.read(2) ** 2 + tf.reduce_sum(array.gather([2, 2]))
    found = run([y, *tf.gradients(y, x)])
    close(found[0], 17.0)
    close(found[1], [2.0, 1.0, 8.0])


def test_through_map_scan_and_folds() -> None:
    x, w = tf.constant([1.0, 2.0]), tf.Variable([0.5, -0.3])
    y = tf.map_fn(lambda row: row * row * w, tf.stack([x, x + 1]))
    found = run(tf.gradients(y, [x, w]))
    close(found[0], [3.0, -3.0])
    close(found[1], [5.0, 13.0])
    rows = tf.placeholder(tf.float32, [None, 2])
    y = tf.scan(lambda a, row: tf.tanh(a * w + row), rows)
    found = run(tf.gradients(y, [rows, w]), {rows: [[1, 2], [3, 4], [0.5, 0.6]]})
    close(found[0], [[1.0022, 0.999], [0.0044, 0.0032], [0.4206, 0.9148]])
    close(found[1], [0.4242, 0.9192])
    e = tf.placeholder(tf.float32, [None])
    left = tf.foldl(lambda a, item: a * item, e)
    right = tf.foldr(lambda a, item: a * a - item, e, initializer=tf.constant(1.0))
    found = run([left, right, *tf.gradients([left, right], e)], {e: [1.0, 2.0, 3.0]})
    close(found[0], 6.0)
    close(found[1], 3.0)
    close(found[2], [5.0, -1.0, 18.0])


def test_hessians_of_what_is_linear_are_refused() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    x = tf.constant([1.0, 2.0])
    with pytest.raises(ValueError, match="None values not supported"):
        tf.hessians(tf.reduce_sum(x) * 3.0, x)


def test_a_bool_has_no_gradient() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    x = tf.constant([1.0, 2.0])
    assert tf.gradients(tf.equal(x, x), x) == [None]


def test_gradient_of_sparse_to_dense() -> None:
    # Recorded on TensorFlow 2.21 compat.v1.
    x, default = tf.constant([1.0, 2.0]), tf.constant(5.0)
    dense = tf.sparse_to_dense([[0], [2]], [3], x, default)
    found = tf.gradients(dense * [3.0, 10.0, 4.0], [x, default])
    by_values, by_default = tf.Session().run(found)
    assert by_values.tolist() == [3.0, 4.0]
    assert by_default == 10.0
