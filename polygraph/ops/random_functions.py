"""TF1's functions that draw random numbers, with a mean, a range or a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polygraph.core.ground.conversion import convert_to_tensor
from polygraph.core.ground.dtypes import (
    DType,
    as_dtype,
    bfloat16,
    float16,
    float32,
    float64,
    int32,
    int64,
)
from polygraph.core.ground.scopes import name_scope
from polygraph.core.ground.tensor_shape import Dimension
from polygraph.ops import random, stateless_random
from polygraph.ops.arithmetic import AddV2, Mul, Sub
from polygraph.ops.random_seed import op_seeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from polygraph.core.ground.op_def import OpDef
    from polygraph.core.ground.tensor import Tensor

__all__ = [
    "multinomial",
    "random_normal",
    "random_shuffle",
    "random_uniform",
    "truncated_normal",
]

_ACCEPTED = (float16, bfloat16, float32, float64, int32, int64)


def _shape_tensor(shape: Any) -> Tensor:
    if isinstance(shape, list | tuple):
        shape = [dim.value if isinstance(dim, Dimension) else dim for dim in shape]
    empty = isinstance(shape, list) and not shape
    return convert_to_tensor(shape, int32 if empty else None, "shape")


def _accepted(dtype: Any) -> DType:
    wanted = as_dtype(dtype)
    if wanted not in _ACCEPTED:
        names = ", ".join(f"tf.{item.name}" for item in _ACCEPTED)
        msg = f"Argument `dtype` got invalid value {wanted}. Accepted dtypes are ({names})."
        raise ValueError(msg)
    return wanted


def _is_int(value: Any, wanted: int) -> bool:
    return isinstance(value, int) and value == wanted


def _in_range(numbers: Tensor, minval: Any, maxval: Any, scope: str, *, from_zero: bool) -> Tensor:
    if from_zero:
        return Mul(numbers, maxval)  # type: ignore[no-any-return]
    width = Sub(maxval, minval, name="sub")
    return AddV2(Mul(numbers, width, name="mul"), minval, name=scope)  # type: ignore[no-any-return]


def _uniform(
    ops: tuple[OpDef, OpDef],
    inputs: tuple[Any, ...],
    limits: tuple[Any, Any],
    wanted: DType,
    scope: str,
    attrs: dict[str, Any],
) -> Tensor:
    """Uniform numbers from the pair of ops for floats and for integers.

    Args:
      ops: the one for floats and the one for integers.
      inputs: the operands that come before the limits.
      limits: from, inclusive; to, exclusive (None is 1, for floats).
      wanted: element type.
      scope: name scope of the result.
      attrs: the seeds, for ops that take them so.

    Raises:
      ValueError: integers without an upper limit.
    """
    floats, integers = ops
    low, high = limits
    if high is None:
        if wanted.is_integer:
            msg = f"Must specify maxval for integer dtype tf.{wanted.name}"
            raise ValueError(msg)
        high = 1
    unit = _is_int(low, 0) and _is_int(high, 1) and not wanted.is_integer
    from_zero = _is_int(low, 0)
    if not unit:
        low, high = convert_to_tensor(low, wanted, "min"), convert_to_tensor(high, wanted, "max")
    if wanted.is_integer:
        return integers(*inputs, low, high, name=scope, **attrs)  # type: ignore[no-any-return]
    numbers = floats(*inputs, dtype=wanted, **attrs)
    if unit:
        return numbers  # type: ignore[no-any-return]
    return _in_range(numbers, low, high, scope, from_zero=from_zero)


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Numbers of ``[minval, maxval)``, evenly.

    Args:
      shape: of the result.
      minval: lowest value.
      maxval: what all values are below; 1 by default, for floats.
      dtype: a float, int32 or int64. Integers are slightly uneven where the range is no power
        of two.
      seed: of the op; see `set_random_seed`.
      name: of the result.

    Raises:
      ValueError: integers without ``maxval``, or another dtype.
    """
    wanted = _accepted(dtype)
    with name_scope(name, "random_uniform", [shape, minval, maxval]) as scope:
        inputs = (_shape_tensor(shape),)
        ops = (random.RandomUniform, random.RandomUniformInt)
        return _uniform(ops, inputs, (minval, maxval), wanted, scope, op_seeds(seed))


