"""The package's face: what importing it loads, and where its names come from."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import polygraph.compat.v1 as tf_v1
import pytest

import polygraph as tf


def test_importing_it_loads_no_engine_and_nothing_costly() -> None:
    unwanted = {"torch", "jax", "scipy", "importlib.metadata", "pathlib"}
    script = f"import sys, numpy, polygraph; print(sorted({unwanted} & set(sys.modules)))"
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_version() -> None:
    project = Path(__file__).parents[1] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == tf.__version__


def test_compat() -> None:
    assert tf_v1 is tf.compat.v1 is tf
    tf.disable_v2_behavior()
    assert not tf.executing_eagerly()
    with pytest.raises(tf.errors.UnimplementedError, match="no eager execution"):
        tf.enable_eager_execution()
    assert tf.compat.as_bytes("ä") == "ä".encode()
    assert tf.compat.as_text(b"a") == tf.compat.as_str_any(b"a") == "a"
    with pytest.raises(TypeError, match="expected bytes or text"):
        tf.compat.as_bytes(3)


def test_names_mean_what_tf1_means() -> None:
    assert tf.bool.name == "bool"
    assert tf.float32 is tf.dtypes.float32 is tf.as_dtype("float32")
    assert tf.initializers.zeros is tf.zeros_initializer
    assert tf.errors.NotFoundError(None, None, "x").error_code == tf.errors.NOT_FOUND
    assert tf.GraphKeys.GLOBAL_VARIABLES == tf.GraphKeys.VARIABLES == "variables"


def test_app_run_leaves_with_what_main_gives() -> None:
    with pytest.raises(SystemExit) as left:
        tf.app.run(main=len, argv=["program", "argument"])
    assert left.value.code == 2


def test_logging(caplog: pytest.LogCaptureFixture) -> None:
    before = tf.logging.get_verbosity()
    tf.logging.set_verbosity(tf.logging.INFO)
    for count in range(3):
        tf.logging.log_first_n(tf.logging.INFO, "first %d", 1, count)
        tf.logging.log_every_n(tf.logging.INFO, "every %d", 2, count)
    tf.logging.debug("not shown")
    tf.logging.log_if(tf.logging.WARN, "no", condition=False)
    tf.logging.warning("careful")
    tf.logging.set_verbosity(before)
    assert caplog.messages == ["first 0", "every 0", "every 2", "careful"]
