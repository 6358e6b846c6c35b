"""The suite itself: it passes on our backends, it fails on broken ones, and it says why."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import json
import subprocess
import sys
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.backends.numpy.backend import make
from polygraph.cli.conformance import describe
from polygraph.cli.main import main
from polygraph.conformance import registry
from polygraph.conformance.case import Case, ConformanceFailure, Outcome, run_case
from polygraph.conformance.checks import op_types
from polygraph.conformance.forward import same
from polygraph.conformance.html_report import html_report
from polygraph.conformance.levels import LEVELS, must_pass
from polygraph.conformance.op_cases import op_cases
from polygraph.conformance.oracle import truths
from polygraph.conformance.report import Report
from polygraph.conformance.samples import BLOCK, main_dtypes, samples_of
from polygraph.conformance.suite import run_suite
from polygraph.conformance.support_matrix import markdown_matrix, summary
from polygraph.conformance.target import Target
from polygraph.conformance.tolerance import Bound, allowed, bound_of
from polygraph.conformance.walker import applier, reference_lowerings, walking_backend
from polygraph.core.ground.backend import Capabilities
from polygraph.core.ground.op import REGISTRY, Op, Primitive
from polygraph.core.ground.op_def import OP_DEFS, graph_op
from polygraph.core.runtime.discovery import list_backends
from polygraph.ops.primitives import elementwise as ew, reduction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from polygraph.core.ground.backend import Backend
    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.program import Program

F32 = np.dtype(np.float32)


@pytest.fixture
def numpy_target() -> Iterator[Target]:
    with Target.open("numpy") as target:
        yield target


def broken(name: str, **changes: Any) -> Backend:
    """The NumPy backend under another name with other parts."""
    return dataclasses.replace(make("cpu", {}), name=name, **changes)


def failed(target: Target, cases: Iterator[Case]) -> dict[str, Outcome]:
    results = [run_case(case, target) for case in cases]
    return {result.case.id: result.outcome for result in results if not result.outcome.good}


def only(op: Op, target: Target) -> Iterator[Case]:
    return op_cases("primitive", [op], target)


# It passes where it should.


# On JAX it is minutes of compiling, which CI spends beside the tests.
@pytest.mark.parametrize("name", ["numpy", "torch", pytest.param("jax", marks=pytest.mark.slow)])
def test_our_backends_pass(name: str) -> None:
    if name != "numpy" and importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    with Target.open(name) as target:
        report = run_suite(target, subset="ci")
    assert [case["id"] for case in report.failures()] == []
    for level in report.data["levels"]:
        assert level["must_pass_passed"] == level["must_pass"]


@pytest.mark.parametrize("op", [ew.add, ew.exp, ew.cast, reduction.reduce_sum, ew.power], ids=str)
def test_ops_pass_on_numpy(numpy_target: Target, op: Op) -> None:
    assert failed(numpy_target, only(op, numpy_target)) == {}


@pytest.mark.parametrize("module", ["load", "contract"])
def test_levels_pass_on_numpy(numpy_target: Target, module: str) -> None:
    found = next(m for m in registry.check_modules() if m.__name__.endswith(f".{module}"))
    cases = list(found.cases(numpy_target))
    assert len(cases) > 60
    assert failed(numpy_target, iter(cases)) == {}


# It fails where it should.


def test_a_wrong_lowering_fails() -> None:
    backend = make("cpu", {})

    def compile_wrongly(program: Program) -> Any:
        executable = backend.compile(program)

        def run(state: Any, feeds: Any) -> Any:
            result = executable(state, feeds)
            for array in result[0]:
                np.add(array, array.dtype.type(1), out=array)
            return result

        run.tier = "instant"  # type: ignore[attr-defined]
        return run

    with Target.of(broken("off_by_one", compile=compile_wrongly)) as target:
        found = failed(target, only(ew.add, target))
    assert "primitive/add-float32-2x3_3" in found
    # What has no elements cannot be wrong.
    assert "primitive/add-float32-empty" not in found


def test_a_backend_that_crashes_fails_and_breaks_nothing() -> None:
    def crash(_: Program) -> Any:
        raise SystemExit(3)

    with Target.of(broken("crashing", compile=crash)) as target:
        found = failed(target, only(ew.negative, target))
    assert set(found.values()) == {Outcome.FAIL}


def test_an_op_without_a_sample_fails(numpy_target: Target) -> None:
    bare = object.__new__(Primitive)
    bare.name, bare.signature, bare.samples = "bare", ew.add.signature, ()
    found = failed(numpy_target, op_cases("primitive", [bare], numpy_target))
    assert found == {"primitive/bare-any-sample": Outcome.FAIL}


def test_a_waived_case_that_passes_is_a_failure() -> None:
    waivers = {"primitive/tan-*-zeros": "the engine loses the sign of zero"}
    with Target.of(broken("modest", waivers=MappingProxyType(waivers))) as target:
        found = failed(target, only(ew.tan, target))
        assert target.used_waivers["primitive/tan-*-zeros"] > 0
    assert set(found.values()) == {Outcome.XPASS}
    assert all(case.endswith("-zeros") for case in found)


def test_what_has_to_pass_cannot_be_waived() -> None:
    case = Case("primitive/add-float32-2x3_3", 1, "primitive", "add", _fail, dtype="float32")
    assert must_pass(case)
    waivers = MappingProxyType({"primitive/*": "because"})
    with Target.of(broken("excused", waivers=waivers)) as target:
        assert run_case(case, target).outcome is Outcome.FAIL
        narrow = dataclasses.replace(case, id="primitive/add-float16-2x3_3")
        assert run_case(narrow, target).outcome is Outcome.XFAIL


def _fail(_: Target) -> None:
    raise ConformanceFailure("no")


def test_a_dtype_that_is_not_declared_is_an_expected_failure() -> None:
    whole = make("cpu", {})
    fewer = dataclasses.replace(
        whole.capabilities, dtypes=whole.capabilities.dtypes - {"float16", "uint64"}
    )
    with Target.of(broken("narrow", capabilities=fewer)) as target:
        results = [run_case(case, target) for case in only(ew.negative, target)]
    by_dtype = {result.case.dtype: result for result in results}
    assert by_dtype["float16"].outcome is Outcome.XFAIL
    assert "hold float16" in by_dtype["float16"].reason
    assert by_dtype["float32"].outcome is Outcome.PASS


# Samples and bounds.


def test_every_op_has_samples_of_every_kind() -> None:
    for op in list(REGISTRY.values()):
        for dtype in main_dtypes(op)[:1]:
            samples = samples_of(op, dtype)
            assert any(sample.kind == "declared" for sample in samples), op
            labels = [sample.label for sample in samples]
            assert len(labels) == len(set(labels)), op
    kinds = {sample.kind for sample in samples_of(ew.add, F32)}
    assert kinds >= {"empty", "scalar", "one", "broadcast", "extreme", "zeros", "subnormal"}
    assert any(s.operands[0].size == BLOCK for s in samples_of(ew.add, F32))


def test_samples_do_not_depend_on_the_run() -> None:
    first, second = samples_of(ew.add, F32), samples_of(ew.add, F32)
    for one, other in zip(first, second, strict=True):
        for x, y in zip(one.operands, other.operands, strict=True):
            assert x.tobytes() == y.tobytes()


def test_the_bound_of_a_sum_grows_with_its_terms() -> None:
    bound = bound_of("reduce_sum", F32, composite=False)
    near_zero = np.array(1e-3)
    few = allowed(bound, F32, near_zero, np.array(1.0))
    many = allowed(bound, F32, near_zero, np.array(1000.0))
    assert few < many == pytest.approx(4 * 2**-23 * 1000, rel=1e-3)
    assert allowed(Bound(0.0), F32, near_zero, np.array(1.0)) == 0


def test_the_oracle_is_wider_than_what_it_judges() -> None:
    x = np.array([1e-8, 0.3], np.float32)
    (truth,) = truths(ew.log1p, [x], {}, ew.log1p.types([ew_type(x)], {}), exact=False)
    np.testing.assert_allclose(truth.wide, np.log1p(x.astype(np.float64)), rtol=1e-15)
    y = x.astype(np.float64)
    (truth,) = truths(ew.erf, [y], {}, ew.erf.types([ew_type(y)], {}), exact=False)
    assert truth.wide.dtype == np.longdouble


def ew_type(array: Any) -> Any:
    return samples_of(ew.negative, array.dtype)[0].types[0]._replace(shape=array.shape)


def test_the_sign_of_zero_counts_and_nan_is_nan() -> None:
    zeros = np.array([0.0, 0.0, np.nan])
    assert same(zeros, np.array([0.0, -0.0, -np.nan])).tolist() == [True, False, True]


def test_two_cases_of_one_name_are_refused() -> None:
    case = Case("load/x", 0, "load", "x", _fail)
    with pytest.raises(ValueError, match="load/x"):
        registry.require_unique([case, case])
    with pytest.raises(ValueError, match="no subset 'tiny'"):
        registry.all_cases(Target("none", make("cpu", {})), subset="tiny")


# Reports.


@pytest.fixture
def report() -> Report:
    cases = [
        Case("primitive/f-float32-a", 1, "primitive", "f", lambda _: None, dtype="float32"),
        Case("primitive/f-float16-a", 1, "primitive", "f", _fail, dtype="float16",
             expected="no halves & <no> quarters"),
        Case("load/x", 0, "load", "x", _fail, loosened="9 ulp |x|: because"),
    ]  # fmt: skip
    with Target.of(broken("reported")) as target:
        return Report.of(target, [run_case(case, target) for case in cases], "full")


def test_a_report_counts_and_explains(report: Report, tmp_path: Any) -> None:
    assert not report.passed
    assert [case["id"] for case in report.failures()] == ["load/x"]
    assert report.counts()[1, "primitive"] == {"pass": 1, "xfail": 1}
    assert report.declared() == {"pass": 1, "xfail": 1, "fail": 1}
    path = tmp_path / "report.json"
    report.write_json(path)
    data = json.loads(path.read_text())
    assert data["schema"] == 1
    assert data["kit"] == "1.0"
    assert data["loosened"] == {"x ": "9 ulp |x|: because"}
    assert len(data["levels"]) == len(LEVELS)


def test_a_report_tells_the_part_that_is_declared() -> None:
    cases = [
        Case(f"primitive/x-{dtype}", 1, "primitive", "x", lambda _: None, dtype=dtype)
        for dtype in ("float32", "float16", "")
    ]
    with Target.of(broken("singles", capabilities=Capabilities(frozenset({"float32"})))) as target:
        report = Report.of(target, [run_case(case, target) for case in cases], "full")
    assert report.declared() == {"pass": 2}
    shown = describe(report)
    assert "declared dtypes: 2 of 3 cases (66.7%), 2 of them passed (100.0%)" in shown


def test_the_html_needs_nothing_beside_it_and_escapes(report: Report) -> None:
    page = html_report(report)
    assert "no halves &amp; &lt;no&gt; quarters" in page
    assert "http" not in page.replace("viewport", "")
    assert "<script" not in page


def test_the_support_matrix_names_dtypes(report: Report) -> None:
    page = markdown_matrix([summary(report.data)])
    assert "| `f` | f32 f16 | all but (f16) |" in page
    assert "| L1 primitive | 1 (1) |" in page
    assert "| L0 load | 0, **1 fail** |" in page
    assert "| reported | 1 | no halves & <no> quarters |" in page
    assert r"| 1 | 9 ulp \|x\|: because |" in page


# Doors.


def test_the_command_line_runs_a_level(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    page, data = tmp_path / "r.html", tmp_path / "r.json"
    options = ["numpy", "--level", "0", "--html", str(page), "--json", str(data)]
    assert main(["conformance", *options]) == 0
    shown = capsys.readouterr().out
    assert "L0    load" in shown
    assert "passed in" in shown
    assert json.loads(data.read_text())["backend"]["name"] == "numpy"
    assert page.read_text().startswith("<!doctype html>")


def test_the_command_line_says_that_there_is_no_such_backend(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["conformance", "nonsense"]) == 2
    assert "there is no backend 'nonsense'" in capsys.readouterr().err


def _pytest(cwd: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter


def test_the_pytest_plugin_imports_no_polygraph(tmp_path: Any) -> None:
    (tmp_path / "test_stranger.py").write_text(
        "import sys\n"
        "def test_nothing_is_imported():\n"
        "    assert 'polygraph_pytest' in sys.modules\n"
        "    assert not [m for m in sys.modules if m.split('.')[0] == 'polygraph']\n"
    )
    done = _pytest(tmp_path, "test_stranger.py")
    assert done.returncode == 0, done.stdout


def test_pytest_skips_without_a_backend_and_runs_with_one(tmp_path: Any) -> None:
    done = _pytest(tmp_path, "--pyargs", "polygraph.conformance", "-rs")
    assert "--polygraph-backend NAME" in done.stdout
    assert "1 skipped" in done.stdout
    path = tmp_path / "report.json"
    done = _pytest(
        tmp_path, "--pyargs", "polygraph.conformance", "--polygraph-backend", "numpy",
        "--polygraph-level", "0", "--polygraph-report", str(path),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert {case["outcome"] for case in json.loads(path.read_text())["cases"]} == {"pass"}


def test_a_registered_backend_runs_sessions() -> None:
    check: Callable[..., Any] = np.testing.assert_array_equal
    with Target.of(broken("guest")) as target, tf.Graph().as_default() as graph:
        y = tf.constant([1.0, 2.0]) * 2
        with target.make_session(graph) as session:
            check(session.run(y), [2, 4])
    assert "guest" not in list_backends()


# Op types that nobody else shows.


@contextlib.contextmanager
def _op_type(name: str, samples: tuple[Any, ...]) -> Iterator[OpDef]:
    define = graph_op(name, "x: T, by: int32 -> y: T", samples=samples, T=(tf.float32,))
    try:
        yield define(lambda x, by: ew.multiply(x, ew.cast(by, dtype=x.dtype)))
    finally:
        del OP_DEFS[name]


def test_an_op_type_without_a_sample_fails(numpy_target: Target) -> None:
    with _op_type("Unshown", ()):
        cases = op_types.cases(numpy_target)
        assert failed(numpy_target, cases) == {"op-type/Unshown-any-sample": Outcome.FAIL}


def test_an_op_type_is_tried_at_its_samples(numpy_target: Target) -> None:
    by = np.array(3, np.int32)
    wrong = walking_backend("adding", applier({**reference_lowerings(), ew.multiply: np.add}))
    with _op_type("Scaled", (((2, 3), by), ((), by))), Target.of(wrong) as other:
        ids = [f"op-type/Scaled-float32-sample{number}" for number in range(2)]
        assert [case.id for case in op_types.cases(numpy_target)] == ids
        assert failed(numpy_target, op_types.cases(numpy_target)) == {}
        assert list(failed(other, op_types.cases(other))) == ids
