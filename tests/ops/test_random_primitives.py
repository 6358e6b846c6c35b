"""Philox and the distributions against what TensorFlow 2.21's compat.v1 drew.

`random_recorded.json` was made by `tools/record_random_values.py`.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest

from polygraph.core.ground.dtypes import as_dtype
from polygraph.core.ground.op import REGISTRY
from polygraph.core.ground.trace import Builder, building
from polygraph.ops.primitives import distributions as dist, random as bits

RECORDS = json.loads(
    pathlib.Path(__file__).with_name("random_recorded.json").read_text(encoding="utf-8")
)
_INTEGERS = {2: np.int16, 4: np.int32, 8: np.int64}
_NORMAL_ULPS = 4
"""TensorFlow's float32 sine, cosine and logarithm are off by an ulp here and there."""


def _ordered(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Integers whose differences count the floats between."""
    raw = array.view(_INTEGERS[array.dtype.itemsize]).astype(object)
    lowest = 1 << (8 * array.dtype.itemsize - 1)
    return np.where(raw < 0, -(raw + lowest), raw)


def _wanted(record: dict[str, Any], run: int) -> np.ndarray[Any, Any]:
    dtype = as_dtype(record["dtype"]).np_dtype
    return np.array(record["runs"][run], _INTEGERS[dtype.itemsize]).view(dtype)


def _generator(record: dict[str, Any], run: int, blocks: int) -> np.ndarray[Any, Any]:
    return np.array([run * blocks, *record["seeds"]], np.int64)


def _of(*functions: str) -> Any:
    chosen = [record for record in RECORDS if record["function"] in functions]
    return pytest.mark.parametrize(
        "record", chosen, ids=lambda r: f"{r['function']}-{r['dtype']}-{r['size']}"
    )


@pytest.mark.parametrize("run", [0, 2])
@_of("uniform", "normal", "truncated_normal")
def test_float_draws_are_those_of_tensorflow(record: dict[str, Any], run: int) -> None:
    op = REGISTRY["random_" + record["function"]]
    got = op(
        _generator(record, run, 256 * record["size"]),
        shape=(record["size"],),
        dtype=as_dtype(record["dtype"]).np_dtype,
    )[record["indices"]]
    distance = np.abs(_ordered(got) - _ordered(_wanted(record, run)))
    assert distance.max() <= (0 if record["function"] == "uniform" else _NORMAL_ULPS)


@pytest.mark.parametrize("run", [0, 1])
@_of("uniform_int")
def test_integer_draws_are_those_of_tensorflow(record: dict[str, Any], run: int) -> None:
    dtype = np.dtype(record["dtype"])
    got = dist.random_uniform_int(
        _generator(record, run, 256 * record["size"]),
        np.array(record["minval"], dtype),
        np.array(record["maxval"], dtype),
        shape=(record["size"],),
    )
    np.testing.assert_array_equal(got[record["indices"]], _wanted(record, run))


@pytest.mark.parametrize("run", [0, 1, 2])
@_of("shuffle")
def test_shuffles_are_those_of_tensorflow(record: dict[str, Any], run: int) -> None:
    shape = record.get("shape", [record["size"]])
    order = dist.random_permutation(
        _generator(record, run, (max(shape[0] - 1, 0) + 3) // 4), size=shape[0]
    )
    values = np.arange(record["size"], dtype=np.int32).reshape(shape)[order].reshape(-1)
    np.testing.assert_array_equal(values[record["indices"]], _wanted(record, run))


@pytest.mark.parametrize("run", [0, 1, 2])
@_of("multinomial")
def test_choices_are_those_of_tensorflow(record: dict[str, Any], run: int) -> None:
    logits = np.array(record["logits"], np.float32)
    reserved = 256 * 2 * len(logits) * (-(-record["samples"] // 4) * 4)
    got = dist.random_categorical(
        _generator(record, run, reserved), logits, samples=record["samples"]
    )
    np.testing.assert_array_equal(got.reshape(-1), _wanted(record, run))


@_of("stateless_uniform", "stateless_normal", "stateless_truncated_normal")
def test_stateless_draws_are_those_of_tensorflow(record: dict[str, Any]) -> None:
    generator = dist.stateless_generator(np.array(record["seed"], np.int64))
    op = REGISTRY["random_" + record["function"].removeprefix("stateless_")]
    got = op(generator, shape=(9,), dtype=as_dtype(record["dtype"]).np_dtype)
    distance = np.abs(_ordered(got) - _ordered(_wanted(record, 0)))
    assert distance.max() <= (0 if "uniform" in record["function"] else _NORMAL_ULPS)


def test_philox_counts_past_32_bits() -> None:
    far = bits.philox(np.array([2**32 - 1, 7, 9]), np.arange(2))
    start = bits.philox(np.array([2**32, 7, 9]), np.arange(1))
    np.testing.assert_array_equal(far[1], start[0])


def test_philox_gives_the_reference_vector_of_its_authors() -> None:
    # Random123's known answers for philox4x32-10: all bits zero, all bits one.
    zeros = bits.philox(np.zeros(3, np.int64), np.zeros(1, np.int64)).view(np.uint32)
    ones = bits.philox(-np.ones(3, np.int64), np.zeros(1, np.int64)).view(np.uint32)
    assert zeros.tolist() == [[0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]]
    assert ones.tolist() == [[0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]]


def test_truncated_groups_that_need_many_candidates_agree_with_drawing_on() -> None:
    generator, groups = np.array([5, 1, 2]), 200_000
    fast = dist.random_truncated_normal(generator, shape=(4 * groups,), dtype=np.dtype("f4"))
    assert np.abs(fast).max() < 2
    wide = 24
    words = bits.philox(generator, (np.arange(groups)[:, None] * 256 + np.arange(2)).reshape(-1))
    first = dist._box_muller(words.reshape(-1)).reshape(groups, 8)
    short = np.flatnonzero((np.abs(first) < 2).sum(axis=1) < 4)
    assert short.size
    for group in short:
        moved = generator + np.array([256 * group, 0, 0])
        drawn = dist.random_normal(moved, shape=(wide,), dtype=np.dtype("f4"))
        np.testing.assert_array_equal(fast[4 * group : 4 * group + 4], drawn[np.abs(drawn) < 2][:4])


@pytest.mark.parametrize(
    "op",
    [op for op in REGISTRY.values() if op.name.startswith(("random_", "stateless_generator"))],
    ids=lambda op: op.name,
)
def test_bodies_trace_to_blocks_of_the_types_they_promise(op: Any) -> None:
    for sample in op.samples:
        attrs = sample[-1] if isinstance(sample[-1], dict) else {}
        operands = [
            np.zeros(item, np.float32) if isinstance(item, tuple) else item
            for item in (sample[:-1] if attrs else sample)
        ]
        results = op(*operands, **attrs)
        with building(Builder()) as builder:
            values = [builder.value(operand) for operand in operands]
            block = op.expand([value.type for value in values], attrs)
        assert block.results[0].shape == results.shape
        assert block.results[0].dtype == results.dtype
