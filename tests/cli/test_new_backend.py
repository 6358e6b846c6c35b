"""``polygraph new-backend``: the package installs, is found, and passes from the first day."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polygraph.cli import main

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


class Package:
    """A package that the command wrote, installed into a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "polygraph-my-engine"
        self.site = folder / "site"
        assert main(["new-backend", "my-engine", "--directory", str(folder)]) == 0
        self.run(
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
            "--no-build-isolation", "--target", str(self.site), str(self.folder),
        )  # fmt: skip

    def run(self, *command: str) -> str:
        """What a command prints, in an environment in which the package is installed."""
        path = os.pathsep.join((str(self.site), str(ROOT)))
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(  # noqa: S603 - commands of this file
            command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return Package(tmp_path_factory.mktemp("packages"))


def test_is_found_and_works(package: Package) -> None:
    found = package.run(str(BIN / "polygraph"), "backends", "my-engine")
    assert found.startswith("my-engine    ready    polygraph-my-engine 0.1.0\n")
    assert "devices: cpu:0; tier: table" in found
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert "2 passed, 1 deselected" in package.run(*command, "-k", "not conformance")


def test_is_clean(package: Package) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in package.folder.rglob("*.py"))
    assert "{{" not in text
    assert max(map(len, text.splitlines())) <= 100
    files = (package.folder / "polygraph_my_engine").glob("*.py")
    assert sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files) < 200


def test_keeps_the_contract(package: Package) -> None:
    command = ("conformance", "my-engine", "--subset", "ci", "--level", "0")
    assert "passed in" in package.run(str(BIN / "polygraph"), *command)


@pytest.mark.slow
def test_is_typed(package: Package, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed")
    command = ("-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "polygraph_my_engine")
    assert "Success: no issues" in package.run(sys.executable, *command)


@pytest.mark.slow
def test_passes_or_fails_as_expected(package: Package) -> None:
    found = package.run(str(BIN / "polygraph"), "conformance", "my-engine", "--subset", "ci")
    assert "passed in" in found


@pytest.mark.parametrize("name", ["", "My", "1st", "a--b", "a b", "../x", "a-"])
def test_odd_names(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-backend", name, "--directory", str(tmp_path)]) == 2
    assert "is no name for a backend" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["framework", "pytest"])
def test_names_of_polygraphs_own_packages(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new-backend", name, "--directory", str(tmp_path)]) == 2
    assert f"a package polygraph-{name} or polygraph_{name} is installed" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_taken_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-backend", "torch", "--directory", str(tmp_path)]) == 2
    assert "installed already" in capsys.readouterr().err
    (tmp_path / "polygraph-mine").mkdir()
    assert main(["new-backend", "mine", "--directory", str(tmp_path)]) == 2
    assert "polygraph-mine" in capsys.readouterr().err