def _shifted(
    draw: Callable[[], Tensor], mean: Any, stddev: Any, wanted: DType, scope: str
) -> Tensor:
    center = convert_to_tensor(mean, wanted, "mean")
    width = convert_to_tensor(stddev, wanted, "stddev")
    return AddV2(Mul(draw(), width, name="mul"), center, name=scope)  # type: ignore[no-any-return]


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers.

    Args:
      shape: of the result.
      mean: their mean.
      stddev: their standard deviation.
      dtype: a float.
      seed: of the op; see `set_random_seed`.
      name: of the result.
    """
    wanted = as_dtype(dtype)
    with name_scope(name, "random_normal", [shape, mean, stddev]) as scope:
        size = _shape_tensor(shape)

        def draw() -> Tensor:
            return random.RandomStandardNormal(size, dtype=wanted, **op_seeds(seed))  # type: ignore[no-any-return]

        return _shifted(draw, mean, stddev, wanted, scope)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers, drawn again where they are two standard deviations or more from the mean.

    Args:
      shape: of the result.
      mean: of the normal distribution, before the cut.
      stddev: of the normal distribution, before the cut.
      dtype: a float.
      seed: of the op; see `set_random_seed`.
      name: of the result.
    """
    wanted = as_dtype(dtype)
    with name_scope(name, "truncated_normal", [shape, mean, stddev]) as scope:
        size = _shape_tensor(shape)

        def draw() -> Tensor:
            return random.TruncatedNormal(size, dtype=wanted, **op_seeds(seed))  # type: ignore[no-any-return]

        return _shifted(draw, mean, stddev, wanted, scope)


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The rows of ``value`` in a random order.

    Args:
      value: a tensor, of which the first dimension is shuffled.
      seed: of the op; see `set_random_seed`.
      name: of the operation.
    """
    return random.RandomShuffle(value, name=name, **op_seeds(seed))  # type: ignore[no-any-return]


def _choices(logits: Any, num_samples: Any, seed: int | None, dtype: Any) -> Tensor:
    return random.Multinomial(  # type: ignore[no-any-return]
        convert_to_tensor(logits, name="logits"),
        num_samples,
        output_dtype=int64 if dtype is None else dtype,
        **op_seeds(seed),
    )


def multinomial(
    logits: Any,
    num_samples: Any,
    seed: int | None = None,
    name: str | None = None,
    output_dtype: Any = None,
) -> Tensor:
    """Classes drawn for each row.

    Args:
      logits: ``[batch, classes]``, unnormalised logarithms of the probabilities.
      num_samples: how many to draw for each row.
      seed: of the op; see `set_random_seed`.
      name: of the scope.
      output_dtype: int32 or int64, the default.

    Returns:
      ``[batch, num_samples]``.
    """
    with name_scope(name, "multinomial", [logits]):
        return _choices(logits, num_samples, seed, output_dtype)


def categorical(
    logits: Any,
    num_samples: Any,
    dtype: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Classes drawn for each row; `multinomial` under its newer name."""
    with name_scope(name, "categorical", [logits]):
        return _choices(logits, num_samples, seed, dtype)


def stateless_random_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Like `random_uniform`; the same ``seed``, two integers, gives the same numbers.

    Raises:
      ValueError: integers without ``maxval``, or another dtype.
    """
    wanted = _accepted(dtype)
    with name_scope(name, "stateless_random_uniform", [shape, seed, minval, maxval]) as scope:
        ops = (stateless_random.StatelessRandomUniform, stateless_random.StatelessRandomUniformInt)
        inputs = (_shape_tensor(shape), seed)
        return _uniform(ops, inputs, (minval, maxval), wanted, scope, {})


def stateless_random_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Like `random_normal`; the same ``seed``, two integers, gives the same numbers."""
    wanted = as_dtype(dtype)
    with name_scope(name, "stateless_random_normal", [shape, seed, mean, stddev]) as scope:
        size = _shape_tensor(shape)

        def draw() -> Tensor:
            return stateless_random.StatelessRandomNormal(size, seed, dtype=wanted)  # type: ignore[no-any-return]

        return _shifted(draw, mean, stddev, wanted, scope)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    name: str | None = None,
) -> Tensor:
    """Like `truncated_normal`; the same ``seed``, two integers, gives the same numbers."""
    wanted = as_dtype(dtype)
    with name_scope(name, "stateless_truncated_normal", [shape, seed, mean, stddev]) as scope:
        size = _shape_tensor(shape)

        def draw() -> Tensor:
            return stateless_random.StatelessTruncatedNormal(size, seed, dtype=wanted)  # type: ignore[no-any-return]

        return _shifted(draw, mean, stddev, wanted, scope)


def stateless_multinomial(
    logits: Any, num_samples: Any, seed: Any, output_dtype: Any = int64, name: str | None = None
) -> Tensor:
    """Like `multinomial`; the same ``seed``, two integers, gives the same classes."""
    with name_scope(name, "stateless_multinomial", [logits, seed]):
        return stateless_random.StatelessMultinomial(  # type: ignore[no-any-return]
            convert_to_tensor(logits, name="logits"), num_samples, seed, output_dtype=output_dtype
        )
