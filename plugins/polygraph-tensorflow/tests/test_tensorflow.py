"""What the conformance suite does not ask: TensorFlow's own traps, and how graphs are run."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.plugin import Block, Op, Parameter, Program, Step, TensorType, Value, primitives

pytest.importorskip("tensorflow", reason="tensorflow-cpu is not installed")

from polygraph_tensorflow.backend import make
from polygraph_tensorflow.compile import LARGEST_LITERAL, aligned_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Array = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def computed(function: Callable[..., Any], *arrays: Array, backend: str = "tensorflow") -> Any:
    """What a function of placeholders gives for the arrays."""
    placeholders = [tf.placeholder(array.dtype, array.shape) for array in arrays]
    with tf.Session(backend=backend) as sess:
        return sess.run(function(*placeholders), dict(zip(placeholders, arrays, strict=True)))


def one_step(op: Op, *operands: Array, **attrs: Any) -> list[Array]:
    """The results of one primitive."""
    types = [TensorType(x.dtype, x.shape) for x in operands]
    parameters = tuple(map(Value, types))
    results = tuple(map(Value, op.types(types, attrs)))
    block = Block(parameters, {}, (Step(op, parameters, attrs, results),), results)
    feeds = tuple(Parameter(f"x{index}") for index in range(len(operands)))
    program = Program("step", block, (), feeds, len(results), 0, (), ())
    return list(make("cpu", {}).compile(program)([], operands)[0])


# Training.


def softmax_regression(backend: str) -> list[float]:
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        images = np.random.default_rng(0).normal(size=(32, 20)).astype(np.float32)
        labels = np.arange(32) % 5
        x = tf.placeholder(tf.float32, [None, 20])
        y = tf.placeholder(tf.int64, [None])
        w = tf.get_variable("w", [20, 5], initializer=tf.random_normal_initializer(seed=2))
        b = tf.get_variable("b", [5], initializer=tf.zeros_initializer())
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=tf.matmul(x, w) + b)
        )
        step = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
        return losses(backend, loss, step, {x: images, y: labels}, 20)


def convolutional_net(backend: str) -> list[float]:
    with tf.Graph().as_default():
        tf.set_random_seed(1)
        images = np.random.default_rng(0).normal(size=(8, 12, 12, 1)).astype(np.float32)
        labels = np.arange(8) % 3
        x = tf.placeholder(tf.float32, [None, 12, 12, 1])
        y = tf.placeholder(tf.int64, [None])
        filters = tf.get_variable(
            "filters", [3, 3, 1, 4], initializer=tf.truncated_normal_initializer(stddev=0.3, seed=3)
        )
        hidden = tf.nn.relu(tf.nn.conv2d(x, filters, [1, 1, 1, 1], "SAME"))
        pooled = tf.nn.max_pool(hidden, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")
        flat = tf.nn.dropout(tf.reshape(pooled, [-1, 6 * 6 * 4]), keep_prob=0.8, seed=4)
        w = tf.get_variable(
            "w", [6 * 6 * 4, 3], initializer=tf.random_normal_initializer(stddev=0.1, seed=5)
        )
        loss = tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=tf.matmul(flat, w))
        )
        step = tf.train.AdamOptimizer(0.01).minimize(loss)
        return losses(backend, loss, step, {x: images, y: labels}, 12)


def losses(backend: str, loss: Any, step: Any, feeds: dict[Any, Array], count: int) -> list[float]:
    with tf.Session(backend=backend) as sess:
        sess.run(tf.global_variables_initializer())
        return [float(sess.run([loss, step], feeds)[0]) for _ in range(count)]


@pytest.mark.parametrize("train", [softmax_regression, convolutional_net])
def test_trains_like_the_default_backend(train: Callable[[str], list[float]]) -> None:
    found, wanted = train("tensorflow"), train("numpy")
    assert found[-1] < 0.9 * found[0]
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


# State.


def test_a_failed_run_keeps_the_state() -> None:
    index = tf.placeholder(tf.int32, [])
    v = tf.Variable([1.0, 2.0])
    with tf.control_dependencies([tf.assign(v, v * 10.0)]):
        taken = tf.gather(tf.constant([5.0, 6.0]), index)
    with tf.Session(backend="tensorflow") as sess:
        sess.run(tf.global_variables_initializer())
        with pytest.raises(tf.errors.InvalidArgumentError):
            sess.run(taken, {index: 2})
        np.testing.assert_array_equal(sess.run(v), [1.0, 2.0])
        assert sess.run(taken, {index: 1}) == 6.0
        np.testing.assert_array_equal(sess.run(v), [10.0, 20.0])


def test_state_is_no_view_of_what_was_fed() -> None:
    # TensorFlow reads an array at such an address in place, and a reshape gives its memory on.
    fed = aligned_copy(np.arange(6, dtype=np.float32))
    x = tf.placeholder(tf.float32, [6])
    v = tf.Variable(tf.zeros([2, 3]))
    assign = tf.assign(v, tf.reshape(x, [2, 3]))
    with tf.Session(backend="tensorflow") as sess:
        sess.run(tf.global_variables_initializer())
        fetched = sess.run(assign, {x: fed})
        fed[:] = -1.0
        fetched[:] = -2.0
        np.testing.assert_array_equal(sess.run(v), np.arange(6.0).reshape(2, 3))


def test_a_fetched_constant_belongs_to_the_caller() -> None:
    c = tf.constant(np.arange(4.0))
    with tf.Session(backend="tensorflow") as sess:
        sess.run(c)[:] = 0.0
        np.testing.assert_array_equal(sess.run(c), np.arange(4.0))


def test_large_constants_are_fed() -> None:
    table = np.arange(LARGEST_LITERAL, dtype=np.float64)
    found = computed(lambda x: tf.constant(table) + x, np.array(1.0))
    np.testing.assert_array_equal(found, table + 1.0)


def test_eight_threads_share_one_session() -> None:
    x = tf.placeholder(tf.float32, [100])
    y = tf.reduce_sum(x * x)
    wrong: list[float] = []
    with tf.Session(backend="tensorflow") as sess:

        def work(value: float) -> None:
            for _ in range(50):
                found = sess.run(y, {x: np.full(100, value, np.float32)})
                if found != 100 * value * value:
                    wrong.append(found)

        threads = [threading.Thread(target=work, args=(float(value),)) for value in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not wrong


# Numbers.


def test_subnormal_numbers_are_kept_in_small_and_large_arrays() -> None:
    for size in (3, 1_000_000):
        x = np.full(size, 1e-40, np.float32)
        np.testing.assert_array_equal(computed(lambda x: x + x, x), x + x)


def test_sums_keep_their_order() -> None:
    x = np.array([30.0, -0.0], np.float32)
    found = computed(lambda x: (x + np.float32(1e8)) - np.float32(1e8), x)
    np.testing.assert_array_equal(found, [32.0, 0.0])
    assert np.signbit(computed(lambda x: x * np.float32(0), np.array([-1.0], np.float32)))


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_divisors_that_trap(dtype: type[np.signedinteger[Any]]) -> None:
    lowest = np.iinfo(dtype).min
    x, y = np.array([lowest, 7, lowest], dtype), np.array([-1, 0, 0], dtype)
    ew = primitives.elementwise
    for op in (ew.floor_divide, ew.truncate_divide, ew.floor_mod, ew.truncate_mod):
        np.testing.assert_array_equal(one_step(op, x, y)[0], op(x, y))


def test_broadcasts_of_many_axes() -> None:
    x = np.arange(16.0).reshape(2, 1, 2, 1, 2, 1, 2, 1)
    y = np.arange(16.0).reshape(1, 2, 1, 2, 1, 2, 1, 2)
    ew = primitives.elementwise
    np.testing.assert_array_equal(one_step(ew.subtract, x, y)[0], x - y)
    np.testing.assert_array_equal(one_step(ew.select, x > 3, x, y)[0], np.where(x > 3, x, y))
    np.testing.assert_array_equal(
        computed(lambda x: tf.tile(x, [3, 2, 1, 2]), x.reshape(2, 2, 2, 2)),
        np.tile(x.reshape(2, 2, 2, 2), (3, 2, 1, 2)),
    )


_NINE = (3, 1, 2, 1, 3, 1, 2, 1, 2)
_SLICE = {
    "begin": (2, 0, 0, 0, 1, 0, 1, 0, 0),
    "end": (None, 1, 2, 1, 3, 1, None, 1, 2),
    "strides": (-2, 1, 1, 1, 1, 1, -1, 1, 2),
}
_STARTS = np.array([1, 0, 0, 0, 2, 0, 1, 0, 5], np.int32)
_SIZES = (2, 1, 2, 1, 1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("name", "shapes", "attrs"),
    [
        ("strided_slice", [_NINE], _SLICE),
        ("strided_slice_grad", [(2, 1, 2, 1, 2, 1, 2, 1, 1)], {"shape": _NINE, **_SLICE}),
        ("pad", [_NINE, ()], {"low": (1, 0) * 4 + (2,), "high": (0, 2) * 4 + (1,)}),
        ("mirror_pad", [_NINE], {"low": (2,) + (0,) * 8, "high": (1,) * 9, "mode": "symmetric"}),
        ("reverse", [_NINE], {"axes": (0, 4, -1)}),
        ("dynamic_slice", [_NINE, _STARTS], {"sizes": _SIZES}),
        ("dynamic_update_slice", [_NINE, _SIZES, _STARTS], {}),
    ],
)
def test_arrays_of_more_axes_than_nodes_take(
    name: str, shapes: list[Any], attrs: dict[str, Any]
) -> None:
    draw = np.random.default_rng(0).normal
    arrays = [x if isinstance(x, np.ndarray) else np.array(draw(size=x)) for x in shapes]
    op = getattr(primitives.shaping, name)
    np.testing.assert_array_equal(one_step(op, *arrays, **attrs)[0], op(*arrays, **attrs))


def test_choices_among_many_axes() -> None:
    x = np.random.default_rng(0).permutation(2**9).astype(np.float32).reshape((2,) * 9)
    ew, red = primitives.elementwise, primitives.reduction
    chosen = one_step(ew.select, x > 9, x, np.float32(-1))[0]
    np.testing.assert_array_equal(chosen, np.where(x > 9, x, -1))
    for op in (red.argmax, red.argmin):
        attrs = {"axis": 4, "dtype": np.dtype(np.int64)}
        np.testing.assert_array_equal(one_step(op, x, **attrs)[0], op(x, **attrs))


def test_power_of_unsigned_numbers_wraps_around() -> None:
    x = np.array([3, 5, 2, 2**64 - 1], np.uint64)
    y = np.array([100, 2**64 - 1, 63, 2**63 + 1], np.uint64)
    power = primitives.elementwise.power
    np.testing.assert_array_equal(one_step(power, x, y)[0], power(x, y))


def test_pooling_keeps_nan_and_minus_infinity() -> None:
    x = np.full((1, 4, 4, 1), -np.inf, np.float32)
    x[0, 0, 0, 0] = np.nan
    attrs = {"ksize": (2, 2), "strides": (2, 2), "padding": ((0, 0), (0, 0))}
    max_pool = primitives.pooling.max_pool
    np.testing.assert_array_equal(one_step(max_pool, x, **attrs)[0], max_pool(x, **attrs))


def test_one_infinite_weight_spoils_no_border() -> None:
    filters = np.ones((3, 3, 2, 1))
    filters[0, 0, 0, 0] = np.inf
    dy = np.ones((1, 3, 3, 2))
    attrs = {"input_shape": (1, 5, 5, 2), "strides": (1, 1), "padding": ((0, 0), (0, 0))}
    op = primitives.depthwise.depthwise_conv2d_backprop_input
    np.testing.assert_array_equal(one_step(op, filters, dy, **attrs)[0], op(filters, dy, **attrs))


def test_order_has_nan_last_and_ignores_the_sign_of_zero() -> None:
    x = np.array([0.0, np.nan, -0.0, -np.inf, 2.0, -1.0], np.float64)
    for descending in (False, True):
        attrs = {"axis": 0, "descending": descending}
        argsort = primitives.indexing.argsort
        np.testing.assert_array_equal(one_step(argsort, x, **attrs)[0], argsort(x, **attrs))


# Random numbers.


@pytest.mark.parametrize("size", [0, 1, 2, 3, 50, 1000])
def test_swaps_at_once_make_the_order_of_swaps_one_by_one(size: int) -> None:
    rng = np.random.default_rng(size)
    op = primitives.random.pivots_to_permutation
    for highest in (size, min(size, 3)):
        pivots = np.array([rng.integers(i, max(highest, i + 1)) for i in range(size)], np.int32)
        np.testing.assert_array_equal(one_step(op, pivots)[0], op(pivots))


def test_swaps_that_form_one_long_chain() -> None:
    pivots = np.minimum(np.arange(300) + 1, 299).astype(np.int32)
    op = primitives.random.pivots_to_permutation
    np.testing.assert_array_equal(one_step(op, pivots)[0], op(pivots))


def test_random_numbers_are_those_of_the_default_backend() -> None:
    def drawn(backend: str) -> list[Array]:
        with tf.Graph().as_default():
            tf.set_random_seed(7)
            draws = [
                tf.random_uniform([5]),
                tf.random_uniform([5], dtype=tf.float64),
                tf.random_uniform([5], 3, 90, dtype=tf.int32),
                tf.random_shuffle(tf.range(20)),
            ]
            with tf.Session(backend=backend) as sess:
                return [*sess.run(draws), *sess.run(draws)]

    for found, wanted in zip(drawn("tensorflow"), drawn("numpy"), strict=True):
        np.testing.assert_array_equal(found, wanted)


# Control flow.


def test_loops_and_branches_run_inside_the_graph() -> None:
    def collatz(start: Any) -> Any:
        def turn(n: Any, count: Any) -> Any:
            even = tf.equal(n % 2, 0)
            return tf.cond(even, lambda: n // 2, lambda: 3 * n + 1), count + 1

        return tf.while_loop(lambda n, _: n > 1, turn, [start, tf.constant(0)])[1]

    assert computed(collatz, np.array(27, np.int32)) == 111


def python_calls(run: Callable[[], object]) -> int:
    """How many Python functions one run calls, the first runs not counted."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    run()
    run()
    before = sys.getprofile()
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(before)
    return calls


