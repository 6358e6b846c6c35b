"""An op that polygraph lacks: ``log(cosh(x))``, a loss that is smooth at 0 and grows like |x|.

`log_cosh` for Programs is a composite: its body of primitives is its meaning, and what a backend
runs that knows nothing of it. `LogCosh` is the op of graphs, with its gradient.
"""

from __future__ import annotations

import importlib
import math
from typing import TYPE_CHECKING, Any

import numpy as np

import polygraph as tf
from polygraph.plugin import composite, graph_op, hookimpl, primitives

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.plugin import Op

polygraph_contract = (2,)

ew = primitives.elementwise

_FLOATING = (tf.float32, tf.float64)


@composite("T[...] -> T[...]", samples=(((2, 3),), ((),), ((0, 2),)), T=_FLOATING)
def log_cosh_step(x: Any) -> Any:
    """``log(cosh(x))``, which overflows nowhere: ``|x| + log1p(exp(-2|x|)) - log 2``."""
    size = ew.absolute(x)
    two, log_2 = np.array(-2, x.dtype), np.array(math.log(2), x.dtype)
    return ew.subtract(ew.add(size, ew.log1p(ew.exp(ew.multiply(size, two)))), log_2)


@graph_op("LogCosh", "x: T -> y: T", samples=(((2, 3),), ((),)), T=_FLOATING)
def LogCosh(x: Any) -> Any:  # noqa: N802 - op types are spelt so
    """``log(cosh(x))``."""
    return log_cosh_step(x)


@LogCosh.gradient
def _log_cosh_gradient(op: tf.Operation, dy: tf.Tensor) -> tf.Tensor:
    return dy * tf.tanh(op.inputs[0])


def log_cosh(x: Any, name: str | None = None) -> tf.Tensor:
    """``log(cosh(x))``, element by element.

    Args:
      x: float32 or float64.
      name: of the operation.
    """
    found: tf.Tensor = LogCosh(x, name=name)
    return found


@hookimpl
def polygraph_lowerings(backend: str) -> dict[Op, Callable[..., Any]]:
    """One call where an engine has a function of two that gives it: ``log(e^x + e^-x) - log 2``."""
    engines = {"numpy": "numpy", "jax": "jax.numpy", "torch": "torch"}
    if backend not in engines:
        return {}
    engine = importlib.import_module(engines[backend])
    return {log_cosh_step: lambda x: engine.logaddexp(x, -x) - math.log(2)}
