"""The updates of the optimisers against what TensorFlow 2.21's compat.v1 computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ml_dtypes
import numpy as np
import pytest

from polygraph.conformance.recorded import load
from polygraph.core.ground.graph import Graph
from polygraph.core.ground.op import REGISTRY
from polygraph.core.ground.op_def import OP_DEFS
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import Builder, building
from polygraph.ops import training, training_sparse  # noqa: F401 - defines the op types
from polygraph.ops.primitives import training as step
from polygraph.ops.source_ops import constant
from polygraph.ops.state import VariableV2

if TYPE_CHECKING:
    from polygraph.conformance.recorded import RecordedCase

_OURS = [
    case
    for case in load("training")
    if case.op in OP_DEFS and not case.id.endswith("float32/duplicates")
]
_VALID = [case for case in _OURS if case.outputs is not None]
_OUT_OF_RANGE = [case for case in _OURS if case.id.endswith(("too_large", "negative"))]

_ULPS = 4
"""Of the largest element."""


def _lower(case: RecordedCase) -> tuple[Any, ...]:
    definition = OP_DEFS[case.op]
    attrs = {name: case.attrs[name] for name in definition.lower_attrs}
    result = definition.lower(*case.inputs, **attrs)
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize("case", _VALID, ids=lambda case: case.id)
def test_updates_are_those_of_tensorflow(case: RecordedCase) -> None:
    with np.errstate(all="ignore"):
        results = _lower(case)
    assert len(results) == len(case.after)
    for got, wanted in zip(results, case.after.values(), strict=True):
        exact, close = wanted.astype(np.float64), got.astype(np.float64)
        finite = np.isfinite(exact)
        np.testing.assert_array_equal(close[~finite], exact[~finite])
        # Of what two numbers nearly cancel to, the last digits depend on the order of operations.
        scale = np.abs(exact[finite]).max(initial=1)
        error = np.abs(close[finite] - exact[finite]).max(initial=0)
        assert error <= _ULPS * scale * float(ml_dtypes.finfo(wanted.dtype).eps)


@pytest.mark.parametrize("case", _OUT_OF_RANGE, ids=lambda case: case.id)
def test_rows_out_of_range_are_an_error(case: RecordedCase) -> None:
    with pytest.raises(Exception, match=r"Index -?\d+ at offset \d+ in indices is out of range"):
        _lower(case)


_MISFITS = [case for case in _OURS if case.id.endswith("mismatch")]


@pytest.mark.parametrize("case", _MISFITS, ids=lambda case: case.id)
def test_shapes_that_do_not_fit_are_refused_while_the_graph_is_built(case: RecordedCase) -> None:
    definition = OP_DEFS[case.op]
    with Graph().as_default(), pytest.raises(ValueError, match=r"training\.py|test_training"):
        definition(
            *(
                VariableV2(shape=TensorShape(value.shape), dtype=value.dtype)
                if arg.ref
                else constant(value)
                for arg, value in zip(definition.inputs, case.inputs, strict=True)
            )
        )


def _exact_adam(
    var: np.ndarray[Any, Any], gradients: list[np.ndarray[Any, Any]], scalars: dict[str, np.float32]
) -> np.ndarray[Any, Any]:
    """TF1's documented formula, in float64."""
    lr, beta1, beta2, epsilon = (np.float64(value) for value in scalars.values())
    var, m, v = var.astype(np.float64), np.zeros(var.shape), np.zeros(var.shape)
    for t, gradient in enumerate(gradients, 1):
        g = gradient.astype(np.float64)
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        rate = lr * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        var = var - rate * m / (np.sqrt(v) + epsilon)
    return var


@pytest.mark.parametrize("epsilon", [1e-8, 1e-1])
@pytest.mark.parametrize("rate", [1e-3, 1e-2])
def test_ten_steps_of_adam_stay_within_8_ulp_of_the_formula(epsilon: float, rate: float) -> None:
    rng = np.random.default_rng(7)
    start = rng.uniform(1, 2, (20, 50)).astype(np.float32)
    start *= rng.choice(np.array([-1, 1], np.float32), start.shape)
    gradients = [rng.normal(size=start.shape).astype(np.float32) for _ in range(10)]
    scalars = {
        name: np.float32(value)
        for name, value in {"lr": rate, "beta1": 0.9, "beta2": 0.999, "epsilon": epsilon}.items()
    }
    lr, beta1, beta2, eps = (np.asarray(value) for value in scalars.values())
    var, m, v = start, np.zeros_like(start), np.zeros_like(start)
    beta1_power, beta2_power = beta1, beta2
    for gradient in gradients:
        var, m, v = step.apply_adam(
            *(var, m, v, beta1_power, beta2_power, lr, beta1, beta2, eps, gradient),
            use_nesterov=False,
        )
        beta1_power, beta2_power = beta1_power * beta1, beta2_power * beta2
    exact = _exact_adam(start, gradients, scalars)
    assert (np.abs(var - exact) <= 8 * np.spacing(np.abs(exact).astype(np.float32))).all()


def test_sparse_adam_moves_rows_without_a_gradient_and_sums_repeated_ones() -> None:
    def scalar(value: float) -> np.ndarray[Any, Any]:
        return np.array(value, np.float64)

    rng = np.random.default_rng(3)
    var, m, v = rng.normal(size=(3, 4, 2))
    v = v * v
    rows, indices = rng.normal(size=(3, 2)), np.array([2, 0, 2])
    scalars = [scalar(x) for x in (0.81, 0.998, 0.1, 0.9, 0.999, 1e-8)]
    got = step.sparse_apply_adam(var, m, v, *scalars, rows, indices)
    dense = np.zeros((4, 2))
    np.add.at(dense, indices, rows)
    wanted = step.apply_adam(var, m, v, *scalars, dense, use_nesterov=False)
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-13)
    assert (got[0][1] != var[1]).all()


@pytest.mark.parametrize(
    "op",
    [op for op in REGISTRY.values() if "apply_" in op.name or op.name == "sum_repeated"],
    ids=lambda op: op.name,
)
def test_bodies_trace_to_blocks_of_the_types_they_promise(op: Any) -> None:
    assert op.samples
    for sample in op.samples:
        attrs = sample[-1] if isinstance(sample[-1], dict) else {}
        listed = sample[:-1] if attrs else sample
        operands = [
            np.ones(item, np.float32) if isinstance(item, tuple) else item for item in listed
        ]
        results = op(*operands, **attrs)
        with building(Builder()) as builder:
            block = op.expand([builder.value(operand).type for operand in operands], attrs)
        wanted = results if isinstance(results, tuple) else (results,)
        assert [value.type for value in block.results] == [
            (array.dtype, array.shape) for array in wanted
        ]
