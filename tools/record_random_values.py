"""Record what TensorFlow's compat.v1 draws: run it with tensorflow-cpu installed.

    python tools/record_random_values.py tests/ops/random_recorded.json

Each record: the op, its attributes, and for each of some successive runs of one session the bits
of the values at `indices`, as integers. Writes about 60 KiB.
"""

from __future__ import annotations

import json
import pathlib
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow.compat.v1 as tf

if TYPE_CHECKING:
    from collections.abc import Callable

_RUNS = 3
_WHOLE = 40
"""Longer results are recorded at every so manyth index."""
_BITS = {1: np.int8, 2: np.int16, 4: np.int32, 8: np.int64}
_FLOATS = ("float16", "bfloat16", "float32", "float64")


def _draw(build: Callable[[], Any], graph_seed: int | None) -> tuple[tuple[int, int], list[Any]]:
    with tf.Graph().as_default() as graph:
        if graph_seed is not None:
            tf.set_random_seed(graph_seed)
        tensor = build()
        drawing = [op for op in graph.get_operations() if "seed2" in op.node_def.attr]
        seeds = tuple(drawing[0].get_attr(name) for name in ("seed", "seed2")) if drawing else ()
        # More threads split a batch and change what `Multinomial` draws.
        config = tf.ConfigProto(intra_op_parallelism_threads=1)
        with tf.Session(config=config) as session:
            return seeds, [session.run(tensor) for _ in range(_RUNS)]


def _record(function: str, build: Callable[[], Any], **attributes: Any) -> dict[str, Any]:
    seeds, runs = _draw(build, attributes.pop("graph_seed", 11))
    flat = [np.asarray(run).reshape(-1) for run in runs]
    size = flat[0].size
    indices = list(range(size)) if size <= _WHOLE else list(range(0, size, size // 23))
    bits = [run.view(_BITS[run.dtype.itemsize])[indices].tolist() for run in flat]
    result = {"function": function, "seeds": seeds, "dtype": flat[0].dtype.name, "size": size}
    return result | attributes | {"indices": indices, "runs": bits}


def _floats() -> list[dict[str, Any]]:
    functions = {
        "uniform": tf.random_uniform,
        "normal": tf.random_normal,
        "truncated_normal": tf.truncated_normal,
    }
    return [
        _record(
            name,
            lambda make=make, size=size, dtype=dtype: make([size], dtype=dtype, seed=21),
        )
        for name, make in functions.items()
        for dtype in _FLOATS
        for size in (1, 11, 30001)
    ]


def _ints() -> list[dict[str, Any]]:
    ranges = {
        "int32": [(0, 100), (-7, 3), (-(2**31), 2**31 - 1), (5, 6)],
        "int64": [(0, 100), (-7, 2**40), (-(2**63), 2**63 - 1), (-5, 2**62 + 3)],
    }
    return [
        _record(
            "uniform_int",
            lambda low=low, high=high, dtype=dtype, size=size: tf.random_uniform(
                [size], low, high, dtype=dtype, seed=21
            ),
            minval=low,
            maxval=high,
        )
        for dtype, pairs in ranges.items()
        for low, high in pairs
        for size in (7, 1003)
    ]


def _orders() -> list[dict[str, Any]]:
    records = [
        _record("shuffle", lambda size=size: tf.random_shuffle(tf.range(size), seed=3))
        for size in (0, 1, 2, 5, 6, 30, 1001)
    ]
    rows = _record("shuffle", lambda: tf.random_shuffle(tf.reshape(tf.range(24), [8, 3]), seed=3))
    return [*records, rows | {"shape": [8, 3]}]


def _choices() -> list[dict[str, Any]]:
    infinite = -np.inf
    cases = [
        ([[0.1, 0.2, 0.7], [2.0, 0.5, -0.5]], 6),
        ([[0.0, infinite, 1.0, 0.3]] * 3, 5),
        ([[1.0, 2.0, 3.0, 4.0, 5.0]], 1),
        ([[0.0]], 3),
    ]
    return [
        _record(
            "multinomial",
            lambda logits=logits, count=count, dtype=dtype: tf.multinomial(
                tf.constant(logits, tf.float32), count, seed=4, output_dtype=dtype
            ),
            logits=logits,
            samples=count,
        )
        for logits, count in cases
        for dtype in ("int32", "int64")
    ]


def _stateless() -> list[dict[str, Any]]:
    functions = {
        "stateless_uniform": tf.random.stateless_uniform,
        "stateless_normal": tf.random.stateless_normal,
        "stateless_truncated_normal": tf.random.stateless_truncated_normal,
    }
    return [
        _record(
            name,
            lambda make=make, dtype=dtype, seed=seed: make([9], seed, dtype=dtype),
            seed=seed,
        )
        for name, make in functions.items()
        for dtype in _FLOATS
        for seed in ([1, 2], [-3, 2**31 - 1])
    ]


def main() -> None:
    """Record everything into the file that the command line names."""
    tf.disable_v2_behavior()
    records = [*_floats(), *_ints(), *_orders(), *_choices(), *_stateless()]
    text = ",\n".join(json.dumps(record) for record in records)
    pathlib.Path(sys.argv[1]).write_text(f"[\n{text}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
