"""The recorded values are whole: unique, typed, complete, and loaded bit for bit."""

from __future__ import annotations

import numpy as np
import pytest

from polygraph.conformance import contract, recorded

FAMILIES = {
    "elementwise": {"AddV2", "FloorDiv", "Pow", "Atan2", "Sqrt", "Digamma", "LeftShift", "Complex"},
    "special": {"Erfinv", "Zeta", "Polygamma", "ComplexAbs", "Angle"},
    "comparison": {"Equal", "NotEqual", "Less", "GreaterEqual", "Select"},
    "cast": {"Cast", "Bitcast"},
    "reductions": {"Sum", "Mean", "ArgMax", "All", "Cumsum", "Cumprod", "L2Loss", "EuclideanNorm"},
    "indexing": {"GatherV2", "GatherNd", "ScatterNd", "ScatterAdd", "OneHot", "Where", "TopKV2"},
    "linalg": {"MatMul", "BatchMatMul", "BatchMatMulV2", "Cross", "Einsum", "Cholesky"},
    "nn": {"Relu", "Softmax", "Conv2D", "MaxPoolGrad", "FusedBatchNormV3", "LRN", "RsqrtGrad"},
    "optimizers": {"AdamOptimizer", "MomentumOptimizer", "FtrlOptimizer"},
    "random": {"RandomUniform", "TruncatedNormal", "Multinomial", "StatelessRandomNormal"},
    "shaping": {"Reshape", "StridedSlice", "MirrorPad", "SpaceToBatchND", "LinSpace", "SplitV"},
    "volumes": {"Conv3D", "Conv3DBackpropInputV2", "Conv3DBackpropFilterV2"},
    "training": {"ApplyMomentum", "ApplyAdam", "SparseApplyMomentum", "ApplyFtrl"},
}
ERRORS = {
    "InvalidArgumentError", "InternalError", "FailedPreconditionError", "OutOfRangeError",
    "ValueError",
}  # fmt: skip


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
        types = case.attrs.get("T", ())
        types = types if isinstance(types, tuple) else (types,)
        assert {array.dtype for array in case.inputs} >= set(types), case.id


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


def test_stateful_random_ops_hold_several_runs_and_their_seeds() -> None:
    case = _case("random/RandomUniform/float32/5/87654321_42")
    assert case.seeds == (87654321, 42)
    assert case.runs == 3
    assert case.outputs is not None
    first, second, third = case.outputs
    assert first.shape == (5,)
    assert not np.array_equal(first, second)
    assert not np.array_equal(second, third)
    assert _case("elementwise/Neg/float64/edges").seeds is None


def test_reference_inputs_are_recorded_after_the_run() -> None:
    case = _case("training/ApplyMomentum/float32")
    assert set(case.after) == {0, 1}
    assert case.outputs is not None
    assert np.array_equal(case.after[0], case.outputs[0])
    var, accum, rate, grad, momentum = (np.float64(value) for value in case.inputs)
    assert np.allclose(case.after[1], accum * momentum + grad, rtol=1e-6)
    assert np.allclose(case.after[0], var - rate * (accum * momentum + grad), rtol=1e-6)


def test_the_contract_gives_each_row_one_answer() -> None:
    rows = contract.rows()
    assert len({row.id for row in rows}) == len(rows) >= 60
    for row in rows:
        assert (row.answer is None) != (row.raises is None), row.id
        assert row.raises is None or row.raises in ERRORS, row.id
        assert row.question.endswith("?"), row.id
        assert row.source == "TensorFlow 2.21 compat.v1"


def test_the_contract_is_exact() -> None:
    rows = {row.id: row for row in contract.rows()}
    (quotient,) = rows["int_FloorDiv_signs"].answer or ()
    assert quotient.tolist() == [3, -4, -4, 3]
    assert quotient.dtype == np.int32
    assert rows["int_FloorDiv_by_zero"].raises == "InvalidArgumentError"
    (wide,) = rows["int64_is_kept"].answer or ()
    assert wide.tolist() == [2**40 + 1]
    (root,) = rows["sqrt_edges"].answer or ()
    assert np.isnan(root[0])
    assert np.signbit(root[1])
    assert root[2] == np.inf


def test_the_contract_agrees_with_the_recorded_values() -> None:
    (row,) = (row for row in contract.rows() if row.id == "cast_bfloat16")
    assert row.attrs["DstT"].name == "bfloat16"
    assert row.answer is not None
    assert row.answer[0].dtype.name == "bfloat16"
    assert np.array_equal(row.answer[0], row.inputs[0].astype(row.answer[0].dtype))
