"""Records what TensorFlow makes of the programs in ``tests/ops/array_cases.py``.

    python tools/record_array_values.py        # in an environment with tensorflow-cpu

For each program: the results, the static shapes that TensorFlow infers where every dimension of
the placeholders is known, where only their rank is, and where nothing is; the gradient of the sum
of the squares of the first result; and, where there is one, the gradient of the sum of the squares
of those gradients.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.ops.array_cases import CASES, Case  # noqa: E402 - needs the path

KNOWLEDGE = ("dims", "rank", "nothing")


def _placeholder(array: Any, knowledge: str) -> Any:
    array = np.asarray(array)
    shape = {"dims": array.shape, "rank": [None] * array.ndim, "nothing": None}[knowledge]
    return tf.placeholder(array.dtype, shape)


def _shapes(case: Case, knowledge: str) -> Any:
    with tf.Graph().as_default():
        try:
            results = case.run(tf, *[_placeholder(array, knowledge) for array in case.arrays])
        except ValueError:
            return None
        return [
            None if result.shape.ndims is None else result.shape.as_list() for result in results
        ]


def _listed(value: Any) -> Any:
    array = np.asarray(value)
    return [array.dtype.name, array.shape, array.reshape(-1).tolist()]


def _gradients(results: list[Any], xs: list[Any]) -> list[Any]:
    floats = [result for result in results if result is not None and result.dtype.is_floating]
    if not floats:
        return [None] * len(xs)
    total = tf.add_n([tf.reduce_sum(tf.square(result)) for result in floats])
    try:
        found = tf.gradients(total, xs)
    except LookupError:
        return [None] * len(xs)
    return [None if one is None else tf.convert_to_tensor(one) for one in found]


def _values(case: Case) -> dict[str, Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        xs = [_placeholder(array, "rank") for array in case.arrays]
        feed = dict(zip(xs, case.arrays, strict=True))
        results = case.run(tf, *xs)
        floats = [x for x in xs if x.dtype.is_floating]
        first = _gradients(results[:1], floats)
        second = _gradients(first, floats)

        def run(tensors: list[Any]) -> list[Any]:
            return [
                None if tensor is None else _listed(session.run(tensor, feed)) for tensor in tensors
            ]

        return {"results": run(results), "first": run(first), "second": run(second)}


def main() -> None:
    """Write the file that the tests read."""
    tf.disable_v2_behavior()
    recorded = {
        case.name: _values(case) | {"shapes": {kind: _shapes(case, kind) for kind in KNOWLEDGE}}
        for case in CASES
    }
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in recorded.items()]
    source = f'"source": {json.dumps(f"TensorFlow {tf.__version__}, compat.v1")}'
    text = "{" + ",\n".join([source, *lines]) + "}\n"
    (ROOT / "tests" / "ops" / "array_recorded.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
