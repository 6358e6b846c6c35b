"""Stateless random ops: the numbers are a function of a seed operand."""
# ruff: noqa: N802 - TF1's op types

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground.dtypes import INDEX, REAL, DType, float32
from polygraph.core.ground.errors import ShapeError
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.trace import known_ints
from polygraph.ops.primitives import distributions as dist, elementwise as ew
from polygraph.ops.random import (
    FLOATS,
    INTEGERS,
    check_range,
    checked_shape,
    choices_shape,
    choose,
    integers_shape,
    operand_shape,
    size_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.tensor_shape import TensorShape
    from polygraph.core.ground.trace import Array

__all__: list[str] = []


def _seeded_shape(context: ShapeContext) -> TensorShape:
    seed = context.shape(1).with_rank(1)
    if seed[0].value not in {None, 2}:
        msg = f"seed must have shape [2], not {seed.as_list()}"
        raise ShapeError(msg)
    return operand_shape(context)


def _generator(seed: Array) -> Any:
    return dist.stateless_generator(ew.cast(seed, dtype=np.dtype(np.int64)))


def _stateless_op(op_type: str, draw: Callable[..., Any], doc: str) -> OpDef:
    def lower(shape: Array, seed: Array, *, dtype: DType) -> Array:
        dims = checked_shape(shape)
        return draw(_generator(seed), shape=dims, dtype=dtype.np_dtype)  # type: ignore[no-any-return]

    lower.__doc__ = doc
    definition = graph_op(
        op_type,
        "shape: T, seed: Tseed -> output: dtype",
        shape=_seeded_shape,
        static=("shape",),
        T=INDEX,
        Tseed=INTEGERS,
        dtype=FLOATS,
    )(lower)
    return definition.no_gradient()


StatelessRandomUniform = _stateless_op(
    "StatelessRandomUniform", dist.random_uniform, "Numbers of [0, 1), by a seed operand."
)
StatelessRandomNormal = _stateless_op(
    "StatelessRandomNormal", dist.random_normal, "Standard normal numbers, by a seed operand."
)
StatelessTruncatedNormal = _stateless_op(
    "StatelessTruncatedNormal",
    dist.random_truncated_normal,
    "Normal numbers below 2 in magnitude, by a seed operand.",
)


def _seeded_integers_shape(context: ShapeContext) -> TensorShape:
    _seeded_shape(context)
    return integers_shape(context)


@graph_op(
    "StatelessRandomUniformInt",
    "shape: T, seed: Tseed, minval: dtype, maxval: dtype -> output: dtype",
    shape=_seeded_integers_shape,
    static=("shape",),
    T=INDEX,
    Tseed=INTEGERS,
    dtype=INTEGERS,
)
def StatelessRandomUniformInt(shape: Array, seed: Array, minval: Array, maxval: Array) -> Array:
    """Integers of [minval, maxval), by a seed operand."""
    dims = checked_shape(shape)
    check_range(minval, maxval, size_of(dims))
    return dist.random_uniform_int(  # type: ignore[no-any-return]
        _generator(seed), minval, maxval, shape=dims
    )


StatelessRandomUniformInt.no_gradient()


@graph_op(
    "StatelessMultinomial",
    "logits: T, num_samples: int32, seed: Tseed -> output: output_dtype",
    shape=choices_shape,
    static=("num_samples",),
    T=(float32, *(dtype for dtype in REAL if dtype is not float32)),
    Tseed=INTEGERS,
    output_dtype=INTEGERS,
)
def StatelessMultinomial(
    logits: Array, num_samples: Array, seed: Array, *, output_dtype: DType
) -> Array:
    """Classes by logits and a seed operand."""
    (samples,) = known_ints(num_samples)
    return choose(_generator(seed), logits, samples, output_dtype)  # type: ignore[no-any-return]


StatelessMultinomial.no_gradient()
