"""What TensorFlow refuses is refused at the same moment, with the same class of error."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import polygraph
from tests.ops.refusal_cases import CASES, refusal

RECORDED = Path(__file__).parent / "refusals_recorded.json"


@pytest.mark.parametrize("name", CASES)
def test_what_tensorflow_refuses_is_refused(name: str) -> None:
    when, error = json.loads(RECORDED.read_text(encoding="utf-8"))[name]
    with np.errstate(all="ignore"):
        found, _, bases = refusal(polygraph, CASES[name])
    assert found == when
    assert error in bases


def test_every_refusal_is_recorded() -> None:
    recorded = json.loads(RECORDED.read_text(encoding="utf-8"))
    assert list(recorded) == list(CASES)
    assert all(when in {"built", "run"} for when, _ in recorded.values())