def test_a_run_stays_in_the_engine_through_loops_and_branches() -> None:
    x, turns = tf.placeholder(tf.float32, [3]), tf.placeholder(tf.int32, [])

    def turn(i: Any, y: Any) -> Any:
        return i + 1, tf.cond(i % 2 > 0, lambda: y + x, lambda: y - x)

    y = tf.while_loop(lambda i, _: i < turns, turn, [0, x])[1]
    with tf.Session(backend="tensorflow") as sess:
        fed = {x: np.ones(3, np.float32)}
        few, many = (python_calls(lambda n=n: sess.run(y, fed | {turns: n})) for n in (1, 500))
    assert few == many


# The backend itself.


def test_the_record_loads_no_engine() -> None:
    code = "import sys, polygraph_tensorflow.spec; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


@pytest.mark.parametrize(
    ("device", "config", "words"),
    [
        ("gpu", {}, "no device 'gpu'; it has cpu:0"),
        ("cpu", {"thread": 2}, "no option thread; it has\n  threads: "),
        ("cpu", {"threads": 0}, "threads is 0; give a number from 1 up"),
    ],
)
def test_what_it_does_not_know_is_refused(device: str, config: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make(device, config)


def test_a_lowering_of_the_wrong_type_is_named() -> None:
    negative = primitives.elementwise.negative
    x = Value(TensorType(np.dtype(np.float32), (2,)))
    result = Value(x.type)
    block = Block((x,), {}, (Step(negative, (x,), {}, (result,)),), (result,))
    program = Program("step", block, (), (Parameter("x"),), 1, 0, (), ())
    backend = make("cpu", {}, {negative: lambda x: x[:1]})
    with pytest.raises(TypeError, match=r"lowering of negative .* gives float32\(1,\), not f32"):
        backend.compile(program)
