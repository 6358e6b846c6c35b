"""What the conformance suite does not ask: ONNX Runtime's own traps, and the model's form."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import onnx
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state
from polygraph_onnxruntime import kernels
from polygraph_onnxruntime.backend import make
from polygraph_onnxruntime.compile import model_of
from polygraph_onnxruntime.kernels import KERNELS, OPSET, kernel_dtype
from polygraph_onnxruntime.writer import onnx_type

import polygraph as tf
from polygraph.plugin import (
    hookimpl,
    primitives,
    register_backend,
    register_plugin,
    unregister_backend,
    unregister_plugin,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.plugin import Lowering, Op, Program

Array = np.ndarray[Any, Any]

MAIN_TYPES = ("T", "T1", "V")
"""What kernels call the dtype of their first operand."""


@pytest.fixture(autouse=True)
def _fresh_graph() -> Iterator[None]:
    with tf.Graph().as_default():
        yield


def computed(function: Callable[..., Any], *arrays: Array, backend: str = "onnxruntime") -> Any:
    """What a function of placeholders gives for the arrays."""
    placeholders = [tf.placeholder(array.dtype, array.shape) for array in arrays]
    with tf.Session(backend=backend) as sess:
        return sess.run(function(*placeholders), dict(zip(placeholders, arrays, strict=True)))


# Kernels.


def installed_kernels(operator: str) -> set[str]:
    """Types that the CPU kernels of the installed ONNX Runtime take at our opset."""
    found: dict[int, set[str]] = {}
    for kernel in ort_state.get_all_opkernel_def():
        first, last = kernel.version_range
        if (
            (kernel.op_name, kernel.domain) == (operator, "")
            and kernel.provider == "CPUExecutionProvider"
            and first <= OPSET <= last
        ):
            for name in MAIN_TYPES:
                found.setdefault(first, set()).update(kernel.type_constraints.get(name, ()))
    return found[max(found)]


@pytest.mark.parametrize("operator", sorted(KERNELS))
def test_declared_kernels_are_there(operator: str) -> None:
    names = onnx.TensorProto.DataType.Name
    declared = {f"tensor({names(onnx_type(dtype)).lower()})" for dtype in KERNELS[operator]}
    assert declared <= installed_kernels(operator)


def test_no_kernel_takes_complex_numbers() -> None:
    taken = {
        name
        for kernel in ort_state.get_all_opkernel_def()
        for names in kernel.type_constraints.values()
        for name in names
    }
    assert "tensor(float)" in taken
    assert not any("complex" in name for name in taken)


def test_a_dtype_without_a_kernel_has_a_stand_in() -> None:
    assert kernel_dtype("Conv", kernels.F16) == kernels.F32
    assert kernel_dtype("MatMul", kernels.I8) == kernels.I32
    with pytest.raises(NotImplementedError, match=r"no kernel for Conv of float64"):
        kernel_dtype("Conv", kernels.F64)


# Traps.


@pytest.mark.parametrize("name", ["int8", "int32", "int64"])
def test_integer_division_never_ends_the_process(name: str) -> None:
    least = np.iinfo(name).min
    x, y = np.array([least, 7, -7, least], name), np.array([-1, -2, 2, 3], name)
    quotients, rests = computed(lambda a, b: (a // b, tf.truncatemod(a, b)), x, y)
    assert quotients.tolist() == [least, -4, -4, least // 3]
    assert rests.tolist() == [0, 1, -1, -((-least) % 3)]


@pytest.mark.parametrize("name", ["int32", "int64", "uint64"])
def test_sums_and_products_of_integers_wrap_around(name: str) -> None:
    x = np.arange(1, 40).astype(name)
    big = np.full(9, np.iinfo(name).max - 1, name)
    product, total = computed(lambda a, b: (tf.reduce_prod(a), tf.reduce_sum(b)), x, big)
    assert product == np.prod(x, dtype=name)
    assert total == np.sum(big, dtype=name)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64"])
def test_a_choice_keeps_the_sign_of_zero(name: str) -> None:
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    x = np.array([-0.0, 0.0, -0.0, 1.0], dtype)
    condition = np.array([True, True, False, False])
    chosen = computed(lambda c, a: tf.where(c, a, -a), condition, x)
    assert np.signbit(chosen).tolist() == [True, False, False, True]


def test_sine_and_cosine_are_exact_near_their_roots() -> None:
    x = np.pi / 2 * np.arange(1, 1000.0)
    sines, cosines = computed(lambda a: (tf.sin(a), tf.cos(a)), x)
    np.testing.assert_allclose(sines, np.sin(x), rtol=1e-15)
    np.testing.assert_allclose(cosines, np.cos(x), rtol=1e-15)


def test_nan_is_found_by_what_compares() -> None:
    x = np.array([[1.0, np.nan, 3.0], [3.0, 1.0, 2.0]], np.float32)
    greatest, place, pooled = computed(
        lambda a: (
            tf.reduce_max(a, 1),
            tf.nn.top_k(a, 1).indices[:, 0],
            tf.nn.max_pool(a[None, :, :, None], [1, 2, 1, 1], [1, 1, 1, 1], "VALID"),
        ),
        x,
    )
    assert np.isnan(greatest).tolist() == [True, False]
    assert place.tolist() == [1, 0]
    assert np.isnan(pooled.reshape(3)).tolist() == [False, True, False]


def test_zeta_where_its_arguments_are_infinite() -> None:
    orders = np.array([[1.0], [2.0], [3.0], [2.5], [np.inf], [np.nan]])
    places = np.array([0.0, -1.5, 0.5, 1.0, 3.0, np.inf, -np.inf, np.nan])
    found = computed(tf.zeta, orders, places)
    np.testing.assert_allclose(found, primitives.elementwise.zeta(orders, places), rtol=1e-13)


def test_the_gradient_of_a_pool_finds_the_greatest_cells_of_what_it_is_given() -> None:
    v = tf.Variable(np.arange(4.0).reshape(1, 2, 2, 1))
    pooled = tf.nn.max_pool(v, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    with tf.control_dependencies([pooled]), tf.control_dependencies([tf.assign(v, -v)]):
        slope = tf.gradients(pooled, v)[0]
    with tf.Session(backend="onnxruntime") as sess, tf.Session() as wanted:
        slopes = []
        for session in (sess, wanted):
            session.run(v.initializer)
            slopes.append(session.run(slope))
    np.testing.assert_array_equal(*slopes)


def test_bfloat16_crosses_the_border() -> None:
    x = np.array([1.5, -2.25, np.inf], ml_dtypes.bfloat16)
    doubled = computed(lambda a: a + a, x)
    assert doubled.dtype == x.dtype
    assert doubled.tolist() == [3.0, -4.5, np.inf]


# The model.


def programs_of(run: Callable[[tf.Session], object]) -> list[Program]:
    """The Programs that a session of this backend compiles."""
    programs: list[Program] = []
    backend = make("cpu", {})

    def spy(program: Program) -> Any:
        programs.append(program)
        return backend.compile(program)

    register_backend(dataclasses.replace(backend, name="spied", compile=spy))
    try:
        with tf.Session(backend="spied") as sess:
            run(sess)
    finally:
        unregister_backend("spied")
    return programs


def test_a_program_is_one_valid_model_with_state_as_inputs_and_outputs() -> None:
    v = tf.Variable(np.ones(3, np.float32))
    x = tf.placeholder(tf.float32, [3])
    limit = tf.placeholder(tf.int32, [])
    turns = tf.while_loop(lambda i, _: i < limit, lambda i, y: (i + 1, y * 2.0), [0, x])[1]
    chosen = tf.cond(limit > 2, lambda: turns + v, lambda: turns - v)
    step = tf.assign_add(v, chosen)

    def run(sess: tf.Session) -> None:
        sess.run(tf.global_variables_initializer())
        found = sess.run([chosen, step], {x: np.ones(3, np.float32), limit: 3})
        np.testing.assert_array_equal(found, [[9.0] * 3, [10.0] * 3])

    program = programs_of(run)[-1]
    model, constants = model_of(program)
    assert not constants
    onnx.checker.check_model(model, full_check=True)
    operators = [node.op_type for node in model.graph.node]
    assert operators.count("If") == 1
    assert operators.count("Loop") == 1
    assert len(model.graph.input) == len(program.state) + len(program.feeds)
    assert len(model.graph.output) == program.fetches + len(program.updates)


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

    def turn(i: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return i + 1, tf.cond(i % 2 > 0, lambda: y + x, lambda: y - x)

    y = tf.while_loop(lambda i, _: i < turns, turn, [0, x])[1]
    with tf.Session(backend="onnxruntime") as sess:
        fed = {x: np.ones(3, np.float32)}
        few, many = (python_calls(lambda n=n: sess.run(y, fed | {turns: n})) for n in (1, 500))
    assert few == many


def test_large_constants_are_no_part_of_the_model() -> None:
    large = np.arange(40_000).astype(ml_dtypes.bfloat16)
    x = tf.placeholder(tf.bfloat16, [])
    y = tf.cond(tf.greater(x, 0.0), lambda: large * x, lambda: large + x)

    def run(sess: tf.Session) -> None:
        np.testing.assert_array_equal(sess.run(y, {x: 2.0}), large + large)

    model, constants = model_of(programs_of(run)[-1])
    assert [array.nbytes for array in constants] == [80_000, 80_000]
    assert model.ByteSize() < 10_000


def test_the_flags_of_all_checks_are_one_output_and_a_failed_one_keeps_the_state() -> None:
    v = tf.Variable([1.0, 2.0])
    x = tf.placeholder(tf.float32, [2])
    checks = [tf.assert_positive(x), tf.assert_less(x, 10.0)]
    with tf.control_dependencies(checks):
        step = tf.assign_add(v, x)

    def run(sess: tf.Session) -> None:
        sess.run(tf.global_variables_initializer())
        sess.run(step, {x: [1.0, 1.0]})
        for wrong in ([-1.0, 1.0], [1.0, 11.0]):
            with pytest.raises(tf.errors.InvalidArgumentError):
                sess.run(step, {x: wrong})
        np.testing.assert_array_equal(sess.run(v), [2.0, 3.0])

    checked = next(program for program in programs_of(run) if len(program.checks) > 1)
    outputs = model_of(checked)[0].graph.output
    assert len(outputs) == checked.fetches + checked.carries + len(checked.updates) + 1
    assert outputs[-1].type.tensor_type.shape.dim[0].dim_value == len(checked.checks)


def test_fetched_arrays_are_the_callers_own() -> None:
    v = tf.Variable(np.zeros(4, np.float32))
    x = tf.placeholder(tf.float32, [4])
    with tf.Session(backend="onnxruntime") as sess:
        sess.run(tf.global_variables_initializer())
        fed = np.ones(4, np.float32)
        first, again, held = sess.run([tf.identity(x), tf.identity(x), v], {x: fed})
        first[:] = held[:] = 7.0
        assert again.tolist() == fed.tolist() == [1.0] * 4
        assert sess.run(v).tolist() == [0.0] * 4


def test_runs_from_several_threads_are_independent() -> None:
    x = tf.placeholder(tf.float64, [64])
    y = tf.reduce_sum(tf.cumsum(tf.sin(x)) * x)
    arrays = [np.linspace(0, 1 + index, 64) for index in range(4)]
    wanted = [np.sum(np.cumsum(np.sin(array)) * array) for array in arrays]
    found: dict[int, list[float]] = {}
    with tf.Session(backend="onnxruntime") as sess:

        def work(index: int) -> None:
            found[index] = [float(sess.run(y, {x: arrays[index]})) for _ in range(50)]

        threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for index, value in enumerate(wanted):
        np.testing.assert_allclose(found[index], value, rtol=1e-12)


# Lowerings that plugins bring.


class Lowerings:
    """A plugin with another lowering of one op for this backend."""

    def __init__(self, op: Op, lowering: Lowering) -> None:
        self.lowerings = {op: lowering}

    @hookimpl
    def polygraph_lowerings(self, backend: str) -> dict[Op, Lowering]:
        return self.lowerings if backend == "onnxruntime" else {}


@contextlib.contextmanager
def lowered(op: Op, lowering: Lowering) -> Iterator[None]:
    plugin = Lowerings(op, lowering)
    register_plugin(plugin)
    try:
        yield
    finally:
        unregister_plugin(plugin)


def test_lowerings_of_a_plugin_go_first_also_inside_of_control_flow() -> None:
    def function(x: Any) -> Any:
        return tf.cond(
            x[0] > 0,
            lambda: tf.while_loop(lambda y: y[0] < 9.0, tf.sinh, [x])[None],
            lambda: tf.sinh(x)[None],
        )

    with lowered(primitives.elementwise.sinh, lambda x: x * 3.0):
        looped = computed(function, np.array([1.0, 2.0], np.float32))
        plain = computed(function, np.array([-1.0, 2.0], np.float32))
    assert looped.tolist() == [[9.0, 18.0]]
    assert plain.tolist() == [[-3.0, 6.0]]


def test_a_lowering_of_the_wrong_type_is_named_with_the_users_line() -> None:
    wanted = r"gives \(f32\[2, 1\]\), not \(f32\[2\]\)"
    with (
        lowered(primitives.elementwise.sinh, lambda x: x.reshape((2, 1))),
        pytest.raises(tf.errors.InternalError, match=wanted) as caught,
    ):
        computed(tf.sinh, np.ones(2, np.float32))
    place = r"while onnxruntime lowered sinh\(f32\[2\]\), of Sinh '.*', .*test_onnxruntime\.py:\d+"
    assert any(re.search(place, note) for note in caught.value.__notes__)


# Configuration.


@pytest.mark.parametrize("level", ["none", "basic", "extended", "all"])
def test_every_level_of_optimisation_computes_the_same(level: str) -> None:
    x = tf.placeholder(tf.float32, [2, 3])
    y = tf.nn.softmax(tf.matmul(x, tf.transpose(x)) + 0.0)
    options = {"optimization": level, "threads": 2}
    fed = np.arange(6, dtype=np.float32).reshape(2, 3) / 5
    with tf.Session(config=tf.ConfigProto(backend="onnxruntime", backend_options=options)) as sess:
        found = sess.run(y, {x: fed})
    exponents = np.exp(fed @ fed.T)
    np.testing.assert_allclose(found, exponents / exponents.sum(1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize(
    ("device", "config", "message"),
    [
        ("gpu", {}, "runs on 'cpu' only, not on 'gpu'"),
        ("cpu", {"speed": 1}, "has no option speed; it has\n  threads"),
        ("cpu", {"optimization": "most"}, "optimization is 'most'; it may be none, basic"),
    ],
)
def test_what_cannot_be_had_is_refused(device: str, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(device, config)


def test_an_array_that_no_kernel_takes_is_refused() -> None:
    with pytest.raises(TypeError, match=r"no kernel that takes complex64 tensors"):
        make("cpu", {}).put(np.zeros(2, np.complex64))


# Training.


def losses_of(loss: tf.Tensor, feeds: dict[tf.Tensor, Array], backend: str) -> list[float]:
    """The losses of ten steps of Adam."""
    step = tf.train.AdamOptimizer(0.01).minimize(loss)
    with tf.Session(backend=backend) as sess:
        sess.run(tf.global_variables_initializer())
        return [float(sess.run([loss, step], feeds)[0]) for _ in range(10)]


def softmax_regression() -> tuple[tf.Tensor, dict[tf.Tensor, Array]]:
    rng = np.random.default_rng(0)
    images, labels = rng.normal(size=(32, 20)).astype(np.float32), rng.integers(0, 5, 32)
    x, y = tf.placeholder(tf.float32, [None, 20]), tf.placeholder(tf.int64, [None])
    w = tf.get_variable("w", [20, 5], initializer=tf.random_normal_initializer(seed=2))
    logits = tf.matmul(x, w) + tf.get_variable("b", [5], initializer=tf.zeros_initializer())
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
    return tf.reduce_mean(losses), {x: images, y: labels}


def small_conv_net() -> tuple[tf.Tensor, dict[tf.Tensor, Array]]:
    rng = np.random.default_rng(0)
    images = rng.normal(size=(8, 12, 12, 1)).astype(np.float32)
    labels = rng.integers(0, 3, 8)
    x, y = tf.placeholder(tf.float32, [None, 12, 12, 1]), tf.placeholder(tf.int64, [None])
    first = tf.nn.relu(tf.nn.conv2d(x, weights("first", 3, 3, 1, 4), [1, 1, 1, 1], "SAME"))
    pooled = tf.nn.max_pool(first, [1, 2, 2, 1], [1, 2, 2, 1], "VALID")
    second = tf.nn.conv2d(pooled, weights("second", 3, 3, 4, 6), [1, 2, 2, 1], "SAME")
    means = tf.nn.avg_pool(tf.nn.relu(second), [1, 2, 2, 1], [1, 1, 1, 1], "SAME")
    hidden = tf.nn.dropout(tf.reshape(means, [-1, 54]), keep_prob=0.7, seed=3)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=y, logits=tf.matmul(hidden, weights("last", 54, 3))
    )
    return tf.reduce_mean(losses), {x: images, y: labels}


def weights(name: str, *shape: int) -> tf.Variable:
    return tf.get_variable(name, shape, initializer=tf.random_normal_initializer(stddev=0.3))


@pytest.mark.parametrize("model", [softmax_regression, small_conv_net])
def test_trains_like_numpy(model: Callable[[], tuple[tf.Tensor, dict[Any, Array]]]) -> None:
    losses = {}
    for backend in ("numpy", "onnxruntime"):
        with tf.Graph().as_default():
            tf.set_random_seed(1)
            losses[backend] = losses_of(*model(), backend)
    assert losses["numpy"][-1] < losses["numpy"][0]
    np.testing.assert_allclose(losses["onnxruntime"], losses["numpy"], rtol=2e-4)


def test_a_dtype_without_kernels_is_refused_with_the_engines_limit() -> None:
    x = tf.placeholder(tf.complex64, [2])
    wanted = r"no kernel of ONNX Runtime's CPU provider takes tensors of complex numbers"
    with (
        tf.Session(backend="onnxruntime") as sess,
        pytest.raises(tf.errors.UnsupportedOpError, match=wanted),
    ):
        sess.run(x * x, {x: np.ones(2, np.complex64)})
