"""Records first and second gradients on TensorFlow, for `tests/ops/test_math_gradients.py`.

Run it with an interpreter that has TensorFlow, from the root of the repository:

    PYTHONPATH=. python tools/record_math_gradients.py tests/ops/math_gradients.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from tests.ops.math_gradient_cases import cases

Gradients = list[Any] | None


def _lookup(name: str) -> Any:
    return getattr(tf, name, None) or getattr(tf.math, name)


def _plain(array: Any) -> Any:
    """Complex numbers as pairs; the rest as nested lists."""
    if array is None:
        return None
    pairs = np.stack([array.real, array.imag], -1) if array.dtype.kind == "c" else array
    return pairs.tolist()


def _gradients(function: Any, arguments: Any, order: int) -> Gradients:
    with tf.Graph().as_default(), tf.Session() as session:
        xs = [tf.constant(argument) for argument in arguments]
        results = tf.gradients(function(*xs), xs)
        if order == 2:  # noqa: PLR2004
            known = [result for result in results if result is not None]
            results = tf.gradients(known, xs) if known else [None] * len(xs)
        return [_plain(None if r is None else session.run(r)) for r in results]


def main() -> None:
    """Record every case."""
    tf.disable_v2_behavior()
    recorded: dict[str, list[Gradients]] = {}
    for name, make, arguments in cases():
        function = make(_lookup)
        second = not any(argument.dtype.kind == "c" for argument in arguments)
        recorded[name] = [
            _gradients(function, arguments, 1),
            # TensorFlow does not differentiate complex results.
            _gradients(function, arguments, 2) if second else None,
        ]
    content = json.dumps({"tensorflow": tf.__version__, "gradients": recorded}, indent=0)
    Path(sys.argv[1]).write_text(content + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
