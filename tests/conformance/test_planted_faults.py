"""The suite can fail: every planted fault is caught."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from polygraph.conformance.faults.fault import FAULTS
from polygraph.conformance.faults.kill_rate import kill, table

if TYPE_CHECKING:
    from polygraph.conformance.faults.fault import Fault

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "planted-faults.md"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_suite_catches(fault: Fault) -> None:
    assert kill(fault).caught, fault.what


def test_there_are_enough_and_all_are_told() -> None:
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names) >= 40
    page = PAGE.read_text(encoding="utf-8")
    assert f"{len(names)} of {len(names)} caught." in page
    assert all(f"| {fault.name} | {fault.what} |" in page for fault in FAULTS)


def test_a_fault_that_is_none_is_not_caught() -> None:
    fault = FAULTS[0]
    harmless = dataclasses.replace(
        fault, name="none", what="nothing", plant=lambda: contextlib.nullcontext(fault.sound())
    )
    missed = kill(harmless, thorough=False)
    assert not missed.caught
    assert missed.asked > 1
    assert "| none | nothing | **nothing** |" in table([missed])
