"""The array functions against what TensorFlow 2.21 (compat.v1) made of the same programs."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import polygraph as tf
import polygraph.ops
from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import as_dtype, float32
from polygraph.core.ground.graph import Graph
from polygraph.core.runtime.gradients import gradients
from polygraph.core.runtime.session import Session
from polygraph.ops.arithmetic import add_n
from polygraph.ops.elementwise import square
from polygraph.ops.reduction import reduce_sum
from polygraph.ops.source_ops import constant, placeholder
from tests.ops.array_cases import CASES, Case

RECORDED = json.loads((Path(__file__).parent / "array_recorded.json").read_text(encoding="utf-8"))


NAN_IN_TENSORFLOW = {"unsorted_prod"}
"""TensorFlow's second gradient divides by an element that is zero; ours is finite there."""


class _Functions:
    """TF1's functions by name, out of the modules that define them."""

    float32 = float32
    constant = staticmethod(constant)

    def __init__(self) -> None:
        modules = [
            importlib.import_module(f"polygraph.ops.{module.name}")
            for module in pkgutil.iter_modules(polygraph.ops.__path__)
        ]
        self._found = {
            name: getattr(module, name)
            for module in modules
            for name in getattr(module, "__all__", ())
        }
        self.nn = self

    def __getattr__(self, name: str) -> Any:
        return self._found[name]


TF = _Functions()
PROGRAMS = [
    pytest.param(case, knowledge, id=f"{case.name}/{knowledge}")
    for case in CASES
    for knowledge, shapes in RECORDED[case.name]["shapes"].items()
    if shapes is not None
]
"""Where no shapes are recorded, TensorFlow needs a known rank."""


def _placeholder(array: Any, knowledge: str) -> Any:
    array = np.asarray(array)
    shape = {"dims": array.shape, "rank": [None] * array.ndim, "nothing": None}[knowledge]
    return placeholder(as_dtype(array.dtype), shape)


def _gradients(results: list[Any], xs: list[Any]) -> list[Any]:
    floats = [result for result in results if result is not None and result.dtype.is_floating]
    if not floats or not xs:
        return [None] * len(xs)
    found = gradients(add_n([reduce_sum(square(result)) for result in floats]), xs)
    return [None if one is None else convert_to_tensor(one) for one in found]


def _compare(session: Any, feed: Any, tensors: list[Any], wanted: list[Any], what: str) -> None:
    assert [tensor is None for tensor in tensors] == [one is None for one in wanted], what
    for tensor, one in zip(tensors, wanted, strict=True):
        if one is None:
            continue
        name, shape, elements = one
        value = np.asarray(session.run(tensor, feed))
        expected = np.array(elements, name).reshape(shape)
        assert (value.dtype, value.shape) == (expected.dtype, expected.shape), what
        np.testing.assert_allclose(value, expected, rtol=2e-6, atol=1e-6, err_msg=what)


@pytest.mark.parametrize(("case", "knowledge"), PROGRAMS)
def test_values_and_gradients_are_those_of_tensorflow(case: Case, knowledge: str) -> None:
    wanted = RECORDED[case.name]
    with Graph().as_default() as graph:
        xs = [_placeholder(array, knowledge) for array in case.arrays]
        results = case.run(TF, *xs)
        floats = [x for x in xs if x.dtype.is_floating]
        first = _gradients(results[:1], floats)
        second = _gradients(first, floats) if any(wanted["second"]) else wanted["second"]
        feed = dict(zip(xs, case.arrays, strict=True))
        with Session(graph=graph) as session:
            _compare(session, feed, results, wanted["results"], "results")
            _compare(session, feed, first, wanted["first"], "gradients")
            if case.name not in NAN_IN_TENSORFLOW:
                _compare(session, feed, second, wanted["second"], "second gradients")


def _fits(mine: Any, recorded: Any) -> bool:
    """At least as much is known as TensorFlow knows, and nothing else."""
    if recorded is None:
        return True
    if mine is None or len(mine) != len(recorded):
        return False
    return all(want is None or dim == want for dim, want in zip(mine, recorded, strict=True))


@pytest.mark.parametrize(("case", "knowledge"), PROGRAMS)
def test_static_shapes_say_what_tensorflow_says(case: Case, knowledge: str) -> None:
    wanted = RECORDED[case.name]["shapes"][knowledge]
    actual = [shape for _, shape, _ in RECORDED[case.name]["results"]]
    with Graph().as_default():
        results = case.run(TF, *[_placeholder(array, knowledge) for array in case.arrays])
    for result, recorded, run in zip(results, wanted, actual, strict=True):
        mine = result.get_shape().as_tuple()
        assert _fits(mine, recorded), f"{mine} is less than {recorded}"
        assert mine is None or result.get_shape().is_compatible_with(run)


def test_functions_of_several_results_give_tuples_named_as_the_op_types() -> None:
    """The names and fields that TensorFlow 2.21's compat.v1 gives."""
    x = tf.constant([1, 1, 2])
    made = [tf.unique(x), tf.unique_with_counts(x), tf.setdiff1d(x, [1]), tf.nn.top_k(x, 1)]
    with tf.Session() as sess:
        fetched = sess.run(made)
    for results in (made, fetched):
        assert [(type(item).__name__, item._fields) for item in results] == [
            ("Unique", ("y", "idx")),
            ("UniqueWithCounts", ("y", "idx", "count")),
            ("ListDiff", ("out", "idx")),
            ("TopKV2", ("values", "indices")),
        ]
