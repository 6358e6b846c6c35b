"""What the contract promises: lowerings reach every backend, versions, capabilities, objects."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.ground.errors import ContractError
from polygraph.core.ground.program import Source
from polygraph.core.runtime.discovery import make_backend
from polygraph.core.runtime.module_versions import module_version
from polygraph.plugin import (
    CONTRACT_VERSION,
    REGISTRY,
    Block,
    Check,
    Parameter,
    Program,
    RunResult,
    Step,
    TensorType,
    Value,
    hookimpl,
    register_backend,
    register_plugin,
    unregister_backend,
    unregister_plugin,
)
from tests.plugins import engines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.plugin import Backend
    from tests.plugins.conftest import Site

F32 = np.float32
FROZEN = Path(__file__).parents[1] / "plugins_frozen"


class Odd:
    """Lowerings that are told from the backends' own by what they give."""

    def __init__(self, backend: str) -> None:
        self.backend = backend

    @hookimpl
    def polygraph_lowerings(self, backend: str) -> Any:
        if backend != self.backend:
            return None
        return {
            REGISTRY["add"]: lambda x, y: x - y,
            REGISTRY["matmul"]: lambda x, y, **_: x + y,
            REGISTRY["reshape"]: lambda x, *, shape: x.reshape(shape),
            REGISTRY["square"]: lambda x: x * 10,
        }


@pytest.fixture
def odd(request: pytest.FixtureRequest) -> Iterator[str]:
    plugin = Odd(request.param)
    register_plugin(plugin)
    yield request.param
    unregister_plugin(plugin)


EVERY = pytest.mark.parametrize("odd", engines.EVERY, indirect=True)


@EVERY
def test_lowerings_reach_the_compilers(odd: str) -> None:
    with tf.Graph().as_default():
        x, y = tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.float32, [2, 2])
        v = tf.Variable(np.ones((2, 2), F32))
        looped = tf.while_loop(lambda t: tf.reduce_sum(t) > 0, lambda t: t + 3.0, [x])
        fetches = {
            "add": x + y,
            "matmul with a bias": tf.matmul(x, y) + y[0],
            "square": tf.square(x),
            "view": tf.reshape(x, [4]),
            "in a loop": looped,
            "update": v.assign_add(x),
        }
        with tf.Session(backend=odd) as sess:
            sess.run(v.initializer)
            fed = {x: np.full((2, 2), 4, F32), y: np.full((2, 2), 2, F32)}
            found = sess.run(fetches, fed)
            assert (sess.run(v) == -3).all()
    expected = {
        "add": 2, "matmul with a bias": 4, "square": 40, "view": 4, "in a loop": -2, "update": -3,
    }  # fmt: skip
    assert {name: value.ravel()[0] for name, value in found.items()} == expected
    found["view"][:] = 9
    assert (fed[x] == 4).all()


@EVERY
def test_other_backends_keep_their_own(odd: str) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        with tf.Session(backend="numpy") as sess:
            assert sess.run(x + 3.0, {x: 1}) == (-2 if odd == "numpy" else 4)


def test_what_a_plugin_lowers_is_no_longer_unsupported() -> None:
    add = REGISTRY["add"]
    plain = make_backend("numpy", {})
    limited = replace(plain, unsupported={add: "no adder", (add, "int32"): "no"})

    class Maker:
        @hookimpl
        def polygraph_make_backend(self, name: str, lowerings: Any) -> Any:
            if name != "numpy@polygraph-framework":
                return None
            return replace(limited, lowerings={**limited.lowerings, **lowerings})

    maker, odd = Maker(), Odd("numpy")
    register_plugin(maker)
    assert make_backend("numpy", {}).unsupported
    register_plugin(odd)
    try:
        assert not make_backend("numpy", {}).unsupported
    finally:
        unregister_plugin(maker)
        unregister_plugin(odd)


# Versions


@pytest.fixture
def _frozen(install: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FROZEN / f"contract_{CONTRACT_VERSION - 1}"))
    monkeypatch.setenv("POLYGRAPH_PLUGINS", "none")
    install.look_afresh()


def test_there_is_a_frozen_plugin_of_the_previous_contract() -> None:
    assert (FROZEN / f"contract_{CONTRACT_VERSION - 1}").is_dir()


