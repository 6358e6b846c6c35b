"""The recorded values are whole: unique, typed, complete, and loaded bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from polygraph.conformance import recorded

FAMILIES = {
    "elementwise": {"AddV2", "FloorDiv", "Pow", "Atan2", "Sqrt", "Digamma", "LeftShift", "Complex"},
    "comparison": {"Equal", "NotEqual", "Less", "GreaterEqual", "Select"},
    "cast": {"Cast", "Bitcast"},
    "reductions": {"Sum", "Mean", "ArgMax", "All", "Cumsum", "Cumprod", "L2Loss", "EuclideanNorm"},
    "shaping": {"Reshape", "StridedSlice", "MirrorPad", "SpaceToBatchND", "LinSpace", "SplitV"},
}
ERRORS = {"InvalidArgumentError", "InternalError", "ValueError", "UnimplementedError"}


def test_every_family_is_there_and_names_its_source() -> None:
    assert set(recorded.families()) == set(FAMILIES)
    for family in FAMILIES:
        assert recorded.source(family)["tensorflow"].startswith("2.")


def test_an_unknown_family_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="no recorded family 'nonsense'; there are cast, "):
        recorded.load("nonsense")
    with pytest.raises(ValueError, match="nonsense"):
        recorded.source("nonsense")


def test_ids_are_unique_among_all_families() -> None:
    ids = [case.id for family in recorded.families() for case in recorded.load(family)]
    assert len(ids) == len(set(ids)) > 4000


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_a_case_has_outputs_or_an_error(family: str) -> None:
    cases = recorded.load(family)
    assert {case.op for case in cases} >= FAMILIES[family]
    for case in cases:
        assert case.id.startswith(f"{family}/{case.op}/")
        assert (
            (case.outputs is None) == (case.error is not None) == (case.error_message is not None)
        )
        assert case.error is None or case.error in ERRORS, case.id
        for array in (*case.inputs, *(case.outputs or ()), *case.after.values()):
            assert array.dtype.isnative, case.id
            assert not array.flags.writeable, case.id


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_input_dtypes_agree_with_the_type_attribute(family: str) -> None:
    for case in recorded.load(family):
        if "T" in case.attrs:
            assert case.attrs["T"] in {array.dtype for array in case.inputs}, case.id


def _case(name: str) -> recorded.RecordedCase:
    family = name.partition("/")[0]
    (case,) = (case for case in recorded.load(family) if case.id == name)
    return case


def test_exact_bits_survive() -> None:
    zeros = _case("elementwise/Neg/float64/edges")
    assert zeros.outputs is not None
    assert np.signbit(zeros.inputs[0][:2]).tolist() == [False, True]
    assert np.signbit(zeros.outputs[0][:2]).tolist() == [True, False]
    assert np.isnan(zeros.outputs[0][-1])
    low = _case("elementwise/Neg/float32/subnormal").inputs[0]
    assert low[0] == np.float32(1e-45)
    assert low[0] != 0
    wide = _case("cast/Cast/uint64_to_uint64/edges").outputs
    assert wide is not None
    assert int(wide[0].max()) == 2**64 - 1
    assert _case("elementwise/Exp/bfloat16/edges").inputs[0].dtype.name == "bfloat16"
