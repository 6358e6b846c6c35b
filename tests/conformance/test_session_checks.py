"""The checks of whole graphs: the backends in the box pass them."""

from __future__ import annotations

import functools
from fnmatch import fnmatch
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

import polygraph as tf
from polygraph.conformance.case import run_case
from polygraph.conformance.checks import op_types
from polygraph.conformance.target import Target
from polygraph.core.ground.op_def import OpDef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polygraph.conformance.case import Case

MODULES = (
    *("state", "aliasing", "control_flow", "loops", "loop_gradients", "random_streams", "shapes"),
    *("dtypes", "errors", "training", "optimizer_formulas", "threads", "faults", "resources"),
)
# What costs XLA least and differs most from the other engines.
ON_JAX = (
    *("state/a-f*", "state/*views*", "state/two-*", "state/many-*", "state/scatters-*"),
    *("flow/*write*", "flow/*gradient*", "flow/a-loop-*", "flow/*check*", "flow/*python*"),
    *("random/RandomUniform-float32-*", "random/TruncatedNormal-float64-odd", "random/a-*"),
    *("shapes/where-finds-*", "shapes/empty-*", "shapes/anything-*"),
    *("dtypes/signs-*-float32-*", "dtypes/subnormals-*", "dtypes/values-*-int64-*"),
    *("errors/an-i*", "errors/a-c*", "training/Adam*-float32-*", "training/a-small-*"),
    *("training/ten-*", "resources/an-embedding-*"),
    *("threads/*", "faults/*", "resources/a-compiled-*", "resources/a-signature-*"),
)
PATTERNS = {"numpy": ("*",), "torch": ("*",), "jax": ON_JAX}


def _cases(target: Target) -> Iterator[Case]:
    for module in MODULES:
        yield from import_module(f"polygraph.conformance.checks.{module}").cases(target)


def _chosen() -> list[tuple[str, str]]:
    with Target.open("numpy") as target:
        ids = [case.id for case in _cases(target) if case.ci]
    return [
        (name, case_id)
        for name, patterns in PATTERNS.items()
        for case_id in ids
        if any(fnmatch(case_id, pattern) for pattern in patterns)
    ]


CHOSEN = _chosen()


@functools.cache
def _opened(name: str) -> tuple[Target, dict[str, Case]]:
    target = Target.open(name)
    return target, {case.id: case for case in _cases(target)}


@pytest.mark.parametrize(("name", "case_id"), CHOSEN, ids=["-".join(pair) for pair in CHOSEN])
def test_the_backend_does_what_the_case_asks_for(name: str, case_id: str) -> None:
    if name != "numpy":
        pytest.importorskip(name)
    target, cases = _opened(name)
    result = run_case(cases[case_id], target)
    assert result.outcome.good, result.detail


def test_every_check_says_which_fault_it_catches() -> None:
    with Target.open("numpy") as target:
        for case in _cases(target):
            (run,) = case.run.args  # type: ignore[attr-defined]
            assert (getattr(run, "func", run).__doc__ or "").startswith("Catches "), case.id


def test_every_op_type_is_shown() -> None:
    with Target.open("numpy") as target:
        assert [case.id for case in op_types.cases(target)] == []


def test_the_named_case_builds_an_operation_of_the_type(monkeypatch: pytest.MonkeyPatch) -> None:
    # What a plan adds stands in no graph of the user's, and regions are built by no call.
    built: set[str] = set()
    call = OpDef.__call__

    def noted(definition: OpDef, *inputs: Any, **attrs: Any) -> Any:
        built.add(definition.type)
        return call(definition, *inputs, **attrs)

    monkeypatch.setattr(OpDef, "__call__", noted)
    with Target.open("numpy") as target:
        checks = {case.id: case.run.args[0] for case in _cases(target)}  # type: ignore[attr-defined]
        # The messages that this check reads name the line that called an op type.
        del checks["errors/an-assertion"]
        for op, case_id in op_types.SHOWN_BY.items():
            built.clear()
            if case_id in checks:
                with tf.Graph().as_default() as graph:
                    checks[case_id](target)
                assert op in built | {operation.type for operation in graph.get_operations()}
