"""Records values, names, shapes and gradients on TensorFlow, for `tests/ops/test_nn_recorded.py`.

Run it with an interpreter that has TensorFlow, from the root of the repository:

    PYTHONPATH=. python tools/record_nn_values.py tests/ops/nn_recorded.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from tests.ops.nn_cases import Case, cases, loss, second_loss


def _listed(array: Any) -> Any:
    return None if array is None else np.asarray(array, np.float64).round(9).tolist()


def _dense(gradient: Any) -> Any:
    return None if gradient is None else tf.convert_to_tensor(gradient)


def _record(case: Case) -> dict[str, Any]:
    with tf.Graph().as_default(), tf.Session() as session:
        xs = [tf.constant(argument) for argument in case.arguments]
        made = case.function(tf, *xs)
        results = list(made) if isinstance(made, list | tuple) else [made]
        first = [_dense(g) for g in tf.gradients(loss(tf, results), xs)]
        second: list[Any] = []
        if case.second:
            second = [_dense(g) for g in tf.gradients(second_loss(tf, first), xs)]
        wanted = {"values": results, "first": first, "second": second}
        entry: dict[str, Any] = {
            key: [_listed(None if item is None else session.run(item)) for item in items]
            for key, items in wanted.items()
        }
        entry["names"] = [result.name for result in results]
        return entry


def main() -> None:
    """Record every case."""
    tf.disable_v2_behavior()
    recorded = {}
    for case in cases():
        try:
            recorded[case.name] = _record(case)
        except Exception as error:
            message = f"{case.name}: {error}"
            raise RuntimeError(message) from error
    lines = [f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in recorded.items()]
    text = '{"tensorflow": ' + json.dumps(tf.__version__) + ', "cases": {\n'
    Path(sys.argv[1]).write_text(text + ",\n".join(lines) + "\n}}\n", encoding="utf-8")


main()
