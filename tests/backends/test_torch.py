"""The torch backend: what an executable promises."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import polygraph as tf  # noqa: E402
from polygraph.backends.torch.aliasing import memory_roots  # noqa: E402
from polygraph.backends.torch.arrays import put  # noqa: E402
from polygraph.backends.torch.backend import make  # noqa: E402
from polygraph.backends.torch.compile import compile_program  # noqa: E402
from polygraph.backends.torch.generate import lowering_for  # noqa: E402
from polygraph.backends.torch.table import (  # noqa: E402
    IN_PLACE,
    LOWERINGS,
    ON_HOST,
    UNSUPPORTED,
    VIEWS,
)
from polygraph.conformance.samples import main_dtypes, random_data, samples_of  # noqa: E402
from polygraph.core.ground.dtypes import ALL, string  # noqa: E402
from polygraph.core.ground.op import REGISTRY, Op, Primitive  # noqa: E402
from polygraph.core.ground.signature import TensorType  # noqa: E402
from polygraph.ops import primitives  # noqa: E402
from polygraph.ops.primitives import (  # noqa: E402
    control,
    convolution,
    distributions,
    elementwise as ew,
    linalg,
    random,
    reduction,
    shaping,
    training,
)
from tests.backends.programs import F32, make_program, step_of, update_program, vector  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.conformance.samples import Sample
    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.program import (
        Program,
        Value,
    )


for _module in pkgutil.iter_modules(primitives.__path__):
    importlib.import_module(f"{primitives.__name__}.{_module.name}")

PRIMITIVES = [op for op in REGISTRY.values() if isinstance(op, Primitive)]
DTYPES = [dtype.np_dtype for dtype in ALL if dtype is not string]

I32 = np.dtype(np.int32)


@pytest.fixture(scope="module")
def backend() -> Backend:
    return make("cpu", {})


def test_every_primitive_has_a_lowering_or_a_reason() -> None:
    missing = [op.name for op in PRIMITIVES if op not in LOWERINGS and op not in UNSUPPORTED]
    assert not missing
    assert set(IN_PLACE) | set(ON_HOST) | VIEWS <= set(LOWERINGS)


def test_integers_do_not_trap(backend: Backend) -> None:
    for dtype in (np.int8, np.int32, np.int64):
        lowest = np.iinfo(dtype).min
        x, y = np.array([lowest, lowest, 7, -7], dtype), np.array([-1, 0, -2, 2], dtype)
        kind = TensorType(np.dtype(dtype), (4,))
        program = make_program(
            lambda x, y: (ew.floor_divide(x, y), ew.truncate_divide(x, y), ew.floor_mod(x, y),
                          ew.truncate_mod(x, y)), [kind, kind]
        )  # fmt: skip
        floor, truncated, mod, rest = backend.compile(program)([], [x, y])[0]
        assert floor.tolist() == [lowest, 0, -4, -4]
        assert truncated.tolist() == [lowest, 0, -3, -3]
        assert mod.tolist() == [0, 0, -1, 1]
        assert rest.tolist() == [0, 0, 1, -1]


def test_a_uint64_is_divided_as_such(backend: Backend) -> None:
    numbers = [0, 1, 2, 3, 10, 2**32, 2**63 - 1, 2**63, 2**63 + 1, 2**64 - 2, 2**64 - 1]
    x = np.array(numbers, np.uint64)
    kind = TensorType(x.dtype, (len(numbers),))
    column = TensorType(x.dtype, (len(numbers), 1))
    program = make_program(
        lambda x, y: (ew.floor_divide(x, y), ew.floor_mod(x, y), ew.less(x, y), ew.power(x, y)),
        [column, kind],
    )
    quotient, rest, below, power = backend.compile(program)([], [x[:, None].copy(), x])[0]
    for i, a in enumerate(numbers):
        for j, b in enumerate(numbers):
            assert (int(quotient[i, j]), int(rest[i, j])) == (divmod(a, b) if b else (0, 0))
            assert bool(below[i, j]) == (a < b)
            assert int(power[i, j]) == pow(a, b, 2**64)


# Memory.


def sampled(dtype: np.dtype[Any]) -> Iterator[tuple[Op, Sample]]:
    """The declared samples, at ``dtype``, of what is lowered to something else than views."""
    for op in LOWERINGS:
        declined = op in UNSUPPORTED or (op, dtype.name) in UNSUPPORTED
        if not declined and op not in VIEWS and dtype in main_dtypes(op):
            for sample in samples_of(op, dtype):
                if sample.kind == "declared":
                    yield op, sample


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_only_views_share_memory_with_their_operands(dtype: np.dtype[Any]) -> None:
    cpu = torch.device("cpu")
    backend = make("cpu", {})
    checked = 0
    for op, sample in sampled(dtype):
        operands = [put(x, cpu) for x in sample.operands]
        lowering = lowering_for(step_of(op, sample), backend.lowerings[op])
        raw = lowering(*operands, **sample.attrs)
        results = raw if isinstance(raw, tuple) else (raw,)
        memory = {x.untyped_storage().data_ptr() for x in operands if x.numel()}
        mine = [x.untyped_storage().data_ptr() for x in results if x.numel()]
        assert not memory & set(mine), op
        assert len(mine) == len(set(mine)), op
        checked += 1
    assert checked > 10


def test_what_runs_on_the_host_agrees_with_what_runs_anywhere() -> None:
    for op, lowering in ON_HOST.items():
        for sample in samples_of(op, F32):
            operands = [put(x, torch.device("cpu")) for x in sample.operands]
            found = lowering(*operands, **sample.attrs)
            np.testing.assert_array_equal(found, LOWERINGS[op](*operands, **sample.attrs))


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
    assert executable.tier == "straight-line"
    again = executable([v, updates[0]], [carries[0]])
    np.testing.assert_array_equal(backend.get(again[2][0]), [6, 9, 12])


def test_fetches_belong_to_the_caller(backend: Backend) -> None:
    scalar = TensorType(F32, ())
    program = make_program(
        lambda v, x: (v, x, v, np.float32(5), v), [scalar, scalar], state=1, updates=(0,)
    )
    executable = backend.compile(program)
    state = backend.put(np.array(1, F32))
    for _ in range(2):
        fetches, _, updates, _ = executable([state], [np.array(2, F32)])
        assert [float(fetch) for fetch in fetches] == [1, 2, 1, 5]
        for fetch in fetches:
            assert fetch.flags.writeable
            assert fetch.shape == ()
            fetch[...] = 9
        assert float(backend.get(updates[0])) == 1


def test_fetches_of_views_are_whole_arrays(backend: Backend) -> None:
    program = make_program(
        lambda x: (
            shaping.broadcast_to(x, shape=(2, 3)),
            shaping.transpose(shaping.reshape(ew.negative(x), shape=(3, 1)), perm=(1, 0)),
            shaping.reshape(ew.negative(x), shape=(3, 1)),
        ),
        [vector(3)],
    )
    x = np.array([1, 2, 3], F32)
    fetches = backend.compile(program)([], [x])[0]
    for fetch in fetches:
        assert fetch.flags.c_contiguous
        assert fetch.flags.writeable
        fetch[...] = np.square(fetch)
    np.testing.assert_array_equal(fetches[0], [[1, 4, 9]] * 2)
    np.testing.assert_array_equal(fetches[1], [[1, 4, 9]])
    np.testing.assert_array_equal(x, [1, 2, 3])


def test_feeds_are_not_kept(backend: Backend) -> None:
    program = make_program(
        lambda v, x: (x, shaping.reshape(x, shape=(10, 100)), ew.add(v, x)),
        [vector()] * 2, state=1, carries=2, updates=(0,),
    )  # fmt: skip
    assigning = make_program(lambda _v, x: (x,), [vector()] * 2, state=1, updates=(0,))
    x = np.zeros(1000, F32)
    for executable in map(backend.compile, (program, assigning)):
        x[:] = 1
        _, carries, updates, _ = executable([backend.put(np.zeros(1000, F32))], [x])
        x[:] = 7
        for kept in (*carries, *updates):
            np.testing.assert_array_equal(backend.get(kept).reshape(-1), np.ones(1000, F32))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_read_only_feed_is_no_reason_to_warn(backend: Backend, dtype: str) -> None:
    kind = vector(3, np.dtype(dtype))
    x = np.ones(3, kind.dtype)
    x.flags.writeable = False
    program = make_program(lambda x: (ew.add(x, x), x), [kind])
    doubled, same = backend.compile(program)([], [x])[0]
    assert doubled.tolist() == [2, 2, 2]
    same[0] = 5
    assert x.tolist() == [1, 1, 1]


def test_put_copies(backend: Backend) -> None:
    x = np.zeros(10, F32)
    kept = backend.put(x)
    x[:] = 7
    np.testing.assert_array_equal(backend.get(kept), np.zeros(10, F32))


def test_variables_never_share_memory(backend: Backend) -> None:
    copying = make_program(lambda _a, b: (b,), [vector()] * 2, state=2, updates=(0,))
    halving = make_program(
        lambda a, _b, x: (training.apply_gradient_descent(a, np.float32(0.5), x),),
        [vector()] * 3, state=2, updates=(0,),
    )  # fmt: skip
    swapping = make_program(lambda a, b: (b, a), [vector()] * 2, state=2, updates=(0, 1))
    a, b = backend.put(np.zeros(1000, F32)), backend.put(np.ones(1000, F32))
    (a,) = backend.compile(copying)([a, b], [])[2]
    (a,) = backend.compile(halving)([a, b], [np.full(1000, 4, F32)])[2]
    a, b = backend.compile(swapping)([a, b], [])[2]
    assert (float(backend.get(a)[0]), float(backend.get(b)[0])) == (1, -1)


def test_a_variable_changes_its_shape(backend: Backend) -> None:
    program = make_program(lambda _v, x: (x,), [vector(2), vector(3)], state=1, updates=(0,))
    found = backend.compile(program)([backend.put(np.zeros(2, F32))], [np.ones(3, F32)])
    np.testing.assert_array_equal(backend.get(found[2][0]), [1, 1, 1])


# State that is overwritten.


def descent(v: Value, x: Value, rate: float = 0.5) -> Any:
    return training.apply_gradient_descent(v, np.float32(rate), x)


def test_an_update_overwrites_the_variable(backend: Backend) -> None:
    program = make_program(lambda v, x: (descent(v, x),), [vector(2)] * 2, state=1, updates=(0,))
    v = backend.put(np.array([1, 2], F32))
    updates = backend.compile(program)([v], [np.array([2, 4], F32)])[2]
    assert updates[0].data_ptr() == v.data_ptr()
    np.testing.assert_array_equal(backend.get(v), [0, 0])


@pytest.mark.parametrize("which", ["backend", pytest.param("inductor", marks=pytest.mark.slow)])
def test_reads_of_the_old_value_come_before_an_overwriting_update(
    request: pytest.FixtureRequest, which: str
) -> None:
    backend: Backend = request.getfixturevalue(which)

    def run(v: Value, _w: Value, x: Value) -> Any:
        flat = shaping.reshape(v, shape=(2, 1))
        new = descent(v, x)
        return v, flat, new, ew.add(flat, np.float32(1)), new, shaping.reshape(v, shape=(2,))

    program = make_program(run, [vector(2)] * 3, state=2, carries=1, updates=(0, 1))
    v, w = backend.put(np.array([1, 2], F32)), backend.put(np.zeros(2, F32))
    fetches, carries, updates, _ = backend.compile(program)([v, w], [np.array([2, 4], F32)])
    np.testing.assert_array_equal(fetches[0], [1, 2])
    np.testing.assert_array_equal(fetches[1], [[1], [2]])
    np.testing.assert_array_equal(fetches[2], [0, 0])
    np.testing.assert_array_equal(backend.get(carries[0]), [[2], [3]])
    np.testing.assert_array_equal(backend.get(updates[0]), [0, 0])
    np.testing.assert_array_equal(backend.get(updates[1]), [1, 2])
    fetches[2][:] = 9
    np.testing.assert_array_equal(backend.get(updates[0]), [0, 0])


def test_updates_that_read_each_other_see_the_old_values(backend: Backend) -> None:
    program = make_program(
        lambda v, w: (descent(v, w), descent(w, v)), [vector(1)] * 2, state=2, updates=(0, 1)
    )
    itself = make_program(lambda v: (descent(v, v),), [vector(1)], state=1, updates=(0,))
    v, w = backend.put(np.array([4], F32)), backend.put(np.array([2], F32))
    v, w = backend.compile(program)([v, w], [])[2]
    assert (float(backend.get(v)[0]), float(backend.get(w)[0])) == (3, 0)
    assert float(backend.get(backend.compile(itself)([v], [])[2][0])[0]) == 1.5


@pytest.mark.parametrize("op", list(IN_PLACE), ids=lambda op: op.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_in_place_lowerings_agree_with_the_references(backend: Backend, op: Op, dtype: str) -> None:
    eps = np.finfo(dtype).eps
    compared = 0
    for sample in samples_of(op, np.dtype(dtype)):
        step = step_of(op, sample)
        count = len(step.results)
        same = [x.type == y.type for x, y in zip(step.operands, step.results, strict=False)]
        if sample.kind != "declared" or not all(same):
            continue
        state = [backend.put(x) for x in sample.operands[:count]]
        executable = backend.compile(update_program(step))
        updates = executable(state, sample.operands[count:])[2]
        assert all(new is old for new, old in zip(updates, state, strict=True))
        wanted = op.compute(sample.operands, sample.attrs, [y.type for y in step.results])
        for new, reference in zip(updates, wanted, strict=True):
            np.testing.assert_allclose(backend.get(new), reference, rtol=8 * eps)
        compared += 1
    assert compared > 0


def test_adam_of_many_variables_is_one_call(backend: Backend) -> None:
    scalars = [np.float32(x) for x in (0.9, 0.999, 0.01, 0.9, 0.999, 1e-8)]
    rng = np.random.default_rng(0)
    state = [np.abs(rng.standard_normal(5)).astype(F32) for _ in range(6)]
    grads = [rng.standard_normal(5).astype(F32) for _ in range(2)]

    def run(*values: Value) -> Any:
        first = training.apply_adam(*values[:3], *scalars, values[6], use_nesterov=False)
        second = training.apply_adam(*values[3:6], *scalars, values[7], use_nesterov=False)
        return (*first, *second)

    program = make_program(run, [vector(5)] * 8, state=6, updates=tuple(range(6)))
    executable = backend.compile(program)
    assert executable.source.count("adam_together") == 1
    updates = executable([backend.put(x) for x in state], grads)[2]
    wanted = run(*state, *grads)
    for found, one in zip(updates, wanted, strict=True):
        np.testing.assert_allclose(backend.get(found), one, rtol=1e-6)


# Checks.


def checked(v: Value, x: Value) -> Any:
    positive = reduction.reduce_all(ew.greater(x, np.float32(0)), axes=(0,), keepdims=False)
    small = reduction.reduce_all(ew.less(x, np.float32(10)), axes=(0,), keepdims=False)
    return ew.add(v, x), descent(v, x), positive, small


@pytest.mark.parametrize(("value", "failed"), [(1, -1), (-1, 0), (11, 1)])
def test_a_failed_check_leaves_the_state(backend: Backend, value: float, failed: int) -> None:
    program = make_program(checked, [vector(2)] * 2, state=1, updates=(0,), checks=2)
    v = backend.put(np.zeros(2, F32))
    result = backend.compile(program)([v], [np.full(2, value, F32)])
    assert result[3] == failed
    expected = 0 if failed >= 0 else -0.5
    np.testing.assert_array_equal(backend.get(result[2][0]), [expected] * 2)
    np.testing.assert_array_equal(backend.get(v), [expected] * 2)


# Control flow.


def loop_that_stacks() -> Program:
    """Powers of two, stacked in a loop: ``stack[i] = x; x = 2 * x``."""
    types = [TensorType(I32, ()), TensorType(F32, ()), TensorType(F32, (6,))]

    def body(i: Value, x: Value, stack: Value) -> Any:
        row = shaping.reshape(x, shape=(1,))
        starts = shaping.reshape(i, shape=(1,))
        stacked = shaping.dynamic_update_slice(stack, row, starts)
        return ew.add(i, np.int32(1)), ew.multiply(x, np.float32(2)), stacked

    cond_block = control.trace_block(lambda i, _x, _stack: ew.less(i, np.int32(5)), types)
    body_block = control.trace_block(body, types)
    return make_program(
        lambda i, x, stack: (
            *control.while_loop(
                i, x, stack, cond_block=cond_block, body_block=body_block, loop_vars=3
            ),
            stack,
        ),
        types,
    )


def test_a_loop_writes_its_stack_in_place_but_not_its_operand(backend: Backend) -> None:
    executable = backend.compile(loop_that_stacks())
    assert "mutated=(2,)" in executable.source
    zeros = np.zeros(6, F32)
    for _ in range(2):
        fetches = executable([], [np.array(0, I32), np.array(1, F32), zeros])[0]
        np.testing.assert_array_equal(fetches[2], [1, 2, 4, 8, 16, 0])
        np.testing.assert_array_equal(fetches[3], zeros)
    np.testing.assert_array_equal(zeros, np.zeros(6))


def test_a_branch_may_give_its_operands(backend: Backend) -> None:
    types = [vector(2)]
    blocks = {
        "then_block": control.trace_block(lambda x: x, types),
        "else_block": control.trace_block(ew.negative, types),
    }
    program = make_program(
        lambda v, p: (control.cond(p, v, **blocks), v),
        [vector(2), TensorType(np.dtype(bool), ())], state=1, updates=(0,),
    )  # fmt: skip
    executable, v = backend.compile(program), backend.put(np.array([1, 2], F32))
    for pred, wanted in ((True, [1, 2]), (False, [-1, -2])):
        (fetch,), _, (v,), _ = executable([v], [np.array(pred)])
        assert fetch.tolist() == wanted
        fetch[:] = 7
        assert v.tolist() == [1, 2]


def test_a_product_and_a_bias_are_one_call(backend: Backend) -> None:
    types = [TensorType(F32, (2, 3)), TensorType(F32, (3, 4)), vector(4)]
    program = make_program(lambda a, b, c: (ew.add(c, linalg.matmul(a, b)),), types)
    executable = backend.compile(program)
    assert "addmm" in executable.source
    a, b, c = (random_data("matmul", kind.shape, F32) for kind in types)
    np.testing.assert_allclose(executable([], [a, b, c])[0][0], a @ b + c, rtol=1e-5)


@pytest.mark.parametrize("images", [(2, 5, 6, 3), (0, 5, 6, 3), (2, 5, 6, 0)])
def test_a_convolution_and_a_bias_are_one_call(
    backend: Backend, images: tuple[int, int, int, int]
) -> None:
    attrs = {"strides": (2, 1), "padding": ((1, 0), (0, 1))}
    types = [TensorType(F32, images), TensorType(F32, (3, 2, images[3], 4)), vector(4)]
    program = make_program(lambda x, w, b: (ew.add(convolution.conv2d(x, w, **attrs), b),), types)
    executable = backend.compile(program)
    assert "biased_conv2d" in executable.source
    x, w, b = (random_data(ew.add, kind.shape, F32) for kind in types)
    wanted = convolution.conv2d(x, w, **attrs) + b
    np.testing.assert_allclose(executable([], [x, w, b])[0][0], wanted, rtol=1e-5, atol=1e-5)


def test_a_bias_for_each_column_of_images_stays_a_call_of_its_own(backend: Backend) -> None:
    attrs = {"strides": (1, 1), "padding": ((0, 0), (0, 0)), "data_format": "NCHW"}
    types = [TensorType(F32, (1, 2, 4, 3)), TensorType(F32, (1, 1, 2, 3)), vector(3)]
    program = make_program(lambda x, w, b: (ew.add(convolution.conv2d(x, w, **attrs), b),), types)
    executable = backend.compile(program)
    x, w, b = (random_data(ew.add, kind.shape, F32) for kind in types)
    wanted = convolution.conv2d(x, w, **attrs) + b
    np.testing.assert_allclose(executable([], [x, w, b])[0][0], wanted, rtol=1e-5, atol=1e-5)


# Options and devices.


def test_options_are_checked() -> None:
    with pytest.raises(ValueError, match="no option speed; it has\n  compile:"):
        make("cpu", {"speed": 1})
    with pytest.raises(ValueError, match="compile='fast' is none of 'none', 'inductor'"):
        make("cpu", {"compile": "fast"})


def test_the_engines_own_generator_is_an_option() -> None:
    kind = {"shape": (20000,), "dtype": F32}
    program = make_program(
        lambda g: (
            distributions.random_uniform(g, **kind),
            distributions.random_normal(g, **kind),
            distributions.random_truncated_normal(g, **kind),
        ),
        [vector(3, np.dtype(np.int64))],
    )
    executable = make("cpu", {"engine_random": True}).compile(program)
    state = torch.random.get_rng_state()
    first, again, moved = (
        executable([], [np.array([position, 7, 8])])[0] for position in (0, 0, 256)
    )
    assert torch.equal(state, torch.random.get_rng_state())
    for one, same, other in zip(first, again, moved, strict=True):
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)
    uniform, normal, truncated = first
    assert 0 <= uniform.min() < 0.01
    assert 0.99 < uniform.max() < 1
    assert abs(normal.std() - 1) < 0.05
    assert 1.9 < np.abs(truncated).max() <= 2


def test_a_missing_device_is_named() -> None:
    with pytest.raises(ValueError, match="torch has no device 'cuda:77' here; it has cpu"):
        make("cuda:77", {})


def test_the_number_of_threads_is_left_alone() -> None:
    before = torch.get_num_threads()
    program = make_program(lambda x: (ew.exp(x),), [vector()])
    make("cpu", {}).compile(program)([], [np.zeros(1000, F32)])
    assert torch.get_num_threads() == before


def test_memory_roots_follow_views() -> None:
    program = make_program(
        lambda x: [shaping.reshape(ew.negative(shaping.reshape(x, shape=(2, 2))), shape=(4,))],
        [vector(4)],
    )
    block = program.block
    roots = memory_roots(block, VIEWS)
    view, negated, result = (step.results[0] for step in block.steps)
    assert roots[view] == {view, *block.parameters}
    assert roots[negated] == {negated}
    assert roots[result] == {result, negated}


# Inductor.


@pytest.fixture(scope="module")
def inductor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path_factory.mktemp("inductor")))
        backend = make("cpu", {"compile": "inductor"})
        program = make_program(lambda x: (ew.add(x, x),), [vector(1)])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            tier = backend.compile(program).tier
        if tier != "inductor":
            pytest.skip(str(caught[0].message))
        yield backend


def python_calls(function: Callable[[], Any]) -> int:
    """How many Python functions a call enters."""
    count = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def training_step(layers: int) -> Program:
    """One step of gradient descent of a deep network, by hand."""

    def step(*values: Value) -> Any:
        weights, x = values[:-1], values[-1]
        hidden = [x]
        for weight in weights:
            hidden.append(ew.tanh(ew.multiply(hidden[-1], weight)))
        gradient, updates = hidden[-1], []
        for weight, before, after in zip(weights[::-1], hidden[-2::-1], hidden[:0:-1], strict=True):
            inner = ew.multiply(gradient, ew.subtract(np.float32(1), ew.square(after)))
            updates.append(descent(weight, ew.multiply(inner, before), 0.1))
            gradient = ew.multiply(inner, weight)
        loss = reduction.reduce_sum(ew.square(hidden[-1]), axes=(0,), keepdims=False)
        whole = ew.less(loss, np.float32(1e6))
        return loss, *updates[::-1], whole

    return make_program(
        step, [vector(64)] * (layers + 1), state=layers, updates=tuple(range(layers)), checks=1
    )


@pytest.mark.slow
def test_a_compiled_run_costs_no_python_call_per_op(backend: Backend, inductor: Backend) -> None:
    rng = np.random.default_rng(1)
    counts = []
    for layers in (2, 6):
        program = training_step(layers)
        arrays = [rng.standard_normal(64).astype(F32) for _ in range(layers + 1)]
        compiled, plain = inductor.compile(program), backend.compile(program)
        assert compiled.tier == "inductor"
        state = [inductor.put(x) for x in arrays[:-1]]
        others = [backend.put(x) for x in arrays[:-1]]
        for _ in range(3):
            fetches, _, updates, failed = compiled(state, arrays[-1:])
            wanted = plain(others, arrays[-1:])
            assert failed == -1
            np.testing.assert_allclose(fetches[0], wanted[0][0], rtol=1e-5)
            assert all(new is old for new, old in zip(updates, state, strict=True))
            for one, other in zip(updates, wanted[2], strict=True):
                np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-6)
        counts.append(python_calls(lambda: compiled(state, arrays[-1:])))  # noqa: B023
    # Two layers' state more are eight tensors more, which are no Python calls either.
    assert counts[0] == counts[1]


@pytest.mark.slow
def test_inductor_keeps_failed_state_swaps_and_shapes(inductor: Backend) -> None:
    program = make_program(checked, [vector(2)] * 2, state=1, updates=(0,), checks=2)
    v = inductor.put(np.zeros(2, F32))
    executable = inductor.compile(program)
    assert executable([v], [np.full(2, 11, F32)])[3] == 1
    np.testing.assert_array_equal(inductor.get(v), [0, 0])
    assert executable([v], [np.full(2, 1, F32)])[3] == -1
    np.testing.assert_array_equal(inductor.get(v), [-0.5, -0.5])
    table = np.arange(6, dtype=F32)
    swapping = make_program(
        lambda a, b, _c, x: (a, ew.add(x, table[:3]), a, b, x),
        [vector(2), vector(2), vector(2), vector(3)], state=3, carries=1, updates=(1, 0, 2),
    )  # fmt: skip
    a, b, c = (inductor.put(np.full(2, n, F32)) for n in (1, 2, 3))
    fetches, carries, updates, _ = inductor.compile(swapping)([a, b, c], [np.ones(3, F32)])
    assert fetches[0].tolist() == [1, 1]
    assert carries[0].tolist() == [1, 2, 3]
    assert [x.tolist() for x in updates] == [[1, 1], [2, 2], [1, 1, 1]]


@pytest.mark.slow
def test_inductor_compiles_loops_and_branches(inductor: Backend) -> None:
    executable = inductor.compile(loop_that_stacks())
    assert executable.tier == "inductor"
    zeros = np.zeros(6, F32)
    fetches = executable([], [np.array(0, I32), np.array(1, F32), zeros])[0]
    np.testing.assert_array_equal(fetches[2], [1, 2, 4, 8, 16, 0])
    table = np.arange(4, dtype=F32).reshape(2, 2)
    types = [TensorType(F32, (2, 2))] * 2
    blocks = {
        "then_block": control.trace_block(lambda x, _y: (ew.add(x, table), x), types),
        "else_block": control.trace_block(lambda x, y: (y, ew.subtract(x, table + 1)), types),
    }
    program = make_program(
        lambda p, x: control.cond(p, x, x, **blocks),
        [TensorType(np.dtype(bool), ()), types[0]],
    )
    branch, x = inductor.compile(program), np.ones((2, 2), F32)
    assert [a.tolist() for a in branch([], [np.array(1, bool), x])[0]] == [
        (x + table).tolist(), x.tolist()
    ]  # fmt: skip
    assert [a.tolist() for a in branch([], [np.array(0, bool), x])[0]] == [
        x.tolist(), (x - table - 1).tolist()
    ]  # fmt: skip


def test_without_a_compiler_inductor_says_so() -> None:
    backend = make("cpu", {"compile": "inductor"})
    config = importlib.import_module("torch._inductor.config")
    program = make_program(lambda x: (ew.add(x, x),), [vector(1)])
    with (
        config.patch("cpp.cxx", ("no-such-compiler",)),
        pytest.warns(RuntimeWarning, match=r"straight-line tier instead of inductor: .*C\+\+"),
    ):
        executable = backend.compile(program)
    assert executable.tier == "straight-line"
    assert executable([], [np.ones(1, F32)])[0][0].tolist() == [2]


def test_what_inductor_refuses_runs_in_the_straight_line(inductor: Backend) -> None:
    def refuse(*_: Any) -> Any:
        msg = "no such kernel"
        raise RuntimeError(msg)

    compile_with = inductor.compile.keywords["target"]  # type: ignore[attr-defined]
    target = replace(compile_with, lowerings={**compile_with.lowerings, ew.add: refuse})
    program = make_program(lambda x: (ew.add(x, x),), [vector(1)])
    with pytest.warns(RuntimeWarning, match="inductor cannot compile it: no such kernel"):
        assert compile_program(program, target).tier == "straight-line"


def test_what_reads_values_is_not_compiled() -> None:
    backend = make("cpu", {"compile": "inductor"})
    program = make_program(lambda p: (random.pivots_to_permutation(p),), [vector(2, I32)])
    with pytest.warns(RuntimeWarning, match="reads tensors in Python for pivots_to_permutation"):
        executable = backend.compile(program)
    assert executable([], [np.array([1, 1], I32)])[0][0].tolist() == [1, 0]


# CUDA graphs.


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch has no CUDA here")


@pytest.mark.gpu
@needs_cuda
def test_a_cuda_graph_trains_like_the_processor(backend: Backend) -> None:
    cuda = make("cuda:0", {})
    program = training_step(4)
    arrays = [np.random.default_rng(1).standard_normal(64).astype(F32) for _ in range(5)]
    captured, plain = cuda.compile(program), backend.compile(program)
    assert captured.tier == "cuda-graph"
    state, others = ([b.put(x) for x in arrays[:-1]] for b in (cuda, backend))
    for _ in range(4):
        fetches, _, state, failed = captured(state, arrays[-1:])
        wanted = plain(others, arrays[-1:])
        assert failed == -1
        np.testing.assert_allclose(fetches[0], wanted[0][0], rtol=1e-4)
    for one, other in zip(state, others, strict=True):
        np.testing.assert_allclose(cuda.get(one), backend.get(other), rtol=1e-3, atol=1e-5)
    counts = [
        python_calls(lambda: captured(state, arrays[-1:])),
        python_calls(lambda: captured(state, arrays[-1:])),
    ]
    assert counts[0] == counts[1]


@pytest.mark.gpu
@needs_cuda
def test_a_failed_check_leaves_the_state_of_a_cuda_graph() -> None:
    cuda = make("cuda:0", {})
    program = make_program(checked, [vector(2)] * 2, state=1, updates=(0,), checks=2)
    executable, v = cuda.compile(program), cuda.put(np.zeros(2, F32))
    assert executable([v], [np.full(2, 11, F32)])[3] == 1
    np.testing.assert_array_equal(cuda.get(v), [0, 0])
    assert executable([v], [np.full(2, 1, F32)])[3] == -1
    np.testing.assert_array_equal(cuda.get(v), [-0.5, -0.5])


def test_adam_takes_an_infinite_gradient_at_every_beta1(backend: Backend) -> None:
    program = make_program(
        lambda *operands: training.apply_adam(*operands, use_nesterov=False),
        [*[vector(2)] * 3, *[TensorType(F32, ())] * 6, vector(2)], state=3, updates=(0, 1, 2),
    )  # fmt: skip
    executable = backend.compile(program)
    grad = np.array([-np.inf, 1.0], F32)
    for beta1 in (0.0, 0.01, 0.5, 0.9):
        state = [backend.put(np.zeros(2, F32)) for _ in range(3)]
        scalars = [np.array(x, F32) for x in (0.81, 0.998, 0.01, beta1, 0.998, 1e-8)]
        _, m, v = map(backend.get, executable(state, [*scalars, grad])[2])
        assert m[0] == -np.inf
        assert v[0] == np.inf
        np.testing.assert_allclose(m[1], 1 - beta1, rtol=1e-6)


def test_half_precision_log_softmax_sums_in_float32() -> None:
    x = tf.placeholder(tf.bfloat16, [4])
    fed = np.array([0.3984375, 5.375, -2.515625, 0.0], tf.bfloat16.as_numpy_dtype)
    wide = fed.astype(np.float64)
    wanted = wide - np.log(np.sum(np.exp(wide)))
    with tf.Session(backend="torch") as sess:
        got = sess.run(tf.nn.log_softmax(x), {x: fed}).astype(np.float64)
    np.testing.assert_allclose(got, wanted, rtol=2.0**-8)
