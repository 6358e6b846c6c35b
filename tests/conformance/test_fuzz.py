"""The fuzzer: its graphs are valid, it is deterministic, it finds faults and makes them small."""

from __future__ import annotations

import itertools
import os
import runpy
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import polygraph as tf
from polygraph.cli.main import main
from polygraph.conformance.checks.op_types import SHOWN_BY
from polygraph.conformance.fuzz.choices import Seeded
from polygraph.conformance.fuzz.compare import allowance, difference
from polygraph.conformance.fuzz.coverage import coverage_of
from polygraph.conformance.fuzz.driver import fuzz
from polygraph.conformance.fuzz.generate import ALL_DTYPES, generate, recipe_from
from polygraph.conformance.fuzz.growth import Growth
from polygraph.conformance.fuzz.recipe import Node, Recipe, array_text, make
from polygraph.conformance.fuzz.rules import RULES
from polygraph.conformance.fuzz.rules.registered import add_op, examples
from polygraph.conformance.fuzz.run import Kind, differs, disagreement, outcome_of
from polygraph.conformance.fuzz.side import Side
from polygraph.conformance.fuzz.strategies import recipes
from polygraph.conformance.walker import applier, reference_lowerings, walking_backend
from polygraph.core.ground.op import REGISTRY, Primitive
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.runtime.discovery import backend_statuses, register_backend, unregister_backend
from polygraph.ops.primitives import convolution, elementwise as ew, pooling, reduction as red

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polygraph.core.ground.op import Op

READY = {status.name for status in backend_statuses() if status.status == "ready"}


def needs(name: str) -> None:
    if name not in READY:
        pytest.skip(f"{name} is not installed")


@contextmanager
def planted(op: Op, lowering: Callable[..., Any]) -> Iterator[str]:
    """The name of a backend with one wrong lowering."""
    table = reference_lowerings() | {op: lowering}
    register_backend(walking_backend("wrong", applier(table)))
    try:
        yield "wrong"
    finally:
        unregister_backend("wrong")


def test_the_same_seed_gives_the_same_graphs() -> None:
    once = [recipe.source() for recipe in itertools.islice(generate(3), 20)]
    again = [recipe.source() for recipe in itertools.islice(generate(3), 20)]
    assert once == again
    assert len(set(once)) == 20
    assert once != [recipe.source() for recipe in itertools.islice(generate(4), 20)]


def test_the_same_seed_gives_the_same_graphs_in_every_process() -> None:
    """Nothing in them hangs on the order of a set, which changes with the hash seed."""
    program = (
        "import itertools, zlib; from polygraph.conformance.fuzz.generate import generate; "
        "print(zlib.crc32(''.join(r.source() for r in itertools.islice(generate(9), 60)).encode()))"
    )
    said = [
        subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert said[0] == said[1]


UNREACHED = {
    **dict.fromkeys(SHOWN_BY, "stands between others only: a case of the suite shows it"),
    "CheckNumerics": "raises by the values that it gets",
    "IsVariableInitialized": "is answered by the planner",
    "PreventGradient": "no public function makes it",
    "iota": "has no operands, so that it is folded",
    "sort": "is there for backends' own use: op types sort by other primitives",
}
"""Op types and primitives that graphs need not hold, and why."""


class First:
    """Decisions that are all the first of what may be: placeholders for every operand."""

    def integer(self, low: int, high: int) -> int:  # noqa: ARG002
        return low

    def of(self, items: Sequence[Any]) -> Any:
        return items[0]

    def chance(self, probability: float) -> bool:  # noqa: ARG002
        return False


def _of_each_rule() -> Iterator[Recipe]:
    """Recipes in which one rule and gradients have their turns."""
    gradient = next(rule for rule in RULES if rule.name == "gradient")
    for rule in RULES:
        pair = (replace(rule, weight=2 * gradient.weight), gradient)
        for number in range(9):
            recipe = recipe_from(Seeded((rule.name, number)), ALL_DTYPES, rules=pair)
            if recipe.fetches:
                yield recipe


def _of_each_op_type() -> Iterator[Recipe]:
    """The first examples of each op type, as they were recorded."""
    for op_type, known in examples().items():
        for example in known[:2]:
            growth = Growth(First(), ALL_DTYPES)
            with tf.Graph().as_default():
                add_op(growth, op_type, example)
            assert not growth.rejected
            yield Recipe(tuple(growth.nodes), growth.feeds, (growth.nodes[-1].name,))


def test_every_op_type_and_primitive_is_reached() -> None:
    found = coverage_of(itertools.chain(_of_each_rule(), _of_each_op_type()))
    primitives = {op.name for op in REGISTRY.values() if isinstance(op, Primitive)}
    missed = (set(OP_DEFS) - set(found.op_types)) | (primitives - set(found.primitives))
    assert missed <= set(UNREACHED)


def test_hardly_a_line_is_refused() -> None:
    rejected: list[Any] = []
    nodes = sum(
        len(recipe_from(Seeded((1, number)), ALL_DTYPES, rejected).nodes) for number in range(150)
    )
    assert nodes > 1000
    assert len(rejected) < nodes / 100, rejected[:5]


def test_graphs_are_of_many_functions() -> None:
    report = fuzz("numpy", "numpy", graphs=200, seed=2)
    assert not report.findings
    assert len(report.functions) > 250
    assert {"tf.while_loop", "tf.cond", "tf.gradients", "tf.assign_add"} < set(report.functions)
    assert "200 graphs" in report.text()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None,
          derandomize=True)  # fmt: skip