@pytest.mark.usefixtures("_frozen")
def test_frozen_backend_trains() -> None:
    with tf.Graph().as_default():
        v = tf.Variable([4.0, -2.0])
        steps = tf.while_loop(lambda i: i < 3, lambda i: i + 1, [0])
        step = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(v * v))
        with tf.Session(backend="frozen") as sess:
            sess.run(tf.global_variables_initializer())
            for _ in range(2):
                sess.run(step)
            assert sess.run(v).tolist() == [1.0, -0.5]
            assert sess.run(steps) == 3
            with pytest.raises(tf.errors.InvalidArgumentError):
                sess.run(tf.check_numerics(v / 0.0, "bad"))
    status = {found.name: found for found in tf.probe_backends("frozen")}["frozen"]
    assert (status.status, status.distribution) == ("ready", "polygraph-frozen")
    assert status.spec is not None
    assert status.spec.contract == (1,)


@pytest.mark.usefixtures("_frozen")
def test_frozen_plugin_watches() -> None:
    tf.use("frozen-watch")
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        with tf.Session(backend="numpy") as sess:
            sess.run(x + 1.0, {x: 1})
    plugin = importlib.import_module("polygraph_frozen_watch")
    assert plugin.SEEN == ["started", "planned", "compiled", "ended"]


@pytest.mark.usefixtures("_frozen")
@pytest.mark.parametrize("odd", ["frozen"], indirect=True)
def test_frozen_backend_cannot_take_lowerings(odd: str) -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        with (
            pytest.warns(RuntimeWarning, match=r"(?s)does not heed the lowerings.*for contract 2"),
            tf.Session(backend=odd) as sess,
        ):
            assert sess.run(x + 3.0, {x: 1}) == 4


# Capabilities


def limited(**changes: Any) -> Backend:
    plain = make_backend("numpy", {})
    return replace(plain, name="limited", capabilities=replace(plain.capabilities, **changes))


@pytest.fixture
def _only_float32() -> Iterator[None]:
    register_backend(limited(dtypes=frozenset({"float32", "int32"}), control_flow=False))
    yield
    unregister_backend("limited")


@pytest.mark.parametrize("engine", engines.EVERY)
def test_missing_lowering(engine: str) -> None:
    whole = make_backend(engine, {})
    left = {op: lowering for op, lowering in whole.lowerings.items() if op.name != "atan2"}
    register_backend(replace(whole, name="limited", lowerings=left))
    try:
        with tf.Graph().as_default(), tf.Session(backend="limited") as sess:
            x = tf.placeholder(tf.float32, [2])
            y = tf.atan2(x, x)
            with pytest.raises(tf.errors.UnsupportedOpError) as caught:
                sess.run(y + 1.0, {x: [1, 2]})
            assert sess.run(x + 1.0, {x: [1, 2]}).tolist() == [2, 3]
    finally:
        unregister_backend("limited")
        whole.close()
    text = str(caught.value)
    assert "The backend 'limited' has no lowering for 'atan2': its table of lowerings" in text
    assert "add a lowering by a plugin" in text
    assert "y = tf.atan2(x, x)" in text


@pytest.fixture
def _no_uint8() -> Iterator[None]:
    register_backend(limited(dtypes=frozenset({"bool", "float32", "int32"})))
    yield
    unregister_backend("limited")


@pytest.mark.usefixtures("_no_uint8")
def test_slices_are_written_without_a_dtype_that_the_program_has_not() -> None:
    with tf.Graph().as_default():
        v = tf.Variable([1.0, 2.0, 3.0])
        flags = tf.Variable([True, True, True])
        writes = [v[1:].assign([5.0, 6.0]), flags[:1].assign([False])]
        with tf.Session(backend="limited") as sess:
            sess.run(tf.global_variables_initializer())
            sess.run([write.op for write in writes])
            assert [x.tolist() for x in sess.run([v, flags])] == [[1, 5, 6], [False, True, True]]


@pytest.mark.usefixtures("_only_float32")
def test_undeclared_dtype_of_a_step() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [2])
        y = tf.cast(x, tf.float64)
        with tf.Session(backend="limited") as sess:
            with pytest.raises(tf.errors.UnsupportedOpError) as caught:
                sess.run(tf.cast(y * y, tf.float32), {x: [1, 2]})
            assert sess.run(x + x, {x: [1, 2]}).tolist() == [2, 4]
    text = str(caught.value)
    assert "The backend 'limited' has no lowering for 'cast': it does not hold float64" in text
    assert "test_surface.py" in text
    assert "y = tf.cast(x, tf.float64)" in text


