"""The support matrix in the documentation is whole, and says what the summaries say."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from polygraph.conformance.checks.recorded import FAMILIES
from polygraph.conformance.levels import KIT_VERSION
from polygraph.conformance.recorded import load
from polygraph.core.ground.op import REGISTRY, Primitive
from polygraph.core.ground.op_def import OP_DEFS

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
BACKENDS = ("numpy", "torch", "jax")


def _tool() -> ModuleType:
    path = ROOT / "tools" / "support_matrix.py"
    spec = importlib.util.spec_from_file_location("support_matrix_tool", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    return _tool()


@pytest.fixture(scope="module")
def kept(tool: ModuleType) -> dict[str, dict[str, Any]]:
    return {one["backend"]["name"]: one for one in tool.summaries()}


def test_the_page_is_written_from_the_summaries(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page()


def test_these_backends_are_there_and_pass(kept: dict[str, dict[str, Any]]) -> None:
    assert set(BACKENDS) <= set(kept)
    for name in BACKENDS:
        one = kept[name]
        assert (one["kit"], one["subset"]) == (KIT_VERSION, "full")
        outcomes = {outcome for counts in one["families"].values() for outcome in counts}
        assert outcomes <= {"pass", "xfail"}
        for level in one["levels"]:
            assert level["must_pass_passed"] == level["must_pass"] > 0


@pytest.mark.parametrize("name", BACKENDS)
def test_every_op_is_in_it(name: str, kept: dict[str, dict[str, Any]]) -> None:
    ops = kept[name]["ops"]
    own = {
        op.name: op for op in REGISTRY.values() if op.function.__module__.startswith("polygraph")
    }
    primitives = {op for op in own if isinstance(own[op], Primitive)}
    assert set(ops["primitive"]) == primitives
    assert set(ops["composite"]) == set(own) - primitives
    recorded = {case.op for family in FAMILIES for case in load(family) if case.op in OP_DEFS}
    assert recorded <= set(ops["recorded"])
