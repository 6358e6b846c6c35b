"""Matrices and neural networks: values, names and gradients recorded on TensorFlow 2.21."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polygraph as tf
from polygraph.core.runtime.gradients import gradients
from tests.ops.nn_cases import Case, cases, loss, second_loss

RECORDED = json.loads((Path(__file__).parent / "nn_recorded.json").read_text(encoding="utf-8"))[
    "cases"
]
# Built of fewer operations here than in TensorFlow.
OTHER_NAMES = {
    *("atrous_conv2d/SAME", "atrous_conv2d/VALID", "depthwise_conv2d/rate", "swish"),
    *("norm/euclidean/None", "einsum/ij,j,kj->ik"),
}


def _run(case: Case) -> tuple[list[str], dict[str, list[Any]]]:
    with tf.Graph().as_default(), tf.Session() as session:
        # Fed, so that the backend computes: constants would fold when the run is planned.
        xs = [tf.placeholder(argument.dtype, argument.shape) for argument in case.arguments]
        made = case.function(tf, *xs)
        results = list(made) if isinstance(made, list | tuple) else [made]
        first = gradients(loss(tf, results), xs)
        second = gradients(second_loss(tf, first), xs) if case.second else []
        wanted = {"values": results, "first": first, "second": second}
        found = {
            key: [None if item is None else tf.convert_to_tensor(item) for item in items]
            for key, items in wanted.items()
        }
        known = [item for items in found.values() for item in items if item is not None]
        for item in known:
            assert item.get_shape().is_fully_defined(), item
        values = dict(
            zip(known, session.run(known, dict(zip(xs, case.arguments, strict=True))), strict=True)
        )
        return [result.name for result in results], {
            key: [None if item is None else values[item] for item in items]
            for key, items in found.items()
        }


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases()])
def test_values_names_and_gradients_are_those_of_tensorflow(case: Case) -> None:
    recorded = RECORDED[case.name]
    names, found = _run(case)
    for key, items in found.items():
        for result, want in zip(items, recorded[key], strict=True):
            assert (result is None) == (want is None), key
            if result is not None:
                assert result.shape == np.shape(want), key
                np.testing.assert_allclose(
                    result, np.asarray(want), rtol=3e-5, atol=3e-6, err_msg=key
                )
    if case.name not in OTHER_NAMES:
        assert names == recorded["names"]