@given(recipes())
def test_any_recipe_gives_the_same_twice(recipe: Recipe) -> None:
    if recipe.fetches:
        assert disagreement(recipe, "numpy", "numpy") is None


PAIRS = (
    ("numpy", "torch", 200),
    ("numpy", "jax", 24),
    ("torch", "jax", 8),
)
"""Some of each run of the tests; `.ci/run` compares more."""


@pytest.mark.parametrize(("a", "b", "graphs"), PAIRS)
def test_backends_agree(a: str, b: str, graphs: int) -> None:
    needs(a)
    needs(b)
    report = fuzz(a, b, graphs=graphs, seed=11)
    assert not report.findings, report.text()


WRONG: dict[str, tuple[Op, Callable[..., Any]]] = {
    "NaN dropped": (ew.maximum, np.fmax),
    "exclusive ignored": (
        red.cumsum,
        lambda x, *, axis, exclusive, reverse: red.cumsum.function(
            x, axis=axis, exclusive=exclusive and False, reverse=reverse
        ),
    ),
    "wrong for 2": (ew.subtract, lambda x, y: np.where(x == 2, y, x - y).astype(x.dtype)),
    "not rounded": (ew.round_half_even, np.floor),
    "raises": (ew.tanh, lambda x: 1 // (0 * x.size)),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_lowering_is_found_and_made_small(wrong: str, tmp_path: Path) -> None:
    with planted(*WRONG[wrong]) as name:
        report = fuzz("numpy", name, graphs=2000, findings=1, seed=1, save=tmp_path)
        assert report.findings
        smallest = min(report.findings, key=lambda finding: finding.ops)
        assert smallest.ops <= 3, smallest.recipe.source()
        assert smallest.found.blamed == "wrong"
        script = runpy.run_path(str(tmp_path / f"{smallest.name}.py"))
        script["check"](("numpy", {}), ("numpy", {}))
        with pytest.raises((AssertionError, ZeroDivisionError)):
            script["check"](*script["BACKENDS"])
        assert "program step" in smallest.program


def test_an_error_of_ours_is_found_though_both_raise_it() -> None:
    with planted(*WRONG["raises"]) as name:
        report = fuzz(name, name, graphs=1000, findings=1, seed=1, attempts=40)
    assert report.findings
    assert all(finding.found.kind is Kind.ERROR for finding in report.findings)


def test_constants_are_fed_where_roundings_move() -> None:
    texts = ("tf.constant(np.array([0.5], np.float32))", "tf.constant(np.array([1], np.int32))",
             "tf.exp(n0)")  # fmt: skip
    nodes = tuple(Node(f"n{index}", text) for index, text in enumerate(texts))
    fed = Recipe(nodes, {}, ("n2",)).with_fed_floats()
    assert [node.text for node in fed.nodes] == ["tf.placeholder(tf.float32, [1])", *texts[1:]]
    assert fed.feeds["n0"].tolist() == [0.5]


def test_rounding_is_no_disagreement() -> None:
    """What differs by a unit in the last place, blown up by a difference of nearly equals."""

    def sine(x: Any) -> Any:
        found = np.sin(x)
        return np.where(x.view(np.int32) % 2, np.nextafter(found, np.float32(2)), found)

    names = ("n0", "n1", "n2", "n3", "n4")
    texts = (
        "tf.placeholder(tf.float32, [3])",
        "tf.sin(n0)",
        "tf.sin(n0 + 1e-6)",
        "tf.divide(n1 - n2, 1e-6)",
        "tf.floor(n3 * 1e3)",
    )
    feeds = {"n0": np.array([0.5, 1.0, 2.0], np.float32)}
    recipe = Recipe(tuple(map(Node, names, texts)), feeds, names[1:])
    with planted(ew.sin, sine) as name:
        ours, theirs = outcome_of(recipe, "numpy"), outcome_of(recipe, name)
        assert not np.allclose(ours.values[0][2], theirs.values[0][2], rtol=1e-3)
        assert disagreement(recipe, "numpy", name) is None


def test_a_pole_is_no_disagreement_where_not_a_digit_is_known() -> None:
    near, at = np.array([-16777216.0, 3.0], np.float32), np.array([np.nan, np.nan], np.float32)
    moved = [np.array([-9e6, 3.000001], np.float32), np.array([-5e7, 3.0], np.float32)]
    allowed = allowance(near, moved)
    assert "1 of 2 elements" in (difference(near, at, allowed) or "")
    assert "at [1]" in (difference(near, at, allowed) or "")


FREE = {
    "zeros of a sum": (
        ["tf.reduce_sum(n0, 0)", "tf.atan2(n1, n0)"],
        np.array([-0.0, -0.0], np.float32),
        (red.reduce_sum, lambda x, *, axes, keepdims: -np.sum(-x, axes, keepdims=keepdims)),
    ),
    "the larger zero": (
        ["tf.nn.relu(n0)", "tf.reciprocal(n1)"],
        np.array([-0.0, 2.0], np.float32),
        (ew.maximum, lambda x, y: np.where(x >= y, x, y)),
    ),
    "the gradient of a pool of NaN": (
        [
            "tf.nn.max_pool(n0, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')",
            "tf.gradients(n1, n0)[0]",
        ],
        np.array([np.nan, 1.0, 2.0, 3.0], np.float32).reshape(1, 2, 2, 1),
        (pooling.max_pool_grad, lambda x, _y, _dy, **_: np.ones_like(x)),
    ),
    "the padding's products": (
        [
            "tf.where(tf.is_nan(n0), n0, n0)",
            'tf.nn.conv2d(tf.ones([1, 2, 2, 1]), n1, strides=[1, 1, 1, 1], padding="SAME")',
        ],
        np.array([[1.0, 1.0, np.inf]] * 3, np.float32).reshape(3, 3, 1, 1),
        (
            convolution.conv2d,
            lambda x, filters, **attrs: np.nan_to_num(
                convolution.conv2d.function(x, filters, **attrs), posinf=np.inf
            ),
        ),
    ),
}


@pytest.mark.parametrize("what", FREE)
def test_what_engines_may_choose_is_no_disagreement(what: str) -> None:
    """Found by fuzzing: TensorFlow itself answers these by the length of the array."""
    texts, fed, wrong = FREE[what]
    lines = [f"tf.placeholder(tf.float32, {list(fed.shape)})", *texts]
    nodes = tuple(Node(f"n{index}", line) for index, line in enumerate(lines))
    recipe = Recipe(nodes, {"n0": fed}, ("n1", "n2"))
    with planted(*wrong) as name:
        ours, theirs = outcome_of(recipe, "numpy"), outcome_of(recipe, name)
        assert differs(ours.values, theirs.values)
        assert disagreement(recipe, "numpy", name) is None


def test_values_are_written_to_the_last_bit() -> None:
    for dtype in (np.float32, np.float64, np.float16, np.int64, np.bool_, np.complex64):
        array = np.array([[1 / 3, -0.0], [7, 2.5]]).astype(dtype)
        node = Node("n0", f"tf.constant({array_text(array)})")
        with tf.Graph().as_default(), tf.Session() as sess:
            found = sess.run(make(Recipe((node,)))["n0"])
        assert found.dtype == array.dtype
        assert found.tobytes() == array.tobytes()


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fuzz", "numpy", "numpy", "--graphs", "20", "--seed", "5", "--undrawn"]) == 0
    said = capsys.readouterr().out
    assert "numpy against numpy, seed 5: 20 graphs" in said
    assert "PyFunc, " in said.partition("in no graph: ")[2]
    with planted(ew.negative, lambda x: x) as name:
        save = tmp_path / "found"
        assert main(["fuzz", "numpy", name, "--findings", "1", "--save", str(save)]) == 1
        assert list(save.glob("*.py"))
    assert main(["fuzz", "numpy", "no-such-backend"]) == 2
    assert "no-such-backend" in capsys.readouterr().err


def test_a_backend_is_named_with_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert Side.parse("torch@some-dist:cuda:0") == ("torch@some-dist:cuda:0", {})
    found = Side.parse("torch,compile=inductor,engine_random=true,level=2")
    assert found == ("torch", {"compile": "inductor", "engine_random": True, "level": 2})
    assert main(["fuzz", "numpy", "torch,compile"]) == 2
    assert "the option 'compile' has no value" in capsys.readouterr().err


REGRESSIONS = sorted((Path(__file__).parent / "fuzz_findings").glob("*.py"))
"""What `fuzz` found and saved: each script makes its graph and compares what two backends give."""


@pytest.mark.parametrize("path", REGRESSIONS, ids=lambda path: path.stem)
def test_what_was_found_stays_mended(path: Path) -> None:
    script = runpy.run_path(str(path))
    for name in ("torch", "jax"):
        if name in READY:
            script["check"](("numpy", {}), (name, {}))


def test_there_are_findings_to_replay() -> None:
    assert REGRESSIONS
