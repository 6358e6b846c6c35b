"""The JAX backend: what an executable promises."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from polygraph.backends.jax import persistent_cache  # noqa: E402
from polygraph.backends.jax.backend import make  # noqa: E402
from polygraph.backends.jax.table import LOWERINGS, UNSUPPORTED  # noqa: E402
from polygraph.core.ground.op import REGISTRY, Primitive  # noqa: E402
from polygraph.core.ground.program import (  # noqa: E402
    Block,
    Parameter,
    Program,
    Step,
    Value,
)
from polygraph.core.ground.signature import TensorType  # noqa: E402
from polygraph.ops import primitives  # noqa: E402
from polygraph.ops.primitives import (  # noqa: E402
    control,
    distributions,
    elementwise as ew,
    linalg,
    reduction,
)
from tests.backends.programs import F32, make_program, vector  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.core.ground.backend import Backend

Known = np.ndarray[Any, Any]

for _module in pkgutil.iter_modules(primitives.__path__):
    importlib.import_module(f"{primitives.__name__}.{_module.name}")

PRIMITIVES = [op for op in REGISTRY.values() if isinstance(op, Primitive)]

F64 = np.dtype(np.float64)
I32 = np.dtype(np.int32)
I64 = np.dtype(np.int64)


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYGRAPH_CACHE_DIR", "")
        yield make("cpu", {})


def test_lgamma_and_digamma_next_to_their_zeros_and_poles(backend: Backend) -> None:
    x = np.array([0.9999, 1.0001, 2.0001, 1.4616, 0.0, -1.0, -0.5, 1e-3, 40, 1e5, np.inf], F32)
    program = make_program(lambda x: (ew.lgamma(x), ew.digamma(x)), [vector(x.size)])
    for found, op in zip(
        backend.compile(program)([], [x])[0], (ew.lgamma, ew.digamma), strict=True
    ):
        (wanted,) = op.compute([x], {}, [vector(x.size)])
        np.testing.assert_allclose(found, wanted, rtol=3e-6, atol=1e-6, err_msg=op.name)


def test_every_primitive_has_a_lowering_or_a_reason() -> None:
    missing = [op.name for op in PRIMITIVES if op not in LOWERINGS and op not in UNSUPPORTED]
    assert not missing


def test_division_by_a_broadcast_divisor_is_exact(backend: Backend) -> None:
    x = np.arange(1, 400, dtype=F32)
    divide = make_program(
        lambda x, y: (ew.divide(x, y), ew.divide(x, np.float32(10)), ew.floor_divide(x, y)),
        [TensorType(F32, (399, 1)), vector(7)],
    )
    y = np.array([3, 49, 10, 7, 0.1, 1.5, 41], F32)
    found = backend.compile(divide)([], [x[:, None].copy(), y])[0]
    wanted = [x[:, None] / y, x[:, None] / F32.type(10), np.floor(x[:, None] / y)]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_cast_to_16_bits_and_back_rounds(backend: Backend) -> None:
    half = np.dtype(np.float16)
    program = make_program(lambda x: [ew.cast(ew.cast(x, dtype=half), dtype=F32)], [vector(2)])
    found = backend.compile(program)([], [np.array([0.1, 1.0001], F32)])[0][0]
    np.testing.assert_array_equal(found, np.array([0.1, 1.0001], half).astype(F32))


def test_subnormal_numbers_move_but_do_not_compute(backend: Backend) -> None:
    # XLA on the CPU sets the processor to flush them, as TensorFlow does (1e-40 * 0.5 and
    # 1e-40 + 1e-40 are 0 on TensorFlow 2.21 too, and 1e-40 == 0 is true).
    tiny = np.array([1e-40, -1e-45], F32)
    program = make_program(lambda x: (x, ew.add(x, x), ew.equal(x, np.float32(0))), [vector(2)])
    same, doubled, is_zero = backend.compile(program)([], [tiny])[0]
    np.testing.assert_array_equal(same, tiny)
    np.testing.assert_array_equal(doubled, [0, 0])
    np.testing.assert_array_equal(is_zero, [True, True])


# What an executable promises.


def test_state_feeds_fetches_carries_and_updates(backend: Backend) -> None:
    program = make_program(
        lambda v, w, x: (ew.add(v, x), ew.multiply(w, x), ew.add(v, w)),
        [vector(3)] * 3, state=2, carries=1, updates=(1,),
    )  # fmt: skip
    executable = backend.compile(program)
    v, w = backend.put(np.array([1, 2, 3], F32)), backend.put(np.array([4, 5, 6], F32))
    fetches, carries, updates, failed = executable([v, w], [np.array([10, 20, 30], F32)])
    np.testing.assert_array_equal(fetches[0], [11, 22, 33])
    np.testing.assert_array_equal(backend.get(carries[0]), [40, 100, 180])
    np.testing.assert_array_equal(backend.get(updates[0]), [5, 7, 9])
    np.testing.assert_array_equal(backend.get(v), [1, 2, 3])
    assert failed == -1
    assert executable.tier == "xla"
    again = executable([v, updates[0]], [carries[0]])
    np.testing.assert_array_equal(backend.get(again[2][0]), [6, 9, 12])


def test_fetches_belong_to_the_caller(backend: Backend) -> None:
    scalar = TensorType(F32, ())
    program = make_program(lambda v, x: (v, x, v), [scalar, scalar], state=1, updates=(0,))
    executable = backend.compile(program)
    fetches, _, updates, _ = executable([backend.put(np.array(1, F32))], [np.array(2, F32)])
    for fetch in fetches:
        assert fetch.flags.writeable
        assert fetch.shape == ()
        fetch[...] = 9
    assert float(backend.get(updates[0])) == 1


def aligned(size: int) -> Known:
    """A vector that XLA could use in place: aligned to 64 bytes."""
    raw = np.zeros(size * 4 + 64, np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size * 4].view(F32)


def test_fed_arrays_are_read_before_the_run_returns(backend: Backend) -> None:
    program = make_program(
        lambda v, x: (x, x, ew.add(v, x)), [vector()] * 2, state=1, carries=2, updates=(0,)
    )
    assigning = make_program(lambda _v, x: (x,), [vector()] * 2, state=1, updates=(0,))
    x = aligned(1000)
    for executable in map(backend.compile, (program, assigning)):
        x[:] = 1
        _, carries, updates, _ = executable([backend.put(np.zeros(1000, F32))], [x])
        x[:] = 7
        for kept in (*carries, *updates):
            np.testing.assert_array_equal(backend.get(kept), np.ones(1000, F32))


def test_put_copies(backend: Backend) -> None:
    x = aligned(1000)
    kept = backend.put(x)
    x[:] = 7
    np.testing.assert_array_equal(backend.get(kept), np.zeros(1000, F32))


def test_variables_never_share_memory(backend: Backend) -> None:
    copying = make_program(lambda _a, b: (b,), [vector()] * 2, state=2, updates=(0,))
    doubling = make_program(lambda a, _b: (ew.add(a, a),), [vector()] * 2, state=2, updates=(0,))
    swapping = make_program(lambda a, b: (b, a), [vector()] * 2, state=2, updates=(0, 1))
    a, b = backend.put(np.zeros(1000, F32)), backend.put(np.ones(1000, F32))
    (a,) = backend.compile(copying)([a, b], [])[2]
    (a,) = backend.compile(doubling)([a, b], [])[2]
    a, b = backend.compile(swapping)([a, b], [])[2]
    assert (float(backend.get(a)[0]), float(backend.get(b)[0])) == (1, 2)


def test_a_variable_changes_its_shape(backend: Backend) -> None:
    program = make_program(lambda _v, x: (x,), [vector(2), vector(3)], state=1, updates=(0,))
    _, _, updates, _ = backend.compile(program)([backend.put(np.zeros(2, F32))], [np.ones(3, F32)])
    np.testing.assert_array_equal(backend.get(updates[0]), np.ones(3))


def total(x: Value) -> Any:
    return reduction.reduce_sum(x, axes=(0,), keepdims=False)


def test_a_failed_check_keeps_the_state(backend: Backend) -> None:
    zero = np.array(0, F32)

    def body(v: Value, _w: Value, x: Value) -> tuple[Any, ...]:
        checks = ew.greater(total(x), zero), ew.greater(total(v), zero), ew.less(total(v), total(x))
        return total(x), ew.add(v, x), total(x), *checks

    program = make_program(body, [vector(3)] * 3, state=2, updates=(0, 1), checks=3)
    executable = backend.compile(program)
    v, w = backend.put(np.ones(3, F32)), backend.put(np.ones(3, F32))
    for x, first in ((-1, 0), (1, 2)):
        fetches, _, (v, same), failed = executable([v, w], [np.full(3, x, F32)])
        assert (failed, float(fetches[0])) == (first, 3 * x)
        assert same is w
        np.testing.assert_array_equal(backend.get(v), [1, 1, 1])
    _, _, (v, w), failed = executable([v, w], [np.full(3, 4, F32)])
    assert (failed, float(backend.get(w))) == (-1, 12)
    np.testing.assert_array_equal(backend.get(v), [5, 5, 5])


def test_64_bits_without_the_users_switch(backend: Backend) -> None:
    program = make_program(
        lambda v, x: (ew.add(v, x), ew.multiply(v, x)),
        [TensorType(I64, ())] * 2, state=1, updates=(0,),
    )  # fmt: skip
    executable = backend.compile(program)
    fetches, _, updates, _ = executable([backend.put(np.array(2**40))], [np.array(2**41)])
    assert fetches[0] == 2**40 + 2**41
    assert fetches[0].dtype == I64
    assert updates[0].dtype == I64
    assert not jax.config.jax_enable_x64
    assert jax.numpy.ones(3, "float32").sum().dtype == F32


def test_unused_arguments_large_constants_and_no_results(backend: Backend) -> None:
    table = np.arange(5000, dtype=F32)
    loop_types = [TensorType(I32, ()), vector(5000)]
    loop = {
        "cond_block": control.trace_block(lambda i, _x: ew.less(i, np.array(3, I32)), loop_types),
        "body_block": control.trace_block(
            lambda i, x: (ew.add(i, np.array(1, I32)), ew.add(x, table)), loop_types
        ),
        "loop_vars": 2,
    }
    program = make_program(
        lambda _unused, x: [control.while_loop(np.array(0, I32), x, **loop)[1]],
        [vector(7), vector(5000)],
    )
    found = backend.compile(program)([], [np.zeros(7, F32), table])[0][0]
    np.testing.assert_array_equal(found, table * 4)
    nothing = backend.compile(make_program(lambda _x: [], [vector(7)]))
    assert nothing([], [np.zeros(7, F32)]) == ([], [], [], -1)


def test_loops_are_not_unrolled(backend: Backend) -> None:
    scalar = TensorType(F64, ())
    types = [TensorType(I64, ()), scalar, TensorType(I64, ())]
    loop = {
        "cond_block": control.trace_block(lambda i, _x, n: ew.less(i, n), types),
        "body_block": control.trace_block(
            lambda i, x, _n: (ew.add(i, np.array(1)), ew.multiply(x, np.array(1.0001))), types
        ),
        "loop_vars": 2,
    }
    program = make_program(
        lambda x, n: control.while_loop(np.array(0), x, n, **loop),
        [scalar, TensorType(I64, ())],
    )
    count, x = backend.compile(program)([], [np.array(2.0), np.array(100_000)])[0]
    assert count == 100_000
    assert x == pytest.approx(2 * 1.0001**100_000, rel=1e-9)


def python_calls(function: Callable[[], object]) -> int:
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def test_a_run_costs_no_python_call_per_op(backend: Backend) -> None:
    def calls(ops: int) -> int:
        def body(v: Value, x: Value) -> tuple[Value, ...]:
            for _ in range(ops):
                x = ew.sin(ew.add(x, v))
            return x, ew.add(v, x), ew.less(total(x), np.array(1e9, F32))

        program = make_program(body, [vector(4)] * 2, state=1, updates=(0,), checks=1)
        executable = backend.compile(program)
        feed = np.ones(4, F32)
        state = list(executable([backend.put(np.ones(4, F32))], [feed])[2])
        state = list(executable(state, [feed])[2])
        return python_calls(lambda: executable(state, [feed]))

    assert calls(2) == calls(60)


def test_runs_in_several_threads(backend: Backend) -> None:
    program = make_program(lambda x: [linalg.matmul(x, x)], [TensorType(I64, (8, 8))])
    executable = backend.compile(program)
    wrong: list[int] = []

    def work(number: int) -> None:
        x = np.full((8, 8), number * 2**33)
        found = [executable([], [x])[0][0] for _ in range(20)]
        wrong.extend(number for one in found if not np.array_equal(one, x @ x))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_a_lowering_of_the_wrong_type_is_named(backend: Backend) -> None:
    x = Value(vector(3))
    step = Step(ew.sin, (x,), {}, (Value(vector(4)),))
    program = Program(
        "wrong", Block((x,), {}, (step,), step.results), (), (Parameter("x"),), 1, 0, (), ()
    )
    with pytest.raises(TypeError, match=r"lowering of sin for jax gives \(f32\[3\]\)") as caught:
        backend.compile(program)
    assert caught.value.__notes__[0] == "while jax lowered sin(f32[3])"


# Devices, options and the cache.


def test_devices(backend: Backend) -> None:
    assert backend.device == "cpu"
    assert "cpu" in backend.list_devices()
    assert make("cpu:0", {}).device == "cpu:0"
    for name in ("cpu:99", "abacus", "cpu:x"):
        with pytest.raises(ValueError, match=f"jax has no device '{name}' here; it has cpu"):
            make(name, {})


def test_options(backend: Backend) -> None:
    with pytest.raises(ValueError, match="no option fast; it has\n  engine_random: "):
        make("cpu", {"fast": True})
    assert distributions.random_normal not in backend.lowerings


def test_engine_random_draws_another_stream_per_generator() -> None:
    backend = make("cpu", {"engine_random": True})
    draws = (
        distributions.random_uniform,
        distributions.random_normal,
        distributions.random_truncated_normal,
    )
    program = make_program(
        lambda g: [draw(g, shape=(20_000,), dtype=F32) for draw in draws], [vector(3, I64)]
    )
    executable = backend.compile(program)
    uniform, normal, truncated = executable([], [np.array([0, 1, 2])])[0]
    assert uniform.min() >= 0
    assert uniform.max() < 1
    assert uniform.mean() == pytest.approx(0.5, abs=0.02)
    assert normal.std() == pytest.approx(1, abs=0.03)
    assert np.abs(truncated).max() < 2
    for other in ([1, 1, 2], [2**32, 1, 2], [0, 2, 2], [0, 1, 3]):
        assert not np.array_equal(executable([], [np.array(other)])[0][0], uniform)
    np.testing.assert_array_equal(executable([], [np.array([0, 1, 2])])[0][0], uniform)


@pytest.mark.parametrize("chosen", ["", "mine"])
def test_the_cache_folder_is_set_unless_the_user_set_one(
    chosen: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, object] = {}
    config = type(
        "Config",
        (),
        {
            "jax_compilation_cache_dir": chosen or None,
            "update": staticmethod(settings.__setitem__),
        },
    )
    monkeypatch.setattr(jax, "config", config)
    monkeypatch.setenv("POLYGRAPH_CACHE_DIR", str(tmp_path))
    persistent_cache.use_persistent_cache.__wrapped__()
    assert settings.get("jax_compilation_cache_dir") == (None if chosen else str(tmp_path / "jax"))
    assert (tmp_path / "jax").exists() is not bool(chosen)
