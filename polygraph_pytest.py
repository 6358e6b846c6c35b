"""pytest's side of polygraph's conformance suite: options, and the cases as parameters.

    pytest --pyargs polygraph.conformance --polygraph-backend NAME

Installed as a pytest plugin, so every pytest of the environment loads this module: it lies beside
the package, and imports nothing of it until the option is used.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

SUITE = Path(__file__).with_name("polygraph") / "conformance" / "test_conformance.py"
"""The module with the suite's test."""

FIXTURE = "polygraph_case"
"""The argument of the test that is run once for each case."""

NO_BACKEND = "name a backend to run polygraph's conformance suite on it: --polygraph-backend NAME"


class _Run:
    """The suite in one pytest run: the backend under test and what came of each case."""

    def __init__(self, config: pytest.Config) -> None:
        self.name: str | None = config.getoption("polygraph_backend")
        self.path: str | None = config.getoption("polygraph_report")
        self.results: list[Any] = []
        self._subset: str = config.getoption("polygraph_subset")
        self._level: int | None = config.getoption("polygraph_level")
        self._target: Any = None

    def target(self) -> Any:
        """The backend, opened when it is first asked for."""
        if self._target is None:
            module = importlib.import_module("polygraph.conformance.target")
            self._target = module.Target.open(self.name)
        return self._target

    def parameters(self) -> list[Any]:
        """A parameter for each case; expected failures are strict in their own marks."""
        cases = importlib.import_module("polygraph.conformance.case")
        registry = importlib.import_module("polygraph.conformance.registry")
        target = self.target()
        found = registry.all_cases(target, subset=self._subset, level=self._level)
        parameters = []
        for case in found:
            reason = cases.expectation(case, target)
            marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
            parameters.append(pytest.param(case, id=case.id, marks=marks))
        return parameters

    def finish(self) -> None:
        """Write the report and release the backend."""
        if self._target is None:
            return
        if self.path is not None:
            report = importlib.import_module("polygraph.conformance.report")
            report.Report.of(self._target, self.results, self._subset).write_json(self.path)
        self._target.close()


_KEY = pytest.StashKey[_Run]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options ``--polygraph-*``."""
    group = parser.getgroup("polygraph", "polygraph's conformance suite")
    group.addoption("--polygraph-backend", metavar="NAME", help="the backend under test")
    group.addoption(
        "--polygraph-subset",
        choices=("full", "ci"),
        default="full",
        help="every case, or a fast choice of them (default: full)",
    )
    group.addoption(
        "--polygraph-level", type=int, metavar="N", help="only levels up to N, of 0 to 4"
    )
    group.addoption("--polygraph-report", metavar="FILE", help="write the report there, as JSON")


def pytest_configure(config: pytest.Config) -> None:
    """Remember what was asked for."""
    config.stash[_KEY] = _Run(config)


class _Suite(pytest.Module):
    """The module with the suite's test, whatever names the project has for its own tests."""

    def funcnamefilter(self, name: str) -> bool:
        """Whether a function is a test."""
        return name.startswith("test_")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collect the suite's module where the project's ``python_files`` leave it out."""
    found = yield
    if file_path == SUITE and not found:
        return [_Suite.from_parent(parent, path=file_path)]
    return found


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    """Read the suite's module by its own rules."""
    return _Suite.from_parent(parent, path=module_path) if module_path == SUITE else None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make the cases parameters of the suite's test."""
    if FIXTURE not in metafunc.fixturenames:
        return
    run = metafunc.config.stash[_KEY]
    if run.name is None:
        skipped = pytest.param(None, id="no-backend", marks=pytest.mark.skip(reason=NO_BACKEND))
        metafunc.parametrize(FIXTURE, [skipped])
    else:
        metafunc.parametrize(FIXTURE, run.parameters())


@pytest.fixture(scope="session")
def polygraph_target(pytestconfig: pytest.Config) -> Any:
    """The backend under test."""
    return pytestconfig.stash[_KEY].target()


@pytest.fixture
def polygraph_results(pytestconfig: pytest.Config) -> list[Any]:
    """Where the suite's test leaves what came of each case, for the report."""
    return pytestconfig.stash[_KEY].results


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Write the report when the tests are done."""
    try:
        return (yield)
    finally:
        session.config.stash[_KEY].finish()
