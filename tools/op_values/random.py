"""Random ops: three runs of one session each, for several seeds and odd sizes."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from op_values.case import Spec
from op_values.samples import ALL, FLOATS, arr, distinct
from op_values.shaping import i32, i64

if TYPE_CHECKING:
    from collections.abc import Iterator

OPS = ("RandomUniform", "RandomStandardNormal", "TruncatedNormal")
SEEDS = ((87654321, 42), (1, 0), (0, 7), (2**40 + 3, 2**35 + 1), (-5, 123))
SIZES = (1, 2, 3, 4, 5, 7)
RUNS = 3


def _seeded(pair: tuple[int, int]) -> dict[str, int]:
    return {"seed": pair[0], "seed2": pair[1]}


def _floats() -> Iterator[Spec]:
    for op, dtype in itertools.product(OPS, FLOATS):
        for size, pair in itertools.product(SIZES, SEEDS[:2]):
            attrs = _seeded(pair) | {"dtype": dtype}
            label = f"{dtype}/{size}/{pair[0]}_{pair[1]}"
            yield Spec(op, (i32([size]),), label, attrs, RUNS)
        for pair in SEEDS:
            attrs = _seeded(pair) | {"dtype": dtype}
            yield Spec(op, (i64([4, 5, 5]),), f"{dtype}/100/{pair[0]}_{pair[1]}", attrs, RUNS)
        attrs = _seeded(SEEDS[0]) | {"dtype": dtype}
        for label, shape in {"scalar": [], "empty": [0, 2]}.items():
            yield Spec(op, (i32(shape),), f"{dtype}/{label}", attrs, RUNS)
        if dtype in ("float32", "float64"):
            yield Spec(op, (i32([7, 11, 13]),), f"{dtype}/1001", attrs, RUNS)
    for op in OPS:
        attrs = _seeded(SEEDS[0]) | {"dtype": "float32"}
        yield Spec(op, (i32([-1]),), "negative_size", attrs)


def _integers() -> Iterator[Spec]:
    for dtype in ("int32", "int64"):
        info = np.iinfo(dtype)
        bounds = {"small": (0, 10), "negative": (-7, 8), "two": (0, 2), "odd": (0, 2**31 - 1),
                  "whole": (info.min, info.max), "wide": (-3, info.max - 5),
                  "one": (5, 6)}  # fmt: skip
        for (label, (low, high)), pair in itertools.product(bounds.items(), SEEDS[:3]):
            for size in (1, 5, 7, 40) if label in ("small", "whole") else (13,):
                inputs = i32([size]), arr(low, dtype), arr(high, dtype)
                name = f"{dtype}/{label}/{size}/{pair[0]}_{pair[1]}"
                yield Spec("RandomUniformInt", inputs, name, _seeded(pair), RUNS)
        for label, low, high in (("equal", 3, 3), ("reversed", 4, 3)):
            inputs = i32([4]), arr(low, dtype), arr(high, dtype)
            yield Spec("RandomUniformInt", inputs, f"{dtype}/{label}", _seeded(SEEDS[0]))
        inputs = i32([0]), arr(3, dtype), arr(3, dtype)
        yield Spec("RandomUniformInt", inputs, f"{dtype}/equal_but_empty", _seeded(SEEDS[0]))


def _drawn() -> Iterator[Spec]:
    """Ops that draw from what they are given."""
    logits = np.array([[0.1, 2.0, -1.0], [0.0, 0.0, 0.0]])
    for pair in SEEDS[:3]:
        name = f"{pair[0]}_{pair[1]}"
        for dtype, out in itertools.product(FLOATS, ("int32", "int64")):
            attrs = _seeded(pair) | {"output_dtype": out}
            for count in (1, 4, 9):
                yield Spec("Multinomial", (arr(logits, dtype), i32(count)),
                           f"{dtype}/{out}/{count}/{name}", attrs, RUNS)  # fmt: skip
        for count in (0, 1, 2, 5, 16):
            x = distinct("int32", (count, 2))
            yield Spec("RandomShuffle", (x,), f"{count}/{name}", _seeded(pair), RUNS)
            yield Spec("RandomShuffle", (x[:, 0],), f"vector/{count}/{name}", _seeded(pair), RUNS)
        for dtype in ("float16", "float32", "float64"):
            alpha = arr([0.3, 1.0, 7.5], dtype)
            yield Spec("RandomGamma", (i32([3]), alpha), f"{dtype}/{name}", _seeded(pair), RUNS)
            rate = arr([0.5, 3.0, 20.0], dtype)
            attrs = _seeded(pair) | {"dtype": "int32"}
            yield Spec("RandomPoissonV2", (i32([3]), rate), f"{dtype}/{name}", attrs, RUNS)
        values = [arr(v, "float32") for v in ([0.5], [2.0], [-1.0], [1.5])]
        yield Spec("ParameterizedTruncatedNormal", (i32([9]), *values), name, _seeded(pair), RUNS)
    odd = arr([[np.nan, 0.0, 0.0], [-np.inf, 0.0, -np.inf], [np.inf, 0.0, 0.0]], "float32")
    yield Spec("Multinomial", (odd, i32(4)), "special", _seeded(SEEDS[0]), RUNS, pinned=True)
    yield Spec("Multinomial", (odd[:, :0], i32(4)), "no_classes", _seeded(SEEDS[0]))
    yield Spec("Multinomial", (odd[0], i32(4)), "vector", _seeded(SEEDS[0]))
    yield Spec("RandomShuffle", (arr(3, "int32"),), "scalar", _seeded(SEEDS[0]), RUNS)
    for dtype in ALL:
        x = distinct(dtype, (5,))
        yield Spec("RandomShuffle", (x,), dtype, _seeded(SEEDS[0]), RUNS)


def _stateless() -> Iterator[Spec]:
    seeds = ([1, 2], [0, 0], [-3, 2**40], [87654321, 42])
    ops = ("StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal")
    for op, dtype, seed in itertools.product(ops, FLOATS, seeds):
        for shape in ([], [5], [2, 3], [19]):
            label = f"{dtype}/{'x'.join(map(str, shape))}/{seed[0]}_{seed[1]}"
            yield Spec(op, (i32(shape), i64(seed)), label, {"dtype": dtype})
    for dtype, seed in itertools.product(("int32", "int64"), seeds):
        inputs = (i32([9]), i64(seed), arr(-5, dtype), arr(12, dtype))
        yield Spec("StatelessRandomUniformInt", inputs, f"{dtype}/{seed[0]}_{seed[1]}")
    for dtype, seed in itertools.product(("int32", "int64", "uint32", "uint64"), seeds[:2]):
        yield Spec("StatelessRandomUniformFullInt", (i32([9]), i64(seed)),
                   f"{dtype}/{seed[0]}_{seed[1]}", {"dtype": dtype})  # fmt: skip
    logits = np.array([[0.1, 2.0, -1.0], [0.0, 0.0, 0.0]])
    for dtype, seed in itertools.product(FLOATS, seeds):
        for out, count in (("int64", 7), ("int32", 4)):
            label = f"{dtype}/{out}/{count}/{seed[0]}_{seed[1]}"
            inputs = arr(logits, dtype), i32(count), i64(seed)
            yield Spec("StatelessMultinomial", inputs, label, {"output_dtype": out})
    yield Spec("StatelessRandomUniform", (i32([3]), i32([1, 2])), "int32_seed")
    yield Spec("StatelessRandomUniform", (i32([3]), i32([1, 2, 3])), "three_seeds")


def specs() -> Iterator[Spec]:
    """Every case of random ops."""
    for part in (_floats, _integers, _drawn, _stateless):
        yield from part()
