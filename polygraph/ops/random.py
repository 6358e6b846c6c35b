"""Random ops: each keeps a generator of its own in every session, seeded as TF1 seeds it.

With a graph seed or an op seed the numbers are TensorFlow's, on every backend. Without, a session
draws the generator's key from the operating system.
"""
# ruff: noqa: ARG001, N802 - attributes that the generator's first value reads; TF1's op types

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from polygraph.core.ground import errors, shape_rules
from polygraph.core.ground.dtypes import (
    ALL,
    INDEX,
    REAL,
    DType,
    bfloat16,
    float16,
    float32,
    float64,
    int64,
)
from polygraph.core.ground.op_def import graph_op
from polygraph.core.ground.op_spec import HiddenState
from polygraph.core.ground.tensor_shape import TensorShape
from polygraph.core.ground.trace import check, known_ints
from polygraph.ops.primitives import distributions as dist, elementwise as ew, indexing

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.op_spec import ShapeContext
    from polygraph.core.ground.operation import Operation
    from polygraph.core.ground.trace import Array

__all__: list[str] = []

FLOATS = (float32, float64, float16, bfloat16)
INTEGERS = (int64, *(dtype for dtype in INDEX if dtype is not int64))

_RESERVED = 256
"""Blocks by which a kernel call moves the position for each of its values."""


def _first_generator(operation: Operation) -> np.ndarray[Any, Any]:
    seeds = operation.attrs["seed"], operation.attrs["seed2"]
    if seeds == (0, 0):
        seeds = _drawn_seed(), _drawn_seed()
    return np.array([0, *seeds], np.int64)


def _drawn_seed() -> int:
    """63 bits that nobody can foresee: what `secrets` gives, which loads much else."""
    return int.from_bytes(os.urandom(8), "little") >> 1


_GENERATOR = HiddenState("generator", int64, (3,), _first_generator)


def _moved(generator: Array, blocks: int) -> Any:
    return ew.add(generator, np.array([blocks, 0, 0], np.int64))


def checked_shape(shape: Array) -> tuple[int, ...]:
    """The dimensions that a shape operand spells, checked not to be negative."""
    dims = known_ints(shape)
    for dim in dims:
        check(np.asarray(dim >= 0), errors.InvalidArgumentError, f"Dimension {dim} must be >= 0")
    return tuple(max(dim, 0) for dim in dims)


def operand_shape(context: ShapeContext) -> TensorShape:
    """The shape that the first input, a vector, spells."""
    context.shape(0).assert_has_rank(1)
    return context.as_shape(0)


def size_of(shape: tuple[int, ...]) -> int:
    """Number of elements of a concrete shape."""
    return int(np.prod(shape, dtype=np.int64))


def _float_op(op_type: str, draw: Callable[..., Any], doc: str) -> OpDef:
    def lower(
        shape: Array, generator: Array, *, dtype: DType, seed: int = 0, seed2: int = 0
    ) -> tuple[Array, Array]:
        dims = checked_shape(shape)
        values = draw(generator, shape=dims, dtype=dtype.np_dtype)
        return values, _moved(generator, _RESERVED * size_of(dims))

    lower.__doc__ = doc
    definition = graph_op(
        op_type,
        "shape: T -> output: dtype",
        shape=operand_shape,
        static=("shape",),
        hidden=(_GENERATOR,),
        T=INDEX,
        dtype=FLOATS,
    )(lower)
    return definition.no_gradient()


RandomUniform = _float_op("RandomUniform", dist.random_uniform, "Numbers of [0, 1), evenly.")
RandomStandardNormal = _float_op(
    "RandomStandardNormal", dist.random_normal, "Numbers of mean 0 and deviation 1."
)
TruncatedNormal = _float_op(
    "TruncatedNormal",
    dist.random_truncated_normal,
    "Normal numbers, without those of 2 or more in magnitude.",
)


def check_range(minval: Array, maxval: Array, size: int) -> None:
    """Check that there is an integer to draw, where one is wanted."""
    if size:
        check(
            ew.less(minval, maxval),
            errors.InvalidArgumentError,
            "Need minval < maxval, got {} >= {}",
            details=(minval, maxval),
        )