@pytest.mark.usefixtures("_only_float32")
def test_undeclared_dtype_of_a_parameter() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float64, [2], name="fed")
        v = tf.Variable([1.0, 2.0], dtype=tf.float64)
        with tf.Session(backend="limited") as sess:
            with pytest.raises(tf.errors.UnsupportedOpError, match="it does not hold float64"):
                sess.run(x + x, {x: [1, 2]})
            with pytest.raises(tf.errors.UnsupportedOpError, match="it does not hold float64"):
                sess.run(v.initializer)


@pytest.mark.usefixtures("_only_float32")
def test_no_control_flow() -> None:
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        y = tf.while_loop(lambda v: v < 9, lambda v: v + v, [x])
        with (
            tf.Session(backend="limited") as sess,
            pytest.raises(tf.errors.UnsupportedOpError) as caught,
        ):
            sess.run(y, {x: 1})
    text = str(caught.value)
    assert "'while_loop': it declares no control flow" in text
    assert "y = tf.while_loop(" in text


# Objects


def test_objects_are_shared_and_not_closed() -> None:
    closed = []
    register_backend(replace(limited(), close=lambda: closed.append(1)))
    try:
        for _ in range(2):
            with tf.Graph().as_default(), tf.Session(backend="limited") as sess:
                assert sess.backend.name == "limited"
        assert not closed
        assert "limited" in tf.list_backends()
        with pytest.raises(ValueError, match="was registered on 'cpu', not 'cuda:0'"):
            tf.Session(backend="limited:cuda:0")
        with pytest.raises(ValueError, match="'limited' is there already, of a backend that was"):
            register_backend(limited())
    finally:
        unregister_backend("limited")
    assert "limited" not in tf.list_backends()


def test_objects_may_not_take_a_name_or_be_anything() -> None:
    with pytest.raises(ValueError, match="there already, of polygraph-framework: give yours"):
        register_backend(make_backend("numpy", {}))
    with pytest.raises(ContractError, match="no Backend"):
        register_backend(np)  # type: ignore[arg-type]


# Engines


def test_the_version_of_an_engine_whose_distribution_is_called_otherwise(install: Site) -> None:
    install("engine-cpu", {}, {})
    (install.folder / "engine_cpu-1.0.dist-info" / "top_level.txt").write_text("engine\n")
    assert module_version("engine") == "1.0"
    assert module_version("numpy") == np.__version__
    assert not module_version("nowhere")


# What helps backends


def a_program() -> Program:
    """One fetch, one carried value, two updates of three states, two checks."""
    values = tuple(Value(TensorType(np.dtype(F32), ())) for _ in range(6))
    state = tuple(Value(TensorType(np.dtype(F32), ())) for _ in range(3))
    return Program(
        name="layout",
        block=Block(state, {}, (), values),
        state=tuple(map(Parameter, "abc")),
        feeds=(),
        fetches=1,
        carries=1,
        updates=(2, 0),
        checks=(Check(tf.errors.InvalidArgumentError, "", None),) * 2,
    )


def test_the_results_of_a_block_become_what_a_run_gives() -> None:
    results = ("fetch", "carried", "new c", "new a", True, True)
    found = RunResult.of(a_program(), results, ("a", "b", "c"))
    assert found == (["fetch"], ["carried"], ["new c", "new a"], -1)


@pytest.mark.parametrize(("flags", "failed"), [((False, True), 0), ((True, False), 1)])
def test_a_check_that_does_not_hold_leaves_the_state(flags: tuple[bool, ...], failed: int) -> None:
    results = ("fetch", "carried", "new c", "new a", *flags)
    found = RunResult.of(a_program(), results, ("a", "b", "c"))
    assert found == (["fetch"], ["carried"], ["c", "a"], failed)


def test_a_step_describes_itself_for_errors() -> None:
    x = Value(TensorType(np.dtype(F32), (3,)))
    step = Step(REGISTRY["sin"], (x,), {}, (Value(x.type),))
    assert step.describe() == "sin(f32[3])"
    step.source = Source("Sin", "wave", None)
    assert step.describe() == "sin(f32[3]), of Sin 'wave'"
