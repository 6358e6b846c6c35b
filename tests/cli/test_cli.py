"""The command line: running TensorFlow 1 programs unmodified, showing them, listing backends."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

from polygraph.cli import main

if TYPE_CHECKING:
    from pathlib import Path

MAIN = "import sys; from polygraph.cli import main; sys.exit(main())"

SCRIPT = """
    import sys
    import tensorflow as tf
    import tensorflow.compat.v1 as v1
    from tensorflow.compat.v1 import placeholder
    from model import double

    assert v1 is tf
    x = placeholder(tf.float32, [None], name="x")
    y = double(x)
    with tf.Session() as sess:
        print("args", sys.argv[1:])
        print("result", sess.run(y, {x: [1.0, 2.0]}).tolist())
        print("backend", sess.backend.name)
"""

MODEL = """
    import tensorflow as tf

    def double(x):
        return tf.multiply(x, 2.0, name="twice")
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "model.py").write_text(textwrap.dedent(MODEL))
    path = tmp_path / "old_script.py"
    path.write_text(textwrap.dedent(SCRIPT))
    return path


def polygraph(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [
            sys.executable,
            "-c",
            "import sys; from polygraph.cli import main; sys.exit(main())",
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_an_old_script_and_its_modules_run_unmodified(script: Path) -> None:
    done = polygraph("run", str(script), "--flag", "3")
    assert done.returncode == 0, done.stderr
    assert "result [2.0, 4.0]" in done.stdout
    assert "args ['--flag', '3']" in done.stdout
    assert "backend numpy" in done.stdout


@pytest.mark.parametrize("before", [True, False])
def test_the_backend_is_chosen_before_or_behind_the_script(script: Path, before: bool) -> None:
    choice = ["--backend", "jax"]
    pytest.importorskip("jax")
    arguments = [*choice, str(script)] if before else [str(script), *choice]
    done = polygraph("run", *arguments)
    assert done.returncode == 0, done.stderr
    assert "backend jax" in done.stdout
    assert "args []" in done.stdout


def test_installed_packages_do_not_get_polygraph_for_tensorflow(script: Path) -> None:
    installed = script.parent / "site"
    installed.mkdir()
    (installed / "library.py").write_text(
        "try:\n    import tensorflow\n    found = tensorflow.__name__\n"
        "except ImportError:\n    found = None\n"
    )
    outside = script.parent / "program"
    outside.mkdir()
    path = outside / "uses_library.py"
    path.write_text("import tensorflow, library\nprint(tensorflow.__name__, library.found)\n")
    done = polygraph("run", str(path), PYTHONPATH=str(installed))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == "polygraph"
    assert done.stdout.split()[1] != "polygraph"


def test_a_part_of_tensorflow_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "uses_contrib.py"
    path.write_text("from tensorflow.contrib.nowhere import thing\n")
    done = polygraph("run", str(path))
    assert done.returncode != 0
    assert "tensorflow.contrib" in done.stderr


def test_the_scripts_own_error_and_exit_status_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "fails.py"
    path.write_text("import sys\nsys.exit(5)\n")
    assert polygraph("run", str(path)).returncode == 5


def test_show_prints_the_graph_and_the_programs(script: Path) -> None:
    done = polygraph("show", str(script))
    assert done.returncode == 0, done.stderr
    assert "twice = Mul(x:0, twice/y:0)" in done.stdout
    assert "model.py:5" in done.stdout
    assert "multiply x:0, f32(2.) : f32[2]" in done.stdout


HOST_LOOP = """
    import polygraph as tf

    def body(i):
        noted = tf.py_func(lambda a: a, [i], tf.int32)
        noted.set_shape([])
        return noted + 1

    y = tf.while_loop(lambda i: i < 3, body, [0])
    with tf.Session() as sess:
        sess.run(y)
"""


def test_show_names_a_host_loop_and_why(tmp_path: Path) -> None:
    path = tmp_path / "drives.py"
    path.write_text(textwrap.dedent(HOST_LOOP))
    done = polygraph("show", str(path))
    assert done.returncode == 0, done.stderr
    where = "# host loop while/While (drives.py:9), driven from Python: "
    assert f"{where}'while/PyFunc' (drives.py:5) runs in Python\n" in done.stdout
    assert done.stdout.count("# host loop") == 1
    names = [line.partition("(")[0] for line in done.stdout.splitlines() if "program " in line]
    assert names == [
        "program while/While/cond", "program while/While/body.2", "program step.2",
    ]  # fmt: skip


def test_a_missing_script_and_a_missing_backend_are_clear(script: Path) -> None:
    missing = polygraph("run", "nowhere.py")
    assert missing.returncode == 2
    assert "nowhere.py" in missing.stderr
    unknown = polygraph("run", "--backend", "abacus", str(script))
    assert unknown.returncode == 2
    assert "abacus" in unknown.stderr
    assert "numpy" in unknown.stderr
    assert "Traceback" not in unknown.stderr


def test_backends_are_listed_with_their_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends"]) == 0
    out = capsys.readouterr().out
    assert "numpy" in out
    assert "devices: cpu:0" in out
