"""The example plugins do what they say, on every backend, and are found by their entry points."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.runtime.plugins import GROUP
from tests.plugins.engines import EVERY
from tests.plugins.seen import watching

if TYPE_CHECKING:
    from tests.plugins.conftest import Site

FOLDER = Path(__file__).parents[2] / "plugins" / "polygraph-examples"
F32 = np.float32

pytestmark = pytest.mark.usefixtures("_examples")


@pytest.fixture
def _examples(install: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    install(project["name"], {GROUP: project["entry-points"][GROUP]}, {})
    # Sessions load nothing by themselves here: each test says what it is about.
    monkeypatch.setenv("POLYGRAPH_PLUGINS", "none")


def test_all_four_load_with_the_first_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLYGRAPH_PLUGINS")
    with tf.Session(graph=tf.Graph()):
        pass
    found = {status.name: status for status in tf.plugin_statuses()}
    ours = {name: status for name, status in found.items() if name.startswith("example-")}
    assert {name: status.status for name, status in ours.items()} == dict.fromkeys(
        ("example-lowering", "example-observer", "example-op", "example-pass"), "loaded"
    )
    assert ours["example-pass"].hooks == ("polygraph_passes",)


@pytest.mark.parametrize("backend", EVERY)
def test_op(backend: str) -> None:
    tf.use("example-op")
    module = importlib.import_module("polygraph_example_op")
    values = np.array([-100, -1, -0.25, 0, 2, 88, 1000], F32)
    with watching() as seen, tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        y = module.log_cosh(x)
        (slope,) = tf.gradients(y, x)
        with tf.Session(backend=backend) as sess:
            found, gradient = sess.run([y, slope], {x: values})
    wide = np.abs(values.astype(np.float64))
    expected = wide + np.log1p(np.exp(-2 * wide)) - np.log(2)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-7)
    np.testing.assert_allclose(gradient, np.tanh(values.astype(np.float64)), rtol=1e-5)
    # Claimed where the plugin has a lowering; elsewhere its body.
    assert ("log_cosh_step" in seen.ops) == (backend != "interpreter")
    assert ("log1p" in seen.ops) == (backend == "interpreter")


def test_lowering() -> None:
    values = np.random.default_rng(0).normal(size=(3, 4)).astype(F32)

    def run() -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], list[str]]:
        with watching() as seen, tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [None, 4])
            y = tf.nn.softmax(x)
            with tf.Session(backend="numpy") as sess:
                return sess.run(y, {x: values}), seen.ops

    expected, before = run()
    tf.use("example-lowering")
    found, after = run()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert "softmax" not in before
    assert after == ["softmax"]


def test_pass() -> None:
    values = np.array([1, -0.0, np.inf, np.nan, 1e-45, 3e38], F32)

    def run() -> tuple[bytes, list[str]]:
        with watching() as seen, tf.Graph().as_default():
            x = tf.placeholder(tf.float32, [6])
            y = x / 8 + x / 3
            with tf.Session(backend="numpy") as sess:
                return sess.run(y, {x: values}).tobytes(), seen.ops

    expected, before = run()
    tf.use("example-pass")
    found, after = run()
    assert found == expected
    assert (before.count("divide"), before.count("multiply")) == (2, 0)
    assert (after.count("divide"), after.count("multiply")) == (1, 1)


def test_pass_reaches_into_loops() -> None:
    tf.use("example-pass")
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [])
        y = tf.while_loop(lambda v: v > 1, lambda v: v / 2, [x])
        with tf.Session(backend="numpy") as sess:
            assert sess.run(y, {x: 40}) == 0.625


def test_observer() -> None:
    tf.use("example-observer")
    watch = importlib.import_module("polygraph_example_observer").WATCH
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [], name="x")
        y = tf.negative(x, name="y")
        with tf.Session(backend="numpy") as sess:
            for value in range(3):
                sess.run(y, {x: value})
            with pytest.raises(tf.errors.InvalidArgumentError):
                sess.run(y)
    assert (watch.totals["y:0"].runs, watch.totals["y:0"].errors) == (4, 1)
    assert " in 4 runs, 1 errors: y:0\n" in watch.report()