def integers_shape(context: ShapeContext) -> TensorShape:
    """The shape in the first input; the last two inputs are scalars."""
    for index in (-2, -1):
        context.inputs[index].get_shape().assert_has_rank(0)
    return operand_shape(context)


@graph_op(
    "RandomUniformInt",
    "shape: T, minval: Tout, maxval: Tout -> output: Tout",
    shape=integers_shape,
    static=("shape",),
    hidden=(_GENERATOR,),
    T=INDEX,
    Tout=INTEGERS,
)
def RandomUniformInt(
    shape: Array,
    minval: Array,
    maxval: Array,
    generator: Array,
    *,
    seed: int = 0,
    seed2: int = 0,
) -> tuple[Array, Array]:
    """Integers of [minval, maxval); slightly uneven where the range is no power of two."""
    dims = checked_shape(shape)
    check_range(minval, maxval, size_of(dims))
    values = dist.random_uniform_int(generator, minval, maxval, shape=dims)
    return values, _moved(generator, _RESERVED * size_of(dims))


RandomUniformInt.no_gradient()


@graph_op(
    "RandomShuffle",
    "value: T -> output: T",
    shape=shape_rules.unchanged,
    hidden=(_GENERATOR,),
    T=ALL,
)
def RandomShuffle(
    value: Array, generator: Array, *, seed: int = 0, seed2: int = 0
) -> tuple[Array, Array]:
    """The rows in a random order."""
    if value.size <= 1 or value.shape[0] <= 1:
        return value, generator
    rows = value.shape[0]
    order = dist.random_permutation(generator, size=rows)
    # A swap takes a word, a block has four.
    return indexing.gather(value, order, axis=0, batch_dims=0), _moved(generator, (rows + 2) // 4)


RandomShuffle.no_gradient()


def choices_shape(context: ShapeContext) -> TensorShape:
    """A row for each row of logits, of as many classes as the second input says."""
    logits = context.shape(0).with_rank(2)
    context.shape(1).assert_has_rank(0)
    count = context.partial(1)
    samples = None if count is None else count[0]
    if samples is not None and samples < 0:
        msg = f"num_samples must be non-negative but is {samples}"
        raise errors.ShapeError(msg)
    return TensorShape([logits[0], samples])


def choose(generator: Array, logits: Array, samples: int, dtype: DType) -> Any:
    """Classes by the rows of ``logits``, as ``dtype``; there must be some to choose from."""
    classes = logits.shape[1]
    check(
        np.asarray(classes > 0),
        errors.InvalidArgumentError,
        f"num_classes should be positive, got {classes}",
    )
    if classes == 0:
        return np.zeros((logits.shape[0], samples), dtype.np_dtype)
    if logits.dtype.kind in "iu":
        logits = ew.cast(logits, dtype=np.dtype(np.float64))
    chosen = dist.random_categorical(generator, logits, samples=samples)
    return ew.cast(chosen, dtype=dtype.np_dtype)


@graph_op(
    "Multinomial",
    "logits: T, num_samples: int32 -> output: output_dtype",
    shape=choices_shape,
    static=("num_samples",),
    hidden=(_GENERATOR,),
    T=(float32, *(dtype for dtype in REAL if dtype is not float32)),
    output_dtype=INTEGERS,
)
def Multinomial(
    logits: Array,
    num_samples: Array,
    generator: Array,
    *,
    output_dtype: DType,
    seed: int = 0,
    seed2: int = 0,
) -> tuple[Array, Array]:
    """Classes, drawn for each row by unnormalised logarithms of their probabilities."""
    (samples,) = known_ints(num_samples)
    # Rows are padded to whole blocks, and each number takes two words.
    blocks = _RESERVED * 2 * logits.shape[0] * (-(-samples // 4) * 4)
    return choose(generator, logits, samples, output_dtype), _moved(generator, blocks)


Multinomial.no_gradient()
