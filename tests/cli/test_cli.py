"""The command line: running TensorFlow 1 programs unmodified, showing them, listing backends."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

import polygraph as tf
from polygraph.cli import main

if TYPE_CHECKING:
    from pathlib import Path

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


MAIN = "import sys; from polygraph.cli import main; sys.exit(main())"


def polygraph(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-c", MAIN, *arguments],
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


@pytest.mark.parametrize(
    "arguments", ["--backend numpy old_script.py", "old_script.py --backend numpy",
                  "old_script.py --backend=numpy"],
)  # fmt: skip
def test_the_backend_is_chosen_before_or_behind_the_script(script: Path, arguments: str) -> None:
    command = ["run", *arguments.replace("old_script.py", str(script)).split()]
    done = polygraph(*command, POLYGRAPH_BACKEND="nowhere")
    assert done.returncode == 0, done.stderr
    assert "backend numpy" in done.stdout
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


LIBRARY = """
try:
    import tensorflow as found
except ImportError:
    found = None
name = getattr(found, "__name__", None)
"""


@pytest.mark.parametrize(
    "place", [".venv/lib/python3.11/site-packages", ".local/lib/python3.11/dist-packages"]
)
def test_packages_that_are_installed_below_the_scripts_folder_do_not_either(
    tmp_path: Path, place: str
) -> None:
    site = tmp_path / place
    site.mkdir(parents=True)
    (site / "library.py").write_text(LIBRARY)
    (tmp_path / "own.py").write_text(LIBRARY)
    path = tmp_path / "program.py"
    path.write_text("import library, own\nprint(own.name, library.name)\n")
    done = polygraph("run", str(path), PYTHONPATH=str(site))
    assert done.returncode == 0, done.stderr
    own, installed = done.stdout.split()
    assert own == "polygraph"
    assert installed != "polygraph"


IMPORTS = """
import tensorflow.nn
import tensorflow.compat.v1 as v1
import tensorflow.train as training
from tensorflow import matmul
from tensorflow.compat import v1 as again
from tensorflow.compat.v1.train import AdamOptimizer

assert tensorflow is v1 is again, (tensorflow, v1, again)
assert tensorflow.train is training
assert training.AdamOptimizer is AdamOptimizer
assert tensorflow.matmul is matmul
for name in ("nowhere", "nn.nowhere", "nn.relu.nowhere"):
    try:
        exec(f"import tensorflow.{name}")
    except ModuleNotFoundError as error:
        print(error.name)
"""


def test_every_way_to_write_the_import(tmp_path: Path) -> None:
    path = tmp_path / "imports.py"
    path.write_text(IMPORTS)
    done = polygraph("run", str(path))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "tensorflow.nowhere", "tensorflow.nn.nowhere", "tensorflow.nn.relu.nowhere"
    ]  # fmt: skip


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


FAILS = """
import sys
import tensorflow as tf

def fail():
    raise KeyError("inside")

try:
    fail()
except KeyError as error:
    raise ValueError("outside") from error
"""


@pytest.mark.parametrize("command", ["run", "show"])
def test_tracebacks_begin_in_the_script(tmp_path: Path, command: str) -> None:
    path = tmp_path / "fails.py"
    path.write_text(FAILS)
    done = polygraph(command, str(path))
    assert done.returncode == 1
    assert done.stderr.endswith("ValueError: outside\n")
    assert "KeyError: 'inside'\n\nThe above exception was the direct cause" in done.stderr
    assert "main.py" not in done.stderr
    assert "script.py" not in done.stderr
    assert f'File "{path}", line 11, in <module>' in done.stderr


def test_a_script_that_cannot_be_compiled(tmp_path: Path) -> None:
    path = tmp_path / "odd.py"
    path.write_text("x = (\n")
    done = polygraph("run", str(path))
    assert done.returncode == 1
    assert done.stderr.startswith(f'  File "{path}", line 1\n')
    assert done.stderr.endswith("SyntaxError: '(' was never closed\n")


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


@pytest.mark.parametrize(
    "command",
    ["run --backend numpy:tpu script.py", "show script.py --backend numpy:tpu",
     "conformance numpy:tpu", "fuzz numpy numpy:tpu"],
)  # fmt: skip
def test_a_missing_device_is_clear(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command.split()) == 2
    assert capsys.readouterr().err == "polygraph: the NumPy backend runs on 'cpu', not on 'tpu'\n"


def test_backends_that_are_not_there_are_no_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends", "numpy", "numyp"]) == 2
    found = capsys.readouterr()
    assert not found.out
    assert found.err.startswith(
        "polygraph: there is no backend 'numyp'; is it 'numpy'? Installed:\n"
    )


def test_a_backend_is_tried_on_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends", "numpy@Polygraph_Framework:cpu:0", "numpy:tpu"]) == 0
    found = capsys.readouterr().out
    assert "numpy        ready    polygraph-framework" in found
    assert "not on 'tpu'\n    to fix: name a device that it has\n" in found


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"polygraph {tf.__version__}\n"


def test_backends_are_listed_with_their_devices(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backends", "numpy"]) == 0
    out = capsys.readouterr().out
    assert "numpy" in out
    assert "devices: cpu:0" in out
